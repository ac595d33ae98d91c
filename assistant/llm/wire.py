"""HTTP clients that read only so many bytes of a response, follow no redirects, and accept no compression."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import httpx2
import openai

LEAST = 4 * 2**20
"""Bytes of a response that are always read: a list of models, a refusal, the vectors of a batch of texts."""
A_TOKEN = 1024
"""Most bytes per token of a stream; sent as an event of its own, a token takes 250 to 400."""
PLAIN = {"Accept-Encoding": "identity"}
"""A compressed response could unpack to a thousand times the bytes read."""


class NotRead(httpx2.ReadError):
    """A response that is read no further, and why."""


def client(most: int) -> httpx2.Client:
    """A client that reads at most `most` bytes of a response."""
    hooks = {"response": [lambda response: _bound(response, most)]}
    return openai.DefaultHttpxClient(follow_redirects=False, headers=PLAIN, event_hooks=hooks)


def async_client(most: int) -> httpx2.AsyncClient:
    """The same for an event loop."""

    async def bound(response: httpx2.Response) -> None:
        _bound(response, most)

    return openai.DefaultAsyncHttpxClient(follow_redirects=False, headers=PLAIN, event_hooks={"response": [bound]})


def _bound(response: httpx2.Response, most: int) -> None:
    encoding = response.headers.get("content-encoding", "identity")
    if encoding != "identity":
        raise NotRead(f"compresses its reply ({encoding[:20]}), although uncompressed was requested")
    response.stream = _Bounded(response.stream, most)


class _Bounded(httpx2.SyncByteStream, httpx2.AsyncByteStream):
    """A stream that raises `NotRead` past `most` bytes."""

    def __init__(self, stream: httpx2.SyncByteStream | httpx2.AsyncByteStream, most: int) -> None:
        self._stream, self._most, self._left = stream, most, most

    def __iter__(self) -> Iterator[bytes]:
        assert isinstance(self._stream, httpx2.SyncByteStream)
        for piece in self._stream:
            yield self._counted(piece)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        assert isinstance(self._stream, httpx2.AsyncByteStream)
        async for piece in self._stream:
            yield self._counted(piece)

    def _counted(self, piece: bytes) -> bytes:
        self._left -= len(piece)
        if self._left < 0:
            raise NotRead(f"sends more than the {self._most:,} bytes that a reply may have")
        return piece

    def close(self) -> None:
        if isinstance(self._stream, httpx2.SyncByteStream):
            self._stream.close()

    async def aclose(self) -> None:
        if isinstance(self._stream, httpx2.AsyncByteStream):
            await self._stream.aclose()
