"""The plots of a report, as SVG for a page.

The SVG contains no addresses and no dates, and takes the page's own colour for text and axes. So it is readable in
light and dark, and the same report gives the same bytes.
"""

from __future__ import annotations

import importlib.util
import io
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

from assistant.core.errors import MissingExtra

from .metrics import Verdict
from .report import Report
from .statistics import Interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .size import Size

T = TypeVar("T")

LABEL = 24
"""Maximum characters of a type's name in a plot."""
INK = "#010203"
"""Stands for the page's text colour until the SVG is written. No plot uses it for anything else."""
BLUE, ORANGE, GREEN, PURPLE = "#3b82c4", "#d07a20", "#3f9d6a", "#8a63b8"
"""Middle tones, each with a contrast of at least 3 on both white and near-black."""
GREY = "#808080"
"""The ink of a picture that does not know its page's colours."""
SERIES = (
    ("f1", "citation F1", BLUE),
    ("vital_nuggets", "vital nuggets", ORANGE),
    ("support", "support", GREEN),
    ("decided", "answered or declined rightly", PURPLE),
)
"""The measures plotted by type. Unanswerable questions have only the last."""


def require() -> None:
    """Raise MissingExtra unless matplotlib is installed: before an hour of questions rather than after."""
    if importlib.util.find_spec("matplotlib") is None:
        raise MissingExtra("eval")


def plots(report: Report) -> tuple[tuple[str, str], ...]:
    """The caption and SVG of each plot that has data. MissingExtra without matplotlib."""
    require()
    drawn = []
    if report.cases:
        height = 1.2 + 0.6 * len(report.rows)
        drawn.append(("Scores by type, with 95 % intervals", _svg("types", (8, height), report, _by_type)))
    if report.curve:
        caption = "Precision against coverage as the threshold on the first hit's relevance moves"
        drawn.append((caption, _svg("curve", (6, 4), report, _curve)))
    if report.reliability:
        caption = "How often a paper of this probability should be cited; calibrated if on the line"
        drawn.append((caption, _svg("reliability", (6, 4), report, _reliability)))
    if report.cases:
        drawn.append(("Answered and answerable", _svg("confusion", (5, 2.6), report, _confusion)))
    return tuple(drawn)


def _by_type(axes: Axes, report: Report) -> None:
    for place, (name, label, colour) in enumerate(SERIES):
        drawn: list[tuple[float, Interval]] = []
        for line, row in enumerate(report.rows):
            interval = row.intervals[name]
            if interval is not None:
                drawn.append((line + 0.2 * (place - 1.5), interval))
        errors = [[f.mean - f.low for _, f in drawn], [f.high - f.mean for _, f in drawn]]
        # By rounding, the mean can lie outside its percentile interval; matplotlib refuses negative lengths.
        clipped = [[max(0.0, length) for length in side] for side in errors]
        heights, means = [height for height, _ in drawn], [f.mean for _, f in drawn]
        axes.errorbar(means, heights, xerr=clipped, fmt="o", color=colour, label=label, capsize=2, markersize=4)
    axes.set_yticks(range(len(report.rows)), [f"{_plain(row.type)} ({row.count})" for row in report.rows])
    axes.set_ylim(len(report.rows) - 0.5, -0.5)
    axes.set_xlim(-0.02, 1.02)
    axes.grid(axis="x", alpha=0.3)
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=len(SERIES), frameon=False)


def _curve(axes: Axes, report: Report) -> None:
    coverage = [point.coverage for point in report.curve]
    precision = [point.precision for point in report.curve]
    axes.plot(coverage, precision, color=BLUE, marker=".", markersize=4)
    # At most a dozen labels: enough to read off a threshold, few enough not to overlap.
    for point in report.curve[:: max(1, len(report.curve) // 6)]:
        axes.annotate(f"{point.threshold:.2f}", (point.coverage, point.precision), xytext=(3, 5),
                      textcoords="offset points", fontsize=8)  # fmt: skip
    axes.set_xlabel("coverage: answerable questions answered")
    axes.set_ylabel("title precision of what is answered")
    axes.set_xlim(-0.02, 1.05)
    axes.set_ylim(-0.02, 1.08)
    axes.grid(alpha=0.3)


def _reliability(axes: Axes, report: Report) -> None:
    axes.plot([0, 1], [0, 1], color=INK, alpha=0.3, linewidth=1)
    predicted, right = [one.predicted for one in report.reliability], [one.right for one in report.reliability]
    axes.plot(predicted, right, color=BLUE, marker="o", markersize=5)
    for one in report.reliability:
        axes.annotate(
            str(one.count), (one.predicted, one.right), xytext=(6, -10), textcoords="offset points", fontsize=8
        )
    axes.set_xlabel("probability of the relevance model")
    axes.set_ylabel("share that should be cited")
    axes.set_xlim(-0.02, 1.05)
    axes.set_ylim(-0.02, 1.08)
    axes.grid(alpha=0.3)


def _confusion(axes: Axes, report: Report) -> None:
    verdicts: tuple[Verdict, ...] = ("answered", "declined", "failed")
    kinds = ("answerable", "unanswerable")
    for line, kind in enumerate(kinds):
        counts = report.confusion[kind]
        total = sum(counts.values())
        for column, verdict in enumerate(verdicts):
            count = counts[verdict]
            right = (kind, verdict) in (("answerable", "answered"), ("unanswerable", "declined"))
            shade = 0.1 + 0.7 * count / total if total else 0.1
            axes.bar(column, 1, bottom=line - 0.5, width=1, color=GREEN if right else ORANGE, alpha=shade)
            axes.text(column, line, str(count), ha="center", va="center", fontsize=13)
    axes.set_xticks(range(len(verdicts)), verdicts)
    axes.set_yticks(range(len(kinds)), kinds)
    axes.set_ylim(len(kinds) - 0.5, -0.5)
    axes.set_xlim(-0.5, len(verdicts) - 0.5)


def by_size(sizes: Sequence[Size]) -> str:
    """What a library costs by the number of its papers, as an SVG file. MissingExtra without matplotlib."""
    require()
    return _drawn("size", (7, 4), sizes, _costs).replace(INK, GREY)


def _costs(axes: Axes, sizes: Sequence[Size]) -> None:
    lines = {
        "warm answer, median (ms of processor)": ([1e3 * one.asking["p50, processor"] for one in sizes], BLUE),
        "warm answer, 95th percentile": ([1e3 * one.asking["p95, processor"] for one in sizes], PURPLE),
        "memory while asking (MB)": ([one.memory["most while asking"] / 1e6 for one in sizes], GREEN),
        "one more paper (ms of processor)": ([1e3 * one.one_more["next, processor"] for one in sizes], ORANGE),
    }
    for label, (heights, colour) in lines.items():
        axes.plot([one.papers for one in sizes], heights, color=colour, marker="o", markersize=4, label=label)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("papers")
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)


def _svg(name: str, size: tuple[float, float], report: Report, draw: Callable[[Axes, Report], None]) -> str:
    return _inline(_drawn(name, size, report, draw), name)


def _drawn(name: str, size: tuple[float, float], drawn: T, draw: Callable[[Axes, T], None]) -> str:
    """The SVG file of what `draw` makes of `drawn`, with `INK` for text and axes."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    written = io.StringIO()
    with mpl.rc_context(
        {
            "text.color": INK,
            "axes.edgecolor": INK,
            "axes.labelcolor": INK,
            "xtick.color": INK,
            "ytick.color": INK,
            "grid.color": INK,
            "font.family": "sans-serif",
            "svg.fonttype": "none",
            "svg.hashsalt": name,
        }
    ):
        figure = Figure(figsize=size, layout="constrained")
        draw(figure.subplots(), drawn)
        blank = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        figure.savefig(written, format="svg", transparent=True, metadata=blank)
    return written.getvalue()


def _inline(svg: str, name: str) -> str:
    """Only the SVG element, with ids that are unique among several plots on one page."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'\sxmlns(:\w+)?="[^"]*"', "", svg)  # HTML knows the name spaces of SVG
    svg = re.sub(r'(\sid="|href="#|url\(#)', rf"\1{name}-", svg)
    return svg.replace(INK, "currentColor").strip()


def _plain(label: str) -> str:
    """The label, cut to leave room for the plot, with the dollar signs escaped that matplotlib reads as a formula."""
    return (label if len(label) <= LABEL else label[: LABEL - 1] + "…").replace("$", r"\$")
