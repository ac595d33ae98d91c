"""parsing: whatever a model writes, its sentences are read with their marks, each once it is complete."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.answer.parsing import Parser, Written, read_marks

from ..papers import PAIRS

TITLES = tuple(PAIRS[n][0] for n in (0, 6, 7))
PEAR, KITE, SNOW = TITLES


def parsed(text: str, *, piece: int = 1000) -> list[Written]:
    parser = Parser(TITLES)
    written = [one for start in range(0, len(text), piece) for one in parser.feed(text[start : start + piece])]
    return written + parser.end()


def declines(text: str) -> bool:
    parser = Parser(TITLES)
    parser.feed(text)
    return parser.end() == [] and parser.declined


def reply(*sentences: dict[str, object], answered: bool = True) -> str:
    return json.dumps({"answered": answered, "sentences": sentences})


FLY = {"source": 2, "quote": "kites flown", "text": "Kites fly."}
FALL = {"source": 3, "quote": "into the smallest box", "text": "Snow falls."}
BOTH = [Written("Kites fly.", ("2",), "kites flown"), Written("Snow falls.", ("3",), "into the smallest box")]

# -- JSON, complete and broken


@pytest.mark.parametrize(
    "text",
    [
        reply(FLY, FALL),
        f"```json\n{reply(FLY, FALL)}\n```",
        f"Sure! Here is the answer:\n\n```\n{reply(FLY, FALL)}\n```\nI hope this helps [1].",
        json.dumps([FLY, FALL]),
        json.dumps({"sentences": [FLY, FALL]}, indent=4),
        reply(FLY, FALL)[:-2],
        reply(FLY, FALL).replace("}, {", "},\n\n{").replace('."}', '.",}'),
        reply(FLY, FALL) + reply(FLY, FALL),
        f"{json.dumps(FLY)}\n{json.dumps(FALL)}",
    ],
    ids=["plain", "fenced", "in-a-letter", "list", "indented", "unclosed", "commas", "twice", "lines"],
)
@pytest.mark.parametrize("piece", [1, 7, 1000])
def test_json_is_read_in_any_wrapping_and_any_pieces(text: str, piece: int) -> None:
    assert parsed(text, piece=piece) == BOTH


def test_a_sentence_is_ready_as_soon_as_its_object_closes() -> None:
    parser = Parser(TITLES)
    text = reply(FLY, FALL)
    closed = text.index("}") + 1
    assert parser.feed(text[: closed - 1]) == []
    assert parser.feed(text[closed - 1 : closed]) == BOTH[:1]


@pytest.mark.parametrize("cut", range(len(reply(FLY, FALL))))
def test_cut_off_json_gives_its_complete_sentences(cut: int) -> None:
    text = reply(FLY, FALL)[:cut]
    assert parsed(text) == BOTH[: text.count('"}')]


@pytest.mark.parametrize(
    ("source", "marks"),
    [
        (1, ("1",)),
        ("1", ("1",)),
        ("[1]", ("1",)),
        ([1, 2], ("1", "2")),
        (["[1]", "2"], ("1", "2")),
        ("1, 2", ("1", "2")),
        ("Source 3", ("3",)),
        (1.0, ("1",)),
        (KITE, ("2",)),
        (f"[{KITE}]", ("2",)),
        ("PearRank", ("1",)),
        ({"source": 2}, ("2",)),
        (9, ("9",)),
        (-1, ("-1",)),
        ("Banana Nets", ("Banana Nets",)),
        (None, ()),
        ([], ()),
        (True, ()),
    ],
)
def test_a_source_can_be_named_in_many_ways(source: object, marks: tuple[str, ...]) -> None:
    (written,) = parsed(reply({"source": source, "quote": "q", "text": "Snow is pressed."}))
    assert written.marks == marks


@pytest.mark.parametrize(
    ("given", "span"),
    [
        ({"quote": "a b"}, "a b"),
        ({"evidence": "a b"}, "a b"),
        ({"quotes": ["a"], "span": "a b"}, "a b"),
        ({"evidence": ["a", "b"]}, "a ... b"),
        ({"citations": [{"source": 1, "quote": "a b"}]}, "a b"),
        ({}, ""),
    ],
)
def test_the_quote_can_be_given_in_many_ways(given: dict[str, object], span: str) -> None:
    (written,) = parsed(reply({"source": 1, "text": "Snow is pressed.", **given}))
    assert written.span == span


def test_marks_within_the_text_of_an_object_count_too() -> None:
    text = reply({"source": 1, "quote": "q", "text": "Snow is pressed [3]. It melts."})
    assert parsed(text) == [Written("Snow is pressed.", ("1", "3"), "q"), Written("It melts.", ("1",), "q")]


def test_prose_within_json_is_read_as_prose() -> None:
    text = json.dumps({"answer": f"Kites fly [2]. Snow falls ({SNOW})."})
    assert parsed(text) == [Written("Kites fly.", ("2",)), Written("Snow falls.", ("3",))]


# -- prose


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Kites fly [2]. Snow falls [3].", [("Kites fly.", ("2",)), ("Snow falls.", ("3",))]),
        ("Kites fly. [2] Snow falls. [3]", [("Kites fly.", ("2",)), ("Snow falls.", ("3",))]),
        ("Kites fly [1, 2]. It snows [1][3].", [("Kites fly.", ("1", "2")), ("It snows.", ("1", "3"))]),
        ("Kites fly【2†source】. It snows【3】.", [("Kites fly.", ("2",)), ("It snows.", ("3",))]),
        ("Kites fly [1-3].", [("Kites fly.", ("1", "2", "3"))]),
        ("Kites fly (source 2).", [("Kites fly.", ("2",))]),
        ("Kites fly [^2].", [("Kites fly.", ("2",))]),
        ("Kites fly.²", [("Kites fly.", ("2",))]),
        ("Kites fly [9].", [("Kites fly.", ("9",))]),
        ("Kites fly [0] [-1].", [("Kites fly.", ("0", "-1"))]),
        (f"Kites fly [{KITE}].", [("Kites fly.", ("2",))]),
        (f"It sorts ({PEAR}).", [("It sorts.", ("1",))]),
        ("PearRank sorts orchards.", [("PearRank sorts orchards.", ("1",))]),
        ("Kites fly [Banana Nets: A Study].", [("Kites fly.", ("Banana Nets: A Study",))]),
        ("Kites fly (Smith et al., 2023).", [("Kites fly.", ("Smith et al., 2023",))]),
        ("The [MASK] token is kept (it helps) [1].", [("The [MASK] token is kept (it helps).", ("1",))]),
        ("- Kites fly [2]\n- **Snow** falls [3]\n", [("Kites fly.", ("2",)), ("Snow falls.", ("3",))]),
        ("1. Kites fly [2]\n2. Snow falls [3]", [("Kites fly.", ("2",)), ("Snow falls.", ("3",))]),
        (f"**{PEAR}** [1]: It sorts.", [("It sorts.", ("1",))]),
        ("Answer: Kites fly [2].", [("Kites fly.", ("2",))]),
        ("Kites fly [2].\n\nSources:\n[1] Pears\n[2] Kites", [("Kites fly.", ("2",))]),
        (f"Kites fly [2].\n\n[2] {KITE}", [("Kites fly.", ("2",))]),
        ("Kites fly. Snow falls [3].", [("Kites fly.", ()), ("Snow falls.", ("3",))]),
        ("Trust me.", [("Trust me.", ())]),
        ("", []),
        ("   \n ", []),
        ("...", []),
    ],
)
@pytest.mark.parametrize("piece", [1, 5, 1000])
def test_prose_is_read_with_its_marks(text: str, expected: list[tuple[str, tuple[str, ...]]], piece: int) -> None:
    assert [(one.text, one.marks) for one in parsed(text, piece=piece)] == expected


def test_a_sentence_of_prose_is_ready_once_the_next_has_begun() -> None:
    parser = Parser(TITLES)
    assert parser.feed("Kites fly. [2] Snow") == []
    assert parser.feed(" falls") == [Written("Kites fly.", ("2",))]


def test_a_range_that_is_too_long_gives_its_ends() -> None:
    assert read_marks("Kites fly [1-999999999].", TITLES) == ("Kites fly.", ("1", "999999999"))


def test_repeated_sentences_are_counted_and_left_out() -> None:
    parser = Parser(TITLES)
    assert parser.feed("Kites fly [2]. " * 5) == [Written("Kites fly.", ("2",))]
    assert parser.loops == 3
    parser.feed("Snow falls [3]. It melts")
    assert parser.loops == 0


# -- declines


@pytest.mark.parametrize(
    "text",
    [
        reply(answered=False),
        '{"answerable": false}',
        "The abstracts do not say who sells umbrellas.",
        "None of the sources mentions it; they don't name a licence.",
        "I cannot answer this from the given texts.",
        "That is not stated in any of the provided abstracts.",
    ],
)
def test_saying_that_the_abstracts_do_not_answer_is_a_decline(text: str) -> None:
    assert declines(text)


@pytest.mark.parametrize(
    "text",
    [
        reply(FLY, answered=False),
        reply(FLY),
        "I'm sorry, I can't help with that.",
        "Kites fly [2]. The abstracts do not say how high.",
        "",
        "{}",
    ],
)
def test_anything_else_is_no_decline(text: str) -> None:
    assert not declines(text)


# -- anything

fragments = st.sampled_from(
    [
        *(
            '{"sentences": [',
            '{"text": "Kites fly.", ',
            '"source": 2',
            '"quote": "a"',
            "}",
            "]}",
            '"',
            "\\",
            "```json\n",
        ),
        *(
            "[1]",
            "[1, 2]",
            "【3】",
            "Kites fly",
            ". ",
            "\n",
            "- ",
            "(source 1)",
            "[Banana Nets]",
            "²",
            "null",
            ",",
            ":",
        ),
    ]
)


@settings(max_examples=300)
@given(st.lists(fragments, max_size=14).map("".join), st.integers(1, 9))
def test_no_reply_is_too_odd_to_read(text: str, piece: int) -> None:
    written = parsed(text, piece=piece)
    assert all(any(c.isalnum() for c in one.text) for one in written)
    assert len({(one.text, one.marks) for one in written}) == len(written)


@given(st.text(max_size=60))
def test_a_sentence_without_marks_is_unchanged(text: str) -> None:
    bare, marks = read_marks(text, TITLES)
    assert marks or bare == " ".join(text.split())


# -- replies made to take long

MANY = 200_000
"""Characters, the most that are read of a reply."""
FREEZE = 60.0
"""Seconds. When reading time was not proportional to the reply, each of these took minutes or never ended."""


@pytest.mark.parametrize("piece", [4, MANY])
@pytest.mark.parametrize(
    "reply",
    [
        pytest.param("word " * (MANY // 5), id="no-end-of-a-sentence"),
        pytest.param("word" * (MANY // 4), id="no-end-of-a-word"),
        pytest.param("The kite flies [1]. " * (MANY // 20), id="one-sentence-again"),
        pytest.param("".join(f"Kite {n} flies. " for n in range(MANY // 16)), id="no-mark"),
        pytest.param("1. " * (MANY // 3), id="items"),
        pytest.param("\n" * MANY, id="lines"),
        pytest.param("Kites fly." + " " * MANY, id="spaces"),
        pytest.param("[" * MANY, id="brackets"),
        pytest.param("It flies" + "¹" * MANY + " well.", id="raised-numbers"),
        pytest.param(f"[1{' ' * 290}x] " * (MANY // 300), id="spaces-in-marks"),
        pytest.param(f"It flies [A{'b-' * 140}!].", id="a-title-in-brackets"),
        pytest.param('{"sentences": ["' + "x" * MANY, id="a-string-without-end"),
        pytest.param('{"a":' * (MANY // 6) + "1" + "}" * (MANY // 6), id="braces-in-braces"),
        pytest.param('{"a": ' + "[" * MANY + "}", id="brackets-in-braces"),
    ],
)
def test_reading_time_is_proportional_to_the_reply(reply: str, piece: int) -> None:
    started = time.monotonic()
    parser = Parser(("Kites: How They Fly", "Snow"))
    for start in range(0, len(reply), piece):
        parser.feed(reply[start : start + piece])
    parser.end()
    assert time.monotonic() - started < FREEZE


def test_a_sentence_too_long_to_check_counts_as_several() -> None:
    long = " ".join(f"kite number {n} flies" for n in range(200))
    written = parsed(json.dumps({"source": 1, "quote": "kites fly", "text": long}))
    assert all(len(one.text) <= 1000 and one.marks == ("1",) for one in written)
    for read_so in (written, parsed(f"{long} [1].", piece=7)):
        assert "".join(one.text for one in read_so).translate({ord(" "): "", ord("."): ""}) == long.replace(" ", "")


def test_an_object_nested_too_deep_hides_no_other() -> None:
    deep = '{"a":' * 30 + "1" + "}" * 30
    sentence = {"source": 1, "quote": "kites fly", "text": "Kites fly high."}
    written = Parser(("Kites",)).feed(f'{{"sentences": [{json.dumps(sentence)}, {deep}, {json.dumps(sentence)}]}}')
    assert [one.text for one in written] == ["Kites fly high."]
