"""Labelled pairs in, the head of the reader and the model `read` fitted, and how well citations are checked out.

    python -m eval.reader fit    --abstracts FILE --public FOLDER --listings FOLDER   # heads.json, the model `read`
    python -m eval.reader report --abstracts FILE                                     # the blind pairs

Fitted on are `eval/sets/pairs.jsonl`, all `drafts`, the fitting half of `drafts-blind`, with --listings that of
`claims-listings`, and with --public SciFact (`claims.jsonl` and `corpus.jsonl`), so that the head does not learn the
habits of our own writers. `pairs-blind.jsonl` is reported and never fitted on. FILE holds the abstracts of the pairs as
JSON lines with `title` and `abstract`; without it only the pairs about the sample are used.
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

from assistant.check.checker import Checker, literal_faults, remains
from assistant.check.quotes import find_span
from assistant.check.reading import Premise, features, premises, read
from assistant.check.support import Signals, signals
from assistant.core.records import Paper
from assistant.core.text import terms
from assistant.library.sample import sample_files
from assistant.library.sources import read as read_listing
from assistant.reader import PackagedReader, Reader

from . import claims, drafts, stock
from .claims import auroc
from .jsonl import read_lines
from .keeping import keep, write_heads
from .summary import binned, calibration_error

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from sklearn.linear_model import LogisticRegression

FOLDS = 10
HEAD_PENALTY, PENALTY = 0.01, 1.0
"""Inverse strengths of the two regressions' penalties. Of .001, .003, .01 and .03 the third is best for the mean over
four sets, each judged by a head that has not seen that set; all are within .01 AUROC."""
PAIRS, OTHER_PAPER, CLAIMS, SCIFACT, DRAFTS, PROSE = "pairs", "other paper", "claims", "SciFact", "drafts", "prose"
"""Where a pair comes from."""
WEIGHTS = {OTHER_PAPER: 0.5, SCIFACT: 0.5, DRAFTS: 0.5, PROSE: 0.5}
"""What a pair from there weighs beside others; each draft comes twice."""
KEPT = 0.88
"""Share of the true drafts that the threshold has to keep. From .86 to .95 this is the best for the balanced accuracy
on pairs and claims, and nine in ten sentences that are cited to another paper are noticed."""
FEATURES = ("entailed", "coverage")


@dataclass(frozen=True, slots=True)
class Pair:
    """A sentence about a paper, and whether its abstract supports it."""

    claim: str
    paper: Paper
    supported: bool
    kind: str
    source: str = PAIRS
    span: str = ""
    """The words that the sentence is based on, if it names any."""


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
            yield Pair(pair.claim, nearest, False, pair.kind, OTHER_PAPER)


def scifact(folder: Path) -> list[Pair]:
    """SciFact's claims, each with its first document; what is refuted or not mentioned is unsupported."""
    docs = {
        str(r.get("_id", r.get("id"))): r for r in map(json.loads, (folder / "corpus.jsonl").open(encoding="utf-8"))
    }
    rows = []
    for claim in map(json.loads, (folder / "claims.jsonl").open(encoding="utf-8")):
        doc = docs[str(claim["doc_ids"][0])]
        paper = Paper(doc["title"], doc["abstract"])
        rows.append(Pair(claim["claim"], paper, claim["label"] == "supported", claim["label"], SCIFACT))
    return rows


def written(papers: Mapping[str, Paper]) -> list[Pair]:
    """The drafts that may be fitted on: each with the words that it is based on, and once more without them."""
    rows = []
    for name, half in (("drafts", "all"), ("drafts-blind", "fit")):
        for draft in drafts.part(drafts.read(stock.set_file(name)), half):
            true, paper = draft.kind in drafts.TRUE, papers[draft.paper]
            rows.append(Pair(draft.text, paper, true, draft.kind, DRAFTS, draft.quote))
            rows.append(Pair(draft.text, paper, true, draft.kind, PROSE))
    return rows


def listed(folder: Path) -> tuple[list[Pair], Rarity]:
    """The fitting half of the claims about the real listings in a folder."""
    papers = {paper.title: paper for file in stock.real(folder) for paper in read_listing(file).papers}
    rows = claims.read(stock.set_file("claims-listings"))
    fitting = [row for row in rows if claims.half(row) == "fit"]
    pairs = [Pair(row.claim, papers[row.paper], row.true, row.kind, CLAIMS) for row in fitting]
    return pairs, Rarity(papers.values())


@dataclass(frozen=True, slots=True)
class ReadPair:
    """A pair as the checker sees it: its signals, and the passages to read with their vectors (passages, 384)."""

    pair: Pair
    signs: Signals
    passages: Sequence[Premise]
    vectors: NDArray[np.float32]


def rows_of(pairs: Sequence[Pair], rarity: Rarity, reader: Reader) -> list[ReadPair]:
    """The pairs, read."""
    import numpy as np

    rows = []
    for pair in pairs:
        based_on = find_span(pair.span, pair.paper.abstract) if pair.span else None
        signs = signals(pair.claim, pair.paper, rarity, based_on)
        passages = premises(pair.claim, pair.paper.abstract, rarity, based_on)
        rows.append(ReadPair(pair, signs, passages, np.array([reader.read(one.text, pair.claim) for one in passages])))
    return rows


def fitting_rows(abstracts: Path | None, public: Path | None, listings: Path | None) -> tuple[list[ReadPair], int]:
    """All that may be fitted on and is at hand, and how many of them we wrote."""
    papers = papers_of(abstracts)
    rarity = Rarity(papers.values())
    own = pairs_of("pairs", papers)
    sets = [([*own, *beside(own, list(papers.values()), rarity), *written(papers)], rarity)]
    if listings:
        sets.append(listed(listings))
    ours = sum(pair.source != OTHER_PAPER for pairs, _ in sets for pair in pairs)
    if public:
        pairs = scifact(public)
        sets.append((pairs, Rarity({pair.paper.title: pair.paper for pair in pairs}.values())))
    reader = PackagedReader()
    return [row for pairs, rare in sets for row in rows_of(pairs, rare, reader)], ours


class Folds:
    """Fits logistic regressions on rows whose papers they have not seen, and on all."""

    def __init__(self, rows: Sequence[ReadPair]) -> None:
        import numpy as np

        written_from = {row.pair.claim: row.pair.paper.title for row in reversed(rows)}
        self.groups = [written_from[row.pair.claim] for row in rows]
        self.labels = np.array([row.pair.supported for row in rows])
        self.weights = np.array([WEIGHTS.get(row.pair.source, 1.0) for row in rows])

    def unseen(
        self, values: NDArray[np.float64], used: NDArray[np.bool_], penalty: float
    ) -> Iterator[tuple[NDArray[np.int64], LogisticRegression]]:
        """For each fold its rows, and a model fitted on those `used` rows of the others."""
        from sklearn.model_selection import GroupKFold

        for seen, rest in GroupKFold(FOLDS).split(values, self.labels, self.groups):
            yield rest, self.fitted(values, seen[used[seen]], penalty)

    def fitted(self, values: NDArray[np.float64], rows: NDArray[np.int64], penalty: float) -> LogisticRegression:
        from sklearn.linear_model import LogisticRegression

        model = LogisticRegression(C=penalty, max_iter=5000)
        return model.fit(values[rows], self.labels[rows], sample_weight=self.weights[rows])


def fit(abstracts: Path | None, public: Path | None, listings: Path | None) -> None:
    """Fit the head and the model `read`, and write both.

    The head is fitted on the first passage of each pair, the model on log-odds of heads that have not seen the pair's
    paper, else it would trust the head too much, and on pairs without literal faults, which are counted apart.
    """
    import numpy as np

    rows, ours = fitting_rows(abstracts, public, listings)
    folds = Folds(rows)
    every = np.arange(len(rows))
    first = np.array([row.vectors[0] for row in rows])
    mean, scale = first.mean(axis=0), first.std(axis=0)
    values = np.zeros((len(rows), len(FEATURES)))
    for rest, head in folds.unseen((first - mean) / scale, every >= 0, HEAD_PENALTY):
        for number in rest:
            row = rows[number]
            odds = head.decision_function((row.vectors - mean) / scale).tolist()
            by_text = dict(zip((one.text for one in row.passages), odds, strict=True))
            values[number] = list(features(row.signs, read(row.passages, by_text.__getitem__)).values())
    remaining = np.array([remains(literal_faults(row.signs)) for row in rows])
    centre, spread = values.mean(axis=0), values.std(axis=0)
    scores = np.zeros(len(rows))
    for rest, model in folds.unseen((values - centre) / spread, remaining == 1, PENALTY):
        scores[rest] = model.predict_proba((values[rest] - centre) / spread)[:, 1] * remaining[rest]
    pairs = [row.pair for row in rows]
    threshold = chosen_threshold(pairs, scores)
    print_rates("ten-fold, on the fitting pairs", pairs, scores.tolist(), (scores >= threshold).tolist())
    head = folds.fitted((first - mean) / scale, every, HEAD_PENALTY)
    slopes = head.coef_[0] / scale
    bias = float(head.intercept_[0] - (slopes * mean).sum())
    write_heads({"supports": {"weights": slopes.round(6).tolist(), "bias": bias}})
    last = folds.fitted((values - centre) / spread, every[remaining == 1], PENALTY)
    keep(
        "the fitting half of each set of questions and claims; the reader on all that `eval/reader.py` names",
        read={
            "features": list(FEATURES),
            "mean": centre.round(5).tolist(),
            "scale": spread.round(5).tolist(),
            "weights": last.coef_[0].round(5).tolist(),
            "bias": round(float(last.intercept_[0]), 5),
            "threshold": round(threshold, 4),
            "examples": len(pairs),
            "questions": ours,
        },
    )


def chosen_threshold(pairs: Sequence[Pair], scores: NDArray[np.float64]) -> float:
    """The threshold that keeps `KEPT` of the true drafts."""
    rows = zip(pairs, scores.tolist(), strict=True)
    true = sorted(score for pair, score in rows if pair.source in (DRAFTS, PROSE) and pair.supported)
    return float(true[int((1 - KEPT) * len(true))])


def report_on(name: str, pairs: Sequence[Pair], rarity: Rarity) -> None:
    """Print how the product judges these pairs, with the reader and by words alone."""
    for title, checker in (
        ("words alone", Checker(rarity)),
        ("with the reader", Checker(rarity, reader=PackagedReader())),
    ):
        checks = [checker.check(pair.claim, pair.paper) for pair in pairs]
        print_rates(f"{name}, {title}", pairs, [c.score for c in checks], [c.supported for c in checks])
        print_reliability([(check.score, pair.supported) for check, pair in zip(checks, pairs, strict=True)])


def print_reliability(judged: Sequence[tuple[float, bool]]) -> None:
    """Print how often sentences of each score are supported, and the expected calibration error."""
    bins = binned(judged)
    for one in bins:
        print(f"  score {one.predicted:.2f}: {one.right:.2f} of {one.count} are supported")
    print(f"  expected calibration error {calibration_error(bins):.3f}")


def print_rates(title: str, pairs: Sequence[Pair], scores: Sequence[float], kept: Sequence[bool]) -> None:
    """AUROC, balanced accuracy, and the share judged rightly of each kind."""
    true = [float(s) for s, p in zip(scores, pairs, strict=True) if p.supported]
    false = [float(s) for s, p in zip(scores, pairs, strict=True) if not p.supported]
    right = [bool(k) == p.supported for k, p in zip(kept, pairs, strict=True)]
    shares = [sum(r for r, p in zip(right, pairs, strict=True) if p.supported == side) for side in (True, False)]
    balanced = (shares[0] / max(1, len(true)) + shares[1] / max(1, len(false))) / 2
    print(f"{title}: {len(pairs)} pairs, AUROC {auroc(true, false):.3f}, balanced accuracy {balanced:.3f}")
    groups = dict.fromkeys((p.source, p.supported, p.kind) for p in pairs)
    for group in groups:
        of_kind = [r for r, p in zip(right, pairs, strict=True) if (p.source, p.supported, p.kind) == group]
        print(f"  {group[0]:12} {group[2]:12} {sum(of_kind) / len(of_kind):.2f} of {len(of_kind)}")


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("fit", "report"))
    parser.add_argument("--abstracts", type=Path)
    parser.add_argument("--public", type=Path)
    parser.add_argument("--listings", type=Path)
    options = parser.parse_args()
    if options.abstracts is None:
        print("Without --abstracts only the pairs about the sample are used.")
    if options.what == "fit":
        fit(options.abstracts, options.public, options.listings)
        return
    papers = papers_of(options.abstracts)
    report_on("blind pairs", pairs_of("pairs-blind", papers), Rarity(papers.values()))


if __name__ == "__main__":
    main()
