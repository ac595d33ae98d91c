"""api, as it is described: whatever schemathesis makes of that, right or wrong, brings no 500 and no breach."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import hypothesis
import pytest
import schemathesis
from schemathesis import GenerationMode
from schemathesis.checks import load_all_checks
from schemathesis.specs.openapi import checks

from assistant.people.accounts import Accounts
from assistant.service import doorkeeper

from ..live import Live, made, opened

EXAMPLES = 12
"""Of each kind for each operation; the same in every run."""
OPERATIONS = 19
"""Methods of paths that are described; here, so that none goes missing unseen."""
NOT_HELD: list[Any] = [
    checks.negative_data_rejection,  # any part of a form is a file, and of a parameter that comes twice the last counts
]
ENDS_IN_A_QUESTION: list[Any] = [
    checks.positive_data_acceptance,  # no schema says that the last message is the user's
]


@dataclass(frozen=True, slots=True)
class Served:
    """The interface at `url`, where a key is needed, and its description."""

    url: str
    key: str
    schema: Any


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    load_all_checks()
    home = tmp_path_factory.mktemp("schema") / "home"
    with pytest.MonkeyPatch.context() as patch, opened(home) as assistant:
        patch.setattr(doorkeeper, "WRONG", 10**6)  # schemathesis tries wrong keys, too
        with closing(Accounts(home)) as accounts:
            key = accounts.add_key("schemathesis", rights="write", per_minute=10**6)
        with made(assistant, keys_needed="always") as app, Live(app) as live:
            yield Served(live.url, key, schemathesis.openapi.from_dict(app.openapi()))


def test_no_request_that_fits_is_refused_or_brings_what_is_not_described(served: Served) -> None:
    operations = [found.ok() for found in served.schema.get_all_operations()]
    assert len(operations) == OPERATIONS
    for operation in operations:
        tried(served, operation, GenerationMode.POSITIVE)


def test_no_request_that_does_not_fit_brings_a_500_or_what_is_not_described(served: Served) -> None:
    for found in served.schema.get_all_operations():
        operation = found.ok()
        if operation.body or operation.query:  # of the others there is nothing that does not fit
            tried(served, operation, GenerationMode.NEGATIVE)


def tried(served: Served, operation: Any, mode: GenerationMode) -> None:
    """Some requests to an operation, all of which it answers as it says."""
    excluded = NOT_HELD + (ENDS_IN_A_QUESTION if operation.path.startswith("/v1/") else [])

    @hypothesis.given(case=operation.as_strategy(generation_mode=mode))
    @hypothesis.settings(max_examples=EXAMPLES, suppress_health_check=list(hypothesis.HealthCheck))
    def each(case: schemathesis.Case[Any]) -> None:
        headers = {"Authorization": f"Bearer {served.key}"}
        case.call_and_validate(base_url=served.url, headers=headers, excluded_checks=excluded)

    each()
