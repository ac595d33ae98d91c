"""interaction: one bit a dimension, packed and unpacked, scored by the best match of each word."""

from __future__ import annotations

import numpy as np
import pytest

from assistant.embedding import Encoding
from assistant.interaction import Codes, content, join, maxsim, pack, question_tokens, similarities, unpack

from .doubles import HashEmbedder, word_vector

TEXT = "The orchard-keeper's pears, and a kite!"


def encoded(text: str) -> Encoding:
    return HashEmbedder().encode([text])[0]


def codes(text: str) -> Codes:
    return unpack([pack(encoded(text), text)], dimensions=64)[0]


def made(tokens: list[list[float]], spans: list[tuple[int, int]]) -> Encoding:
    rows = np.array(tokens, np.float32)
    return Encoding(rows[0], rows, np.array(spans, np.int32))


def test_content_leaves_out_stop_words_and_punctuation() -> None:
    encoding = made([[1.0]] * 4, [(0, 3), (4, 8), (8, 9), (9, 10)])
    assert content(encoding, "The pear, ").tolist() == [False, True, False, False]


def test_a_word_piece_is_judged_by_its_whole_word() -> None:
    """As "us" is a stop word, no piece "us" of "useful" must be left out for that."""
    encoding = made([[1.0]] * 2, [(0, 2), (2, 6)])
    assert content(encoding, "useful").tolist() == [True, True]


def test_what_is_packed_is_unpacked() -> None:
    encoding = encoded(TEXT)
    kept = content(encoding, TEXT)
    bits, starts = pack(encoding, TEXT)
    assert (len(bits), len(starts)) == (8 * int(kept.sum()), 4 * int(kept.sum()))
    found = codes(TEXT)
    assert found.bits.tolist() == (encoding.tokens[kept] > 0).astype(float).tolist()
    assert [TEXT[start : start + 4] for start in found.starts.tolist()] == ["orch", "keep", "pear", "kite"]


def test_many_texts_are_unpacked_each_on_its_own() -> None:
    texts = ["pears and kites", "the of", "snow"]
    found = unpack([pack(encoded(text), text) for text in texts], dimensions=64)
    assert [len(one.starts) for one in found] == [2, 0, 1]
    for one, text in zip(found, texts, strict=True):
        assert one.bits.tolist() == codes(text).bits.tolist()


def test_dimensions_that_fill_no_byte_are_kept_exactly() -> None:
    encoding = made([[1, -1, 1, 1, -1, 1, -1, 1, 1, -1, 1]], [(0, 4)])
    (found,) = unpack([pack(encoding, "pear")], dimensions=11)
    assert found.bits.tolist() == [[1, 0, 1, 1, 0, 1, 0, 1, 1, 0, 1]]


def test_nothing_is_unpacked_from_nothing() -> None:
    assert unpack([], dimensions=64) == []


def test_joined_codes_stand_one_after_the_other() -> None:
    one, two = codes("pears fall"), codes("snow")
    both = join([one, two])
    assert both.bits.tolist() == one.bits.tolist() + two.bits.tolist()
    assert both.starts.tolist() == one.starts.tolist() + two.starts.tolist()
    assert join([one]) is one


def test_similarities_are_cosines_with_the_signs() -> None:
    question = np.array([[0.6, 0.8]], np.float32)
    found = similarities(question, Codes(np.array([[1, 1], [1, 0], [0, 0]], np.float32), np.zeros(3, np.int32)))
    np.testing.assert_allclose(found, [[1.4 / 2**0.5, -0.2 / 2**0.5, -1.4 / 2**0.5]], atol=1e-6)


def test_maxsim_is_the_mean_of_the_best_matches() -> None:
    question = np.array([[1, 0], [0, 1]], np.float32)
    text = Codes(np.array([[1, 0], [1, 0]], np.float32), np.zeros(2, np.int32))
    assert maxsim(question, text) == pytest.approx((1 - 1) / 2 / 2**0.5)


def test_a_text_with_the_words_asked_for_scores_above_one_without() -> None:
    question = question_tokens(encoded("falling pears"), "falling pears")
    assert (
        maxsim(question, codes("the pears were falling")) > 0.7 > maxsim(question, codes("snow in a small box")) + 0.3
    )


def test_without_words_there_is_no_score() -> None:
    none = Codes(np.zeros((0, 64), np.float32), np.zeros(0, np.int32))
    assert maxsim(np.zeros((0, 64), np.float32), codes("pears")) == 0.0
    assert maxsim(question_tokens(encoded("pears"), "pears"), none) == 0.0


def test_a_question_of_stop_words_alone_keeps_them() -> None:
    assert len(question_tokens(encoded("what is it"), "what is it")) == 3
    np.testing.assert_array_equal(question_tokens(encoded("what is snow"), "what is snow"), [word_vector("snow")])
