"""A follow-up question becomes a self-contained one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.chain import Assistant
from assistant.core.records import Answer, Citation, Claim, Decline, DeclineKind, Hit, Paper, Passage, Turn
from assistant.index.holdings import Holdings
from assistant.question.conversation import (
    ASKED_OF,
    LOST,
    UNSURE,
    defines,
    is_lost,
    of_the_chosen,
    self_contained,
    topic,
)
from assistant.question.understanding import names_used

from ..doubles import HashEmbedder
from ..papers import PAIRS
from .vocabulary import WORDS

PEAR, MOD, RAGNAROK, VILLA, READING, LEDGER, KITE, SNOW = PAPERS = [Paper(*pair) for pair in PAIRS]


def names(question: str) -> Sequence[str]:
    return names_used(question, vocabulary=WORDS)


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


def meant(question: str, turns: Sequence[Turn]) -> list[str]:
    """The titles, up to their colon, that the self-contained question adds; [] if it leaves the question unchanged."""
    query = self_contained(question, turns, names)
    if query == question:
        return []
    assert query.endswith(question)
    before = query.removesuffix(question)
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
def test_a_follow_up_refers_to_the_paper_of_the_last_answer(question: str) -> None:
    assert meant(question, ONE) == ["PearRank"]


def test_a_follow_up_refers_to_the_last_answer_not_an_earlier_one() -> None:
    assert meant("how big is it?", [*ONE, turn("kites?", KITE)]) == ["Do Kites Remember the Wind?"]


def test_it_is_the_first_of_several_cited_papers() -> None:
    assert meant("how big is it?", THREE) == ["PearRank"]


def test_the_title_is_given_in_full() -> None:
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


def test_an_ordinal_counts_the_last_answer_that_cites_several_papers() -> None:
    assert meant("and the second one?", [*THREE, turn("the first?", PEAR)]) == ["R^2AG"]


def test_an_ordinal_past_the_end_refers_to_no_other_paper() -> None:
    assert meant("and the fifth one?", THREE) in ([], ["PearRank"])


@pytest.mark.parametrize(
    "question", ["Do they need labels?", "What do these have in common?", "Which of them is cheap?"]
)
def test_they_are_all_the_cited_papers(question: str) -> None:
    assert sorted(meant(question, THREE)) == ["PearRank", "R^2AG", "Ragnarök"]


@pytest.mark.parametrize(
    ("question", "expected"),
    [("Which of these replays storms?", "Ragnarök"), ("Which one needs weak labels?", "PearRank")],
)
def test_which_of_them_is_the_paper_that_shares_most_words(question: str, expected: str) -> None:
    assert meant(question, THREE) == [expected]


def test_the_second_of_the_two_is_the_next_best_hit() -> None:
    both = turn("storms?", RAGNAROK, PEAR)
    one = Turn("storms?", replace(turn("storms?", RAGNAROK).answer, hits=both.answer.hits))
    assert meant("Which of the two needs weak labels?", [one]) == ["PearRank"]
    assert meant("Which of them needs weak labels?", [one]) == ["Ragnarök"]


def test_both_are_the_papers_of_the_last_two_answers() -> None:
    first, last = turn("What does PearRank learn from?", PEAR), turn("storms?", RAGNAROK)
    wide = replace(last, answer=replace(last.answer, hits=turn("storms?", RAGNAROK, READING).answer.hits))
    assert set(meant("do both of them sort pears?", [turn("kites?", KITE), first, wide])) == {"Ragnarök", "PearRank"}
    assert meant("which of those two weaves ranks?", [first, wide]) == ["R^2AG"]
    assert set(meant("do both of them sort pears?", [wide])) == {"Ragnarök", "R^2AG"}
    assert set(meant("do both of them sort pears?", [turn("x?", KITE, PEAR), wide, last])) == {
        "Ragnarök",
        "Do Kites Remember the Wind?",
    }


def test_with_one_cited_paper_they_are_its_authors() -> None:
    assert meant("What do they measure?", ONE) == ["PearRank"]


def test_a_follow_up_refers_to_at_most_four_papers() -> None:
    assert len(meant("Do they agree?", [turn("Which?", *PAPERS)])) == 4


# -- "the other one", "the one that ..."


def test_the_other_one_is_the_other_of_two() -> None:
    assert meant("and the other one?", [turn("Compare them", PEAR, KITE)]) == ["Do Kites Remember the Wind?"]


def test_the_other_one_may_come_from_an_earlier_answer() -> None:
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
def test_a_cited_paper_can_be_described(question: str, expected: str) -> None:
    assert meant(question, THREE) == [expected]


# -- questions that stand alone


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
def test_a_self_contained_question_is_unchanged(question: str, turns: Sequence[Turn]) -> None:
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
def test_a_change_of_topic_forgets_the_papers(question: str, left: str) -> None:
    assert self_contained(question, ONE, names) == left


@pytest.mark.parametrize("question", ["and on Ragnarök?", "what about Ragnarök?", "And for γ-MoD?"])
def test_the_previous_question_is_asked_about_another_name(question: str) -> None:
    query = self_contained(question, ONE, names)
    assert query in ("What does Ragnarök learn from?", "What does γ-MoD learn from?")
    assert ("Ragnarök" in query) == ("Ragnarök" in question)


def test_it_is_asked_about_one_name_after_another() -> None:
    said = self_contained("and on Ragnarök, same cost?", ONE, names)
    assert said == "Ragnarök, same cost? — What does Ragnarök learn from?"
    after = [*ONE, reworded("and on Ragnarök, same cost?", said, RAGNAROK)]
    assert self_contained("and γ-MoD?", after, names) == "What does γ-MoD learn from?"


@pytest.mark.parametrize(
    "question", ["Is it better than Ragnarök?", "Does Ragnarök beat it?", "How does it compare to Ragnarök?"]
)
def test_a_name_does_not_replace_the_paper_that_it_is_compared_with(question: str) -> None:
    said = self_contained(question, ONE, names)
    assert said == f"Regarding “{PEAR.title}”: {question}"
    again = self_contained("and γ-MoD?", [*ONE, reworded(question, said, PEAR)], names)
    assert again == said.replace("Ragnarök", "γ-MoD")


@pytest.mark.parametrize("question", ["What does Ragnarök do with its queries?", "Does Ragnarök say how fast is it?"])
def test_a_pronoun_for_a_name_in_the_question_refers_to_nothing_earlier(question: str) -> None:
    assert self_contained(question, ONE, names) == question


# -- turns without an answer


@pytest.mark.parametrize("question", ["and how big is it?", "the second one?", "What about [2]?", "Why?"])
def test_without_an_earlier_answer_the_words_of_the_question_are_used(question: str) -> None:
    assert self_contained(question, [], names) == question
    assert self_contained(question, [declined("What are umbrellas?")], names) == f"Regarding umbrellas: {question}"
    assert self_contained(question, [declined("What are umbrellas?", "off-corpus")], names) == question


def test_what_was_asked_for_and_not_found_is_the_topic() -> None:
    turns = [*ONE, declined("Which shops sell umbrellas?")]
    assert self_contained("Which of them are in Lisbon?", turns, names) == (
        "Regarding shops sell umbrellas: Which of them are in Lisbon?"
    )
    assert not is_lost("Which papers say so of snow and ice?", turns)
    assert is_lost("Which of them are in Lisbon?", turns)
    assert not is_lost("Which of them are in Lisbon?", ONE)
    assert not is_lost("New topic: which of them are in Lisbon?", turns)


def test_a_paper_that_does_not_state_something_is_still_the_topic() -> None:
    unstated = reworded("Which licence is it under?", f"Regarding “{PEAR.title}”: Which licence is it under?")
    assert meant("and how big are they?", [*ONE, unstated]) == ["PearRank"]


@pytest.mark.parametrize(("relevance", "joined"), [(UNSURE - 0.01, True), (UNSURE, False)])
def test_a_follow_up_to_a_doubtful_paper_joins_both_questions(relevance: float, joined: bool) -> None:
    first = turn("Do storms break it?", RAGNAROK)
    hits = tuple(replace(hit, relevance=relevance) for hit in first.answer.hits)
    said = self_contained("And how often?", [Turn(first.question, replace(first.answer, hits=hits))], names)
    assert said == ("Do storms break it? And how often?" if joined else f"Regarding “{RAGNAROK.title}”: And how often?")


def test_a_declined_turn_is_skipped() -> None:
    assert meant("and how big is it?", [*ONE, declined("umbrellas?")]) == ["PearRank"]
    assert SNOW.title not in self_contained("and the other one?", [*ONE, declined("umbrellas?")], names)


@given(st.text(min_size=1, max_size=60), st.integers(0, 3))
def test_any_question_gives_the_same_query_twice(question: str, length: int) -> None:
    said = self_contained(question, (ONE + THREE + ONE)[:length], names)
    assert said == self_contained(question, (ONE + THREE + ONE)[:length], names)
    if not length:
        assert said in question
    assert said


@pytest.mark.parametrize("question", ["What does [9] learn from?", "and the fifth one?"])
def test_a_number_past_the_end_is_not_the_first_paper(question: str) -> None:
    assert meant(question, THREE) != ["PearRank"]


def test_asking_what_something_is_stands_alone() -> None:
    assert self_contained("What is weak supervision?", ONE, names) == "What is weak supervision?"
    assert self_contained("What is the supervision?", ONE, names) != "What is the supervision?"


def test_asking_what_else_there_is_is_not_a_follow_up() -> None:
    question = "Are there any papers on snow compression?"
    assert self_contained(question, ONE, names) == question


@pytest.mark.parametrize(
    "question",
    [
        *("Which papers use snow for boxes?", "show studies on wind", "List works on ice"),
        *("How many papers are on snow?", "How many of the papers deal with ice?", "Papers on snow and ice?"),
    ],
)
def test_a_short_question_about_papers_stands_alone(question: str) -> None:
    assert self_contained(question, ONE, names) == question


@pytest.mark.parametrize("question", ["Which papers use it for boxes?", "Which papers?", "What about snow?"])
def test_a_short_question_with_a_pronoun_or_without_a_topic_does_not(question: str) -> None:
    assert self_contained(question, ONE, names) != question


def test_what_else_this_paper_says_is_a_follow_up() -> None:
    assert meant("What else does this paper say about labels and yields?", ONE) == ["PearRank"]


@pytest.mark.parametrize(
    "question", ["How accurate is the probe that reads the wind from kites?", "Which orchards show that pears float?"]
)
def test_a_relative_pronoun_refers_to_nothing_earlier(question: str) -> None:
    assert self_contained(question, ONE, names) == question


# -- topics


@pytest.mark.parametrize(
    ("questions", "about"),
    [
        ([], ""),
        (["What is throat cancer?"], "throat cancer"),
        (["Tell me about the Bronze Age collapse.", "+What is the evidence for it?"], "Bronze Age collapse"),
        (["What is throat cancer?", "+Is it treatable?", "+What are its symptoms?"], "throat cancer"),
        (["What is throat cancer?", "+What about Botox?"], "throat cancer and Botox"),
        (["What is throat cancer?", "+What about Botox?", "+Tell me about smoking."], "throat cancer and smoking"),
        (["What are the types of sharks?"], "sharks"),
        (["Do shoulder braces help?", "+And a cold bath?"], "shoulder braces"),
        (["Who owns the Firebase?", "+Is the Boise a river?"], "Firebase and Boise"),
        (
            ["What is throat cancer?", "How do sled dogs pull heavy loads over rough snow?"],
            "sled dogs pull heavy loads",
        ),
        (["Why?", "What is rain?"], "rain"),
        (["Interesting. What about snow?"], "snow"),
    ],
)
def test_the_topic_is_the_subject_and_what_came_up_last(questions: list[str], about: str) -> None:
    assert topic([(question.removeprefix("+"), question.startswith("+")) for question in questions]) == about


@pytest.mark.parametrize(
    "question", ["What is taurine?", "what's an umbrella?", "Tell me about lung cancer.", "Explain weak supervision"]
)
def test_a_question_that_defines_its_own_topic(question: str) -> None:
    assert defines(question)


@pytest.mark.parametrize(
    "question",
    [
        "What is it?",
        "What are its symptoms?",
        "What is the baseline?",
        "What are common treatments?",
        "What are limitations?",
        "What about snow?",
        "And the cost?",
        "Tell me about another one.",
        "Is it treatable?",
    ],
)
def test_a_question_that_takes_its_topic_from_elsewhere(question: str) -> None:
    assert not defines(question)


# -- chosen papers


def asked_of(question: str, turns: Sequence[Turn], *chosen: Paper, fits_any: bool = False) -> str:
    return of_the_chosen(question, turns, names, chosen=[paper.title for paper in chosen], fits_any=fits_any)


@pytest.mark.parametrize(
    ("question", "fits_any", "means"),
    [
        ("How big is it?", False, True),
        ("What do the authors conclude?", False, True),
        ("Which gains are the largest of all?", True, True),
        ("Which gains are the largest of all?", False, False),
        ("Is it the case that storms break retrieval systems of the ninth wave?", False, False),
        ("Who sells umbrellas in Lisbon?", False, False),
    ],
)
def test_a_question_refers_to_the_chosen_paper_or_stands_alone(question: str, fits_any: bool, means: bool) -> None:
    said = asked_of(question, [], KITE, fits_any=fits_any)
    assert said == (f"Regarding “{KITE.title}”: {question}" if means else question)


def test_a_follow_up_refers_to_a_turn_about_the_chosen_papers() -> None:
    assert PEAR.title in asked_of("How big is it?", ONE, PEAR, SNOW)
    assert SNOW.title not in asked_of("How big is it?", ONE, PEAR, SNOW)


def test_a_follow_up_does_not_refer_to_a_turn_about_other_papers() -> None:
    assert asked_of("How big is it?", ONE, KITE) == f"Regarding “{KITE.title}”: How big is it?"


def test_after_a_declined_turn_a_follow_up_refers_to_the_chosen_papers() -> None:
    assert asked_of("How big is it?", [declined("umbrellas?")], KITE) == f"Regarding “{KITE.title}”: How big is it?"


def test_a_question_refers_to_a_limited_number_of_chosen_papers() -> None:
    said = asked_of("How big are they?", [], PEAR, SNOW)
    assert said == f"Regarding “{PEAR.title}” and “{SNOW.title}”: How big are they?"
    many = [Paper(f"Orchard {n}", "Pears.") for n in range(ASKED_OF + 1)]
    assert asked_of("How big are they?", [], *many).count("Orchard") == ASKED_OF


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
