"""eval.load: what is measured of a server under load, and what is told of it."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from pathlib import Path

import httpx

from eval.load import Pace, Part, Seen, converse, megabytes, parts, processor, report

from ..live import Live, made, opened


def test_the_report_tells_ratios_and_what_went_wrong() -> None:
    memory = [10.0, 100.0, 100.0, 110.0]
    seen = Seen([1.0] * 50, Counter({"500": 2}), memory, elapsed=10.0, worked=5.0)
    assert list(report(seen, Pace(rate=10.0, work=0.05))) == [
        "50 questions in 10 s; went wrong: {'500': 2}",
        "a second: 5.0; directly 10.0; ratio 0.50",
        "processor seconds each: 0.100; directly 0.050; ratio 2.00",
        "seconds until answered: median 1.00, 95th percentile 1.00",
        "memory: 100 MB in the second quarter, 110 MB in the last; ratio 1.10",
    ]


def test_this_process_has_memory_and_has_worked() -> None:
    assert megabytes(os.getpid()) > 10
    assert processor(os.getpid()) > 0


def test_a_client_holds_each_answer_against_pythons(home: Path) -> None:
    async def scene(url: str, some: list[Part]) -> list[Seen]:
        mixed = Part(some[0].questions, some[1].answers)
        met = [Seen(), Seen()]
        async with httpx.AsyncClient(base_url=url, timeout=60) as at:
            for part, seen in zip((some[0], mixed), met, strict=True):
                await converse(at, part, seen)
        return met

    with opened(home) as assistant:
        some = parts(assistant, 2)
        with made(assistant) as app, Live(app) as live:
            met = asyncio.run(scene(live.url, some))
    assert [len(seen.seconds) for seen in met] == [2, 2]
    assert [dict(seen.wrong) for seen in met] == [{}, {"another answer": 2}]
