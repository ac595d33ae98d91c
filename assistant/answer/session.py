"""Answers one question with a language model, within its time limit and budget, or without one.

`account` gives what the settings name: a `ModelAccount`, or `NoModel`. Each gives a session per question; the two
kinds of session have the same methods.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Self

from ..check.checker import Checker
from ..check.judging import Judge
from ..core.errors import LLMError
from ..core.export import as_json, from_json
from ..core.records import Answer, Check, Event, digest
from ..llm import LLM, Metered, ServedModel, Usage, configured
from ..llm.ledger import Ledger, Spending, cost
from ..llm.llamaindex import ours
from ..llm.prompts import Prompts
from ..question.understanding import Asked
from .composing import Clock, Composer
from .drafting import TEMPERATURE, BestOfDrafts, LLMWriter
from .meaning import Interpreter
from .verdicts import Opening, opened
from .writing import ExtractiveWriter, Writer

if TYPE_CHECKING:
    from ..core.database import DataHome
    from ..core.settings import Settings


# -- without a language model


class NoModel:
    """No language model: `writer` writes every answer."""

    def __init__(self, writer: Writer | None = None) -> None:
        self._writer = writer or ExtractiveWriter()

    @property
    def name(self) -> None:
        """There is no model to name."""
        return None

    def session(self) -> PlainSession:
        return PlainSession(self._writer)

    def spent(self) -> None:
        return None

    def close(self) -> None:
        return None


class PlainSession:
    """One question without a language model: it is asked as it was read, and answering costs nothing."""

    stage = "checking citations"
    interpreter: Interpreter | None = None
    """The rules read every question."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def judged(self, sentence: str, title: str, check: Check) -> Check:
        return check

    def composed(
        self, answer: Answer, asked: Asked, checker: Checker, clock: Clock, opening: Opening | None = None
    ) -> Generator[Event, None, Answer]:
        return Composer(answer, asked, opened(self._writer, opening), checker, clock).compose()

    def billed(self, answer: Answer) -> Answer:
        return answer


# -- with one


class ModelAccount:
    """A language model, the one that judges, their prompts, and the ledger of what they have used."""

    def __init__(self, llm: LLM, judge: LLM, settings: Settings, prompts: Prompts, ledger: Ledger) -> None:
        self.llm, self.judge, self.settings, self.prompts, self.ledger = llm, judge, settings, prompts, ledger

    @property
    def name(self) -> str:
        """The name of the model that writes; "" until its server was asked."""
        return self.llm.name

    def session(self) -> ModelSession:
        """A session for one question. Its time limit starts now; leaving it enters what it used in the ledger."""
        return ModelSession(self)

    def spent(self) -> Spending:
        """What was used today and in all."""
        today, ever = self.ledger.spent(today=True), self.ledger.spent()
        prices = self.settings.prices
        limit = self.settings.model_daily_tokens
        return Spending(_tokens(today), cost(today, prices), _tokens(ever), cost(ever, prices), limit)

    def close(self) -> None:
        for model in {id(model): model for model in (self.llm, self.judge)}.values():
            if isinstance(model, ServedModel):
                model.close()
        self.ledger.close()


class ModelSession:
    """One question with a language model: all its calls share one time limit and one bill."""

    def __init__(self, account: ModelAccount) -> None:
        settings, prompts = account.settings, account.prompts
        self._settings, self._prompts, self._ledger = settings, prompts, account.ledger
        self._llm = Metered(account.llm, seconds=settings.model_timeout, before=self._check_daily_limit)
        self._judging = self._llm
        if account.judge is not account.llm:
            self._judging = Metered(account.judge, seconds=settings.model_timeout, before=self._check_daily_limit)
        self._from_cache = False
        self.interpreter = Interpreter(self._llm, prompts)
        self._writers = [
            LLMWriter(self._llm, prompts, prompt_tokens=settings.model_prompt_tokens, temperature=temperature)
            for temperature in (0.0, *[TEMPERATURE] * (settings.model_drafts - 1))
        ]
        self._judge: Judge | None = None
        if settings.judge != "never":
            self._judge = Judge(self._judging, prompts, account.ledger, always=settings.judge == "always")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Enter what was used in the ledger, even if there is no answer."""
        for model, usage in self._used().items():
            self._ledger.spend(model, usage)

    @property
    def stage(self) -> str:
        return f"{self._llm.name or 'the language model'} is writing"

    def judged(self, sentence: str, title: str, check: Check) -> Check:
        """The check of a sentence, decided by the judge if it is undecided."""
        return self._judge.check(sentence, title, check) if self._judge else check

    def composed(
        self, answer: Answer, asked: Asked, checker: Checker, clock: Clock, opening: Opening | None = None
    ) -> Generator[Event, None, Answer]:
        """The claims as they pass, then the answer.

        It comes from the cache if the same question over the same papers was answered with the same prompts and model.
        """
        key = self._cache_key(answer, opening)
        cached = self._ledger.kept(key) if key else None
        if cached is not None:
            self._from_cache = True
            again = from_json(json.loads(cached))
            yield from (Event("answering", claim=claim) for claim in again.claims)
            return replace(again, question=answer.question, read_by=answer.read_by, hits=answer.hits)
        writer = BestOfDrafts(self._writers, checker) if len(self._writers) > 1 else self._writers[0]
        stand_in = opened(ExtractiveWriter(), opening)
        composer = Composer(
            answer, asked, opened(writer, opening), checker, clock, stand_in=stand_in, judge=self._judge
        )
        answer = yield from composer.compose()
        if key and answer.written_by == self._llm.name and not answer.remark:
            self._ledger.keep(key, json.dumps(as_json(replace(answer, question=answer.query, hits=()))))
        return answer

    def billed(self, answer: Answer) -> Answer:
        """The answer with what it took, and the hash of the prompts if they had a part in it."""
        used = sum(self._used().values(), Usage())
        return replace(
            answer,
            wording=self._prompts.wording if self._from_cache or used.calls else "",
            usage=asdict(used) if used.calls else {},
            cost=cost(self._used(), self._settings.prices),
        )

    def _cache_key(self, answer: Answer, opening: Opening | None) -> str:
        """The key an answer is cached under; "" if the cache is off or the model's name is not known yet."""
        if not (self._settings.model_cache and self._llm.name):
            return ""
        settings = self._settings
        chosen = settings.judge, settings.judge_model, str(settings.model_prompt_tokens), str(settings.model_drafts)
        papers = (text for hit in answer.hits for text in (hit.paper.fingerprint, f"{hit.relevance:.3f}"))
        return digest(
            "answer", answer.query, answer.kind, self._prompts.wording, self._llm.name, *chosen, repr(opening), *papers
        )

    def _used(self) -> dict[str, Usage]:
        """What each model used for this question."""
        if self._judging is self._llm or self._judging.name == self._llm.name:
            metered = {id(one): one for one in (self._llm, self._judging)}.values()
            return {self._llm.name: sum((one.usage for one in metered), Usage())}
        return {one.name: one.usage for one in (self._llm, self._judging)}

    def _check_daily_limit(self) -> None:
        """Raise `LLMError` if the day's tokens, including those of this question, are used up."""
        limit = self._settings.model_daily_tokens
        if limit and _tokens(self._ledger.spent(today=True)) + _tokens(self._used()) >= limit:
            raise LLMError(f"Today's limit of {limit:,} tokens for language models is used up.")


def account(
    settings: Settings, llm: object | None = None, home: Path | DataHome | None = None
) -> ModelAccount | NoModel:
    """The account of `llm`, ours or llama-index's, or of the model that the settings name.

    Its ledger is in `home`, or in the folder that the settings name. Raises `PromptError`, `SettingsError`.
    """
    model = configured(settings) if llm is None else ours(llm)
    if model is None:
        return NoModel()
    judge = configured(settings.model_copy(update={"model": settings.judge_model})) if settings.judge_model else None
    return ModelAccount(model, judge or model, settings, Prompts.load(), Ledger(home or settings.data_home()))


def _tokens(used: Mapping[str, Usage]) -> int:
    return sum(one.prompt_tokens + one.completion_tokens for one in used.values())
