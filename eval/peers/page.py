"""The figures as tables, losses first, and written into a page between its two markers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..stock import EvaluationError
from ..tables import Table, to_markdown
from .measure import Taken
from .peer import KINDS, OURS
from .score import CutOff, Quality

BEGIN = "<!-- Figures on the {}: make peers -->"
END = "<!-- End of figures -->"
COSTS = {
    "cold": "cold question",
    "warm": "warm question",
    "ingest": "ingest",
    "again": "ingest again",
    "memory": "memory",
    "disk": "disk",
}
"""Field of `Taken` -> heading."""
UNITS = {"warm": (1000, "ms"), "memory": (1e-6, "MB"), "disk": (1e-6, "MB")}
"""Field -> factor and unit; the others are seconds."""


@dataclass(frozen=True, slots=True)
class Rated:
    """A peer with all its figures. `fitted`: with its best cut-off; None for ours, which has no such knob."""

    taken: Taken
    default: Quality
    cut_off: CutOff | None = None
    fitted: Quality | None = None

    @property
    def best(self) -> Quality:
        return self.fitted or self.default


def page(rated: Mapping[str, Rated], failed: Mapping[str, str], about: str) -> str:
    """Everything between the markers. about: what was measured, and where."""
    parts = [about, "", "**Where we lose.**", "", *(f"- {line}" for line in losses(rated))]
    parts += ["", *(f"Not measured: {reason}\n" for reason in failed.values())]
    tables = (to_markdown(table).replace("## ", "### ", 1) for table in (costs(rated), qualities(rated)))
    return "\n".join([*parts, *tables])


def losses(rated: Mapping[str, Rated]) -> list[str]:
    """A line for each measure in which any peer is better than ours, worst first within it."""
    ours = rated[OURS]
    others = {name: one for name, one in rated.items() if name != OURS}
    lines = []
    for field, heading in COSTS.items():
        ratios = {name: _ratio(one, ours, field) for name, one in others.items()}
        lines.append(_line(heading, {name: ratio for name, ratio in ratios.items() if ratio < 1}, "{:.2f} of ours"))
    for heading, sign, values in (
        ("citation F1", 1, {name: one.best.f1 for name, one in rated.items()}),
        ("unanswerable declined", 1, {name: one.best.declined for name, one in rated.items()}),
        ("answerable declined", -1, {name: _fewest(one) for name, one in rated.items()}),
    ):
        better = {name: value for name, value in values.items() if sign * value > sign * values[OURS]}
        ordered = dict(sorted(better.items(), key=lambda item: -sign * item[1]))
        lines.append(_line(heading, ordered, "{:.2f}, ours " + f"{values[OURS]:.2f}", ordered=True))
    return [line for line in lines if line] or ["In nothing that is measured here."]


def costs(rated: Mapping[str, Rated]) -> Table:
    """What each takes: ours in units, the others as ratios to it."""
    ours = rated[OURS]
    rows = []
    for name, one in rated.items():
        values = [_amount(one, field) if name == OURS else f"{_ratio(one, ours, field):.2f}" for field in COSTS]
        rows.append((KINDS[name].name, one.taken.versions, *values))
    note = (
        "Ours in seconds, milliseconds and megabytes; the others as ratios to ours, where less than 1 is better. "
        "Cold and both ingests are whole new processes, with their imports; the fastest of several counts. Warm is the "
        "median of the questions after the first; memory is the most that the process answering them had."
    )
    return Table("What it takes", ("", "versions", *COSTS.values()), tuple(rows), note)


def qualities(rated: Mapping[str, Rated]) -> Table:
    """How good the sources are: as each comes, and with the best number of sources and cut-off."""
    columns = (
        "", "cites by default", "F1", "unanswerable declined", "best cut-off", "F1, cut off",
        "unanswerable declined, cut off", "answerable declined, cut off",
    )  # fmt: skip
    rows = []
    for name, one in rated.items():
        cut = _cut(one.cut_off) if one.cut_off else "its own"
        first = (f"{one.default.f1:.2f}", f"{one.default.declined:.2f}")
        last = (f"{value:.2f}" for value in (one.best.f1, one.best.declined, one.best.wrongly_declined))
        rows.append((KINDS[name].name, KINDS[name].stated, *first, cut, *last))
    return Table("What it cites", columns, tuple(rows))


def put(file: Path, corpus: str, text: str) -> None:
    """Replace what is between the markers of this corpus; EvaluationError without them, or if it cannot be written."""
    begin = BEGIN.format(corpus)
    try:
        old = file.read_text(encoding="utf-8")
        before, _, rest = old.partition(begin)
        _, end, after = rest.partition(END)
        if not end:
            raise EvaluationError(f"{str(file)!r} has no place for the figures: it needs the lines {begin} and {END}.")
        file.write_text(f"{before}{begin}\n\n{text.strip()}\n\n{END}{after}", encoding="utf-8")
    except OSError as error:
        raise EvaluationError(f"{str(file)!r} cannot be written: {error.strerror or error}.") from error


def _cut(one: CutOff) -> str:
    return f"{one.sources} source{'s' * (one.sources != 1)}, cosine from {one.cosine:.2f}"


def _line(heading: str, better: Mapping[str, float], form: str, *, ordered: bool = False) -> str:
    names: Sequence[str] = list(better) if ordered else sorted(better, key=lambda name: better[name])
    listed = "; ".join(f"{KINDS[name].name} ({form.format(better[name])})" for name in names)
    return f"{heading[0].upper()}{heading[1:]}: {listed}." if listed else ""


def _fewest(one: Rated) -> float:
    return min(one.default.wrongly_declined, one.best.wrongly_declined)


def _ratio(one: Rated, ours: Rated, field: str) -> float:
    return float(getattr(one.taken, field)) / float(getattr(ours.taken, field))


def _amount(one: Rated, field: str) -> str:
    factor, unit = UNITS.get(field, (1, "s"))
    return f"{getattr(one.taken, field) * factor:.3g} {unit}"
