"""Records what language models used, and caches their verdicts and answers.

The record is private. Deleting it loses only the counts and the cache.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ..core.archive import Chapter, Table
from ..core.database import DataHome
from . import Usage

MOST_KEPT = 5000
"""Verdicts and answers in the cache; the oldest are dropped first. An answer takes about 3 kB."""
SCHEMAS = (
    """
    create table spent (
        day text, model text, calls integer, prompt_tokens integer, completion_tokens integer, estimated integer,
        primary key (day, model)
    ) without rowid;
    create table kept (number integer primary key, key text unique, value text)
    """,
)
CHAPTER = Chapter(
    "model.sqlite",
    SCHEMAS,
    (
        Table("spent", ("day", "model", "calls", "prompt_tokens", "completion_tokens", "estimated"), "day, model"),
        Table("kept", ("key", "value"), "number"),
    ),
)
"""What a backup has of it."""
_ADD = """
    insert into spent values (?, ?, ?, ?, ?, ?) on conflict (day, model) do update set
        calls = spent.calls + excluded.calls, prompt_tokens = spent.prompt_tokens + excluded.prompt_tokens,
        completion_tokens = spent.completion_tokens + excluded.completion_tokens,
        estimated = spent.estimated + excluded.estimated
"""

Prices = Mapping[str, tuple[float, float]]
"""US dollars per million tokens of a model's prompts and of its replies."""


@dataclass(frozen=True, slots=True)
class Spending:
    """Tokens and US dollars used today (in UTC) and in all; a cost is None if a price is unknown.

    `limit` is the most tokens a day, 0 for no limit.
    """

    tokens_today: int
    cost_today: float | None
    tokens: int
    cost: float | None
    limit: int = 0


def bill(usage: Mapping[str, int], cost: float | None) -> str:
    """What language models used, in words; without the cost if a price is unknown."""
    calls, prompts, replies = (usage.get(name, 0) for name in ("calls", "prompt_tokens", "completion_tokens"))
    about = "about " if usage.get("estimated") else ""
    return f"{calls} call{'' if calls == 1 else 's'}, {about}{prompts:,} tokens in, {replies:,} out{money(cost)}"


def money(dollars: float | None) -> str:
    """The cost, as the end of such a sentence."""
    return "" if dollars is None else f", ${dollars:.4f}"


def _today() -> str:
    return datetime.now(UTC).date().isoformat()


class Ledger:
    """The ledger of a home. Days are in UTC. Raises `DatabaseError`."""

    def __init__(self, home: str | Path | DataHome, *, today: Callable[[], str] = _today) -> None:
        self._database, self._today = DataHome.of(home).open(CHAPTER.file, SCHEMAS), today

    def close(self) -> None:
        self._database.close()

    def spend(self, model: str, used: Usage) -> None:
        """Add what calls of a model used."""
        row = (used.calls, used.prompt_tokens, used.completion_tokens, used.estimated)
        if used.calls:
            self._database.change(_ADD, (self._today(), model, *row))

    def spent(self, *, today: bool = False) -> dict[str, Usage]:
        """What each model used, in all or today."""
        rows = self._database.rows(
            "select model, sum(calls), sum(prompt_tokens), sum(completion_tokens), sum(estimated) from spent "
            "where day = ? or not ? group by model",
            (self._today(), today),
        )
        return {model: Usage(*map(int, sums)) for model, *sums in rows}

    def kept(self, key: str) -> str | None:
        """The cached value of a key."""
        rows = self._database.rows("select value from kept where key = ?", (key,))
        return str(rows[0][0]) if rows else None

    def keep(self, key: str, value: str) -> None:
        """Cache a value under a key, replacing any other."""
        with self._database.transaction():
            self._database.change("delete from kept where key = ?", (key,))
            self._database.change("insert into kept (key, value) values (?, ?)", (key, value))
            self._database.change("delete from kept where number <= (select max(number) from kept) - ?", (MOST_KEPT,))


def cost(used: Mapping[str, Usage], prices: Prices) -> float | None:
    """US dollars for what models used; None if one that was used has no price."""
    called = {model: usage for model, usage in used.items() if usage.calls}
    if called.keys() - prices.keys():
        return None
    return sum(
        (usage.prompt_tokens * prices[model][0] + usage.completion_tokens * prices[model][1]) / 1_000_000
        for model, usage in called.items()
    )
