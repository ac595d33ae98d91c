"""The state of a batch of files in, the tab for adding papers as markup out."""

from __future__ import annotations

from collections.abc import Sequence

from ...core.bounds import UPLOAD
from ...core.records import Ingested, Reject
from .asking import Failure
from .intake import MOST_FILES, Progress, Refusal, State
from .markup import Attributes, Html, foreign, joined, tag

SHOWN = 200
"""Rejects shown; the rest are counted."""
EXCERPT = 80
"""Characters shown of a rejected record."""
STAGES = {
    "waiting": ("Waiting until other people's files are in", ""),
    "opening": ("Opening the files", ""),
    "embedding": ("Reading", "passages"),
    "indexing": ("Indexing", "papers"),
}
"""The stages of `intake.Progress`, in words for a person, and what is counted in each."""


def drop() -> Html:
    """Where files are dropped or chosen, and what they should be like."""
    choose: Attributes = {
        "type": "file",
        "id": "files",
        "multiple": True,
        "data-most": MOST_FILES,
        "class": "sr-only",
        "aria-describedby": "limits",
    }
    label = tag(
        "label",
        {"class": "drop", "for": "files"},
        tag("strong", {}, "Drop listing files here"),
        tag("span", {}, "or choose them"),
    )
    limits = f"Text files of up to {UPLOAD // 2**20} MB each, {MOST_FILES} at a time."
    form = "Each paper takes two lines, its title and its abstract. What is here already is not added twice."
    return joined(
        [
            tag("h2", {}, "Add papers"),
            tag("input", choose),
            label,
            tag("p", {"class": "quiet", "id": "limits"}, f"{limits} {form}"),
            tag("p", {"class": "quiet", "id": "uploading", "role": "status"}),
        ]
    )


def shown(state: State, held: int) -> Html:
    """How far a batch is, or what came of it; the library holds `held` papers now."""
    if state.running and state.progress:
        return tag("section", {"class": "intake"}, _going_on(state.progress), _refused(state.refused))
    if not state.over:
        return joined([])
    told = _failed(state.failed) if state.failed else _summary(state, held)
    rejects = state.done.rejects if state.done else ()
    return tag("section", {"class": "intake", "data-over": True}, told, _refused(state.refused), _rejected(rejects))


def _going_on(progress: Progress) -> Html:
    word, things = STAGES.get(progress.stage, (progress.stage.capitalize(), ""))
    if not progress.total:
        return tag("p", {"class": "stage"}, f"{word} …")
    told = [f"{word} {progress.done:,} of {progress.total:,} {things}".rstrip()]
    told += [f"{progress.rate:.1f} a second", f"{_spell(progress.left)} left"] if progress.rate else []
    bar = tag("progress", {"max": progress.total, "value": progress.done, "aria-label": word})
    return joined([bar, tag("p", {"class": "going"}, " · ".join(told))])


def _spell(seconds: float) -> str:
    """How long, in words: `8 s`, `2 min 5 s`, `1 h 10 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def _failed(failure: Failure) -> Html:
    error = failure.error
    more = [tag("p", {"class": "quiet"}, f"The log tells more under the id {error}.")] if error else []
    return tag("div", {"class": "failed", "role": "status"}, tag("p", {}, failure.message), *more)


def _summary(state: State, held: int) -> Html:
    if not state.files:
        return tag("p", {"role": "status"}, "Nothing was added.")
    done = state.done or Ingested()
    counts = {"added": done.added, "updated": done.updated, "unchanged": done.unchanged, "rejected": len(done.rejects)}
    figures = (tag("div", {}, tag("dt", {}, name), tag("dd", {}, f"{count:,}")) for name, count in counts.items())
    are = "is" if held == 1 else "are"
    return joined(
        [
            tag("p", {"role": "status"}, f"Done. There {are} {_number(held, 'paper')} here now."),
            tag("dl", {"class": "counts"}, *figures),
        ]
    )


def _refused(refused: Sequence[Refusal]) -> Html:
    if not refused:
        return joined([])
    items = (tag("li", {}, foreign("strong", one.name), " ", tag("span", {}, one.reason)) for one in refused)
    return joined(
        [tag("h3", {}, f"Not taken: {_number(len(refused), 'file')}"), tag("ul", {"class": "refused"}, *items)]
    )


def _rejected(rejects: Sequence[Reject]) -> Html:
    """Each record that did not go in: its file and line, the reason, and how it begins."""
    if not rejects:
        return joined([])
    head = tag("tr", {}, *(tag("th", {"scope": "col"}, name) for name in ("File", "Line", "Why", "Begins with")))
    rows = (
        tag(
            "tr",
            {},
            foreign("td", reject.source),
            tag("td", {}, f"{reject.line:,}" if reject.line else "all"),
            tag("td", {}, reject.reason),
            foreign("td", _excerpt(reject.text)),
        )
        for reject in rejects[:SHOWN]
    )
    more = [tag("p", {"class": "quiet"}, f"And {len(rejects) - SHOWN:,} more.")] if len(rejects) > SHOWN else []
    table = tag("table", {}, tag("thead", {}, head), tag("tbody", {}, *rows))
    files = sum(not reject.line for reject in rejects)
    counts = {"file": files, "record": len(rejects) - files}
    heading = f"Rejected: {' and '.join(_number(n, what) for what, n in counts.items() if n)}. Everything else went in."
    wide: Attributes = {"class": "wide", "tabindex": 0, "role": "region", "aria-label": "Rejected"}
    return joined([tag("h3", {}, heading), tag("div", wide, table), *more])


def _excerpt(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= EXCERPT else f"{line[:EXCERPT]}…"


def _number(count: int, thing: str) -> str:
    return f"{count:,} {thing}{'' if count == 1 else 's'}"
