"""Outcomes of faults in, the table by kind, its JSON and the page docs/faults.md out."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from ..tables import Table, to_markdown

PAGE = Path(__file__).parents[2] / "docs/faults.md"
BEGIN, END = "<!-- written by: python -m eval.faults --write -->", "<!-- until here -->"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one fault.

    `harm`: what was wrong when the home was opened again, in words; "" if nothing. `kept`: nothing acknowledged was
    lost. `right`: the known questions got their papers in the end. `named`: doctor, or the error of what was asked,
    said what is wrong; of a harmless fault, that it said nothing. `mended`: by what, "" if by nothing. `clean`: nothing
    was left behind, and papers could be added. `problems`: what was not as it must be, in words.
    """

    kind: str
    number: int
    what: str
    seconds: float
    harm: str = ""
    kept: bool = True
    right: bool = True
    named: bool = True
    mended: str = ""
    clean: bool = True
    problems: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether all four things are so."""
        return self.kept and self.right and self.named and self.clean and not self.problems


def table(outcomes: Sequence[Outcome]) -> Table:
    """The counts by kind, and of all."""
    kinds = list(dict.fromkeys(one.kind for one in outcomes))
    lines = [_line(kind, [one for one in outcomes if one.kind == kind]) for kind in kinds]
    note = (
        "Harm: something was wrong when the home was opened again; the columns after it count these alone. "
        "Seconds: the median of a fault, with everything that is checked after it. "
        f"Measured on {os.cpu_count()} cores."
    )
    columns = (
        *("fault", "tried", "nothing lost", "right answers after", "nothing left behind", "no problem"),
        *("harm", "named", "mended by itself", "by doctor", "from a copy", "seconds"),
    )
    return Table(f"{len(outcomes)} faults", columns, (*lines, _line("all", outcomes)), note)


def _line(name: str, some: Sequence[Outcome]) -> tuple[str, ...]:
    harmed = [one for one in some if one.harm]
    counts = [
        *(len(some), sum(one.kept for one in some), sum(one.right for one in some), sum(one.clean for one in some)),
        *(sum(one.passed for one in some), len(harmed), sum(one.named for one in harmed)),
        *(sum(one.mended == by for one in harmed) for by in ("by itself", "by doctor", "from a copy")),
    ]
    return (name, *map(str, counts), f"{median(one.seconds for one in some):.1f}")


def failures(outcomes: Sequence[Outcome]) -> str:
    """The faults that did not pass, one a line; "" if all did."""
    return "".join(
        f"- {one.kind} {one.number}, {one.what}: {'; '.join(one.problems) or 'not as it must be'}\n"
        for one in outcomes
        if not one.passed
    )


def as_json(outcomes: Sequence[Outcome], *, seed: int) -> str:
    """All outcomes, with the seed that makes them again."""
    faults = [{**asdict(one), "passed": one.passed} for one in outcomes]
    return json.dumps({"seed": seed, "faults": faults}, indent=1, ensure_ascii=False) + "\n"


def write_page(outcomes: Sequence[Outcome], *, command: str) -> None:
    """Put the table in its place in docs/faults.md."""
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    bad = failures(outcomes)
    passed = sum(one.passed for one in outcomes)
    body = f"`{command}`: {passed} of {len(outcomes)} faults passed all checks.\n\n{to_markdown(table(outcomes))}"
    body += f"\nThose that did not:\n\n{bad}" if bad else ""
    PAGE.write_text(f"{before}{BEGIN}\n\n{body.rstrip()}\n\n{END}{after}", encoding="utf-8")
