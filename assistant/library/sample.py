"""The sample papers that come with the package: 120 abstracts in our own words."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent.parent


def sample_files() -> list[Path]:
    """The listing files of the sample: in the installed package, or beside it in a checkout."""
    folders = (_PACKAGE / "sample", _PACKAGE.parent / "eval" / "corpus")
    return next((files for folder in folders if (files := sorted(folder.glob("*.txt")))), [])
