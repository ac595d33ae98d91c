"""A failure of the wire in, an `LLMError` that says what to do out."""

from __future__ import annotations

import email.utils
import re
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from ..core.errors import LLMError

if TYPE_CHECKING:
    import openai

AGAIN = (408, 409, 425, 429, 500, 502, 503, 504, 529)
"""Statuses that may pass by themselves."""
_TOO_LONG = re.compile(r"context.{0,12}(length|size|window)|exceed|too (long|large|many tokens)", re.I)
LONGEST = 200
"""Characters of a server's own words that are handed on."""


def refusal(error: openai.APIStatusError) -> str:
    """A server's own words for why it refused, in one line."""
    body = error.body
    told = body.get("message") if isinstance(body, Mapping) else body
    words = " ".join(str(told or "").split())
    return "" if words.startswith("<") else words[:LONGEST]  # a page in HTML says nothing to a person


def may_pass(error: openai.APIStatusError) -> bool:
    """Whether the same request might be served a moment later."""
    return error.status_code in AGAIN and error.code != "insufficient_quota"


def wait(headers: Mapping[str, str]) -> float | None:
    """The seconds that a server asks to be left alone for; None where it does not ask.

    https://www.rfc-editor.org/rfc/rfc9110#field.retry-after: seconds or a date.
    """
    asked = headers.get("retry-after", "").strip()
    if re.fullmatch(r"\d+(\.\d+)?", asked):
        return float(asked)
    parsed = email.utils.parsedate_tz(asked)
    return max(0.0, email.utils.mktime_tz(parsed) - time.time()) if parsed else None


def unserved(error: openai.APIStatusError, name: str, url: str, key: str) -> LLMError:
    """A request that the server answered with an error; a key that it repeats is not told."""
    said = refusal(error).replace(key, "...") if key else refusal(error)
    because = f" It says: {said.rstrip('.')}." if said else ""
    status = error.status_code
    if error.response.has_redirect_location:
        elsewhere = " ".join(error.response.headers["location"].split())[:LONGEST]
        return LLMError(
            f"The language model's server at {url} sends its callers on to {elsewhere}. Nothing was sent there. "
            "If you trust that address, set ASSISTANT_MODEL_URL to it."
        )
    if status in (401, 403):
        return LLMError(f"The language model's server at {url} refuses the key. Set OPENAI_API_KEY to a valid one.")
    if status == 404:
        return LLMError(
            f"There is no model {name!r} at {url}.{because} Set ASSISTANT_MODEL to one that is served there, "
            "and mind that ASSISTANT_MODEL_URL mostly ends in /v1."
        )
    if error.code == "insufficient_quota":
        return LLMError(f"The account at {url} has nothing left to spend.{because} Top it up, or name another model.")
    if status == 429:
        return LLMError(f"The language model at {url} is asked too much.{because} Ask again in a while.")
    if status < 500 and _TOO_LONG.search(said):
        return LLMError(
            f"The prompt is too long for the model {name!r}.{because} Set ASSISTANT_MODEL_PROMPT_TOKENS lower, "
            "or serve the model with a larger context."
        )
    if status >= 500:
        return LLMError(f"The language model's server at {url} fails with status {status}.{because} See its log.")
    return LLMError(
        f"The language model's server at {url} refuses the request with status {status}.{because} "
        "See what works with: assistant model"
    )


def unheard(error: BaseException, url: str) -> LLMError:
    """A connection that could not be made or did not hold."""
    import openai

    from .wire import NotRead

    for one in (error, error.__cause__):
        if isinstance(one, NotRead):
            return LLMError(f"The language model's server at {url} {one}. Set ASSISTANT_MODEL_URL to another server.")
    if isinstance(error, openai.APITimeoutError) or "Timeout" in type(error).__name__:
        return LLMError(
            f"The language model at {url} fell silent. See whether its server is well, "
            "or allow it a longer silence with ASSISTANT_MODEL_SILENCE."
        )
    if isinstance(error, openai.APIError) and not isinstance(error, openai.APIConnectionError):
        return LLMError(f"The language model at {url} broke off. It says: {' '.join(error.message.split())[:LONGEST]}")
    return LLMError(
        f"The language model at {url} cannot be reached, or the connection broke. "
        "Start its server, or set ASSISTANT_MODEL_URL to where it is."
    )


def unfinished(reason: str | None, url: str) -> LLMError | None:
    """What is wrong with a reply that ended for this reason; None for one that is whole."""
    if reason is None:
        return LLMError(
            f"The reply from {url} was cut off, or is none. See its server's log, "
            "and mind that ASSISTANT_MODEL_URL mostly ends in /v1."
        )
    if reason == "length":
        return LLMError(
            "The language model reached its limit of tokens before it was done. Raise ASSISTANT_MODEL_TOKENS."
        )
    if reason == "content_filter":
        return LLMError("The language model's server withheld the reply by its content filter. Ask in other words.")
    return None
