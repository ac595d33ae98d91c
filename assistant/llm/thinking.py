"""A reasoning model's pieces in, the same without its thoughts out."""

from __future__ import annotations

import re

_OPENED = re.compile(r"\s*<(think|thinking|thought|reasoning)>|\s*<\|channel\|>analysis")
_FINAL = "<|channel|>final<|message|>"
_OPENINGS = ("<think>", "<thinking>", "<thought>", "<reasoning>", "<|channel|>analysis", _FINAL)


class Thoughtless:
    """Takes out what a model thinks before it answers: `<think> ... </think>`, or an analysis channel."""

    def __init__(self) -> None:
        self._held = ""
        self._until: str | None = None
        self._through = False

    def feed(self, piece: str) -> str:
        """What may be shown now that `piece` came."""
        if self._through:
            return piece
        come, place = self._held + piece, 0
        while True:
            if self._until is not None:
                ended = come.find(self._until, place)
                if ended < 0:
                    self._held = come[max(place, len(come) - len(self._until) + 1) :]  # its end may have begun there
                    return ""
                place, self._until = ended + len(self._until), None
            opened = _OPENED.match(come, place)
            if not opened:
                break
            place, self._until = opened.end(), f"</{opened[1]}>" if opened[1] else _FINAL
        self._held = come[place:].lstrip()
        return "" if _may_open(self._held) else self._let_through()

    def end(self) -> str:
        """What was held back because it might have become a thought; "" for a thought that never ended."""
        return "" if self._until is not None else self._let_through()

    def _let_through(self) -> str:
        self._through, shown = True, self._held.lstrip().removeprefix(_FINAL).lstrip()
        self._held = ""
        return shown


def _may_open(text: str) -> bool:
    begun = text.lstrip()
    return any(opening.startswith(begun) and opening != begun for opening in _OPENINGS)
