"""anew: a later turn that asks for other papers than the conversation has spoken of goes on from nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from assistant.chain import Assistant
from assistant.core.records import Turn
from assistant.core.settings import Settings
from assistant.index.embedding import BundledEmbedder

from ..papers import write_listing

REEF, APPLES, CHERRIES, FLOWERS = (
    "Regrowing Coral Gardens with Clay Tiles",
    "Water Budgets of Apple Orchards",
    "Bees in Cherry Orchards",
    "Exporting Cut Flowers by Rail",
)
PAIRS = (
    (
        REEF,
        "Coral reefs lose cover after heat waves. We restore coral reefs by fastening fragments to clay tiles. After "
        "two years, 71 percent of the fragments survived. Fish returned to the restored reefs within nine months.",
    ),
    (
        APPLES,
        "Apple orchards need much water in summer. We measure the sap flow of 40 trees in three orchards. Drip "
        "irrigation saves 31 percent of the water without a loss of yield.",
    ),
    (
        CHERRIES,
        "Wild bees pollinate cherry orchards. Strips of flowers between the rows of trees double the number of visits "
        "by bees. Cherry yield rises by 12 percent.",
    ),
    (
        FLOWERS,
        "Exporters of cut flowers can save 40 percent of emissions by rail. Cold chains keep roses fresh for nine "
        "days.",
    ),
)


@pytest.fixture(scope="module")
def gardener(tmp_path_factory: pytest.TempPathFactory, bundled: BundledEmbedder) -> Iterator[Assistant]:
    folder = tmp_path_factory.mktemp("anew")
    with Assistant.open(settings=Settings(home=folder / "home", reader=""), embedder=bundled) as opened:
        opened.ingest(write_listing(folder / "gardens.txt", PAIRS))
        yield opened


def after(first: str, question: str, gardener: Assistant) -> tuple[str, set[str]]:
    answer = gardener.ask(question, [Turn(first, gardener.ask(first))])
    return answer.query, set(answer.titles)


def test_a_list_on_another_topic_is_no_follow_up(gardener: Assistant) -> None:
    question = "Which papers are about orchards?"
    assert after("How are coral reefs restored?", question, gardener) == (question, {APPLES, CHERRIES})


def test_a_list_that_a_paper_shown_is_on_has_it_however_it_is_read(gardener: Assistant) -> None:
    _, titles = after("Which papers are about orchards?", "Which papers use drip irrigation?", gardener)
    assert titles == {APPLES}


@pytest.mark.parametrize(
    ("first", "question", "cited"),
    [
        ("Which papers are about orchards?", "Which of them are about bees?", CHERRIES),
        ("What keeps roses fresh?", "and how many days?", FLOWERS),
    ],
)
def test_a_turn_that_points_back_or_asks_about_a_paper_shown_goes_on(
    gardener: Assistant, first: str, question: str, cited: str
) -> None:
    query, titles = after(first, question, gardener)
    assert query != question
    assert titles == {cited}
