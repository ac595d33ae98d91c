"""The questions written over the abstracts: asked in their pools, scored by type, and judged by how answers read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from assistant.core.records import Answer, Citation, Claim, Passage
from eval.form import Form, form, rates
from eval.metrics import Outcome
from eval.questions import Nugget, Question, read
from eval.runner import outcomes
from eval.stock import EvaluationError
from eval.written import citations, libraries, papers_of, reading

NUGGET = Nugget("41 words", True, "Brevity", ("41 words",))


def answer(*texts: str) -> Answer:
    passage = Passage("p", "Brevity", "words", 0)
    claims = tuple(Claim(text, (Citation(passage, text, 1.0, "quoted"),)) for text in texts)
    return Answer("q", "q", claims=claims)


@pytest.fixture
def abstracts(tmp_path: Path) -> Path:
    rows = [
        {
            "title": "Counting Otters",
            "abstract": "We count otters by sonar. There are 40.",
            "venue": "Rivers",
            "year": 2020,
        },
        {
            "title": "Feeding Herons",
            "abstract": "Herons eat eels. They wait for hours.",
            "venue": "Lakes",
            "year": 2021,
        },
    ]
    path = tmp_path / "abstracts.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_a_missing_file_of_abstracts_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match="not part of this project"):
        papers_of(tmp_path / "none.jsonl")


def test_each_question_is_asked_among_the_papers_of_its_pool(abstracts: Path, tmp_path: Path) -> None:
    questions = [
        Question("1", "fact", "How are otters counted?", gold=("Counting Otters",), pool="Rivers 2020"),
        Question("2", "fact", "How are otters counted?", unanswerable="absent", pool="Lakes 2021"),
    ]
    every = libraries(questions, papers_of(abstracts), tmp_path / "cache")
    results = {some[0].pool: outcomes(assistant, some) for assistant, some in every}
    assert set(results) == {"Rivers 2020", "Lakes 2021"}
    assert results["Rivers 2020"][0].answer and results["Rivers 2020"][0].answer.titles == ("Counting Otters",)
    hits = results["Lakes 2021"][0].answer.hits if results["Lakes 2021"][0].answer else ()
    assert {hit.paper.title for hit in hits} <= {"Feeding Herons"}


def test_the_form_of_an_answer_counts_what_stands_around_the_fact() -> None:
    dangling = form(answer("However, we ask more.", "It has 41 words."), [NUGGET])
    assert dangling == Form(sentences=2, empty=1, fact_first=False, dangling=2, first_person=1)
    assert form(answer("[The authors] use 41 words."), [NUGGET]) == Form(1, 0, True, 0, 0)
    assert form(answer("Nothing of the kind."), [NUGGET]) is None


def test_rates_are_means_over_sentences_and_answers() -> None:
    both = rates([Form(3, 2, False, 1, 0), Form(1, 0, True, 0, 1)])
    assert both == {
        "sentences an answer": 2.0,
        "sentences without the fact": 0.5,
        "fact in the first sentence": 0.5,
        "opening on a connective or pointer": 0.25,
        "first person outside brackets": 0.25,
    }


def test_tables_group_by_type_and_by_what_later_turns_refer_to() -> None:
    questions = [
        Question("1", "figure", "How long?", gold=("Brevity",), nuggets=(NUGGET,)),
        Question("2", "follow-up", "And it?", gold=("Brevity",), nuggets=(NUGGET,), conversation="c", refers="it"),
    ]
    results = [Outcome(questions[0], answer("It has 41 words.")), Outcome(questions[1], None, "failed")]
    rows = {row[0]: row[1:] for row in citations(results).rows}
    assert rows["figure"] == ("1", "1.000", "1.000", "1.000", "1.000", "1.000")
    assert rows["later turn: it"] == ("1", "0.000", "0.000", "0.000", "0.000", "0.000")
    assert rows["all"][3] == "0.500"
    assert reading(results).heading == "How 1 answers with the fact read"


def test_a_set_may_name_its_pool_and_spell_out_its_turns(tmp_path: Path) -> None:
    path = tmp_path / "set.jsonl"
    turn = {"id": "1", "type": "fact", "question": "And it?", "gold": ["A"], "conversation": "c", "refers": "it"}
    path.write_text(json.dumps(turn | {"alone": "How long is A?", "pool": "Rivers 2020"}) + "\n")
    (question,) = read(path)
    assert (question.pool, question.alone, question.refers) == ("Rivers 2020", "How long is A?", "it")
