"""Questions for yes or no in, the heads and thresholds of the verdicts fitted, and how often they are right out.

    python -m eval.verdicts fit    --abstracts FILE   # writes the heads and their thresholds, in reader/heads.json
    python -m eval.verdicts report --abstracts FILE   # the blind questions

Fitted on `eval/sets/verdicts.jsonl` and `verdicts-more.jsonl`, reported on `verdicts-blind.jsonl`. They refer to
abstracts by title; FILE holds these as JSON lines with `title` and `abstract`.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.answer.verdicts import MOST_SENTENCES, opening_of
from assistant.chain import Assistant
from assistant.question.stating import stated
from assistant.reader import PackagedReader
from assistant.reader.reading import DENIAL

from . import stock
from .jsonl import read_lines
from .keeping import write_heads
from .reader import papers_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FOLDS = 8
PENALTY = 0.01
"""Inverse strength of the heads' penalty; a third of it costs a few verdicts in cross-validation."""
RIGHT = 0.9
"""Share of the verdicts for each side that must be right in cross-validation."""
WRONGLY_CORRECTED = 0.01
"""Most questions of those with nothing to deny that may be corrected. What a question takes for granted is nearly
always true, so that a threshold set by the share of false premises in these sets would correct too often."""
FIT, BLIND = ("verdicts", "verdicts-more"), ("verdicts-blind",)


@dataclass(frozen=True, slots=True)
class VerdictQuestion:
    """A question about a paper, what the abstract says to it, and where: start and end in characters."""

    question: str
    paper: str
    verdict: str
    form: str
    spans: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class SentenceRead:
    """A sentence read for a case: the vector of statement and denial, and what the sentence says to the question."""

    case: VerdictQuestion
    vector: NDArray[np.float32]
    says: str


def cases_of(names: Sequence[str]) -> list[VerdictQuestion]:
    """The cases of these sets."""
    cases = []
    for name in names:
        for record in read_lines(stock.set_file(name)):
            record.only(("id", "paper", "question", "verdict", "form", "spans"))
            spans = tuple((span.whole("start"), span.whole("end")) for span in record.records("spans"))
            question, paper, verdict, form = map(record.text, ("question", "paper", "verdict", "form"))
            cases.append(VerdictQuestion(question, paper, verdict, form, spans))
    return cases


@contextmanager
def stocked(cases: Sequence[VerdictQuestion], abstracts: Path) -> Iterator[Assistant]:
    """An assistant over the papers of the cases."""
    papers = papers_of(abstracts)
    listing = stock.CACHE / "verdicts.txt"
    listing.parent.mkdir(parents=True, exist_ok=True)
    records = [f"{title}\n\n{papers[title].abstract}" for title in sorted({case.paper for case in cases})]
    listing.write_text("\n\n".join(["new", "Subscribe", "byUs", "Mar 11", *records]) + "\n", encoding="utf-8")
    with stock.stocked(stock.CACHE / "verdicts", [listing]) as assistant:
        yield assistant


def examples_of(cases: Sequence[VerdictQuestion], assistant: Assistant) -> list[SentenceRead]:
    """The sentences that the product would read of each case's paper."""
    import numpy as np

    reader, examples = PackagedReader(), []
    for case in cases:
        statement = stated(case.question)
        hit = next((h for h in assistant.search(case.question) if h.paper.title == case.paper), None)
        if statement is None or hit is None:
            continue
        for one in sorted(hit.evidence, key=lambda one: -one.signals.answers)[:MOST_SENTENCES]:
            decides = any(start < one.start + len(one.text) and one.start < end for start, end in case.spans)
            texts = statement.text, DENIAL.format(statement.text)
            vector = np.concatenate([reader.read(one.text, text) for text in texts])
            examples.append(SentenceRead(case, vector, case.verdict if decides else "neither"))
    return examples


def fit(assistant: Assistant) -> None:
    """Fit the two heads, and the thresholds on what heads say that have not seen the paper; write both."""
    import numpy as np
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GroupKFold

    examples = examples_of(cases_of(FIT), assistant)
    vectors = np.array([one.vector for one in examples])
    mean, scale = vectors.mean(axis=0), vectors.std(axis=0)
    values, groups = (vectors - mean) / scale, [one.case.paper for one in examples]
    heads, scores = {}, {}
    for name, side in (("affirms", "yes"), ("denies", "no")):
        labels = np.array([one.says == side for one in examples])
        scores[side] = np.zeros(len(examples))
        for seen, rest in GroupKFold(FOLDS).split(values, labels, groups):
            model = LogisticRegression(C=PENALTY, max_iter=2000).fit(values[seen], labels[seen])
            scores[side][rest] = model.predict_proba(values[rest])[:, 1]
        model = LogisticRegression(C=PENALTY, max_iter=2000).fit(values, labels)
        slopes = model.coef_[0] / scale
        heads[name] = {"weights": slopes.round(6).tolist(), "bias": float(model.intercept_[0] - (slopes * mean).sum())}
    clearest = clearest_of(examples, scores)
    thresholds = {
        "affirms": threshold(clearest, "polar", "yes", RIGHT),
        "denies": threshold(clearest, "polar", "no", RIGHT),
        "contradicts": silent_threshold(clearest),
    }
    write_heads({name: {**heads.get(name, {}), "threshold": round(value, 4)} for name, value in thresholds.items()})
    print(thresholds)
    named = {("polar", "yes"): "affirms", ("polar", "no"): "denies", ("premise", "no"): "contradicts"}
    given = {
        case: side
        for case, (side, score) in clearest.items()
        if score >= thresholds.get(named.get((case.form, side), ""), 1.0)
    }
    print_rates("cross-validated, on the fitting questions", cases_of(FIT), given)


def clearest_of(
    examples: Sequence[SentenceRead], scores: Mapping[str, NDArray[np.float64]]
) -> dict[VerdictQuestion, tuple[str, float]]:
    """For each case the side of its clearest sentence, and how clear it is."""
    clearest: dict[VerdictQuestion, tuple[str, float]] = {}
    for place, one in enumerate(examples):
        for side in ("yes", "no"):
            score = float(scores[side][place])
            if score > clearest.get(one.case, ("", -1.0))[1]:
                clearest[one.case] = (side, score)
    return clearest


def threshold(clearest: Mapping[VerdictQuestion, tuple[str, float]], form: str, side: str, right: float) -> float:
    """The lowest score above which this share of the verdicts for that side are right."""
    rows = [(score, case.verdict == side) for case, (s, score) in clearest.items() if (s, case.form) == (side, form)]
    good, lowest = 0, 1.0
    for count, (score, is_right) in enumerate(sorted(rows, reverse=True), start=1):
        good += is_right
        if good / count >= right:
            lowest = score
    return lowest


def silent_threshold(clearest: Mapping[VerdictQuestion, tuple[str, float]]) -> float:
    """The score that at most `WRONGLY_CORRECTED` of the questions reach whose statement no sentence denies."""
    others = [(side, score) for case, (side, score) in clearest.items() if case.verdict != "no"]
    wrong = sorted((score for side, score in others if side == "no"), reverse=True)
    return wrong[int(WRONGLY_CORRECTED * len(others))] + 1e-4


def report(assistant: Assistant, names: Sequence[str]) -> None:
    """Ask the questions as a user would and print how the verdicts fare."""
    cases, reader, given = cases_of(names), PackagedReader(), {}
    for case in cases:
        asked, hits = assistant.understood(case.question)
        opening = opening_of(asked, hits, reader) if hits else None
        if opening:
            given[case] = opening.verdict or "no"
    print_rates(", ".join(names), cases, given)


def print_rates(title: str, cases: Sequence[VerdictQuestion], given: Mapping[VerdictQuestion, str]) -> None:
    """Of each form: the share of verdicts that are right, of questions that get theirs, and of others that get none.

    A premise only has a verdict to give where the abstract denies it.
    """
    for form in ("polar", "premise"):
        some = [case for case in cases if case.form == form]
        wanting = [case for case in some if case.verdict == "no" or (case.verdict == "yes" and form == "polar")]
        others = [case for case in some if case not in wanting]
        verdicts = [case for case in some if case in given]
        right = sum(given[case] == case.verdict for case in verdicts)
        got = sum(case in given for case in wanting)
        silent = sum(case not in given for case in others)
        print(
            f"{title}, {form}: right {right} of {len(verdicts)} given; given for {got} of {len(wanting)} that have one;"
        )
        print(f"  none for {silent} of {len(others)} others")


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("fit", "report"))
    parser.add_argument("--abstracts", type=Path, required=True)
    options = parser.parse_args()
    with stocked(cases_of((*FIT, *BLIND)), options.abstracts) as assistant:
        if options.what == "fit":
            fit(assistant)
        else:
            report(assistant, BLIND)


if __name__ == "__main__":
    main()
