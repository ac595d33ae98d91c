"""The thumb that an answer was given in, the place to give it one out, as markup."""

from __future__ import annotations

from ...core.bounds import COMMENT
from ...people.conversations import Thumb
from .markup import Attributes, Html, foreign, joined, tag


def asked(number: int, thumb: Thumb | None) -> Html:
    """Thumbs up and down under answer `number`, and once there is one, what to say about it."""
    return tag(
        "div",
        {"class": "opinion", "data-turn": number},
        tag("div", {"class": "thumbs", "role": "group", "aria-label": "Your opinion"}, *_thumbs(thumb)),
        *([_comment(thumb)] if thumb else []),
    )


def _thumbs(thumb: Thumb | None) -> list[Html]:
    """Both, one pressed perhaps; the comment opens by itself when a thumb was just given."""
    found = [_button(good=good, pressed=thumb is not None and thumb.good is good) for good in (True, False)]
    if thumb:
        about: Attributes = {"type": "button", "class": "plain", "data-do": "commenting", "aria-expanded": "false"}
        found.append(tag("button", about, "Edit comment" if thumb.comment else "Add a comment"))
    return found


def _button(*, good: bool, pressed: bool) -> Html:
    about: Attributes = {
        "type": "button",
        "class": f"thumb {'up' if good else 'down'}",
        "data-do": "thumb",
        "data-good": "true" if good else "false",
        "aria-pressed": "true" if pressed else "false",
        "title": "A good answer" if good else "Not a good answer",
    }
    return tag("button", about, tag("span", {"class": "sr-only"}, "Good answer" if good else "Bad answer"))


def _comment(thumb: Thumb) -> Html:
    about: Attributes = {"rows": 2, "maxlength": COMMENT, "aria-label": "Comment", "placeholder": _why(thumb)}
    said = [foreign("p", thumb.comment, {"class": "quiet remarked"})] if thumb.comment else []
    keep = tag("button", {"type": "button", "data-do": "comment"}, "Keep comment")
    return joined(
        [*said, tag("div", {"class": "comment", "hidden": True}, foreign("textarea", thumb.comment, about), keep)]
    )


def _why(thumb: Thumb) -> str:
    return "What is good about it?" if thumb.good else "What is wrong with it, or missing?"
