"""Kept turns and their thumbs in, cases for an evaluation out."""

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


def test_an_answer_found_good_has_its_citations_for_gold(tmp_path: Path) -> None:
    found = cases([rated(cited("A", "B"), UP)])
    (question,) = read(written(tmp_path, found.ready))
    assert question == Question(question.id, "list", "Why do pears fall?", gold=("A", "B"))
    assert found.ready[0]["note"] == "Asked as: Why? | Cited: A; B | Thumb up."
    assert found.unfinished == ()


@pytest.mark.parametrize(
    ("kind", "tolerated"), [("absent", ()), ("unstated", ("A",)), ("off-corpus", ()), ("invented", ())]
)
def test_a_decline_found_good_has_its_reason(kind: str, tolerated: tuple[str, ...], tmp_path: Path) -> None:
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
        pytest.param(Answer("Why?", "Why?"), UP, "Declined. | Thumb up.", id="neither answer nor decline"),
    ],
)
def test_what_has_no_gold_is_kept_apart_and_refused_until_it_has(
    answer: Answer, thumb: Thumb, note: str, tmp_path: Path
) -> None:
    found = cases([rated(answer, thumb)])
    assert found.ready == ()
    assert found.unfinished[0]["note"] == note
    with pytest.raises(FormatError, match=r"field 'gold': an answerable question needs at least one title"):
        read(written(tmp_path, found.unfinished))
    (question,) = read(written(tmp_path, (found.unfinished[0] | {"gold": ["B"]},)))
    assert (question.type, question.gold) == ("needs-gold", ("B",))


def test_one_thumb_down_among_several_is_enough() -> None:
    found = cases([rated(cited("A"), UP), rated(cited("A"), DOWN), rated(cited("A"), UP, number=2)])
    assert len(found.ready) == len(found.unfinished) == 1
    assert found.unfinished[0]["note"].endswith(" | Thumb up. | Thumb down: It is about plums.")


def test_ids_differ_stay_and_do_not_tell_the_conversation() -> None:
    turns = [rated(cited("A"), UP, id_=id_, number=number) for id_ in ("secret1", "secret2") for number in (1, 2)]
    found = cases(turns)
    assert len({case["id"] for case in found.ready}) == 4
    assert found == cases(turns)
    assert "secret" not in str(found)


def test_nothing_rated_is_no_case() -> None:
    assert cases([]) == Cases((), ())
