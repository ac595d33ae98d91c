"""PubMed's text (.nbib, "PubMed format") and XML in, raw papers out.

https://pubmed.ncbi.nlm.nih.gov/help/#pubmed-format, https://dtd.nlm.nih.gov/ncbi/pubmed/doc/out/250101/
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from .opening import Content
from .raw import RawPaper, with_comma
from .tagged import Record, Tags, records
from .xml import elements, source_of, text_of, texts

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

TAGS = Tags(
    re.compile(r"([A-Z]{2,4}) {0,2}- "),
    "PMID",
    once=frozenset({"PMID", "TI", "AB"}),
    broken=re.compile(r"(?! {6}).*\S"),
)
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()


def raw_papers(content: Content, _: Mapping[str, str]) -> Iterator[RawPaper]:
    """The raw papers of a file of either kind."""
    if content.head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<"):
        yield from _of_xml(content)
    else:
        yield from map(_of_record, records(content.lines(), TAGS))


def _of_record(record: Record) -> RawPaper:
    return RawPaper(
        line=record.line,
        text=record.text,
        problem=record.problem or ("" if record.all("SO", "JT", "TA", "BTI") else "ends before its journal"),
        title=_title(record.joined("TI") or record.joined("BTI")),
        abstract=record.joined("AB"),
        authors=record.all("FAU") or [with_comma(name) for name in record.all("AU")],
        year=record.one("DP"),
        published=_day(record.one("DP")),
        venue=record.joined("JT", "TA"),
        pubmed=record.one("PMID"),
        doi=next((one.split()[0] for one in (*record.all("LID"), *record.all("AID")) if one.endswith("[doi]")), ""),
        keywords=record.all("OT"),
    )


def _of_xml(content: Content) -> Iterator[RawPaper]:
    for number, article in elements(content, "PubmedArticle"):
        abstract = article.findall(".//Article/Abstract/AbstractText") or article.findall(".//Abstract/AbstractText")
        journal = article.find(".//Journal/Title")
        day = article.find(".//JournalIssue/PubDate")
        yield RawPaper(
            line=number,
            text=functools.partial(source_of, article),
            title=_title(text_of(article.find(".//ArticleTitle"))),
            abstract=" ".join(map(_part, abstract)),
            authors=[name for one in article.findall(".//AuthorList/Author") if (name := _author(one))],
            year=" ".join(texts(day)) if day is not None else "",
            published=_day(" ".join(texts(day))) if day is not None else "",
            venue=text_of(journal),
            pubmed=text_of(article.find(".//PMID")),
            doi=text_of(article.find(".//ArticleIdList/ArticleId[@IdType='doi']"))
            or text_of(article.find(".//ELocationID[@EIdType='doi']")),
            keywords=texts(article.findall(".//KeywordList/Keyword")),
        )


def _part(element: Element) -> str:
    """A part of a structured abstract, with its label, as PubMed shows it."""
    label = element.get("Label", "")
    return f"{label}: {text_of(element)}" if label and label != "UNLABELLED" else text_of(element)


def _author(element: Element) -> str:
    family, given = text_of(element.find("LastName")), text_of(element.find("ForeName"))
    suffix = text_of(element.find("Suffix"))
    name = ", ".join(part for part in (family, suffix, given) if part)
    return name or text_of(element.find("CollectiveName"))


def _title(text: str) -> str:
    """A title without the full stop that PubMed adds, and without the brackets of a translated one."""
    text = text.removesuffix(".")
    return text[1:-1] if text.startswith("[") and text.endswith("]") else text


def _day(text: str) -> str:
    """A day such as "2023 Mar 5" in digits, "2023-03-05"; "" without a month."""
    match = re.match(r"(\d{4}) ([A-Za-z]{3}|\d{1,2})(?: (\d{1,2}))?\b", text)
    if not match or not (match[2].isdigit() or match[2].casefold() in _MONTHS):
        return ""
    month = int(match[2]) if match[2].isdigit() else _MONTHS.index(match[2].casefold()) + 1
    return f"{match[1]}-{month:02}" + (f"-{int(match[3]):02}" if match[3] else "")
