"""A checked draft in, what became of it in a few words out."""

from __future__ import annotations

from ..core.drafts import CheckedDraft
from ..core.text import counted


def summary(draft: CheckedDraft) -> str:
    """How many sentences cite something, and what became of them."""
    counts = draft.counts
    uncited = counted(counts["no citation"], "sentence")
    citing = len(draft.sentences) - counts["no citation"]
    if not citing:
        return f"No sentence cites anything; {uncited} without a citation."
    missing = f", {counts['not in the library']:,} without a paper here" if counts["not in the library"] else ""
    return (
        f"{counted(citing, 'sentence')} with citations: {counts['supported']:,} supported by at least one paper that "
        f"is cited, {counts['not supported']:,} not supported{missing}. {uncited} without a citation."
    )
