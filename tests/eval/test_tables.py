"""Tables show cells with special characters as they are."""

from __future__ import annotations

import io

from rich.console import Console

from assistant.core.records import Answer
from eval import doubles, plots, tables
from eval.cases import cases
from eval.metrics import Outcome
from eval.questions import Question
from eval.report import report
from eval.runner import outcomes
from eval.tables import Table

TABLE = Table("[b]T", ("[i]a", "n"), (("[red]x|y", "1.0"), ("<b>", "—")), "[u]note *")


def test_the_terminal_does_not_read_markup() -> None:
    written = io.StringIO()
    Console(file=written, width=80).print(tables.to_rich(TABLE))
    for words in ("[b]T", "[i]a", "[red]x|y", "<b>", "[u]note *"):
        assert words in written.getvalue()


def test_markdown_and_html_are_escaped() -> None:
    assert tables.to_markdown(TABLE).splitlines() == [
        "## \\[b\\]T", "", "| \\[i\\]a | n |", "| --- | --- |", "| \\[red\\]x\\|y | 1.0 |", "| &lt;b&gt; | — |", "",
        "\\[u\\]note \\*",
    ]  # fmt: skip
    assert "<td>&lt;b&gt;</td><td>—</td>" in tables.to_html(TABLE)
    assert "<table" not in tables.to_html(Table("empty", ("a",), ()))


def test_a_type_that_looks_like_a_formula_is_drawn_literally() -> None:
    question = Question("q", "$\\frac$", "?", (doubles.PAPERS[0].title,))
    scored = cases(outcomes(doubles.scripted(doubles.oracle, [question]), [question]), doubles.ABSTRACTS)
    drawn = plots.plots(report(scored, name="", made=""))
    assert "$\\frac$ (1)" in drawn[0][1]


def test_relevance_is_zero_without_hits_and_unknown_after_a_failure() -> None:
    silent, failed = cases(
        [
            Outcome(doubles.QUESTIONS[0], Answer("?", "?")),
            Outcome(doubles.QUESTIONS[1], None, "gone"),
        ],
        doubles.ABSTRACTS,
    )
    assert (silent.relevance, failed.relevance) == (0.0, None)
