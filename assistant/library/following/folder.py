"""A folder in, the files in it that are new or changed out.

A file is known by its size and the time of its last change, and if these differ by its content. A file that is deleted
takes none of its papers with it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from ...core.text import counted
from ..sources.opening import Unreadable, files_in
from .followed import Followed, Page, Refused


class Folder:
    """A `Service`: folders, read with all that are in them."""

    def pages(self, followed: Followed) -> Iterator[Page]:
        folder = Path(followed.target)
        if not folder.is_dir():
            raise Refused("is not there, or is no folder; is its disk connected?")
        known: dict[str, list[str]] = dict(followed.mark.get("files", {}))
        files, marks, changed = _files(folder), dict[str, list[str]](), list[Path]()
        for file in files:
            name = str(file.relative_to(folder))
            marks[name] = _mark(file, known.get(name, []))
            if name not in known or marks[name][1:] != known[name][1:]:
                changed.append(file)
        gone = len(known.keys() - marks.keys())
        remark = f"{counted(gone, 'file')} {'is' if gone == 1 else 'are'} gone; the papers stay." if gone else ""
        if marks != known or not known:
            yield Page({"files": marks}, files=tuple(changed), remark=remark)


def _files(folder: Path) -> list[Path]:
    """The files of a folder. Raises `Refused`."""
    try:
        return [file for file in files_in(folder) if file.is_file()]
    except Unreadable as error:
        raise Refused(str(error)) from error


def _mark(file: Path, known: list[str]) -> list[str]:
    """The size and time of a file's last change, and the hash of its content; in their place, why it cannot be read."""
    try:
        before = file.stat()
        stamp = f"{before.st_size} {before.st_mtime_ns}"
        if known[:1] == [stamp]:
            return known
        with file.open("rb") as stream:
            return [stamp, hashlib.file_digest(stream, "sha256").hexdigest()]
    except OSError as error:  # whoever adds it rejects it in words
        return ["", str(error.strerror)]
