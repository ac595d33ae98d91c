"""following: the ways to understand a turn, and the choice among them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from assistant.core.logistic import Preference, preference
from assistant.core.records import Paper, Turn
from assistant.index.holdings import Holdings
from assistant.library.papers import Library
from assistant.question.conversation import earlier, regarding
from assistant.search import Search
from assistant.search.following import MEANINGS, TurnReading, features, followed, look, probable, readings, unquoted

from ..doubles import HashEmbedder
from ..papers import PAIRS, write_listing
from ..question.test_conversation import KITE, ONE, PEAR, RAGNAROK, SNOW, THREE, declined, turn


@pytest.fixture(scope="module")
def search(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Search]:
    folder = tmp_path_factory.mktemp("following")
    holdings = Holdings(Library(folder / "home"), HashEmbedder())
    holdings.ingest([write_listing(folder / "a.txt", PAIRS)])
    with holdings.reading() as index:
        assert index is not None
        yield Search(index)
    holdings.close()


def every(question: str, turns: Sequence[Turn], search: Search) -> dict[str, TurnReading]:
    talk = earlier(turns)
    return {one.meaning: one for one in readings(question, talk, look(question, talk, search), search)}


def text(question: str, turns: Sequence[Turn], search: Search, meaning: str) -> str:
    return every(question, turns, search)[meaning].asked.text


def titles(papers: Sequence[Paper]) -> list[str]:
    return [paper.title for paper in papers]


def test_a_first_question_stands_alone(search: Search) -> None:
    reading = followed("What does PearRank learn from?", [], search)
    assert (reading.meaning, reading.asked.text) == ("alone", "What does PearRank learn from?")
    assert followed("how big is it?", [], search, papers=(KITE.id,)).asked.papers == (KITE.id,)


def test_a_turn_may_stand_alone_or_go_on_with_the_topic(search: Search) -> None:
    assert text("only small ones", ONE, search, "alone") == "only small ones"
    assert text("only small ones", ONE, search, "topic") == "What does PearRank learn from? only small ones"
    assert every("only small ones", ONE, search)["list"].asked.several
    assert not every("only small ones", ONE, search)["topic"].asked.several


def test_others_leave_out_what_was_shown(search: Search) -> None:
    asked = every("any other rankers?", THREE, search)["others"].asked
    assert asked.several
    assert not {PEAR.title, RAGNAROK.title} & set(titles([hit.paper for hit in search.hits(asked)]))
    assert every("others?", THREE, search)["other list"].asked.without == asked.without != ()


def test_it_is_the_first_paper_unless_the_turn_is_clearly_about_another(search: Search) -> None:
    assert text("and its orchard cost?", THREE, search, "same") == regarding([PEAR.title], "and its orchard cost?")
    clear = "how does the sandbox replay retrieval storms of queries?"
    assert text(clear, THREE, search, "same") == regarding([RAGNAROK.title], clear)


def test_an_earlier_paper_is_one_that_the_last_answer_does_not_cite(search: Search) -> None:
    turns = [turn("kites", KITE), turn("pears", PEAR)]
    assert text("and the orchard of the other one?", turns, search, "earlier").startswith(f"Regarding “{KITE.title}”: ")
    assert "earlier" not in every("and the other one?", ONE, search)


def test_each_and_numbered_name_papers_in_the_order_shown(search: Search) -> None:
    asked = every("do both press orchards?", THREE, search)["each"].asked
    assert asked.text.startswith(f"Regarding “{PEAR.title}” and “")
    assert asked.kind == "compare"
    assert text("the third, any orchards?", THREE, search, "numbered").startswith(f"Regarding “{RAGNAROK.title}”")
    assert "numbered" not in every("any orchards?", THREE, search)
    assert "each" not in every("any orchards?", ONE, search)


def test_a_comparison_is_of_the_last_paper_with_the_one_that_the_turn_names(search: Search) -> None:
    asked = every("compare it with Ragnarök", ONE, search)["against"].asked
    assert asked.text.startswith(f"Regarding “{PEAR.title}” and “{RAGNAROK.title}”: ")
    assert asked.kind == "compare"


def test_a_turn_that_says_nothing_itself_asks_the_question_before_again(search: Search) -> None:
    assert text("shorter", ONE, search, "same") == regarding([PEAR.title], "What does PearRank learn from? shorter")


def test_without_a_paper_there_is_none_to_go_on_about(search: Search) -> None:
    assert set(every("and orchards?", [declined("umbrellas?")], search)) == {
        *("alone", "topic", "list", "others", "other list")
    }


def test_a_limit_to_papers_holds_for_every_reading(search: Search) -> None:
    talk = earlier(ONE)
    looks = look("and the second?", talk, search, papers=(PEAR.id, SNOW.id))
    limited = readings("and the second?", talk, looks, search)
    assert {one.asked.papers for one in limited} == {(PEAR.id, SNOW.id)}


def test_a_question_that_names_its_papers_itself_stands_alone(search: Search) -> None:
    asked = regarding([KITE.title], "how big is it?")
    assert followed(asked, ONE, search).asked.text == asked


def test_more_is_what_was_not_quoted_yet(search: Search) -> None:
    hits = search.hits(search.understood(regarding([PEAR.title], "tell me more")))
    quoted = ONE[0].answer.claims[0].text
    assert quoted in [one.text for one in hits[0].evidence]
    assert quoted not in [one.text for one in unquoted("tell me more", ONE, hits)[0].evidence]
    assert unquoted("how big is it?", ONE, hits) == unquoted("tell me more", [], hits) == tuple(hits)


# -- the choice


def test_the_most_probable_reading_is_chosen(search: Search) -> None:
    fitted = Preference(
        ("pointer",),
        mean=(0.0,),
        scale=(1.0,),
        weights={meaning: (2.0 if meaning == "same" else 0.0,) for meaning in MEANINGS},
        bias={meaning: (1.0 if meaning == "alone" else 0.0) for meaning in MEANINGS},
    )
    both = list(every("how big?", ONE, search).values())
    assert probable(both, {"pointer": 1.0}, fitted).meaning == "same"
    assert probable(both, {"pointer": 0.0}, fitted).meaning == "alone"


def test_the_model_in_use_knows_every_meaning_and_feature(search: Search) -> None:
    fitted = preference("turns")
    talk = earlier(ONE)
    values = features("how big is it?", talk, look("how big is it?", talk, search))
    assert set(fitted.features) == set(values)
    assert set(fitted.weights) == set(fitted.bias) == set(MEANINGS)
    assert {len(row) for row in fitted.weights.values()} == {len(fitted.features)}


def test_what_a_turn_finds_tells_the_papers_of_the_talk_from_new_ones(search: Search) -> None:
    talk = earlier(ONE)
    about = features("PearRank orchards", talk, look("PearRank orchards", talk, search))
    assert (about["alone_names_seen"], about["alone_names_new"], about["alone_first_is_last"]) == (1.0, 0.0, 1.0)
    other = features("How does Ragnarök replay?", talk, look("How does Ragnarök replay?", talk, search))
    assert (other["alone_names_seen"], other["alone_names_new"], other["alone_first_is_last"]) == (0.0, 1.0, 0.0)
