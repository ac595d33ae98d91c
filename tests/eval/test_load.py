"""eval.load: the measurements of a server under load, and their report."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from pathlib import Path

import httpx

from eval.load import Pace, Script, Seen, converse, megabytes, processor, report, scripts_for

from ..live import Live, made, opened


def test_the_report_has_ratios_and_faults() -> None:
    memory = [10.0, 100.0, 100.0, 110.0]
    seen = Seen([1.0] * 50, Counter({"500": 2}), memory, elapsed=10.0, worked=5.0)
    assert list(report(seen, Pace(rate=10.0, work=0.05))) == [
        "50 questions in 10 s; faults: {'500': 2}",
        "questions a second: 5.0; directly 10.0; ratio 0.50",
        "processor seconds each: 0.100; directly 0.050; ratio 2.00",
        "seconds to the answer: median 1.00, 95th percentile 1.00",
        "memory: 100 MB in the second quarter, 110 MB in the last; ratio 1.10",
    ]


def test_this_process_has_memory_and_has_worked() -> None:
    assert megabytes(os.getpid()) > 10
    assert processor(os.getpid()) > 0


def test_a_client_compares_each_answer_with_pythons(home: Path) -> None:
    async def scene(url: str, some: list[Script]) -> list[Seen]:
        mixed = Script(some[0].questions, some[1].answers)
        both = [Seen(), Seen()]
        async with httpx.AsyncClient(base_url=url, timeout=60) as at:
            for script, seen in zip((some[0], mixed), both, strict=True):
                await converse(at, script, seen)
        return both

    with opened(home) as assistant:
        some = scripts_for(assistant, 2)
        with made(assistant) as app, Live(app) as live:
            met = asyncio.run(scene(live.url, some))
    assert [len(seen.seconds) for seen in met] == [2, 2]
    assert [dict(seen.wrong) for seen in met] == [{}, {"another answer": 2}]
