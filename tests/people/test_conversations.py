"""Kept conversations: private to their owners, each turn once, gone when deleted."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from assistant.core.database import DataHome
from assistant.core.errors import ConversationNotFound, ExportError, QuestionError
from assistant.core.export import as_json
from assistant.core.records import Answer, Citation, Claim, Hit, Paper, Passage, Turn
from assistant.people.conversations import PAGE, Conversations, KeptTurn, Thumb, exported
from assistant.question.conversation import earlier

from ..papers import PAIRS
from ..postgres import contents

ANN, BOB = "user:ann", "user:bob"


def turn(question: str, pair: tuple[str, str] = PAIRS[0]) -> Turn:
    """A question answered with the whole abstract of one paper."""
    paper = Paper(*pair, sources=("a.txt",))
    passage = Passage(paper.id, paper.title, paper.abstract, 0)
    claim = Claim(paper.abstract, (Citation(passage, paper.abstract, 1.0, "quoted"),), paper.title)
    return Turn(question, Answer(question, question, (claim,), hits=(Hit(paper, passage, 1.0),)))


PEAR, KITE = turn("What is PearRank?"), turn("Do kites remember?", PAIRS[6])


class Clock:
    """A clock that advances a second with every look."""

    def __init__(self) -> None:
        self.now = 1_000_000_000.0

    def __call__(self) -> float:
        self.now += 1
        return self.now


def at(seconds: int) -> datetime:
    return datetime.fromtimestamp(1_000_000_000 + seconds, UTC)


@pytest.fixture
def open_kept(data_home: DataHome) -> Iterator[Callable[[], Conversations]]:
    """`open_kept()`: conversations of one home that are closed when the test is over."""
    opened: list[Conversations] = []
    clock = Clock()

    def open_one() -> Conversations:
        opened.append(Conversations(data_home, clock=clock))
        return opened[-1]

    yield open_one
    for conversations in opened:
        conversations.close()


@pytest.fixture
def kept(open_kept: Callable[[], Conversations]) -> Conversations:
    return open_kept()


def questions(turns: list[KeptTurn]) -> list[str]:
    return [kept_turn.turn.question for kept_turn in turns]


# -- storing


def test_a_conversation_and_its_answers_survive_a_restart(open_kept: Callable[[], Conversations]) -> None:
    first = open_kept()
    id_ = first.begin(ANN)
    assert [first.append(ANN, id_, PEAR), first.append(ANN, id_, KITE)] == [1, 2]
    first.close()
    assert open_kept().turns(ANN, id_) == [KeptTurn(1, at(2), PEAR), KeptTurn(2, at(3), KITE)]


def test_a_turn_survives_when_its_process_is_killed(
    data_home: DataHome, kept: Conversations, python: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    code = (
        "import os, pathlib, sys; from assistant.people.conversations import Conversations\n"
        "from assistant.core.records import Answer, Turn\n"
        "from assistant.core.database import DataHome\n"
        "kept = Conversations(DataHome(pathlib.Path(sys.argv[1]), sys.argv[2]))\n"
        "kept.append('ann', kept.begin('ann'), Turn('why?', Answer('why?', 'why?'))); os._exit(9)"
    )
    assert python(code, data_home.folder, data_home.database_url).returncode == 9
    (conversation,) = kept.listed("ann")
    assert [t.turn for t in kept.turns("ann", conversation.id)] == [Turn("why?", Answer("why?", "why?"))]


def test_a_follow_up_to_stored_turns_is_understood_as_before(kept: Conversations) -> None:
    id_ = kept.begin(ANN)
    kept.append(ANN, id_, PEAR)
    kept.append(ANN, id_, KITE)
    turns = [kept_turn.turn for kept_turn in kept.turns(ANN, id_)]
    assert earlier(turns) == earlier([PEAR, KITE])
    assert PAIRS[0][0] in earlier(turns).seen


def test_ids_cannot_be_guessed(kept: Conversations) -> None:
    ids = {kept.begin(ANN) for _ in range(50)}
    assert len(ids) == 50
    assert all(len(id_) >= 22 for id_ in ids)  # 128 random bits, six a character


def test_only_the_first_turn_of_a_key_is_kept(kept: Conversations) -> None:
    id_, other = kept.begin(ANN), kept.begin(ANN)
    assert kept.append(ANN, id_, PEAR, key="Ev1") == 1
    assert kept.append(ANN, id_, KITE, key="Ev2") == 2
    assert kept.append(ANN, id_, KITE, key="Ev1") == 1
    assert questions(kept.turns(ANN, id_)) == [PEAR.question, KITE.question]
    assert kept.append(ANN, other, KITE, key="Ev1") == 1
    assert [kept.append(ANN, other, PEAR), kept.append(ANN, other, PEAR)] == [2, 3]  # without a key every turn counts


def test_turns_are_read_in_pages_from_the_last(kept: Conversations) -> None:
    id_ = kept.begin(ANN)
    for number in range(1, PAGE + 6):
        kept.append(ANN, id_, turn(f"q{number}"))
    assert questions(kept.turns(ANN, id_, limit=3)) == ["q23", "q24", "q25"]
    assert questions(kept.turns(ANN, id_, limit=3, before=23)) == ["q20", "q21", "q22"]
    assert questions(kept.turns(ANN, id_, limit=3, before=2)) == ["q1"]
    assert len(kept.turns(ANN, id_)) == PAGE
    assert kept.turns(ANN, id_, limit=-1) == []
    assert questions(list(kept.every(ANN, id_))) == [f"q{n}" for n in range(1, PAGE + 6)]


def test_half_a_surrogate_pair_is_stored_without_error(kept: Conversations, data_home: DataHome) -> None:
    odd = turn("half a pair \ud800 and a zero \0", ("A title", "An abstract \udfff"))
    id_ = kept.begin("owner \ud800")
    kept.append("owner \ud800", id_, odd)
    (stored,) = kept.turns("owner \ud800", id_)
    assert stored.turn.answer == odd.answer
    zero = "\ufffd" if data_home.database_url else "\0"  # which PostgreSQL cannot store
    assert stored.turn.question == f"half a pair ? and a zero {zero}"


def test_a_damaged_answer_is_an_error(kept: Conversations) -> None:
    id_ = kept.begin(ANN)
    kept.append(ANN, id_, PEAR)
    kept._db.change("update turns set answer = ?", (b"nothing",))
    with pytest.raises(ExportError, match=r"The saved answer to “What is PearRank\?” is damaged: .* Ask the question"):
        kept.turns(ANN, id_)


# -- listing


def test_conversations_are_searched_by_words_of_titles_questions_and_answers(kept: Conversations) -> None:
    pears, kites = kept.begin(ANN), kept.begin(ANN, title="On flying")
    kept.append(ANN, pears, PEAR)
    kept.append(ANN, pears, turn("Anything else?"))
    kept.append(ANN, kites, KITE)
    answered = PAIRS[6][1].split()[-1].strip(".")

    def matching(words: str, owner: str = ANN, limit: int = 50) -> list[str]:
        return [one.id for one in kept.matching(owner, words, limit=limit)]

    assert matching("pearrank  WHAT") == [pears]
    assert matching("ELSE") == [pears]
    assert matching("flying") == [kites]
    assert matching(answered.upper()) == [kites]
    assert matching("pearrank flying") == []
    assert matching("?") == [kites, pears]
    assert matching("?", limit=1) == [kites]
    assert matching("nowhere") == matching("p%k") == []
    assert matching("pearrank", BOB) == []


def test_a_search_reads_the_last_turns_and_passes_over_damaged_ones(
    kept: Conversations, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistant.people.conversations.SEARCHED", 2)
    talk = kept.begin(ANN, title="Orchard")
    for question in ("the first?", "the second?", "the third?"):
        kept.append(ANN, talk, turn(question))
    kept._db.change("update turns set answer = ? where number = 3", (b"damaged",))
    assert kept.matching(ANN, "first") == []
    assert [one.id for one in kept.matching(ANN, "third")] == [talk]
    assert [one.id for one in kept.matching(ANN, "orchard")] == [talk]


def test_conversations_are_listed_most_recently_used_first(kept: Conversations) -> None:
    pears, kites, empty = kept.begin(ANN), kept.begin(ANN), kept.begin(ANN, title=" An\n empty  one ")
    kept.append(ANN, pears, PEAR)
    kept.append(ANN, kites, KITE)
    kept.append(ANN, pears, KITE)
    assert [(k.id, k.title, k.length) for k in kept.listed(ANN)] == [
        (pears, "What is PearRank?", 2),
        (kites, "Do kites remember?", 1),
        (empty, "An empty one", 0),
    ]
    assert kept.get(ANN, pears) == kept.listed(ANN, limit=1)[0]
    assert (kept.get(ANN, pears).begun, kept.get(ANN, pears).used) == (at(1), at(6))
    assert kept.listed("user:nobody") == []


@pytest.mark.parametrize(
    ("question", "title"),
    [
        pytest.param("word " * 40, "word " * 15 + "word…", id="cut at a word"),
        pytest.param("x" * 100, "x" * 79 + "…", id="one long word"),
        pytest.param("x" * 80, "x" * 80, id="as long as it may be"),
    ],
)
def test_a_long_first_question_makes_a_short_title(question: str, title: str, kept: Conversations) -> None:
    id_ = kept.begin(ANN)
    kept.append(ANN, id_, turn(question))
    assert kept.get(ANN, id_).title == title
    assert len(title) <= 80


def test_a_title_can_be_set_and_reset(kept: Conversations) -> None:
    id_ = kept.begin(ANN)
    kept.append(ANN, id_, PEAR)
    kept.rename(ANN, id_, "Fruit")
    kept.append(ANN, id_, KITE)
    assert kept.get(ANN, id_).title == "Fruit"
    kept.rename(ANN, id_, "  ")
    assert kept.get(ANN, id_).title == PEAR.question


def test_a_thread_has_one_conversation(kept: Conversations) -> None:
    id_ = kept.only("slack:T:C:1")
    assert kept.only("slack:T:C:1") == id_
    assert kept.only("slack:T:C:2") != id_


# -- deleting


def test_a_question_asked_again_replaces_its_turn_and_the_later_ones(kept: Conversations) -> None:
    id_ = kept.begin(ANN)
    for number in range(3):
        kept.append(ANN, id_, turn(f"q{number}"), key=str(number))
    kept.rate(ANN, id_, 2, Thumb(True))
    kept.cut(ANN, id_, 2)
    assert kept.append(ANN, id_, KITE, key="1") == 2
    assert kept.turns(ANN, id_)[1:] == [KeptTurn(2, at(6), KITE, None)]
    with pytest.raises(ConversationNotFound):
        kept.cut(ANN, id_, 3)


@pytest.mark.parametrize("data_home", ["sqlite"], indirect=True)
def test_deleting_leaves_no_trace_and_frees_the_space(home: Path, kept: Conversations) -> None:
    def everything() -> bytes:
        return b"".join(path.read_bytes() for path in sorted(home.iterdir()))

    kept.append(ANN, kept.begin(ANN), PEAR)
    id_ = kept.begin(ANN)
    small = kept._db.rows("pragma page_count")[0][0]
    for number in range(30):
        kept.append(ANN, id_, turn(f"A secret of number {number}", ("Secrets", str(number) * 9999)))
    kept.rate(ANN, id_, 1, Thumb(False, "A secret comment"))
    little = kept.begin(ANN, title="A secret title")
    kept.append(ANN, kept.begin(ANN), PEAR)  # shares a page of the file with the conversation titled above
    assert b"A secret" in everything()
    kept.delete(ANN, id_)
    kept.delete(ANN, little)
    assert b"A secret" not in everything()
    assert kept._db.rows("pragma page_count")[0][0] <= small
    assert len(kept.listed(ANN)) == 2


# -- owners


@pytest.fixture
def anns(kept: Conversations) -> str:
    id_ = kept.begin(ANN)
    kept.append(ANN, id_, PEAR)
    kept.rate(ANN, id_, 1, Thumb(True, "mine"))
    return id_


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(lambda kept, id_: kept.get(BOB, id_), id="get"),
        pytest.param(lambda kept, id_: kept.turns(BOB, id_), id="turns"),
        pytest.param(lambda kept, id_: kept.turns(BOB, id_, giver=ANN), id="turns, as giver"),
        pytest.param(lambda kept, id_: list(kept.every(BOB, id_)), id="every"),
        pytest.param(lambda kept, id_: kept.append(BOB, id_, KITE), id="append"),
        pytest.param(lambda kept, id_: kept.rename(BOB, id_, "Bob's"), id="rename"),
        pytest.param(lambda kept, id_: kept.delete(BOB, id_), id="delete"),
        pytest.param(lambda kept, id_: kept.cut(BOB, id_, 1), id="cut"),
        pytest.param(lambda kept, id_: kept.rate(BOB, id_, 1, None), id="rate"),
        pytest.param(lambda kept, id_: kept.rate(BOB, id_, 1, None, giver=ANN), id="rate, as giver"),
    ],
)
def test_a_stranger_can_do_and_learn_nothing(
    call: Callable[[Conversations, str], object], kept: Conversations, anns: str
) -> None:
    before = (kept.listed(ANN), kept.turns(ANN, anns))
    with pytest.raises(ConversationNotFound) as refused:
        call(kept, anns)
    with pytest.raises(ConversationNotFound) as absent:
        call(kept, "no such id")
    assert str(refused.value) == str(absent.value)
    assert (kept.listed(ANN), kept.turns(ANN, anns)) == before
    assert kept.listed(BOB) == []


def test_an_empty_owner_is_refused(kept: Conversations) -> None:
    for call in (kept.begin, kept.only, kept.listed):
        with pytest.raises(ValueError, match="strangers would share it"):
            call("")


def test_the_file_does_not_reveal_the_owners(data_home: DataHome, kept: Conversations) -> None:
    id_ = kept.begin("session:opens-the-door")
    kept.append("session:opens-the-door", id_, PEAR)
    kept.rate("session:opens-the-door", id_, 1, Thumb(True), giver="slack:U123")
    url = data_home.database_url
    stored = contents(url) if url else b"".join(path.read_bytes() for path in data_home.folder.iterdir())
    assert b"opens-the-door" not in stored
    assert b"U123" not in stored


# -- ratings


def test_a_rating_can_be_given_changed_and_withdrawn(kept: Conversations, anns: str) -> None:
    kept.append(ANN, anns, KITE)
    kept.rate(ANN, anns, 2, Thumb(False, "no kite"))
    assert [t.thumb for t in kept.turns(ANN, anns)] == [Thumb(True, "mine"), Thumb(False, "no kite")]
    kept.rate(ANN, anns, 2, Thumb(True))
    kept.rate(ANN, anns, 1, None)
    assert [t.thumb for t in kept.turns(ANN, anns)] == [None, Thumb(True)]
    with pytest.raises(ConversationNotFound):
        kept.rate(ANN, anns, 3, Thumb(True))


def test_everyone_in_a_thread_has_a_rating_of_their_own(kept: Conversations, anns: str) -> None:
    kept.rate(ANN, anns, 1, Thumb(False, "not mine"), giver="slack:U2")
    assert [t.thumb for t in kept.turns(ANN, anns)] == [Thumb(True, "mine")]
    assert [t.thumb for t in kept.turns(ANN, anns, giver="slack:U2")] == [Thumb(False, "not mine")]
    assert [t.thumb for t in kept.turns(ANN, anns, giver="slack:U3")] == [None]


def test_all_ratings_come_with_their_turns_oldest_first(kept: Conversations, anns: str) -> None:
    bobs = kept.begin(BOB)
    kept.append(BOB, bobs, KITE)
    kept.rate(BOB, bobs, 1, Thumb(False))
    kept.rate(ANN, anns, 1, Thumb(False, "changed"))
    assert [(id_, t.number, t.turn, t.thumb) for id_, t in kept.rated()] == [
        (bobs, 1, KITE, Thumb(False)),
        (anns, 1, PEAR, Thumb(False, "changed")),
    ]


# -- export


def test_a_conversation_is_exported_as_plain_json(kept: Conversations, anns: str) -> None:
    kept.append(ANN, anns, KITE)
    whole = exported(kept.get(ANN, anns), kept.every(ANN, anns))
    assert json.loads(json.dumps(whole)) == {
        "format": 1,
        "title": "What is PearRank?",
        "begun": "2001-09-09T01:46:41+00:00",
        "used": "2001-09-09T01:46:44+00:00",
        "turns": [
            {
                "number": 1,
                "asked": "2001-09-09T01:46:42+00:00",
                "question": "What is PearRank?",
                "answer": as_json(PEAR.answer),
                "thumb": {"good": True, "comment": "mine"},
            },
            {
                "number": 2,
                "asked": "2001-09-09T01:46:44+00:00",
                "question": "Do kites remember?",
                "answer": as_json(KITE.answer),
                "thumb": None,
            },
        ],
    }


# -- several at once


def test_several_workers_store_every_turn_once(open_kept: Callable[[], Conversations]) -> None:
    workers = [open_kept() for _ in range(3)]
    id_ = workers[0].begin(ANN)
    numbers: list[int] = []

    def work(kept: Conversations) -> None:
        numbers.extend(kept.append(ANN, id_, turn(f"q{n}"), key=f"Ev{n}") for n in range(10))

    threads = [threading.Thread(target=work, args=(kept,)) for kept in (*workers, *workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    turns = workers[1].turns(ANN, id_)
    assert [t.number for t in turns] == list(range(1, 11))
    assert sorted(questions(turns)) == sorted(f"q{n}" for n in range(10))
    assert sorted(numbers) == sorted([*range(1, 11)] * 6)


def test_workers_that_see_a_new_thread_at_once_begin_one_conversation(open_kept: Callable[[], Conversations]) -> None:
    workers, start, ids = [open_kept() for _ in range(6)], threading.Barrier(6), list[str]()

    def work(kept: Conversations) -> None:
        start.wait()
        ids.append(kept.only("slack:T:C:1"))

    threads = [threading.Thread(target=work, args=(kept,)) for kept in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ids) == 6
    assert len(set(ids)) == 1


# -- links


def test_a_link_has_the_turn_as_it_was_and_is_made_once(kept: Conversations) -> None:
    talk = kept.begin(ANN)
    kept.append(ANN, talk, PEAR)
    link = kept.share(ANN, talk, 1)
    assert len(link) == 32
    assert kept.share(ANN, talk, 1) == link
    assert kept.shared(link).turn.answer.text == PEAR.answer.text
    kept.append(ANN, talk, KITE, instead=True)
    assert kept.shared(link).turn.question == PEAR.question
    other = kept.share(ANN, talk, 1)
    assert other != link
    assert kept.shared(other).turn.question == KITE.question


def test_a_link_is_its_makers_and_goes_with_the_conversation(kept: Conversations) -> None:
    talk = kept.begin(ANN)
    kept.append(ANN, talk, PEAR)
    with pytest.raises(ConversationNotFound, match="no such conversation"):
        kept.share(BOB, talk, 1)
    with pytest.raises(ConversationNotFound, match="no such conversation or turn"):
        kept.share(ANN, talk, 2)
    link = kept.share(ANN, talk, 1)
    assert (kept.may_withdraw(ANN, link), kept.may_withdraw(BOB, link)) == (True, False)
    with pytest.raises(ConversationNotFound, match="no such answer"):
        kept.withdraw(BOB, link)
    kept.withdraw(ANN, link)
    with pytest.raises(ConversationNotFound, match="may have been withdrawn"):
        kept.shared(link)
    with pytest.raises(ConversationNotFound, match="no such answer"):
        kept.withdraw(ANN, link)
    again = kept.share(ANN, talk, 1)
    kept.delete(ANN, talk)
    with pytest.raises(ConversationNotFound, match="no such answer"):
        kept.shared(again)


def test_an_owner_has_so_many_links(kept: Conversations, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.people.conversations.LINKS", 1)
    for owner in (ANN, BOB):
        talk = kept.begin(owner)
        for one in (PEAR, KITE):
            kept.append(owner, talk, one)
        link = kept.share(owner, talk, 1)
        with pytest.raises(QuestionError, match="You have 1 links already"):
            kept.share(owner, talk, 2)
        assert kept.share(owner, talk, 1) == link


def test_a_file_of_the_version_before_has_no_links_and_is_upgraded(home: Path) -> None:
    with closing(Conversations(home)) as conversations:
        talk = conversations.begin(ANN)
        conversations.append(ANN, talk, PEAR)
    with closing(sqlite3.connect(home / "conversations.sqlite")) as file:
        file.executescript("drop table links; pragma user_version = 1")
    with closing(Conversations(home)) as conversations:
        link = conversations.share(ANN, talk, 1)
        assert conversations.shared(link).turn.question == PEAR.question
