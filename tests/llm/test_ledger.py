"""ledger: tokens are counted by day and model, costs need prices, and cached values come back."""

from __future__ import annotations

import stat
from collections.abc import Iterator

import pytest

from assistant.core.database import DataHome
from assistant.llm import Usage
from assistant.llm import ledger as ledgers
from assistant.llm.ledger import Ledger, cost

USED = Usage(2, 1000, 50, 1)


@pytest.fixture
def days() -> list[str]:
    return ["2026-11-22"]


@pytest.fixture
def ledger(data_home: DataHome, days: list[str]) -> Iterator[Ledger]:
    one = Ledger(data_home, today=lambda: days[-1])
    yield one
    one.close()


def test_usage_is_summed(ledger: Ledger) -> None:
    ledger.spend("small", USED)
    ledger.spend("small", USED)
    ledger.spend("large", Usage(1, 7, 3))
    assert ledger.spent() == {"small": Usage(4, 2000, 100, 2), "large": Usage(1, 7, 3)}


def test_a_new_day_starts_at_zero_and_the_total_remains(ledger: Ledger, days: list[str]) -> None:
    ledger.spend("small", USED)
    days.append("2026-11-23")
    assert ledger.spent(today=True) == {}
    ledger.spend("small", Usage(1, 1, 1))
    assert ledger.spent(today=True) == {"small": Usage(1, 1, 1)}
    assert ledger.spent() == {"small": Usage(3, 1001, 51, 1)}


def test_nothing_is_counted_without_a_call(ledger: Ledger) -> None:
    ledger.spend("small", Usage())
    assert ledger.spent() == {}


def test_the_ledger_outlives_the_process_and_is_private(ledger: Ledger, data_home: DataHome) -> None:
    ledger.spend("small", USED)
    ledger.keep("a", "1")
    ledger.close()
    again = Ledger(data_home, today=lambda: "2026-11-22")
    assert (again.spent(), again.kept("a")) == ({"small": USED}, "1")
    again.close()
    if not data_home.database_url:
        assert stat.S_IMODE((data_home.folder / "model.sqlite").stat().st_mode) == 0o600


def test_cached_values_are_replaced_and_the_oldest_dropped(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledgers, "MOST_KEPT", 2)
    for key, value in [("a", "1"), ("b", "2"), ("a", "3"), ("c", "4")]:
        ledger.keep(key, value)
    assert [ledger.kept(key) for key in "abc"] == ["3", None, "4"]


@pytest.mark.parametrize(
    ("used", "dollars"),
    [
        ({}, 0.0),
        ({"small": USED}, (1000 * 0.25 + 50 * 2) / 1e6),
        ({"small": USED, "large": Usage(1, 10, 10)}, (1000 * 0.25 + 50 * 2 + 10 + 80) / 1e6),
        ({"small": USED, "other": Usage(1, 10, 10)}, None),
        ({"small": USED, "other": Usage()}, (1000 * 0.25 + 50 * 2) / 1e6),
    ],
)
def test_costs_are_known_only_with_prices(used: dict[str, Usage], dollars: float | None) -> None:
    total = cost(used, {"small": (0.25, 2.0), "large": (1.0, 8.0)})
    assert total == (dollars if dollars is None else pytest.approx(dollars))
