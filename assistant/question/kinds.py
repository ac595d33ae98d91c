"""A question in, how probable each kind of answer is.

A multinomial logistic regression over the shape of its wording and, with the bundled embedder, its vector. The numbers
are in `kinds.json`; `python -m eval.kinds fit` writes them.
"""

from __future__ import annotations

import functools
import itertools
import json
import math
import operator
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any, Literal, Self

Kind = Literal[
    "fact", "figure", "list", "count", "compare", "overview", "summary", "steps", "library", "manual", "talk",
    "instruction",
]  # fmt: skip
Label = Literal[
    "one", "list", "count", "compare", "overview", "summary", "steps", "library", "manual", "talk", "instruction"
]
"""What the regression tells apart; `one` is a fact or a figure."""

LONGEST_RUN = 3
"""Words in a row that make a sign."""
SIGNS, SMALLEST = 3.0, 4
"""The length of the vector of a question's signs; with fewer than `SMALLEST` it is shorter."""
_WORD = re.compile(r"[^\W\d_]+(?:['’][a-z]+)?|\d+|[?!:;,.\"“”]|->")


def signs(question: str, common: Collection[str]) -> frozenset[str]:
    """The shape of a question: its length, and the runs of its words, in which only the `common` ones are spelt out.

    A run of other words is one `x`, and one that is written like a name is `N`, so that the topic plays no part.

    >>> sorted(signs("Papers on SQuAD", {"papers", "on"}))  # doctest: +NORMALIZE_WHITESPACE
    ['#2', '$', 'N', 'N $', '^', '^ papers', '^ papers on', 'on', 'on N', 'on N $', 'papers', 'papers on',
     'papers on N']
    """
    written = words_of(question)
    shape = ["^", *(_shown(word, common, first=n == 0) for n, word in enumerate(written)), "$"]
    shape = [word for n, word in enumerate(shape) if word != "x" or shape[n - 1] != "x"]
    runs = (shape[n : n + length] for length in range(1, LONGEST_RUN + 1) for n in range(len(shape) - length + 1))
    return frozenset((*map(" ".join, runs), f"#{len(written).bit_length()}"))


def words_of(question: str) -> list[str]:
    """The words and marks of a question as written, a number as `0`."""
    written = _WORD.findall(question.replace("’", "'"))
    return ["0" if word.isdigit() else word for word in written]


def _shown(word: str, common: Collection[str], *, first: bool) -> str:
    if word.casefold() in common:
        return word.casefold()
    return "N" if word[1:] != word[1:].casefold() or (word[0].isupper() and not first) else "x"


@dataclass(frozen=True, slots=True)
class Classifier:
    """The fitted numbers: for each sign and each dimension of the vector a weight per label.

    The last column says whether an answer that one paper gives is a number. `embedder` is the name of the model whose
    vectors it was fitted on, "" if it goes by words alone.
    """

    labels: tuple[Label, ...]
    common: frozenset[str]
    signs: Mapping[str, Sequence[float]]
    vector: Sequence[Sequence[float]]
    bias: Sequence[float]
    embedder: str = ""

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Self:
        """The classifier as stored in `kinds.json`, its weights in hundredths."""
        weights = {sign: [w / 100 for w in row] for sign, row in stored["signs"].items()}
        vector = [[w / 100 for w in row] for row in stored["vector"]]
        labels, common = tuple(stored["labels"]), frozenset(stored["common"])
        return cls(labels, common, weights, vector, [w / 100 for w in stored["bias"]], stored["embedder"])

    def sums(self, question: str, vector: Sequence[float] = ()) -> list[float]:
        """For each label, and last for a number, the weighted sum of what the question shows."""
        shown = [self.signs[sign] for sign in signs(question, self.common) if sign in self.signs]
        scale = SIGNS / math.sqrt(max(SMALLEST, len(shown)))
        words = [scale * sum(column) for column in zip(*shown, strict=True)] or [0.0] * len(self.bias)
        columns = zip(*self.vector, strict=True) if self.vector else itertools.repeat((), len(self.bias))
        meant = [sum(map(operator.mul, column, vector)) for column in columns]
        return [sum(some) for some in zip(self.bias, words, meant, strict=True)]


@dataclass(frozen=True, slots=True)
class Wanted:
    """How probable each kind of answer is, and that a fact that is wanted is a number."""

    labels: Mapping[Label, float]
    figure: float

    def kind(self, label: Label) -> Kind:
        """The kind that a label stands for."""
        if label == "one":
            return "figure" if self.figure >= 0.5 else "fact"
        return label


def wanted(question: str, vector: Sequence[float] = ()) -> Wanted:
    """What a question wants; `vector` is its encoding by the embedder that `embedder()` names, () without it."""
    classifier = numbers()["vector" if len(vector) else "words"]
    *sums, figure = classifier.sums(question, vector)
    most = max(sums)
    odds = [math.exp(one - most) for one in sums]
    probabilities = {label: one / sum(odds) for label, one in zip(classifier.labels, odds, strict=True)}
    return Wanted(probabilities, 1 / (1 + math.exp(-figure)))


def embedder() -> str:
    """The name of the embedder whose vectors `wanted` understands."""
    return numbers()["vector"].embedder


@functools.cache
def numbers() -> Mapping[str, Classifier]:
    """The classifiers of `kinds.json`: by words and `vector`, and by `words` alone."""
    stored = json.loads((resources.files(__package__) / "kinds.json").read_text(encoding="utf-8"))
    return {name: Classifier.of(one) for name, one in stored["classifiers"].items()}
