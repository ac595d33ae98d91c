"""What language models cost: shown and counted, saved by a cache, and limited for each day."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from assistant.answer.composing import INSTEAD
from assistant.chain import Assistant
from assistant.core.records import STARTING_OVER
from assistant.core.settings import Settings
from assistant.doors.cli import app
from assistant.llm import ScriptedModel
from assistant.llm.ledger import bill
from assistant.llm.scripted import Line

from ..answer.test_composing import ABSTRACTS, GAINS, PEAR, QUESTION, SORTS, drafted, texts
from ..check.test_judging import verdicts
from ..doubles import HashEmbedder
from ..modelserver import ModelServer, replies, says
from ..pages import Served, Visitor
from ..papers import PAIRS, Pair, write_listing
from ..test_chain import assert_sound

PRICES = "scripted=1000/10000"
SECOND = "What does PearRank gain over BM25?"
READ = json.dumps({"question": SECOND, "kind": "figure"})
"""A later question, and how the model reads it."""

Open = Callable[..., tuple[Assistant, ScriptedModel]]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Open]:
    """`opened(line, ..., judge=...)`: an assistant over the small corpus whose model says these lines."""
    open_ones: list[Assistant] = []

    def run(
        *lines: Line, name: str = "scripted", pairs: Sequence[Pair] = PAIRS, **set_to: Any
    ) -> tuple[Assistant, ScriptedModel]:
        model = ScriptedModel(*lines, name=name)
        chosen = Settings(home=tmp_path / "home", **set_to)
        open_ones.append(Assistant.open(settings=chosen, embedder=HashEmbedder(), llm=model))
        open_ones[-1].ingest(write_listing(tmp_path / "a.txt", pairs))
        return open_ones[-1], model

    yield run
    for one in open_ones:
        one.close()


# -- tokens and money


def test_an_answer_has_a_cost_when_the_price_is_known(opened: Open) -> None:
    assistant, _ = opened(drafted(SORTS), model_prices=PRICES)
    answer = assistant.ask(QUESTION)
    usage = answer.usage
    assert answer.cost == pytest.approx(usage["prompt_tokens"] / 1000 + usage["completion_tokens"] / 100)
    assert answer.cost


def test_without_a_price_there_is_no_cost(opened: Open) -> None:
    assistant, _ = opened(drafted(SORTS), model_prices="other=1/1")
    assert assistant.ask(QUESTION).cost is None


def test_a_conversation_sums_its_turns(opened: Open) -> None:
    assistant, _ = opened(drafted(SORTS), READ, drafted(GAINS), model_prices=PRICES)
    chat = assistant.conversation()
    assert (chat.usage, chat.cost) == ({}, 0.0)
    answers = [chat.ask(QUESTION), chat.ask(SECOND)]
    assert chat.usage["calls"] == 3
    assert chat.usage["prompt_tokens"] == sum(answer.usage["prompt_tokens"] for answer in answers)
    assert chat.cost == pytest.approx(sum(answer.cost or 0 for answer in answers))


def test_the_page_shows_what_the_conversation_has_used(opened: Open) -> None:
    asked = (QUESTION, SECOND)
    assistant, _ = opened(*[drafted(SORTS), READ, drafted(GAINS)] * 2, model_prices=PRICES)

    async def scene(url: str) -> list[str]:
        visitor = await Visitor.arrive(url)
        shown = [str(await visitor.does("question", "submit", [question, None])) for question in asked]
        await visitor.leave()
        return shown

    with Served(assistant) as page:
        shown = asyncio.run(scene(page.url))
    chat = assistant.conversation()
    for question, html in zip(asked, shown, strict=True):
        chat.ask(question)
        assert re.findall(r"This conversation</dt><dd>(.*?)</dd>", html) == [bill(chat.usage, chat.cost)]


def test_usage_is_counted_across_processes_and_for_stopped_answers_too(opened: Open) -> None:
    first, _ = opened(drafted(SORTS), model_prices=PRICES)
    whole = first.ask(QUESTION).usage
    first.close()
    second, _ = opened(drafted(SORTS, GAINS), model_prices=PRICES)
    stream = second.stream(QUESTION)
    assert any(event.claim for event in stream)
    stream.close()
    spending = second.spending()
    assert spending is not None
    assert spending.tokens == spending.tokens_today > whole["prompt_tokens"] + whole["completion_tokens"]
    assert spending.cost == spending.cost_today
    assert spending.cost is not None


def test_a_separate_judge_is_counted_at_its_own_price(opened: Open) -> None:
    with ModelServer(says(verdicts(True))) as server:
        assistant, writer = opened(
            drafted(SORTS),
            judge="always",
            judge_model="wise",
            model_url=server.url,
            model_prices="scripted=0/0, wise=1000/0",
        )
        answer = assistant.ask(QUESTION)
        assistant.close()
    assert [asked["model"] for asked in server.asked] == ["wise"]
    assert [c.basis for claim in answer.claims for c in claim.citations] == ["judged"]
    assert (len(writer.seen), answer.usage["calls"]) == (1, 2)
    assert answer.cost == pytest.approx(11 / 1000)  # the server reports 11 tokens


def test_status_shows_what_was_spent(opened: Open, tmp_path: Path) -> None:
    assistant, _ = opened(drafted(SORTS), model_prices=PRICES)
    assistant.ask(QUESTION)
    assistant.close()
    with ModelServer(replies(drafted(SORTS))) as server:
        environment = {
            "ASSISTANT_MODEL_URL": server.url,
            "ASSISTANT_MODEL_DAILY_TOKENS": "5000",
            "ASSISTANT_MODEL_PRICES": PRICES,
        }
        status = CliRunner().invoke(app, ["status", "--home", str(tmp_path / "home")], env=environment).stdout
    assert " of 5,000 tokens, $" in status
    assert "Total:" in status
    without = CliRunner().invoke(app, ["status", "--home", str(tmp_path / "home")]).stdout
    assert "tokens" not in without


# -- the cache


def test_with_the_cache_the_same_question_is_written_once(opened: Open) -> None:
    assistant, model = opened(drafted(SORTS, GAINS), model_cache=True)
    first = assistant.ask(QUESTION)
    events = list(assistant.stream(QUESTION))
    second = events[-1].answer
    assert second is not None
    assert len(model.seen) == 1
    assert (second.claims, second.written_by, second.wording) == (first.claims, "scripted", first.wording)
    assert (second.usage, second.text) == ({}, first.text)
    assert [event.claim for event in events if event.claim] == list(first.claims)
    assert_sound(second, ABSTRACTS)


def test_without_the_cache_it_is_written_again(opened: Open) -> None:
    assistant, model = opened(drafted(SORTS), drafted(GAINS))
    assert texts(assistant.ask(QUESTION)) != texts(assistant.ask(QUESTION))
    assert len(model.seen) == 2


@pytest.mark.parametrize("changed", ["question", "papers", "model", "judge"])
def test_a_change_makes_the_cache_write_again(opened: Open, changed: str) -> None:
    assistant, _ = opened(drafted(SORTS), model_cache=True, judge="never")
    assistant.ask(QUESTION)
    assistant.close()
    pairs = [(title, abstract + " It is ripe." * (title == PEAR and changed == "papers")) for title, abstract in PAIRS]
    other, model = opened(
        drafted(GAINS),
        pairs=pairs,
        name="other" if changed == "model" else "scripted",
        judge="undecided" if changed == "judge" else "never",
        model_cache=True,
    )
    question = "What does PearRank gain?" if changed == "question" else QUESTION
    assert texts(other.ask(question)) == [GAINS[0]]
    assert len(model.seen) == 1


def test_a_quoted_stand_in_is_not_cached(opened: Open) -> None:
    assistant, model = opened("", drafted(SORTS), model_cache=True)
    assert assistant.ask(QUESTION).written_by == "extractive"
    assert texts(assistant.ask(QUESTION)) == [SORTS[0]]
    assert len(model.seen) == 2


def test_a_decline_by_the_model_is_cached(opened: Open) -> None:
    assistant, model = opened('{"answered": false, "sentences": []}', model_cache=True)
    first, second = assistant.ask(QUESTION), assistant.ask(QUESTION)
    assert first.declined == second.declined is not None
    assert len(model.seen) == 1


# -- the limit


def test_when_the_daily_tokens_run_out_the_answer_is_quoted_and_says_so(opened: Open) -> None:
    assistant, model = opened(drafted(SORTS), drafted(GAINS), model_daily_tokens=20)
    assert texts(assistant.ask(QUESTION)) == [SORTS[0]]
    events = list(assistant.stream(QUESTION))
    answer = events[-1].answer
    assert answer is not None
    assert answer.remark == f"Today's limit of 20 tokens for language models is used up. {INSTEAD}"
    assert (answer.written_by, answer.usage, len(model.seen)) == ("extractive", {}, 1)
    assert STARTING_OVER not in [event.stage for event in events]
    assert_sound(answer, ABSTRACTS)


def test_the_limit_also_applies_within_a_question(opened: Open) -> None:
    assistant, model = opened(drafted(SORTS), verdicts(False), model_daily_tokens=20, judge="always")
    answer = assistant.ask(QUESTION)
    assert len(model.seen) == 1
    assert [c.basis for claim in answer.claims for c in claim.citations] == ["checked"]
