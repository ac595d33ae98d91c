"""verdicts: yes or no comes first where a cited sentence is clear, and never otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from assistant.answer.composing import Clock, Composer
from assistant.answer.verdicts import AGAINST, OPPOSITE, Opening, opened, opening_of
from assistant.answer.writing import ExtractiveWriter
from assistant.check.checker import Checker
from assistant.core.errors import ReaderError
from assistant.core.export import as_json, from_json
from assistant.core.records import Answer, Evidence, Hit, Paper, Passage, Sentence
from assistant.core.signals import SentenceSignals
from assistant.question.understanding import Asked
from assistant.reader import DoubleReader
from assistant.reader.reading import DENIAL

from ..check.test_support import even

NEEDS, FAST, ENDS = "PearRank needs no labels.", "It is twice as fast as BM25.", "The code is public."
PEAR = Paper("PearRank: Ranking orchards", f"{NEEDS} {FAST} {ENDS}")
QUESTION = Asked("Does PearRank need labels?", "fact")
STATEMENT = "PearRank need labels"


def hit(paper: Paper = PEAR, *, answers: Mapping[str, float] | None = None) -> Hit:
    """The paper as found, its sentences as likely to answer as `answers` says."""
    likely = answers or {NEEDS: 0.9, FAST: 0.8, ENDS: 0.1}
    evidence = tuple(
        Evidence(text, paper.abstract.find(text), SentenceSignals(answers=probability))
        for text, probability in likely.items()
    )
    return Hit(paper, Passage(paper.id, paper.title, paper.abstract, 0), 1.0, relevance=0.9, evidence=evidence)


def reading(sentence: str, statement: str = STATEMENT, *, affirms: float = 0.0, denies: float = 0.0) -> DoubleReader:
    """A reader for which one sentence says something, and all others nothing."""
    return DoubleReader({(sentence, statement): affirms, (sentence, DENIAL.format(statement)): denies}, default=0.0)


def answer_of(opening: Opening | None, *written: str) -> Answer:
    """The quoted answer with that opening; with `written`, one that a model writes."""

    class Writer:
        name = "scripted"

        def write(self, *_: object) -> list[Sentence]:
            return [Sentence(text, (PEAR.id,)) for text in written]

    answer = Answer(QUESTION.text, QUESTION.text, hits=(hit(),))
    if opening:
        answer = replace(answer, verdict=opening.verdict, lead=opening.lead)
    writer = opened(Writer() if written else ExtractiveWriter(), opening)  # type: ignore[arg-type]
    composing = Composer(answer, QUESTION, writer, Checker(even), Clock()).compose()
    while True:
        try:
            next(composing)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]


@pytest.mark.parametrize(("affirms", "denies", "verdict"), [(1.0, 0.0, "yes"), (0.0, 1.0, "no")])
def test_a_clear_sentence_gives_the_verdict_and_comes_first(affirms: float, denies: float, verdict: str) -> None:
    opening = opening_of(QUESTION, [hit()], reading(FAST, affirms=affirms, denies=denies))
    assert opening == Opening((Sentence(FAST, (PEAR.id,), PEAR.title),), verdict)  # type: ignore[arg-type]
    assert answer_of(opening).text == f"{verdict.capitalize()}. {PEAR.title}: {FAST} [1] {NEEDS} [1]"


def test_a_sentence_that_affirms_and_is_affirmed_denied_gives_no_verdict() -> None:
    assert opening_of(QUESTION, [hit()], reading(NEEDS, affirms=1.0, denies=1.0)) is None


def test_where_nothing_is_clear_there_is_no_verdict() -> None:
    assert opening_of(QUESTION, [hit()], DoubleReader(default=0.5)) is None
    answer = answer_of(None)
    assert (answer.verdict, answer.lead) == ("", "")
    assert answer.text.startswith(PEAR.title)


def test_two_papers_that_disagree_give_partly() -> None:
    labels = "QuinceRank needs labels."
    quince = hit(Paper("QuinceRank", labels), answers={labels: 0.9})
    reader = DoubleReader({(labels, STATEMENT): 1.0, (NEEDS, DENIAL.format(STATEMENT)): 1.0}, default=0.0)
    both = opening_of(QUESTION, [hit(), quince], reader)
    assert both == Opening(
        (Sentence(NEEDS, (PEAR.id,), PEAR.title), Sentence(labels, (quince.paper.id,), "QuinceRank")), "partly"
    )


def test_a_question_that_only_one_of_two_cited_papers_is_clear_on_gets_no_verdict() -> None:
    labels = "QuinceRank needs labels."
    quince = hit(Paper("QuinceRank", labels), answers={labels: 0.9})
    assert opening_of(QUESTION, [hit(), quince], reading(labels, affirms=1.0)) is None


def test_of_two_sentences_of_one_paper_the_clearer_one_counts() -> None:
    reader = DoubleReader({(FAST, STATEMENT): 1.0, (NEEDS, DENIAL.format(STATEMENT)): 0.9}, default=0.0)
    opening = opening_of(QUESTION, [hit()], reader)
    assert opening == Opening((Sentence(FAST, (PEAR.id,), PEAR.title),), "yes")


def test_what_a_question_wrongly_takes_for_granted_is_corrected_by_the_sentence_that_denies_it() -> None:
    asked = Asked("Why is PearRank slower than BM25?", "fact")
    opening = opening_of(asked, [hit()], reading(FAST, "PearRank slower than BM25", denies=1.0))
    assert opening == Opening((Sentence(FAST, (PEAR.id,), PEAR.title),), "", OPPOSITE)
    answer = answer_of(opening)
    assert answer.text == f"{OPPOSITE}\n\n{PEAR.title}: {FAST} [1] {NEEDS} [1]"
    assert answer.verdict == ""


def test_what_a_question_rightly_takes_for_granted_is_not_mentioned() -> None:
    asked = Asked("Why is PearRank faster than BM25?", "fact")
    assert opening_of(asked, [hit()], reading(FAST, "PearRank faster than BM25", affirms=1.0)) is None


@pytest.mark.parametrize(
    "asked",
    [
        Asked("What does PearRank need?", "fact"),
        Asked("Is there any paper on pears?", "list"),
        Asked("Does PearRank beat QuinceRank?", "compare"),
        Asked("Are there papers on pears?", "count"),
        replace(QUESTION, foreign=True),
    ],
)
def test_other_questions_are_not_read(asked: Asked) -> None:
    reader = DoubleReader(default=1.0)
    assert opening_of(asked, [hit()], reader) is None
    assert reader.pairs == []


def test_only_the_sentences_most_likely_to_answer_are_read() -> None:
    reader = DoubleReader(default=0.0)
    late = "It was made in the north."
    paper = replace(PEAR, abstract=f"{PEAR.abstract} {late}")
    opening_of(QUESTION, [hit(paper, answers={late: 0.05, NEEDS: 0.9, FAST: 0.8, ENDS: 0.1})], reader)
    assert [premise for premise, _ in reader.pairs] == [NEEDS, NEEDS, FAST, FAST, ENDS, ENDS]


def test_without_a_reader_there_is_no_verdict() -> None:
    assert opening_of(QUESTION, [hit()], None) is None


def test_a_reader_without_its_files_gives_no_verdict() -> None:
    class Broken(DoubleReader):
        def read(self, premise: str, sentence: str) -> NDArray[np.float32]:
            raise ReaderError("a file is missing")

    assert opening_of(QUESTION, [hit()], Broken()) is None


# -- a language model writes


NO = Opening((Sentence(NEEDS, (PEAR.id,), PEAR.title),), "no")


def test_a_written_sentence_that_opens_with_the_opposite_is_not_shown() -> None:
    answer = answer_of(NO, "Yes, the code is public.", FAST)
    assert answer.text == f"No. {PEAR.title}: {NEEDS} [1] {FAST} [1]"
    assert [(one.sentence, one.reason) for one in answer.rejections] == [("Yes, the code is public.", AGAINST)]


def test_no_at_the_start_of_a_noun_is_not_the_opposite() -> None:
    yes = Opening((Sentence(NEEDS, (PEAR.id,), PEAR.title),), "yes")
    assert answer_of(yes, "No labels PearRank needs.").rejections == ()


def test_without_a_verdict_a_model_may_open_as_it_likes() -> None:
    assert all(one.reason != AGAINST for one in answer_of(None, "Yes, the code is public.").rejections)


def test_a_sentence_already_quoted_is_not_repeated() -> None:
    assert answer_of(NO, NEEDS, ENDS).text == f"No. {PEAR.title}: {NEEDS} [1] {ENDS} [1]"


def test_the_verdict_survives_an_export() -> None:
    answer = answer_of(NO)
    assert as_json(answer)["verdict"] == "no"
    assert from_json(as_json(answer)).verdict == "no"
