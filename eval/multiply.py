"""A few papers in, any number of made-up papers like them out: for measuring at sizes for which there are none.

What is measured depends on how many papers a word stands in. `of_words` comes near to the truth: made from the 120
papers of the sample, 828 have 7,858 different terms, and the 10th, 100th and 1,000th most frequent ones stand in 353,
126 and 17 of them; in 828 real papers that is 8,768, and 386, 145 and 14. `of_sentences` gives papers that read like
papers, but have few different words for their number.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence

from assistant.core.records import Paper
from assistant.core.text import sentences, stem, words


def of_words(papers: Sequence[Paper], count: int, *, seed: int = 0) -> Iterator[Paper]:
    """`count` papers of words drawn one by one, as long as those of `papers` and no two of one title.

    A word is as likely as it was often drawn before, those of `papers` counted in, which makes for Zipf's law; a new
    one comes as often as the vocabulary of `papers` grows with their number (Heaps' law).
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
    """`count` papers, each of eight sentences and a title drawn from those of `papers`, no two of one title."""
    chance = random.Random(seed)
    pool = [span.of(paper.abstract) for paper in papers for span in sentences(paper.abstract)]
    titles = sorted({word for paper in papers for word in paper.title.split()})
    for number in range(count):
        title = " ".join([*chance.sample(titles, 7), str(number)])
        yield Paper(title, " ".join(chance.sample(pool, 8)), sources=("sentences",))


def _vocabulary(papers: Sequence[Paper]) -> int:
    return len({stem(word) for paper in papers for word in words(f"{paper.title} {paper.abstract}")})
