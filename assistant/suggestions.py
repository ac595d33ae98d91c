"""Papers in, questions out that they answer, to begin a conversation with."""

from __future__ import annotations

from collections.abc import Sequence

from .records import Paper


def suggested(papers: Sequence[Paper]) -> tuple[str, ...]:
    """Three questions; fewer where the titles do not name enough."""
    named = [
        p.title.partition(":")[0] for p in papers if ":" in p.title and len(p.title.partition(":")[0].split()) == 1
    ]
    return tuple(f"What is {name}?" for name in named[:3])
