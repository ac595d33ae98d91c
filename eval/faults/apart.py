"""A function in, a process of its own at work on it; what it says, how it ends, and kill -9 out.

The processes are forked from a server that has imported the heavy packages and opened nothing, which takes some 50 ms
each, and what a fault does to a process (a crash of a library, a signal) ends that process alone.
https://docs.python.org/3/library/multiprocessing.html#contexts-and-start-methods
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from assistant.core.errors import AssistantError

CONTEXT = multiprocessing.get_context("forkserver")
IMPORTED = [
    "alembic.command",
    "assistant.chain",
    "chromadb",
    "eval.faults.warm",
    "chromadb_rust_bindings",
    "llama_index.vector_stores.chroma",
    "numpy",
    "psycopg",
    "sqlalchemy.dialects.postgresql",
    "tests.doubles",
]
"""What the server has imported: nothing of it starts a thread or opens a file."""
LONGEST = 180.0
"""Seconds after which a process counts as hung, and is killed."""

Say = Callable[[object], None]


@dataclass(frozen=True, slots=True)
class Ended:
    """What a process said, and how it ended: its value, a refusal in words, or a crash; none of them if killed."""

    said: tuple[Any, ...] = ()
    value: Any = None
    refusal: str = ""
    crash: str = ""
    killed: bool = False


class Apart:
    """`function(say, *arguments)` at work in another process. What it gives to `say` survives its being killed."""

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        CONTEXT.set_forkserver_preload(IMPORTED)
        self._receiving, sending = CONTEXT.Pipe(duplex=False)
        self._process = CONTEXT.Process(target=_run, args=(sending, function, arguments), daemon=True)
        self._process.start()
        sending.close()
        self._messages: list[tuple[str, Any]] = []

    def wait_for(self, message: object, *, seconds: float = LONGEST) -> bool:
        """Whether the process says this within some seconds."""
        end = time.monotonic() + seconds
        while self._receiving.poll(max(0.0, end - time.monotonic())):
            if not self._receive():
                return False
            if self._messages[-1] == ("said", message):
                return True
        return False

    def kill(self, *, after: float = 0.0) -> Ended:
        """End the process with SIGKILL after some seconds, unless it ends by itself before."""
        self._process.join(after)
        self._process.kill()
        return self.ended(killed=True)

    def ended(self, *, seconds: float = LONGEST, killed: bool = False) -> Ended:
        """How the process ends. It is hung, and then killed, if it takes longer than `seconds`."""
        end, hung = time.monotonic() + seconds, False
        while True:
            if not self._receiving.poll(max(0.0, end - time.monotonic())):
                hung = True
                self._process.kill()
                break
            if not self._receive():
                break
        self._process.join()
        self._receiving.close()
        said = tuple(message for kind, message in self._messages if kind == "said")
        last = dict(message for message in self._messages if message[0] != "said")
        if not last and not killed:
            code = self._process.exitcode
            last = {"crash": f"it hung for {seconds:.0f} s" if hung else f"the process ended with {code}"}
        return Ended(said, killed=killed and not last, **last)

    def _receive(self) -> bool:
        try:
            self._messages.append(self._receiving.recv())
        except (EOFError, OSError):  # the end, or a message that a kill cut short
            return False
        return True


def done(function: Callable[..., Any], *arguments: Any, seconds: float = LONGEST) -> Ended:
    """`function(say, *arguments)`, carried out in another process."""
    return Apart(function, *arguments).ended(seconds=seconds)


def _run(sending: Connection, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    """In the other process: a vendor's own outcry is silenced, ours goes through the pipe."""
    sys.stderr.flush()
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    try:
        sending.send(("value", function(lambda message: sending.send(("said", message)), *arguments)))
    except AssistantError as error:
        sending.send(("refusal", str(error)))
    except BaseException:
        sending.send(("crash", traceback.format_exc(limit=-4)))
