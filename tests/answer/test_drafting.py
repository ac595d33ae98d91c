"""drafting: sources fit the prompt, cut between sentences; of several drafts the best supported one is used."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.answer.drafting import CUT, TEMPERATURE, fitted
from assistant.chain import Assistant
from assistant.core.errors import LLMError
from assistant.core.records import Answer, Evidence, Hit, Paper, Passage
from assistant.core.settings import Settings
from assistant.core.signals import SentenceSignals
from assistant.core.text import sentences
from assistant.core.tokens import count_tokens
from assistant.llm import ScriptedModel
from assistant.llm.scripted import Line

from ..doubles import HashEmbedder
from ..papers import LONG, PAIRS, write_listing
from .test_composing import GAINS, LEARNS, QUESTION, SORTS, WRONG, drafted, texts

PLENTY = 100_000


def hit(title: str, abstract: str, best: int = 0) -> Hit:
    """A hit whose sentences are more likely to answer the nearer they are to number `best`."""
    paper = Paper(title, abstract)
    evidence = tuple(
        Evidence(span.of(abstract), span.start, SentenceSignals(answers=1 / (1 + abs(n - best))))
        for n, span in enumerate(sentences(abstract))
    )
    return Hit(paper, Passage(paper.id, title, abstract, 0), 1.0, evidence=evidence)


HITS = [hit(*pair) for pair in PAIRS]


def bodies(text: str) -> list[str]:
    return re.findall(r'<source n="\d+">\n.*?\n(.*?)\n</source>', text, re.S)


def test_with_enough_room_every_abstract_is_whole() -> None:
    sources = fitted(HITS, budget=PLENTY)
    assert bodies(sources.text) == [hit.paper.abstract for hit in sources.hits]


def test_the_best_sources_come_first_and_last_and_are_numbered_as_shown() -> None:
    sources = fitted(HITS[:4], budget=PLENTY)
    assert sources.hits == (HITS[0], HITS[2], HITS[3], HITS[1])
    assert re.findall(r'<source n="(\d)">\n(.*)\n', sources.text) == [
        (str(n), hit.paper.title) for n, hit in enumerate(sources.hits, start=1)
    ]
    assert fitted(HITS[:1], budget=PLENTY).hits == (HITS[0],)
    assert fitted(HITS[:2], budget=PLENTY).hits == tuple(HITS[:2])


@pytest.mark.parametrize("budget", [0, 40, 90, 200, 400, 800])
def test_the_budget_holds_and_cuts_fall_between_sentences(budget: int) -> None:
    sources = fitted(HITS, budget=budget)
    assert count_tokens(sources.text) <= budget
    for one, body in zip(sources.hits, bodies(sources.text), strict=True):
        whole = [evidence.text for evidence in one.evidence]
        kept = [piece.strip() for piece in body.split(CUT) if piece.strip()]
        assert kept
        for piece in kept:
            assert piece in one.paper.abstract
            assert piece in {" ".join(whole[a:b]) for a in range(len(whole)) for b in range(a, len(whole) + 1)}


def test_the_likeliest_sentences_are_kept_and_gaps_are_shown() -> None:
    whole = [span.of(LONG) for span in sentences(LONG)]
    sources = fitted([hit("A Ledger", LONG, best=7)], budget=170)
    (body,) = bodies(sources.text)
    assert body == f"{CUT} {' '.join(whole[6:9])} {CUT}"


def test_every_hit_gets_some_room_before_any_gets_all() -> None:
    sources = fitted([hit("A Ledger", LONG), *HITS[:3]], budget=330)
    assert len(sources.hits) == 4


def test_a_hit_without_room_is_left_out_and_numbers_have_no_gap() -> None:
    sources = fitted([hit("Endless", "pear " * 400 + "falls."), HITS[0]], budget=150)
    assert sources.hits == (HITS[0],)
    assert '<source n="1">' in sources.text


def test_no_hits_give_no_sources() -> None:
    assert fitted([], budget=PLENTY).text == ""
    assert fitted([hit("Blank", "")], budget=PLENTY).hits == ()


@given(st.lists(st.sampled_from(HITS), unique_by=id, max_size=5), st.integers(0, 700))
def test_whatever_the_hits_the_budget_holds(hits: list[Hit], budget: int) -> None:
    sources = fitted(hits, budget=budget)
    assert count_tokens(sources.text) <= budget
    assert set(map(id, sources.hits)) <= set(map(id, hits))


# -- several drafts

NOT_THERE = '{"answered": false, "sentences": []}'
FAILS = LLMError("The model sleeps.")

Sampled = Callable[..., tuple[Answer, ScriptedModel]]


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("drafts")
    with Assistant.open(folder / "home", embedder=HashEmbedder()) as opened:
        opened.ingest(write_listing(folder / "mar.txt", PAIRS))
    return folder / "home"


@pytest.fixture
def sampled(shelf: Path) -> Iterator[Sampled]:
    """`sampled(line, ...)`: the answer from one draft per line, or from the first `drafts`."""
    open_ones: list[Assistant] = []

    def run(*lines: Line, drafts: int = 0, **settings: object) -> tuple[Answer, ScriptedModel]:
        model = ScriptedModel(*lines)
        wanted = Settings(home=shelf, model_drafts=drafts or len(lines), judge="never", **settings)
        open_ones.append(Assistant.open(settings=wanted, embedder=HashEmbedder(), llm=model))
        return open_ones[-1].ask(QUESTION), model

    yield run
    for one in open_ones:
        one.close()


def test_the_best_supported_draft_is_the_answer(sampled: Sampled) -> None:
    answer, model = sampled(drafted(LEARNS, WRONG), drafted(LEARNS, SORTS), drafted(WRONG))
    assert texts(answer) == [LEARNS[0], SORTS[0]]
    assert (answer.written_by, answer.remark, answer.rejections) == ("scripted", "", ())
    assert sorted(model.temperatures) == [0.0, TEMPERATURE, TEMPERATURE]
    assert answer.usage["calls"] == 3


def test_rejected_sentences_count_against_a_draft(sampled: Sampled) -> None:
    wrong_twice = (WRONG, (WRONG[0].replace("9.5", "8.5"), WRONG[1]))
    answer, _ = sampled(drafted(LEARNS, SORTS, *wrong_twice), drafted(GAINS))
    assert texts(answer) == [GAINS[0]]


def test_if_most_drafts_decline_there_is_no_answer(sampled: Sampled) -> None:
    answer, _ = sampled(NOT_THERE, drafted(LEARNS, SORTS), NOT_THERE)
    assert answer.declined is not None
    assert answer.declined.kind == "unstated"
    other, _ = sampled(NOT_THERE, drafted(LEARNS, SORTS), drafted(LEARNS))
    assert texts(other) == [LEARNS[0], SORTS[0]]


def test_a_draft_that_fails_is_left_out(sampled: Sampled) -> None:
    answer, _ = sampled(FAILS, drafted(SORTS), FAILS)
    assert (texts(answer), answer.written_by) == ([SORTS[0]], "scripted")


def test_if_all_drafts_fail_the_answer_is_quoted_and_says_so(sampled: Sampled) -> None:
    answer, _ = sampled(FAILS, FAILS)
    assert answer.written_by == "extractive"
    assert answer.remark.startswith("The model sleeps.")


def test_rejected_sentences_of_the_best_draft_get_one_second_try(sampled: Sampled) -> None:
    answer, model = sampled(drafted(LEARNS, WRONG), drafted(WRONG), drafted(GAINS), drafts=2)
    assert texts(answer) == [LEARNS[0], GAINS[0]]
    assert len(model.seen) == 3
    assert model.temperatures[2] == 0.0


def test_the_cache_distinguishes_numbers_of_drafts(sampled: Sampled) -> None:
    once, _ = sampled(drafted(LEARNS), model_cache=True)
    chosen, model = sampled(drafted(SORTS), drafted(SORTS), model_cache=True)
    again, silent = sampled(FAILS, drafts=2, model_cache=True)
    assert (texts(once), texts(chosen), texts(again)) == ([LEARNS[0]], [SORTS[0]], [SORTS[0]])
    assert (len(model.seen), len(silent.seen)) == (2, 0)
