"""A report as one self-contained HTML page.

It has no scripts, and no style sheets, fonts or images from elsewhere: its own policy forbids every request. All text
from questions, papers and answers is escaped.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from . import tables
from .cases import Case
from .metrics import METRICS
from .plots import plots
from .report import Report, misses_first

_STYLE = """
:root { color-scheme: light dark; --paper: #fff; --ink: #1c1c1c; --line: #ccc; --good: #1f7a4a; --bad: #b3471b; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #16181b; --ink: #e6e6e6; --line: #444; --good: #6fcf9a; --bad: #f0a070; } }
body { background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto;
  max-width: 70rem; padding: 0 1rem; overflow-wrap: anywhere; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; overflow-wrap: normal; }
th, td { border-bottom: 1px solid var(--line); padding: .2rem .6rem; text-align: left; vertical-align: top; }
figure { margin: 1rem 0; overflow-x: auto; } figure svg { max-width: 100%; height: auto; }
details { border-bottom: 1px solid var(--line); padding: .4rem 0; } summary { cursor: pointer; }
details > * { margin-left: 1rem; } details > summary { margin-left: 0; }
.answer { white-space: pre-wrap; border-left: 3px solid var(--line); padding-left: .8rem; }
.good { color: var(--good); } .bad { color: var(--bad); }
""".strip()


def page(report: Report) -> str:
    """The whole page as text. MissingExtra without matplotlib."""
    title = escape(report.name or "Evaluation")
    missed = sum(bool(case.misses) for case in report.cases)
    prompts = f" Prompts {escape(report.wording)}." if report.wording else ""
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{title}</title><style>{_STYLE}</style></head><body><h1>{title}</h1>",
        f"<p>Made {escape(report.made)}.{prompts} ↓ marks measures where lower is better.</p>",
        *_items("Where the questions do not fit the library", report.problems),
        *(tables.to_html(table) for table in report.tables),
        *(f"<figure><figcaption>{escape(caption)}</figcaption>{svg}</figure>" for caption, svg in plots(report)),
        f"<h2>All {len(report.cases)} cases, the {missed} with a miss first</h2>",
        *(_case(case) for case in misses_first(report.cases)),
        "</body></html>\n",
    ]
    return "\n".join(parts)


def _case(case: Case) -> str:
    f1 = case.scores["f1"]
    figure = f" · F1 {f1:.2f}" if f1 is not None else ""
    mark = f'<span class="bad">✗ {len(case.misses)}</span>' if case.misses else '<span class="good">✓</span>'
    head = f"{mark} {escape(case.id)} · {escape(case.type)} · {case.verdict}{figure} · {escape(case.question)}"
    turn = f", a turn of conversation {case.conversation}" if case.conversation else ""
    writer = f", written by {case.written_by}" if case.written_by else ""
    answerable = f"unanswerable ({case.unanswerable})" if case.unanswerable else "answerable"
    parts = [
        f"<details><summary>{head}</summary>",
        f"<p>{escape(answerable + turn + writer)}; half: {escape(case.half)}</p>",
        f'<p>Answer:</p><div class="answer">{escape(case.words)}</div>',
        *_items("Cited", [f"[{number}] {title}" for number, title in enumerate(case.titles, start=1)]),
        *_items("Gold", case.gold),
        *_items("Tolerated", case.tolerated),
        *_items("Misses", [f"{miss.kind}: {miss.detail}" for miss in case.misses]),
        f"<p>{escape(_scores(case))}</p></details>",
    ]
    return "\n".join(parts)


def _scores(case: Case) -> str:
    values = ((metric.heading, case.scores[metric.name]) for metric in METRICS)
    return " · ".join(f"{heading} {value:.2f}" for heading, value in values if value is not None)


def _items(heading: str, items: Iterable[str]) -> list[str]:
    lines = [f"<li>{escape(item)}</li>" for item in items]
    return [f"<p>{escape(heading)}:</p><ul>", *lines, "</ul>"] if lines else []
