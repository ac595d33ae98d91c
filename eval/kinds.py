"""Fits the classifiers of the kinds of question, and says how often they are right.

    python -m eval.kinds fit        # writes assistant/question/kinds.json
    python -m eval.kinds report     # accuracy by kind, each message judged without its fold and without its hand
    python -m eval.kinds blind      # the blind set, which is never fitted on

Fitted on `kinds.jsonl`, on the questions of the other fitting sets, whose types say their kind, and on the wordings of
`eval/sets/openings.txt`, each filled with several topics and names so that these play no part.
"""

from __future__ import annotations

import argparse
import json
import random
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from assistant.core.records import digest
from assistant.index.embedding import BundledEmbedder
from assistant.question.kinds import SIGNS, SMALLEST, Classifier, Label, numbers, signs, wanted, words_of
from assistant.show.terminal import Screen

from . import stock
from .jsonl import read_lines
from .questions import Question, half, read
from .tables import NOTHING, Table, to_rich

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LABELS: tuple[Label, ...] = get_args(Label)
ONE = ("fact", "named", "figure", "casual", "false-premise", "definition", "how", "why", "yesno", "lookup")
TYPES: Mapping[str, Label] = {
    **dict.fromkeys(ONE, "one"), "list": "list", "condition": "list", "count": "count", "compare": "compare",
    "steps": "steps", "overview": "overview", "summary": "summary",
}  # fmt: skip
"""The label of each type of question; the other types may be of any."""
UNANSWERABLE: Mapping[str, Label] = {"unstated": "one", "injection": "instruction"}
"""The label of those without an answer."""
HANDS = ("k1", "l1", "s1")
"""Whose messages are reported; those of `k1` are of every kind, so they are judged in folds."""
ROUNDS = 80
"""Most rounds of a regression."""
FOLDS, FILLED, EVERY = 3, 3, 8
"""Folds of the validation; fillings of a wording with a slot; and of the questions on one paper, of which there are
thousands, every so many one counts."""
MANY = ("single", "single-more")
WRITTEN = (*MANY, "several", "several-more")
"""The sets over the abstracts."""
OPENING = 0.5
"""What a wording of our own weighs beside a message by other hands."""
PENALTY, VECTOR = 0.3, 2.0
"""The L2 penalty, and how much the vector weighs beside the words; chosen on the folds."""
COMMON, RARE = 8, 6
"""Messages that must use a word for it to be spelt out, and a sign for it to count."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message, its label, whose hand wrote it, and whether its answer is a number (None: nobody said)."""

    text: str
    label: Label
    hand: str
    figure: bool | None = None


# -- what is fitted on


def messages(name: str) -> list[Message]:
    """The messages of a set of kinds."""
    return [
        Message(record.text("message"), LABELS[LABELS.index(record.text("kind"))], record.text("id")[:2])
        for record in read_lines(stock.set_file(name))
    ]


def of_questions(questions: Iterable[Question], hand: str) -> Iterator[Message]:
    """The questions that stand alone and whose type says their label."""
    for n, question in enumerate(questions):
        label = UNANSWERABLE.get(question.unanswerable or "", TYPES.get(question.type))
        if label and not question.conversation and (label != "one" or hand not in MANY or n % EVERY == 0):
            figure = question.type == "figure" if label == "one" and question.gold else None
            yield Message(question.question, label, question.id[:2] if hand in WRITTEN else hand, figure)


def openings(path: Path) -> Iterator[Message]:
    """The wordings of the file, filled. A line "# label" is followed by wordings, parted by " | "."""
    blocks = re.findall(r"^# (\w+)\n(.+)$", path.read_text(encoding="utf-8"), re.M)
    wordings = {name: text.split(" | ") for name, text in blocks}
    chance = random.Random(1)
    for label in LABELS:
        for wording in wordings[label]:
            for _ in range(FILLED if "{" in wording else 1):
                text = re.sub(r"\{(\w+)\}", lambda slot: chance.choice(wordings[f"{slot[1]}s"]), wording)
                yield Message(text if chance.random() < 0.5 else text[0].upper() + text[1:], label, "openings")


def everything() -> list[Message]:
    """All that the classifiers are fitted on."""
    rows = messages("kinds")
    for name in WRITTEN:
        rows += of_questions(read(stock.set_file(name)), name)
    for name in ("sample", "listings"):
        rows += of_questions((q for q in read(stock.set_file(name)) if half(q) == "fit"), name)
    return rows + list(openings(stock.HERE / "sets" / "openings.txt"))


# -- fitting


def fitted(rows: Sequence[Message], vectors: NDArray[np.float32] | None) -> dict[str, Any]:
    """A classifier in the form of `kinds.json`: weights in hundredths."""
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    spelt = Counter(word for row in rows for word in {word.casefold() for word in words_of(row.text)})
    common = sorted(word for word, uses in spelt.items() if uses >= COMMON)
    shown = [signs(row.text, frozenset(common)) for row in rows]
    kept = sorted(sign for sign, uses in Counter(sign for some in shown for sign in some).items() if uses >= RARE)
    table = _table(shown, kept, vectors)
    weights = np.array([OPENING if row.hand == "openings" else 1.0 for row in rows])
    kinds = LogisticRegression(C=1 / PENALTY, max_iter=ROUNDS).fit(table, [row.label for row in rows], weights)
    asked = [n for n, row in enumerate(rows) if row.figure is not None]
    figure = LogisticRegression(C=1 / PENALTY, max_iter=ROUNDS).fit(table[asked], [rows[n].figure for n in asked])
    columns = np.vstack([kinds.coef_, figure.coef_]).T
    columns[len(kept) :] *= VECTOR
    return {
        "labels": kinds.classes_.tolist(),
        "embedder": "" if vectors is None else BundledEmbedder.name,
        "common": common,
        "bias": _hundredths([[*kinds.intercept_, *figure.intercept_]])[0],
        "signs": dict(zip(kept, _hundredths(columns), strict=False)),
        "vector": _hundredths(columns[len(kept) :]),
    }


def _table(
    shown: Sequence[frozenset[str]], kept: Sequence[str], vectors: NDArray[np.float32] | None
) -> NDArray[np.float32]:
    """One row per message: its signs, as `Classifier.sums` scales them, then its vector."""
    import numpy as np

    place = {sign: n for n, sign in enumerate(kept)}
    table = np.zeros((len(shown), len(kept)), np.float32)
    for row, some in zip(table, shown, strict=True):
        places = [place[sign] for sign in some if sign in place]
        row[places] = SIGNS / max(SMALLEST, len(places)) ** 0.5
    return table if vectors is None else np.hstack([table, VECTOR * vectors])


def _hundredths(rows: Iterable[Iterable[float]]) -> list[list[int]]:
    return [[round(100 * value) for value in row] for row in rows]


def fit(rows: Sequence[Message], vectors: NDArray[np.float32]) -> None:
    """Write `kinds.json`, and use it from now on."""
    stored = {
        "fitted_on": "the fitting sets of eval/sets, by eval/kinds.py",
        "classifiers": {"vector": fitted(rows, vectors), "words": fitted(rows, None)},
    }
    path = Path(str(resources.files("assistant.question") / "kinds.json"))
    path.write_text(json.dumps(stored, separators=(",", ":")) + "\n", encoding="utf-8")
    numbers.cache_clear()


# -- how often they are right


def judged(
    rows: Sequence[Message], vectors: NDArray[np.float32], tested: Sequence[int], *, by_words: bool
) -> list[Label]:
    """The labels of the tested messages by a classifier fitted on all others."""
    import numpy as np

    others = np.setdiff1d(np.arange(len(rows)), tested)
    stored = fitted([rows[n] for n in others], None if by_words else vectors[others])
    classifier = Classifier.of(stored)
    return [_best(classifier, rows[n].text, () if by_words else vectors[n].tolist()) for n in tested]


def _best(classifier: Classifier, text: str, vector: Sequence[float]) -> Label:
    sums = classifier.sums(text, vector)[:-1]
    return classifier.labels[sums.index(max(sums))]


def report(rows: Sequence[Message], vectors: NDArray[np.float32]) -> Iterator[Table]:
    """Accuracy by kind: of the messages of `kinds.jsonl` by folds, of the other hands' by leaving them out."""
    for by_words in (False, True):
        right: list[tuple[str, Label, Label]] = []
        for hand in HANDS:
            own = [n for n, row in enumerate(rows) if row.hand == hand]
            folds = [[n for n in own if _fold(rows[n]) == fold] for fold in range(FOLDS)] if hand == "k1" else [own]
            for tested in folds:
                labels = judged(rows, vectors, tested, by_words=by_words)
                right += [(hand, rows[n].label, label) for n, label in zip(tested, labels, strict=True)]
        yield _accuracies(right, "words alone" if by_words else "words and vector")


def _fold(message: Message) -> int:
    return int(digest(message.text), 16) % FOLDS


def _accuracies(right: Sequence[tuple[str, Label, Label]], by: str) -> Table:
    """Accuracy by hand and label."""
    hands = list(dict.fromkeys(hand for hand, _, _ in right))
    rows = [
        (label, *(_share([r for r in right if r[0] == hand and r[1] == label]) for hand in hands)) for label in LABELS
    ]
    rows.append(("all", *(_share([r for r in right if r[0] == hand]) for hand in hands)))
    return Table(f"Kinds by {by}", ("kind", *hands), tuple(rows))


def _share(some: Sequence[tuple[str, Label, Label]]) -> str:
    return f"{sum(wanted == got for _, wanted, got in some) / len(some):.2f} of {len(some)}" if some else NOTHING


def blind() -> Iterator[Table]:
    """The shipped classifiers on the blind set."""
    rows = messages("kinds-blind")
    vectors = encoded(rows)
    for by in ("vector", "words"):
        got = [
            max(probabilities, key=probabilities.__getitem__)
            for row, vector in zip(rows, vectors, strict=True)
            for probabilities in (wanted(row.text, vector.tolist() if by == "vector" else ()).labels,)
        ]
        yield _accuracies([("blind", row.label, label) for row, label in zip(rows, got, strict=True)], by)


def encoded(rows: Sequence[Message]) -> NDArray[np.float32]:
    """The vector of each message (n, d)."""
    import numpy as np

    return np.array([encoding.vector for encoding in BundledEmbedder().encode([row.text for row in rows])])


def main() -> None:
    """Fit, or print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("fit", "report", "blind"))
    what = parser.parse_args().what
    if what == "blind":
        tables: Iterable[Table] = blind()
    else:
        rows = everything()
        vectors = encoded(rows)
        tables = report(rows, vectors) if what == "report" else ()
        if what == "fit":
            fit(rows, vectors)
    for table in tables:
        Screen().console.print(to_rich(table))


if __name__ == "__main__":
    main()
