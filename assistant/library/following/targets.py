"""What a user wants to follow in, the same in its one form, and a name for it, out."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from pathlib import Path
from urllib.parse import urlsplit

from ...core.bounds import excerpt
from ...core.errors import SourceError
from ..sources import place_of

LONGEST_TARGET = 2000
"""Characters; arXiv's longest queries that work are about as long."""
LONGEST_NAME = 60
_NAME = re.compile(r"[\w][\w -]*")
"""Without a dot, so that no file has the same name."""


def checked(kind: str, target: str) -> str:
    """The target in its one form. Raises `SourceError` if there is nothing of that kind to follow."""
    if kind not in _CHECKS:
        raise SourceError(f"There is no kind of source {excerpt(kind)!r}. There are: {', '.join(_CHECKS)}.")
    target = target.strip()
    if not target or len(target) > LONGEST_TARGET or not target.isprintable():
        raise SourceError(f"What to follow must be a line of 1 to {LONGEST_TARGET:,} characters.")
    return _CHECKS[kind](target)


def _words(target: str) -> str:
    if not any(map(str.isalnum, target)):
        raise SourceError(f"The query {excerpt(target)!r} has no words. Write it as the service's own search takes it.")
    return " ".join(target.split())


def _zotero(target: str) -> str:
    if not re.fullmatch(r"(?:users|groups)/[0-9]{1,12}", target, re.A):
        raise SourceError(
            f"{excerpt(target)!r} is no Zotero library. Write users/ or groups/ and its number, such as groups/456. "
            "Your own number is on zotero.org/settings/keys, a group's in the address of its page."
        )
    return target


def _feed(target: str) -> str:
    try:
        parts = urlsplit(target)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        sound = False
    if not sound or " " in target:
        raise SourceError(f"{excerpt(target)!r} is no address of a feed. It begins with https:// or http://.")
    return target


def _folder(target: str) -> str:
    try:
        folder = Path(target).expanduser()
        if folder.is_dir():
            return place_of(folder)
    except (RuntimeError, OSError, ValueError):
        pass
    raise SourceError(f"There is no folder {excerpt(target)!r}. Name a folder that exists.")


_CHECKS: dict[str, Callable[[str], str]] = {
    "arxiv": _words,
    "openalex": _words,
    "zotero": _zotero,
    "folder": _folder,
    "feed": _feed,
}
KINDS = tuple(_CHECKS)


def shown(kind: str, target: str) -> str:
    """What strangers may see of a target: neither the folders of this machine nor a secret in an address."""
    if kind == "folder":
        return Path(target).name
    if kind == "feed":
        parts = urlsplit(target)
        return f"{parts.scheme}://{parts.hostname}{parts.path}"
    return target


def named(name: str, kind: str, target: str, taken: Collection[str]) -> str:
    """The name that a user chose, or one made of the target: "arxiv-cat-cs-cl". Raises `SourceError`."""
    if name:
        if len(name) > LONGEST_NAME or not _NAME.fullmatch(name):
            raise SourceError(
                f"The name {excerpt(name)!r} cannot be used. A name has up to {LONGEST_NAME} letters, digits, spaces "
                "and dashes, and begins with a letter or a digit."
            )
        if name in taken:
            raise SourceError(f"There is a source {name!r} already. Choose another name.")
        return name
    words = re.findall(r"\w+", f"{kind} {Path(target).name if kind == 'folder' else target}".casefold())
    short = "-".join(word for word in words if word not in ("http", "https", "www"))[:40].strip("-")
    return next(one for n in range(1, len(taken) + 2) if (one := short if n == 1 else f"{short}-{n}") not in taken)
