"""talks: how good a reading of a turn is, and a model fitted to prefer the good ones."""

from __future__ import annotations

import pytest

pytest.importorskip("scipy", reason="fitting needs scipy")

from assistant.core.logistic import Preference
from assistant.search.following import MEANINGS
from eval.questions import Question
from eval.talks import BY_CHANCE, LaterTurn, Tried, fit

IT = Question("c-2", "fact", "how big is it?", ("Orchards",), conversation="c", refers="it")


def later(pointer: float, *, right: int) -> LaterTurn:
    """A turn that stands alone or is about one of two papers; the reading at `right` cites the right one."""
    some = (("alone", 0.0), ("paper", 1.0), ("paper", -1.0))
    tried = [
        Tried(meaning, {"pointer": pointer, "fits": fits}, float(place == right))  # type: ignore[arg-type]
        for place, (meaning, fits) in enumerate(some)
    ]
    return LaterTurn(Question(f"c-{pointer}", "fact", "big?", ("Orchards",), conversation="c"), tried)


def test_the_right_papers_by_chance_are_worth_less() -> None:
    tried = [Tried("paper", {}, 0.5), Tried("others", {}, 1.0), Tried("paper", {}, 0.0)]
    assert LaterTurn(IT, tried).gains == [0.5, BY_CHANCE, 0.0]
    assert LaterTurn(Question("c-1", "fact", "big?", ("Orchards",)), tried).gains == [0.5, 1.0, 0.0]


def test_the_wording_chooses_the_meaning_and_what_fits_the_paper() -> None:
    stored = fit([later(1.0, right=1)] * 20 + [later(0.0, right=0)] * 20)
    assert stored["features"] == ["pointer", "fits"]
    assert set(stored["weights"]) == set(stored["bias"]) == set(MEANINGS)
    fitted = Preference.of(stored)

    def best(pointer: float) -> int:
        scores = [fitted.score(one.meaning, one.values) for one in later(pointer, right=0).tried]
        return scores.index(max(scores))

    assert (best(1.0), best(0.0)) == (1, 0)


def test_turns_that_no_reading_answers_teach_nothing() -> None:
    rows = [later(1.0, right=1)] * 3
    assert fit([*rows, later(1.0, right=9)]) == fit(rows)
