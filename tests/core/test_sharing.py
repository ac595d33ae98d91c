"""Something that threads share in, the same out until it is closed; released once nobody uses it any more."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from assistant.core.errors import AssistantError
from assistant.core.sharing import Shared


def test_closing_twice_releases_once() -> None:
    released: list[str] = []
    shared = Shared("value", lambda: released.append("now"), closed="It is closed.")
    with shared.using() as value:
        assert value == "value"
    assert released == []
    shared.close()
    shared.close()
    assert released == ["now"]
    with pytest.raises(AssistantError, match=r"^It is closed\.$"), shared.using():
        pass
    assert released == ["now"]


def test_users_at_the_time_of_closing_may_finish() -> None:
    released: list[str] = []
    shared = Shared("value", lambda: released.append("now"), closed="It is closed.")
    with shared.using():
        with shared.using():
            shared.close()
            with pytest.raises(AssistantError, match="closed"), shared.using():
                pass
        assert released == []
    assert released == ["now"]


def test_a_user_that_raises_no_longer_counts() -> None:
    released: list[str] = []
    shared = Shared("value", lambda: released.append("now"), closed="It is closed.")
    with pytest.raises(ValueError, match="so"), shared.using():
        shared.close()
        raise ValueError("so")
    assert released == ["now"]


def test_concurrent_users_release_it_once() -> None:
    released: list[str] = []
    shared = Shared("value", lambda: released.append("now"), closed="It is closed.")

    def use(number: int) -> str:
        try:
            with shared.using():
                if number == 500:
                    shared.close()
                return "closed" if released else "open"
        except AssistantError as error:
            return str(error)

    with ThreadPoolExecutor(16) as pool:
        outcomes = list(pool.map(use, range(1000)))
    assert set(outcomes) <= {"open", "It is closed."}
    assert released == ["now"]
