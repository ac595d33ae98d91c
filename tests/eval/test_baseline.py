"""The scores on the sample questions, compared with the recorded ones."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.chain import Assistant
from eval import baseline, stock
from eval.baseline import FILE, Recorded, fallen, measured, recorded, to_text
from eval.metrics import METRICS
from eval.questions import read

BEFORE = {"all": {"f1": Recorded(0.8, 0.05, 100), "declined_answerable": Recorded(0.02, 0.01, 80)}}


def now(**measures: float) -> dict[str, dict[str, Recorded]]:
    """The current scores: as before except for these means."""
    return {"all": {name: replace(one, mean=measures.get(name, one.mean)) for name, one in BEFORE["all"].items()}}


def test_the_sample_scores_have_not_fallen(sample_home: Path) -> None:
    with Assistant.open(sample_home) as assistant:
        scores = measured(assistant, stock.abstracts(assistant))
    assert fallen(recorded(), scores) == [], (
        "if the answers got worse for a good reason: python -m eval.baseline --write"
    )


def test_everything_but_time_is_recorded() -> None:
    record = recorded()
    assert record.keys() == {"report", "all"}
    assert record["all"].keys() == {metric.name for metric in METRICS} - {"seconds"}
    assert record["all"]["decided"].count == len(read(stock.set_file("sample")))
    assert 0 < record["report"]["decided"].count < record["all"]["decided"].count


def test_a_score_may_fall_by_its_noise_and_no_further() -> None:
    assert fallen(BEFORE, now()) == []
    assert fallen(BEFORE, now(f1=0.75, declined_answerable=0.03)) == []
    assert fallen(BEFORE, now(f1=1.0, declined_answerable=0.0)) == []
    assert fallen(BEFORE, now(f1=0.74)) == ["all: f1 is 0.740, recorded 0.800 with noise 0.050"]
    assert fallen(BEFORE, now(declined_answerable=0.04)) == [
        "all: declined_answerable is 0.040, recorded 0.020 with noise 0.010"
    ]


def test_other_questions_need_a_new_record() -> None:
    other = {"all": {"f1": Recorded(0.9, 0.0, 99)}}
    assert fallen(BEFORE, other) == [
        "all: f1 was recorded over 100 cases and is now over 99",
        "all: declined_answerable was recorded over 80 cases and is now over 0",
    ]


def test_the_number_of_answers_may_change() -> None:
    before = {"all": {"support": Recorded(1.0, 0.0, 90)}}
    assert fallen(before, {"all": {"support": Recorded(1.0, 0.0, 88)}}) == []
    assert fallen(before, {"all": {"support": Recorded(0.99, 0.0, 88)}}) == [
        "all: support is 0.990, recorded 1.000 with noise 0.000"
    ]


def test_a_record_reads_as_it_was_written(tmp_path: Path) -> None:
    (tmp_path / "baseline.json").write_text(to_text(BEFORE))
    assert recorded(tmp_path / "baseline.json") == BEFORE
    assert to_text(recorded()) == FILE.read_text(encoding="utf-8")


def test_the_command_compares_and_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sample_home: Path) -> None:
    file = tmp_path / "baseline.json"
    monkeypatch.setattr(baseline, "FILE", file)
    monkeypatch.setattr(baseline, "recorded", lambda: recorded(file))
    monkeypatch.setattr(baseline, "measured", lambda *_: now(f1=0.5))
    monkeypatch.setattr(stock, "sample", lambda: ())
    file.write_text(to_text(BEFORE))
    assert baseline.main(["--cache", str(tmp_path)]) == 1
    assert baseline.main(["--cache", str(tmp_path), "--write"]) == 0
    assert json.loads(file.read_text())["halves"]["all"]["f1"]["mean"] == 0.5
    assert baseline.main(["--cache", str(tmp_path)]) == 0
