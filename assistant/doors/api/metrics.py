"""What was asked and how it went in, numbers for Prometheus out."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from ...core.records import Answer

MEDIA = CONTENT_TYPE_PLAIN_0_0_4
KINDS = ("prompt", "completion")
SECONDS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)


class Metrics:
    """The numbers of one application; no question, name or key is among them."""

    def __init__(self, *, papers: Callable[[], int], waiting: Callable[[], int]) -> None:
        self._registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        self._requests = Histogram(
            "assistant_request_seconds",
            "Seconds until a request was answered whole.",
            ("route", "method", "status"),
            registry=registry,
            buckets=SECONDS,
        )
        self._answers = Counter(
            "assistant_answers", "Answers by outcome: answered, or why not.", ("outcome",), registry=registry
        )
        self._stages = Histogram(
            "assistant_stage_seconds",
            "Seconds that a stage of an answer took.",
            ("stage",),
            registry=registry,
            buckets=SECONDS,
        )
        self._tokens = Counter(
            "assistant_model_tokens",
            "Tokens that language models took, of prompts and of replies.",
            ("kind",),
            registry=registry,
        )
        for kind in KINDS:
            self._tokens.labels(kind)
        self._cost = Counter(
            "assistant_model_cost_dollars",
            "US dollars that language models took, where their prices are set.",
            registry=registry,
        )
        Gauge("assistant_papers", "Papers held.", registry=registry).set_function(papers)
        Gauge("assistant_questions_waiting", "Questions asked and not answered yet.", registry=registry).set_function(
            waiting
        )

    def request(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count a request; `route` is a path of the description, never what somebody typed."""
        self._requests.labels(route, method, str(status)).observe(seconds)

    def answer(self, answer: Answer) -> None:
        """Count an answer by how it came out, how long each stage took, and what language models took for it."""
        self._answers.labels(answer.declined.kind if answer.declined else "answered").inc()
        for stage, seconds in answer.timings.items():
            self._stages.labels(stage).observe(seconds)
        for kind in KINDS:
            self._tokens.labels(kind).inc(answer.usage.get(f"{kind}_tokens", 0))
        self._cost.inc(answer.cost or 0.0)

    def shown(self) -> bytes:
        """All numbers in Prometheus' text format."""
        return generate_latest(self._registry)
