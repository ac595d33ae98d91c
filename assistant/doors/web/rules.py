"""Who may come in to the page, and how often: what `assistant serve` decides."""

from __future__ import annotations

from dataclasses import dataclass

PER_MINUTE = 30
"""Questions a minute that one person may ask where nothing else is said: more than anybody can read the answers to."""


@dataclass(frozen=True, slots=True)
class Rules:
    """Who may come in, and how often.

    `login`: only the users of the home. `per_minute`: questions that one person may ask. `nearby`: without a log-in,
    whoever sits at this machine may remove papers; False where a proxy sends no header by which it could be told from
    them. `hosts`: the names by which the page is called; called by another it keeps silent, so that a foreign page
    which has its own name lead to this machine reads nothing. Without any, every name will do. `proxies`: the
    addresses and networks of proxies that are believed when they say for whom they call.
    """

    login: bool = False
    per_minute: int = PER_MINUTE
    nearby: bool = True
    hosts: frozenset[str] = frozenset()
    proxies: frozenset[str] = frozenset()


ANYBODY = Rules()
