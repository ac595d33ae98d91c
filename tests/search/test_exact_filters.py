"""Every list found under a filter equals that of an exact search over the papers that pass it alone."""

from __future__ import annotations

import functools
import random
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.chain import Assistant
from assistant.core.filters import Filter
from assistant.core.records import Paper
from assistant.core.settings import Settings
from assistant.index import tables
from assistant.index.interaction import encoded_text
from assistant.library.chunking import passages
from assistant.search import Search, retrieval
from assistant.search.retrieval import Retriever

from ..doubles import HashEmbedder
from ..papers import LONG

WORDS = "pear kite snow lamp ledger villa storm shovel garden orchard candle harbour".split()
AUTHORS, VENUES, SOURCES = ("Ivy Moss", "Ash Reed", "Oak Fern"), ("Orchards", "Storms", ""), ("a.bib", "b.bib")
YEARS = ("", "2001", "2002", "2003", "2004")


def _papers() -> list[Paper]:
    chance = random.Random(5)
    return [
        Paper(
            f"{' '.join(chance.sample(WORDS, 3))} {number}",
            "" if number == 7 else LONG if number % 20 == 0 else f"A {' '.join(chance.choices(WORDS, k=9))}.",
            sources=tuple(sorted(chance.sample(SOURCES, chance.randint(1, 2)))),
            authors=tuple(sorted(chance.sample(AUTHORS, chance.randint(0, 2)))),
            venue=chance.choice(VENUES),
            year=chance.choice((None, 2001, 2002, 2003, 2004)),
        )
        for number in range(90)
    ]


PAPERS = _papers()
QUESTION = "Which pear has a kite in the orchard?"
filters = st.builds(
    Filter,
    since=st.sampled_from(YEARS[:3]),
    until=st.sampled_from(("", *YEARS[2:])),
    authors=st.lists(st.sampled_from(("Moss", "A. Reed", "Oak Fern")), max_size=2, unique=True).map(tuple),
    venues=st.lists(st.sampled_from(VENUES[:2]), max_size=2, unique=True).map(tuple),
    source=st.sampled_from(("", *SOURCES)),
)


def passes(paper: Paper, where: Filter) -> bool:
    """The filter as its docstring words it, for filters of the kind above."""
    families = {author.split()[-1] for author in paper.authors}
    return (
        (not where.since or (paper.year is not None and paper.year >= int(where.since)))
        and (not where.until or (paper.year is not None and paper.year <= int(where.until)))
        and all(author.split()[-1] in families for author in where.authors)
        and (not where.venues or paper.venue in where.venues)
        and (not where.source or where.source in paper.sources)
        and not (where.without and passes(paper, where.without))
    )


@pytest.fixture(scope="module", params=["folder", "server"])
def assistant(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    url = request.getfixturevalue("chroma_server") if request.param == "server" else ""
    alone = Settings(home=tmp_path_factory.mktemp("exact"), reader="none", chroma_url=url)
    with Assistant.open(settings=alone, embedder=HashEmbedder()) as assistant:
        assistant._holdings.library.put(PAPERS)
        yield assistant


@functools.cache
def vectors() -> list[tuple[str, np.ndarray]]:
    """The id of the paper of each passage, and the vector of the passage."""
    own = [passage for paper in PAPERS for passage in passages(paper)]
    encodings = HashEmbedder().encode([encoded_text(passage) for passage in own])
    return [(passage.paper_id, made.vector) for passage, made in zip(own, encodings, strict=True)]


def nearest(kept: set[str]) -> dict[str, float]:
    """The papers of the nearest of all passages of these papers."""
    (asked,) = HashEmbedder().encode([QUESTION])
    cosines = sorted(((float(vector @ asked.vector), i) for i, vector in vectors() if i in kept), reverse=True)
    best: dict[str, float] = {}
    for cosine, paper_id in cosines[: retrieval.DEEP * 2]:
        best.setdefault(paper_id, cosine)
    return best


@pytest.mark.parametrize("few", [0, 4000], ids=["sifted", "one by one"])
@settings(max_examples=25)
@given(where=filters, without=filters)
def test_what_is_found_is_what_an_exact_search_finds(
    assistant: Assistant, few: int, where: Filter, without: Filter
) -> None:
    where = replace(where, without=without) if without else where
    kept = {paper.id for paper in PAPERS if passes(paper, where)}
    with pytest.MonkeyPatch.context() as patch, assistant._holdings.reading() as index:
        assert index is not None
        for module, name, value in (
            (retrieval, "FEW", few),
            (retrieval, "MARGIN", 1.0),
            (retrieval, "DEEP", 3),
            (tables, "COMPARED", 7),
        ):
            patch.setattr(module, name, value)
        asked = Search(index, where=where).understood(QUESTION)
        lists = Retriever(index)._lists(asked, index.encoding_of(QUESTION).vector, asked.allowed)
        words = [one for one in index.keywords.search(QUESTION, limit=len(PAPERS)) if one[0] in kept]
        assert [*lists["bm25"].items()] == words[: retrieval.DEEP * 10]
        assert lists["cosine"] == pytest.approx(nearest(kept), abs=1e-3)
        assert [*lists["cosine"].values()] == sorted(lists["cosine"].values(), reverse=True)
