"""Settings in, the language model and its prompts out, and for each question what is to be done with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING

from .drafting import LLMWriter
from .llamaindex import ours
from .llm import LLM, Metered, ServedModel, configured
from .prompts import Prompts
from .rewording import Reworder
from .writing import Writer

if TYPE_CHECKING:
    from .settings import Settings


class Task:
    """The language model for one question: all that is asked of it shares one time limit and one bill."""

    def __init__(self, llm: LLM, prompts: Prompts, *, seconds: float, prompt_tokens: int) -> None:
        self._llm = Metered(llm, seconds=seconds)
        self._prompts = prompts
        self.reworder = Reworder(self._llm, prompts)
        self.writer: Writer = LLMWriter(self._llm, prompts, prompt_tokens=prompt_tokens)

    @property
    def wording(self) -> str:
        """The hash of the prompts; "" when nothing was asked."""
        return self._prompts.wording if self._llm.usage.calls else ""

    @property
    def usage(self) -> Mapping[str, int]:
        """What was used, by name; empty when nothing was asked."""
        used = self._llm.usage
        return asdict(used) if used.calls else {}


class Desk:
    """A language model and the prompts it is asked with."""

    def __init__(self, llm: LLM, settings: Settings, prompts: Prompts) -> None:
        self.llm, self._settings, self._prompts = llm, settings, prompts

    def task(self) -> Task:
        """What is needed for one question; the time limit begins to run."""
        return Task(
            self.llm,
            self._prompts,
            seconds=self._settings.model_timeout,
            prompt_tokens=self._settings.model_prompt_tokens,
        )

    def close(self) -> None:
        if isinstance(self.llm, ServedModel):
            self.llm.close()


def opened(settings: Settings, llm: object | None = None) -> Desk | None:
    """The desk with `llm`, ours or llama-index's, or with the model that the settings name; None for neither.

    Raises `PromptError`, `SettingsError`.
    """
    chosen = configured(settings) if llm is None else ours(llm)
    return Desk(chosen, settings, Prompts.load()) if chosen else None
