"""chunking: passages tile the abstract."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import tiktoken
from hypothesis import given
from hypothesis import strategies as st

from assistant.core import tokens
from assistant.core.errors import LibraryError
from assistant.core.records import Paper
from assistant.core.text import sentences
from assistant.core.tokens import count_tokens
from assistant.library import chunking
from assistant.library.chunking import PASSAGE_TOKENS, passages

from ..papers import LONG, PAIRS


@pytest.fixture
def fresh_encoding() -> Iterator[None]:
    tokens._encoding.cache_clear()
    yield
    tokens._encoding.cache_clear()


def test_a_short_abstract_is_one_passage() -> None:
    paper = Paper(*PAIRS[0])
    (passage,) = passages(paper)
    assert (passage.paper_id, passage.title, passage.text, passage.start) == (paper.id, *PAIRS[0], 0)


def test_a_long_abstract_is_split_evenly_between_sentences() -> None:
    cut = passages(Paper("Ledger", LONG))
    assert [len(sentences(passage.text)) for passage in cut] == [4, 4, 4, 3]
    assert max(count_tokens(p.text) for p in cut) <= PASSAGE_TOKENS
    assert " ".join(passage.text for passage in cut) == LONG


def test_a_sentence_over_the_budget_is_a_passage_of_its_own() -> None:
    endless = "Pear " * 300 + "ends."
    cut = passages(Paper("t", f"Before it. {endless} After it."))
    assert [passage.text for passage in cut] == ["Before it.", endless, "After it."]


@pytest.mark.parametrize("abstract", ["", " \n "], ids=["empty", "blank"])
def test_an_abstract_without_text_has_no_passage(abstract: str) -> None:
    assert passages(Paper("t", abstract)) == []


def test_white_space_around_the_abstract_is_in_no_passage() -> None:
    (passage,) = passages(Paper("t", "  One sentence here. "))
    assert (passage.text, passage.start) == ("One sentence here.", 2)


TEXTS = st.lists(
    st.one_of(
        st.sampled_from(
            ["We fly kites. ", "It is 3.5 m long! ", "Is it? ", "glued.Extensive ", "pear " * 9, "\n\n\n", " " * 30]
        ),
        st.text(max_size=20),
    ),
    max_size=20,
).map("".join)


@given(TEXTS, st.sampled_from([1, 5, 20, 200]))
def test_passages_tile_the_abstract(abstract: str, budget: int) -> None:
    abstract = abstract.encode(errors="replace").decode()
    cut = passages(Paper("t", abstract), budget=budget)
    end = 0
    for passage in cut:
        assert abstract[passage.start : passage.start + len(passage.text)] == passage.text
        assert passage.start >= end
        assert not abstract[end : passage.start].strip()
        end = passage.start + len(passage.text)
        assert count_tokens(passage.text) <= budget or len(sentences(passage.text)) == 1
    assert not abstract[end:].strip()
    assert len({passage.id for passage in cut}) == len(cut)


def test_the_passages_of_an_abstract_are_cached(monkeypatch: pytest.MonkeyPatch) -> None:
    counted: list[str] = []
    monkeypatch.setattr(chunking, "count_tokens", lambda text: counted.append(text) or count_tokens(text))
    abstract = "Nobody met this abstract before. It is short."
    first = passages(Paper("Kites", abstract))
    before = len(counted)
    assert [(p.title, p.text, p.start) for p in passages(Paper("Pears", abstract))] == [("Pears", abstract, 0)]
    assert [(p.title, p.text, p.start) for p in first] == [("Kites", abstract, 0)]
    assert 0 < before == len(counted)


def test_a_look_alike_of_a_special_token_is_text() -> None:
    assert count_tokens("<|endoftext|>") > 1


def test_the_token_table_needs_no_network_and_never_sets_the_environment(
    fresh_encoding: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("the environment was set")

    with monkeypatch.context() as patch:
        for name in ("putenv", "unsetenv"):
            patch.setattr(os, name, refuse)
        assert count_tokens("a pear") == 2
    assert "TIKTOKEN_CACHE_DIR" not in os.environ


def test_tokens_are_counted_as_tiktoken_counts_them(
    fresh_encoding: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (spec,) = importlib.util.find_spec("llama_index").submodule_search_locations or []  # type: ignore[union-attr]
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(Path(spec) / "core/_static/tiktoken_cache"))
    theirs = tiktoken.get_encoding("o200k_base")
    assert theirs._pat_str == tokens._PATTERN
    for text in (LONG, "It's 12,345 pears/kites\r\n\n  (naïve 梨)\t DON'T", *(abstract for _, abstract in PAIRS)):
        assert count_tokens(text) == len(theirs.encode(text))


def test_an_altered_token_table_is_skipped(
    fresh_encoding: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "fb374d419588a4632f3f557e76b4b70aebbca790").write_bytes(b"YQ== 0\n")
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    assert count_tokens("a pear") == 2


def test_a_configured_folder_without_the_table_is_skipped(
    fresh_encoding: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    assert count_tokens("a pear") == 2
    assert os.environ["TIKTOKEN_CACHE_DIR"] == str(tmp_path)


def test_without_a_token_table_the_error_says_what_to_do(fresh_encoding: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(LibraryError, match=r"o200k_base is missing\. Reinstall llama-index-core"):
        count_tokens("a pear")
