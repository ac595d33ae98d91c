"""conversation: what a turn can refer to, and how it is worded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.chain import Assistant
from assistant.core.records import Answer, Citation, Claim, Decline, DeclineKind, Hit, Paper, Passage, Turn
from assistant.index.holdings import Holdings
from assistant.question.conversation import (
    ASKED_OF,
    CUES,
    LOST,
    Earlier,
    bare,
    cues,
    earlier,
    is_lost,
    joined,
    numbered,
    own_words,
    points,
    regarding,
)

from ..doubles import HashEmbedder
from ..papers import PAIRS

PEAR, MOD, RAGNAROK, VILLA, READING, LEDGER, KITE, SNOW = PAPERS = [Paper(*pair) for pair in PAIRS]


def turn(question: str, *papers: Paper) -> Turn:
    """A turn whose answer cites `papers`, in this order."""
    passages = [Passage(p.id, p.title, p.abstract.split(".")[0] + ".", 0) for p in papers]
    claims = tuple(Claim(p.text, (Citation(p, p.text, 1.0, "quoted"),)) for p in passages)
    hits = tuple(Hit(paper, passage, 1.0) for paper, passage in zip(papers, passages, strict=True))
    return Turn(question, Answer(question, question, claims, hits=hits))


def declined(question: str, kind: DeclineKind = "absent") -> Turn:
    return Turn(question, Answer(question, question, declined=Decline(kind, "Nothing here.", (SNOW.title,))))


def reworded(question: str, query: str, *papers: Paper) -> Turn:
    """A turn whose question was searched as `query`."""
    answer = turn(question, *papers).answer if papers else declined(question).answer
    return Turn(question, replace(answer, query=query))


ONE = [turn("What does PearRank learn from?", PEAR)]
THREE = [turn("Which papers rank?", PEAR, READING, RAGNAROK)]


def compared(question: str, *papers: Paper) -> Turn:
    """A turn whose answer compares `papers`."""
    answer = turn(question, *papers).answer
    return Turn(question, replace(answer, kind="compare"))


# -- the papers of a conversation


def test_before_the_first_turn_there_is_nothing_to_refer_to() -> None:
    assert earlier([]) == Earlier()


def test_the_last_papers_are_those_of_the_last_answer_that_cites_any() -> None:
    talk = earlier([*THREE, turn("kites?", KITE), declined("umbrellas?")])
    assert talk.last == (KITE.title,)
    assert talk.several == (PEAR.title, READING.title, RAGNAROK.title)
    assert talk.seen == (KITE.title, PEAR.title, READING.title, RAGNAROK.title)


def test_without_an_answer_about_several_they_are_the_last_two_in_the_order_of_the_talk() -> None:
    assert earlier([turn("pears?", PEAR), turn("kites?", KITE)]).several == (PEAR.title, KITE.title)
    assert earlier([turn("pears?", PEAR)]).several == ()


def test_the_papers_of_a_comparison_come_in_the_order_in_which_it_names_them() -> None:
    talk = earlier([compared("Ragnarök against PearRank, which is cheap?", PEAR, RAGNAROK)])
    assert talk.last == (RAGNAROK.title, PEAR.title)
    assert earlier([turn("Ragnarök and PearRank?", PEAR, RAGNAROK)]).last == (PEAR.title, RAGNAROK.title)


def test_a_paper_of_a_comparison_may_be_called_by_words_of_its_title() -> None:
    talk = earlier([compared("compare the snow compression with the one on kites", KITE, SNOW)])
    assert talk.last == (SNOW.title, KITE.title)


def test_the_topic_is_the_last_question_that_was_not_about_given_papers() -> None:
    said = regarding([PEAR.title], "how big is it?")
    talk = earlier([turn("Which papers rank?", PEAR), reworded("how big is it?", said, PEAR)])
    assert (talk.topic, talk.before) == ("Which papers rank?", "how big is it?")


def test_a_conversation_that_begins_with_a_given_paper_has_its_question_as_topic() -> None:
    talk = earlier([reworded("how big is it?", regarding([PEAR.title], "how big is it?"), PEAR)])
    assert talk.topic == "how big is it?"


# -- numbers and ordinals


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("What about [2]?", [READING]),
        ("does number 3 compare systems?", [RAGNAROK]),
        ("tell me more on #1", [PEAR]),
        ("[9]?", []),
        ("[0]?", []),
        ("What does the second one do?", [READING]),
        ("and first?", [PEAR]),
        ("the 3rd, what is it for?", [RAGNAROK]),
        ("and the last one?", [RAGNAROK]),
        ("Is the latter cheap?", [RAGNAROK]),
        ("and the fifth one?", []),
        ("the first two, are they cheap?", [PEAR, READING]),
        ("the last two?", [READING, RAGNAROK]),
        ("the first time?", []),
        ("how big is it?", []),
    ],
)
def test_numbers_and_ordinals_count_the_cited_papers(question: str, expected: list[Paper]) -> None:
    assert numbered(question, earlier(THREE)) == tuple(paper.title for paper in expected)


def test_an_ordinal_counts_the_last_answer_that_cites_several_papers() -> None:
    talk = earlier([*THREE, turn("the first?", PEAR)])
    assert numbered("and the second one?", talk) == (READING.title,)
    assert numbered("[2]", talk) == ()


def test_without_papers_no_number_refers_to_one() -> None:
    assert numbered("the last one", Earlier()) == numbered("the second", Earlier()) == numbered("[1]", Earlier()) == ()


# -- the text of a reading


def test_a_question_about_papers_names_them_in_full() -> None:
    assert regarding([PEAR.title], "how big is it?") == f"Regarding “{PEAR.title}”: how big is it?"
    both = regarding([PEAR.title, KITE.title], "agreed?")
    assert both == f"Regarding “{PEAR.title}” and “{KITE.title}”: agreed?"
    assert bare(both) == bare("agreed?") == "agreed?"
    assert regarding(["Orchard"] * (ASKED_OF + 1), "big?").count("Orchard") == ASKED_OF


def test_a_question_that_goes_on_follows_the_one_before() -> None:
    assert joined("fake news detection", "multimodal only") == "fake news detection. multimodal only"
    assert joined("Which papers rank?", "only small ones") == "Which papers rank? only small ones"
    assert joined("", "only small ones") == "only small ones"


# -- wording


@pytest.mark.parametrize(
    ("question", "cue"),
    [
        ("how big is it?", "pointer"),
        ("do both scale", "pair"),
        ("any others?", "others"),
        ("tell me more", "more"),
        ("Just the small ones", "only"),
        ("vs BM25", "against"),
        ("in one sentence", "shorter"),
        ("Why?", "reason"),
    ],
)
def test_a_cue_is_seen_whatever_its_case(question: str, cue: str) -> None:
    assert cues(question)[cue] == cues(question.upper())[cue] == 1.0
    assert cues("PearRank orchards")[cue] == 0.0


def test_what_a_turn_says_itself_is_without_cues() -> None:
    assert own_words("and the second one, orchards more briefly?") == ["orchards"]
    assert cues("shorter please")["nothing_own"] == 1.0
    assert cues("orchards please")["nothing_own"] == 0.0


@given(st.text(max_size=60))
def test_every_wording_has_every_feature_within_bounds(question: str) -> None:
    worded = cues(question)
    assert set(CUES) < set(worded)
    assert all(0.0 <= value <= 1.0 for value in worded.values())


@pytest.mark.parametrize(
    ("question", "expected"),
    [("How big is it?", True), ("Orchards of snow?", False), ("it presses snow kites hard", False)],
)
def test_a_short_turn_with_a_pronoun_points_at_something(question: str, expected: bool) -> None:
    assert points(question) == expected


# -- turns without an answer


def test_a_conversation_is_lost_if_nothing_was_ever_cited() -> None:
    assert is_lost([declined("umbrellas?")])
    assert not is_lost([*ONE, declined("umbrellas?")])
    assert not is_lost([declined("hello", "off-corpus")])
    assert not is_lost([])


# -- memory


@pytest.fixture(scope="module")
def remembering(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[int], Assistant]]:
    """`remembering(8)` is an assistant that remembers 8 turns; all share one library."""
    from assistant.library.papers import Library

    from ..papers import write_listing

    folder = tmp_path_factory.mktemp("memory")
    holdings = Holdings(Library(folder / "home"), HashEmbedder())
    holdings.ingest([write_listing(folder / "a.txt", PAIRS)])
    yield lambda turns: Assistant(holdings, memory_turns=turns)
    holdings.close()


@pytest.mark.parametrize(("memory", "reaches"), [(0, False), (1, False), (2, True), (8, True)])
def test_memory_is_limited(remembering: Callable[[int], Assistant], memory: int, reaches: bool) -> None:
    turns = [*ONE, declined("umbrellas?")]
    query = remembering(memory).ask("how big is it?", turns).query
    assert (PEAR.title in query) == reaches


def test_a_conversation_keeps_its_turns_and_forgets_them(remembering: Callable[[int], Assistant]) -> None:
    chat = remembering(8).conversation()
    first = chat.ask("What does PearRank learn from?")
    second = chat.ask("and how big is it?")
    assert [t.question for t in chat.turns] == ["What does PearRank learn from?", "and how big is it?"]
    assert [t.answer for t in chat.turns] == [first, second]
    assert (second.question, PEAR.title in second.query) == ("and how big is it?", True)
    chat.clear()
    assert chat.turns == ()
    assert chat.ask("and how big is it?").query == "and how big is it?"


def test_a_streamed_turn_is_also_remembered(remembering: Callable[[int], Assistant]) -> None:
    chat = remembering(8).conversation()
    events = list(chat.stream("What does PearRank learn from?"))
    assert chat.turns == (Turn("What does PearRank learn from?", events[-1].answer),)  # type: ignore[arg-type]


def test_two_conversations_do_not_mix(remembering: Callable[[int], Assistant]) -> None:
    assistant = remembering(8)
    one, other = assistant.conversation(), assistant.conversation()
    one.ask("What does PearRank learn from?")
    assert other.ask("and how big is it?").query == "and how big is it?"


def test_a_follow_up_to_nothing_is_declined(remembering: Callable[[int], Assistant]) -> None:
    assistant, turns = remembering(8), [declined("Which shops sell umbrellas?")]
    assert assistant.ask("and which is it?", turns).declined == LOST
    assert assistant.ask("and which is it?").declined != LOST
    assert assistant.ask("and which is it?", turns, papers=[PEAR.title]).declined != LOST
    assert assistant.ask("and which one learns from weak labels of orchards?", turns).declined != LOST
