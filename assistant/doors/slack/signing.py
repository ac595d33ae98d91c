"""A request in, its body out once size, age and signature are right: nothing is parsed before.

The signature is Slack's v0: https://docs.slack.dev/authentication/verifying-requests-from-slack
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import AsyncIterator, Mapping

from ...core.bounds import SLACK

MAX_AGE = 5 * 60
"""Seconds that a signature holds, as Slack recommends."""
TIMESTAMP, SIGNATURE = "x-slack-request-timestamp", "x-slack-signature"


class Refused(Exception):
    """A request that is not let in: the status it gets and why, in words."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """What signs a body sent at a time, in seconds of the epoch."""
    signed = f"v0:{timestamp}:".encode() + body
    return "v0=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


async def read(headers: Mapping[str, str], chunks: AsyncIterator[bytes]) -> bytes:
    """The body, of which no more is read than is allowed."""
    length = headers.get("content-length", "0")
    body = b""
    if length.isascii() and length.isdigit() and len(length) < 16 and int(length) <= SLACK:
        async for chunk in chunks:
            body += chunk
            if len(body) > SLACK:
                break
        else:
            return body
    raise Refused(413, f"The request is longer than {SLACK // 1024} kB.")


def stamped(headers: Mapping[str, str], now: float) -> tuple[str, str]:
    """The timestamp and the signature that a request bears: known before its body is read, and not too old."""
    timestamp, given = headers.get(TIMESTAMP, ""), headers.get(SIGNATURE, "")
    if not timestamp or not given:
        raise Refused(401, f"The request is not signed: it needs the headers {TIMESTAMP} and {SIGNATURE}.")
    sound = timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 16
    if not sound or abs(now - int(timestamp)) > MAX_AGE:
        raise Refused(401, "The signature is too old, or the clocks differ by more than five minutes.")
    return timestamp, given


async def signed(headers: Mapping[str, str], chunks: AsyncIterator[bytes], secret: str, now: float) -> bytes:
    """The body of a request that bears a signature made with the secret, or `Refused`."""
    timestamp, given = stamped(headers, now)
    body = await read(headers, chunks)
    if not hmac.compare_digest(signature(secret, timestamp, body).encode(), given.encode(errors="replace")):
        raise Refused(401, "The signature is not right: see that both sides have the same secret.")
    return body
