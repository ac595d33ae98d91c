"""Settings in, the language model and its prompts out, and for each question what is to be done with them."""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Self

from ..check.citations import Checker
from ..check.judging import Judge
from ..core.errors import LLMError
from ..core.export import as_json, from_json
from ..core.records import Answer, Event, Hit, digest
from ..llm import LLM, Metered, ServedModel, Usage, configured
from ..llm.ledger import Ledger, Spending, cost
from ..llm.llamaindex import ours
from ..llm.prompts import Prompts
from ..question.understanding import Asked
from .composing import Composer, Composition
from .drafting import LLMWriter
from .rewording import Reworder
from .sampling import TEMPERATURE, Sampler
from .writing import Writer

if TYPE_CHECKING:
    from ..core.settings import Settings


class Desk:
    """A language model, the one that judges, the prompts they are asked with, and what they took so far."""

    def __init__(self, llm: LLM, judge: LLM, settings: Settings, prompts: Prompts, ledger: Ledger) -> None:
        self.llm, self.judge, self.settings, self.prompts, self.ledger = llm, judge, settings, prompts, ledger

    def task(self) -> Task:
        """What is needed for one question; the time limit begins to run. Close it in the end."""
        return Task(self)

    def spent(self) -> Spending:
        """What was used today and ever."""
        today, ever = self.ledger.spent(today=True), self.ledger.spent()
        prices = self.settings.prices
        limit = self.settings.model_daily_tokens
        return Spending(_tokens(today), cost(today, prices), _tokens(ever), cost(ever, prices), limit)

    def close(self) -> None:
        for model in {id(model): model for model in (self.llm, self.judge)}.values():
            if isinstance(model, ServedModel):
                model.close()
        self.ledger.close()


class Task:
    """The language model for one question: all that is asked of it shares one time limit and one bill."""

    def __init__(self, desk: Desk) -> None:
        settings, prompts = desk.settings, desk.prompts
        self._settings, self._prompts, self._ledger = settings, prompts, desk.ledger
        self._llm = Metered(desk.llm, seconds=settings.model_timeout, before=self._within_limit)
        self._judging = self._llm
        if desk.judge is not desk.llm:
            self._judging = Metered(desk.judge, seconds=settings.model_timeout, before=self._within_limit)
        self._recalled = False
        self.reworder = Reworder(self._llm, prompts)
        self._writers = [
            LLMWriter(self._llm, prompts, prompt_tokens=settings.model_prompt_tokens, temperature=temperature)
            for temperature in (0.0, *[TEMPERATURE] * (settings.model_drafts - 1))
        ]
        self.judge: Judge | None = None
        if settings.judge != "never":
            self.judge = Judge(self._judging, prompts, desk.ledger, always=settings.judge == "always")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Enter what was used in the ledger, whatever became of the answer."""
        for model, used in self._used().items():
            self._ledger.spend(model, used)

    def writer(self, checker: Checker) -> Writer:
        """Who writes; of several drafts, the one that holds best against the papers by `checker`."""
        return Sampler(self._writers, checker) if len(self._writers) > 1 else self._writers[0]

    @property
    def wording(self) -> str:
        """The hash of the prompts; "" when they had no part in the answer."""
        return self._prompts.wording if self._recalled or self.usage else ""

    @property
    def usage(self) -> Mapping[str, int]:
        """What was used, by name; empty when nothing was asked."""
        used = sum(self._used().values(), Usage())
        return asdict(used) if used.calls else {}

    @property
    def cost(self) -> float | None:
        """US dollars; None where a model that was asked has no price."""
        return cost(self._used(), self._settings.prices)

    def composed(self, composer: Composer, asked: Asked, hits: Sequence[Hit]) -> Generator[Event, None, Composition]:
        """What the composer makes, or made of the same question and papers with the same prompts and model before."""
        key = self._key(asked, hits)
        kept = self._ledger.kept(key) if key else None
        if kept is not None:
            self._recalled = True
            made = _composition(json.loads(kept))
            yield from (Event("answering", claim=claim) for claim in made.claims)
            return made
        made = yield from composer.compose(asked, hits)
        if key and made.written_by == self._llm.name and not made.remark:
            self._ledger.keep(key, json.dumps(as_json(_answer(made, asked))))
        return made

    def _key(self, asked: Asked, hits: Sequence[Hit]) -> str:
        """What an answer is kept under; "" where it is not to be kept, or the model's name is not known yet."""
        if not (self._settings.model_cache and self._llm.name):
            return ""
        settings = self._settings
        chosen = settings.judge, settings.judge_model, str(settings.model_prompt_tokens), str(settings.model_drafts)
        papers = (text for hit in hits for text in (hit.paper.fingerprint, f"{hit.relevance:.3f}"))
        return digest("answer", asked.text, self._prompts.wording, self._llm.name, *chosen, *papers)

    def _used(self) -> dict[str, Usage]:
        """What each model took for this question."""
        if self._judging is self._llm or self._judging.name == self._llm.name:
            metered = {id(one): one for one in (self._llm, self._judging)}.values()
            return {self._llm.name: sum((one.usage for one in metered), Usage())}
        return {one.name: one.usage for one in (self._llm, self._judging)}

    def _within_limit(self) -> None:
        """Raise `LLMError` once the tokens of the day are used up, those of this question included."""
        limit = self._settings.model_daily_tokens
        if limit and _tokens(self._ledger.spent(today=True)) + _tokens(self._used()) >= limit:
            raise LLMError(f"The {limit:,} tokens that language models have for today are used up.")


def opened(settings: Settings, llm: object | None = None, home: Path | None = None) -> Desk | None:
    """The desk with `llm`, ours or llama-index's, or with the model that the settings name; None for neither.

    Its ledger lies in `home`, or the folder that the settings name. Raises `PromptError`, `SettingsError`.
    """
    chosen = configured(settings) if llm is None else ours(llm)
    if chosen is None:
        return None
    other = configured(settings.model_copy(update={"model": settings.judge_model})) if settings.judge_model else None
    return Desk(chosen, other or chosen, settings, Prompts.load(), Ledger(home or settings.home))


def _tokens(used: Mapping[str, Usage]) -> int:
    return sum(one.prompt_tokens + one.completion_tokens for one in used.values())


def _answer(made: Composition, asked: Asked) -> Answer:
    return Answer(
        question=asked.text,
        query=asked.text,
        claims=tuple(made.claims),
        rejections=tuple(made.rejections),
        declined=made.declined,
        lead=made.lead,
        written_by=made.written_by,
    )


def _composition(values: Mapping[str, object]) -> Composition:
    answer = from_json(values)
    return Composition(answer.written_by, list(answer.claims), list(answer.rejections), answer.declined, answer.lead)
