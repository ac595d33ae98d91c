"""What a fork leaves behind in, an error at once out: connections, locks and threads belong to one process.

A forked process has a copy of the memory and none of the threads: whatever waits for one of them waits for ever, and
SQLite forbids to use a connection there.
"""

from __future__ import annotations

import functools
import os

from .errors import AssistantError


class Process:
    """The process that this object was made in, and whose connections, locks or threads its maker holds."""

    def __init__(self) -> None:
        self._id = os.getpid()

    @property
    def is_here(self) -> bool:
        """Whether that is the process that asks."""
        return os.getpid() == self._id

    def check(self) -> None:
        """Raise `AssistantError` in any other process."""
        if not self.is_here:
            raise AssistantError(
                "This process was forked from one that uses the assistant, and has none of its threads and "
                "connections. Start it afresh, with multiprocessing.get_context('spawn'), and open an assistant in it."
            )


@functools.cache
def native() -> Process:
    """The process that first used Chroma or onnxruntime: in a fork of it both hang, even when opened anew."""
    return Process()
