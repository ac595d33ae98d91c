"""What a question asks for: the papers it names, the listings it is limited to, its language."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.core.records import Paper
from assistant.question.conversation import regarding
from assistant.question.understanding import LIKELY, Asked, fits_any_paper, names_used, understand

from ..papers import PAIRS
from .vocabulary import TITLES, WORDS, PaperWords

LISTINGS = {"a.txt": "Mar 11", "b.txt": "Mar 12", "undated.txt": "", "later.txt": "April 3, 2025"}


def asked(question: str) -> Asked:
    return understand(question, WORDS, LISTINGS)


def meant(question: str) -> list[str]:
    """The titles that a question names, up to their colon."""
    titles = [TITLES[paper_id].split(":")[0] for name in asked(question).named for paper_id in name.paper_ids]
    return list(dict.fromkeys(titles))


# -- readings


def test_a_doubtful_question_has_a_reading_of_each_probable_kind() -> None:
    one = asked("snow")
    assert [reading.kind for reading in one.readings] == [one.kind, *(kind for kind, _ in one.alternatives)]
    assert all(LIKELY <= reading.prior <= one.prior for reading in one.readings[1:])
    assert {reading.text for reading in one.readings} == {"snow"}


def test_two_names_make_a_comparison_more_probable() -> None:
    question = "What do {} and {} learn from?"
    alone, two = (
        dict([(one.kind, one.prior), *one.alternatives]).get("compare", 0.0)
        for one in (asked(question.format("PearRank", "kites")), asked(question.format("PearRank", "Ragnarök")))
    )
    assert two > alone


def test_what_is_wanted_of_a_given_paper_its_own_words_say() -> None:
    title = "Which Other Benchmarks Does the Paper That Introduces It Report On, Without Kites? The Top Five"
    own, given = asked("how big is it?"), asked(regarding([title], "how big is it?"))
    assert asked(title).leads_on and asked(title).limit == 5 and asked(title).conditions.without
    assert (given.leads_on, given.limit, given.conditions) == (own.leads_on, own.limit, own.conditions)
    assert not {"library", "manual", "talk"} & {one.kind for one in asked(regarding([title], "Who are you?")).readings}


def test_the_topic_of_a_list_leaves_its_conditions_out() -> None:
    one = replace(asked("Which papers study orchards, but not kites?"), kind="list")
    assert one.topic == "Which papers study orchards ?"
    assert replace(one, kind="fact").topic == one.text


# -- names


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        pytest.param("What does PearRank learn from?", ["PearRank"], id="as-written"),
        pytest.param("what does pearrank learn from", ["PearRank"], id="lower-case"),
        pytest.param("What does Pear-Rank do?", ["PearRank"], id="hyphen-too-many"),
        pytest.param("what does pear rank do?", ["PearRank"], id="in-two-words"),
        pytest.param("Is PearRank's yield high?", ["PearRank"], id="possessive"),
        pytest.param("what is gamma mod?", ["γ-MoD"], id="hyphen-less-and-greek-spelt"),
        pytest.param("what is γMoD?", ["γ-MoD"], id="hyphen-less"),
        pytest.param("what is VILA2?", ["$VILA^2$"], id="without-latex"),
        pytest.param("How does r2ag read?", ["R^2AG"], id="without-a-caret"),
        pytest.param("What does PaerRank do?", ["PearRank"], id="letters-swapped"),
        pytest.param("What is Ragnarok?", ["Ragnarök"], id="without-umlaut"),
        pytest.param("Does Ragnarrök stand?", ["Ragnarök"], id="letter-doubled"),
        pytest.param("PearRank or Ragnarök?", ["PearRank", "Ragnarök"], id="two"),
        pytest.param("Do kites remember the wind?", ["Do Kites Remember the Wind?"], id="whole-title"),
        pytest.param("What is known of comets?", [], id="none"),
    ],
)
def test_the_papers_that_a_question_names(question: str, expected: list[str]) -> None:
    assert meant(question) == expected


def test_misspelt_names_are_not_exact() -> None:
    assert [name.exact for name in asked("PearRank or Ragnarrök?").named] == [True, False]


def test_a_name_that_one_paper_mentions_names_that_paper() -> None:
    """No paper is called OrchardBench, but a single one mentions it."""
    benchmark = asked("What is the gain on OrchardBench?")
    (name,) = benchmark.named
    assert benchmark.coined == ()
    assert ([TITLES[i] for i in name.paper_ids], name.exact) == ([PAIRS[0][0]], False)


@pytest.mark.parametrize(
    ("question", "coined", "unknown"),
    [
        pytest.param("What is QuarkNet-7?", ("QuarkNet-7",), ("QuarkNet-7",), id="invented"),
        pytest.param("Does BananaFormer beat PearRank?", ("BananaFormer",), ("BananaFormer",), id="beside-a-known-one"),
        pytest.param("Does PearRank learn from weak labels?", (), (), id="known"),
        pytest.param("Is there a PearRank-like method?", (), (), id="likeness"),
        pytest.param("is there a bananaformer?", (), (), id="not-written-like-a-name"),
    ],
)
def test_made_up_words(question: str, coined: tuple[str, ...], unknown: tuple[str, ...]) -> None:
    result = asked(question)
    assert (result.coined, result.unknown) == (coined, unknown)


def test_a_common_lower_case_word_is_no_name() -> None:
    """If many papers use a word, a question with it does not name the paper that is called so."""
    crowd = [Paper(f"Study {n}", f"Every fact of plot {n} is weighed with care. Facts are facts.") for n in range(40)]
    vocabulary = PaperWords([Paper("FACT: Ledgers That Add Up", "We propose FACT."), *crowd])
    assert names_used("is that a fact?", vocabulary=vocabulary) == []


@pytest.mark.parametrize(
    ("question", "named"),
    [
        pytest.param("which models match a string of symbols", False, id="a-word-among-words"),
        pytest.param("String matching with symbols", False, id="at-the-start"),
        pytest.param("how does STRING match symbols", True, id="written-as-a-name"),
        pytest.param("what is string", True, id="nothing-else-to-go-by"),
    ],
)
def test_an_ordinary_word_is_no_name_though_a_paper_is_called_so(question: str, named: bool) -> None:
    vocabulary = PaperWords([Paper("STRING: Knots That Hold", "We propose STRING."), Paper("Snow", "Symbols in snow.")])
    assert bool(names_used(question, vocabulary=vocabulary)) is named


def test_only_the_names() -> None:
    assert names_used("How do PearRank and ragnarök differ?", vocabulary=WORDS) == ["PearRank", "ragnarök"]


@pytest.mark.parametrize(
    ("question", "focus"),
    [
        ("What does PearRank learn from?", "What does learn from?"),
        ("PearRank", ""),
        ("How long does it last?", "How long does it last?"),
    ],
)
def test_the_focus_leaves_names_out(question: str, focus: str) -> None:
    assert asked(question).focus == focus


def test_a_name_has_a_span_for_each_occurrence() -> None:
    question = "How does PearRank differ from PearRank?"
    assert {*asked(question).name_spans} == {(9, 17), (30, 38)}


# -- listings and limits


@pytest.mark.parametrize(
    ("question", "sources"),
    [
        ("Which papers in the March 12 listing are about snow?", ("b.txt",)),
        ("What came on 11 March?", ("a.txt",)),
        ("in the listing of Mar. 12th, is there snow?", ("b.txt",)),
        ("what stood in the 12th of march listing", ("b.txt",)),
        ("papers of march 11 and march 12", ("a.txt", "b.txt")),
        ("Which papers of April 3 are on kites?", ("later.txt",)),
        ("in the March 30 listing?", None),
        ("What may 12 layers do?", None),
        ("Which papers are about snow?", None),
    ],
)
def test_the_listings_a_question_is_limited_to(question: str, sources: tuple[str, ...] | None) -> None:
    assert asked(question).sources == sources


def test_two_listings_of_one_day_are_both_searched() -> None:
    listings = {"a.txt": "Mar 11", "b.txt": "Mar 11"}
    assert understand("What came on March 11?", WORDS, listings).sources == ("a.txt", "b.txt")


@pytest.mark.parametrize(
    ("question", "limit"),
    [
        ("Name the top three papers on ranking.", 3),
        ("Give me 5 papers about kites", 5),
        ("the first two papers on snow", 2),
        ("top 10 papers on snow", 10),
        ("list seven papers", 7),
        ("Which papers are about snow?", None),
        ("the top of the orchard", None),
        ("top 100 papers", None),
    ],
)
def test_the_number_of_papers_wanted(question: str, limit: int | None) -> None:
    assert asked(question).limit == limit


@pytest.mark.parametrize(
    ("question", "brief"),
    [
        ("In one sentence, what do orchards need?", True),
        ("orchards in a few words", True),
        ("How many words are in one orchard?", False),
        ("Which papers embed a sentence?", False),
    ],
)
def test_whether_one_sentence_will_do(question: str, brief: bool) -> None:
    assert asked(question).brief is brief


# -- other languages


@pytest.mark.parametrize(
    "question",
    [
        "Wie viele Parameter hat PearRank?",
        "Welche Arbeiten behandeln Schnee?",
        "¿Qué es lo que propone PearRank y cómo funciona?",
        "Quels sont les résultats de PearRank sur la neige ?",
        "Qual è il metodo che usa PearRank?",
        "哪些论文研究检索?",
        "Welche Verfahren gegen Schnee wurden in Afrika erprobt?",
        "Quem estudou a neve a partir de pás?",
        "Что такое PearRank?",
    ],
)
def test_a_foreign_question(question: str) -> None:
    assert asked(question).foreign


@pytest.mark.parametrize(
    "question",
    [
        "What is γ-MoD?",
        "Is Ragnarök a sandbox?",
        "Which papers use α, β and σ?",
        "die hard negatives in retrieval",
        "Dynamically Expandable Network DEN",
        "annotator minutes per dialogue",
        "Kohli et al. bilingual dictionaries",
        "PearRank",
    ],
)
def test_an_english_question(question: str) -> None:
    assert not asked(question).foreign


# -- common words, odd questions


COMMON_WORDS = PaperWords(
    [Paper(f"Orchard {n}", f"The method improves the results by {n} points. Word{n} word{n // 2}x.") for n in range(40)]
)


@pytest.mark.parametrize(
    ("question", "fits_any"),
    [
        ("What results does the method have?", True),
        ("How many points does it gain over Word7?", False),
        ("What is it?", True),
        ("Which method improves word5x?", False),
        ("Which umbrellas does the method improve?", False),
    ],
)
def test_a_question_in_words_of_many_papers_fits_any_paper(question: str, fits_any: bool) -> None:
    assert fits_any_paper(question, COMMON_WORDS) is fits_any


def test_without_papers_every_name_is_unknown() -> None:
    result = understand("What is BERT?", PaperWords([]), {})
    assert (result.kind, result.named, result.unknown, result.sources) == ("fact", (), ("BERT",), None)


@pytest.mark.parametrize("question", ["a", "42", "the of and", "-- ? --", "«»"])
def test_a_question_of_almost_nothing_is_no_error(question: str) -> None:
    result = asked(question)
    assert (result.text, result.named, result.coined) == (question, (), ())


@given(st.text(max_size=120))
def test_any_text_is_understood(question: str) -> None:
    result = asked(question)
    assert result.text == question
    assert set(result.unknown) <= set(result.coined)
    assert all(i in TITLES for name in result.named for i in name.paper_ids)
    assert result == asked(question)


def test_words_that_no_paper_uses() -> None:
    assert asked("What are qwertz zuiop?").nowhere == ("qwertz", "zuiop")
    assert asked("What does zuiop say of kites?").nowhere == ()
    assert asked("what is pearrankk").nowhere == ()  # a name, misspelt
    assert asked("Was ist Photosynthese und wie geht es?").nowhere == ()
    assert asked("光合作用").nowhere == ()
    assert asked("What is it?").nowhere == ()


OTHERS, KNOWN = (
    ("GPT-5", "GPT-5o", "GPT5", "PlumNet4", "PlumNet-4.5"),
    ("GPT-4", "GPT4", "PlumNet-3", "Top-5", "GPT-pears"),
)


def test_a_known_name_with_another_number_is_unknown() -> None:
    words = PaperWords([Paper("On GPT-4 and Pears", "GPT-4 ranks 5 pears on top."), Paper("Plums", "PlumNet3 eats 2.")])
    unknown = {name: understand(f"How good is {name} on pears?", words, {}).unknown for name in (*OTHERS, *KNOWN)}
    assert unknown == {name: (name,) for name in OTHERS} | {name: () for name in KNOWN}
