"""A question and its hits in, the sentences that a language model writes out, each with the words it rests on."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from ..core.errors import LLMError
from ..core.records import Decline, Hit, Rejection, Sentence
from ..core.tokens import count_tokens
from ..llm import LLM, Reply, Schema, objects
from ..llm.prompts import Prompt, Prompts, as_it_stood, fenced, harmless
from ..question.understanding import SEVERAL, Asked
from .briefing import Briefing, brief
from .parsing import Parser, Written
from .writing import choose

PROMPT_TOKENS = 1900
"""Budget of a whole prompt. Five abstracts of median length and the instructions fill it."""
MOST_SOURCES = 5
"""Sources of a question about one paper: the one it is taken to be about, and the next best."""
WORTH_SHOWING = 0.05
"""Least relevance of a further source."""
MOST_SENTENCES = 24
"""A reply with more sentences than this goes on for ever."""
MOST_LOOPS = 3
"""Sentences said again, in a row, after which a reply is taken to loop."""
WANTED = {
    "list": "Name every source that fits, with one sentence each.",
    "count": "Name every source that fits, with one sentence each.",
    "compare": "Write one or two sentences for each side.",
    "summary": "Say in three to five sentences what the work does and what it finds.",
    "figure": "Give the figure asked for, with what it counts.",
}
"""What is asked for by the kind of question, beyond the prompt."""
_SENTENCE = objects({"source": {"type": "integer"}, "quote": {"type": "string"}, "text": {"type": "string"}})
SCHEMA: Schema = {
    "title": "answer",
    **objects({"answered": {"type": "boolean"}, "sentences": {"type": "array", "items": _SENTENCE}}),
}


class LLMWriter:
    """Has a language model write, from the sources alone and with the words that each sentence rests on."""

    def __init__(
        self, llm: LLM, prompts: Prompts, *, prompt_tokens: int = PROMPT_TOKENS, temperature: float = 0.0
    ) -> None:
        self._llm, self._prompts, self._prompt_tokens, self._temperature = llm, prompts, prompt_tokens, temperature

    @property
    def name(self) -> str:
        return self._llm.name

    def write(self, asked: Asked, hits: Sequence[Hit], amiss: Sequence[Rejection] = ()) -> Iterator[Sentence | Decline]:
        """The sentences, each as soon as it is whole. Raises `LLMError`, also where nothing could be read."""
        prompt = self._prompts.repair if amiss else self._prompts.answer
        values = {"question": fenced("question", asked.text)}
        values |= {"rejected": _told(amiss)} if amiss else {"wanted": WANTED.get(asked.kind, "")}
        sources = self._sources(prompt, values, _shown(asked, hits))
        parser = Parser([harmless(hit.paper.title) for hit in sources.shown])
        heading = ""
        read = False
        for written in self._written(prompt, {**values, "sources": sources.text}, parser):
            read = True
            sentence = _sentence(written, sources, asked)
            yield (
                sentence if sentence.heading != heading else Sentence(sentence.text, sentence.marks, "", sentence.span)
            )
            heading = sentence.heading
        if not read and not amiss:
            yield _declined(parser, sources)

    def _sources(self, prompt: Prompt, values: dict[str, str], shown: Sequence[Hit]) -> Briefing:
        """As much of the sources as the rest of the prompt leaves room for."""
        empty = prompt.filled({**values, "sources": ""})
        return brief(shown, budget=self._prompt_tokens - sum(count_tokens(message.content) for message in empty))

    def _written(self, prompt: Prompt, values: dict[str, str], parser: Parser) -> Iterator[Written]:
        reply = self._llm.complete(prompt.filled(values), schema=SCHEMA, temperature=self._temperature)
        yield from itertools.islice(_sentences(reply, parser), MOST_SENTENCES)
        reply.close()


def _sentences(reply: Reply, parser: Parser) -> Iterator[Written]:
    """What the parser makes of a reply, as it comes; once the reply loops, no more of it is read."""
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


def _sentence(written: Written, sources: Briefing, asked: Asked) -> Sentence:
    """The sentence with marks that are papers' ids; a mark of no source stays as it was written."""
    marks = tuple(dict.fromkeys(_paper_of(mark, sources) for mark in written.marks))
    titles = {hit.paper.id: hit.paper.title for hit in sources.shown}
    apart = asked.kind in (*SEVERAL, "compare") and len(marks) == 1
    heading = titles.get(marks[0], "") if apart else ""
    return Sentence(as_it_stood(written.text), marks, heading, as_it_stood(written.span))


def _paper_of(mark: str, sources: Briefing) -> str:
    number = int(mark) if mark.isdecimal() else 0
    return sources.shown[number - 1].paper.id if 1 <= number <= len(sources.shown) else mark


def _told(amiss: Sequence[Rejection]) -> str:
    return "\n".join(f"- {fenced('claim', one.sentence)}\n  Reason: {harmless(one.reason)}." for one in amiss)


def _declined(parser: Parser, sources: Briefing) -> Decline:
    """The decline that a model's "not in the abstracts" is; `LLMError` for a reply that says nothing at all."""
    if not parser.declined:
        raise LLMError("The language model wrote nothing that can be read.")
    nearest = tuple(hit.paper.title for hit in sorted(sources.shown, key=lambda hit: -hit.relevance)[:3])
    named = "; ".join(f"“{title}”" for title in nearest)
    return Decline(
        "unstated", f"The language model finds no answer in the abstracts. The nearest are {named}.", nearest
    )
