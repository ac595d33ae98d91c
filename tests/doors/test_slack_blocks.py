"""slack.blocks: every answer becomes blocks that Slack accepts, with all citations and no foreign markup."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.core.readable import readable
from assistant.core.records import Answer, Citation, Claim, Decline, Hit, Paper, Passage
from assistant.doors.slack.blocks import (
    BLOCKS,
    ELEMENTS,
    MESSAGE,
    TEXT,
    VIEW_BLOCKS,
    evidence,
    fallback,
    more,
    notice,
    reply,
    shown,
    unescaped,
)

HOSTILE = "*A* _b_ ~c~ `d` <!channel> <@U1> & &amp; <https://x.y|z> :smile: $\\alpha$"


def answer(*papers: tuple[str, str], url: str = "", heading: bool = False) -> Answer:
    """An answer with one claim per paper, each of which is cited whole."""
    claims, hits = [], []
    for title, abstract in papers:
        paper = Paper(title, abstract, url)
        passage = Passage(paper.id, title, abstract, 0)
        claims.append(Claim(abstract, (Citation(passage, abstract, 1.0, "quoted"),), title if heading else ""))
        hits.append(Hit(paper, passage, 1.0))
    return Answer("q", "q", tuple(claims), hits=tuple(hits))


def texts(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Every text object, at any depth."""
    parts = []
    for block in blocks:
        parts += [block["text"]] if "text" in block else []
        parts += [e["text"] if e["type"] == "button" else e for e in block.get("elements", [])]
    return parts


def assert_taken(blocks: list[dict[str, Any]], *, most: int = BLOCKS) -> None:
    """Assert the limits that Slack documents."""
    assert 1 <= len(blocks) <= most
    for block in blocks:
        assert len(block.get("elements", [])) <= (25 if block["type"] == "actions" else ELEMENTS)
        for element in block.get("elements", []) if block["type"] == "actions" else []:
            assert len(element["text"]["text"]) <= 75
            assert len(element["value"]) <= 2000
    for text in texts(blocks):
        assert 1 <= len(text["text"]) <= TEXT
        assert not re.search(r"[<>]|&(?!amp;|lt;|gt;)", text["text"]) or text["type"] == "mrkdwn"


def test_an_answer_is_prose_a_context_a_paper_and_buttons() -> None:
    given = answer(("A", "One."), ("B", "Two."), heading=True)
    prose, first, second, buttons = reply(given, "3 171.5")
    assert prose["text"]["text"] == "• A: One. [1]\n• B: Two. [2]"
    assert [block["elements"][0]["text"] for block in (first, second)] == ["[1] A\n“One.”", "[2] B\n“Two.”"]
    assert [e["action_id"] for e in buttons["elements"]] == ["evidence", "thumb_up", "thumb_down", "again"]
    assert {e["value"] for e in buttons["elements"]} == {"3 171.5"}


def test_a_verdict_opens_the_prose() -> None:
    one, two = answer(("A", "One.")), answer(("A", "One."), ("B", "Two."), heading=True)
    assert reply(replace(one, verdict="no"))[0]["text"]["text"] == "No. One. [1]"
    assert reply(replace(two, verdict="partly"))[0]["text"]["text"] == "Partly.\n• A: One. [1]\n• B: Two. [2]"


def test_without_a_place_there_are_no_buttons() -> None:
    assert [block["type"] for block in reply(answer(("A", "One.")))] == ["section", "context"]


def test_text_of_papers_is_not_markup_and_reads_the_same() -> None:
    blocks = reply(answer((HOSTILE, f"{HOSTILE}.")), "1 1")
    assert_taken(blocks)
    assert {text["type"] for text in texts(blocks)} == {"plain_text"}
    assert unescaped(blocks[1]["elements"][0]["text"]) == f"[1] {readable(HOSTILE)}\n“{readable(HOSTILE)}.”"


def test_only_a_valid_address_becomes_a_link() -> None:
    (link,) = reply(answer(("A", "One."), url="https://a.b/c?d=1&e=2"))[1]["elements"][1:]
    assert link == {"type": "mrkdwn", "text": "<https://a.b/c?d=1&amp;e=2|Open the paper>"}
    for url in ("javascript:x", "https://a.b|c>", "https://a b"):
        assert len(reply(answer(("A", "One."), url=url))[1]["elements"]) == 1


def test_a_decline_says_why_and_what_came_nearest() -> None:
    declined = Answer("q", "q", declined=Decline("absent", "Nothing here says so.", ("A <b>", "C")))
    prose, nearest, buttons = reply(declined, "1 1")
    assert prose["text"]["text"] == "Nothing here says so."
    assert nearest["elements"][0]["text"] == "The nearest papers:\n• A &lt;b&gt;\n• C"
    assert [e["action_id"] for e in buttons["elements"]] == ["thumb_up", "thumb_down", "again"]


def test_an_answer_about_the_library_has_no_evidence_to_show() -> None:
    prose, buttons = reply(Answer("q", "q", message="The library has 2 papers.\n- Kites\n- Pears"), "1 1")
    assert prose["text"]["text"] == "The library has 2 papers.\n• Kites\n• Pears"
    assert [e["action_id"] for e in buttons["elements"]] == ["thumb_up", "thumb_down", "again"]


def test_commands_that_a_reply_names_are_code() -> None:
    given = Answer("q", "q", message="Use `assistant ingest FILE...` & *wait*.\n- `--home <FOLDER>`")
    blocks = reply(given)
    assert [block["type"] for block in blocks] == ["rich_text"]
    (section,) = blocks[0]["elements"]
    assert [(piece["text"], piece.get("style")) for piece in section["elements"]] == [
        ("Use ", None),
        ("assistant ingest FILE...", {"code": True}),
        (" & *wait*.\n• ", None),
        ("--home <FOLDER>", {"code": True}),
    ]
    assert shown(blocks) == "Use `assistant ingest FILE...` & *wait*.\n• `--home <FOLDER>`"
    assert shown(blocks, markdown=True) == "Use `assistant ingest FILE...` \\& \\*wait\\*.\n• `--home <FOLDER>`"


def test_no_answer_from_papers_is_code() -> None:
    assert [block["type"] for block in reply(answer(("A", "Use `ls`.")))] == ["section", "context"]


def test_a_decline_that_names_the_nearest_does_not_name_them_twice() -> None:
    declined = Answer("q", "q", declined=Decline("absent", "No. The nearest is “A”.", ("A",)))
    assert len(reply(declined)) == 1


@pytest.mark.parametrize("size", [1, 8, 40, 41, 120])
@pytest.mark.parametrize("length", [3, 120, 9000])
@pytest.mark.parametrize("sign", ["x", "&", "w "])
def test_the_longest_answer_fits_and_keeps_every_citation(size: int, length: int, sign: str) -> None:
    given = answer(*((f"Paper {n}", f"{n} {sign * length}.") for n in range(1, size + 1)), heading=True)
    blocks = reply(given, "1 171.5")
    assert_taken(blocks)
    assert sum(len(text["text"]) for text in texts(blocks)) <= MESSAGE
    shown = [text["text"] for text in texts(blocks)]
    prose = "".join(block["text"]["text"] for block in blocks if block["type"] == "section")
    for number in range(1, size + 1):
        assert f"[{number}]" in prose
        assert any(text.startswith(f"[{number}] Paper {number}") for text in shown)
    assert_taken(evidence(given)["blocks"], most=VIEW_BLOCKS)


def test_prose_longer_than_a_section_continues_in_the_next() -> None:
    given = answer(("A", " ".join(f"word{n}" for n in range(600)) + "."))
    sections = [b["text"]["text"] for b in reply(given) if b["type"] == "section"]
    assert len(sections) == 2
    assert " ".join(sections) == given.text


def test_what_the_answer_leaves_out_has_a_button_and_a_modal_of_its_own() -> None:
    cited = Citation(Passage("1", "A <b>Pear", "Pears fall.", 0), "Pears fall.", 1.0, "quoted")
    other = Citation(Passage("2", "A Fig", "Figs stay.", 0), "Figs stay.", 1.0, "quoted")
    answer = Answer(
        "why?",
        "why?",
        claims=(Claim("Pears fall.", (cited,), "A <b>Pear"),),
        more=(Claim("[The authors] *ask*.", (cited,)), Claim("Figs stay.", (other,), "A Fig")),
    )
    assert [e["action_id"] for e in reply(answer, "1 t")[-1]["elements"]][:2] == ["evidence", "more"]
    assert shown(more(answer)["blocks"]) == (
        "More from [1] A <b>Pear\n\u2022 [The authors] *ask*.\n\nA Fig\n\u2022 Figs stay."
    )
    assert shown(more(replace(answer, more=()))["blocks"]) == "This answer leaves nothing out."


def test_the_evidence_shows_every_quote_with_its_basis_and_the_abstract() -> None:
    paper = Paper("A", "One. Two.")
    passage = Passage(paper.id, "A", paper.abstract, 0)
    cited = (Citation(passage, "One.", 1.0, "quoted"), Citation(passage, "Two.", 0.83, "checked"))
    view = evidence(Answer("q", "q", (Claim("Both.", cited),), hits=(Hit(paper, passage, 1.0),)))
    assert len(view["title"]["text"]) <= 24
    assert shown(view["blocks"]).split("\n") == [
        *("[1] A", "“One.” (word for word)", "“Two.” (checked, support 0.83)", "", "Abstract: One. Two.")
    ]


def test_the_fallback_is_one_short_line() -> None:
    assert fallback(answer(("A", "x" * 5000 + ".")))[-1] == "…"
    assert len(fallback(answer(("A", "&" * 5000)))) <= 1000
    assert fallback(answer(("A", "1 < 2."))) == "1 &lt; 2. [1]"


def test_blocks_can_be_shown_as_markdown() -> None:
    assert shown(reply(answer(("*A*", "1 < 2."))), markdown=True) == "1 \\< 2. [1]\n\n[1] \\*A\\*\n“1 \\< 2.”"


@given(st.lists(st.tuples(st.text(min_size=1), st.text(min_size=1)), min_size=1, max_size=12, unique_by=lambda p: p[0]))
def test_any_text_gives_blocks_that_slack_takes(papers: list[tuple[str, str]]) -> None:
    given_ = answer(*papers)
    assert_taken(reply(given_, "1 1"))
    assert_taken(evidence(given_)["blocks"], most=VIEW_BLOCKS)
    assert_taken(notice(papers[0][0]))
    json.dumps(reply(given_, "1 1"))
