"""The folder of a generation in, whether anyone still reads it out.

A question that is being answered may outlive the next two changes of the papers; its generation must not be deleted.
Each opened generation holds a shared lock on its folder, which ends with the process at the latest.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


class Occupied:
    """A shared lock on a folder, until `close`. Raises `FileNotFoundError` if the folder is gone.

    A file system without locks is used without one: the former generation is kept in any case.
    """

    def __init__(self, folder: Path) -> None:
        self._file: int | None = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        _locked(self._file, fcntl.LOCK_SH)

    def close(self) -> None:
        """Release the lock. A second call does nothing."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


def is_occupied(folder: Path) -> bool:
    """Whether a reader, in any process of this machine, holds the folder."""
    try:
        file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return False
    try:
        return not _locked(file, fcntl.LOCK_EX)
    finally:
        os.close(file)


def _locked(file: int, kind: int) -> bool:
    """Whether nobody else's lock stands against one of this kind."""
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # such as ENOLCK: this file system has no locks
        pass
    return True
