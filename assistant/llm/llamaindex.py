"""Our search and language models behind llama-index's interfaces, and its language models behind ours."""

from __future__ import annotations

import functools
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextvars import copy_context
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal

from ..core.errors import LLMError, SettingsError
from ..core.records import Hit
from ..core.tracing import Tracer
from .model import LLM, SECONDS, Message, Reply, Schema

if TYPE_CHECKING:
    from inspect import BoundArguments

    from llama_index.core.base.llms.types import ChatMessage, ChatResponse, CompletionResponse
    from llama_index.core.llms import LLM as LlamaIndexLLM
    from llama_index.core.llms import CustomLLM
    from llama_index.core.retrievers import BaseRetriever

_ROLES: dict[str, Literal["system", "user", "assistant"]] = {"system": "system", "assistant": "assistant"}


def retriever(search: Callable[[str], list[Hit]]) -> BaseRetriever:
    """A llama-index retriever whose nodes are the best passages of the hits; `score` is the hit's relevance."""
    from llama_index.core.retrievers import BaseRetriever
    from llama_index.core.schema import NodeWithScore, QueryBundle, TextNode

    class PaperRetriever(BaseRetriever):
        def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
            return [
                NodeWithScore(
                    node=TextNode(
                        id_=hit.passage.id,
                        text=hit.passage.text,
                        metadata={"title": hit.paper.title, "paper_id": hit.paper.id, "start": hit.passage.start},
                    ),
                    score=hit.relevance,
                )
                for hit in search(query_bundle.query_str)
            ]

    return PaperRetriever()


def follow(tracer: Tracer) -> Callable[[], None]:
    """Tell a tracer what llama-index does, such as retrieving for an engine; returns how to stop that.

    Of a call the class and the method are told, never what it was given.
    """
    from llama_index_instrumentation import get_dispatcher
    from llama_index_instrumentation.span import BaseSpan
    from llama_index_instrumentation.span_handlers import BaseSpanHandler

    class Call(BaseSpan):
        step: Any

    class Follower(BaseSpanHandler[Call]):
        def new_span(self, id_: str, bound_args: BoundArguments, *_: Any, **__: Any) -> Call:
            return Call(id_=id_, step=tracer.begin(id_.partition("-")[0]))

        def prepare_to_exit_span(self, id_: str, bound_args: BoundArguments, *_: Any, **__: Any) -> Call:
            self.open_spans[id_].step.end()
            return self.open_spans[id_]

        def prepare_to_drop_span(
            self,
            id_: str,
            bound_args: BoundArguments,
            instance: Any = None,
            err: BaseException | None = None,
            **_: Any,
        ) -> Call:
            self.open_spans[id_].step.end(err)
            return self.open_spans[id_]

    root, follower = get_dispatcher(), Follower(open_spans={}, current_span_ids={})
    root.add_span_handler(follower)
    return functools.partial(root.span_handlers.remove, follower)


# -- language models


def ours(llm: object) -> LLM:
    """`llm` behind our seam: ours unchanged, llama-index's adapted. `SettingsError` for anything else."""
    if "llama_index.core" in sys.modules:  # otherwise this cannot be one of its models
        from llama_index.core.llms import LLM as LlamaIndexLLM

        if isinstance(llm, LlamaIndexLLM):
            return Adapted(llm)
    if isinstance(getattr(llm, "name", None), str) and callable(getattr(llm, "complete", None)):
        return llm  # type: ignore[return-value]  # mypy cannot see that the seam is implemented
    raise SettingsError(
        f"llm is a {type(llm).__name__}, which is not a language model. Pass an object with the methods of "
        "assistant.llm.LLM, or a llama-index LLM."
    )


class Adapted:
    """A llama-index LLM behind our seam, read on its own thread so that our time limits apply to it too."""

    def __init__(self, llm: LlamaIndexLLM) -> None:
        self._llm = llm

    @property
    def name(self) -> str:
        return self._llm.metadata.model_name or self._llm.class_name()

    def complete(
        self,
        messages: Sequence[Message],
        *,
        schema: Schema | None = None,
        seconds: float = SECONDS,
        temperature: float = 0.0,
    ) -> Reply:
        """The reply. llama-index has no common way to set a schema or a temperature, so the LLM uses its own."""
        reply, cancelled = Reply(messages, seconds=seconds), threading.Event()
        reply.on_close(cancelled.set)

        def read() -> None:
            with _Ending(reply, self.name):
                for piece in self._pieces(messages):
                    reply.put(piece)
                    if cancelled.is_set():
                        break

        # in this context, so that a trace has what it does inside the step that asked for it
        work = functools.partial(copy_context().run, read)
        threading.Thread(target=work, name="llama-index language model", daemon=True).start()
        return reply

    def _pieces(self, messages: Sequence[Message]) -> Iterator[str]:
        from llama_index.core.base.llms.types import ChatMessage

        chat = [ChatMessage(role=message.role, content=message.content) for message in messages]
        text = ""
        for response in self._llm.stream_chat(chat):
            whole = response.message.content or ""
            piece = response.delta if response.delta is not None else whole.removeprefix(text)
            text += piece
            yield piece


class _Ending:
    """Ends a reply with whatever ended the block, because an error in a thread reaches nobody else."""

    def __init__(self, reply: Reply, name: str) -> None:
        self._reply, self._name = reply, name

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if error is None or isinstance(error, LLMError):
            self._reply.put(error)
        else:
            reason = f"{type(error).__name__}: {error}"
            self._reply.put(LLMError(f"The llama-index language model {self._name} fails. It says: {reason}"))
        return True


def custom(llm: LLM) -> CustomLLM:
    """Our language model as a llama-index one, with its time limits, retries and errors."""
    from llama_index.core.base.llms.types import (
        ChatMessage,
        ChatResponse,
        CompletionResponse,
        LLMMetadata,
        MessageRole,
    )
    from llama_index.core.llms import CustomLLM

    class AssistantLLM(CustomLLM):
        @property
        def metadata(self) -> LLMMetadata:
            return LLMMetadata(model_name=llm.name, is_chat_model=True)

        def complete(self, prompt: str, formatted: bool = False, **_: Any) -> CompletionResponse:
            return CompletionResponse(text=llm.complete([Message("user", prompt)]).text())

        def stream_complete(self, prompt: str, formatted: bool = False, **_: Any) -> Iterator[CompletionResponse]:  # type: ignore[override]
            for text, piece in _growing(llm.complete([Message("user", prompt)])):
                yield CompletionResponse(text=text, delta=piece)

        def chat(self, messages: Sequence[ChatMessage], **_: Any) -> ChatResponse:
            return _chatted(llm.complete(_messages(messages)).text(), None)

        def stream_chat(self, messages: Sequence[ChatMessage], **_: Any) -> Iterator[ChatResponse]:  # type: ignore[override]
            for text, piece in _growing(llm.complete(_messages(messages))):
                yield _chatted(text, piece)

    def _chatted(text: str, piece: str | None) -> ChatResponse:
        return ChatResponse(message=ChatMessage(role=MessageRole.ASSISTANT, content=text), delta=piece)

    return AssistantLLM()


def _growing(reply: Reply) -> Iterator[tuple[str, str]]:
    """The text so far, and its last piece."""
    text = ""
    for piece in reply:
        text += piece
        yield text, piece


def _messages(messages: Sequence[ChatMessage]) -> list[Message]:
    """Their messages as ours; every role but system and assistant becomes the user."""
    return [Message(_ROLES.get(message.role.value, "user"), message.content or "") for message in messages]
