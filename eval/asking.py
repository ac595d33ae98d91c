"""Questions with their papers in, the embedder adapted to questions, `assistant/index/adapters.npz` out.

    python -m eval.asking --abstracts FILE [--passes N] [--threads N] [--report]

Only the reading of questions is adapted; the vectors of papers stay as they are, so no library is embedded again. A
question is to be nearer to the papers that answer it than to all others of its library, as a whole and word by word
against the most similar of them. To each matrix of the model two narrow ones are added (low-rank adaptation,
https://arxiv.org/abs/2106.09685). Learnt on are `single`, with the paper that each question without an answer is about,
`several`, and the later turns of `talks` as they are spelt out. `single-more` is by other hands: `--report` says how
often its right papers are found by the plain model and by the adapted one.
Learning needs PyTorch (`pip install torch`), one core and ten minutes; nothing else does.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from assistant.core.records import Paper, fold
from assistant.index.embedding import BundledEmbedder
from assistant.index.interaction import content, question_tokens, similarities
from assistant.show.terminal import Screen

from . import stock
from .questions import Question
from .tables import Table, to_rich
from .written import EVERYTHING, papers_of, questions_of

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from .minilm import MiniLM

RATE, DECAY, BATCH, WARMING = 7e-4, 0.01, 32, 30
"""The learning rate, which rises over the first steps and then falls; the weight decay; and questions to a step."""
SHARP, SHARP_WORDS = 20.0, 30.0
"""What cosines, and matches word by word, are multiplied by before a softmax over the papers."""
OTHERS, SIMILAR = 12, 40
"""Papers that a right one is compared with word by word, drawn from the most similar ones by the plain model."""
FEW = 3
"""With more right papers than that, as a list has, a question counts half."""
DEEP = 20
"""Papers nearest to a question, which are then compared with it word by word."""
SEED = 0


@dataclass(frozen=True, slots=True, eq=False)
class Asking:
    """A question to be learnt from.

    pieces: the numbers of the word pieces of its `text`; words: which of them are in content words. right: the places
    of its papers; wrong (p,): those of the others in its library; similar: the nearest of these.
    """

    hand: str
    text: str
    pieces: Sequence[int]
    words: NDArray[np.int64]
    right: frozenset[int]
    wrong: NDArray[np.int64]
    similar: Sequence[int]


@dataclass(frozen=True, slots=True, eq=False)
class Shelf:
    """The papers: vectors (p, d), and for each the signs of its words (t, d) as bits."""

    papers: Sequence[Paper]
    vectors: NDArray[np.float32]
    codes: Sequence[bytes]

    def words(self, places: Sequence[int]) -> tuple[Tensor, Tensor]:
        """The vectors (n, t, d) of the words of some papers, and where there are none (n, t)."""
        import torch

        rows = [np.frombuffer(self.codes[place], np.uint8).reshape(-1, self.vectors.shape[1] // 8) for place in places]
        signs = np.zeros((len(rows), max(map(len, rows)), self.vectors.shape[1]), np.float32)
        absent = np.ones(signs.shape[:2], bool)
        for number, row in enumerate(rows):
            signs[number, : len(row)] = np.unpackbits(row, axis=1).astype(np.float32) * 2 - 1
            absent[number, : len(row)] = False
        return torch.tensor(signs / self.vectors.shape[1] ** 0.5), torch.tensor(absent)


# -- what is learnt from


def shelf(abstracts: Path) -> Shelf:
    """All papers, as a library has them."""
    papers = [paper for paper in papers_of(abstracts) if paper.abstract.strip()]
    with stock.indexed(EVERYTHING, papers_of(abstracts), stock.CACHE) as holdings:
        index = holdings.index()
        assert index is not None  # it has papers
        vectors, codes = [], []
        for first in range(0, len(papers), 500):
            features = index.features_of(papers[first : first + 500])
            vectors += [features[paper.id].vector for paper in papers[first : first + 500]]
            codes += [features[paper.id].codes.bits for paper in papers[first : first + 500]]
    return Shelf(papers, np.array(vectors), codes)


def askings(questions: Iterable[Question], papers: Shelf, embedder: BundledEmbedder) -> Iterator[Asking]:
    """The questions that papers here answer, or are about."""
    places = {fold(paper.title): place for place, paper in enumerate(papers.papers)}
    pools = np.array([paper.sources[0] for paper in papers.papers])
    for question in questions:
        text = question.alone or question.question
        about = question.tolerated[:1] if question.unanswerable == "unstated" and not question.alone else question.gold
        right = frozenset(places[fold(title)] for title in about if fold(title) in places)
        if not right or (question.refers and not question.alone):
            continue
        allowed = pools == question.pool if question.pool else np.ones(len(pools), bool)
        fitting = {fold(title) for title in (*question.gold, *question.tolerated)}
        allowed[[places[title] for title in fitting & places.keys()]] = False
        (wrong,) = allowed.nonzero()
        encoding = embedder.encode([text])[0]
        nearest = wrong[np.argsort(-(papers.vectors[wrong] @ encoding.vector))[:SIMILAR]]
        rows = content(encoding, text)
        words = np.flatnonzero(rows if rows.any() else ~rows) + 1  # the first piece is [CLS]
        hand = question.id.partition("-")[0]
        yield Asking(hand, text, embedder.pieces(text), words, right, wrong, nearest.tolist())


def batch(some: Sequence[Asking]) -> tuple[Tensor, Tensor]:
    """The pieces (n, t) of questions, and where they have none (n, t)."""
    import torch

    length = max(len(one.pieces) for one in some)
    pieces = torch.zeros(len(some), length, dtype=torch.long)
    absent = torch.ones(len(some), length, dtype=torch.bool)
    for number, one in enumerate(some):
        pieces[number, : len(one.pieces)] = torch.tensor(one.pieces)
        absent[number, : len(one.pieces)] = False
    return pieces, absent


def matches(words: Tensor, papers: Shelf, places: Sequence[int]) -> Tensor:
    """The late interaction (n,) of a question's words (t, d) with some papers."""
    import torch

    theirs, absent = papers.words(places)
    cosines = torch.einsum("qd,ntd->nqt", words, theirs).masked_fill(absent[:, None], -1.0)
    return cosines.max(2).values.mean(1)


# -- learning


def loss(net: MiniLM, some: Sequence[Asking], papers: Shelf, choice: random.Random) -> Tensor:
    """How far the right papers are from coming first, on average."""
    import torch

    vectors, pieces = net(*batch(some))
    cosines = SHARP * vectors @ torch.tensor(papers.vectors).T
    losses = []
    for one, near, own in zip(some, cosines, pieces, strict=True):
        rivals = torch.logsumexp(near[torch.tensor(one.wrong)], 0)
        right = near[torch.tensor([*one.right])]
        whole = (torch.logaddexp(rivals, torch.logsumexp(right, 0)) - right).mean()
        others = choice.sample(one.similar, min(OTHERS, len(one.similar)))
        by_words = SHARP_WORDS * matches(own[torch.tensor(one.words)], papers, [choice.choice([*one.right]), *others])
        losses.append((whole if len(one.right) <= FEW else whole / 2) - by_words.log_softmax(0)[0])
    return torch.stack(losses).mean()


def learn(net: MiniLM, every: Sequence[Asking], papers: Shelf, passes: float) -> None:
    """Go through all questions so many times, in another order each time."""
    import torch

    choice = random.Random(SEED)
    learnt = [parameter for parameter in net.parameters() if parameter.requires_grad]
    optimiser = torch.optim.AdamW(learnt, lr=RATE, weight_decay=DECAY)
    steps = int(passes * len(every) / BATCH)
    order: list[Asking] = []
    net.train()
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = RATE * min(1.0, (step + 1) / WARMING) * (1 - step / steps)
        if len(order) < BATCH:
            order += choice.sample(every, len(every))
        some, order = order[:BATCH], order[BATCH:]
        wrong = loss(net, some, papers, choice)
        optimiser.zero_grad()
        wrong.backward()
        torch.nn.utils.clip_grad_norm_(learnt, 1.0)
        optimiser.step()
        if step % 50 == 49:
            print(f"{step + 1} of {steps}: {wrong.item():.3f}", flush=True)
    net.eval()


def report(some: Sequence[Asking], papers: Shelf, embedder: BundledEmbedder, *, questions: bool) -> Table:
    """By hand: how often a right paper is the nearest, is among the first 20, and is the best of these word by word.

    `questions`: with the adapted model, and not the plain one.
    """
    rows: dict[str, list[tuple[bool, bool, bool]]] = {}
    for one, encoding in zip(some, embedder.encode([one.text for one in some], questions=questions), strict=True):
        allowed = np.concatenate([[*one.right], one.wrong]).astype(np.int64)
        order = allowed[np.argsort(-(papers.vectors[allowed] @ encoding.vector))][:DEEP].tolist()
        words, _ = question_tokens(encoding, one.text)
        by_words = [float(similarities(words, papers.codes[place]).max(axis=0).mean()) for place in order]
        row = order[0] in one.right, not one.right.isdisjoint(order), order[int(np.argmax(by_words))] in one.right
        rows.setdefault(one.hand, []).append(row)
    rows["all"] = [row for own in rows.values() for row in own]
    shown = [(hand, str(len(own)), *(f"{share:.3f}" for share in np.mean(own, axis=0))) for hand, own in rows.items()]
    title = "The adapted model" if questions else "The plain model"
    return Table(title, ("hand", "n", "R@1", f"R@{DEEP}", "R@1 by words"), tuple(shown))


def main() -> None:
    """Learn and write the adapters, or say what they are worth."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--abstracts", type=Path, required=True)
    parser.add_argument("--passes", type=float, default=3.0, help="how often each question is learnt from")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--report", action="store_true", help="only say what is found by them, and without")
    options = parser.parse_args()
    embedder, papers = BundledEmbedder(), shelf(options.abstracts)
    if options.report:
        unseen = [*askings(questions_of(("single-more",), blind=False), papers, embedder)]
        for questions in (False, True):
            Screen().console.print(to_rich(report(unseen, papers, embedder, questions=questions)))
        return
    import torch

    from .lowrank import adapters
    from .minilm import MiniLM

    torch.manual_seed(SEED)
    torch.set_num_threads(options.threads)
    every = [*askings(questions_of(("single", "several", "talks"), blind=False), papers, embedder)]
    print(f"{len(every)} questions")
    net = MiniLM(embedder.weights)
    learn(net, every, papers, options.passes)
    learnt: dict[str, Any] = dict(adapters(net))
    np.savez_compressed(Path(str(resources.files("assistant.index") / "adapters.npz")), **learnt)


if __name__ == "__main__":
    main()
