"""replying: a question about the library or the assistant gets the nearest reply, and what that says is true."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from assistant.answer.catalogue import COUNTS
from assistant.answer.replying import SCALE, UNKNOWN, asked, entries, reply, vectors
from assistant.core.settings import Settings
from assistant.doors.cli import app
from assistant.index.embedding import BundledEmbedder, Embedder
from assistant.index.holdings import Holdings
from assistant.index.searchable import Index
from assistant.library.papers import Library
from eval.replies import encoded

from ..conftest import ROOT
from ..doubles import HashEmbedder
from ..papers import PAIRS, write_listing

CODE = re.compile(r"`([^`]+)`")


def filled(home: Path, embedder: Embedder) -> Iterator[Index]:
    holdings = Holdings(Library(home / "home"), embedder)
    holdings.ingest([write_listing(home / "mar.txt", PAIRS)])
    with holdings.reading() as index:
        assert index is not None
        yield index
    holdings.close()


@pytest.fixture
def meant(tmp_path: Path, bundled: BundledEmbedder) -> Iterator[Index]:
    """An index with the real embedder."""
    yield from filled(tmp_path / "meant", bundled)


@pytest.fixture
def worded(tmp_path: Path) -> Iterator[Index]:
    """An index without it: words decide."""
    yield from filled(tmp_path / "worded", HashEmbedder())


@pytest.mark.parametrize(
    ("question", "kind", "begins"),
    [
        ("how can my bibliography be imported?", "manual", "Use `assistant ingest FILE...`"),
        ("I want the references in my LaTeX file", "manual", "Below an answer on the page, Copy as"),
        ("who gets to see what I type", "manual", "Nothing leaves the machine"),
        ("does it run on a plane", "manual", "The manual does not say."),
        ("do I need wifi", "manual", "Yes. Search, answers and checks run on this machine"),
        ("number of documents in total", "library", "The library has 8 papers."),
        ("which periodicals do you index", "library", "No paper here names its venue."),
    ],
)
def test_the_nearest_reply_is_given(meant: Index, question: str, kind: str, begins: str) -> None:
    assert reply(question, "library" if kind == "library" else "manual", meant).startswith(begins)


@pytest.mark.parametrize(
    ("question", "begins"),
    [("How to add a paper?", "Use `assistant ingest FILE...`"), ("privacy", "Nothing leaves the machine")],
)
def test_without_the_embedder_shared_words_decide(worded: Index, question: str, begins: str) -> None:
    assert reply(question, "manual", worded).startswith(begins)


def test_what_no_reply_is_near_to_is_not_guessed(meant: Index, worded: Index) -> None:
    for index in (meant, worded):
        assert reply("zebra marmalade quartz", "manual", index) == UNKNOWN
        assert reply("zebra marmalade quartz", "library", index).startswith("The library has 8 papers.")


def test_the_kind_decides_between_replies_that_are_as_near(meant: Index) -> None:
    assert reply("papers", "library", meant) != reply("papers", "manual", meant)


def test_the_stored_vectors_are_those_of_the_questions() -> None:
    """After a change of `replies.toml`, run `python -m eval.replies`."""
    assert len(vectors()) == len(asked())
    likeness = np.sum(vectors() * encoded() / SCALE, axis=1)
    assert likeness.min() > 0.98


def test_each_entry_has_one_kind_of_reply() -> None:
    assert all(bool(entry.reply) != (entry.counts in COUNTS) for entry in entries())
    assert {entry.counts for entry in entries() if entry.counts} == set(COUNTS)


def test_no_question_is_under_two_replies() -> None:
    questions = [question for question, _ in asked()]
    assert sorted(questions) == sorted(set(questions))


@pytest.mark.parametrize("said", [*(entry.reply for entry in entries() if entry.reply), UNKNOWN])
def test_commands_settings_and_pages_that_a_reply_names_exist(said: str) -> None:
    pages = re.findall(r"docs/[\w/-]+(?:\.md)?", said)
    assert [page for page in pages if not (ROOT / page).exists()] == []
    command = "assistant"
    for code in CODE.findall(said):
        names = code.split()
        if code.startswith("ASSISTANT_"):
            assert code.removeprefix("ASSISTANT_").lower() in Settings.model_fields, code
        elif names[0] == "assistant" or code.startswith("--"):
            command = code if names[0] == "assistant" else command
            parts = [part for part in command.split()[1:] if part.islower() and not re.search(r"[.-]", part)]
            shown = CliRunner().invoke(app, [*parts, "--help"], env={"COLUMNS": "200"})
            assert shown.exit_code == 0, code
            options = [part for part in names if part.startswith("--")]
            assert [option for option in options if option not in shown.output] == [], code
