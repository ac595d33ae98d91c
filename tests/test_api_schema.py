"""api, as it is described: whatever schemathesis makes of that, right or wrong, brings no 500 and no breach."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import hypothesis
import pytest
import schemathesis
from schemathesis import GenerationMode
from schemathesis.checks import load_all_checks
from schemathesis.specs.openapi import checks

from .live import Live, made, opened

EXAMPLES = 12
"""Of each kind for each operation; the same in every run."""
OPERATIONS = 18
"""Methods of paths that are described; here, so that none goes missing unseen."""
NOT_HELD: list[Any] = [
    checks.positive_data_acceptance,  # a question without words fits the description and is refused all the same
    checks.negative_data_rejection,  # of a parameter that comes twice the last counts
]


@dataclass(frozen=True, slots=True)
class Served:
    """The interface at `url`, and its description without keys: a program of this machine needs none."""

    url: str
    schema: Any


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    load_all_checks()
    with opened(tmp_path_factory.mktemp("schema") / "home") as assistant, made(assistant) as app, Live(app) as live:
        described = app.openapi()
        for operations in described["paths"].values():
            for operation in operations.values():
                operation.pop("security", None)
        yield Served(live.url, schemathesis.openapi.from_dict(described))


def test_no_request_that_fits_brings_a_500_or_what_is_not_described(served: Served) -> None:
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

    @hypothesis.given(case=operation.as_strategy(generation_mode=mode))
    @hypothesis.settings(max_examples=EXAMPLES, suppress_health_check=list(hypothesis.HealthCheck))
    def each(case: schemathesis.Case[Any]) -> None:
        case.call_and_validate(base_url=served.url, excluded_checks=NOT_HELD)

    each()
