"""api: the responses to valid and invalid requests, made by schemathesis, are those that the description promises."""

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
"""Requests of each kind for each operation; the same in every run."""
OPERATIONS = 26
"""Methods of paths in the description, so that a missing one is noticed."""
EXCLUDED: list[Any] = [
    checks.negative_data_rejection,  # any part of a form is a file; a repeated parameter has its last value
]
ENDS_IN_A_QUESTION: list[Any] = [
    checks.positive_data_acceptance,  # no schema says that the last message is the user's
]


@dataclass(frozen=True, slots=True)
class Served:
    """The interface at `url`, which needs a key, and its description."""

    url: str
    key: str
    schema: Any


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    load_all_checks()
    home = tmp_path_factory.mktemp("schema") / "home"
    with pytest.MonkeyPatch.context() as patch, opened(home) as assistant:
        for limit in ("WRONG", "WRONG_IN_ALL"):  # schemathesis also tries wrong keys
            patch.setattr(doorkeeper, limit, 10**6)
        with closing(Accounts(home)) as accounts:
            key = accounts.add_key("schemathesis", rights="write", per_minute=10**6)
        with made(assistant, keys_needed="always") as app, Live(app) as live:
            yield Served(live.url, key, schemathesis.openapi.from_dict(app.openapi()))


def test_valid_requests_get_what_the_description_says(served: Served) -> None:
    operations = [result.ok() for result in served.schema.get_all_operations()]
    assert len(operations) == OPERATIONS
    for operation in operations:
        check(served, operation, GenerationMode.POSITIVE)


def test_invalid_requests_get_an_error_that_the_description_has(served: Served) -> None:
    for result in served.schema.get_all_operations():
        operation = result.ok()
        if operation.body or operation.query:  # other operations take nothing that could be invalid
            check(served, operation, GenerationMode.NEGATIVE)


def check(served: Served, operation: Any, mode: GenerationMode) -> None:
    """Send requests to an operation, and check that its responses are as described."""
    excluded = EXCLUDED + (ENDS_IN_A_QUESTION if operation.path.startswith("/v1/") else [])

    @hypothesis.given(case=operation.as_strategy(generation_mode=mode))
    @hypothesis.settings(max_examples=EXAMPLES, suppress_health_check=list(hypothesis.HealthCheck))
    def each(case: schemathesis.Case[Any]) -> None:
        headers = {"Authorization": f"Bearer {served.key}"}
        case.call_and_validate(base_url=served.url, headers=headers, excluded_checks=excluded)

    each()
