"""A number of records in, files out as reference managers, databases and feeds write them; all in our own words."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from textwrap import fill

TAGS = "AU  - is the tag of an author, TI  - that of a title"
"""A sentence that an abstract on reference managers may hold."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A paper as a reference manager knows it."""

    title: str
    authors: tuple[str, ...]
    abstract: str
    year: int


def references(count: int) -> list[Reference]:
    """So many papers that differ in title and year."""
    return [
        Reference(
            f"Kite {n}: Strings of Silk for Garçons and Gardeners",
            (f"Moss, Ivy {n}", "Çelik, Örs"),
            f"We fly kite {n} on strings of silk over 5% of the orchard. The silk holds in every wind that we met, and "
            f"{TAGS}. Twelve gardeners watched for {n} days and none of them saw the kite fall into the river.",
            1900 + n,
        )
        for n in range(1, count + 1)
    ]


def _tagged(some: Sequence[Reference], dash: str) -> str:
    records = []
    for one in some:
        lines = [f"TY{dash}JOUR", *(f"AU{dash}{author}" for author in one.authors), f"TI{dash}{one.title}"]
        lines += [f"AB{dash}{one.abstract}", f"PY{dash}{one.year}", f"JO{dash}Orchard Letters", f"ER{dash}".rstrip(" ")]
        records.append("\n".join(lines))
    return "\n\n".join(records) + "\n"


def ris(some: Sequence[Reference]) -> str:
    return _tagged(some, "  - ")


def ris_with_one_space(some: Sequence[Reference]) -> str:
    return _tagged(some, " - ")


def ris_with_broken_lines(some: Sequence[Reference]) -> str:
    return "\n".join(fill(line, 40) for line in ris(some).splitlines())


def pubmed(some: Sequence[Reference]) -> str:
    records = []
    for n, one in enumerate(some, start=30_000_000):
        lines = [f"PMID- {n}", "OWN - NLM", "STAT- MEDLINE", f"TI  - {one.title}"]
        lines.append(fill(f"AB  - {one.abstract}", 80, subsequent_indent="      "))
        lines += [line for author in one.authors for line in (f"FAU - {author}", f"AU  - {author[:4]}")]
        records.append("\n".join([*lines, f"DP  - {one.year} Mar", "TA  - Orchard Lett"]))
    return "\n" + "\n\n".join(records) + "\n"


def endnote(some: Sequence[Reference]) -> str:
    records = []
    for one in some:
        lines = ["%0 Journal Article", *(f"%A {author}" for author in one.authors), f"%T {one.title}"]
        records.append("\n".join([*lines, f"%D {one.year}", f"%X {one.abstract}"]))
    return "\n\n".join(records) + "\n"


def endnote_xml(some: Sequence[Reference]) -> str:
    records = "".join(
        f"<record><ref-type name='Journal Article'>17</ref-type><titles><title>{one.title}</title></titles>"
        f"<abstract>{one.abstract}</abstract><dates><year>{one.year}</year></dates></record>"
        for one in some
    )
    return f"<?xml version='1.0' encoding='UTF-8'?><xml><records>{records}</records></xml>"


def bibtex(some: Sequence[Reference]) -> str:
    return "\n".join(
        f"@article{{moss{one.year},\n\ttitle = {{{one.title}}},\n\tauthor = {{{' and '.join(one.authors)}}},\n"
        f"\tabstract = {{{one.abstract}}},\n\tyear = {one.year},\n}}\n"
        for one in some
    )


def bibtex_in_quotes(some: Sequence[Reference]) -> str:
    return "\n".join(
        f'@InProceedings(moss{one.year},\n  Title = "{one.title}",\n  Abstract = "{fill(one.abstract, 50)}",\n'
        f'  Year = "{one.year}")\n'
        for one in some
    )


def bibtex_on_one_line(some: Sequence[Reference]) -> str:
    return "\n".join(f"@misc{{m{one.year}, title={{{one.title}}}, abstract={{{one.abstract}}}}}" for one in some)


def atom(some: Sequence[Reference]) -> str:
    entries = "\n".join(
        f"  <entry>\n    <id>http://example.org/abs/{one.year}</id>\n    <title>{one.title}</title>\n"
        f"    <summary>  {fill(one.abstract, 70)}\n</summary>\n"
        + "\n".join(f"    <author>\n      <name>{author}</name>\n    </author>" for author in one.authors)
        + '\n    <link href="http://example.org/pdf" rel="related" type="application/pdf"/>\n  </entry>'
        for one in some
    )
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">\n{entries}\n</feed>\n'


def rss(some: Sequence[Reference]) -> str:
    items = "\n".join(
        f"<item>\n<title>{one.title}</title>\n<description>{one.abstract}</description>\n</item>" for one in some
    )
    return f'<rss version="2.0">\n<channel>\n<title>New kites</title>\n{items}\n</channel>\n</rss>\n'


def pubmed_xml(some: Sequence[Reference]) -> str:
    articles = "\n".join(
        f"<PubmedArticle>\n<ArticleTitle>{one.title}</ArticleTitle>\n<Abstract>\n<AbstractText>{one.abstract}"
        f"</AbstractText>\n</Abstract>\n</PubmedArticle>"
        for one in some
    )
    return f'<?xml version="1.0" ?>\n<!DOCTYPE PubmedArticleSet>\n<PubmedArticleSet>\n{articles}\n</PubmedArticleSet>\n'


def other_xml(some: Sequence[Reference]) -> str:
    papers = "\n".join(
        f'<paper id="{one.year}">\n<heading>{one.title}</heading>\n<text>{one.abstract}</text>\n</paper>'
        for one in some
    )
    return f"<collection>\n{papers}\n</collection>\n"


def _objects(some: Sequence[Reference]) -> list[dict[str, object]]:
    return [{"title": o.title, "authors": list(o.authors), "abstract": o.abstract, "year": o.year} for o in some]


def json_compact(some: Sequence[Reference]) -> str:
    return json.dumps(_objects(some), ensure_ascii=False)


def json_pretty(some: Sequence[Reference]) -> str:
    return json.dumps({"papers": _objects(some)}, ensure_ascii=False, indent=2)


def json_lines(some: Sequence[Reference]) -> str:
    return "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in _objects(some))


def csl(some: Sequence[Reference]) -> str:
    items = [
        {"id": o.year, "title": o.title, "abstract": o.abstract, "issued": {"date-parts": [[o.year]]}} for o in some
    ]
    return json.dumps(items, ensure_ascii=False, indent=1)


def table(some: Sequence[Reference], delimiter: str = ",", head: str = "Title,Author,Abstract Note,Year") -> str:
    rows = [
        delimiter.join(f'"{cell}"' for cell in (o.title, "; ".join(o.authors), o.abstract, str(o.year))) for o in some
    ]
    return "\n".join([*([head.replace(",", delimiter)] if head else []), *rows]) + "\n"


def html(some: Sequence[Reference]) -> str:
    items = "\n".join(f"<li><b>{one.title}</b>\n<p>{one.abstract}</p></li>" for one in some)
    return f"<!DOCTYPE html>\n<html>\n<head><title>Kites</title></head>\n<body>\n<ul>\n{items}\n</ul>\n</body>\n</html>"


def html_fragment(some: Sequence[Reference]) -> str:
    return "\n".join(f'<div class="paper"><h3>{one.title}</h3>\n<p>{one.abstract}</p></div>' for one in some)


def labelled(some: Sequence[Reference]) -> str:
    return "\n".join(f"Title: {o.title}\nAuthors: {', '.join(o.authors)}\nAbstract: {o.abstract}\n" for o in some)


def web_of_science(some: Sequence[Reference]) -> str:
    records = "\n\n".join(
        f"PT J\nAU {one.authors[0]}\n   {one.authors[1]}\nTI {one.title}\nSO ORCHARD LETTERS\nAB {one.abstract}\n"
        f"PY {one.year}\nER"
        for one in some
    )
    return f"FN A Citation Index\nVR 1.0\n{records}\n\nEF"


def prose(some: Sequence[Reference]) -> str:
    return "\n\n".join(f"{one.abstract}\n\n{one.abstract}" for one in some)


def bibliography(some: Sequence[Reference]) -> str:
    return "\n".join(f"{'; '.join(one.authors)} ({one.year}). {one.title}. Orchard Letters, 3(1), 1-9." for one in some)


def titles_alone(some: Sequence[Reference]) -> str:
    return "\n".join(one.title for one in some)


Shape = Callable[[Sequence[Reference]], str]
SHAPES: dict[str, Shape] = {
    "ris": ris,
    "ris with one space": ris_with_one_space,
    "ris with broken lines": ris_with_broken_lines,
    "pubmed": pubmed,
    "endnote": endnote,
    "endnote xml": endnote_xml,
    "bibtex": bibtex,
    "bibtex in quotes": bibtex_in_quotes,
    "bibtex on one line": bibtex_on_one_line,
    "atom": atom,
    "rss": rss,
    "pubmed xml": pubmed_xml,
    "json": json_compact,
    "pretty json": json_pretty,
    "json lines": json_lines,
    "csl": csl,
    "csv": table,
    "csv with semicolons": lambda some: table(some, ";"),
    "tsv": lambda some: table(some, "\t"),
    "web of science": web_of_science,
}
"""Files that are read."""
REFUSED: dict[str, tuple[str, Shape]] = {
    "other xml": ("XML", other_xml),
    "html": ("HTML", html),
    "html fragment": ("HTML", html_fragment),
    "labelled": ("text with labelled fields", labelled),
}
"""Files that are refused, and what they are called then."""
UNNAMED: dict[str, Shape] = {
    "prose": prose,
    "bibliography": bibliography,
    "titles alone": titles_alone,
}
"""Text that is not recognised, and is no listing."""
