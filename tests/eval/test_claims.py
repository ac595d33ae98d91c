"""The rates of a known checker on labelled claims."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.core.errors import PaperNotFound
from assistant.core.records import Check
from eval import claims
from eval.claims import Judged, LabelledClaim, Trade, auroc, curve, evaluate, read
from eval.jsonl import FormatError

GOOD: dict[str, object] = {"id": "a", "claim": "It runs.", "paper": "P", "label": "true", "kind": "close"}


def written(folder: Path, *records: dict[str, object]) -> Path:
    path = folder / "claims.jsonl"
    path.write_text("\n".join(json.dumps(record) for record in records), encoding="utf-8")
    return path


def test_claims_are_read(tmp_path: Path) -> None:
    other = GOOD | {"id": "b", "label": "false", "kind": "wrong-paper", "about": "Q"}
    assert read(written(tmp_path, GOOD, other)) == (
        LabelledClaim("a", "It runs.", "P", True, "close", "P"),
        LabelledClaim("b", "It runs.", "P", False, "wrong-paper", "Q"),
    )


@pytest.mark.parametrize(
    ("change", "field", "problem"),
    [
        ({"label": True}, "label", "must be a text"),
        ({"label": "maybe"}, "label", "'true' or 'false'"),
        ({"kind": "swap"}, "kind", "of a true claim must be one of close, free"),
        ({"label": "false"}, "kind", "of a false claim must be one of number, entity"),
        ({"claim": ""}, "claim", "not blank"),
        ({"titel": "P"}, "titel", "is unknown"),
        ({"id": "a"}, "id", "already the id of line 1"),
    ],
)
def test_a_wrong_field_is_named(tmp_path: Path, change: dict[str, object], field: str, problem: str) -> None:
    with pytest.raises(FormatError) as caught:
        read(written(tmp_path, GOOD, GOOD | {"id": "b"} | change))
    assert (caught.value.line, caught.value.field) == (2, field)
    assert problem in caught.value.problem


def labelled(name: str, kind: str) -> LabelledClaim:
    return LabelledClaim(name, name, "P", kind in claims.TRUE_KINDS, kind, "P")


SCORES = {"t1": 0.9, "t2": 0.8, "t3": 0.4, "n1": 0.1, "n2": 0.8, "s1": 0.95}
SET = [labelled("t1", "close"), labelled("t2", "free"), labelled("t3", "free"), labelled("n1", "number"),
       labelled("n2", "number"), labelled("s1", "swap")]  # fmt: skip


def check(sentence: str, title: str) -> Check:
    if title != "P":
        raise PaperNotFound(f"No paper is titled {title!r}.")
    return Check(SCORES[sentence] >= 0.5, SCORES[sentence], "checked", ("because | so",), "")


def test_rates_and_areas_by_kind() -> None:
    results = evaluate(SET, check)
    rates = {row.kind: (row.right.mean, row.right.count, row.auroc) for row in results.rows}
    assert rates == {
        "all true": (pytest.approx(2 / 3), 3, None),
        "close": (1.0, 1, None),
        "free": (0.5, 2, None),
        # The true claim scores higher in 3 (n1) + 1.5 (n2) + 0 (s1) of 3 x 3 pairs.
        "all false": (pytest.approx(1 / 3), 3, pytest.approx(4.5 / 9)),
        "number": (0.5, 2, pytest.approx(4.5 / 6)),
        "swap": (0.0, 1, 0.0),
    }
    assert [judged.claim.id for judged in results.judged if not judged.right] == ["t3", "n2", "s1"]


def test_the_curve_trades_kept_for_flagged() -> None:
    assert evaluate(SET, check).curve == (
        Trade(0.1, 1.0, 0.0),
        Trade(0.4, 1.0, 1 / 3),
        Trade(0.8, 2 / 3, 1 / 3),
        Trade(0.9, 1 / 3, 2 / 3),
        Trade(0.95, 0.0, 2 / 3),
    )
    assert curve([Judged(SET[0], True, 1.0, ())]) == ()


def test_a_title_the_checker_does_not_know_stops_the_run() -> None:
    with pytest.raises(PaperNotFound, match="No paper is titled 'Q'"):
        evaluate([LabelledClaim("x", "x", "Q", True, "close", "Q")], check)


def test_as_markdown_and_as_json() -> None:
    results = evaluate(SET, check)
    text = claims.markdown(results)
    assert "| number | flagged | 0.500 | 0.000 to 1.000 | 2 | 0.750 |" in text
    assert "| close | kept | 1.000 | 1.000 to 1.000 | 1 | — |" in text
    assert "| t3 | free | flagged | 0.400 | t3 | P | because \\| so |" in text
    values = json.loads(claims.to_text(results))
    assert values["curve"][0] == {"threshold": 0.1, "kept": 1.0, "flagged": 0.0}
    assert values["rows"][-1]["auroc"] == 0.0
    assert values["claims"][0]["claim"]["id"] == "t1"


def test_without_claims_there_are_no_rates() -> None:
    results = evaluate([], check)
    assert (results.rows, results.curve) == ((), ())
    assert "0 claims" in claims.markdown(results)


SOME = st.lists(st.sampled_from([0.0, 0.25, 0.5, 1.0]), min_size=1, max_size=12)


@settings(deadline=None)
@given(true=SOME, false=SOME)
def test_auroc_is_the_share_of_pairs(true: list[float], false: list[float]) -> None:
    pairs = [(t > f) + 0.5 * (t == f) for t in true for f in false]
    assert auroc(true, false) == pytest.approx(sum(pairs) / len(pairs))


def test_auroc_needs_both_sides() -> None:
    assert auroc([], [1.0]) is None
    assert auroc([1.0], []) is None
