"""How close our self-contained follow-ups come to a person's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from eval.jsonl import FormatError
from eval.rewrites import CONVERSATIONS, nearness, read_rewrites, rewrites_table

from ..doubles import HashEmbedder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two conversations, of three turns and of one."""
    turns = [
        ("a1", "What is throat cancer?", "What is throat cancer?", "same", 0),
        ("a2", "Is it treatable?", "Is throat cancer treatable?", "followup", 1),
        ("a3", "Do its symptoms hurt at night?", "Do symptoms of throat cancer hurt at night?", "followup", 2),
        ("b1", "Who sells snow?", "Who sells snow?", "same", 0),
    ]
    history = [
        {"role": "user", "text": "What is throat cancer?"},
        {"role": "assistant", "text": "A cancer of the throat."},
        {"role": "user", "text": "Is it treatable?"},
        {"role": "assistant", "text": "Throat cancer is treatable early."},
    ]
    rows = [
        {"id": i, "question": q, "rewrite": r, "type": t, "history": history[: 2 * before]}
        for i, q, r, t, before in turns
    ]
    (tmp_path / "queries.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return tmp_path


def test_turns_follow_each_other_within_a_conversation(folder: Path) -> None:
    results = read_rewrites(folder)
    assert [turn.ours for turn in results] == [
        "What is throat cancer?",
        "Regarding throat cancer: Is it treatable?",
        "Regarding throat cancer: Do its symptoms hurt at night?",
        "Who sells snow?",
    ]
    assert [turn.reply for turn in results] == ["A cancer of the throat.", "Throat cancer is treatable early.", "", ""]


def test_the_measures_of_known_turns(folder: Path) -> None:
    results = nearness(read_rewrites(folder), HashEmbedder())
    means = {name: one.mean if one else None for name, one in results.items()}
    assert list(means.values())[:3] == [1.0, 1.0, 1.0]
    assert (means["MRR of the reply, as typed"], means["MRR of the reply, self-contained"]) == (1.0, 1.0)
    assert [one.count if one else 0 for one in results.values()] == [2, 2, 2, 1, 1, 1]
    assert CONVERSATIONS in rewrites_table(results).heading
    assert rewrites_table(results).rows[0][1] == "1.000"


def test_a_measure_without_turns_has_no_value(folder: Path) -> None:
    results = nearness(read_rewrites(folder)[3:], HashEmbedder())
    assert [one.mean if one else None for one in results.values()] == [None, None, 1.0, None, None, None]
    assert rewrites_table(results).rows[0][1] == "—"


def test_a_turn_without_its_rewrite_is_refused(folder: Path) -> None:
    (folder / "queries.jsonl").write_text('{"id": "a1", "question": "Why?", "type": "same", "history": []}\n')
    with pytest.raises(FormatError, match="rewrite"):
        read_rewrites(folder)
