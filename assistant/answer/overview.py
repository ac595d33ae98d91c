"""The papers of a whole field in, an overview in quotations out: a section for each theme, a line for each paper.

Papers with similar words are one theme, named by the words that set it apart.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ..core.records import Hit, Sentence
from ..core.text import terms
from ..index.atlas import labels
from ..question.understanding import Asked
from .quoting import quoted

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

OF_A_THEME = 4
"""Papers that a theme has on average."""
MOST_THEMES = 6
OTHERS = "Other"
"""The name of a theme whose papers share no words."""


def themed(asked: Asked, hits: Sequence[Hit]) -> Iterator[Sentence]:
    """A line for each paper, the theme with the most relevant paper first."""
    texts = [f"{hit.paper.title}\n{hit.paper.abstract}" for hit in hits]
    themes = grouped(texts, min(MOST_THEMES, max(1, round(len(hits) / OF_A_THEME))))
    lines = [quoted(asked, hit).sentences[0] for hit in hits]
    by_title, by_text = labels([hit.paper.title for hit in hits], themes), labels(texts, themes)
    names = [title or text or OTHERS for title, text in zip(by_title, by_text, strict=True)]
    for theme in dict.fromkeys(themes):
        name = names[theme][:1].upper() + names[theme][1:]
        for line in (line for line, own in zip(lines, themes, strict=True) if own == theme):
            yield replace(line, section=name if len(names) > 1 else "")


def grouped(texts: Sequence[str], groups: int) -> list[int]:
    """The number of the group of each text: the two most alike groups are joined until there are `groups`.

    Two groups are as alike as their texts are on average.
    """
    import numpy as np

    alike = _similarities(texts)
    members = [[n] for n in range(len(texts))]
    while len(members) > groups:
        pairs = ((a, b) for a in range(len(members)) for b in range(a + 1, len(members)))
        a, b = max(pairs, key=lambda pair: float(np.mean(alike[np.ix_(members[pair[0]], members[pair[1]])])))
        members[a] += members.pop(b)
    return [next(group for group, own in enumerate(members) if n in own) for n in range(len(texts))]


def _similarities(texts: Sequence[str]) -> NDArray[np.float64]:
    """The cosine of each two texts by their rare words: those of all texts count nothing."""
    import numpy as np

    counts = [Counter(terms(text)) for text in texts]
    used = Counter(term for own in counts for term in own)
    shared = [term for term, papers in used.items() if papers > 1]
    if not shared:
        return np.zeros((len(texts), len(texts)))
    rarity = np.array([math.log(len(texts) / used[term]) for term in shared])
    vectors = np.array([[math.log1p(own[term]) for term in shared] for own in counts]) * rarity
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit = vectors / np.where(lengths > 0, lengths, 1.0)
    return np.asarray(unit @ unit.T)
