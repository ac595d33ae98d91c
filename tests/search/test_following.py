"""following: the ways to understand a turn, and the choice among them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest

from assistant.answer.writing import lead
from assistant.core.logistic import Preference, preference
from assistant.core.records import Citation, Claim, Paper, Turn
from assistant.index.holdings import Holdings
from assistant.library.papers import Library
from assistant.question.conversation import earlier, regarding
from assistant.search import Search
from assistant.search.following import (
    MEANINGS,
    Looks,
    TurnReading,
    features,
    followed,
    look,
    probable,
    readings,
    unquoted,
)

from ..doubles import HashEmbedder
from ..papers import PAIRS, write_listing
from ..question.test_conversation import KITE, ONE, PEAR, RAGNAROK, READING, SNOW, THREE, declined, reworded, turn


@pytest.fixture(scope="module")
def search(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Search]:
    folder = tmp_path_factory.mktemp("following")
    holdings = Holdings(Library(folder / "home"), HashEmbedder())
    holdings.ingest([write_listing(folder / "a.txt", PAIRS)])
    with holdings.reading() as index:
        assert index is not None
        yield Search(index)
    holdings.close()


def looked(question: str, turns: Sequence[Turn], search: Search, papers: tuple[str, ...] | None = None) -> Looks:
    return look(question, earlier(turns), search, replace(search.understood(question), papers=papers))


def made(question: str, turns: Sequence[Turn], search: Search) -> list[TurnReading]:
    return readings(question, earlier(turns), looked(question, turns, search), search)


def every(question: str, turns: Sequence[Turn], search: Search) -> dict[str, TurnReading]:
    """The first reading of each meaning."""
    return {one.meaning: one for one in reversed(made(question, turns, search))}


def values(question: str, turns: Sequence[Turn], search: Search) -> dict[str, dict[str, float]]:
    """What the model sees of the first reading of each meaning."""
    talk = earlier(turns)
    looks = looked(question, turns, search)
    some = readings(question, talk, looks, search)
    rows = zip(some, features(question, talk, looks, some), strict=True)
    return {one.meaning: row for one, row in reversed([*rows])}


def text(question: str, turns: Sequence[Turn], search: Search, meaning: str) -> str:
    return every(question, turns, search)[meaning].asked.text


def titles(papers: Sequence[Paper]) -> list[str]:
    return [paper.title for paper in papers]


def test_a_first_question_stands_alone(search: Search) -> None:
    alone = search.understood("What does PearRank learn from?")
    reading = followed("What does PearRank learn from?", [], search, alone)
    assert (reading.meaning, reading.asked) == ("alone", alone)


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


def test_others_that_say_no_more_are_of_the_same_list(search: Search) -> None:
    assert text("any others?", THREE, search, "other list") == "Which papers rank?"
    again = [*THREE, reworded("any others?", "Which papers rank?", KITE)]
    assert text("what else is there?", again, search, "other list") == "Which papers rank?"
    assert text("others on orchards?", THREE, search, "other list") == "Which papers rank? others on orchards?"


def test_a_turn_may_be_about_any_paper_of_the_talk_the_latest_first(search: Search) -> None:
    turns = [turn("kites", KITE), *THREE]
    papers = [one for one in made("and its orchard cost?", turns, search) if one.meaning == "paper"]
    assert [one.about for one in papers] == [(paper.title,) for paper in (PEAR, READING, RAGNAROK, KITE)]
    assert papers[2].asked.text == regarding([RAGNAROK.title], "and its orchard cost?")
    assert all(one.cites == one.about for one in papers)


def test_each_are_the_papers_shown_together(search: Search) -> None:
    asked = every("do both press orchards?", THREE, search)["each"].asked
    assert asked.text.startswith(f"Regarding “{PEAR.title}” and “{READING.title}” and “{RAGNAROK.title}”")
    assert asked.kind == "compare"
    together = [one.about for one in made("do both?", THREE, search) if one.meaning == "each"]
    assert together == [(PEAR.title, READING.title, RAGNAROK.title), (PEAR.title, READING.title)]
    assert "each" not in every("any orchards?", ONE, search)


def test_another_subject_leaves_out_what_was_shown_last(search: Search) -> None:
    instead = every("and for snow?", ONE, search)["instead"]
    assert instead.asked.without == (PEAR.id,)
    assert not instead.asked.several
    assert len(instead.cites) == 1 and PEAR.title not in instead.cites
    subjects = [one.asked.text for one in made("and for snow?", ONE, search) if one.meaning == "instead"]
    assert subjects == ["What does PearRank learn from? and for snow?", f"{PEAR.title}. and for snow?"]


def test_a_list_is_narrowed_to_those_that_fit_the_turn(search: Search) -> None:
    narrowed = every("only Ragnarök", THREE, search)["narrowed"]
    assert narrowed.cites == (RAGNAROK.title,)
    assert narrowed.asked.several
    assert titles([hit.paper for hit in search.hits(narrowed.asked)]) == [RAGNAROK.title]
    assert "narrowed" not in every("only orchards", ONE, search)


def test_all_of_a_narrowed_list_is_cited_however_little_it_fits_the_topic(search: Search) -> None:
    turns = [turn("Which papers forecast snow?", PEAR, RAGNAROK)]
    narrowed = every("PearRank or Ragnarök only", turns, search)["narrowed"].asked
    hits = search.hits(narrowed)
    assert set(titles([hit.paper for hit in hits])) == {PEAR.title, RAGNAROK.title}
    assert {hit.relevance for hit in hits} == {1.0}
    assert lead(narrowed, len(hits), hits) == "2 of them:"


def test_a_narrowed_list_has_met_the_conditions_of_the_question_before(search: Search) -> None:
    turns = [turn("Which papers without kites rank?", PEAR, RAGNAROK)]
    assert every("other rankers?", turns, search)["other list"].asked.conditions.without
    assert not every("Ragnarök only", turns, search)["narrowed"].asked.conditions.without
    assert every("only without sandboxes", turns, search)["narrowed"].asked.conditions.without


def test_a_comparison_is_of_the_last_paper_with_the_one_that_the_turn_names(search: Search) -> None:
    asked = every("compare it with Ragnarök", ONE, search)["against"].asked
    assert asked.text.startswith(f"Regarding “{PEAR.title}” and “{RAGNAROK.title}”: ")
    assert asked.kind == "compare"


def test_a_turn_that_says_nothing_itself_asks_the_question_before_again(search: Search) -> None:
    asked = every("shorter", ONE, search)["paper"].asked
    assert (asked.text, asked.brief) == (regarding([PEAR.title], "What does PearRank learn from?"), True)
    more = every("tell me more", ONE, search)["paper"].asked
    assert more.text == regarding([PEAR.title], "What does PearRank learn from? tell me more")
    assert not every("tell me more", ONE, search)["paper"].asked.brief
    assert every("condense that to a haiku", ONE, search)["paper"].asked.brief
    assert not every("which short orchard lists?", ONE, search)["paper"].asked.brief


def test_in_a_few_words_is_the_same_question_and_not_one_about_words(search: Search) -> None:
    asked = every("in a few words please", ONE, search)["paper"].asked
    assert (asked.text, asked.brief) == (regarding([PEAR.title], "What does PearRank learn from?"), True)


def test_a_question_about_one_paper_compares_no_two(search: Search) -> None:
    assert search.understood("Compare them.").kind == "compare"
    assert every("Compare them.", ONE, search)["paper"].asked.kind == "fact"


def test_without_a_paper_there_is_none_to_go_on_about(search: Search) -> None:
    assert set(every("and orchards?", [declined("umbrellas?")], search)) == {
        *("alone", "topic", "list", "others", "other list")
    }


def test_a_limit_to_papers_holds_for_every_reading(search: Search) -> None:
    talk = earlier(ONE)
    looks = looked("and the second?", ONE, search, (PEAR.id, SNOW.id))
    limited = readings("and the second?", talk, looks, search)
    assert {one.asked.papers for one in limited} == {(PEAR.id, SNOW.id)}
    assert {title for one in limited for title in one.cites} <= {PEAR.title, SNOW.title}


def test_a_question_that_names_its_papers_itself_stands_alone(search: Search) -> None:
    asked = regarding([KITE.title], "how big is it?")
    alone = search.understood(asked)
    assert followed(asked, ONE, search, alone).asked == alone


def test_more_is_what_was_not_quoted_yet(search: Search) -> None:
    hits = search.hits(search.understood(regarding([PEAR.title], "tell me more")))
    quoted = ONE[0].answer.claims[0].text
    assert quoted in [one.text for one in hits[0].evidence]
    assert quoted not in [one.text for one in unquoted("tell me more", ONE, hits)[0].evidence]
    assert unquoted("how big is it?", ONE, hits) == unquoted("tell me more", [], hits) == tuple(hits)


def test_what_the_answer_left_out_comes_before_the_rest(search: Search) -> None:
    hits = search.hits(search.understood(regarding([PEAR.title], "tell me more")))
    left_out = hits[0].evidence[-1].text
    passage = ONE[0].answer.claims[0].citations[0].passage
    more = (Claim(left_out, (Citation(passage, left_out, 1.0, "quoted"),)),)
    answer = replace(ONE[0].answer, more=more)
    assert len(unquoted("tell me more", ONE, hits)[0].evidence) > 1
    again = unquoted("tell me more", [replace(ONE[0], answer=answer)], hits)
    assert [one.text for one in again[0].evidence] == [left_out]


# -- the choice


def test_the_most_probable_reading_is_chosen(search: Search) -> None:
    fitted = Preference(
        ("pointer", "last"),
        mean=(0.0, 0.0),
        scale=(1.0, 1.0),
        weights={meaning: (2.0 if meaning == "paper" else 0.0, 0.5) for meaning in MEANINGS},
        bias={meaning: (1.0 if meaning == "alone" else 0.0) for meaning in MEANINGS},
    )
    some = [one for one in made("how big?", THREE, search) if one.meaning in ("alone", "paper")]
    pointing = [{"pointer": 1.0, "last": float(one.about == (RAGNAROK.title,))} for one in some]
    assert probable(some, pointing, fitted).about == (RAGNAROK.title,)
    assert probable(some, [{"pointer": 0.0, "last": 0.0}] * len(some), fitted).meaning == "alone"


def test_the_model_in_use_knows_every_meaning_and_feature(search: Search) -> None:
    fitted = preference("turns")
    for row in values("how big is it?", ONE, search).values():
        assert set(fitted.features) == set(row)
    assert set(fitted.weights) == set(fitted.bias) == set(MEANINGS)
    assert {len(row) for row in fitted.weights.values()} == {len(fitted.features)}


def test_a_reading_is_seen_by_what_it_would_cite(search: Search) -> None:
    about = values("PearRank orchards", ONE, search)
    assert (about["paper"]["alone_named"], about["paper"]["alone_unnamed"], about["paper"]["last"]) == (1.0, 0.0, 1.0)
    assert (about["others"]["alone_named"], about["others"]["alone_unnamed"]) == (0.0, 1.0)
    assert about["others"]["seen"] == 0.0
    other = values("How does Ragnarök replay?", ONE, search)
    assert (other["alone"]["alone_named"], other["alone"]["alone_first"], other["alone"]["seen"]) == (1.0, 1.0, 0.0)
    assert other["paper"]["alone_mean"] < other["alone"]["alone_mean"]


def test_a_reading_is_seen_by_how_much_of_the_last_answer_it_keeps(search: Search) -> None:
    row = values("only Ragnarök", THREE, search)
    assert (row["narrowed"]["last"], row["narrowed"]["whole"]) == (1.0, 1 / 3)
    assert (row["each"]["whole"], row["each"]["apart"]) == (1.0, 0.0)
    assert row["narrowed"]["apart"] > 0 > row["paper"]["apart"]


def test_whoever_asks_for_others_does_not_want_the_same_again(search: Search) -> None:
    row = values("other rankers?", ONE, search)
    assert (row["paper"]["repeated"], row["others"]["repeated"]) == (1.0, 0.0)
    assert values("which rankers?", ONE, search)["paper"]["repeated"] == 0.0


def test_a_reading_is_seen_by_the_names_that_its_papers_lack(search: Search) -> None:
    turns = [turn("kites?", KITE)]
    row = values("who uses PearRank?", turns, search)
    assert (row["paper"]["lacks"], row["alone"]["lacks"]) == (1.0, 0.0)
    assert values("who uses it?", turns, search)["paper"]["lacks"] == 0.0


def test_a_number_speaks_for_its_paper(search: Search) -> None:
    talk = earlier(THREE)
    looks = looked("the second one?", THREE, search)
    some = readings("the second one?", talk, looks, search)
    rows = zip(some, features("the second one?", talk, looks, some), strict=True)
    assert [one.about for one, row in rows if one.meaning == "paper" and row["numbered"]] == [(READING.title,)]


def test_a_reading_that_finds_nothing_has_every_value(search: Search) -> None:
    row = values("others", [declined("umbrellas?")], search)["others"]
    assert all(map(math.isfinite, row.values()))
