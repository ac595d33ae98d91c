"""export: answers as JSON and back, and the schema that describes them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import jsonschema_rs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.chain import Assistant
from assistant.core.bibliography import Identifiers
from assistant.core.drafts import CheckedCitation, CheckedDraft, CheckedSentence
from assistant.core.errors import ExportError
from assistant.core.export import as_json, draft_as_json, from_json, plain, schemas
from assistant.core.records import (
    Answer,
    Basis,
    Check,
    Citation,
    Claim,
    Decline,
    DeclineKind,
    Hit,
    Ingested,
    Paper,
    Passage,
    Reject,
    Rejection,
)
from assistant.core.signals import PaperSignals
from eval.questions import read

from ..conftest import ROOT

PAPER = Paper(
    "A Pear",
    "Pears fall. They fall far. Nobody knows why.",
    sources=("a.txt",),
    authors=("Ivy Moss", "Ash Reed"),
    year=2024,
    venue="Orchards",
    identifiers=Identifiers(doi="10.1234/pear"),
    keywords=("fruit",),
)
PASSAGE = Passage(PAPER.id, PAPER.title, "They fall far. Nobody knows why.", 12)
OTHER = Passage("0123456789abcdef", "A Plum", "Plums stay.", 0)
THIRD = Passage("fedcba9876543210", "A Fig", "Nobody knows.", 0)


def answered(*quotes: str) -> Answer:
    citations = tuple(Citation(PASSAGE, quote, 0.5, "checked") for quote in quotes)
    hit = Hit(
        PAPER,
        PASSAGE,
        score=np.float32(1.5),  # type: ignore[arg-type]  # what arithmetic on vectors gives
        relevance=0.75,
        ranks={"bm25": 1, "cosine": None},
        signals=PaperSignals(bm25=np.float64(2.5)),
    )
    return Answer(
        question="why?",
        query="why do pears fall?",
        claims=(
            Claim("Plums stay.", (Citation(OTHER, "Plums stay.", 1.0, "quoted"),), asked_for="Plums"),
            Claim("Far.", citations, "A Pear"),
        ),
        more=(Claim("Nobody knows.", (Citation(THIRD, "Nobody knows.", 1.0, "quoted"),)),),
        rejections=(Rejection("Pears fly.", "2", "not in the abstract"),),
        hits=(hit,),
        lead="2 papers.",
        kind="list",
        written_by="extractive",
        usage={"input": 3},
        timings={"writing": 0.25},
    )


def test_an_answer_is_written_whole() -> None:
    assert json.loads(json.dumps(as_json(answered("They fall far.")))) == {
        "format": 1,
        "question": "why?",
        "query": "why do pears fall?",
        "kind": "list",
        "answered": True,
        "text": "2 papers.\n\n- Plums stay. [1]\n- A Pear: Far. [2]",
        "titles": ["A Plum", "A Pear"],
        "verdict": "",
        "filtered": "",
        "message": "",
        "lead": "2 papers.",
        "claims": [
            {
                "text": "Plums stay.",
                "asked_for": "Plums",
                "heading": "",
                "section": "",
                "citations": [
                    {
                        "reference": 1,
                        "paper_id": "0123456789abcdef",
                        "title": "A Plum",
                        "passage": {"start": 0, "text": "Plums stay."},
                        "quote": "Plums stay.",
                        "start": 0,
                        "support": 1.0,
                        "basis": "quoted",
                    }
                ],
            },
            {
                "text": "Far.",
                "asked_for": "",
                "heading": "A Pear",
                "section": "",
                "citations": [
                    {
                        "reference": 2,
                        "paper_id": PAPER.id,
                        "title": "A Pear",
                        "passage": {"start": 12, "text": "They fall far. Nobody knows why."},
                        "quote": "They fall far.",
                        "start": 12,
                        "support": 0.5,
                        "basis": "checked",
                    }
                ],
            },
        ],
        "more": [
            {
                "text": "Nobody knows.",
                "asked_for": "",
                "heading": "",
                "section": "",
                "citations": [
                    {
                        "reference": 0,
                        "paper_id": "fedcba9876543210",
                        "title": "A Fig",
                        "passage": {"start": 0, "text": "Nobody knows."},
                        "quote": "Nobody knows.",
                        "start": 0,
                        "support": 1.0,
                        "basis": "quoted",
                    }
                ],
            }
        ],
        "remark": "",
        "declined": None,
        "rejections": [{"sentence": "Pears fly.", "mark": "2", "reason": "not in the abstract"}],
        "hits": [
            {
                "paper_id": PAPER.id,
                "title": "A Pear",
                "authors": ["Ivy Moss", "Ash Reed"],
                "year": 2024,
                "venue": "Orchards",
                "url": "",
                "published": "",
                "identifiers": {"doi": "10.1234/pear", "arxiv": "", "pubmed": "", "semantic_scholar": ""},
                "keywords": ["fruit"],
                "sources": ["a.txt"],
                "identity": "",
                "abstract": "Pears fall. They fall far. Nobody knows why.",
                "passage": {"start": 12, "text": "They fall far. Nobody knows why."},
                "score": 1.5,
                "relevance": 0.75,
                "ranks": {"bm25": 1, "cosine": None},
                "signals": {
                    **dict.fromkeys(("coverage", "focus_coverage", "title", "maxsim", "weakest", "pair"), 0.0),
                    **{"named": 0.0, "bm25": 2.5, "cosine": 0.0, "bridge": 0.0, "weighted": 0.0, "company": 0.0},
                },
            }
        ],
        "read_by": "",
        "written_by": "extractive",
        "wording": "",
        "usage": {"input": 3},
        "cost": None,
        "timings": {"writing": 0.25},
    }


def test_a_quote_outside_its_passage_is_found_in_the_abstract() -> None:
    citations = as_json(answered("Pears fall. They", "Nobody knows why.", "Not there."))["claims"][1]["citations"]
    assert [c["start"] for c in citations] == [0, PAPER.abstract.index("Nobody"), None]


def test_a_decline_says_why_and_what_came_nearest() -> None:
    declined = as_json(Answer("why?", "why?", declined=Decline("absent", "Nothing here.", ("A Pear",))))
    assert declined["declined"] == {"kind": "absent", "message": "Nothing here.", "nearest": ["A Pear"]}
    assert (declined["answered"], declined["text"], declined["titles"]) == (False, "Nothing here.", [])


# -- and back again


def there_and_back(answer: Answer) -> Answer:
    return from_json(json.loads(json.dumps(as_json(answer))))


def test_answers_about_the_sample_come_back_equal_except_for_the_evidence(sample_home: Path) -> None:
    with Assistant.open(sample_home) as assistant:
        answers = [assistant.ask(question.question) for question in read(ROOT / "eval/sets/sample.jsonl")[::12]]
    assert {answer.answered for answer in answers} == {True, False}
    for answer in answers:
        assert there_and_back(answer) == replace(answer, hits=tuple(replace(hit, evidence=()) for hit in answer.hits))
        assert there_and_back(answer).text == answer.text


texts = st.text(max_size=30)
numbers = st.floats(allow_nan=False, allow_infinity=False)
several = st.lists(texts, max_size=2).map(tuple)
papers = st.builds(
    Paper,
    *(texts, texts, texts, texts, several),
    authors=several,
    year=st.none() | st.integers(1, 2100),
    venue=texts,
    identifiers=st.builds(Identifiers, texts, texts, texts, texts),
    keywords=several,
    identity=texts,
)
passages = st.builds(Passage, texts, texts, texts, st.integers(0, 9999))
citations = st.builds(Citation, passages, texts, numbers, st.sampled_from(get_args(Basis)))
claims = st.builds(Claim, texts, st.lists(citations, min_size=1, max_size=3).map(tuple), texts)
declines = st.builds(Decline, st.sampled_from(get_args(DeclineKind)), texts, st.lists(texts, max_size=3).map(tuple))


@st.composite
def hits(draw: st.DrawFn) -> Hit:
    paper = draw(papers)
    return Hit(
        paper,
        Passage(paper.id, paper.title, draw(texts), draw(st.integers(0, 9999))),
        draw(numbers),
        draw(numbers),
        draw(st.dictionaries(texts, st.none() | st.integers(1, 99), max_size=3)),
        draw(st.builds(PaperSignals, coverage=numbers, bm25=numbers, bridge=numbers)),
    )


answers = st.builds(
    Answer,
    question=texts,
    query=texts,
    claims=st.lists(claims, max_size=3).map(tuple),
    rejections=st.lists(st.builds(Rejection, texts, texts, texts), max_size=2).map(tuple),
    hits=st.lists(hits(), max_size=3).map(tuple),
    declined=st.none() | declines,
    lead=texts,
    remark=texts,
    kind=texts,
    read_by=texts,
    written_by=texts,
    usage=st.dictionaries(texts, st.integers(), max_size=2),
    timings=st.dictionaries(texts, numbers, max_size=2),
)


@given(answers)
def test_any_answer_comes_back_equal(answer: Answer) -> None:
    assert there_and_back(answer) == answer


def test_unknown_fields_are_ignored() -> None:
    assert from_json(as_json(answered("far.")) | {"colour": "green"}) == answered("far.")


@pytest.mark.parametrize("format_", [2, None, "1"])
def test_another_format_is_refused(format_: object) -> None:
    with pytest.raises(ExportError, match=r"in format .*, and this program reads format 1\. Update the program"):
        from_json(as_json(answered("far.")) | {"format": format_})


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param({"claims": None}, id="no list"),
        pytest.param({"claims": [{"text": "x", "heading": "", "citations": []}]}, id="a claim without a citation"),
        pytest.param({"declined": "no"}, id="no object"),
        pytest.param({"hits": [{}]}, id="a field lacks"),
    ],
)
def test_anything_but_an_answer_is_refused(broken: dict[str, Any]) -> None:
    with pytest.raises(ExportError, match=r"^This is not an answer as `assistant ask --json` writes it \("):
        from_json(as_json(answered("far.")) | broken)


def test_an_answer_of_an_older_program_is_read() -> None:
    values = as_json(answered("far."))
    for name in ("wording", "cost", "remark", "more"):
        del values[name]
    for name in ("authors", "year", "venue", "identifiers", "keywords", "identity"):
        del values["hits"][0][name]
    read_back = from_json(values)
    assert read_back.hits[0].paper == Paper(PAPER.title, PAPER.abstract, sources=PAPER.sources)
    assert replace(read_back, hits=answered("far.").hits) == replace(answered("far."), more=())


# -- the schema


def closed(schema: Any) -> Any:
    """The schema, under which a field that it does not name is an error."""
    if isinstance(schema, list):
        return [closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    return {name: False if value is True else closed(value) for name, value in schema.items()}


def schema_of(name: str) -> dict[str, Any]:
    parts = schemas()
    return {**closed(parts[name]), "$defs": closed(parts)}


@given(answers)
def test_any_answer_fits_its_schema_exactly(answer: Answer) -> None:
    jsonschema_rs.validate(schema_of("Answer"), as_json(answer))


def test_the_schema_requires_every_field_that_is_written() -> None:
    answer = as_json(answered("far."))
    claim = answer["claims"][0]
    written = {
        "Answer": answer,
        "Claim": claim,
        "Citation": claim["citations"][0],
        "Hit": answer["hits"][0],
        "Rejection": answer["rejections"][0],
    }
    parts = schemas()
    for name, values in written.items():
        assert set(parts[name]["required"]) == set(values), name


def test_every_field_of_an_answer_is_described() -> None:
    parts = schemas()
    for name in ("Answer", "Claim", "Citation", "Passage", "Decline", "Rejection", "Hit", "Paper", "Identifiers"):
        nameless = [field for field, schema in parts[name]["properties"].items() if "description" not in schema]
        assert nameless == [], name


def test_an_ingest_is_written_without_the_text_of_its_rejects() -> None:
    done = plain(Ingested(added=1, rejects=(Reject("a.txt", 3, "no abstract", "a long text"),)))
    assert done["rejects"] == [{"source": "a.txt", "line": 3, "reason": "no abstract", "title": ""}]
    jsonschema_rs.validate(schema_of("Ingested"), done)


def test_a_checked_draft_is_written_with_its_standings_and_fits_its_schema() -> None:
    check = Check(False, 0.1, "read", ("so",), "Pears fall.")
    citations = (CheckedCitation("[1]", "A Pear", "1", check), CheckedCitation("[2]", reason="no paper here for [2]"))
    closer = CheckedCitation("", "A Plum", "2", Check(True, 0.9, "read", (), "Plums stay."))
    sentences = CheckedSentence(3, "They stay.", citations, closer), CheckedSentence(4, "So.")
    written = draft_as_json(CheckedDraft(sentences))
    assert (written["passed"], written["missing"]) == (False, ["[2]"])
    assert written["counts"] == {"supported": 0, "not supported": 1, "not in the library": 0, "no citation": 1}
    first, second = written["sentences"]
    assert (first["line"], first["standing"], second["standing"]) == (3, "not supported", "no citation")
    assert [one["standing"] for one in first["citations"]] == ["not supported", "not in the library"]
    assert (first["closer"]["title"], first["closer"]["standing"], second["closer"]) == ("A Plum", "supported", None)
    jsonschema_rs.validate(schema_of("CheckedDraft"), written)
