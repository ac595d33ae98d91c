"""Papers in, files out in the formats that researchers hold: what a careful exporter writes of everything we keep."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from html import escape

from assistant.core.bibliography import family_name
from assistant.core.records import Paper

Writer = Callable[[Sequence[Paper]], str]

_LATEX = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "`": r"{\textasciigrave}",
    "'": r"{\textquotesingle}",
    '"': r"{\textquotedbl}",
    "-": "{-}",
    "<": "{<}",
    ">": "{>}",
    **{mark: f"\\{mark}" for mark in "&%$#_"},
}


def latex(text: str) -> str:
    """Text in which LaTeX sees no command."""
    return "".join(_LATEX.get(sign, sign) for sign in text)


def inverted(name: str) -> str:
    """A name with the family name in front: "Moss, Ivy"."""
    if " and " in name:
        return name  # a group, or two people whom a venue took for one
    family = family_name(name)
    before, _, after = name.rpartition(family)
    return ", ".join(part.strip() for part in (family, after, before) if part.strip())


def bibtex(papers: Sequence[Paper]) -> str:
    """As JabRef writes it."""
    return "\n".join(map(_bibtex_entry, range(len(papers)), papers))


def _bibtex_entry(number: int, paper: Paper) -> str:
    fields = {
        "title": f"{{{latex(paper.title)}}}",
        "author": " and ".join(f"{{{latex(name)}}}" for name in paper.authors),
        "abstract": latex(paper.abstract),
        "year": str(paper.year or ""),
        "booktitle": latex(paper.venue),
        "url": paper.url,
        "doi": paper.identifiers.doi,
        "eprint": paper.identifiers.arxiv,
        "pmid": paper.identifiers.pubmed,
        "keywords": ", ".join(map(latex, paper.keywords)),
    }
    lines = [f"  {name:9} = {{{value}}},\n" for name, value in fields.items() if value]
    return f"@InProceedings{{paper{number},\n{''.join(lines)}}}\n"


def ris(papers: Sequence[Paper]) -> str:
    """As Zotero writes it."""
    return "".join(map(_ris_record, papers))


def _ris_record(paper: Paper) -> str:
    pairs = [("TY", "CONF"), ("TI", escape(paper.title, quote=False))]
    pairs += [("AU", name) for name in map(inverted, paper.authors)]
    pairs += [
        ("T2", escape(paper.venue, quote=False)),
        ("AB", escape(paper.abstract, quote=False)),
        ("PY", str(paper.year or "")),
    ]
    pairs += [("UR", paper.url), ("DO", paper.identifiers.doi)] + [("KW", word) for word in paper.keywords]
    return "".join(f"{tag}  - {value}\r\n" for tag, value in pairs if value) + "ER  - \r\n\r\n"


def csl(papers: Sequence[Paper]) -> str:
    """As Zotero writes it."""
    return json.dumps([_csl_item(number, paper) for number, paper in enumerate(papers)], ensure_ascii=False, indent=2)


def _csl_item(number: int, paper: Paper) -> dict[str, object]:
    item: dict[str, object] = {
        "id": f"http://zotero.org/users/1/items/{number}",
        "type": "paper-conference",
        "title": escape(paper.title, quote=False),
        "abstract": escape(paper.abstract, quote=False),
        "container-title": escape(paper.venue, quote=False),
        "URL": paper.url,
        "DOI": paper.identifiers.doi,
        "author": [{"literal": name} for name in paper.authors],
    }
    return item | ({"issued": {"date-parts": [[paper.year]]}} if paper.year else {})


def atom(papers: Sequence[Paper]) -> str:
    """As arXiv's API writes it."""
    entries = "".join(map(_atom_entry, papers))
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">\n'
        f"  <title>ArXiv Query</title>\n{entries}</feed>\n"
    )


def _atom_entry(paper: Paper) -> str:
    names = "".join(f"    <author>\n      <name>{escape(name)}</name>\n    </author>\n" for name in paper.authors)
    return (
        f"  <entry>\n    <id>{escape(paper.url)}</id>\n    <published>{paper.year}</published>\n"
        f"    <title>{escape(paper.title)}</title>\n    <summary>  {escape(paper.abstract)}\n    </summary>\n{names}"
        f'    <arxiv:journal_ref xmlns:arxiv="http://arxiv.org/schemas/atom">{escape(paper.venue)}</arxiv:journal_ref>\n'
        "  </entry>\n"
    )


def table(papers: Sequence[Paper]) -> str:
    """As Zotero writes it."""
    file = io.StringIO()
    rows = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n")
    rows.writerow(
        ["Key", "Item Type", "Publication Year", "Author", "Title", "Publication Title", "DOI", "Url", "Abstract Note"]
    )
    for number, one in enumerate(papers):
        authors = "; ".join(map(inverted, one.authors))
        rows.writerow(
            [
                number,
                "conferencePaper",
                one.year or "",
                authors,
                one.title,
                one.venue,
                one.identifiers.doi,
                one.url,
                one.abstract,
            ]
        )
    return "\ufeff" + file.getvalue()


def json_lines(papers: Sequence[Paper]) -> str:
    """Plain fields, one paper a line."""
    return "".join(
        json.dumps(
            {
                "title": one.title,
                "abstract": one.abstract,
                "authors": list(one.authors),
                "year": one.year,
                "venue": one.venue,
                "url": one.url,
                "doi": one.identifiers.doi,
                "keywords": list(one.keywords),
            },
            ensure_ascii=False,
        )
        + "\n"
        for one in papers
    )


WRITERS: dict[str, Writer] = {
    "bibtex": bibtex,
    "ris": ris,
    "csl": csl,
    "atom": atom,
    "csv": table,
    "json lines": json_lines,
}
