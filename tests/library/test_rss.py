"""rss: the items of a feed, as journals and arXiv write them."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.library.sources import read

ARXIV = """<?xml version="1.0"?>
<rss xmlns:dc="http://purl.org/dc/elements/1.1/" version="2.0"><channel><title>cs.CL updates</title>
<item><title>Kites That Read Fog</title><link>https://arxiv.org/abs/2601.00007</link>
<description>arXiv:2601.00007v1 Announce Type: new
Abstract: We let kites read the fog over an orchard of pears.</description>
<pubDate>Tue, 06 Jan 2026 00:00:00 -0500</pubDate><dc:creator>Ivy Moss, Ash Reed</dc:creator></item>
</channel></rss>"""
JOURNAL = """<?xml version="1.0"?>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:prism="http://prismstandard.org/namespaces/basic/2.0/"
 xmlns:content="http://purl.org/rss/1.0/modules/content/">
<channel><title>Journal of Kites</title><description>Everything on kites, every month.</description></channel>
<item rdf:about="x"><title>Plums &lt;i&gt;in vitro&lt;/i&gt;</title><link>https://journal.example/plums</link>
<description>Volume 7.</description>
<content:encoded><![CDATA[<p>We grow plums in glass, 10<sup>3</sup> at a time.</p>]]></content:encoded>
<dc:creator>Moss, Ivy</dc:creator><dc:creator>Reed, Ash</dc:creator><dc:date>2026-01-05</dc:date>
<prism:doi>10.5555/plums.7</prism:doi><prism:publicationName>Journal of Kites</prism:publicationName></item>
</rdf:RDF>"""


def test_a_feed_of_arxiv(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text(ARXIV)
    (paper,) = read(tmp_path / "a.xml").papers
    assert (paper.title, paper.abstract) == (
        "Kites That Read Fog",
        "We let kites read the fog over an orchard of pears.",
    )
    assert (paper.authors, paper.year, paper.published) == (("Ivy Moss", "Ash Reed"), 2026, "2026-01-06")
    assert paper.identifiers.arxiv == "2601.00007"


def test_a_feed_of_a_journal(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text(JOURNAL)
    (paper,) = read(tmp_path / "a.xml").papers
    assert (paper.title, paper.abstract) == ("Plums in vitro", "We grow plums in glass, 10³ at a time.")
    assert (paper.authors, paper.venue) == (("Ivy Moss", "Ash Reed"), "Journal of Kites")
    assert (paper.identifiers.doi, paper.published, paper.url) == (
        "10.5555/plums.7",
        "2026-01-05",
        "https://journal.example/plums",
    )


def test_an_author_whose_name_has_a_comma_stays_one(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text(JOURNAL.replace("<dc:creator>Reed, Ash</dc:creator>", ""))
    assert read(tmp_path / "a.xml").papers[0].authors == ("Ivy Moss",)


@pytest.mark.parametrize("day", ["yesterday", "", "32 Foo 2026"])
def test_a_date_that_is_none_costs_no_paper(day: str, tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text(ARXIV.replace("Tue, 06 Jan 2026 00:00:00 -0500", day))
    assert read(tmp_path / "a.xml").papers[0].published == ""


def test_an_item_without_an_abstract_is_rejected_alone(tmp_path: Path) -> None:
    item = "<item><title>Editorial</title><description/></item>"
    (tmp_path / "a.xml").write_text(ARXIV.replace("</channel>", f"{item}</channel>"))
    listing = read(tmp_path / "a.xml")
    assert (len(listing.papers), [(one.title, one.reason) for one in listing.rejects]) == (
        1,
        [("Editorial", "has no abstract")],
    )
