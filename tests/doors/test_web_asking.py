"""Questions of many people in, their answers out: whose conversation it is, the line, and failures."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from assistant.chain import Assistant, Event
from assistant.core.errors import ConversationNotFound, DatabaseError, LibraryBusy, QuestionError, StoreError
from assistant.core.filters import Filter
from assistant.core.records import STARTING_OVER, Answer, Citation, Claim, Evidence, Hit, Paper, Passage, Turn
from assistant.doors.web.answers import AnswerInProgress
from assistant.doors.web.asking import Asker, Failure
from assistant.doors.web.sessions import (
    COOKIE,
    MOST_TURNS,
    OpenConversation,
    Sessions,
    Unidentified,
    new_owner,
    owner_of,
)
from assistant.people.conversations import Conversations, Thumb
from assistant.service.answering import Answering


def turn(question: str) -> Turn:
    return Turn(question, Answer(question, question))


# -- whose conversation


@pytest.fixture
def conversations(tmp_path: Path) -> Iterator[Conversations]:
    kept = Conversations(tmp_path)
    yield kept
    kept.close()


async def kept(sessions: Sessions, owner: str, *questions: str) -> OpenConversation:
    """A conversation of `owner` with these questions."""
    talk = await sessions.talk(owner, "")
    for question in questions:
        await sessions.remember(talk, turn(question))
    sessions.keep(talk)
    return talk


def test_only_its_owner_can_open_a_conversation(conversations: Conversations) -> None:
    async def scene() -> None:
        sessions = Sessions(conversations)
        mine = await kept(sessions, "me", "q")
        assert await sessions.talk("me", mine.name) is mine
        theirs = await sessions.talk("somebody", mine.name)
        assert theirs is not mine
        assert theirs.turns == ()
        assert theirs.name != mine.name

    asyncio.run(scene())


def test_a_restart_keeps_conversations_their_thumbs_and_the_numbers_of_their_turns(
    conversations: Conversations,
) -> None:
    async def scene() -> None:
        before = Sessions(conversations)
        mine = await kept(before, "me", *map(str, range(MOST_TURNS + 2)))
        assert (mine.earlier, mine.last, mine.coming) == (2, MOST_TURNS + 2, MOST_TURNS + 3)
        await before.rate(mine, 5, Thumb(good=False, comment="no"))
        again = await Sessions(conversations).talk("me", mine.name)
        assert again is not mine
        assert (again.turns, again.earlier, again.thumbs) == (mine.turns, 2, {5: Thumb(good=False, comment="no")})
        for one in (mine, again):
            assert [turn and turn.question for turn in map(one.turn, (0, 2, 3, MOST_TURNS + 3))] == [
                *(None, None, "2", None)
            ]
        assert (await Sessions(conversations).talk("somebody", mine.name)).turns == ()

    asyncio.run(scene())


def test_a_turn_that_replaces_the_last_replaces_it_in_the_database_and_removes_its_thumb(
    conversations: Conversations,
) -> None:
    async def scene() -> None:
        sessions = Sessions(conversations)
        mine = await kept(sessions, "me", "a", "b")
        await sessions.rate(mine, 2, Thumb(good=True))
        mine.instead = True
        await sessions.remember(mine, turn("c"))
        again = await Sessions(conversations).talk("me", mine.name)
        for one in (mine, again):
            assert [turn.question for turn in one.turns] == ["a", "c"]
            assert one.thumbs == {}

    asyncio.run(scene())


def test_an_answer_is_saved_even_if_the_browser_disconnects_meanwhile(conversations: Conversations) -> None:
    async def scene() -> None:
        sessions = Sessions(conversations)
        talk = await sessions.talk("me", "")
        keeping = asyncio.ensure_future(sessions.remember(talk, turn("q")))
        await asyncio.sleep(0)
        keeping.cancel()
        assert talk.keeping
        await asyncio.wait([keeping, talk.keeping])
        assert keeping.cancelled()
        assert [turn.question for turn in talk.turns] == ["q"]
        assert [kept.turn.question for kept in conversations.turns("me", talk.name)] == ["q"]

    asyncio.run(scene())


def test_a_deleted_conversation_does_not_come_back(conversations: Conversations) -> None:
    async def scene() -> None:
        sessions = Sessions(conversations)
        mine = await kept(sessions, "me", "a")
        with pytest.raises(ConversationNotFound):
            await sessions.delete("somebody", mine.name)
        await sessions.delete("me", mine.name)
        with pytest.raises(ConversationNotFound):
            await sessions.remember(mine, turn("b"))
        assert (await sessions.talk("me", mine.name)).turns == ()
        assert conversations.listed("me") == []

    asyncio.run(scene())


def test_a_deleted_conversation_is_not_kept_by_a_request_that_read_it_before(
    conversations: Conversations, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene() -> None:
        mine = await kept(Sessions(conversations), "me", "a")
        sessions, reading, deleted = Sessions(conversations), threading.Event(), threading.Event()

        def slowly(*arguments: Any, **knobs: Any) -> Any:
            turns = read(*arguments, **knobs)
            reading.set()
            assert deleted.wait(10)
            return turns

        read = conversations.turns
        monkeypatch.setattr(conversations, "turns", slowly)
        late = asyncio.ensure_future(sessions.talk("me", mine.name))
        await asyncio.to_thread(reading.wait, 10)
        await sessions.delete("me", mine.name)
        deleted.set()
        assert (await late).turns == ()
        sessions.keep(mine)  # as an answer does that was being written
        assert (await sessions.talk("me", mine.name)).turns == ()

    asyncio.run(scene())


def test_memory_is_bounded_and_the_least_recently_used_conversation_is_dropped(
    conversations: Conversations,
) -> None:
    async def scene() -> None:
        sessions = Sessions(conversations, most=6)
        first, second = await kept(sessions, "a", "q"), await kept(sessions, "b", "q")
        sessions.keep(first)
        third = await kept(sessions, "c", "q", "r")
        assert await sessions.talk("a", first.name) is first
        assert await sessions.talk("c", third.name) is third
        again = await sessions.talk("b", second.name)
        assert again is not second
        assert again.turns == second.turns

    asyncio.run(scene())


def test_pages_that_are_only_opened_drop_no_conversation(conversations: Conversations) -> None:
    async def scene() -> None:
        sessions = Sessions(conversations, most=2)
        mine = await kept(sessions, "me", "q")
        for n in range(10):
            await sessions.talk(f"passer-by {n}", "")
        assert await sessions.talk("me", mine.name) is mine

    asyncio.run(scene())


def test_a_conversation_in_use_is_not_dropped(conversations: Conversations) -> None:
    async def scene() -> None:
        sessions = Sessions(conversations, most=1)
        busy = await kept(sessions, "a", "q")
        busy.asking = "r"
        other = await kept(sessions, "b", "q")
        assert await sessions.talk("a", busy.name) is busy
        assert await sessions.talk("b", other.name) is other

    asyncio.run(scene())


def test_the_scores_of_every_sentence_are_not_kept() -> None:
    passage = Passage("p", "T", "One.", 0)
    hit = Hit(Paper("T", "One."), passage, 1.0, 0.5, {"bm25": 1}, evidence=(Evidence("One.", 0),))
    talk = OpenConversation("t")
    talk.add(Turn("q", Answer("q", "q", hits=(hit,))))
    assert talk.turns == (Turn("q", Answer("q", "q", hits=(replace(hit, evidence=()),))),)


def test_turns_follow_each_other_or_replace_the_last() -> None:
    talk = OpenConversation("t")
    talk.add(turn("a"))
    talk.add(turn("b"))
    talk.instead = True
    assert [t.question for t in talk.before] == ["a"]
    talk.add(turn("c"))
    assert [t.question for t in talk.turns] == ["a", "c"]
    assert not talk.instead
    for n in range(MOST_TURNS):
        talk.add(turn(str(n)))
    assert len(talk.turns) == MOST_TURNS
    assert talk.turns[-1].question == str(MOST_TURNS - 1)


def test_an_owner_is_identified_by_a_secret_that_cannot_be_guessed() -> None:
    secret = new_owner()
    assert owner_of({COOKIE: secret}) == secret
    assert len(secret) >= 43
    for worthless in ("", "me", "x" * 31, "x" * 65, "x" * 40 + ";"):
        with pytest.raises(Unidentified, match="Allow cookies"):
            owner_of({COOKIE: worthless})


# -- asking


class Scripted:
    """An `Assistant` that yields, waits or fails as the question says; `most_at_work` counts those at once."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.turns: list[tuple[str, Sequence[Turn]]] = []
        self.ended: list[str] = []
        self.finished: list[str] = []
        self._lock = threading.Lock()
        self._at_work, self.most_at_work = 0, 0

    def stream(self, question: str, turns: Sequence[Turn], papers: Sequence[str], where: Filter) -> Iterator[Event]:
        with self._lock:
            self.turns.append((question, turns))
            self._at_work += 1
            self.most_at_work = max(self.most_at_work, self._at_work)
        try:
            yield Event("searching 3 papers")
            if question.startswith("slow"):
                assert self.go.wait(20)
            if question in FAULTS:
                raise FAULTS[question]
            yield Event("checking citations")
            yield Event("answered", answer=Answer(question, f"searched {question}"))
            self.finished.append(question)
        finally:
            with self._lock:
                self._at_work -= 1
                self.ended.append(question)


FAULTS: dict[str, Exception] = {
    "empty": QuestionError("The question has no words."),
    "busy": LibraryBusy("Papers are just being taken in."),
    "broken": StoreError("chroma at /secret/place"),
    "bug": ZeroDivisionError("a bug"),
}


@pytest.fixture
def scripted() -> Scripted:
    return Scripted()


@pytest.fixture
def asker(scripted: Scripted) -> Iterator[Callable[..., Asker]]:
    lines: list[Answering] = []

    def make(*, at_once: int = 2, longest: int = 50) -> Asker:
        lines.append(Answering(cast("Assistant", scripted), at_once=at_once, longest=longest))
        return Asker(lines[-1], remember, per_minute=1000)

    yield make
    scripted.go.set()
    for line in lines:
        line.close()


async def remember(talk: OpenConversation, turn: Turn) -> None:
    """Remember a turn in memory only."""
    talk.add(turn)


def test_the_limit_on_questions_says_when_to_ask_again(scripted: Scripted) -> None:
    line = Answering(cast("Assistant", scripted))
    asker = Asker(line, remember, per_minute=2)
    mine, mine_too, theirs = OpenConversation("a", "me"), OpenConversation("b", "me"), OpenConversation("c", "somebody")

    async def scene() -> list[AnswerInProgress | Turn | Failure]:
        return [(await steps(asker, talk, "q"))[-1] for talk in (mine, mine_too, mine, theirs)]

    first, second, third, other = asyncio.run(scene())
    line.close()
    assert isinstance(first, Turn)
    assert isinstance(second, Turn)
    assert isinstance(other, Turn)
    assert third == Failure("You have reached the limit of 2 questions a minute. Ask again in 30 seconds.")
    assert [len(talk.turns) for talk in (mine, mine_too, theirs)] == [1, 1, 1]


def test_an_answer_that_cannot_be_saved_is_a_failure(scripted: Scripted) -> None:
    async def full(talk: OpenConversation, turn: Turn) -> None:
        raise DatabaseError("the disk at /secret/place is full")

    line = Answering(cast("Assistant", scripted))
    asker = Asker(line, full, per_minute=2)
    failed = asyncio.run(steps(asker, OpenConversation("a", "me"), "q"))[-1]
    line.close()
    assert isinstance(failed, Failure)
    assert "secret" not in failed.message
    assert failed.error


async def steps(asker: Asker, talk: OpenConversation, question: str) -> list[AnswerInProgress | Turn | Failure]:
    return [step async for step in asker.ask(talk, question)]


def test_the_stages_come_first_then_the_turn_is_remembered(asker: Callable[..., Asker], scripted: Scripted) -> None:
    talk = OpenConversation("t")

    async def scene() -> list[AnswerInProgress | Turn | Failure]:
        seen = []
        async for step in asker().ask(talk, "slow"):
            seen.append(step)
            if isinstance(step, AnswerInProgress) and step.stage == "searching 3 papers":
                scripted.go.set()
        return seen

    first, *making, last = asyncio.run(scene())
    assert first == AnswerInProgress("slow")
    assert AnswerInProgress("slow", stage="searching 3 papers") in making
    assert last == Turn("slow", Answer("slow", "searched slow"))
    assert talk.turns == (last,)
    assert (talk.asking, talk.stopped) == ("", "")


def test_only_the_newest_of_several_states_is_shown(asker: Callable[..., Asker]) -> None:
    claims = [Claim(f"{n}.", (Citation(Passage("p", "T", f"{n}.", 0), f"{n}.", 1.0, "quoted"),)) for n in range(50)]

    class Hasty(Scripted):
        def stream(self, question: str, turns: Sequence[Turn], papers: Sequence[str], where: Filter) -> Iterator[Event]:
            yield from (Event("answering", claim=claim) for claim in claims)
            yield Event("answered", answer=Answer(question, question, tuple(claims)))

    line = Answering(cast("Assistant", Hasty()), at_once=1, longest=1)
    one = Asker(line, remember, per_minute=1000)

    async def scene() -> list[AnswerInProgress | Turn | Failure]:
        loop, seen = asyncio.get_running_loop(), []
        async for step in one.ask(OpenConversation("t"), "q"):
            seen.append(step)
            await loop.run_in_executor(None, time.sleep, 0.05)  # a reader slower than the writer
        return seen

    seen = asyncio.run(scene())
    line.close()
    assert len(seen) < 5
    assert seen[-1] == Turn("q", Answer("q", "q", tuple(claims)))


def test_withdrawn_claims_are_no_longer_shown() -> None:
    first, second = (Claim(t, (Citation(Passage("p", "T", t, 0), t, 1.0, "quoted"),)) for t in ("One.", "Two."))
    read = threading.Event()

    class Withdrawing(Scripted):
        def stream(self, question: str, turns: Sequence[Turn], papers: Sequence[str], where: Filter) -> Iterator[Event]:
            yield Event("answering", claim=first)
            yield Event(STARTING_OVER)
            yield Event("answering", claim=second)
            read.wait(20)
            yield Event("answered", answer=Answer(question, question, (second,)))

    line = Answering(cast("Assistant", Withdrawing()), at_once=1, longest=1)
    one = Asker(line, remember, per_minute=1000)

    async def scene() -> list[tuple[Claim, ...]]:
        shown = []
        async for step in one.ask(OpenConversation("t"), "q"):
            if isinstance(step, AnswerInProgress):
                shown.append(step.claims)
                if second in step.claims:
                    read.set()
        return shown

    assert asyncio.run(scene())[-1] == (second,)
    line.close()


def test_a_question_knows_the_turns_before_it_and_not_the_one_it_replaces(
    asker: Callable[..., Asker], scripted: Scripted
) -> None:
    talk, one = OpenConversation("t", turns=(turn("a"), turn("b"))), asker()
    asyncio.run(steps(one, talk, "c"))
    talk.instead = True
    asyncio.run(steps(one, talk, "d"))
    assert [[t.question for t in before] for _, before in scripted.turns] == [["a", "b"], ["a", "b"]]
    assert [t.question for t in talk.turns] == ["a", "b", "d"]


def test_a_stopped_question_gets_no_answer_and_frees_its_worker(
    asker: Callable[..., Asker], scripted: Scripted
) -> None:
    talk, one = OpenConversation("t"), asker(at_once=1)

    async def scene() -> list[AnswerInProgress | Turn | Failure]:
        asking = one.ask(talk, "slow")
        while not isinstance(step := await anext(asking), AnswerInProgress) or step.stage != "searching 3 papers":
            pass
        await asking.aclose()
        assert (talk.asking, talk.stopped, talk.turns) == ("", "slow", ())
        scripted.go.set()
        return await steps(one, talk, "next")

    assert isinstance(asyncio.run(scene())[-1], Turn)
    assert scripted.ended == ["slow", "next"]
    assert scripted.finished == ["next"]
    assert talk.stopped == ""


def test_a_conversation_takes_one_question_at_a_time(asker: Callable[..., Asker], scripted: Scripted) -> None:
    talk, one = OpenConversation("t"), asker()

    async def scene() -> list[AnswerInProgress | Turn | Failure]:
        first = asyncio.create_task(steps(one, talk, "slow"))
        await asyncio.sleep(0.05)
        second = await steps(one, talk, "q")
        scripted.go.set()
        await first
        return second

    (refused,) = asyncio.run(scene())
    assert isinstance(refused, Failure)
    assert "still being answered" in refused.message
    assert [t.question for t in talk.turns] == ["slow"]


def test_the_questions_at_work_are_limited_and_all_are_answered(
    asker: Callable[..., Asker], scripted: Scripted
) -> None:
    one = asker(at_once=3)
    talks = [OpenConversation(str(n)) for n in range(20)]

    async def scene() -> None:
        await asyncio.gather(*(steps(one, talk, f"q{talk.name}") for talk in talks))

    asyncio.run(scene())
    assert [[t.question for t in talk.turns] for talk in talks] == [[f"q{n}"] for n in range(20)]
    assert [question for question, _ in scripted.turns] == [f"q{n}" for n in range(20)]
    assert scripted.most_at_work <= 3


def test_a_full_line_is_reported_and_nothing_is_remembered(asker: Callable[..., Asker], scripted: Scripted) -> None:
    one, waiting, refused = asker(at_once=1, longest=0), OpenConversation("a"), OpenConversation("b")

    async def scene() -> list[AnswerInProgress | Turn | Failure]:
        first = asyncio.create_task(steps(one, waiting, "slow"))
        await asyncio.sleep(0.05)
        second = await steps(one, refused, "q")
        scripted.go.set()
        await first
        return second

    assert asyncio.run(scene()) == [Failure("Too many questions are waiting. Ask again in a minute.")]
    assert (refused.turns, refused.asking) == ((), "")


@pytest.mark.parametrize("question", ["empty", "busy"])
def test_errors_that_a_person_can_fix_are_shown_as_they_are(asker: Callable[..., Asker], question: str) -> None:
    talk = OpenConversation("t")
    assert asyncio.run(steps(asker(), talk, question))[-1] == Failure(str(FAULTS[question]))
    assert talk.turns == ()


@pytest.mark.parametrize("question", ["broken", "bug"])
def test_other_errors_show_only_an_id_and_the_log_has_the_rest(
    asker: Callable[..., Asker], question: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        failed = asyncio.run(steps(asker(), OpenConversation("t"), question))[-1]
    assert isinstance(failed, Failure)
    assert failed.message == "This question could not be answered: something went wrong on the server."
    (record,) = [record for record in caplog.records if failed.error in record.getMessage()]
    assert record.exc_info is not None
    assert record.exc_info[1] is FAULTS[question]


@pytest.mark.parametrize(("news", "expected"), [(0.0, [2, 1, 0]), (1e9, [2, 0])])
def test_updates_of_a_place_in_the_line_are_limited(
    asker: Callable[..., Asker], scripted: Scripted, monkeypatch: pytest.MonkeyPatch, news: float, expected: list[int]
) -> None:
    monkeypatch.setattr("assistant.doors.web.asking.NEWS", news)
    one, places = asker(at_once=1), []

    async def last() -> None:
        async for step in one.ask(OpenConversation("c"), "q"):
            if isinstance(step, AnswerInProgress) and not step.stage:
                places.append(step.before)
                scripted.go.set()  # the first waits until the last has been updated

    async def scene() -> None:
        first = asyncio.ensure_future(steps(one, OpenConversation("a"), "slow"))
        await asyncio.sleep(0)
        second = asyncio.ensure_future(steps(one, OpenConversation("b"), "q"))
        await asyncio.sleep(0)
        await last()
        await asyncio.gather(first, second)

    asyncio.run(scene())
    assert places == expected
