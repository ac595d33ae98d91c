"""Ids of papers in, one set of them out, small and fast at any size: what passes a filter."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Set
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DIGITS = 16
"""Hexadecimal digits of an id: see `core.records.digest`."""


class PaperIds(Set[str]):
    """A set of ids that never changes, kept as `numbers` (n,) uint64 in order: 8 bytes an id.

    A set of 100,000 strings takes ten times as long to make. Raises `ValueError` for a text that is no id.

    >>> PaperIds(["00000000000000ff", "000000000000000a"]) - PaperIds(["00000000000000ff"])
    PaperIds(['000000000000000a'])
    """

    __slots__ = ("numbers",)

    def __init__(self, ids: Iterable[str] = ()) -> None:
        self.numbers = _once(numbers_of("".join(ids)))

    @classmethod
    def _of(cls, numbers: NDArray[np.uint64]) -> PaperIds:
        made = cls.__new__(cls)
        made.numbers = numbers
        return made

    def __len__(self) -> int:
        return len(self.numbers)

    def __iter__(self) -> Iterator[str]:
        return iter(ids_of(self.numbers))

    def __contains__(self, paper_id: object) -> bool:
        return isinstance(paper_id, str) and self.has([paper_id]) == [True]

    def has(self, ids: Sequence[str]) -> list[bool]:
        """Whether each of some ids is in the set."""
        return self.holds(numbers_of("".join(ids))).tolist()  # type: ignore[no-any-return]

    def holds(self, numbers: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """Whether each of some ids, as numbers, is in the set, (n,)."""
        import numpy as np

        if not len(self):
            return np.zeros(len(numbers), bool)
        places = np.searchsorted(self.numbers, numbers)
        equal: NDArray[np.bool_] = self.numbers[np.minimum(places, len(self) - 1)] == numbers
        return equal

    def __and__(self, other: Set[Any]) -> PaperIds:
        return self._of(self.numbers[_as_ids(other).holds(self.numbers)])

    def __sub__(self, other: Set[Any]) -> PaperIds:
        return self._of(self.numbers[~_as_ids(other).holds(self.numbers)])

    def __or__(self, other: Set[Any]) -> PaperIds:
        import numpy as np

        return self._of(_once(np.concatenate([self.numbers, _as_ids(other).numbers])))

    def __eq__(self, other: object) -> bool:
        import numpy as np

        return np.array_equal(self.numbers, other.numbers) if isinstance(other, PaperIds) else super().__eq__(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"PaperIds({[*self]})"


def numbers_of(ids: str) -> NDArray[np.uint64]:
    """The numbers of ids that are written one after the other, (n,)."""
    import numpy as np

    return np.frombuffer(bytes.fromhex(ids), ">u8").astype(np.uint64)


def ids_of(numbers: NDArray[np.uint64]) -> list[str]:
    """The ids that have these numbers, (n,)."""
    return [f"{number:0{DIGITS}x}" for number in numbers.tolist()]


def _once(numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The numbers in order, each once; `numpy.unique` takes twenty times as long."""
    import numpy as np

    ordered = np.sort(numbers)
    first: NDArray[np.bool_] = np.diff(ordered, prepend=~ordered[:1]) != 0
    return ordered[first]


def _as_ids(some: Set[Any]) -> PaperIds:
    return some if isinstance(some, PaperIds) else PaperIds(some)
