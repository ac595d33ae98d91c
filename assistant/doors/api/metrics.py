"""Numbers for Prometheus: requests, answers, stages, and what language models used."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

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

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

MEDIA = CONTENT_TYPE_PLAIN_0_0_4
KINDS = ("prompt", "completion")
SECONDS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)


class Metrics:
    """The numbers of one application; they contain no question, name or key."""

    def __init__(self, *, papers: Callable[[], int], waiting: Callable[[], int]) -> None:
        self._registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        self._requests = Histogram(
            "assistant_request_seconds",
            "Seconds until the whole response was sent.",
            ("route", "method", "status"),
            registry=registry,
            buckets=SECONDS,
        )
        self._answers = Counter(
            "assistant_answers",
            "Answers by outcome: answered, or the reason for declining.",
            ("outcome",),
            registry=registry,
        )
        self._stages = Histogram(
            "assistant_stage_seconds",
            "Seconds per stage of an answer.",
            ("stage",),
            registry=registry,
            buckets=SECONDS,
        )
        self._tokens = Counter(
            "assistant_model_tokens",
            "Tokens used by language models, in prompts and replies.",
            ("kind",),
            registry=registry,
        )
        for kind in KINDS:
            self._tokens.labels(kind)
        self._cost = Counter(
            "assistant_model_cost_dollars",
            "US dollars spent on language models, where their prices are set.",
            registry=registry,
        )
        Gauge("assistant_papers", "Papers in the library.", registry=registry).set_function(papers)
        Gauge("assistant_questions_waiting", "Questions that have no answer yet.", registry=registry).set_function(
            waiting
        )

    def request(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count a request; `route` is a path template, never the path that was sent."""
        self._requests.labels(route, method, str(status)).observe(seconds)

    def answer(self, answer: Answer) -> None:
        """Count an answer: its outcome, the time of each stage, and what language models used."""
        self._answers.labels(answer.declined.kind if answer.declined else "answered").inc()
        for stage, seconds in answer.timings.items():
            self._stages.labels(stage).observe(seconds)
        for kind in KINDS:
            self._tokens.labels(kind).inc(answer.usage.get(f"{kind}_tokens", 0))
        self._cost.inc(answer.cost or 0.0)

    def shown(self) -> bytes:
        """All numbers in Prometheus' text format."""
        return generate_latest(self._registry)


class Counted:
    """ASGI middleware that counts each request by its route, with its status and how long it took."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun, status = time.perf_counter(), 500

        async def noting_status(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        try:
            await self._app(scope, receive, noting_status)
        finally:
            route = getattr(scope.get("route"), "path_format", "none")
            method = "any" if route == "none" or status == 405 else scope["method"]
            self._metrics.request(route, method, status, time.perf_counter() - begun)
