"""Scored cases in, reports out that say what they hold and do nothing else."""

from __future__ import annotations

import io
import json
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
from eval.report import Report, markdown, misses_first, read_cases, report, to_text
from eval.runner import outcomes
from eval.statistics import paired
from eval.stock import EvaluationError
from eval.summary import Bin, CurvePoint, Latency, calibration_error

HOSTILE = '<script src="https://evil.test/x.js">alert(1)</script> | `x` $\\frac$ [b](javascript:1) [red]"\'&'


def made(answering: object = doubles.oracle, questions: tuple[Question, ...] = doubles.QUESTIONS) -> Report:
    assert callable(answering)
    found = cases(outcomes(doubles.scripted(answering, questions), questions), doubles.ABSTRACTS)
    return report(found, name="a name", made="2026-01-02T03:04:05+00:00")


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
    """What a browser would make of a page: its elements, addresses and text."""

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


@pytest.mark.parametrize("found", [made(), made(doubles.everything), made(hostile, HOSTILE_SET), made(questions=())])
def test_the_page_asks_for_nothing_and_runs_nothing(found: Report) -> None:
    text = page(found)
    read = Page(text)
    assert set(read.elements).isdisjoint({"script", "link", "img", "iframe", "form", "image", "object"})
    assert all(address.startswith("#") for address in read.addresses)
    assert "@import" not in text
    assert "<metadata" not in text
    assert "xmlns" not in text
    assert "default-src 'none'" in text


def test_the_page_shows_hostile_text_as_text() -> None:
    found = made(hostile, HOSTILE_SET)
    read = Page(page(replace(found, name=HOSTILE, problems=(HOSTILE,))))
    assert read.text.count("<script src=") >= 12
    assert read.elements.count("details") == 2


def test_the_prompts_are_told_by_their_hash_where_a_model_was_asked() -> None:
    without = made()
    (case, *_), others = without.cases[:1], without.cases[1:]
    found = replace(without, cases=(replace(case, wording="b2"), *(replace(one, wording="a1") for one in others)))
    assert (without.wording, found.wording) == ("", "a1, b2")
    assert "Prompts a1, b2." in page(found)
    assert "Prompts a1, b2." in markdown(found)
    assert json.loads(to_text(found))["wording"] == "a1, b2"
    assert "Prompts" not in page(without) + markdown(without)


def test_the_page_without_addresses_of_its_own_holds_none() -> None:
    assert "://" not in page(made(doubles.everything))
    assert page(made()).count("http") == page(made()).count("http-equiv") == 1


def test_the_same_report_draws_the_same_plots_with_ids_of_their_own() -> None:
    found = made(doubles.everything)
    assert plots.plots(found) == plots.plots(found)
    identities = [part.split('"')[0] for _, svg in plots.plots(found) for part in svg.split(' id="')[1:]]
    assert len(identities) == len(set(identities)) > 10


def test_plots_take_the_colour_of_the_page() -> None:
    drawn = plots.plots(made(doubles.everything))
    assert [caption.split(",")[0] for caption, _ in drawn] == [
        "Scores by type",
        "Precision against coverage as the threshold on the first hit's relevance moves",
        "How often a paper thought so probable should be cited; on the line is calibrated",
        "Answered and answerable",
    ]
    for _, svg in drawn:
        assert svg.startswith("<svg") and svg.endswith("</svg>")
        assert "currentColor" in svg
        assert plots.INK not in svg
        assert "#000000" not in svg
    assert len(plots.plots(made(doubles.decliner))) == 3  # no curve
    assert plots.plots(made(questions=())) == ()


def test_every_case_is_there_and_the_misses_first() -> None:
    def answering(question: Question) -> Answer:
        return (doubles.wrong if question.id in ("d3", "d5") else doubles.oracle)(question)

    found = made(answering)
    order = ["d3", "d5", *(case.id for case in found.cases if case.id not in ("d3", "d5"))]
    assert [case.id for case in misses_first(found.cases)][:2] == ["d3", "d5"]
    assert sorted(case.id for case in misses_first(found.cases)) == sorted(order)
    read = Page(page(found))
    assert read.elements.count("details") == 8
    assert read.text.index("d3 · list") < read.text.index("d5 · named") < read.text.index("d7 · unanswerable")
    assert "nugget not shown: MossNet (vital; MossNet)" in read.text
    assert "## Cases with a miss: 2 of 8" in markdown(found)


def test_markdown_shows_hostile_text_as_text() -> None:
    text = markdown(replace(made(hostile, HOSTILE_SET), name=HOSTILE, problems=(HOSTILE,)))
    assert "<script" not in text
    assert "[b](" not in text
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    bars = {line.replace("\\|", "").count("|") for line in rows}
    # measure, confusion and spread; retrieval; answers: hostile bars would make others.
    assert bars == {4, 5, 6, 9, 11}


def test_it_prints_with_rich_in_eighty_columns_and_reads_no_markup() -> None:
    written = io.StringIO()
    found = replace(made(hostile, HOSTILE_SET), comparison=compare(made().cases, made(doubles.wrong).cases, "[red]old"))
    Console(file=written, width=80).print(found)
    assert "Against [red]old" in written.getvalue()
    assert "citation precision" in written.getvalue()
    plain = io.StringIO()
    Console(file=plain, width=80).print(made(doubles.everything))
    assert "…" not in plain.getvalue()
    assert "all               8  0.23  1.00  0.37   1.00   1.00   1.00   0.75  0.00" in plain.getvalue()


def test_json_reads_back_as_the_same_cases(tmp_path: Path) -> None:
    everyone = (doubles.oracle, doubles.everything, doubles.decliner, lambda question: StoreError(HOSTILE))
    for found in (*(made(answering) for answering in everyone), made(hostile, HOSTILE_SET)):
        (tmp_path / "report.json").write_text(to_text(found), encoding="utf-8")
        assert read_cases(tmp_path / "report.json") == found.cases


def test_json_holds_what_the_readme_says() -> None:
    readme = (Path(doubles.__file__).parent / "README.md").read_text(encoding="utf-8")
    comparison = compare(made().cases, made(doubles.wrong).cases, "old")
    values = json.loads(to_text(replace(made(), comparison=comparison)))
    told = [*values, *values["cases"][0], *values["comparison"], *values["comparison"]["tests"][0]]
    told += [metric.name for metric in METRICS]
    assert [name for name in told if f"`{name}`" not in readme and f'"{name}"' not in readme] == []


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
def test_what_is_no_report_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    (tmp_path / "old.json").write_text(text, encoding="utf-8")
    with pytest.raises(FormatError, match=problem):
        read_cases(tmp_path / "old.json")


def changed(case: Case, **scores: float | None) -> Case:
    return replace(case, scores={**case.scores, **scores})


def test_what_changed_case_by_case() -> None:
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
    found = compare(before, after, "old.json")
    assert [(change.id, change.direction) for change in found.changes] == [
        ("d1", "worse"), ("d3", "mixed"), ("d7", "mixed"), ("d4", "better"),
    ]  # fmt: skip
    assert found.changes[0].scores == {"f1": (1.0, 0.5)}
    assert found.changes[2].scores == {"support": (None, 1.0)}
    assert found.shared == 5
    assert found.apart == ("d5", "d6", "d8", "new")
    tests = {test.metric: test for test in found.tests}
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
    found = report(
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
    assert found.curve == (
        CurvePoint(0.9, 1 / 5, 1.0),
        CurvePoint(0.7, 2 / 5, 1 / 2),
        CurvePoint(0.5, 2 / 5, 1 / 3),
        CurvePoint(0.3, 3 / 5, 2 / 4),
    )
    assert found.reliability == (
        Bin(1, 0.3, 1.0),
        Bin(1, 0.5, 0.0),
        Bin(1, 0.7, 1.0),
        Bin(2, (0.8 + 0.9) / 2, 1.0),
    )
    assert calibration_error(found.reliability) == pytest.approx((0.7 + 0.5 + 0.3 + 2 * 0.15) / 5)
    assert found.confusion == {
        "answerable": {"answered": 3, "declined": 1, "failed": 1},
        "unanswerable": {"answered": 1, "declined": 0, "failed": 0},
        "absent": {"answered": 1, "declined": 0, "failed": 0},
    }
    assert found.latency.median == pytest.approx(0.75)
    assert found.latency.p95 == pytest.approx(6.975)
    assert made(questions=()).latency == Latency(None, None)


def test_run_does_it_all(tmp_path: Path) -> None:
    folder = tmp_path / "made" / "new"
    first = run(doubles.scripted(doubles.oracle), doubles.QUESTIONS, doubles.ABSTRACTS, folder=folder, name="first")
    assert [Path(file).name for file in first.files] == ["report.json", "report.md", "report.html"]
    assert all(Path(file).stat().st_size > 1000 for file in first.files)
    assert (first.name, first.problems, first.comparison) == ("first", (), None)
    # The earlier report may be the very file that is written anew.
    old = folder / "report.json"
    abstracts = {title: text for title, text in doubles.ABSTRACTS.items() if title != doubles.PAPERS[5].title}
    second = run(doubles.scripted(doubles.wrong), doubles.QUESTIONS, abstracts, folder=folder, against=old)
    assert second.comparison is not None
    assert {change.direction for change in second.comparison.changes} == {"worse"}
    assert len(second.comparison.changes) == 6
    assert second.problems == (f"d4: the library holds no paper titled {doubles.PAPERS[5].title!r}",)
    for name in ("report.md", "report.html"):
        assert "What changed, case by case" in (folder / name).read_text(encoding="utf-8")


def test_run_checks_before_it_asks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nobody = doubles.Scripted({})  # whose first question would be a KeyError
    with pytest.raises(EvaluationError, match="There are no questions"):
        run(nobody, (), {}, folder=tmp_path)
    with pytest.raises(FormatError, match=r"none\.json: cannot be read"):
        run(nobody, doubles.QUESTIONS, {}, folder=tmp_path, against=tmp_path / "none.json")
    (tmp_path / "file").write_text("")
    with pytest.raises(EvaluationError, match=r"The folder .*file' cannot be made: File exists"):
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
