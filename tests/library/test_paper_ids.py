"""paper_ids: the same as sets of strings, at any size."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.library.paper_ids import PaperIds, ids_of, numbers_of

ids = st.integers(0, 2**64 - 1).map("{:016x}".format)
some = st.lists(st.one_of(ids, st.sampled_from(["0" * 16, "f" * 16, "7" + "f" * 15, "8" + "0" * 15])), max_size=20)


@given(some, some)
def test_they_are_what_sets_of_strings_are(one: list[str], other: list[str]) -> None:
    left, right = PaperIds(one), PaperIds(other)
    assert [*left] == sorted(set(one))
    assert len(left) == len(set(one))
    assert left & right == set(one) & set(other)
    assert left - right == set(one) - set(other)
    assert left | right == set(one) | set(other)
    assert left.isdisjoint(other) == set(one).isdisjoint(other)
    assert left.has(other) == [paper_id in set(one) for paper_id in other]
    assert (left == right) == (set(one) == set(other))
    assert ids_of(numbers_of("".join(one))) == one


def test_other_sets_are_taken_too() -> None:
    both = PaperIds(["0" * 16, "f" * 16])
    assert both & {"f" * 16} == {"f" * 16}
    assert both - frozenset(["f" * 16]) == {"0" * 16}
    assert both != {"f" * 16}


def test_what_is_no_id_is_in_no_set() -> None:
    empty = PaperIds()
    assert not empty
    assert "" not in PaperIds(["0" * 16])
    assert 0 not in PaperIds(["0" * 16])
    assert "0" * 16 not in empty
    assert repr(PaperIds(["f" * 16])) == "PaperIds(['ffffffffffffffff'])"
    with pytest.raises(ValueError, match="non-hexadecimal"):
        PaperIds(["a title of a paper"])
