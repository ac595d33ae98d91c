"""Ratings turned into cases for an evaluation."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from assistant.core.records import Answer, Citation, Claim, Decline, Passage, Turn
from assistant.people.conversations import KeptTurn, Thumb
from assistant.people.feedback import Cases, cases
from eval.jsonl import FormatError
from eval.questions import Question, read

UP, DOWN = Thumb(True), Thumb(False, "It is\n about  plums.")


def rated(answer: Answer, thumb: Thumb, *, number: int = 1, asked: str = "", id_: str = "c") -> tuple[str, KeptTurn]:
    when = datetime(2026, 1, 1, tzinfo=UTC)
    return id_, KeptTurn(number, when, Turn(asked or answer.question, answer), thumb)


def cited(*titles: str) -> Answer:
    citations = tuple(Citation(Passage("1", title, "x", 0), "x", 1.0, "quoted") for title in titles)
    return Answer("Why?", "Why do pears fall?", (Claim("x", citations),), kind="list")


def declined(kind: Any, *nearest: str) -> Answer:
    return Answer("Why?", "Why?", declined=Decline(kind, "No.", nearest))


def written(folder: Path, lines: tuple[dict[str, Any], ...]) -> Path:
    path = folder / "set.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def test_a_good_answer_has_its_citations_as_gold(tmp_path: Path) -> None:
    result = cases([rated(cited("A", "B"), UP)])
    (question,) = read(written(tmp_path, result.ready))
    assert question == Question(question.id, "list", "Why do pears fall?", gold=("A", "B"))
    assert result.ready[0]["note"] == "Asked as: Why? | Cited: A; B | Thumb up."
    assert result.unfinished == ()


@pytest.mark.parametrize(
    ("kind", "tolerated"), [("absent", ()), ("unstated", ("A",)), ("off-corpus", ()), ("invented", ())]
)
def test_a_good_decline_has_its_reason(kind: str, tolerated: tuple[str, ...], tmp_path: Path) -> None:
    (question,) = read(written(tmp_path, cases([rated(declined(kind, "A", "B"), UP)]).ready))
    assert (question.unanswerable, question.type, question.tolerated) == (kind, "unanswerable", tolerated)


@pytest.mark.parametrize(
    ("answer", "thumb", "note"),
    [
        pytest.param(
            cited("A"), DOWN, "Asked as: Why? | Cited: A | Thumb down: It is about plums.", id="a wrong answer"
        ),
        pytest.param(declined("absent", "A"), DOWN, "Declined. | Thumb down: It is about plums.", id="a wrong decline"),
        pytest.param(declined("empty"), UP, "Declined. | Thumb up.", id="a library without papers"),
        pytest.param(
            Answer("Why?", "Why?", message="There are 3 papers.", kind="library"),
            UP,
            "About the library or the assistant. | Thumb up.",
            id="an answer that cites nothing",
        ),
        pytest.param(Answer("Why?", "Why?"), UP, "Declined. | Thumb up.", id="neither answer nor decline"),
    ],
)
def test_cases_without_gold_are_kept_apart_and_refused(answer: Answer, thumb: Thumb, note: str, tmp_path: Path) -> None:
    result = cases([rated(answer, thumb)])
    assert result.ready == ()
    assert result.unfinished[0]["note"] == note
    with pytest.raises(FormatError, match=r"field 'gold': an answerable question needs at least one title"):
        read(written(tmp_path, result.unfinished))
    (question,) = read(written(tmp_path, (result.unfinished[0] | {"gold": ["B"]},)))
    assert (question.type, question.gold) == ("needs-gold", ("B",))


def test_a_single_bad_rating_is_enough() -> None:
    result = cases([rated(cited("A"), UP), rated(cited("A"), DOWN), rated(cited("A"), UP, number=2)])
    assert len(result.ready) == len(result.unfinished) == 1
    assert result.unfinished[0]["note"].endswith(" | Thumb up. | Thumb down: It is about plums.")


def test_ids_are_unique_stable_and_do_not_reveal_the_conversation() -> None:
    turns = [rated(cited("A"), UP, id_=id_, number=number) for id_ in ("secret1", "secret2") for number in (1, 2)]
    result = cases(turns)
    assert len({case["id"] for case in result.ready}) == 4
    assert result == cases(turns)
    assert "secret" not in str(result)


def test_no_ratings_give_no_cases() -> None:
    assert cases([]) == Cases((), ())
