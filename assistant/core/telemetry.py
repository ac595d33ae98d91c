"""Settings in, a tracer out that sends the steps of questions to an OpenTelemetry collector, or None: the default.

Spans have durations, counts and names of models. Of an error only its class is told, for its text may quote a question.
https://opentelemetry.io/docs/specs/otel/
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from contextvars import ContextVar
from typing import TYPE_CHECKING

from opentelemetry import context, trace
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import TracerProvider

from .. import __version__
from .errors import MissingExtra

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import SpanProcessor

    from .settings import Settings
    from .tracing import Figure

PATH = "/v1/traces"
"""What a collector's address for traces ends with: https://opentelemetry.io/docs/specs/otlp/#otlphttp-request"""
PATIENCE = 3
"""Seconds that a collector gets to take spans; the assistant waits that long when it is closed."""
_HERE: ContextVar[None] = ContextVar("here", default=None)


class OpenTelemetry:
    """A tracer that hands spans to a processor, and to no one else: the provider is its own, not the process's."""

    def __init__(self, processor: SpanProcessor, *, questions: bool = False) -> None:
        self.questions = questions
        resource = Resource.create({SERVICE_NAME: "paper-assistant", SERVICE_VERSION: __version__})
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("assistant", __version__)

    def begin(self, name: str) -> OpenSpan:
        return OpenSpan(self._tracer.start_span(name))

    def close(self) -> None:
        """Send what has not been sent."""
        self._provider.shutdown()


class OpenSpan:
    """A step as a span. Until it ends, spans that begin in its context are inside it."""

    def __init__(self, span: trace.Span) -> None:
        self._span = span
        self._token, self._here = context.attach(trace.set_span_in_context(span)), _HERE.set(None)

    def tell(self, figures: Mapping[str, Figure]) -> None:
        self._span.set_attributes({f"assistant.{name}": value for name, value in figures.items()})

    def end(self, error: BaseException | None = None) -> None:
        if isinstance(error, GeneratorExit):
            self.tell({"cancelled": True})
        elif error is not None:
            self._span.set_status(trace.StatusCode.ERROR)
            self._span.set_attribute("error.type", type(error).__qualname__)
        self._span.end()
        try:
            _HERE.reset(self._here)
        except ValueError:  # it ends in another context than it began in, where nothing is inside it
            return
        context.detach(self._token)


def configured(settings: Settings) -> OpenTelemetry:
    """A tracer that sends spans to the collector of the settings, in batches. Raises `MissingExtra`."""
    if importlib.util.find_spec("opentelemetry.exporter.otlp.proto.http") is None:
        raise MissingExtra("otel")
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    exporter = OTLPSpanExporter(endpoint=settings.otel_endpoint + PATH, timeout=PATIENCE)
    return OpenTelemetry(BatchSpanProcessor(exporter), questions=settings.otel_questions)
