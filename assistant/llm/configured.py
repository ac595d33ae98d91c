"""Settings in, the language model they name out, or None."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .served import OPENAI, ServedModel

if TYPE_CHECKING:
    from ..core.settings import Settings

NONE = "none"
"""The name that switches the language model off, whatever else is set."""
AT_OPENAI = "gpt-5.4-mini"
"""The model asked where a key is all that is set."""


def configured(settings: Settings) -> ServedModel | None:
    """The model, if a name, an address or a key is set. Nothing is asked of it yet."""
    key = settings.model_key.get_secret_value()
    if settings.model.casefold() == NONE or not (settings.model or settings.model_url or key):
        return None
    return ServedModel(
        settings.model or ("" if settings.model_url else AT_OPENAI),
        url=settings.model_url or OPENAI,
        key=key,
        silence=settings.model_silence,
        tokens=settings.model_tokens,
    )
