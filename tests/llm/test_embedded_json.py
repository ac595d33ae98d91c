"""embedded_json: the JSON that a model was asked for is found in its reply, whatever is around it."""

from __future__ import annotations

import pytest

from assistant.llm.embedded_json import ModelReply


class Fruit(ModelReply):
    name: str
    seeds: list[int]


PEAR = '{"name": "pear", "seeds": [4, 6]}'


def test_the_schema_allows_no_other_keys_and_requires_all() -> None:
    schema = Fruit.schema_sent()
    assert (schema["title"], schema["required"], schema["additionalProperties"]) == ("Fruit", ["name", "seeds"], False)


@pytest.mark.parametrize(
    "reply",
    [
        PEAR,
        f"Sure:\n```json\n{PEAR}\n```",
        f'[{{"name": 3}}, {PEAR}]',
        PEAR.replace("]}", '], "colour": "green"}'),
        PEAR.replace("]}", "],}"),
        f'{{"fruits": [{PEAR}',
    ],
    ids=["plain", "in-a-letter", "after-another", "another-key", "comma", "cut-off"],
)
def test_the_first_object_of_the_right_form_is_read(reply: str) -> None:
    fruit = Fruit.first_in(reply)
    assert fruit is not None
    assert (fruit.name, fruit.seeds) == ("pear", [4, 6])


@pytest.mark.parametrize(
    "reply", ["", "a pear", "{}", '{"name": "pear"}', '{"name": "pear", "seeds": "4"}', "[" * 9999]
)
def test_anything_else_is_none(reply: str) -> None:
    assert Fruit.first_in(reply) is None
