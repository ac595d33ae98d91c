"""Has a language model write the sentences of an answer: sources into the prompt, the reply parsed as it arrives.

Sources are fenced as data and cut between sentences to fit the prompt. Models read the middle of a long prompt least
carefully (https://arxiv.org/abs/2307.03172), so the best hit comes first and the second best last.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from ..check.checker import Checker
from ..check.citations import checked
from ..core.errors import LLMError
from ..core.records import Decline, Evidence, Hit, Rejection, Sentence
from ..core.tokens import count_tokens
from ..llm import LLM, Reply
from ..llm.embedded_json import ModelReply
from ..llm.prompts import Prompt, Prompts, fenced, harmless, restored
from ..question.understanding import SEVERAL, Asked
from .parsing import Parser, Written
from .writing import Writer, choose

PROMPT_TOKENS = 1900
"""Budget of a whole prompt. Five abstracts of median length and the instructions fill it."""
MOST_SOURCES = 5
"""Sources shown for a question about one paper: the most likely paper and the next best."""
WORTH_SHOWING = 0.05
"""Lowest relevance of an additional source."""
MOST_SENTENCES = 24
"""Sentences read of one reply; a model that writes more does not stop by itself."""
MOST_LOOPS = 3
"""Repeated sentences in a row after which a reply counts as looping."""
TEMPERATURE = 0.7
"""Of all drafts but the first; below it, most models write nearly the same draft again."""
CUT = "[...]"
"""Stands where sentences of an abstract were left out."""
FENCE_TOKENS = 20
"""Tokens of the fences around one source, roughly."""
AT_LEAST = 2
"""Sentences of each source that go in before any source goes in whole."""
WANTED = {
    "list": "Name every source that fits, with one sentence each.",
    "count": "Name every source that fits, with one sentence each.",
    "overview": "Name every source that fits, with one sentence each; sources on the same theme follow each other.",
    "compare": "Write one or two sentences for each side.",
    "summary": "Say in two or three sentences what the work does and what it finds.",
    "figure": "Give the figure asked for, with what it counts.",
}
"""Instructions for some kinds of question, added to the prompt."""


class DraftSentence(ModelReply):
    """A sentence of a draft, the number of its source, and the words of the source that it repeats."""

    source: int
    quote: str
    text: str


class Draft(ModelReply):
    """The reply that the prompt asks for; `parsing` also reads others."""

    answered: bool
    sentences: list[DraftSentence]


class LLMWriter:
    """Has a language model write from the sources alone, with a quote for each sentence."""

    def __init__(
        self, llm: LLM, prompts: Prompts, *, prompt_tokens: int = PROMPT_TOKENS, temperature: float = 0.0
    ) -> None:
        self._llm, self._prompts, self._prompt_tokens, self._temperature = llm, prompts, prompt_tokens, temperature

    @property
    def name(self) -> str:
        return self._llm.name

    def write(
        self, asked: Asked, hits: Sequence[Hit], failed: Sequence[Rejection] = ()
    ) -> Iterator[Sentence | Decline]:
        """Each sentence as soon as it is complete. Raises `LLMError`, also for a reply that cannot be read."""
        prompt = self._prompts.repair if failed else self._prompts.answer
        values = {"question": fenced("question", asked.text)}
        values |= {"rejected": _listed(failed)} if failed else {"wanted": WANTED.get(asked.kind, "")}
        sources = self._sources(prompt, values, _shown(asked, hits))
        parser = Parser([harmless(hit.paper.title) for hit in sources.hits])
        heading, empty = "", True
        for written in self._written(prompt, {**values, "sources": sources.text}, parser):
            empty = False
            sentence = _sentence(written, sources, asked)
            yield replace(sentence, heading="") if sentence.heading == heading else sentence
            heading = sentence.heading
        if empty and not failed:
            yield _declined(parser, sources)

    def _sources(self, prompt: Prompt, values: dict[str, str], shown: Sequence[Hit]) -> PromptSources:
        """As much of the sources as the rest of the prompt leaves room for."""
        empty = prompt.filled({**values, "sources": ""})
        return fitted(shown, budget=self._prompt_tokens - sum(count_tokens(message.content) for message in empty))

    def _written(self, prompt: Prompt, values: dict[str, str], parser: Parser) -> Iterator[Written]:
        reply = self._llm.complete(prompt.filled(values), schema=Draft.schema_sent(), temperature=self._temperature)
        yield from itertools.islice(_sentences(reply, parser), MOST_SENTENCES)
        reply.close()


def _sentences(reply: Reply, parser: Parser) -> Iterator[Written]:
    """The sentences of a reply as it arrives; reading stops when the reply loops."""
    for piece in reply:
        yield from parser.feed(piece)
        if parser.loops >= MOST_LOOPS:
            reply.close()
            break
    yield from parser.end()


def _shown(asked: Asked, hits: Sequence[Hit]) -> list[Hit]:
    """The hits that go into the prompt: those that would be quoted, and for a single paper the next best."""
    chosen = choose(asked, hits)
    if asked.several:
        return chosen
    further = [hit for hit in hits if hit not in chosen and hit.relevance >= WORTH_SHOWING]
    return (chosen + further)[: max(len(chosen), MOST_SOURCES)]


def _sentence(written: Written, sources: PromptSources, asked: Asked) -> Sentence:
    """The sentence with paper ids as marks; a mark that names no source stays as it was written."""
    marks = tuple(dict.fromkeys(_paper_id(mark, sources) for mark in written.marks))
    titles = {hit.paper.id: hit.paper.title for hit in sources.hits}
    under_titles = asked.kind in (*SEVERAL, "compare") and len(marks) == 1
    heading = titles.get(marks[0], "") if under_titles else ""
    return Sentence(restored(written.text), marks, heading, restored(written.span))


def _paper_id(mark: str, sources: PromptSources) -> str:
    number = int(mark) if mark.isdecimal() else 0
    return sources.hits[number - 1].paper.id if 1 <= number <= len(sources.hits) else mark


def _listed(failed: Sequence[Rejection]) -> str:
    return "\n".join(f"- {fenced('claim', one.sentence)}\n  Reason: {harmless(one.reason)}." for one in failed)


def _declined(parser: Parser, sources: PromptSources) -> Decline:
    """The decline if the model replied that the abstracts do not answer; `LLMError` if it replied nothing usable."""
    if not parser.declined:
        raise LLMError("The language model's reply could not be read.")
    nearest = tuple(hit.paper.title for hit in sorted(sources.hits, key=lambda hit: -hit.relevance)[:3])
    named = "; ".join(f"“{title}”" for title in nearest)
    message = f"The language model finds no answer in the abstracts. The nearest are {named}."
    return Decline("unstated", message, nearest)


# -- several drafts


class BestOfDrafts:
    """Has several writers each write a draft, at the same time, and passes on the one the papers support best.

    A model that samples its words makes different mistakes each time, and what a draft says can be checked. So the
    best draft is known without another model. Nothing is passed on before all drafts are complete. The second try is
    the first writer's.
    """

    def __init__(self, writers: Sequence[Writer], checker: Checker) -> None:
        self._writers, self._checker = writers, checker

    @property
    def name(self) -> str:
        return self._writers[0].name

    def write(
        self, asked: Asked, hits: Sequence[Hit], failed: Sequence[Rejection] = ()
    ) -> Iterator[Sentence | Decline]:
        """The sentences of the best draft, or a decline if most drafts are one. Raises `LLMError` if all fail."""
        if failed:
            yield from self._writers[0].write(asked, hits, failed)
            return
        with ThreadPoolExecutor(len(self._writers)) as pool:
            outcomes = list(pool.map(lambda writer: _draft(writer, asked, hits), self._writers))
        drafts = [draft for draft in outcomes if not isinstance(draft, LLMError)]
        if not drafts:
            raise next(error for error in outcomes if isinstance(error, LLMError))
        declines = [draft for draft in drafts if any(isinstance(one, Decline) for one in draft)]
        candidates = declines if 2 * len(declines) > len(drafts) else drafts
        yield from max(candidates, key=lambda draft: self._support(draft, hits))

    def _support(self, draft: Sequence[Sentence | Decline], hits: Sequence[Hit]) -> float:
        """The support of each sentence that passes, added up, minus one for each that fails; 0 for a decline."""
        claims = [checked(one, hits, self._checker)[0] for one in draft if isinstance(one, Sentence)]
        return sum(max(citation.support for citation in claim.citations) if claim else -1.0 for claim in claims)


def _draft(writer: Writer, asked: Asked, hits: Sequence[Hit]) -> list[Sentence | Decline] | LLMError:
    """The whole draft, or what went wrong with it."""
    try:
        return list(writer.write(asked, hits))
    except LLMError as error:
        return error


# -- sources in a prompt


@dataclass(frozen=True, slots=True)
class PromptSources:
    """The text of the sources, and their hits in the order shown: source 1 is `hits[0]`."""

    text: str
    hits: tuple[Hit, ...]


def fitted(hits: Sequence[Hit], *, budget: int) -> PromptSources:
    """The sources within `budget` tokens, from `hits` best first; a hit without room is left out."""
    kept = {rank: places for rank, places in enumerate(_kept(hits, budget)) if places}
    order = [*list(kept)[:1], *list(kept)[2:], *list(kept)[1:2]]
    shown = [_source(number, hits[rank], kept[rank]) for number, rank in enumerate(order, start=1)]
    return PromptSources("\n\n".join(shown), tuple(hits[rank] for rank in order))


def _kept(hits: Sequence[Hit], budget: int) -> list[set[int]]:
    """For each hit, which of its sentences go in.

    First the best sentences of every hit, so that none is missing; then the rest of the best hit, of the next, and
    so on.
    """
    ranked = [_by_worth(hit.evidence) for hit in hits]
    wanted = [(rank, place) for rank, places in enumerate(ranked) for place in places[:AT_LEAST]]
    wanted += [(rank, place) for rank, places in enumerate(ranked) for place in places[AT_LEAST:]]
    kept: list[set[int]] = [set() for _ in hits]
    left = budget
    for rank, place in wanted:
        opening = 0 if kept[rank] else FENCE_TOKENS + count_tokens(harmless(hits[rank].paper.title))
        cost = opening + 2 + count_tokens(harmless(hits[rank].evidence[place].text))
        if cost <= left:
            kept[rank].add(place)
            left -= cost
    return kept


def _by_worth(evidence: Sequence[Evidence]) -> list[int]:
    return sorted(range(len(evidence)), key=lambda place: -evidence[place].signals.answers)


def _source(number: int, hit: Hit, places: set[int]) -> str:
    pieces, last = [hit.paper.title + "\n"], -1
    for place in sorted(places):
        pieces += [CUT] * (place != last + 1)
        pieces.append(hit.evidence[place].text)
        last = place
    pieces += [CUT] * (last != len(hit.evidence) - 1)
    return fenced("source", " ".join(pieces).replace("\n ", "\n"), number=number)
