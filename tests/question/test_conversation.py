"""conversation: earlier turns and a question in, one self-contained question out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.chain import Assistant
from assistant.core.records import Answer, Citation, Claim, Decline, DeclineKind, Hit, Paper, Passage, Turn
from assistant.index.holdings import Holdings
from assistant.question.conversation import ASKED_OF, LOST, UNSURE, is_lost, of_the_chosen, self_contained
from assistant.question.understanding import named

from ..doubles import HashEmbedder
from ..papers import PAIRS
from .test_question import WORDS

PEAR, MOD, RAGNAROK, VILLA, READING, LEDGER, KITE, SNOW = PAPERS = [Paper(*pair) for pair in PAIRS]


def names(question: str) -> Sequence[str]:
    return named(question, vocabulary=WORDS)


def turn(question: str, *papers: Paper) -> Turn:
    """An answer that cites `papers`, in this order."""
    passages = [Passage(p.id, p.title, p.abstract.split(".")[0] + ".", 0) for p in papers]
    claims = tuple(Claim(p.text, (Citation(p, p.text, 1.0, "quoted"),)) for p in passages)
    hits = tuple(Hit(paper, passage, 1.0) for paper, passage in zip(papers, passages, strict=True))
    return Turn(question, Answer(question, question, claims, hits=hits))


def declined(question: str, kind: DeclineKind = "absent") -> Turn:
    return Turn(question, Answer(question, question, declined=Decline(kind, "Nothing here.", (SNOW.title,))))


def reworded(question: str, query: str, *papers: Paper) -> Turn:
    """A follow-up that was asked in these words."""
    answer = turn(question, *papers).answer if papers else declined(question).answer
    return Turn(question, replace(answer, query=query))


ONE = [turn("What does PearRank learn from?", PEAR)]
THREE = [turn("Which papers rank?", PEAR, READING, RAGNAROK)]


def meant(question: str, turns: Sequence[Turn]) -> list[str]:
    """How the titles begin that the self-contained question names before the question; [] if it is left alone."""
    said = self_contained(question, turns, names)
    if said == question:
        return []
    assert said.endswith(question)
    before = said.removesuffix(question)
    return [
        paper.title.split(":")[0]
        for paper in sorted(PAPERS, key=lambda p: before.find(p.title))
        if paper.title in before
    ]


# -- follow-ups


@pytest.mark.parametrize(
    "question",
    [
        "and how big is it?",
        "How many parameters does it have?",
        "What are its weak points?",
        "does the method need labels?",
        "Why?",
        "how so?",
        "What does this paper say about labels and yields?",
        "and the baseline?",
        "So who gains from the sorting of their orchards?",
    ],
)
def test_a_follow_up_means_the_paper_of_the_last_answer(question: str) -> None:
    assert meant(question, ONE) == ["PearRank"]


def test_a_follow_up_means_the_last_answer_and_not_an_earlier_one() -> None:
    assert meant("how big is it?", [*ONE, turn("kites?", KITE)]) == ["Do Kites Remember the Wind?"]


def test_of_several_cited_papers_the_first_is_it() -> None:
    assert meant("how big is it?", THREE) == ["PearRank"]


def test_the_title_is_named_in_full() -> None:
    assert self_contained("how big is it?", ONE, names) == f"Regarding “{PEAR.title}”: how big is it?"


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("What about [2]?", "R^2AG"),
        ("does number 3 compare systems?", "Ragnarök"),
        ("tell me more on #1", "PearRank"),
        ("and no. 2?", "R^2AG"),
        ("What does the second one do?", "R^2AG"),
        ("What does the first paper do?", "PearRank"),
        ("the 3rd, what is it for?", "Ragnarök"),
        ("and the last one?", "Ragnarök"),
        ("Is the latter cheap?", "Ragnarök"),
    ],
)
def test_numbers_and_ordinals_count_the_cited_papers(question: str, expected: str) -> None:
    assert meant(question, THREE) == [expected]


def test_ordinals_reach_back_to_the_last_answer_with_several_papers() -> None:
    assert meant("and the second one?", [*THREE, turn("the first?", PEAR)]) == ["R^2AG"]


def test_an_ordinal_past_the_end_means_no_other_paper() -> None:
    assert meant("and the fifth one?", THREE) in ([], ["PearRank"])


@pytest.mark.parametrize(
    "question", ["Do they need labels?", "What do these have in common?", "Which of them is cheap?"]
)
def test_several_are_meant_at_once(question: str) -> None:
    assert sorted(meant(question, THREE)) == ["PearRank", "R^2AG", "Ragnarök"]


@pytest.mark.parametrize(
    ("question", "expected"),
    [("Which of these replays storms?", "Ragnarök"), ("Which one needs weak labels?", "PearRank")],
)
def test_the_one_of_several_is_meant_that_the_others_are_not_like(question: str, expected: str) -> None:
    assert meant(question, THREE) == [expected]


def test_of_two_of_which_one_was_cited_the_next_found_is_the_other() -> None:
    both = turn("storms?", RAGNAROK, PEAR)
    one = Turn("storms?", replace(turn("storms?", RAGNAROK).answer, hits=both.answer.hits))
    assert meant("Which of the two needs weak labels?", [one]) == ["PearRank"]
    assert meant("Which of them needs weak labels?", [one]) == ["Ragnarök"]


def test_both_are_those_of_the_last_two_answers() -> None:
    first, last = turn("What does PearRank learn from?", PEAR), turn("storms?", RAGNAROK)
    wide = replace(last, answer=replace(last.answer, hits=turn("storms?", RAGNAROK, READING).answer.hits))
    assert set(meant("do both of them sort pears?", [turn("kites?", KITE), first, wide])) == {"Ragnarök", "PearRank"}
    assert meant("which of those two weaves ranks?", [first, wide]) == ["R^2AG"]
    assert set(meant("do both of them sort pears?", [wide])) == {"Ragnarök", "R^2AG"}
    assert set(meant("do both of them sort pears?", [turn("x?", KITE, PEAR), wide, last])) == {
        "Ragnarök",
        "Do Kites Remember the Wind?",
    }


def test_they_of_one_paper_are_its_authors() -> None:
    assert meant("What do they measure?", ONE) == ["PearRank"]


def test_at_most_four_are_meant_at_once() -> None:
    assert len(meant("Do they agree?", [turn("Which?", *PAPERS)])) == 4


# -- "the other one" and "the one that ..."


def test_the_other_one_is_the_other_of_two() -> None:
    assert meant("and the other one?", [turn("Compare them", PEAR, KITE)]) == ["Do Kites Remember the Wind?"]


def test_the_other_one_may_be_of_an_earlier_answer() -> None:
    assert meant("and what does the other one do?", [turn("kites", KITE), turn("pears", PEAR)]) == [
        "Do Kites Remember the Wind?"
    ]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("How good is the one that replays storms?", "Ragnarök"),
        ("what does the sandbox one do?", "Ragnarök"),
        ("Does the one with weak labels scale?", "PearRank"),
        ("and the orchard ranking paper?", "PearRank"),
    ],
)
def test_a_paper_is_described(question: str, expected: str) -> None:
    assert meant(question, THREE) == [expected]


# -- what stands alone


@pytest.mark.parametrize(
    "question",
    [
        "How long does Ragnarök replay queries?",
        "What does γ-MoD skip?",
        "Which papers compress snow with learned shovels?",
        "How accurate is a probe reading wind direction from kites?",
        "Are there any papers on the compression of snow with trained shovels?",
    ],
)
@pytest.mark.parametrize("turns", [ONE, THREE, [*ONE, *THREE]])
def test_a_self_contained_question_is_left_alone(question: str, turns: Sequence[Turn]) -> None:
    assert self_contained(question, turns, names) == question


@pytest.mark.parametrize(
    ("question", "left"),
    [
        ("Let's change the subject: how is snow pressed?", "how is snow pressed?"),
        ("Something different. How do they press snow into boxes?", "How do they press snow into boxes?"),
        ("By the way, what is it that kites remember?", "By the way, what is it that kites remember?"),
        ("New topic: what do kites remember?", "what do kites remember?"),
    ],
)
def test_an_announced_change_of_topic_leaves_the_papers_behind(question: str, left: str) -> None:
    assert self_contained(question, ONE, names) == left


@pytest.mark.parametrize("question", ["and on Ragnarök?", "what about Ragnarök?", "And for γ-MoD?"])
def test_the_question_before_is_asked_of_another_name(question: str) -> None:
    said = self_contained(question, ONE, names)
    assert said in ("What does Ragnarök learn from?", "What does γ-MoD learn from?")
    assert ("Ragnarök" in said) == ("Ragnarök" in question)


def test_it_is_asked_of_several_names_one_after_another() -> None:
    said = self_contained("and on Ragnarök, same cost?", ONE, names)
    assert said == "Ragnarök, same cost? — What does Ragnarök learn from?"
    after = [*ONE, reworded("and on Ragnarök, same cost?", said, RAGNAROK)]
    assert self_contained("and γ-MoD?", after, names) == "What does γ-MoD learn from?"


@pytest.mark.parametrize(
    "question", ["Is it better than Ragnarök?", "Does Ragnarök beat it?", "How does it compare to Ragnarök?"]
)
def test_a_name_does_not_take_the_place_of_what_is_pointed_at(question: str) -> None:
    said = self_contained(question, ONE, names)
    assert said == f"Regarding “{PEAR.title}”: {question}"
    again = self_contained("and γ-MoD?", [*ONE, reworded(question, said, PEAR)], names)
    assert again == said.replace("Ragnarök", "γ-MoD")


@pytest.mark.parametrize("question", ["What does Ragnarök do with its queries?", "Does Ragnarök say how fast is it?"])
def test_a_pronoun_that_a_name_explains_points_at_nothing_before(question: str) -> None:
    assert self_contained(question, ONE, names) == question


# -- turns that say nothing


@pytest.mark.parametrize("question", ["and how big is it?", "the second one?", "What about [2]?", "Why?"])
def test_without_an_answer_before_the_words_of_the_question_are_meant(question: str) -> None:
    assert self_contained(question, [], names) == question
    assert self_contained(question, [declined("What are umbrellas?")], names) == f"Regarding umbrellas: {question}"
    assert self_contained(question, [declined("What are umbrellas?", "off-corpus")], names) == question


def test_what_they_asked_for_is_meant_where_it_was_not_found() -> None:
    turns = [*ONE, declined("Which shops sell umbrellas?")]
    assert self_contained("Which of them are in Lisbon?", turns, names) == (
        "Regarding shops sell umbrellas: Which of them are in Lisbon?"
    )
    assert not is_lost("Which papers say so of snow and ice?", turns)
    assert is_lost("Which of them are in Lisbon?", turns)
    assert not is_lost("Which of them are in Lisbon?", ONE)
    assert not is_lost("New topic: which of them are in Lisbon?", turns)


def test_what_the_paper_of_a_turn_does_not_state_leaves_it_meant() -> None:
    unstated = reworded("Which licence is it under?", f"Regarding “{PEAR.title}”: Which licence is it under?")
    assert meant("and how big are they?", [*ONE, unstated]) == ["PearRank"]


@pytest.mark.parametrize(("relevance", "joined"), [(UNSURE - 0.01, True), (UNSURE, False)])
def test_a_doubtful_paper_is_not_what_is_meant(relevance: float, joined: bool) -> None:
    first = turn("Do storms break it?", RAGNAROK)
    hits = tuple(replace(hit, relevance=relevance) for hit in first.answer.hits)
    said = self_contained("And how often?", [Turn(first.question, replace(first.answer, hits=hits))], names)
    assert said == ("Do storms break it? And how often?" if joined else f"Regarding “{RAGNAROK.title}”: And how often?")


def test_a_declined_turn_is_skipped() -> None:
    assert meant("and how big is it?", [*ONE, declined("umbrellas?")]) == ["PearRank"]
    assert SNOW.title not in self_contained("and the other one?", [*ONE, declined("umbrellas?")], names)


@given(st.text(min_size=1, max_size=60), st.integers(0, 3))
def test_any_question_keeps_what_it_asks(question: str, length: int) -> None:
    said = self_contained(question, (ONE + THREE + ONE)[:length], names)
    assert said == self_contained(question, (ONE + THREE + ONE)[:length], names)
    if not length:
        assert said in question
    assert said


@pytest.mark.parametrize("question", ["What does [9] learn from?", "and the fifth one?"])
def test_a_number_past_the_end_is_not_taken_for_the_first(question: str) -> None:
    assert meant(question, THREE) != ["PearRank"]


def test_a_question_what_something_is_stands_alone() -> None:
    assert self_contained("What is weak supervision?", ONE, names) == "What is weak supervision?"
    assert self_contained("What is the supervision?", ONE, names) != "What is the supervision?"


def test_asking_what_else_there_is_is_no_follow_up() -> None:
    question = "Are there any papers on snow compression?"
    assert self_contained(question, ONE, names) == question


@pytest.mark.parametrize(
    "question",
    [
        *("Which papers use snow for boxes?", "show studies on wind", "List works on ice"),
        *("How many papers are on snow?", "How many of the papers deal with ice?", "Papers on snow and ice?"),
    ],
)
def test_a_short_question_on_papers_stands_alone(question: str) -> None:
    assert self_contained(question, ONE, names) == question


@pytest.mark.parametrize("question", ["Which papers use it for boxes?", "Which papers?", "What about snow?"])
def test_one_that_points_or_says_nothing_of_them_does_not(question: str) -> None:
    assert self_contained(question, ONE, names) != question


def test_what_else_this_paper_says_is_a_follow_up() -> None:
    assert meant("What else does this paper say about labels and yields?", ONE) == ["PearRank"]


@pytest.mark.parametrize(
    "question", ["How accurate is the probe that reads the wind from kites?", "Which orchards show that pears float?"]
)
def test_a_relative_pronoun_points_at_nothing_before(question: str) -> None:
    assert self_contained(question, ONE, names) == question


# -- chosen papers


def asked_of(question: str, turns: Sequence[Turn], *chosen: Paper, general: bool = False) -> str:
    return of_the_chosen(question, turns, names, chosen=[paper.title for paper in chosen], general=general)


@pytest.mark.parametrize(
    ("question", "general", "means"),
    [
        ("How big is it?", False, True),
        ("What do the authors conclude?", False, True),
        ("Which gains are the largest of all?", True, True),
        ("Which gains are the largest of all?", False, False),
        ("Is it the case that storms break retrieval systems of the ninth wave?", False, False),
        ("Who sells umbrellas in Lisbon?", False, False),
    ],
)
def test_a_question_means_the_chosen_paper_or_stands_alone(question: str, general: bool, means: bool) -> None:
    said = asked_of(question, [], KITE, general=general)
    assert said == (f"Regarding “{KITE.title}”: {question}" if means else question)


def test_a_follow_up_means_a_turn_about_the_chosen_papers() -> None:
    assert PEAR.title in asked_of("How big is it?", ONE, PEAR, SNOW)
    assert SNOW.title not in asked_of("How big is it?", ONE, PEAR, SNOW)


def test_a_follow_up_does_not_mean_a_turn_about_other_papers() -> None:
    assert asked_of("How big is it?", ONE, KITE) == f"Regarding “{KITE.title}”: How big is it?"


def test_a_declined_turn_leaves_the_chosen_papers_meant() -> None:
    assert asked_of("How big is it?", [declined("umbrellas?")], KITE) == f"Regarding “{KITE.title}”: How big is it?"


def test_all_chosen_papers_are_meant_at_once_up_to_a_bound() -> None:
    said = asked_of("How big are they?", [], PEAR, SNOW)
    assert said == f"Regarding “{PEAR.title}” and “{SNOW.title}”: How big are they?"
    many = [Paper(f"Orchard {n}", "Pears.") for n in range(ASKED_OF + 1)]
    assert asked_of("How big are they?", [], *many).count("Orchard") == ASKED_OF


# -- memory


@pytest.fixture(scope="module")
def remembering(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[int], Assistant]]:
    """`remembering(turns)`: assistants over one library that remember so many turns."""
    from assistant.library.papers import Library

    from ..papers import write_listing

    folder = tmp_path_factory.mktemp("memory")
    holdings = Holdings(Library(folder / "home"), HashEmbedder())
    holdings.ingest([write_listing(folder / "a.txt", PAIRS)])
    yield lambda turns: Assistant(holdings, memory_turns=turns)
    holdings.close()


@pytest.mark.parametrize(("memory", "reaches"), [(0, False), (1, False), (2, True), (8, True)])
def test_memory_is_bound(remembering: Callable[[int], Assistant], memory: int, reaches: bool) -> None:
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


def test_a_streamed_turn_is_remembered_too(remembering: Callable[[int], Assistant]) -> None:
    chat = remembering(8).conversation()
    events = list(chat.stream("What does PearRank learn from?"))
    assert chat.turns == (Turn("What does PearRank learn from?", events[-1].answer),)  # type: ignore[arg-type]


def test_two_conversations_do_not_mix(remembering: Callable[[int], Assistant]) -> None:
    assistant = remembering(8)
    one, other = assistant.conversation(), assistant.conversation()
    one.ask("What does PearRank learn from?")
    assert other.ask("and how big is it?").query == "and how big is it?"


def test_a_question_that_goes_on_from_nothing_is_asked_back(remembering: Callable[[int], Assistant]) -> None:
    assistant, turns = remembering(8), [declined("Which shops sell umbrellas?")]
    assert assistant.ask("and which is it?", turns).declined == LOST
    assert assistant.ask("and which is it?").declined != LOST
    assert assistant.ask("and which is it?", turns, papers=[PEAR.title]).declined != LOST
    assert assistant.ask("and which one learns from weak labels of orchards?", turns).declined != LOST
