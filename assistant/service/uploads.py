"""The content of a file that was sent in, what was added of it out."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from ..chain import Assistant
from ..core.bounds import UPLOAD
from ..core.errors import QuestionError
from ..core.records import Ingested

UNNAMED = "papers.txt"
"""The name of an upload that has no usable one."""


def added(
    assistant: Assistant,
    name: str,
    content: bytes,
    *,
    format: str = "",
    titles_only: bool = False,
    dry_run: bool = False,
) -> Ingested:
    """Take in an upload under its own name, by which the next upload is known as the same listing.

    Raises `QuestionError` for one that is too long, or that cannot be stored under its name, and what
    `Assistant.ingest` raises.
    """
    if len(content) > UPLOAD:
        raise QuestionError(f"The file is longer than {UPLOAD // 2**20} MB. Add it with: assistant ingest FILE")
    name = "".join(sign for sign in Path(name.replace("\\", "/")).name if sign.isprintable())[-100:].strip(". ")
    with TemporaryDirectory(prefix="papers-") as folder:
        path = Path(folder) / (name or UNNAMED)
        try:
            path.write_bytes(content)
        except (OSError, ValueError) as error:
            raise QuestionError(f"The file cannot be stored under its name: {error}. Rename it.") from error
        return assistant.ingest(path, format=format, titles_only=titles_only, dry_run=dry_run)


def file_content(path: str) -> bytes:
    """The content of a file on this machine. Raises `QuestionError` if it cannot be read or is too long to be sent."""
    place = Path(path)
    try:
        if not place.is_file():
            raise QuestionError(f"{path!r} is no file on this machine.")
        with place.open("rb") as file:
            return file.read(UPLOAD + 1)  # one more, which `added` refuses
    except (OSError, ValueError) as error:
        raise QuestionError(f"The file {path!r} cannot be read: {error}.") from error
