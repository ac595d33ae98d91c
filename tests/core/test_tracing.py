"""tracing, telemetry: the steps of a question as spans, without its text, and nothing at all unless it is asked for."""

from __future__ import annotations

import gzip
import http.server
import importlib.util
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from llama_index.core.llms import MockLLM
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from assistant.answer.writing import ExtractiveWriter
from assistant.chain import Assistant
from assistant.core.errors import MissingExtra, QuestionError
from assistant.core.settings import Settings
from assistant.core.telemetry import OpenTelemetry
from assistant.index.holdings import Holdings
from assistant.library.papers import Library
from assistant.reader import DoubleReader

from ..doubles import HashEmbedder
from ..papers import PAIRS, write_listing

QUESTION = "What does PearRank learn from?"
OTHER = "Which papers are about pears?"


class Recorded:
    """What an exporter was given."""

    def __init__(self) -> None:
        self.exporter = InMemorySpanExporter()

    @property
    def spans(self) -> list[ReadableSpan]:
        return [*self.exporter.get_finished_spans()]

    def inside(self, name: str) -> str:
        """The name of the span around the first one of this name; "" for none."""
        span = next(span for span in self.spans if span.name == name)
        names = {each.context.span_id: each.name for each in self.spans}
        return names[span.parent.span_id] if span.parent else ""

    def figures(self, name: str) -> dict[str, Any]:
        """The attributes of the first span of this name."""
        span = next(span for span in self.spans if span.name == name)
        return {key.removeprefix("assistant."): value for key, value in (span.attributes or {}).items()}

    def __str__(self) -> str:
        return "".join(span.to_json() for span in self.spans)


@pytest.fixture
def recorded() -> Recorded:
    return Recorded()


@pytest.fixture
def opened(tmp_path: Path, recorded: Recorded) -> Iterator[Callable[..., Assistant]]:
    """`opened(questions=True)`: an assistant over the small corpus whose steps are `recorded`."""
    open_ones: list[Assistant] = []

    def run(*, questions: bool = False) -> Assistant:
        tracer = OpenTelemetry(SimpleSpanProcessor(recorded.exporter), questions=questions)
        holdings = Holdings(Library(tmp_path / "home"), HashEmbedder())
        open_ones.append(Assistant(holdings, reader=DoubleReader(), tracer=tracer))
        open_ones[-1].ingest(write_listing(tmp_path / "a.txt", PAIRS))
        return open_ones[-1]

    yield run
    for one in open_ones:
        one.close()


def test_a_question_is_told_step_by_step(opened: Callable[..., Assistant], recorded: Recorded) -> None:
    answer = opened().ask(QUESTION)
    assert {span.name for span in recorded.spans} == {"ask", "understand", "search", "read", "write", "check"}
    assert {name: recorded.inside(name) for name in ("ask", "understand", "search", "write")} == {
        "ask": "",
        "understand": "ask",
        "search": "ask",
        "write": "ask",
    }
    assert "write" in {recorded.inside("check"), *parents(recorded, "check")}
    assert recorded.figures("ask") == {
        "kind": answer.kind,
        "outcome": "answered",
        "read_by": answer.read_by,
        "written_by": ExtractiveWriter.name,
        "hits": len(answer.hits),
        "claims": len(answer.claims),
        "rejections": 0,
    }
    assert recorded.figures("search") == {"hits": len(answer.hits)}
    assert recorded.figures("write")["model"] == ExtractiveWriter.name
    assert recorded.figures("read")["model"] == "double"
    assert len({span.context.trace_id for span in recorded.spans}) == 1


def parents(recorded: Recorded, name: str) -> set[str]:
    names = {each.context.span_id: each.name for each in recorded.spans}
    return {names[span.parent.span_id] for span in recorded.spans if span.name == name and span.parent}


def test_no_text_is_told_unless_it_is_asked_for(opened: Callable[..., Assistant], recorded: Recorded) -> None:
    assistant = opened()
    answer = assistant.ask(QUESTION)
    assistant.check(QUESTION, answer.titles[0])
    assistant.retriever().retrieve(QUESTION)
    assert recorded.spans
    assert [words for words in ("PearRank", "learn", *answer.titles) if words in str(recorded)] == []


def test_the_question_is_told_if_a_setting_says_so(opened: Callable[..., Assistant], recorded: Recorded) -> None:
    opened(questions=True).ask(QUESTION)
    assert recorded.figures("ask")["question"] == QUESTION


def test_a_question_that_fails_is_told_without_its_text(opened: Callable[..., Assistant], recorded: Recorded) -> None:
    with pytest.raises(QuestionError):
        opened().ask(QUESTION * 1000)
    (span,) = recorded.spans
    assert (span.status.is_ok, span.attributes) == (False, {"error.type": "QuestionError"})
    assert "PearRank" not in str(recorded)


def test_a_question_that_nobody_waits_for_any_more_is_told_as_cancelled(
    opened: Callable[..., Assistant], recorded: Recorded
) -> None:
    stream = opened().stream(QUESTION)
    next(stream)
    stream.close()
    assert recorded.figures("ask") == {"cancelled": True}
    assert "understand" in {span.name for span in recorded.spans}


def test_questions_that_take_turns_on_threads_are_told_apart(
    opened: Callable[..., Assistant], recorded: Recorded
) -> None:
    assistant = opened()
    streams = [assistant.stream(QUESTION), assistant.stream(OTHER)]

    def advance() -> None:
        for stream in streams:
            next(stream, None)

    for _ in range(20):
        thread = threading.Thread(target=advance)
        thread.start()
        thread.join()
    traces = {span.context.trace_id: span.context.span_id for span in recorded.spans if span.name == "ask"}
    assert len(traces) == 2
    for span in recorded.spans:
        if span.name in ("understand", "search", "write"):
            assert span.parent
            assert span.parent.span_id == traces[span.context.trace_id]


def test_what_llama_index_does_is_told_too(opened: Callable[..., Assistant], recorded: Recorded) -> None:
    assistant = opened()
    assistant.retriever().retrieve(QUESTION)
    assert (recorded.inside("search"), recorded.inside("PaperRetriever.retrieve")) in (
        ("PaperRetriever.retrieve", ""),
        ("PaperRetriever._retrieve", ""),
    )


def test_a_language_model_of_llama_index_is_told_inside_the_step_that_asks_it(
    tmp_path: Path, recorded: Recorded
) -> None:
    settings = Settings(home=tmp_path / "home")
    with Assistant.open(settings=settings, embedder=HashEmbedder(), llm=MockLLM()) as plain:
        plain.ingest(write_listing(tmp_path / "a.txt", PAIRS))
        model = plain._model
        tracer = OpenTelemetry(SimpleSpanProcessor(recorded.exporter))
        with Assistant(Holdings(Library(tmp_path / "home"), HashEmbedder()), model=model, tracer=tracer) as traced:
            traced.ask(QUESTION)
    assert recorded.inside("MockLLM.stream_chat") == "write"


def test_a_closed_assistant_tells_no_more(opened: Callable[..., Assistant], recorded: Recorded) -> None:
    assistant = opened()
    assistant.close()
    MockLLM().complete("hello")
    assert recorded.spans == []


# -- to a collector


class Collector(http.server.ThreadingHTTPServer):
    """A collector that keeps what it is sent."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, ExportTraceServiceRequest]] = []
        requests = self.requests

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers["Content-Encoding"] == "gzip":
                    body = gzip.decompress(body)
                requests.append((self.path, ExportTraceServiceRequest.FromString(body)))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"

    def __enter__(self) -> Collector:
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()


@pytest.mark.parametrize("variable", ["ASSISTANT_OTEL_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"])
def test_a_collector_gets_the_steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    with Collector() as collector:
        monkeypatch.setenv(variable, collector.url)
        settings = Settings.from_environment(home=tmp_path / "home")
        with Assistant.open(settings=settings, embedder=HashEmbedder()) as assistant:
            assistant.ingest(write_listing(tmp_path / "a.txt", PAIRS))
            assistant.ask(QUESTION)
    assert {path for path, _ in collector.requests} == {"/v1/traces"}
    (resource,) = (resource for _, request in collector.requests for resource in request.resource_spans)
    names = {span.name for scope in resource.scope_spans for span in scope.spans}
    assert {"ask", "understand", "search", "write", "check"} <= names
    service = {each.key: each.value.string_value for each in resource.resource.attributes}["service.name"]
    assert service == "paper-assistant"


def test_a_collector_that_is_gone_disturbs_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Collector() as collector:
        url = collector.url
    settings = Settings(home=tmp_path / "home", otel_endpoint=url)
    with Assistant.open(settings=settings, embedder=HashEmbedder()) as assistant:
        assistant.ingest(write_listing(tmp_path / "a.txt", PAIRS))
        assert assistant.ask(QUESTION).answered


def test_without_the_extra_the_error_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    settings = Settings(home=tmp_path / "home", otel_endpoint="http://127.0.0.1:4318")
    with pytest.raises(MissingExtra, match=r"paper-assistant\[otel\]"):
        Assistant.open(settings=settings, embedder=HashEmbedder())


def test_by_default_nothing_of_it_is_loaded(
    tmp_path: Path, python: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    code = (
        "import sys; from assistant import Assistant\n"
        "with Assistant.open(sys.argv[1]) as one: one.ingest(sys.argv[2]); print(one.ask(sys.argv[3]).answered)\n"
        "print([m for m in ('assistant.core.telemetry', 'opentelemetry.exporter.otlp.proto.http') if m in sys.modules])"
    )
    done = python(code, tmp_path / "home", write_listing(tmp_path / "a.txt", PAIRS), QUESTION)
    assert (done.stdout, done.stderr) == ("True\n[]\n", "")
