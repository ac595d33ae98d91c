"""Labelled pairs in, the heads of the reader fitted, and how well citations are checked with and without it out.

    python -m eval.reader fit    --abstracts FILE [--public FOLDER]   # writes reader/heads.json and the model `read`
    python -m eval.reader report --abstracts FILE                     # the blind pairs

The pairs are in `eval/sets/pairs.jsonl` (fitted on) and `pairs-blind.jsonl` (reported, never fitted on); they refer to
abstracts by title. FILE holds these abstracts as JSON lines with `title` and `abstract`; those of the sample are added.
Without FILE only the pairs about the sample are used. `--public` is a folder with SciFact's `claims.jsonl` and
`corpus.jsonl`: fitting uses it too, so that the head does not learn the habits of our own writers.
"""

from __future__ import annotations

import argparse
import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.check.checker import Checker
from assistant.check.support import premise, read_features, signals
from assistant.core.records import Paper
from assistant.core.text import terms
from assistant.library.sample import sample_files
from assistant.library.sources import read as read_listing
from assistant.reader import PackagedReader

from . import stock
from .claims import auroc
from .jsonl import read_lines
from .keeping import keep, write_heads

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

TRUE = ("close", "far")
FOLDS = 10
HEAD_PENALTY, PENALTY = 0.003, 1.0
"""Inverse strengths of the two regressions' penalties. A looser first one learns our writers' habits: it gains on pairs
by the same hands and loses on SciFact and on the claims about the listings, on whose fitting half both were chosen."""
WEIGHTS = {"other paper": 0.5, "scifact": 0.5}
"""What a pair of these kinds weighs beside one of ours."""
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
        paper = Paper(doc["title"], doc["abstract"])
        rows.append(Pair(claim["claim"], paper, claim["label"] == "supported", "scifact"))
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
    sets = [([*own, *beside(own, list(papers.values()), rarity)], rarity)]
    if public:
        rows = scifact(public)
        sets.append((rows, Rarity({pair.paper.title: pair.paper for pair in rows}.values())))
    pairs = [pair for some, _ in sets for pair in some]
    labels = np.array([pair.supported for pair in pairs])
    papers_written_from = {pair.claim: pair.paper.title for pair in reversed(pairs)}
    groups = [papers_written_from[pair.claim] for pair in pairs]
    weights = np.array([WEIGHTS.get(pair.kind, 1.0) for pair in pairs])
    reader = PackagedReader()
    read = np.vstack([vectors(reader, some, rare) for some, rare in sets])

    def unseen(values: NDArray[np.float64], penalty: float) -> NDArray[np.float64]:
        """The log-odds of each row by a model that has not seen its paper."""
        odds = np.zeros(len(values))
        for seen, rest in GroupKFold(FOLDS).split(values, labels, groups):
            model = LogisticRegression(C=penalty, max_iter=5000)
            odds[rest] = model.fit(values[seen], labels[seen], sample_weight=weights[seen]).decision_function(
                values[rest]
            )
        return odds

    mean, scale = read.mean(axis=0), read.std(axis=0)
    odds = unseen((read - mean) / scale, HEAD_PENALTY).tolist()
    columns = [row for some, rare in sets for row in features(some, [odds.pop(0) for _ in some], rare)]
    values = np.array([list(row.values()) for row in columns])
    centre, spread = values.mean(axis=0), values.std(axis=0)
    spread[spread < 1e-5] = 1.0
    scores = 1 / (1 + np.exp(-unseen((values - centre) / spread, PENALTY)))
    threshold = chosen_threshold(pairs, scores)
    print_rates("ten-fold, on the fitting pairs", pairs, scores.tolist(), [s >= threshold for s in scores])
    head = LogisticRegression(C=HEAD_PENALTY, max_iter=5000).fit((read - mean) / scale, labels, sample_weight=weights)
    slopes = head.coef_[0] / scale
    bias = float(head.intercept_[0] - (slopes * mean).sum())
    write_heads({"supports": {"weights": slopes.round(6).tolist(), "bias": bias}})
    last = LogisticRegression(C=PENALTY, max_iter=5000).fit((values - centre) / spread, labels, sample_weight=weights)
    keep(
        "the fitting half of each set of questions and claims; the reader on `pairs` and SciFact",
        read={
            "features": list(columns[0]),
            "mean": centre.round(5).tolist(),
            "scale": spread.round(5).tolist(),
            "weights": last.coef_[0].round(5).tolist(),
            "bias": round(float(last.intercept_[0]), 5),
            "threshold": round(threshold, 4),
            "examples": len(pairs),
            "questions": len(own),
        },
    )


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


def report_on(name: str, pairs: Sequence[Pair], rarity: Rarity) -> None:
    """Print how the product judges these pairs, with the reader and by words alone."""
    for title, checker in (
        ("words alone", Checker(rarity)),
        ("with the reader", Checker(rarity, reader=PackagedReader())),
    ):
        checks = [checker.check(pair.claim, pair.paper) for pair in pairs]
        print_rates(f"{name}, {title}", pairs, [c.score for c in checks], [c.supported for c in checks])


def print_rates(title: str, pairs: Sequence[Pair], scores: Sequence[float], kept: Sequence[bool]) -> None:
    """AUROC, balanced accuracy, and the share judged rightly of each kind."""
    true = [float(s) for s, p in zip(scores, pairs, strict=True) if p.supported]
    false = [float(s) for s, p in zip(scores, pairs, strict=True) if not p.supported]
    right = [bool(k) == p.supported for k, p in zip(kept, pairs, strict=True)]
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


if __name__ == "__main__":
    main()
