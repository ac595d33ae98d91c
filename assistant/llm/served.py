"""Messages in, the reply of an OpenAI-compatible server out.

The client runs in an event loop on a thread of its own. So a reply can be called off at any byte of it, which closes
the connection and stops the bill, and a time limit holds whatever the server does, dripping or silent.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import CancelledError as Cancelled
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from ..core.errors import LLMError
from . import failures
from .dialect import Dialect, adapted
from .model import SECONDS, Schema
from .reply import Message, Reply, Usage
from .thinking import Thoughtless

if TYPE_CHECKING:
    import openai

OPENAI = "https://api.openai.com/v1"
"""Where the model is when no address is given."""
CONNECT = 5.0
"""Seconds to reach a server in."""
TRIES = 3
PAUSE = 0.5
"""Seconds before the second try, and twice as many before the third, where the server does not say."""
WORDS_TO_DROP = 8
"""Refusals of a request's words that are followed, at most."""


class ServedModel:
    """A model behind `url`. Nothing is imported, started or asked before the first call; close it in the end.

    silence: seconds in which nothing comes before it is given up. tokens: the most of a reply. `name` "" asks
    the server for the first it has.
    """

    def __init__(
        self, name: str, *, url: str = OPENAI, key: str = "", silence: float = 20.0, tokens: int = 2000
    ) -> None:
        self.name, self.url, self.dialect = name, url.rstrip("/"), Dialect()
        self._key, self._silence, self._tokens = key, silence, tokens
        self._loop: asyncio.AbstractEventLoop | None = None
        self._client: openai.AsyncOpenAI | None = None
        self._starting = threading.Lock()

    def complete(
        self,
        messages: Sequence[Message],
        *,
        schema: Schema | None = None,
        seconds: float = SECONDS,
        temperature: float = 0.0,
    ) -> Reply:
        reply = Reply(messages, seconds=seconds)
        running = asyncio.run_coroutine_threadsafe(self._reply(reply, messages, schema, temperature), self._started())
        running.add_done_callback(lambda done: reply.put(_outcome(done)))
        reply.on_close(running.cancel)
        return reply

    def models(self, *, seconds: float = SECONDS) -> list[str]:
        """The names of the models that the server has. Raises `LLMError`."""
        running = asyncio.run_coroutine_threadsafe(self._models(seconds), self._started())
        return running.result()

    def close(self) -> None:
        """Call off what is under way and let go of the connections."""
        with self._starting:
            loop, self._loop = self._loop, None
        if loop is not None:
            asyncio.run_coroutine_threadsafe(self._closed(), loop).result()
            loop.call_soon_threadsafe(loop.stop)
            self._thread.join()
            loop.close()

    def _started(self) -> asyncio.AbstractEventLoop:
        with self._starting:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(target=self._loop.run_forever, name="language model", daemon=True)
                self._thread.start()
            return self._loop

    async def _closed(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        if self._client is not None:
            await self._client.close()
            self._client = None

    def _connected(self) -> openai.AsyncOpenAI:
        import openai

        from . import wire

        if self._client is None:
            self._client = openai.AsyncOpenAI(
                api_key=self._key or "unused",
                base_url=self.url,
                timeout=openai.Timeout(self._silence, connect=CONNECT),
                max_retries=0,
                http_client=wire.async_client(max(wire.LEAST, self._tokens * wire.A_TOKEN)),
            )
        return self._client

    async def _models(self, seconds: float) -> list[str]:
        async with self._spoken_for(), asyncio.timeout(seconds):
            return sorted([model.id async for model in self._connected().models.list()])

    async def _reply(
        self, reply: Reply, messages: Sequence[Message], schema: Schema | None, temperature: float
    ) -> None:
        """Put what the server says into the reply. Raises `LLMError`."""
        shown = Thoughtless()
        reason: str | None = None
        async with self._spoken_for():
            if not self.name:
                self.name = next(iter(await self._models(reply.seconds_left)), "")
            stream = await self._asked(reply, messages, schema, temperature)
            async with stream:
                async for chunk in stream:
                    for choice in chunk.choices or ():
                        reply.put(shown.feed((choice.delta and choice.delta.content) or ""))
                        reason = choice.finish_reason or reason
                    if chunk.usage:
                        reply.put(Usage(1, chunk.usage.prompt_tokens or 0, chunk.usage.completion_tokens or 0))
        reply.put(shown.end())
        if error := failures.unfinished(reason, self.url):
            raise error

    async def _asked(self, reply: Reply, messages: Sequence[Message], schema: Schema | None, temperature: float) -> Any:
        """The stream of a reply. The one place where a request is put again: only before anything came of it."""
        import openai

        tries = 0
        for _ in range(TRIES + WORDS_TO_DROP):
            words = self.dialect.request(messages, schema, self._tokens, temperature)
            try:
                return await self._connected().chat.completions.create(model=self.name, **words)
            except openai.APIStatusError as error:
                if plainer := adapted(self.dialect, failures.refusal(error)):
                    self.dialect = plainer
                    continue
                tries += 1
                pause = failures.wait(error.response.headers) or PAUSE * 2 ** (tries - 1)
                if tries == TRIES or not failures.may_pass(error) or pause >= reply.seconds_left:
                    raise
            except openai.APITimeoutError:
                raise  # it had its time
            except openai.APIConnectionError:
                tries += 1
                pause = PAUSE * 2 ** (tries - 1)
                if tries == TRIES or pause >= reply.seconds_left:
                    raise
            await asyncio.sleep(pause)
        raise LLMError(f"The server at {self.url} refuses one word of the request after the other.")

    @contextlib.asynccontextmanager
    async def _spoken_for(self) -> AsyncIterator[None]:
        """Failures of the wire, as `LLMError`."""
        import httpx2
        import openai

        try:
            yield
        except openai.APIStatusError as error:
            raise failures.unserved(error, self.name, self.url, self._key) from error
        except (openai.OpenAIError, httpx2.HTTPError, TimeoutError) as error:
            raise failures.unheard(error, self.url) from error
        except (
            ValueError,
            TypeError,
            AttributeError,
            RecursionError,
        ) as error:  # the client trips over what is no reply at all
            raise LLMError(
                f"What came from {self.url} is no reply of a language model. "
                "See that ASSISTANT_MODEL_URL is right; it mostly ends in /v1."
            ) from error


def _outcome(done: Future[None]) -> BaseException | None:
    """What ends a reply: None when it is whole, else what it ended with."""
    try:
        return done.exception()
    except Cancelled:
        return LLMError("The reply was called off.")
