"""Fits the package's models: `python -m eval.fit` writes `assistant/core/models.json`.

It uses only the fitting half of each set: the questions about the sample, and those about the real listings if they are
at hand. Whether there is an answer is also learnt from a public set, if one is at hand; if not, the program says so and
goes on. Each model is a logistic regression over named, standardised signals with an L2 penalty.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from importlib import resources
from pathlib import Path
from typing import Any

from assistant.chain import Assistant
from assistant.core.logistic import Logistic, model, preference, stored
from assistant.core.records import Hit, digest
from assistant.question import understanding as questions
from assistant.search import declining
from assistant.search.relevance import features, judged
from assistant.search.retrieval import fused

from . import stock
from .claims import auroc
from .public import ANSWERABLE, PublicSet, read_set
from .questions import Question, half, read
from .topics import topical
from .wording import shown

PENALTY = 0.3
"""Inverse strength of the L2 penalty (scikit-learn's C); flat between .03 and 1 in ten-fold validation by question."""
SINGLE = ("fact", "named", "figure", "lookup", "summary", "casual", "false-premise", "language")
SEVERAL = ("list", "count")
TOPICS = 15
"""Questions about a whole field, from each library. In ten-fold validation this number raises the F1 of such questions
from .55 to .70, and lowers that of our own list questions from .79 to .785; four times as many lower it to .776."""
APART = 3.0
"""How weakly the bias of the public questions is penalised: as a signal of this scale."""
SPARED, FOLDS = 0.01, 10
"""The share of our own answerable questions that the gate may decline, each judged by a model that never saw it; and
the number of folds."""


@dataclass(frozen=True, slots=True)
class Example:
    """One row to fit on: named values, their label, their question, and whether that is a public one."""

    values: Mapping[str, float]
    label: bool
    group: str
    public: bool = False


@dataclass(frozen=True, slots=True)
class Answered:
    """A fitting question, how it was understood, and its hits."""

    question: Question
    asked: questions.Asked
    hits: Sequence[Hit]
    public: bool = False


def asked(questions: Iterable[Question], assistant: Assistant) -> list[Answered]:
    """The fitting half of the questions that stand alone, with their hits."""
    alone = [q for q in questions if half(q) == "fit" and q.type != "follow-up"]
    return [Answered(q, *assistant.understood(q.question)) for q in alone if not (q.conversation and not q.gold)]


def relevance_rows(rows: Iterable[Answered], types: Sequence[str], *, absent: bool = False) -> Iterator[Example]:
    """Hits of questions of these types: should the paper be cited? Tolerated papers are left out.

    absent: use each question a second time without its papers, when none should be cited.
    """
    for row in rows:
        if row.question.type not in types or not row.question.gold:
            continue
        for hits in (row.hits, _others(row)) if absent else (row.hits,):
            columns = features(hits)
            for hit, values in zip(hits, zip(*columns.values(), strict=True), strict=True):
                if hit.paper.title not in row.question.tolerated:
                    yield Example(
                        dict(zip(columns, values, strict=True)), hit.paper.title in row.question.gold, row.question.id
                    )


def sentence_rows(rows: Iterable[Answered]) -> Iterator[Example]:
    """Sentences of the right papers; true if one shows a vital nugget or contains the supporting span."""
    for row in rows:
        if row.question.type in SEVERAL:
            continue
        for hit in (hit for hit in row.hits if hit.paper.title in row.question.gold):
            spans = [s.of(hit.paper.abstract) or "" for s in row.question.spans if s.paper == hit.paper.title]
            wanted = [n for n in row.question.nuggets if n.vital and n.paper == hit.paper.title]
            for sentence in hit.evidence:
                holds = any(span and (span[:40] in sentence.text or sentence.text in span) for span in spans)
                shows = any(shown(spelling, sentence.text) for n in wanted for spelling in n.shown_by)
                values = {name: value for name, value in asdict(sentence.signals).items() if name != "answers"}
                yield Example(values, holds or shows, row.question.id)


def answer_rows(rows: Iterable[Answered]) -> Iterator[Example]:
    """Questions that pass the other gates: does the library have an answer? Questions in other languages are left out.

    Each answerable question is used a second time without its papers: then there is no answer, and the nearest papers
    are as near as they can be.
    """
    for row in rows:
        gated = row.asked.kind in ("talk", "instruction") or row.question.unanswerable in ("invented", "unstated")
        if gated or row.asked.foreign:
            continue
        for hits, label in ((row.hits, bool(row.question.gold)), (_others(row) if row.question.gold else (), False)):
            if hits:
                yield Example(declining.features(row.asked, hits), label, row.question.id, row.public)


def _others(row: Answered) -> list[Hit]:
    """The hits as they would be without the right papers."""
    wanted = {*row.question.gold, *row.question.tolerated}
    others = [hit for hit in row.hits if hit.paper.title not in wanted]
    scores = fused([hit.signals for hit in others])
    return judged(row.asked, [replace(hit, score=score) for hit, score in zip(others, scores, strict=True)])


def fit(
    examples: Sequence[Example], *, threshold: float, penalty: float = PENALTY, balanced: bool = False
) -> dict[str, Any]:
    """The model in the form of `assistant/core/models.json`.

    threshold: where the product cuts. balanced: give both labels the same total weight. Public questions are worded
    more like their papers, so they have a bias of their own, which is dropped: only the weights are learnt from both.
    """
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    names = list(examples[0].values)
    values = np.array([[example.values[name] for name in names] for example in examples])
    labels = np.array([example.label for example in examples])
    mean, scale = values.mean(axis=0), values.std(axis=0)
    scale[scale < 1e-5] = 1.0  # a constant signal says nothing
    public = np.array([[APART * example.public] for example in examples])
    weight = "balanced" if balanced else None
    fitted = LogisticRegression(C=penalty, max_iter=5000, class_weight=weight).fit(
        np.hstack([(values - mean) / scale, public]), labels
    )
    return {
        "features": names,
        "mean": mean.round(5).tolist(),
        "scale": scale.round(5).tolist(),
        "weights": fitted.coef_[0][:-1].round(4).tolist(),
        "bias": round(float(fitted.intercept_[0]), 4),
        "threshold": threshold,
        "examples": len(examples),
        "questions": len({example.group for example in examples}),
    }


def validated(examples: Sequence[Example], **options: Any) -> list[tuple[Example, float]]:
    """Each example with its probability by a model fitted on the other folds; a question is in one fold."""
    results = []
    for fold in range(FOLDS):
        one = Logistic.of(fit([e for e in examples if _fold(e) != fold], threshold=0.0, **options))
        results += [(e, one.probability(e.values)) for e in examples if _fold(e) == fold]
    return results


def gate(examples: Sequence[Example]) -> dict[str, Any]:
    """The model of whether there is an answer. Its threshold declines `SPARED` of our own answerable questions."""
    results = validated(examples, balanced=True)
    for name, public in (("own", False), ("public", True)):
        right = [probability for example, probability in results if example.public is public and example.label]
        wrong = [probability for example, probability in results if example.public is public and not example.label]
        print(f"answers, validated on {name} questions: AUROC {auroc(right, wrong) or 0:.3f}")
    own = sorted(probability for example, probability in results if example.label and not example.public)
    return fit(examples, threshold=round(own[int(SPARED * len(own))], 3), balanced=True)


def _fold(example: Example) -> int:
    return int(digest(example.group), 16) % FOLDS


def passages(public: PublicSet, homes: Path) -> list[Answered]:
    """The public questions, each answered by its own passage or none, with their hits among all passages."""
    titles = {paper.id: paper.title for paper in public.papers}
    rows = []
    with stock.indexed(public.name, public.papers, homes) as holdings:
        assistant = Assistant(holdings)
        for name, (text, _) in public.questions.items():
            gold = tuple(titles[paper_id] for paper_id in public.relevant.get(name, ()))
            rows.append(Answered(Question(name, "fact", text, gold), *assistant.understood(text), public=True))
    return rows


def opened(name: str, files: Sequence[Path], homes: Path) -> Assistant:
    """An assistant over a library of these files, which stays in `homes` for the next fit."""
    assistant = Assistant.open(home=homes / name)
    assistant.ingest(*files)
    return assistant


def main() -> None:
    """Fit every model except `support`, which stays as it is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--listings", type=Path, help="folder of the real listing files; without it only the sample is used"
    )
    parser.add_argument(
        "--public", type=Path, help=f"folder of {ANSWERABLE}; without it only our own questions are used"
    )
    parser.add_argument("--homes", type=Path, default=Path(tempfile.gettempdir()) / "paper-assistant-fit")
    options = parser.parse_args()
    rows: list[Answered] = []
    sets = [("sample", stock.sample())]
    if options.listings:
        sets.append(("listings", stock.real(options.listings)))
    for name, files in sets:
        with opened(name, files, options.homes) as assistant:
            rows += asked(read(stock.set_file(name)), assistant)
            rows += [replace(row, public=True) for row in asked(topical(assistant.papers(), most=TOPICS), assistant)]
    fitted_on = f"the fitting half of {' and '.join(name for name, _ in sets)}, by eval/fit.py"
    keep(
        fitted_on,
        single=fit(list(relevance_rows(rows, SINGLE, absent=True)), threshold=0.5),
        several=fit(list(relevance_rows(rows, SEVERAL)), threshold=0.5),
        sentence=fit(list(sentence_rows(rows)), threshold=0.5),
    )
    rows = [replace(row, hits=judged(row.asked, row.hits)) for row in rows]  # by the models just fitted
    if options.public:
        rows += passages(read_set(options.public), options.homes)
        fitted_on = f"{fitted_on}; answers on {options.public.name}, too"
    else:
        print("Without --public, whether there is an answer is learnt from our own questions only.")
    keep(fitted_on, answers=gate(list(answer_rows(rows))))


def keep(fitted_on: str = "", **fitted: Mapping[str, Any]) -> None:
    """Write these models, beside those that stay as they are, and what they were fitted on ("": as before)."""
    path = Path(str(resources.files("assistant.core") / "models.json"))
    before = json.loads(path.read_text())
    after = {"fitted_on": fitted_on or before["fitted_on"], "models": before["models"] | fitted}
    path.write_text(json.dumps(after, indent=1) + "\n")
    for cached in (stored, model, preference):
        cached.cache_clear()
    for name, one in fitted.items():
        print(f"{name}: {one['examples']} rows of {one['questions']} questions")


if __name__ == "__main__":
    main()
