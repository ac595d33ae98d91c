"""Reports show everything in their cases, escaped, and can be read again."""

from __future__ import annotations

import io
import json
import os
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from rich.console import Console

from assistant.core.errors import MissingExtra, StoreError
from assistant.core.records import Answer, Citation, Claim, Decline, Hit, Paper, Passage
from eval import doubles, plots
from eval.cases import Case, cases
from eval.compare import compare
from eval.jsonl import FormatError
from eval.main import run
from eval.metrics import METRICS, Outcome
from eval.page import page
from eval.questions import Question
from eval.report import Report, latest, markdown, misses_first, read_cases, read_report, report, to_text
from eval.runner import outcomes
from eval.statistics import paired
from eval.stock import EvaluationError
from eval.summary import Bin, CurvePoint, Latency, calibration_error

HOSTILE = '<script src="https://evil.test/x.js">alert(1)</script> | `x` $\\frac$ [b](javascript:1) [red]"\'&'


def made(answering: object = doubles.oracle, questions: tuple[Question, ...] = doubles.QUESTIONS) -> Report:
    assert callable(answering)
    scored = cases(outcomes(doubles.scripted(answering, questions), questions), doubles.ABSTRACTS)
    return report(scored, name="a name", made="2026-01-02T03:04:05+00:00")


def hostile(question: Question) -> Answer:
    paper = Paper(HOSTILE, HOSTILE)
    passage = Passage(paper.id, paper.title, paper.abstract, 0)
    claim = Claim(HOSTILE, (Citation(passage, HOSTILE, 1.0, "quoted"),), heading=HOSTILE)
    return Answer(
        question.question, HOSTILE, (claim,), hits=(Hit(paper, passage, 1.0, 0.5),), written_by=HOSTILE, wording=HOSTILE
    )


HOSTILE_SET = (
    Question(HOSTILE, HOSTILE, HOSTILE, (HOSTILE + "g",), (HOSTILE + "t",), conversation=HOSTILE),
    Question("u", "unanswerable", "?", unanswerable="absent"),
)


class Page(HTMLParser):
    """A page as a browser reads it: its elements, addresses and text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.addresses: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.addresses += [value or "" for name, value in attrs if name.split(":")[-1] in ("href", "src", "action")]
        self.addresses += [value or "" for name, value in attrs if "://" in (value or "") or name.startswith("on")]

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("result", [made(), made(doubles.everything), made(hostile, HOSTILE_SET), made(questions=())])
def test_the_page_loads_and_runs_nothing(result: Report) -> None:
    text = page(result)
    read = Page(text)
    assert set(read.elements).isdisjoint({"script", "link", "img", "iframe", "form", "image", "object"})
    assert all(address.startswith("#") for address in read.addresses)
    assert "@import" not in text
    assert "<metadata" not in text
    assert "xmlns" not in text
    assert "default-src 'none'" in text


def test_the_page_shows_hostile_text_as_text() -> None:
    result = made(hostile, HOSTILE_SET)
    read = Page(page(replace(result, name=HOSTILE, problems=(HOSTILE,))))
    assert read.text.count("<script src=") >= 12
    assert read.elements.count("details") == 2


def test_prompts_are_named_by_their_hash_if_a_model_was_asked() -> None:
    without = made()
    (case, *_), others = without.cases[:1], without.cases[1:]
    result = replace(without, cases=(replace(case, wording="b2"), *(replace(one, wording="a1") for one in others)))
    assert (without.wording, result.wording) == ("", "a1, b2")
    assert "Prompts a1, b2." in page(result)
    assert "Prompts a1, b2." in markdown(result)
    assert json.loads(to_text(result))["wording"] == "a1, b2"
    assert "Prompts" not in page(without) + markdown(without)


def test_the_page_contains_no_addresses() -> None:
    assert "://" not in page(made(doubles.everything))
    assert page(made()).count("http") == page(made()).count("http-equiv") == 1


def test_the_same_report_draws_the_same_plots_with_unique_ids() -> None:
    result = made(doubles.everything)
    assert plots.plots(result) == plots.plots(result)
    identities = [part.split('"')[0] for _, svg in plots.plots(result) for part in svg.split(' id="')[1:]]
    assert len(identities) == len(set(identities)) > 10


def test_plots_take_the_colour_of_the_page() -> None:
    drawn = plots.plots(made(doubles.everything))
    assert [caption.split(",")[0] for caption, _ in drawn] == [
        "Scores by type",
        "Precision against coverage as the threshold on the first hit's relevance moves",
        "How often a paper of this probability should be cited; calibrated if on the line",
        "Answered and answerable",
    ]
    for _, svg in drawn:
        assert svg.startswith("<svg") and svg.endswith("</svg>")
        assert "currentColor" in svg
        assert plots.INK not in svg
        assert "#000000" not in svg
    assert len(plots.plots(made(doubles.decliner))) == 3  # no curve
    assert plots.plots(made(questions=())) == ()


def test_every_case_is_listed_with_misses_first() -> None:
    def answering(question: Question) -> Answer:
        return (doubles.wrong if question.id in ("d3", "d5") else doubles.oracle)(question)

    result = made(answering)
    order = ["d3", "d5", *(case.id for case in result.cases if case.id not in ("d3", "d5"))]
    assert [case.id for case in misses_first(result.cases)][:2] == ["d3", "d5"]
    assert sorted(case.id for case in misses_first(result.cases)) == sorted(order)
    read = Page(page(result))
    assert read.elements.count("details") == 8
    assert read.text.index("d3 · list") < read.text.index("d5 · named") < read.text.index("d7 · unanswerable")
    assert "nugget not shown: MossNet (vital; MossNet)" in read.text
    assert "## Cases with a miss: 2 of 8" in markdown(result)


def test_markdown_shows_hostile_text_as_text() -> None:
    text = markdown(replace(made(hostile, HOSTILE_SET), name=HOSTILE, problems=(HOSTILE,)))
    assert "<script" not in text
    assert "[b](" not in text
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    bars = {line.replace("\\|", "").count("|") for line in rows}
    # measure, confusion and spread; retrieval; answers: hostile bars would make others.
    assert bars == {4, 5, 6, 9, 11}


def test_rich_prints_it_in_eighty_columns_without_reading_markup() -> None:
    written = io.StringIO()
    result = replace(
        made(hostile, HOSTILE_SET), comparison=compare(made().cases, made(doubles.wrong).cases, "[red]old")
    )
    Console(file=written, width=80).print(result)
    assert "Compared with [red]old" in written.getvalue()
    assert "citation precision" in written.getvalue()
    plain = io.StringIO()
    Console(file=plain, width=80).print(made(doubles.everything))
    assert "…" not in plain.getvalue()
    assert "all               8  0.23  1.00  0.37   1.00   1.00   1.00   0.75  0.00" in plain.getvalue()


def test_json_reads_back_as_the_same_cases(tmp_path: Path) -> None:
    everyone = (doubles.oracle, doubles.everything, doubles.decliner, lambda question: StoreError(HOSTILE))
    for result in (*(made(answering) for answering in everyone), made(hostile, HOSTILE_SET)):
        (tmp_path / "report.json").write_text(to_text(result), encoding="utf-8")
        assert read_cases(tmp_path / "report.json") == result.cases


def test_the_readme_names_every_key_of_the_json() -> None:
    readme = (Path(doubles.__file__).parent / "README.md").read_text(encoding="utf-8")
    comparison = compare(made().cases, made(doubles.wrong).cases, "old")
    values = json.loads(to_text(replace(made(), comparison=comparison)))
    names = [*values, *values["cases"][0], *values["comparison"], *values["comparison"]["tests"][0]]
    names += [metric.name for metric in METRICS]
    assert [name for name in names if f"`{name}`" not in readme and f'"{name}"' not in readme] == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{}", "field 'format': must be 1"),
        ('{"format": 1, "cases": [3]}', r"field 'cases\[0\]': must be an object"),
        ('{"format": 1, "cases": [{}]}', r"field 'cases\[0\].scores': is missing"),
        ('{"format": 1, "cases": [{"scores": {"f1": "x"}}]}', r"field 'cases\[0\].id': is missing"),
        ("nonsense", "line 1: is not JSON"),
    ],
)
def test_a_file_that_is_not_a_report_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    (tmp_path / "old.json").write_text(text, encoding="utf-8")
    with pytest.raises(FormatError, match=problem):
        read_cases(tmp_path / "old.json")


def changed(case: Case, **scores: float | None) -> Case:
    return replace(case, scores={**case.scores, **scores})


def test_changes_case_by_case() -> None:
    before = made().cases
    after = [
        changed(before[0], f1=0.5),
        changed(before[1], seconds=9.0),
        changed(before[2], f1=0.5, failed=-1.0),
        changed(before[3], failed=-1.0),
        replace(before[4], gold=("Another",)),
        changed(before[6], support=1.0),
        replace(before[7], id="new"),
    ]
    result = compare(before, after, "old.json")
    assert [(change.id, change.direction) for change in result.changes] == [
        ("d1", "worse"), ("d3", "mixed"), ("d7", "mixed"), ("d4", "better"),
    ]  # fmt: skip
    assert result.changes[0].scores == {"f1": (1.0, 0.5)}
    assert result.changes[2].scores == {"support": (None, 1.0)}
    assert result.shared == 5
    assert result.apart == ("d5", "d6", "d8", "new")
    tests = {test.metric: test for test in result.tests}
    assert tests["f1"] == paired("f1", [1.0] * 4, [0.5, 1.0, 0.5, 1.0])


def test_the_curve_the_confusion_and_the_latency() -> None:
    def outcome(name: str, relevance: float, answer: Answer, unanswerable: bool = False) -> Outcome:
        paper = doubles.PAPERS[0]
        hit = Hit(paper, Passage(paper.id, paper.title, paper.abstract, 0), 1.0, relevance)
        question = Question(name, "t", name, (paper.title,))
        if unanswerable:
            question = Question(name, "t", name, unanswerable="absent")
        return Outcome(question, replace(answer, hits=(hit,)), seconds=relevance)

    right, off = doubles.oracle(doubles.QUESTIONS[0]), doubles.oracle(doubles.QUESTIONS[1])
    result = report(
        cases(
            [
                outcome("a", 0.9, right),
                outcome("b", 0.7, off),
                outcome("c", 0.5, right, unanswerable=True),
                outcome("d", 0.3, right),
                outcome("e", 0.8, Answer("?", "?", declined=Decline("absent", "no"))),
                Outcome(Question("f", "t", "f", ("x",)), None, "gone", 9.0),
            ],
            doubles.ABSTRACTS,
        ),
        name="",
        made="",
    )
    assert result.curve == (
        CurvePoint(0.9, 1 / 5, 1.0),
        CurvePoint(0.7, 2 / 5, 1 / 2),
        CurvePoint(0.5, 2 / 5, 1 / 3),
        CurvePoint(0.3, 3 / 5, 2 / 4),
    )
    assert result.reliability == (
        Bin(1, 0.3, 1.0),
        Bin(1, 0.5, 0.0),
        Bin(1, 0.7, 1.0),
        Bin(2, (0.8 + 0.9) / 2, 1.0),
    )
    assert calibration_error(result.reliability) == pytest.approx((0.7 + 0.5 + 0.3 + 2 * 0.15) / 5)
    assert result.confusion == {
        "answerable": {"answered": 3, "declined": 1, "failed": 1},
        "unanswerable": {"answered": 1, "declined": 0, "failed": 0},
        "absent": {"answered": 1, "declined": 0, "failed": 0},
    }
    assert result.latency.median == pytest.approx(0.75)
    assert result.latency.p95 == pytest.approx(6.975)
    assert made(questions=()).latency == Latency(None, None)


def test_run_does_it_all(tmp_path: Path) -> None:
    folder = tmp_path / "made" / "new"
    first = run(doubles.scripted(doubles.oracle), doubles.QUESTIONS, doubles.ABSTRACTS, folder=folder, name="first")
    assert [Path(file).name for file in first.files] == ["report.json", "report.md", "report.html"]
    assert all(Path(file).stat().st_size > 1000 for file in first.files)
    assert (first.name, first.problems, first.comparison) == ("first", (), None)
    # The earlier report may be the very file that is overwritten.
    old = folder / "report.json"
    abstracts = {title: text for title, text in doubles.ABSTRACTS.items() if title != doubles.PAPERS[5].title}
    second = run(doubles.scripted(doubles.wrong), doubles.QUESTIONS, abstracts, folder=folder, against=old)
    assert second.comparison is not None
    assert {change.direction for change in second.comparison.changes} == {"worse"}
    assert len(second.comparison.changes) == 6
    assert second.problems == (f"d4: the library has no paper titled {doubles.PAPERS[5].title!r}",)
    for name in ("report.md", "report.html"):
        assert "What changed, case by case" in (folder / name).read_text(encoding="utf-8")


def test_run_checks_before_it_asks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nobody = doubles.Scripted({})  # any question would raise KeyError
    with pytest.raises(EvaluationError, match="There are no questions"):
        run(nobody, (), {}, folder=tmp_path)
    with pytest.raises(FormatError, match=r"none\.json: cannot be read"):
        run(nobody, doubles.QUESTIONS, {}, folder=tmp_path, against=tmp_path / "none.json")
    (tmp_path / "file").write_text("")
    with pytest.raises(EvaluationError, match=r"The folder .*file' cannot be created: File exists"):
        run(nobody, doubles.QUESTIONS, {}, folder=tmp_path / "file")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r"pip install 'paper-assistant\[eval\]'"):
        run(nobody, doubles.QUESTIONS, {}, folder=tmp_path)


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "report.md").mkdir()
    with pytest.raises(EvaluationError, match=r"report\.md' cannot be written: Is a directory"):
        run(doubles.scripted(doubles.oracle), doubles.QUESTIONS, doubles.ABSTRACTS, folder=tmp_path)
    assert len(read_cases(tmp_path / "report.json")) == 8


def test_half_a_surrogate_pair_from_a_model_loses_no_report(tmp_path: Path) -> None:
    def answering(question: Question) -> Answer:
        return replace(doubles.oracle(question), lead="\ud83d")

    run(doubles.scripted(answering), doubles.QUESTIONS, doubles.ABSTRACTS, folder=tmp_path)
    assert "\\ud83d" in (tmp_path / "report.html").read_text(encoding="utf-8")


# -- reading it again


def written(folder: Path, report: Report, *, at: int) -> Path:
    folder.mkdir(parents=True)
    path = folder / "report.json"
    path.write_text(to_text(report), encoding="utf-8")
    os.utime(path, (at, at))
    return path


def test_the_latest_report_is_the_one_written_last(tmp_path: Path) -> None:
    assert latest(tmp_path / "nowhere") is None
    assert latest(tmp_path) is None
    written(tmp_path / "b", made(), at=1000)
    newer = written(tmp_path / "a", made(), at=2000)
    written(tmp_path / "a" / "library", made(), at=3000)
    assert latest(tmp_path) == newer


def test_a_report_can_be_read_again(tmp_path: Path) -> None:
    before, after = made(doubles.decliner), replace(made(doubles.everything), problems=("a problem",))
    compared = replace(after, comparison=compare(before.cases, after.cases, "before.json"))
    assert compared.comparison
    assert compared.comparison.changes
    assert compared.comparison.tests
    assert read_report(written(tmp_path / "plain", after, at=1)) == after
    assert read_report(written(tmp_path / "compared", compared, at=1)) == compared


def test_a_report_of_another_format_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_text('{"format": 99}', encoding="utf-8")
    with pytest.raises(FormatError, match="must be 1"):
        read_report(path)
