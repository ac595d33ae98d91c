"""The reply of an OpenAI-compatible server, with requests adapted to what it understands.

The client runs in an event loop on its own thread. So a reply can be cancelled at any byte, which closes the
connection and stops the bill, and a time limit holds even if the server is silent or sends a byte now and then.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import threading
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from ..core.errors import LLMError
from . import failures
from .model import SECONDS, Message, Reply, Schema, Usage

if TYPE_CHECKING:
    import openai

    from ..core.settings import Settings

OPENAI = "https://api.openai.com/v1"
"""The address used if none is set."""
AT_OPENAI = "gpt-5.4-mini"
"""The model used if only a key is set."""
NONE = "none"
"""The model name that switches the language model off, whatever else is set."""
CONNECT = 5.0
"""Seconds allowed for connecting."""
TRIES = 3
PAUSE = 0.5
"""Seconds before the second try, doubled before the third, unless the server asks for another pause."""
MOST_ADAPTED = 8
"""Most refusals of a parameter that are answered by leaving it out."""


def configured(settings: Settings) -> ServedModel | None:
    """The model that the settings name by a name, an address or a key. Nothing is sent yet."""
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


class ServedModel:
    """A model behind `url`. Nothing is imported, started or sent before the first call. Close it in the end.

    `silence` is how many seconds the server may send nothing; `tokens` is the most that a reply may have. An empty
    `name` means the first model that the server lists.
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
        """The names of the server's models. Raises `LLMError`."""
        running = asyncio.run_coroutine_threadsafe(self._models(seconds), self._started())
        return running.result()

    def close(self) -> None:
        """Cancel what is running and close the connections."""
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
        async with self._translating_errors(), asyncio.timeout(seconds):
            return sorted([model.id async for model in self._connected().models.list()])

    async def _reply(
        self, reply: Reply, messages: Sequence[Message], schema: Schema | None, temperature: float
    ) -> None:
        """Put what the server sends into the reply. Raises `LLMError`."""
        thoughts = ThoughtFilter()
        reason: str | None = None
        async with self._translating_errors():
            if not self.name:
                self.name = next(iter(await self._models(reply.seconds_left)), "")
            stream = await self._stream(reply, messages, schema, temperature)
            async with stream:
                async for chunk in stream:
                    for choice in chunk.choices or ():
                        reply.put(thoughts.feed((choice.delta and choice.delta.content) or ""))
                        reason = choice.finish_reason or reason
                    if chunk.usage:
                        reply.put(Usage(1, chunk.usage.prompt_tokens or 0, chunk.usage.completion_tokens or 0))
        reply.put(thoughts.end())
        if error := failures.unfinished(reason, self.url):
            raise error

    async def _stream(
        self, reply: Reply, messages: Sequence[Message], schema: Schema | None, temperature: float
    ) -> Any:
        """The stream of a reply. Requests are repeated here and nowhere else, and only before any of it arrived."""
        import openai

        tries = 0
        for _ in range(TRIES + MOST_ADAPTED):
            parameters = self.dialect.request(messages, schema, self._tokens, temperature)
            try:
                return await self._connected().chat.completions.create(model=self.name, **parameters)
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
        raise LLMError(f"The server at {self.url} refuses one parameter of the request after another.")

    @contextlib.asynccontextmanager
    async def _translating_errors(self) -> AsyncIterator[None]:
        """Raise failures of the connection as `LLMError`."""
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
        ) as error:  # the client fails on malformed replies
            raise LLMError(
                f"The response from {self.url} is not that of a language model. "
                "Check ASSISTANT_MODEL_URL; it usually ends in /v1."
            ) from error


def _outcome(done: Future[None]) -> BaseException | None:
    """What ends a reply: None if it is complete, else the error."""
    try:
        return done.exception()
    except CancelledError:
        return LLMError("The reply was cancelled.")


# -- what a server understands

Limit = Literal["max_tokens", "max_completion_tokens"]
SchemaSupport = Literal["json_schema", "json_object", "none"]

_LIMITS: dict[str, Limit] = {"max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens"}
_WEAKER: dict[str, SchemaSupport] = {"json_schema": "json_object", "json_object": "none"}


@dataclass(frozen=True, slots=True)
class Dialect:
    """The parameters that a server is assumed to understand.

    All servers speak the same protocol, but each lacks other parts of it. Instead of a list of servers, a request that
    is refused because of one parameter is repeated without it, and so are all later ones.

    `limit` is its name for the most tokens of a reply, `schema` how far it follows a JSON schema.
    """

    limit: Limit = "max_tokens"
    system: bool = True
    schema: SchemaSupport = "json_schema"
    usage: bool = True
    temperature: bool = True

    def request(
        self, messages: Sequence[Message], schema: Schema | None, tokens: int, temperature: float = 0.0
    ) -> dict[str, Any]:
        """The parameters of a request, except for the model's name."""
        parameters: dict[str, Any] = {"messages": _plain(messages, self.system), self.limit: tokens, "stream": True}
        if self.temperature:
            parameters["temperature"] = temperature
        if self.usage:
            parameters["stream_options"] = {"include_usage": True}
        if schema is not None and self.schema == "json_schema":
            named = {"name": schema["title"], "schema": schema, "strict": True}
            parameters["response_format"] = {"type": "json_schema", "json_schema": named}
        elif schema is not None and self.schema == "json_object":
            parameters["response_format"] = {"type": "json_object"}
        return parameters


def adapted(dialect: Dialect, refusal: str) -> Dialect | None:
    """The dialect without the parameter that a refusal names; None if it is about something else."""
    reason = refusal.casefold()
    if "max_completion_tokens" in reason and dialect.limit == "max_tokens":
        return replace(dialect, limit="max_completion_tokens")
    if re.search(r"max_(completion_)?tokens", reason) and not re.search(
        r"context|too (long|large|many)|at most", reason
    ):
        return replace(dialect, limit=_LIMITS[dialect.limit]) if dialect.limit in reason else None
    if re.search(r"response_format|json_schema|json schema|grammar|structured output", reason):
        return replace(dialect, schema=_WEAKER[dialect.schema]) if dialect.schema in _WEAKER else None
    if re.search(r"stream_options|include_usage", reason) and dialect.usage:
        return replace(dialect, usage=False)
    if "temperature" in reason and dialect.temperature:
        return replace(dialect, temperature=False)
    if re.search(r"\bsystem\b.{0,40}(?:role|not supported|message)|roles? must alternate", reason) and dialect.system:
        return replace(dialect, system=False)
    return None


def _plain(messages: Sequence[Message], system: bool) -> list[dict[str, str]]:
    """The messages as the protocol writes them; without a system role, the system text opens the first other one."""
    if system:
        return [{"role": message.role, "content": message.content} for message in messages]
    before = "\n\n".join(message.content for message in messages if message.role == "system")
    others = [{"role": message.role, "content": message.content} for message in messages if message.role != "system"]
    others[0]["content"] = f"{before}\n\n{others[0]['content']}".strip()
    return others


# -- thoughts

_OPENED = re.compile(r"\s*<(think|thinking|thought|reasoning)>|\s*<\|channel\|>analysis")
_FINAL = "<|channel|>final<|message|>"
_OPENINGS = ("<think>", "<thinking>", "<thought>", "<reasoning>", "<|channel|>analysis", _FINAL)


class ThoughtFilter:
    """Removes what a reasoning model thinks before it answers: `<think> ... </think>`, or an analysis channel."""

    def __init__(self) -> None:
        self._pending = ""
        self._until: str | None = None
        self._answering = False

    def feed(self, piece: str) -> str:
        """The text that is known to belong to the answer after `piece`."""
        if self._answering:
            return piece
        text, place = self._pending + piece, 0
        while True:
            if self._until is not None:
                ended = text.find(self._until, place)
                if ended < 0:
                    self._pending = text[
                        max(place, len(text) - len(self._until) + 1) :
                    ]  # the end tag may be cut in two
                    return ""
                place, self._until = ended + len(self._until), None
            opened = _OPENED.match(text, place)
            if not opened:
                break
            place, self._until = opened.end(), f"</{opened[1]}>" if opened[1] else _FINAL
        self._pending = text[place:].lstrip()
        return "" if _may_open(self._pending) else self._answer()

    def end(self) -> str:
        """The text held back because it could have become a thought; "" for a thought that never ended."""
        return "" if self._until is not None else self._answer()

    def _answer(self) -> str:
        self._answering, text = True, self._pending.lstrip().removeprefix(_FINAL).lstrip()
        self._pending = ""
        return text


def _may_open(text: str) -> bool:
    begun = text.lstrip()
    return any(opening.startswith(begun) and opening != begun for opening in _OPENINGS)
