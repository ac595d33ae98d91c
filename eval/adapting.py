"""Questions with their papers in, the reader's adapted layers and heads fitted, `adapters.npz` and `heads.json` out.

    python -m eval.adapting --abstracts FILE [--passes N] [--threads N]

The upper layers of the reader are adapted to what questions ask of an abstract: which of its sentences answers, and
whether any does. Whether the paper is one of several that are asked for is learnt beside it and not used: reading the
first twelve papers of a list takes a second, and no list is better for it (`eval/README.md`). Only two narrow matrices
are learnt for each of their matrices (low-rank adaptation, https://arxiv.org/abs/2106.09685), so nothing of the
packaged model is in ours. Fitted on are `single`, `several` and the turns of `talks` as they are spelt out.
`single-more` is by other hands: on it the thresholds and the models that use the heads are fitted (`eval.answering`).
This needs PyTorch (`pip install torch`), one core and about an hour; nothing else does.
"""

from __future__ import annotations

import argparse
import math
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.chain import Assistant
from assistant.core.records import Paper
from assistant.core.text import Span, sentences
from assistant.reader import PackagedReader, packaged
from assistant.reader.graph import operators, tensors
from assistant.reader.packaged import ADAPTED, MODEL

from .keeping import write_heads
from .questions import Question
from .wording import shown
from .written import libraries, papers_of, questions_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from .lowrank import Adapted

BELOW = "/m/deberta/encoder/layer.7/output/LayerNorm/Add_1_output_0"
"""The states that the adapted layers begin with. They are not fitted, so each text is read up to them only once."""
RIGHT, WRONG = 5, 4
"""Most papers of one list question that fit, and that do not although they come up, to learn from."""
CUT, CUTS = 0.3, 0.4
"""What an abstract without the sentences that answer weighs, and the share of the questions that are read so as well.
People word what a paper does not state in ways of their own, and no more than those could be learnt."""
BESIDE, BESIDES = 0.5, 0.4
"""The same of the most similar paper that the question is not about: it does not state what is asked."""
RATE, BATCH, WARMING = 1e-3, 8, 0.06
"""The learning rate, which rises over the first share of the steps and then falls; and questions to a step."""
SEED = 0


@dataclass(frozen=True, slots=True)
class Page:
    """A text and a question as the layers below leave them, and what is to be learnt of them.

    states (t, 384); sentence (t,): which one each piece is of, -1 for none; part (t,): 0 for the text, 1 for the
    question. holding: for each sentence, whether it answers. `stated`, `fits`: None where it is not asked.
    """

    states: NDArray[np.float16]
    sentence: NDArray[np.int16]
    part: NDArray[np.int8]
    holding: NDArray[np.bool_]
    stated: bool | None = None
    fits: bool | None = None
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Pairing:
    """A question to be read together with a paper."""

    question: Question
    paper: Paper
    stated: bool | None = None
    fits: bool | None = None
    cut: bool = False
    weight: float = 1.0

    def holding(self, texts: Sequence[str]) -> list[bool]:
        """Whether each sentence contains a span that supports the answer, or shows a vital fact."""
        question, paper = self.question, self.paper
        spans = [span.of(paper.abstract) or "" for span in question.spans if span.paper == paper.title]
        spellings = [
            spelling
            for nugget in question.nuggets
            if nugget.vital and nugget.paper == paper.title
            for spelling in nugget.shown_by
        ]
        return [
            any(span and (span[:40] in text or text in span) for span in spans)
            or (self.stated is True and any(shown(spelling, text) for spelling in spellings))
            for text in texts
        ]


# -- what is read


def single(
    questions: Iterable[Question], papers: dict[str, Paper], assistant: Assistant, choice: random.Random
) -> Iterator[Pairing]:
    """Questions about one paper; some once more, without the sentences that answer, or with another paper."""
    for question in questions:
        titles = question.tolerated if question.unanswerable == "unstated" else question.gold
        if len(titles) != 1 or titles[0] not in papers:
            continue
        stated = not question.unanswerable
        yield Pairing(question, papers[titles[0]], stated=stated)
        if stated and choice.random() < CUTS:
            yield Pairing(question, papers[titles[0]], stated=False, cut=True, weight=CUT)
        if stated and choice.random() < BESIDES:
            _, hits = assistant.understood(question.alone or question.question)
            near = [hit.paper for hit in hits if hit.paper.title not in question.gold + question.tolerated]
            yield from (Pairing(question, paper, stated=False, weight=BESIDE) for paper in near[:1])


def several(questions: Iterable[Question], assistant: Assistant, choice: random.Random) -> Iterator[Pairing]:
    """Questions about several papers, each with some that fit and the most similar ones that do not."""
    papers = {paper.title: paper for paper in assistant.papers()}
    for question in questions:
        if question.type not in {"list", "condition", "count", "overview", "none"}:
            continue
        _, hits = assistant.understood(question.question)
        near = [hit.paper for hit in hits if hit.paper.title not in question.gold + question.tolerated]
        fitting = [papers[title] for title in question.gold if title in papers]
        yield from (Pairing(question, paper, fits=True) for paper in choice.sample(fitting, min(RIGHT, len(fitting))))
        yield from (Pairing(question, paper, fits=False) for paper in near[:WRONG])


def read(pairing: Pairing, reader: PackagedReader) -> Page | None:
    """The pairing as the layers below the adapted ones leave it; None if nothing is left of it or to be learnt."""
    import numpy as np

    abstract = pairing.paper.abstract
    texts = [span.of(abstract) for span in sentences(abstract)]
    holding = pairing.holding(texts)
    if pairing.cut:
        texts = [text for text, holds in zip(texts, holding, strict=True) if not holds]
        abstract, holding = " ".join(texts), [False] * len(texts)
    if not texts or (pairing.stated and not any(holding)):
        return None
    heading = f"{pairing.paper.title}. "
    (states,), pair = reader.run([BELOW], heading + abstract, pairing.question.alone or pairing.question.question)
    part = np.array([-1 if one is None else one for one in pair.sequence_ids], np.int8)
    starts, ends = np.array(pair.offsets).T
    sentence = np.full(len(part), -1, np.int16)
    for place, span in enumerate(_placed(texts, len(heading)) if pairing.cut else _moved(abstract, len(heading))):
        sentence[(part == 0) & (ends > starts) & (ends > span.start) & (starts < span.end)] = place
    learnt = pairing.stated, pairing.fits, pairing.weight
    return Page(states[0].astype(np.float16), sentence, part, np.array(holding, bool), *learnt)


def _moved(abstract: str, by: int) -> list[Span]:
    return [Span(span.start + by, span.end + by) for span in sentences(abstract)]


def _placed(texts: Sequence[str], start: int) -> list[Span]:
    """Where texts are that stand one after the other, a space between them."""
    spans = []
    for text in texts:
        spans.append(Span(start, start + len(text)))
        start += len(text) + 1
    return spans


def pages(abstracts: Path, threads: int) -> list[Page]:
    """All that is fitted on."""
    choice = random.Random(SEED)
    papers = papers_of(abstracts)
    by_title = {paper.title: paper for paper in papers}
    about_one = [replace(question, pool="") for question in questions_of(("single", "talks"), blind=False)]
    pairings: list[Pairing] = []
    for assistant, some in libraries(about_one, papers):
        pairings += single(some, by_title, assistant, choice)
    for assistant, some in libraries(questions_of(("several",), blind=False), papers):
        pairings += several(some, assistant, choice)
    packaged.OUTPUTS.append(BELOW)
    reader = PackagedReader(threads=threads)
    every = [page for pairing in pairings if (page := read(pairing, reader))]
    print(f"{len(every)} pages of {len(pairings)} pairings")
    return every


# -- fitting


def losses(net: Adapted, page: Page) -> Any:
    """What is wrong with what the layers and heads say of a page."""
    import torch
    from torch.nn.functional import binary_cross_entropy_with_logits as entropy

    with torch.autocast("cpu", dtype=torch.bfloat16):
        odds, stated, fits = (one.float() for one in net(page.states, page.sentence, page.part, len(page.holding)))
    holding = torch.tensor(page.holding.astype("float32"))
    first = -torch.logsumexp(odds.log_softmax(0)[holding > 0], 0) if page.holding.any() else torch.tensor(0.0)
    if page.fits is not None:
        return entropy(fits, torch.tensor(float(page.fits))) + 0.5 * first
    each = entropy(odds, holding, pos_weight=torch.tensor(3.0))
    return each + first + entropy(stated, torch.tensor(float(bool(page.stated))))


def fit(net: Adapted, every: list[Page], passes: float) -> None:
    """Go through all pages so many times, in another order each time."""
    import torch

    choice = random.Random(SEED)
    optimiser = torch.optim.AdamW(net.groups(RATE))
    steps = int(passes * len(every) / BATCH)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: min(1, (step + 1) / (WARMING * steps)) * max(0.02, 1 - step / steps)
    )
    order = [page for _ in range(math.ceil(passes)) for page in choice.sample(every, len(every))]
    total = 0.0
    for number, page in enumerate(order[: steps * BATCH], start=1):
        loss = page.weight * losses(net, page)
        (loss / BATCH).backward()
        total += loss.item()
        if number % BATCH == 0:
            torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimiser.step()
            optimiser.zero_grad()
            schedule.step()
        if number % 400 == 0:
            print(f"{number} of {steps * BATCH}: {total / 400:.3f}", flush=True)
            total = 0.0


def main() -> None:
    """Fit on the sets, and write the adapters and heads."""
    import numpy as np
    import torch

    from .lowrank import Adapted, adapters

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--abstracts", type=Path, required=True)
    parser.add_argument("--passes", type=float, default=2.0, help="how often each page is learnt from")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.manual_seed(SEED)
    torch.set_num_threads(options.threads)
    every = pages(options.abstracts, options.threads)
    model = packaged.carried(*MODEL).read_bytes()
    inputs = operators(model, "MatMulInteger")
    products = {name: weights.removesuffix("_quantized") for name, (_, weights, *_) in inputs.items()}
    net = Adapted(tensors(model), products, ADAPTED)
    fit(net, every, options.passes)
    learnt: dict[str, Any] = dict(adapters(net))
    np.savez_compressed(Path(str(resources.files("assistant.reader") / "adapters.npz")), **learnt)
    write_heads(net.heads())


if __name__ == "__main__":
    main()
