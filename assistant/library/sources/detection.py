"""The first bytes of a file in, the format of its content out, if it is not a listing.

Only the content counts, not the file's name. Text is recognised by its first lines or, because exports get cut, joined
and annotated, by the share of its lines that are fields.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence

from .opening import decoded

LEAST = 0.1
"""Smallest share of field lines in a file of fields: 0.2 or more, even if abstracts are broken into short lines."""
START = 10_000
"""Characters examined at the start of a file of markup."""
HEADERS = 3
"""Lines of which one may have the names of the columns of a table; a damaged one may be broken in two."""
TABS, CELLS = 3, 2
"""Tabs in a line, or ends of quoted cells, by which it is a row of a table."""
ROWS = 50
"""Lines of a table compared with each other."""

_MAGIC = (
    (b"PK\x03\x04", "an archive in an archive"),
    (b"PK\x05\x06", "an archive in an archive"),
    (b"\x1f\x8b", "a compressed file in another"),
    (b"{\\rtf", "RTF"),
)
_RIS = """A1 A2 A3 A4 AB AD AN AU AV BT C1 C2 C3 C4 C5 C6 C7 C8 CA CN CP CT CY DA DB DO DP ED EP ER ET ID IS J1 J2 JA JF
    JO KW L1 L2 L3 L4 LA LB LK M1 M2 M3 N1 N2 NV OP PB PP PY RI RN RP SE SN SP ST SV T1 T2 T3 TA TI TT TY U1 U2 U3 U4 U5
    UR VL VO Y1 Y2 CI CY DE FT GR IP IR JT MH NM OT PG PL PT RF SB SI SO VI LR"""
"""Tags of RIS (https://en.wikipedia.org/wiki/RIS_(file_format)) and PubMed's tags of two letters."""
_MEDLINE = """AID AUID BTI CDAT CIN COIS CON CRDT CTDT DCOM DEP DRDT EDAT EIN FAU FED FIR FPS GN IRAD ISBN JID LID MHDA
    MID OAB OABL OCI OID ORI OTO OWN PHST PMC PMCR PMID PRIN PS PST PUBM RIN ROF SFM SPIN STAT UIN UOF VTI"""
"""PubMed's longer tags: https://pubmed.ncbi.nlm.nih.gov/help/#pubmed-format"""
_ELEMENTS = """abstract article articletitle author authors body br contributors dc div doi entry feed h1 h2 h3 head
    html id item journal key li link mads meta mods name ol p pubdate publication published record records rss script
    section span style summary table tbody td th title tr ul updated url xml year"""
"""Elements that start a line of a feed, an export or a web page."""
_LABELS = "abstract|authors?|comments|doi|journal(?: ref)?|keywords?|pages|publisher|title|venue|volume|year"

_FIELD = re.compile(
    rf"""(?P<tagged>(?:{"|".join(_RIS.split())})\ {{1,3}}-(?:\s|$) | (?:{"|".join(_MEDLINE.split())})\ ?-\s)
    | (?P<EndNote>%[0-9A-Z@!?&*+<>^~]\s\S)
    | (?P<BibTeX>@[A-Za-z]+\s*[{{(] | [A-Za-z][\w-]*\s*=\s*(?:["{{]|\d+,?$))
    | (?P<XML><[?!/][\w-] | <[A-Za-z][\w:.-]*(?:>|/>|\s[^<]*>).*>$ | <[A-Za-z][\w:.-]*(?:/?>|\s[^<>]*>)$
        | <[A-Za-z][\w:.-]*\s+[\w:-]+= | <(?:\w+:)?(?i:{"|".join(_ELEMENTS.split())})[\s>/])
    | (?P<JSON>[{{\[]\s*(?:["{{\[]|$) | "[^"]{{1,60}}"\s*:\s*(?:["{{\[\d-]|true|false|null) | [\]}}],?$)
    | (?P<fields>(?i:{_LABELS})\s*[:=](?:\s|$))""",
    re.X,
)
_JSON = re.compile(r'[{\[]\s*["{\[}\]]')
_MARKUP = re.compile(r"<(?:\?xml|!doctype|!--|html|feed|rss|rdf:RDF|xml>)", re.I)
_ROOTS = {
    "HTML": re.compile(r"<!doctype html|<html\b|<body\b|<(?:div|p|meta|head|script|li|td)\b", re.I),
    "arXiv's Atom": re.compile(r"<(?:atom:)?(?:feed|entry)\b", re.I),
    "RSS": re.compile(r"<(?:rss|rdf:RDF|item)\b", re.I),
    "EndNote XML": re.compile(r"<xml>\s*<records>|<ref-type\b|<source-app\b", re.I),
    "PubMed XML": re.compile(r"<PubmedArticle", re.I),
}
_COLUMNS = frozenset(
    """title abstract author authors year doi url link journal venue date id key keywords publisher issn isbn pages
    volume issue pmid source type""".split()
) | {"abstract note", "article title", "document title", "item type", "publication title", "publication year"}


def detected(head: bytes) -> str:
    """The format of a file by its first bytes, such as "RIS" or "PDF"; "" if none is recognised."""
    if b"%PDF-" in head[:1024]:
        return "PDF"
    for beginning, name in _MAGIC:
        if head.startswith(beginning):
            return name
    lines = [line for line in map(str.strip, decoded(head).splitlines()) if line]
    while lines and lines[0].startswith(("# ", "//")) and len(lines) > 1 and _is_marked(lines[1]):
        del lines[0]  # a comment before the records
    start = "\n".join(lines[:ROWS])[:START]
    if _MARKUP.match(start):
        return _markup(start)
    if _JSON.match(start):
        return "JSON"
    return _cited(lines) or _of_fields(lines) or _table(lines[:ROWS])


def is_field(line: str) -> bool:
    """Whether a line is a field of a bibliographic file, such as "AU  - Moss, Ivy", or a row of a table."""
    return bool(_FIELD.match(line)) or line.count("\t") >= TABS or (line[:1] == '"' and line.count('","') >= CELLS)


def _is_marked(line: str) -> bool:
    """Whether a line cannot be one of prose."""
    return bool(is_field(line) or _MARKUP.match(line) or _JSON.match(line) or line.startswith("#") or _table([line]))


def _cited(lines: Sequence[str]) -> str:
    """Web of Science, by its first lines and the ends of its records."""
    begins = any(line.startswith(("FN ", "VR ")) for line in lines[:3]) or bool(
        re.match(r"PT [A-Z]$", lines[0] if lines else "")
    )
    return "Web of Science" if begins and any(re.match(r"PT [A-Z]$", line) for line in lines) else ""


def _of_fields(lines: Sequence[str]) -> str:
    counts = Counter(match.lastgroup for line in lines if (match := _FIELD.match(line)))
    if not counts or counts.total() < LEAST * len(lines):
        return ""
    name = counts.most_common(1)[0][0]
    if name == "tagged":
        return "PubMed text" if any(re.match(r"PMID ?- ", line) for line in lines) else "RIS"
    if name == "XML":
        return _markup("\n".join(lines[:ROWS])[:START])
    return "text with labelled fields" if name == "fields" else str(name)


def _markup(start: str) -> str:
    return next((name for name, root in reversed(_ROOTS.items()) if root.search(start)), "XML")


def _table(lines: Sequence[str]) -> str:
    """The kind of a table: its first row names columns, or all rows have the same number of cells."""
    for name, delimiter in (("TSV", "\t"), ("CSV", ","), ("CSV", ";")):
        try:
            rows = list(csv.reader(lines, delimiter=delimiter))
        except csv.Error:  # a cell of more than 128 kB
            continue
        if any(sum(cell.strip().casefold() in _COLUMNS for cell in row) >= 2 for row in rows[:HEADERS]):
            return name
        prose = any(cell[:1].isspace() for row in rows for cell in row)  # prose has a space after a comma
        if len(rows) >= 3 and len({len(row) for row in rows}) == 1 and len(rows[0]) >= 3 and not prose:
            return name
    return ""
