"""What went wrong with a language model's server, as an `LLMError` that says what to do."""

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
"""Characters of a server's own message that are passed on."""


def refusal(error: openai.APIStatusError) -> str:
    """A server's own message about why it refused, in one line."""
    body = error.body
    message = body.get("message") if isinstance(body, Mapping) else body
    line = " ".join(str(message or "").split())
    return "" if line.startswith("<") else line[:LONGEST]  # an HTML page tells a person nothing


def may_pass(error: openai.APIStatusError) -> bool:
    """Whether the same request might succeed a moment later."""
    return error.status_code in AGAIN and error.code != "insufficient_quota"


def wait(headers: Mapping[str, str]) -> float | None:
    """The seconds that a server asks its callers to wait; None if it does not say.

    https://www.rfc-editor.org/rfc/rfc9110#field.retry-after: seconds or a date.
    """
    after = headers.get("retry-after", "").strip()
    if re.fullmatch(r"\d+(\.\d+)?", after):
        return float(after)
    parsed = email.utils.parsedate_tz(after)
    return max(0.0, email.utils.mktime_tz(parsed) - time.time()) if parsed else None


def unserved(error: openai.APIStatusError, name: str, url: str, key: str) -> LLMError:
    """A request that the server answered with an error. If its message repeats the key, the key is removed."""
    message = refusal(error).replace(key, "...") if key else refusal(error)
    because = f" It says: {message.rstrip('.')}." if message else ""
    status = error.status_code
    if error.response.has_redirect_location:
        target = " ".join(error.response.headers["location"].split())[:LONGEST]
        return LLMError(
            f"The language model's server at {url} redirects to {target}. Nothing was sent there. "
            "If you trust that address, set ASSISTANT_MODEL_URL to it."
        )
    if status in (401, 403):
        return LLMError(f"The language model's server at {url} refuses the key. Set OPENAI_API_KEY to a valid one.")
    if status == 404:
        return LLMError(
            f"There is no model {name!r} at {url}.{because} Set ASSISTANT_MODEL to a model of that server, "
            "and check ASSISTANT_MODEL_URL; it usually ends in /v1."
        )
    if error.code == "insufficient_quota":
        return LLMError(f"The account at {url} has no credit left.{because} Top it up, or choose another model.")
    if status == 429:
        return LLMError(f"The language model at {url} is receiving too many requests.{because} Ask again later.")
    if status < 500 and _TOO_LONG.search(message):
        return LLMError(
            f"The prompt is too long for the model {name!r}.{because} Lower ASSISTANT_MODEL_PROMPT_TOKENS, "
            "or give the model a larger context."
        )
    if status >= 500:
        return LLMError(f"The language model's server at {url} fails with status {status}.{because} See its log.")
    return LLMError(
        f"The language model's server at {url} refuses the request with status {status}.{because} "
        "To see what works, run: assistant model"
    )


def unheard(error: BaseException, url: str) -> LLMError:
    """A connection that could not be made, or that failed."""
    import openai

    from .wire import NotRead

    for one in (error, error.__cause__):
        if isinstance(one, NotRead):
            return LLMError(f"The language model's server at {url} {one}. Set ASSISTANT_MODEL_URL to another server.")
    if isinstance(error, openai.APITimeoutError) or "Timeout" in type(error).__name__:
        return LLMError(
            f"The language model at {url} stopped responding. Check its server, "
            "or allow it longer pauses with ASSISTANT_MODEL_SILENCE."
        )
    if isinstance(error, openai.APIError) and not isinstance(error, openai.APIConnectionError):
        message = " ".join(error.message.split())[:LONGEST]
        return LLMError(f"The language model at {url} stopped before it was done. It says: {message}")
    return LLMError(
        f"The language model at {url} cannot be reached, or the connection broke. "
        "Start its server, or set ASSISTANT_MODEL_URL to its address."
    )


def unfinished(reason: str | None, url: str) -> LLMError | None:
    """What is wrong with a reply that ended for this reason; None if it is complete."""
    if reason is None:
        return LLMError(
            f"The reply from {url} was cut off, or is not a reply at all. See its server's log, "
            "and check ASSISTANT_MODEL_URL; it usually ends in /v1."
        )
    if reason == "length":
        return LLMError("The language model reached its token limit before it was done. Raise ASSISTANT_MODEL_TOKENS.")
    if reason == "content_filter":
        return LLMError("The language model's content filter withheld the reply. Rephrase the question.")
    return None
