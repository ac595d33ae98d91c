"""Kept conversations in, their list as markup out: by day, the one used last first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from itertools import groupby

from ...people.conversations import TITLE, Kept
from .markup import Attributes, Html, foreign, tag

PAGE = 50
"""Conversations listed at once."""
FARTHEST = 14 * 60
"""Minutes that a clock on Earth is before or behind Greenwich, at most."""


def listed(kept: Sequence[Kept], *, shown: int, now: datetime, minutes: int, user: str) -> Html:
    """The first `shown` of these; days are those of a clock that is `minutes` before Greenwich. `user` is logged in."""
    zone = timezone(timedelta(minutes=max(-FARTHEST, min(minutes, FARTHEST))))
    today = now.astimezone(zone)
    groups = groupby(kept[:shown], key=lambda one: _day(one.used.astimezone(zone), today))
    days = [tag("section", {}, tag("h3", {}, day), tag("ul", {}, *map(_item, some))) for day, some in groups]
    if not days:
        days = [tag("p", {"class": "quiet"}, "What you ask is kept here, for you alone.")]
    more: Attributes = {"type": "button", "class": "plain", "data-do": "earlier", "data-shown": shown + PAGE}
    rest = [tag("button", more, "Show earlier ones")] if len(kept) > shown else []
    who = [tag("p", {"class": "quiet who"}, "Logged in as ", tag("b", {}, user))] if user else []
    return tag("nav", {"aria-label": "Your conversations"}, tag("h2", {}, "Conversations"), *days, *rest, *who)


def _day(used: datetime, today: datetime) -> str:
    """What a day is called from here."""
    ago = (today.date() - used.date()).days
    if ago <= 1:
        return "Yesterday" if ago == 1 else "Today"
    day = f"{used:%A}, {used.day} {used:%B}" if ago < 7 else f"{used.day} {used:%B}"
    return day if used.year == today.year else f"{used.day} {used:%B} {used.year}"


def _item(kept: Kept) -> Html:
    """One conversation: its title, which opens it, and folded what else can be done with it."""
    title = kept.title or "Untitled"
    questions = f"{kept.length:,} question{'s' * (kept.length != 1)}"
    about: Attributes = {"type": "button", "class": "title", "data-do": "talk", "title": f"{title}\n{questions}"}
    return tag(
        "li",
        {"data-talk": kept.id},
        tag("button", about, foreign("span", title)),
        tag("button", {**_plain("more"), "aria-expanded": "false", "aria-label": f"More about “{title}”"}, "⋯"),
        tag("div", {"class": "deeds", "hidden": True}, *_deeds(kept, title)),
        _naming(title),
        tag(
            "div",
            {"class": "erasing", "hidden": True},
            tag("span", {}, "Delete for good?"),
            tag("button", _plain("erase"), "Delete"),
            tag("button", _plain("spare"), "Keep"),
        ),
    )


def _deeds(kept: Kept, title: str) -> list[Html]:
    files = {"md": "Markdown", "json": "JSON"}
    links = (
        tag(
            "a",
            {"href": f"/conversations/{kept.id}.{kind}", "download": True, "aria-label": f"Save “{title}” as {name}"},
            name,
        )
        for kind, name in files.items()
    )
    return [
        tag("button", _plain("naming"), "Rename"),
        *links,
        tag("button", _plain("erasing"), "Delete"),
    ]


def _naming(title: str) -> Html:
    about: Attributes = {"type": "text", "value": title, "maxlength": TITLE, "aria-label": "Title", "dir": "auto"}
    told = tag("span", {"class": "quiet"}, "Enter keeps it, Esc does not.")
    return tag("div", {"class": "naming", "hidden": True}, tag("input", about), told)


def _plain(deed: str) -> dict[str, str]:
    return {"type": "button", "class": "plain", "data-do": deed}
