"""Labelled pairs in, the heads of the reader fitted, and how well citations are checked with and without it out.

    python -m eval.reader fit    --abstracts FILE [--public FOLDER]   # writes reader/heads.json and the model `read`
    python -m eval.reader report --abstracts FILE [--public FOLDER]   # the blind pairs

The pairs are in `eval/sets/pairs.jsonl` (fitted on) and `pairs-blind.jsonl` (reported, never fitted on); they refer to
abstracts by title. FILE holds these abstracts as JSON lines with `title` and `abstract`; those of the sample are added.
Without FILE only the pairs about the sample are used. `--public` is a folder with SciFact's `claims.jsonl` and
`corpus.jsonl`, on which half of the threshold rests.
"""

from __future__ import annotations

import argparse
import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.check.citations import Checker
from assistant.check.support import premise, read_features, signals
from assistant.core.records import Paper
from assistant.core.text import terms
from assistant.library.sample import sample_files
from assistant.library.sources import read as read_listing
from assistant.reader import PackagedReader

from . import stock
from .claims import auroc
from .fit import keep
from .jsonl import read_lines

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

TRUE = ("close", "far")
FOLDS = 10
HEAD_PENALTY, PENALTY = 0.1, 1.0
"""Inverse strengths of the two regressions' penalties; the first was the best of six in ten-fold validation."""
KEPT_CLOSE = 0.92
"""Share of the close true sentences that the threshold has to keep."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A sentence about a paper, and whether its abstract supports it."""

    claim: str
    paper: Paper
    supported: bool
    kind: str


class Rarity:
    """How rare each stem is among these papers, as the keyword index has it (BM25)."""

    def __init__(self, papers: Iterable[Paper]) -> None:
        self._size, self._counts = 0, Counter[str]()
        for paper in papers:
            self._size += 1
            self._counts.update(set(terms(f"{paper.title}. {paper.abstract}")))

    def __call__(self, stems: Iterable[str]) -> Mapping[str, float]:
        return {s: math.log(1 + (self._size - self._counts[s] + 0.5) / (self._counts[s] + 0.5)) for s in stems}


def papers_of(abstracts: Path | None) -> dict[str, Paper]:
    """The papers of the sample and of the file of abstracts, by title."""
    papers = {paper.title: paper for file in sample_files() for paper in read_listing(file).papers}
    if abstracts:
        with abstracts.open(encoding="utf-8") as lines:
            for row in map(json.loads, lines):
                papers.setdefault(row["title"], Paper(row["title"], row["abstract"]))
    return papers


def pairs_of(name: str, papers: Mapping[str, Paper]) -> list[Pair]:
    """The pairs of a set whose papers are at hand."""
    rows = []
    for record in read_lines(stock.set_file(name)):
        record.only(("id", "paper", "claim", "label", "kind", "spans"))
        if paper := papers.get(record.text("paper")):
            label = record.text("label")
            rows.append(Pair(record.text("claim"), paper, label == "supported", record.text("kind")))
    return rows


def beside(pairs: Sequence[Pair], papers: Sequence[Paper], rarity: Rarity) -> Iterator[Pair]:
    """Each true sentence once more, cited for the other paper whose words come nearest among a hundred: unsupported."""
    for number, pair in enumerate(pairs):
        if pair.supported:
            wanted = rarity(set(terms(pair.claim)))
            others = [papers[(number * 37 + step * 41) % len(papers)] for step in range(100)]
            nearest = max(
                (other for other in others if other.title != pair.paper.title),
                key=lambda other: sum(wanted[s] for s in wanted.keys() & set(terms(other.abstract))),
            )
            yield Pair(pair.claim, nearest, False, "other paper")


def scifact(folder: Path) -> list[Pair]:
    """SciFact's claims, each with its first document; what is refuted or not mentioned is unsupported."""
    docs = {
        str(r.get("_id", r.get("id"))): r for r in map(json.loads, (folder / "corpus.jsonl").open(encoding="utf-8"))
    }
    rows = []
    for claim in map(json.loads, (folder / "claims.jsonl").open(encoding="utf-8")):
        doc = docs[str(claim["doc_ids"][0])]
        supported = claim["label"] in ("supported", "support", "SUPPORT")
        rows.append(Pair(claim["claim"], Paper(doc["title"], doc["abstract"]), supported, claim["label"]))
    return rows


def vectors(reader: PackagedReader, pairs: Sequence[Pair], rarity: Rarity) -> NDArray[np.float32]:
    """The pooled vectors, (pairs, 384)."""
    import numpy as np

    return np.array([reader.read(premise(p.claim, p.paper.abstract, rarity), p.claim) for p in pairs])


def features(pairs: Sequence[Pair], log_odds: Sequence[float], rarity: Rarity) -> list[dict[str, float]]:
    """What the model `read` decides by, a row a pair."""
    return [
        read_features(signals(p.claim, p.paper, rarity), float(odds)) for p, odds in zip(pairs, log_odds, strict=True)
    ]


def fit(abstracts: Path | None, public: Path | None) -> None:
    """Fit the head and the model `read`, and write both.

    The model is fitted on log-odds of heads that have not seen the pair's paper, else it would trust the head too much.
    """
    import numpy as np
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GroupKFold

    papers = papers_of(abstracts)
    rarity = Rarity(papers.values())
    own = pairs_of("pairs", papers)
    pairs = [*own, *beside(own, list(papers.values()), rarity)]
    labels = np.array([p.supported for p in pairs])
    groups = [p.claim if p.kind == "other paper" else p.paper.title for p in pairs]
    reader = PackagedReader()
    read = vectors(reader, pairs, rarity)
    mean, scale = read.mean(axis=0), read.std(axis=0)

    def head(rows: NDArray[np.int64] | slice) -> LogisticRegression:
        model = LogisticRegression(C=HEAD_PENALTY, max_iter=5000)
        return model.fit((read[rows] - mean) / scale, labels[rows])

    odds = np.zeros(len(pairs))
    for seen, unseen in GroupKFold(FOLDS).split(read, labels, groups):
        odds[unseen] = head(seen).decision_function((read[unseen] - mean) / scale)
    rows = features(pairs, odds.tolist(), rarity)
    values = np.array([list(row.values()) for row in rows])
    spread = values.std(axis=0)
    spread[spread < 1e-5] = 1.0
    centre = values.mean(axis=0)
    second = LogisticRegression(C=PENALTY, max_iter=5000)
    scores = np.zeros(len(pairs))
    for seen, unseen in GroupKFold(FOLDS).split(values, labels, groups):
        second.fit((values[seen] - centre) / spread, labels[seen])
        scores[unseen] = second.predict_proba((values[unseen] - centre) / spread)[:, 1]
    second.fit((values - centre) / spread, labels)
    threshold = chosen_threshold(pairs, scores)
    print_rates("ten-fold, on the fitting pairs", pairs, scores, threshold)
    whole = head(slice(None))
    slopes = whole.coef_[0] / scale
    write_head({"weights": slopes.round(6).tolist(), "bias": float(whole.intercept_[0] - (slopes * mean).sum())})
    keep(
        "the fitting half of each set of questions and claims, and `pairs`",
        read={
            "features": list(rows[0]),
            "mean": centre.round(5).tolist(),
            "scale": spread.round(5).tolist(),
            "weights": second.coef_[0].round(5).tolist(),
            "bias": round(float(second.intercept_[0]), 5),
            "threshold": round(threshold, 4),
            "examples": len(pairs),
            "questions": len(own),
        },
    )
    if public:
        report_on("scifact", scifact(public), rarity)


def chosen_threshold(pairs: Sequence[Pair], scores: NDArray[np.float64]) -> float:
    """The threshold of the best balanced accuracy among those that keep `KEPT_CLOSE` of the close true sentences."""
    import numpy as np

    true, close = (np.sort(scores[[p.supported and k in (p.kind, "") for p in pairs]]) for k in ("", "close"))
    false = np.sort(scores[[not p.supported for p in pairs]])
    ceiling = close[int((1 - KEPT_CLOSE) * len(close))]
    thresholds = scores[scores <= ceiling]
    kept = 1 - np.searchsorted(true, thresholds) / len(true)
    flagged = np.searchsorted(false, thresholds) / len(false)
    return float(thresholds[np.argmax(kept + flagged)])


def write_head(head: Mapping[str, Any]) -> None:
    """Keep the head on the reader's vectors."""
    path = Path(str(resources.files("assistant.reader") / "heads.json"))
    path.write_text(json.dumps({"supports": head}) + "\n")


def report_on(name: str, pairs: Sequence[Pair], rarity: Rarity) -> None:
    """Print how the product judges these pairs, with the reader and without."""
    for title, checker in (
        ("without the reader", Checker(rarity)),
        ("with the reader", Checker(rarity, reader=PackagedReader())),
    ):
        checks = [checker.check(pair.claim, pair.paper) for pair in pairs]
        print_rates(f"{name}, {title}", pairs, [c.score for c in checks], None, [c.supported for c in checks])


def print_rates(
    title: str,
    pairs: Sequence[Pair],
    scores: Sequence[float],
    threshold: float | None,
    kept: Sequence[bool] | None = None,
) -> None:
    """One line: AUROC, balanced accuracy, and the share judged rightly of each kind."""
    passed = kept if kept is not None else [score >= (threshold or 0) for score in scores]
    true = [float(s) for s, p in zip(scores, pairs, strict=True) if p.supported]
    false = [float(s) for s, p in zip(scores, pairs, strict=True) if not p.supported]
    right = [bool(k) == p.supported for k, p in zip(passed, pairs, strict=True)]
    shares = [sum(r for r, p in zip(right, pairs, strict=True) if p.supported == side) for side in (True, False)]
    balanced = (shares[0] / max(1, len(true)) + shares[1] / max(1, len(false))) / 2
    print(f"{title}: {len(pairs)} pairs, AUROC {auroc(true, false):.3f}, balanced accuracy {balanced:.3f}")
    for kind in dict.fromkeys(p.kind for p in pairs):
        of_kind = [r for r, p in zip(right, pairs, strict=True) if p.kind == kind]
        print(f"  {kind:12} {sum(of_kind) / len(of_kind):.2f} of {len(of_kind)}")


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("fit", "report"))
    parser.add_argument("--abstracts", type=Path)
    parser.add_argument("--public", type=Path)
    options = parser.parse_args()
    if options.abstracts is None:
        print("Without --abstracts only the pairs about the sample are used.")
    if options.what == "fit":
        fit(options.abstracts, options.public)
        return
    papers = papers_of(options.abstracts)
    report_on("blind pairs", pairs_of("pairs-blind", papers), Rarity(papers.values()))
    if options.public:
        rows = scifact(options.public)
        report_on("scifact", rows, Rarity(p.paper for p in rows))


if __name__ == "__main__":
    main()
