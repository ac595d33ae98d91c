"""Rate limits: a token bucket for each name."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.core.database import DataHome
from assistant.people.limits import Limits, RateLimits, SharedLimits, limits_of


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def limits(data_home: DataHome, clock: Clock) -> Iterator[RateLimits]:
    """Those of a process, then those of a database."""
    one = SharedLimits(data_home, "test", clock=clock) if data_home.database_url else Limits(clock=clock)
    yield one
    one.close()


def test_a_full_bucket_can_be_used_at_once_and_refills_evenly(limits: RateLimits, clock: Clock) -> None:
    assert [limits.allow("ann", 6) for _ in range(8)] == [0, 0, 0, 0, 0, 0, 10, 10]
    clock.now += 4
    assert limits.allow("ann", 6) == pytest.approx(6)
    clock.now += 6
    assert [limits.allow("ann", 6) for _ in range(2)] == [0, 10]
    clock.now += 3600  # a bucket never overflows
    assert [limits.allow("ann", 6) for _ in range(7)] == [0, 0, 0, 0, 0, 0, 10]


def test_refused_attempts_cost_nothing(limits: RateLimits, clock: Clock) -> None:
    assert limits.allow("ann", 1) == 0
    for _ in range(1000):
        clock.now += 0.00001
        assert limits.allow("ann", 1) > 0
    assert limits.allow("ann", 1) == pytest.approx(59.99)


def test_each_name_has_its_own_bucket(limits: RateLimits) -> None:
    assert limits.allow("ann", 1) == 0
    assert limits.allow("bob", 1) == 0
    assert limits.allow("ann", 1) == 60


@given(st.integers(1, 10_000), st.floats(0, 1e9))
def test_exactly_the_limit_may_go_at_once(per_minute: int, now: float) -> None:
    limits = Limits(clock=lambda: now)
    assert [limits.allow("ann", per_minute) for _ in range(min(per_minute, 200))] == [0] * min(per_minute, 200)
    if per_minute <= 200:
        assert limits.allow("ann", per_minute) == pytest.approx(60 / per_minute, abs=1e-5)


@given(st.lists(st.floats(0, 30), max_size=60), st.integers(1, 20))
def test_no_minute_exceeds_twice_the_limit_and_waiting_is_enough(pauses: list[float], per_minute: int) -> None:
    clock, went = Clock(), list[float]()
    limits = Limits(clock=clock)
    for pause in pauses:
        clock.now += pause
        wait = limits.allow("ann", per_minute)
        if wait:
            clock.now += wait
            assert limits.allow("ann", per_minute) == 0
        went.append(clock.now)
    for start in went:
        assert sum(start <= moment < start + 60 for moment in went) <= 2 * per_minute


def test_the_least_recently_used_name_is_forgotten() -> None:
    limits = Limits(names=2, clock=Clock())
    for name in ("ann", "bob", "ann", "cat"):
        limits.allow(name, 1)
    assert len(limits._missing) == 2
    assert limits.allow("ann", 1) == 60  # used after bob, though refused
    assert limits.allow("bob", 1) == 0


def test_a_long_name_is_remembered_by_its_hash() -> None:
    limits = Limits(clock=Clock())
    assert limits.allow("x" * 100_000, 1) == 0
    assert limits.allow("x" * 100_000, 1) == 60
    assert limits.allow("x" * 100_001, 1) == 0
    assert max(map(len, limits._missing)) < 100


def test_a_limit_below_one_is_refused(limits: RateLimits) -> None:
    with pytest.raises(ValueError, match="at least once a minute, not 0 times"):
        limits.allow("ann", 0)


def test_threads_share_a_bucket(limits: RateLimits) -> None:
    start, waits = threading.Barrier(8), list[float]()

    def work() -> None:
        start.wait()
        waits.extend(limits.allow("ann", 50) for _ in range(20))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert waits.count(0) == 50


def test_only_a_database_is_shared(data_home: DataHome) -> None:
    one, same, other = (limits_of(data_home, purpose) for purpose in ("page", "page", "key"))
    with closing(one), closing(same), closing(other):
        assert one.allow("ann", 1) == 0
        assert (same.allow("ann", 1) > 0) is bool(data_home.database_url)
        assert other.allow("ann", 1) == 0
