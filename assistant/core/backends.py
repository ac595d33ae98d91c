"""What `database` and the two that it stores in agree on: SQLite files and PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

from .errors import AssistantError

if TYPE_CHECKING:
    from sqlalchemy.pool import PoolProxiedConnection


@dataclass(frozen=True, slots=True)
class FileManner:
    """What is particular to a SQLite file.

    `private`: only its owner can read it, and deleted data is overwritten. `functions` are for upgrades, `pragmas` for
    every connection. A file that is not `writable` is read as it is, after what `as_if_new` has for its version.
    """

    private: bool = True
    writable: bool = True
    functions: dict[str, Any] = field(default_factory=dict)
    pragmas: tuple[str, ...] = ()
    as_if_new: dict[int, str] = field(default_factory=dict)


class Lock(Protocol):
    """A lock that ends with its process, so no kill leaves it behind. One thread at a time uses it."""

    def acquire(self) -> bool:
        """Whether this process has the lock now."""
        ...

    def holder(self) -> str:
        """The process that has it, as it names itself; "" if none has."""
        ...

    def release(self) -> None:
        """Give it up."""
        ...


class DatabaseBackend(Protocol):
    """What SQLite and PostgreSQL do differently. Raises `errors`; `reason` is what to say of one."""

    @property
    def begin(self) -> tuple[str, ...]: ...
    @property
    def snapshot(self) -> tuple[str, ...]: ...
    @property
    def errors(self) -> tuple[type[Exception], ...]: ...

    def connect(self) -> PoolProxiedConnection: ...
    def cursor(self, connection: PoolProxiedConnection) -> Any: ...
    def insertion(self, table: str, columns: Sequence[str], *, numbered: bool) -> str: ...
    def renumbering(self, table: str, column: str) -> str: ...
    def spelt(self, statement: str) -> str: ...
    def sound(self, text: str) -> str: ...
    def prepare(self, schemas: Sequence[str]) -> None: ...
    def failure(self, error: Exception) -> str: ...
    def lock(self, name: str, *, shared: bool, fail: Callable[[Exception], NoReturn]) -> Lock | None: ...
    def shrink(self) -> None: ...
    def close(self) -> None: ...


class NewerDatabase(AssistantError):
    """What is stored was made by a newer program, as this version of it."""

    def __init__(self, version: int, known: int) -> None:
        super().__init__(
            f"is of version {version}, newer than this program's {known}. "
            "Update the program: pip install --upgrade paper-assistant"
        )
