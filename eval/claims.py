"""How well a checker distinguishes true claims from false ones.

A claim is one sentence about one paper, known to be true or false according to its abstract. The checker gives each a
verdict and a score. The verdicts are measured by rates, the scores by AUROC and a curve.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from assistant.core.records import Check, fold

from . import tables
from .jsonl import Record, read_lines
from .questions import Half
from .statistics import Interval, interval
from .tables import Table

TRUE_KINDS = ("close", "free")
FALSE_KINDS = ("number", "entity", "negation", "swap", "overclaim", "half-truth", "wrong-paper")
ALL_TRUE, ALL_FALSE = "all true", "all false"


@dataclass(frozen=True, slots=True)
class LabelledClaim:
    """A sentence, the paper it is checked against, and whether the paper supports it.

    `about` is the paper it was written from, a different one for the kind wrong-paper.
    """

    id: str
    claim: str
    paper: str
    true: bool
    kind: str
    about: str


@dataclass(frozen=True, slots=True)
class Judged:
    """A claim and the checker's verdict. It is right if a true claim was kept, or a false one flagged."""

    claim: LabelledClaim
    kept: bool
    score: float
    reasons: tuple[str, ...]

    @property
    def right(self) -> bool:
        return self.kept == self.claim.true


@dataclass(frozen=True, slots=True)
class KindRow:
    """One kind of claim: the share kept if true, flagged if false.

    auroc: the chance that a true claim of any kind scores above one of these; None for true kinds, and without true
    claims.
    """

    kind: str
    true: bool
    right: Interval
    auroc: float | None


@dataclass(frozen=True, slots=True)
class Trade:
    """The shares of true claims kept and false ones flagged, if only scores of at least `threshold` were kept."""

    threshold: float
    kept: float
    flagged: float


@dataclass(frozen=True, slots=True)
class ClaimsReport:
    """Every verdict, the rates by kind (each side's total first), and the curve, lowest threshold first."""

    judged: tuple[Judged, ...]
    rows: tuple[KindRow, ...]
    curve: tuple[Trade, ...]


def read(path: str | Path) -> tuple[LabelledClaim, ...]:
    """The claims of a file in order; FormatError says which line and field is wrong."""
    claims: list[LabelledClaim] = []
    lines: dict[str, int] = {}
    for record in read_lines(path):
        claim = _claim(record)
        if claim.id in lines:
            raise record.error("id", f"{claim.id!r} is already the id of line {lines[claim.id]}")
        lines[claim.id] = record.line
        claims.append(claim)
    return tuple(claims)


def half(claim: LabelledClaim) -> Half:
    """The half of a claim, which is that of the paper it was written from."""
    return half_of(claim.about)


def half_of(title: str) -> Half:
    """The half of everything written from a paper: the parity of the SHA-256 of its folded title."""
    return "report" if int(hashlib.sha256(fold(title).encode()).hexdigest(), 16) % 2 else "fit"


def evaluate(claims: Iterable[LabelledClaim], check: Callable[[str, str], Check]) -> ClaimsReport:
    """Check every claim with `check(sentence, title)`.

    Errors of the checker are not caught: an unknown title means that the claims are about another library.
    """
    judged = []
    for claim in claims:
        verdict = check(claim.claim, claim.paper)
        judged.append(Judged(claim, verdict.supported, verdict.score, verdict.reasons))
    return ClaimsReport(tuple(judged), _rows(judged), curve(judged))


def auroc(true: Sequence[float], false: Sequence[float]) -> float | None:
    """The chance that a true claim scores above a false one, ties counting half; None when a side is empty."""
    import numpy as np

    if not true or not false:
        return None
    ranked = np.sort(np.asarray(true, dtype=np.float64))
    scores = np.asarray(false, dtype=np.float64)
    not_above = np.searchsorted(ranked, scores, side="right")
    below = np.searchsorted(ranked, scores, side="left")
    wins = (len(ranked) - not_above) + 0.5 * (not_above - below)
    return float(wins.sum() / (len(ranked) * len(scores)))


def curve(judged: Sequence[Judged]) -> tuple[Trade, ...]:
    """Kept against flagged at every score; empty unless there are both true and false claims."""
    true, false = _scores(judged, true=True), _scores(judged, true=False)
    if not true or not false:
        return ()
    return tuple(
        Trade(
            threshold,
            sum(score >= threshold for score in true) / len(true),
            sum(score < threshold for score in false) / len(false),
        )
        for threshold in sorted({*true, *false})
    )


def markdown(report: ClaimsReport, *, points: int = 20) -> str:
    """The rates, about `points` points of the curve, and every claim judged wrongly, as Markdown."""
    step = max(1, len(report.curve) // points)
    trades = tuple((f"{t.threshold:.3f}", f"{t.kept:.3f}", f"{t.flagged:.3f}") for t in report.curve[::step])
    wrong = tuple(
        (j.claim.id, j.claim.kind, "kept" if j.kept else "flagged", f"{j.score:.3f}", j.claim.claim, j.claim.paper,
         "; ".join(j.reasons))
        for j in report.judged
        if not j.right
    )  # fmt: skip
    return "# Claims\n\n" + "\n".join(
        tables.to_markdown(table)
        for table in (
            rates(report),
            Table("As the threshold moves", ("threshold", "true kept", "false flagged"), trades),
            Table(
                f"Judged wrongly: {len(wrong)} of {len(report.judged)}",
                ("id", "kind", "verdict", "score", "claim", "paper", "reasons"),
                wrong,
            ),
        )
    )


def rates(report: ClaimsReport) -> Table:
    """The rates by kind as a table of text; `tables.to_rich` prints it."""
    lines = []
    for row in report.rows:
        right = row.right
        area = tables.NOTHING if row.auroc is None else f"{row.auroc:.3f}"
        span = f"{right.low:.3f} to {right.high:.3f}"
        lines.append((row.kind, "kept" if row.true else "flagged", f"{right.mean:.3f}", span, str(right.count), area))
    columns = ("kind", "share", "mean", "95 % interval", "n", "AUROC against the true")
    return Table(f"{len(report.judged)} claims", columns, tuple(lines))


def to_text(report: ClaimsReport) -> str:
    """The report as JSON text; the keys are documented in eval/README.md."""
    values = {
        "rows": [asdict(row) for row in report.rows],
        "curve": [asdict(trade) for trade in report.curve],
        "claims": [asdict(judged) for judged in report.judged],
    }
    return json.dumps(values, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def _claim(record: Record) -> LabelledClaim:
    record.only(("id", "claim", "paper", "label", "kind", "about"))
    label, kind, paper = record.text("label"), record.text("kind"), record.text("paper")
    if label not in ("true", "false"):
        raise record.error("label", f"must be 'true' or 'false', is {label!r}")
    kinds = TRUE_KINDS if label == "true" else FALSE_KINDS
    if kind not in kinds:
        raise record.error("kind", f"of a {label} claim must be one of {', '.join(kinds)}, is {kind!r}")
    about = record.optional("about") or paper
    return LabelledClaim(record.text("id"), record.text("claim"), paper, label == "true", kind, about)


def _rows(judged: Sequence[Judged]) -> tuple[KindRow, ...]:
    true = _scores(judged, true=True)
    rows = []
    for total, kinds, is_true in ((ALL_TRUE, TRUE_KINDS, True), (ALL_FALSE, FALSE_KINDS, False)):
        for kind, members in ((total, kinds), *((kind, (kind,)) for kind in kinds)):
            group = [j for j in judged if j.claim.true == is_true and j.claim.kind in members]
            right = interval([float(j.right) for j in group])
            if right is not None:
                area = None if is_true else auroc(true, [j.score for j in group])
                rows.append(KindRow(kind, is_true, right, area))
    return tuple(rows)


def _scores(judged: Sequence[Judged], *, true: bool) -> list[float]:
    return [j.score for j in judged if j.claim.true == true]
