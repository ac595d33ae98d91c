"""Who may use the page, and how much: set by `assistant serve`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...people.oidc import Provider

PER_MINUTE = 30
"""Default limit on questions a minute for each person: more than anyone can read the answers to."""


@dataclass(frozen=True, slots=True)
class Rules:
    """Who may use the page, and how much.

    `login`: only users of the home who log in. `per_minute`: questions that one person may ask. `nearby`: without a
    log-in, papers may be removed from this machine; False behind a proxy that sends no header to distinguish its
    requests from local ones. `hosts`: host names that the page answers to, which stops other sites from reading it by
    pointing their own name at this machine; empty: all names. `proxies`: addresses and networks of proxies that are
    trusted to name the client. `provider`: where users may log in without a password.
    """

    login: bool = False
    per_minute: int = PER_MINUTE
    nearby: bool = True
    hosts: frozenset[str] = frozenset()
    proxies: frozenset[str] = frozenset()
    provider: Provider | None = None


ANYBODY = Rules()
