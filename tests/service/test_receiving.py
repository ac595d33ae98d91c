"""receiving: a body that is too long or too slow ends its request."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

import pytest
from starlette.exceptions import HTTPException

from assistant.core.bounds import BODY, BODY_RATE
from assistant.service import receiving
from assistant.service.receiving import Receiving


class Sender:
    """Sends these pieces of a body, then hangs up after `before` seconds."""

    def __init__(self, pieces: Iterable[bytes], *, ends: bool = True, before: float = 0.0) -> None:
        self._pieces, self._ends, self._before = iter(pieces), ends, before
        self.sent = 0

    async def __call__(self) -> dict[str, Any]:
        piece = next(self._pieces, None)
        if piece is None:
            await asyncio.sleep(self._before if self._ends else 60)
            return {"type": "http.disconnect"}
        self.sent += len(piece)
        return {"type": "http.request", "body": piece, "more_body": bool(piece) or not self._ends}


def read(
    sender: Sender, *, length: str | None = None, path: str = "/", most: dict[str, int] | None = None, times: int = 1000
) -> int:
    """How many bytes an application gets that reads at most `times` messages."""
    got = 0

    async def application(scope: Any, receive: Any, send: Any) -> None:
        nonlocal got
        for _ in range(times):
            message = await receive()
            got += len(message.get("body", b""))
            if message["type"] == "http.disconnect":
                return

    headers = [(b"content-length", length.encode())] if length is not None else []
    scope = {"type": "http", "path": path, "headers": headers}

    async def send(_: Any) -> None:
        """Ignore the response."""

    asyncio.run(Receiving(application, most or {})(scope, sender, send))
    return got


def test_a_body_at_the_limit_is_read_whole() -> None:
    assert read(Sender([b"x" * BODY, b""]), length=str(BODY)) == BODY
    assert read(Sender([b"x" * 99, b""]), path="/upload", most={"/upload": 99}) == 99


@pytest.mark.parametrize("length", [str(BODY + 1), "9" * 5000, "-1", "x", ""])
def test_a_body_announced_as_longer_is_not_read(length: str) -> None:
    sender = Sender([b"x"])
    with pytest.raises(HTTPException, match="413: The body is longer than 1,024 kB") as error:
        read(sender, length=length)
    assert sender.sent == 0
    assert error.value.headers == {"Connection": "close"}


def test_an_unannounced_long_body_is_read_only_to_the_limit() -> None:
    sender = Sender([b"x" * 65536] * 1000)
    with pytest.raises(HTTPException, match="413"):
        read(sender)
    assert sender.sent == BODY + 65536


def test_a_body_that_the_application_ignores_is_not_read() -> None:
    sender = Sender([b"x"])
    assert read(sender, length="9" * 10, times=0) == 0
    assert sender.sent == 0


def test_a_body_that_stops_coming_times_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receiving, "BODY_WAIT", 0.05)
    for pieces in ([], [b"{"], [b"x" * BODY_RATE]):
        with pytest.raises(HTTPException, match="408: The body came too slowly"):
            read(Sender(pieces, ends=False), length="1000000")


def test_a_slow_answer_to_a_whole_body_does_not_time_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receiving, "BODY_WAIT", 0.05)
    assert read(Sender([b"x", b""], before=0.2)) == 1
