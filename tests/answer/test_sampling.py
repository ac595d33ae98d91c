"""sampling: of several drafts the best supported is given; where most find no answer there is none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from assistant.answer.sampling import TEMPERATURE
from assistant.chain import Assistant
from assistant.core.errors import LLMError
from assistant.core.records import Answer
from assistant.core.settings import Settings
from assistant.llm import ScriptedModel
from assistant.llm.scripted import Line

from ..doubles import HashEmbedder
from ..papers import PAIRS, write_listing
from .test_composing import GAINS, LEARNS, QUESTION, SORTS, WRONG, drafted, texts

NOT_THERE = '{"answered": false, "sentences": []}'
FAILS = LLMError("The model sleeps.")

Sampled = Callable[..., tuple[Answer, ScriptedModel]]


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sampling")
    with Assistant.open(folder / "home", embedder=HashEmbedder()) as opened:
        opened.ingest(write_listing(folder / "mar.txt", PAIRS))
    return folder / "home"


@pytest.fixture
def sampled(shelf: Path) -> Iterator[Sampled]:
    """`sampled(line, ...)`: the answer that comes of as many drafts as there are lines, or of the first `drafts`."""
    open_ones: list[Assistant] = []

    def run(*lines: Line, drafts: int = 0, **settings: object) -> tuple[Answer, ScriptedModel]:
        model = ScriptedModel(*lines)
        wanted = Settings(home=shelf, model_drafts=drafts or len(lines), judge="never", **settings)
        open_ones.append(Assistant.open(settings=wanted, embedder=HashEmbedder(), llm=model))
        return open_ones[-1].ask(QUESTION), model

    yield run
    for one in open_ones:
        one.close()


def test_the_draft_of_which_most_stands_is_the_answer(sampled: Sampled) -> None:
    answer, model = sampled(drafted(LEARNS, WRONG), drafted(LEARNS, SORTS), drafted(WRONG))
    assert texts(answer) == [LEARNS[0], SORTS[0]]
    assert (answer.written_by, answer.remark, answer.rejections) == ("scripted", "", ())
    assert sorted(model.temperatures) == [0.0, TEMPERATURE, TEMPERATURE]
    assert answer.usage["calls"] == 3


def test_what_falls_counts_against_a_draft(sampled: Sampled) -> None:
    wrong_twice = (WRONG, (WRONG[0].replace("9.5", "8.5"), WRONG[1]))
    answer, _ = sampled(drafted(LEARNS, SORTS, *wrong_twice), drafted(GAINS))
    assert texts(answer) == [GAINS[0]]


def test_most_drafts_decide_that_there_is_no_answer(sampled: Sampled) -> None:
    answer, _ = sampled(NOT_THERE, drafted(LEARNS, SORTS), NOT_THERE)
    assert answer.declined is not None
    assert answer.declined.kind == "unstated"
    other, _ = sampled(NOT_THERE, drafted(LEARNS, SORTS), drafted(LEARNS))
    assert texts(other) == [LEARNS[0], SORTS[0]]


def test_a_draft_that_fails_is_left_out(sampled: Sampled) -> None:
    answer, _ = sampled(FAILS, drafted(SORTS), FAILS)
    assert (texts(answer), answer.written_by) == ([SORTS[0]], "scripted")


def test_where_all_fail_the_answer_is_quoted_and_says_so(sampled: Sampled) -> None:
    answer, _ = sampled(FAILS, FAILS)
    assert answer.written_by == "extractive"
    assert answer.remark.startswith("The model sleeps.")


def test_what_fell_of_the_best_draft_gets_its_second_try_once(sampled: Sampled) -> None:
    answer, model = sampled(drafted(LEARNS, WRONG), drafted(WRONG), drafted(GAINS), drafts=2)
    assert texts(answer) == [LEARNS[0], GAINS[0]]
    assert len(model.seen) == 3
    assert model.temperatures[2] == 0.0


def test_an_answer_is_kept_for_as_many_drafts_as_it_was_chosen_from(sampled: Sampled) -> None:
    once, _ = sampled(drafted(LEARNS), model_cache=True)
    chosen, model = sampled(drafted(SORTS), drafted(SORTS), model_cache=True)
    again, silent = sampled(FAILS, drafts=2, model_cache=True)
    assert (texts(once), texts(chosen), texts(again)) == ([LEARNS[0]], [SORTS[0]], [SORTS[0]])
    assert (len(model.seen), len(silent.seen)) == (2, 0)
