"""Writes the vectors of the questions in `assistant/answer/replies.toml`, so that nobody waits for them to be made.

python -m eval.replies        # writes assistant/answer/replies.npy
"""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING

import numpy as np

from assistant.answer.replying import SCALE, asked
from assistant.index.embedding import BundledEmbedder

if TYPE_CHECKING:
    from numpy.typing import NDArray


def encoded() -> NDArray[np.int8]:
    """The vector of each question, a row each, in whole numbers."""
    encodings = BundledEmbedder().encode([question for question, _ in asked()])
    whole = np.rint(SCALE * np.stack([one.vector for one in encodings]))
    stored: NDArray[np.int8] = np.clip(whole, -127, 127).astype(np.int8)
    return stored


def main() -> None:
    """Write the file."""
    with resources.as_file(resources.files("assistant.answer") / "replies.npy") as path:
        np.save(path, encoded())


if __name__ == "__main__":
    main()
