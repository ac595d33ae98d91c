"""names: what a paper goes by, and which papers a question names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from rapidfuzz import process

from assistant.core.records import Paper
from assistant.index import names
from assistant.index.names import (
    Named,
    closest_titles,
    is_called,
    key,
    misspelt_in,
    name_like,
    named_in,
    names_of,
    plain,
    unnamed,
)

from ..papers import PAIRS


class DictBook:
    """A `NameBook` over a dict."""

    def __init__(self, **bearers: Sequence[str]) -> None:
        self._bearers = {key(name.replace("_", " ")): ids for name, ids in bearers.items()}

    def bearers(self, names: Sequence[str]) -> Mapping[str, Sequence[str]]:
        return {name: self._bearers[name] for name in names if name in self._bearers}

    def known_names(self, *, shortest: int, longest: int) -> Sequence[str]:
        return [name for name in sorted(self._bearers) if shortest <= len(name) <= longest]


class CountingBook(DictBook):
    """Counts the names it is asked for."""

    asked = 0

    def bearers(self, names: Sequence[str]) -> Mapping[str, Sequence[str]]:
        self.asked += len(names)
        return super().bearers(names)


def test_an_unknown_title_is_cut_to_the_length_of_the_longest(monkeypatch: pytest.MonkeyPatch) -> None:
    assert closest_titles("PearNet: Orchards" + " pear" * 200_000, ["PearNet: Orchards", "Kites"]) == [
        "PearNet: Orchards"
    ]
    compared: list[str] = []
    monkeypatch.setattr(process, "extract_iter", lambda title, *_, **__: compared.append(title) or iter(()))
    closest_titles("x" * 100_000, ["y" * 50, "z"])
    closest_titles("x" * 100_000, [])
    assert compared == ["x" * 50, ""]


def test_a_long_name_is_not_cached() -> None:
    before = names._cached_key.cache_info().currsize
    assert key("Long-" * 1000) == "long" * 1000
    assert names._cached_key.cache_info().currsize == before


def test_words_longer_than_any_title_are_no_names() -> None:
    book = CountingBook(rocketqa=["p1"])
    assert [named.text for named in named_in("RocketQA " + "x" * 2000, book)] == ["RocketQA"]
    assert book.asked == 1


BOOK = DictBook(
    rocketqa=["p1"],
    rocketqa_two=["p2"],
    pearrank=["p3"],
    bart=["p4"],
    the=["p5"],
    clip=["a", "b", "c", "d"],
    moe=["a", "b", "c"],
)


@pytest.mark.parametrize(
    ("title", "abstract", "name"),
    [
        pytest.param("RocketQA: An Optimized Approach", "x", "rocketqa", id="before-the-colon"),
        pytest.param("RocketQA: An Optimized Approach", "x", "rocketqa an optimized approach", id="title"),
        pytest.param("Kites Over Snow (KOS): a Study", "x", "kos", id="brackets-before-the-colon"),
        pytest.param("Learning with PearRank: a Study", "x", "pearrank", id="coined-before-the-colon"),
        pytest.param("On Pears", "We propose a new model called PearRank that ranks.", "pearrank", id="called"),
        pytest.param("On Pears", "We propose PearRank. It ranks pears.", "pearrank", id="before-a-stop"),
        pytest.param("On Pears", "We introduce PearRank, a ranker.", "pearrank", id="introduce"),
        pytest.param("On Pears", "Our ranker of pears (PearRank) wins.", "pearrank", id="brackets-in-the-abstract"),
        pytest.param("γ-MoD: Depth", "x", "gamma-mod", id="greek"),
        pytest.param("$VILA^2$: Villas", "x", "vila2", id="latex"),
        pytest.param("R^2AG: Ranks", "x", "r2ag", id="latex-without-dollars"),
        pytest.param("Ragnarök: Arena", "x", "ragnarök", id="umlaut"),
    ],
)
def test_a_paper_has_the_name(title: str, abstract: str, name: str) -> None:
    assert key(name) in names_of(Paper(title, abstract))


@pytest.mark.parametrize(
    ("title", "abstract", "name"),
    [
        pytest.param("On Pears: a Study of Kites", "x", "kites", id="capitalised-only"),
        pytest.param("On Pears", "We propose a simple method for kites.", "simple method", id="not-coined"),
        pytest.param("On Pears", "We compare with PearRank here.", "pearrank", id="mentioned-only"),
    ],
)
def test_a_paper_does_not_have_the_name(title: str, abstract: str, name: str) -> None:
    assert key(name) not in names_of(Paper(title, abstract))


@pytest.mark.parametrize(
    ("title", "name", "called"),
    [
        ("RocketQA: An Optimized Approach", "Rocket QA", True),
        ("RocketQA: An Optimized Approach", "RocketQA's", True),
        ("The Whole Title", "the whole title", True),
        ("SpacTor-T5: Pre-training T5 Models", "T5", False),
        ("ConvNet vs Transformer: Beyond ImageNet", "ConvNet", False),
    ],
)
def test_a_paper_is_called_by_its_title_or_the_part_before_a_colon(title: str, name: str, called: bool) -> None:
    assert is_called(Paper(title, "An abstract."), name) is called


def test_no_name_is_repeated() -> None:
    keys = names_of(Paper(*PAIRS[0]))
    assert keys[:2] == [key(PAIRS[0][0]), "pearrank"]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("$VILA^2$", "vila2"),
        ("γ-MoD", "gamma-mod"),
        ("“RocketQA”?", "rocketqa"),
        ("ς", "sigma"),
        (" R^{2}AG ", "r2ag"),
        ("", ""),
        ("?!", ""),
    ],
)
def test_plain(name: str, expected: str) -> None:
    assert plain(name) == expected


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        pytest.param("What does RocketQA do?", [Named("RocketQA", ("p1",))], id="one"),
        pytest.param("what is rocketqa's trick?", [Named("rocketqa", ("p1",))], id="possessive-and-case"),
        pytest.param('Is "PearRank" fast?', [Named("PearRank", ("p3",))], id="quoted"),
        pytest.param("Does RocketQA Two differ?", [Named("RocketQA Two", ("p2",))], id="longest-first"),
        pytest.param(
            "PearRank or RocketQA?", [Named("PearRank", ("p3",)), Named("RocketQA", ("p1",))], id="in-their-order"
        ),
        pytest.param("请问RocketQA有多大?", [Named("RocketQA", ("p1",))], id="between-chinese-characters"),
        pytest.param("the clip", [], id="topics-and-stop-words"),
        pytest.param("MoE", [Named("MoE", ("a", "b", "c"))], id="three-bearers-are-not-a-topic"),
        pytest.param("Nothing here", [], id="none"),
        pytest.param("", [], id="empty"),
    ],
)
def test_named_in(question: str, expected: list[Named]) -> None:
    assert named_in(question, BOOK) == expected


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        pytest.param("RocketQ", [Named("RocketQ", ("p1",), exact=False)], id="letter-missing"),
        pytest.param("PaerRank", [Named("PaerRank", ("p3",), exact=False)], id="letters-swapped"),
        pytest.param("BERT", [], id="too-short"),
        pytest.param("Comets", [], id="unlike"),
    ],
)
def test_misspelt_in(word: str, expected: list[Named]) -> None:
    assert misspelt_in(f"What does {word} do?", BOOK, unknown=[word]) == expected


def test_a_long_question_is_compared_word_by_word() -> None:
    """Every run of words was once a candidate: 2,000 words made two million of them."""
    book = CountingBook(pearrank=["p"])
    assert named_in("a b " * 1000 + "PearRank", book) == [Named("PearRank", ("p",))]
    assert book.asked < 1000


def test_without_unknown_words_nothing_is_misspelt() -> None:
    assert misspelt_in("What does RocketQ do?", BOOK, unknown=[]) == []


def test_the_closest_titles() -> None:
    titles = [title for title, _ in PAIRS]
    assert closest_titles("Do kites remember wind", titles)[0] == "Do Kites Remember the Wind?"
    assert len(closest_titles("orchard", titles, limit=1)) == 1
    assert closest_titles("zyzzyva", []) == []
    assert closest_titles("%%%%", titles) == []


def test_what_looks_coined() -> None:
    assert name_like("Does RetroFusion-X beat GPT-5 or the Kites?") == ["RetroFusion-X", "GPT-5"]


def test_stop_words_do_not_spell_a_name() -> None:
    book = DictBook(OFA=("p1",))
    assert named_in("How do style codes keep the look of a picture?", book) == []
    assert named_in("How large is OFA?", book) == [Named("OFA", ("p1",))]


@pytest.mark.parametrize(
    ("name", "text", "missing"),
    [
        ("NYT", "We read The New York Times.", False),
        ("NYT", "We read a new york of times.", True),
        ("NT", "We read The New Times.", True),
        ("nyt", "We read The New York Times.", True),
    ],
)
def test_an_abbreviation_is_mentioned_where_it_is_spelt_out(name: str, text: str, missing: bool) -> None:
    assert unnamed([name], Paper("Papers", text)) == ([name] if missing else [])
