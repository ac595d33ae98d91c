"""Reading files of questions, and errors that name the place."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from eval import questions
from eval.jsonl import FormatError
from eval.questions import Nugget, Question, Span, half, mismatches, read, sealed

GOOD: dict[str, object] = {"id": "a", "type": "fact", "question": "Why?", "gold": ["Paper A"]}
NUGGET = {"fact": "f", "vital": True, "paper": "Paper A", "shown_by": ["f"]}
SHA = hashlib.sha256(b"moss").hexdigest()


def written(folder: Path, *records: object) -> Path:
    path = folder / "set.jsonl"
    path.write_text("\n".join(r if isinstance(r, str) else json.dumps(r) for r in records), encoding="utf-8")
    return path


def test_every_field_is_read(tmp_path: Path) -> None:
    record = GOOD | {
        "tolerated": ["Paper B"],
        "nuggets": [NUGGET, NUGGET | {"vital": False, "paper": "paper  b"}],
        "spans": [
            {"paper": "Paper A", "text": "moss"},
            {"paper": "Paper A", "start": 2, "end": 6, "sha256": SHA.upper()},
        ],
        "unanswerable": None,
        "conversation": "c1",
        "note": "for people",
    }
    assert read(written(tmp_path, record)) == (
        Question(
            "a",
            "fact",
            "Why?",
            ("Paper A",),
            ("Paper B",),
            (Nugget("f", True, "Paper A", ("f",)), Nugget("f", False, "paper  b", ("f",))),
            (Span("Paper A", text="moss"), Span("Paper A", start=2, end=6, sha256=SHA)),
            None,
            "c1",
            "Paper A",
        ),
    )


def test_blank_lines_and_a_byte_order_mark_are_skipped(tmp_path: Path) -> None:
    path = tmp_path / "set.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(GOOD).encode() + b"\r\n\r\n")
    assert [question.id for question in read(path)] == ["a"]


def test_a_line_separator_inside_a_text_ends_no_line(tmp_path: Path) -> None:
    path = tmp_path / "set.jsonl"
    path.write_text(json.dumps(GOOD | {"question": "one\u2028two"}, ensure_ascii=False), encoding="utf-8")
    assert read(path)[0].question == "one\u2028two"


@pytest.mark.parametrize(
    ("change", "field", "problem"),
    [
        ({"id": None}, "id", "must be a text that is not blank, is null"),
        ({"question": "  "}, "question", "not blank"),
        ({"question": 3}, "question", "is 3"),
        ({"question": "\ud800"}, "question", "half a surrogate pair"),
        ({"gold": "Paper A"}, "gold", 'must be a list, is "Paper A"'),
        ({"gold": []}, "gold", "needs at least one title"),
        ({"gold": ["A", 7]}, "gold", "contains 7"),
        ({"gold": ["A", " a"]}, "gold", "twice"),
        ({"tolerated": ["paper a"]}, "tolerated", "gold title again"),
        ({"nugets": []}, "nugets", "is unknown; the fields are id, type"),
        ({"type": "unanswerable", "gold": []}, "unanswerable", "needs a kind"),
        ({"unanswerable": "never", "gold": []}, "unanswerable", "one of absent, unstated"),
        ({"unanswerable": "absent"}, "gold", "has no gold title"),
        (
            {"unanswerable": "absent", "gold": [], "tolerated": ["Paper A"], "nuggets": [NUGGET]},
            "nuggets",
            "no nuggets",
        ),
        ({"nuggets": [3]}, "nuggets[0]", "must be an object"),
        ({"nuggets": [NUGGET, NUGGET | {"vital": "yes"}]}, "nuggets[1].vital", "true or false"),
        ({"nuggets": [NUGGET | {"shown_by": []}]}, "nuggets[0].shown_by", "at least one spelling"),
        ({"nuggets": [NUGGET | {"paper": "Paper C"}]}, "nuggets[0].paper", "neither a gold nor a tolerated"),
        ({"spans": [{"paper": "Paper A"}]}, "spans[0].start", "is missing"),
        ({"spans": [{"paper": "A", "text": "x", "start": 1}]}, "spans[0].start", "is unknown"),
        ({"spans": [{"paper": "A", "start": 3, "end": 3, "sha256": SHA}]}, "spans[0].end", "after start"),
        ({"spans": [{"paper": "A", "start": True, "end": 3, "sha256": SHA}]}, "spans[0].start", "whole number"),
        ({"spans": [{"paper": "A", "start": -1, "end": 3, "sha256": SHA}]}, "spans[0].start", "whole number"),
        ({"spans": [{"paper": "A", "start": 0, "end": 3, "sha256": "ff"}]}, "spans[0].sha256", "64 hexadecimal"),
    ],
)
def test_a_wrong_field_is_named_with_file_and_line(
    tmp_path: Path, change: dict[str, object], field: str, problem: str
) -> None:
    path = written(tmp_path, GOOD, GOOD | {"id": "b"} | change)
    with pytest.raises(FormatError) as caught:
        read(path)
    assert (caught.value.path, caught.value.line, caught.value.field) == (str(path), 2, field)
    assert problem in caught.value.problem
    assert str(caught.value).startswith(f"{path}, line 2, field {field!r}: ")
    assert "eval/README.md" in str(caught.value)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("{", "is not JSON"),
        ("[1]", r"must be an object, is \[1\]"),
        ('{"id": "a", "id": "b"}', "occurs twice"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_a_line_that_is_not_an_object_is_named(tmp_path: Path, line: str, problem: str) -> None:
    with pytest.raises(FormatError, match=f"set.jsonl, line 2.*{problem}"):
        read(written(tmp_path, GOOD, line))


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"set\.jsonl: contains no records"):
        read(written(tmp_path, ""))
    with pytest.raises(FormatError, match=r"none\.jsonl: cannot be read: No such file"):
        read(tmp_path / "none.jsonl")
    (tmp_path / "latin").write_bytes(b"\xff")
    with pytest.raises(FormatError, match=r"is not UTF-8 \(byte 0\)"):
        read(tmp_path / "latin")


def test_ids_are_unique_and_conversations_whole(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="line 2, field 'id': 'a' is already the id of line 1"):
        read(written(tmp_path, GOOD, GOOD))
    turn = GOOD | {"conversation": "c1"}
    with pytest.raises(FormatError, match="line 3, field 'conversation': the turns of 'c1' must be consecutive"):
        read(written(tmp_path, turn, GOOD | {"id": "b"}, turn | {"id": "c"}))


def test_halves_never_change() -> None:
    halves = [half(Question("x", "fact", "?", (f"Paper {letter}",))) for letter in "ABCDEFGH"]
    assert halves == ["fit", "report", "fit", "fit", "report", "fit", "report", "report"]
    assert half(Question("x", "fact", "?", ("Paper A", "Paper B"))) == half(Question("y", "list", "!", ("  PAPER a",)))
    assert half(Question("x", "t", "?", (), ("Paper A",), unanswerable="unstated")) == halves[0]
    assert half(Question("Paper A", "t", "?", unanswerable="absent")) == halves[0]


def test_a_conversation_is_in_the_half_of_its_first_turn(tmp_path: Path) -> None:
    letters = "ABCDEFGHIJ"
    turns = [GOOD | {"id": c, "gold": [f"Paper {c}"], "conversation": "c"} for c in letters]
    alone = [GOOD | {"id": c + c, "gold": [f"Paper {c}"]} for c in letters]
    questions_read = read(written(tmp_path, *turns, *alone))
    assert {half(question) for question in questions_read[:10]} == {half(questions_read[10])}
    assert {half(question) for question in questions_read[10:]} == {"fit", "report"}


def test_spans_are_sealed_and_opened() -> None:
    abstract = "Über moss and lichen."
    span = sealed(Span("A", text="moss"), abstract)
    assert span == Span("A", start=5, end=9, sha256=SHA)
    assert span.of(abstract) == "moss"
    assert span.of("Uber  moss") is None
    assert sealed(span, abstract) == span
    with pytest.raises(ValueError, match="'A' does not contain the span"):
        sealed(Span("A", text="fern"), abstract)


def test_mismatches_between_questions_and_library() -> None:
    question = Question("q", "fact", "?", ("Paper A", "Paper Z"), spans=(Span("Paper A", text="fern"),))
    assert mismatches([question], {"paper  a": "moss"}) == (
        "q: the library has no paper titled 'Paper Z'",
        "q: the abstract of 'Paper A' does not contain the span",
    )
    assert mismatches([Question("q", "fact", "?", ("Paper A",))], {"Paper A": ""}) == ()


def test_the_folder_of_sets_does_not_hide_the_module() -> None:
    assert Path(questions.__file__).name == "questions.py"
