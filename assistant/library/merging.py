"""What each source says of a paper in, the one paper that is shown out, and where the sources differ.

A record is a `Paper` with one source. Field by field, the first record that says something counts. Year and venue are
taken together: the year of a preprint is not that of the proceedings.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from itertools import chain
from typing import Any

from ..core.bibliography import Identifiers
from ..core.notebook import Brief
from ..core.records import Paper

COMPARED = ("title", "authors", "year", "venue", "identifiers", "url", "published", "keywords", "abstract")
"""The fields that are shown if sources differ in them."""
_OLD = ("title", "abstract", "url", "published")


@dataclass(frozen=True, slots=True, repr=False)
class Difference(Brief):
    """A field in which sources differ, and what each of them says; sources that say nothing are left out."""

    field: str
    values: tuple[tuple[str, str], ...]
    """(source, what it says)"""


def merged(records: Sequence[Paper]) -> Paper:
    """One paper of its records, the most trusted first; raises `ValueError` for none."""
    if not records:
        raise ValueError("a paper needs a record")
    dated = next((r for r in records if r.venue), None) or next((r for r in records if r.year), records[0])
    firsts: dict[str, Any] = {
        name: next((value for r in records if (value := getattr(r, name))), getattr(records[0], name))
        for name in (*_OLD, "authors", "keywords")
    }
    identifiers = [{**r.identifiers.known} for r in reversed(records)]
    return Paper(
        **firsts,
        year=dated.year,
        venue=dated.venue,
        identifiers=Identifiers(**{scheme: value for known in identifiers for scheme, value in known.items()}),
        sources=tuple(sorted(set(chain.from_iterable(r.sources for r in records)))),
    )


def differences(records: Sequence[Paper]) -> list[Difference]:
    """The fields in which records differ."""
    differing = []
    for name in COMPARED:
        said = [(", ".join(r.sources), text) for r in records if (text := _shown(getattr(r, name)))]
        if len({text for _, text in said}) > 1:
            differing.append(Difference(name, tuple(said)))
    return differing


def _shown(value: object) -> str:
    if isinstance(value, Identifiers):
        return "; ".join(f"{scheme} {one}" for scheme, one in value.known.items())
    return "; ".join(value) if isinstance(value, tuple) else str(value or "")


def packed(paper: Paper, *, without: Sequence[str] = ()) -> str:
    """What a record says, as JSON, without its sources and the fields in `without`; "" for nothing."""
    values = {
        field.name: getattr(paper, field.name)
        for field in fields(paper)
        if field.init and field.name not in ("sources", *without)
    }
    known = {name: value for name, value in values.items() if value or name in ("title", "abstract")} | (
        {"identifiers": paper.identifiers.known} if paper.identifiers else {}
    )
    return json.dumps(known, ensure_ascii=False) if known else ""


def unpacked(text: str) -> Mapping[str, Any]:
    """The fields that `packed` wrote. Raises `ValueError` or `TypeError` for anything else."""
    values: dict[str, Any] = dict(json.loads(text)) if text else {}
    lists = {name: tuple(value) for name, value in values.items() if isinstance(value, list)}
    return values | lists | {"identifiers": Identifiers(**values.get("identifiers", {}))}


def further(paper: Paper) -> str:
    """What a paper says beyond the columns of every version of the file."""
    return packed(paper, without=_OLD)


def record_of(paper: Paper, source: str) -> Paper:
    """What one source says of a paper."""
    return replace(paper, sources=(source,) if source else (), identity="")
