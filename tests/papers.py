"""A tiny corpus in our own words, and listings of it in both layouts.

No abstract here is real. The titles have what real ones have: Greek letters, LaTeX, colons, an umlaut.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

Pair = tuple[str, str]

LONG = " ".join(
    f"In experiment {n} the gardener model waters plot {n} of the orchard, weighs every pear that falls from the tree, "
    f"and notes the sum of {n * 7} grams in a ledger that is never thrown away."
    for n in range(1, 16)
)
"""An abstract of fifteen sentences, too long for one passage."""

PAIRS: tuple[Pair, ...] = (
    (
        "PearRank: Ranking Orchards by Weak Supervision",
        "We propose PearRank, a ranker that learns from weak labels alone. It sorts orchards by their yield of pears. "
        "On OrchardBench it gains 3.5 points over the BM25 baseline with 12 million parameters.",
    ),
    (
        "γ-MoD: Lanterns for Multimodal Depth",
        "This paper introduces γ-MoD, which skips the layers of a lantern that add nothing. Half of the light is saved "
        "and the shadows stay as sharp as they were.",
    ),
    (
        "Ragnarök: A Sandbox for Retrieval Storms",
        "Storms of queries break retrieval systems. We present Ragnarök, a sandbox where such storms are replayed at "
        "will. Five systems are compared and none survives the ninth wave.",
    ),
    (
        "$VILA^2$: Villas That Draw Themselves",
        "A villa is drawn by the model that lives in it. We name the method $VILA^2$ and let it correct its own plans "
        "over three rounds. The walls become straight.",
    ),
    (
        "R^2AG: Weaving Ranks into Reading",
        "Readers ignore the ranks their retriever computed. We weave those ranks into the prompt as small signs that "
        "the reader can see. Answers improve on four sets and cost no more.",
    ),
    ("A Ledger of the Orchard", LONG),
    (
        "Do Kites Remember the Wind?",
        "We ask whether a kite flown for years keeps a memory of the wind. A probe of two layers reads the direction "
        "with 91% accuracy. The memory fades after 40 days without flight.",
    ),
    (
        "Snow Compression with Learned Shovels",
        "Shovels are trained end to end to press snow into the smallest box. Our codec needs 2.5x fewer boxes than the "
        "best plough. Code and snow are released at https://example.org/shovels.",
    ),
)

SPACED_HEADER = (
    "new",
    "",
    "Get trending papers in your email inbox!",
    "",
    "Subscribe",
    "",
    "byAK and the research community",
)
GLUED_HEADER = ("Get trending papers in your email inbox once a day!", "Get trending papers in your email inbox!")


def listing_text(pairs: Iterable[Pair], *, layout: str = "spaced", date: str = "Mar 11") -> str:
    """A listing in layout "spaced" (with who runs it, a date and blank lines) or "glued" (without)."""
    lines = [line for pair in pairs for line in pair]
    if layout == "glued":
        return "\n".join([*GLUED_HEADER, "Subscribe" + lines[0], *lines[1:]]) + "\n"
    header = [*SPACED_HEADER, *(("", date) if date else ())]
    return "\n".join([*header, *(part for line in lines for part in ("", line))]) + "\n"


def write_listing(path: Path, pairs: Iterable[Pair], *, layout: str = "spaced", date: str = "Mar 11") -> Path:
    """The same as a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(listing_text(pairs, layout=layout, date=date), encoding="utf-8")
    return path
