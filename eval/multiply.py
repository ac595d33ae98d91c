"""Any number of made-up papers, drawn from a few real ones, to measure at large sizes.

The cost of an index depends on how many papers each word occurs in. `of_words` is close to reality: 828 papers drawn
from the sample's 120 have 7,858 different terms, and the 10th, 100th and 1,000th most frequent of them occur in 353,
126 and 17 papers; 828 real papers have 8,768 terms, and 386, 145 and 14. `of_sentences` makes papers that read like
papers but have few different words.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence

from assistant.core.records import Paper
from assistant.core.text import sentences, stem, words


def of_words(papers: Sequence[Paper], count: int, *, seed: int = 0) -> Iterator[Paper]:
    """`count` papers of words drawn one by one, as long as those of `papers`, with different titles.

    The probability of a word is proportional to how often it occurred before, in `papers` too, which gives Zipf's law.
    New words come at the rate at which the vocabulary of `papers` grows with their number (Heaps' law).
    """
    chance = random.Random(seed)
    urn = [word for paper in papers for word in words(f"{paper.title} {paper.abstract}")]
    known = _vocabulary(papers)
    growth = math.log2(known / _vocabulary(papers[::2]))

    def draw() -> str:
        nonlocal known
        if chance.random() * len(urn) < growth * known:
            known += 1
            urn.append(f"new{known}")
        else:
            urn.append(chance.choice(urn))
        return urn[-1]

    for number in range(count):
        like = chance.choice(papers)
        title = " ".join([*(draw() for _ in like.title.split()), str(number)])
        yield Paper(title, " ".join(draw() for _ in like.abstract.split()), sources=("words",))


def of_sentences(papers: Sequence[Paper], count: int, *, seed: int = 0) -> Iterator[Paper]:
    """`count` papers, each with eight sentences and title words drawn from `papers`, with different titles."""
    chance = random.Random(seed)
    pool = [span.of(paper.abstract) for paper in papers for span in sentences(paper.abstract)]
    titles = sorted({word for paper in papers for word in paper.title.split()})
    for number in range(count):
        title = " ".join([*chance.sample(titles, 7), str(number)])
        yield Paper(title, " ".join(chance.sample(pool, 8)), sources=("sentences",))


def _vocabulary(papers: Sequence[Paper]) -> int:
    return len({stem(word) for paper in papers for word in words(f"{paper.title} {paper.abstract}")})
