"""interaction: codes of one bit per dimension, packed and unpacked, scored by the best match of each word."""

from __future__ import annotations

from contextlib import ExitStack

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from assistant.index.embedding import Encoding
from assistant.index.interaction import (
    BLOCK,
    ONE_THREAD,
    Codes,
    content,
    gaps_between,
    join,
    maxsim,
    pack,
    placed,
    question_tokens,
    similarities,
)

from ..doubles import HashEmbedder, word_vector

TEXT = "The orchard-keeper's pears, and a kite!"


def encoded(text: str) -> Encoding:
    return HashEmbedder().encode([text])[0]


def codes(text: str) -> Codes:
    return placed(*pack(encoded(text), text), title=-1, start=0)


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


def test_codes_are_packed_by_word() -> None:
    encoding = encoded(TEXT)
    kept = content(encoding, TEXT)
    bits, gaps = pack(encoding, TEXT)
    assert (len(bits), len(gaps)) == (8 * int(kept.sum()), int(kept.sum()))
    result = codes(TEXT)
    assert result.bits == np.packbits(encoding.tokens[kept] > 0, axis=1).tobytes()
    assert [TEXT[start : start + 4] for start in result.starts] == ["orch", "keep", "pear", "kite"]


@pytest.mark.parametrize(
    ("start", "words"),
    [
        pytest.param(0, {-14: "Falling", -6: "pears", 2: "snow", 12: "box"}, id="the-first-passage"),
        pytest.param(100, {102: "snow", 112: "box"}, id="a-later-one-has-no-title"),
    ],
)
def test_words_are_placed_in_the_abstract(start: int, words: dict[int, str]) -> None:
    title, passage = "Falling pears", "A snow in a box"
    result = placed(*pack(encoded(f"{title}\n{passage}"), f"{title}\n{passage}"), title=len(title), start=start)
    assert result.starts == list(words)
    assert result.bits == join([codes(word) for word in words.values()]).bits


@pytest.mark.parametrize("far", [254, 255, 256, 510, 70_000])
def test_words_that_stand_far_apart_keep_their_places(far: int) -> None:
    starts = [3, 3 + far, 4 + far]
    assert placed(b"abc", gaps_between(starts), title=-1, start=0) == Codes(b"abc", starts)


def test_joined_codes_are_concatenated() -> None:
    one, two = codes("pears fall"), codes("snow")
    both = join([one, two])
    assert both.bits == one.bits + two.bits
    assert both.starts == [*one.starts, *two.starts]
    assert join([]) == Codes(b"", [])


def signs(*rows: list[int]) -> bytes:
    return np.packbits(np.array(rows, bool), axis=1).tobytes()


def test_similarities_are_cosines_with_the_signs() -> None:
    question = np.array([[0.6, 0.8], [1.0, 0.0]], np.float32)
    result = similarities(question, signs([1, 1], [1, 0], [0, 0]))
    expected = np.array([[1.4, 1.0], [-0.2, 1.0], [-1.4, -1.0]]) / 2**0.5
    np.testing.assert_allclose(result, expected, atol=1e-6)


def test_dimensions_that_do_not_fill_a_byte_are_compared_exactly() -> None:
    row = [1.0, -1, 1, 1, -1, 1, -1, 1, 1, -1, 1]
    bits, _ = pack(made([row], [(0, 4)]), "pear")
    question = np.array([row], np.float32) / 11**0.5
    np.testing.assert_allclose(similarities(question, bits), [[1.0]], atol=1e-6)


def test_a_long_text_is_compared_like_its_single_words() -> None:
    """More words than a block: none is lost or repeated at its end."""
    question, _ = question_tokens(encoded("falling pears"), "falling pears")
    words = [codes(f"pear{n}").bits for n in range(2 * BLOCK + 3)]
    together = similarities(question, b"".join(words))
    assert together.shape == (len(words), 2)
    np.testing.assert_allclose(together, [similarities(question, word)[0] for word in words], atol=1e-6)


def test_a_product_restores_the_number_of_threads() -> None:
    before = [pool["num_threads"] for pool in threadpool_info()]
    similarities(np.ones((1, 8), np.float32), signs([1] * 8))
    assert [pool["num_threads"] for pool in threadpool_info()] == before


def test_overlapping_questions_restore_the_number_of_threads() -> None:
    def threads() -> list[int]:  # of numpy's own products: another library may have been loaded by a test before
        return [pool["num_threads"] for pool in threadpool_info() if "numpy.libs" in pool["filepath"]]

    with threadpool_limits(limits=2, user_api="blas"):
        first, second = ExitStack(), ExitStack()
        first.enter_context(ONE_THREAD)
        second.enter_context(ONE_THREAD)
        first.close()  # the one that began first is done first
        assert set(threads()) == {1}
        second.close()
        assert set(threads()) == {2}


def test_maxsim_is_the_mean_of_the_best_matches() -> None:
    question = np.array([[1, 0], [0, 1]], np.float32)
    assert maxsim(question, Codes(signs([1, 0], [1, 0]), [0, 2])) == pytest.approx((1 - 1) / 2 / 2**0.5)


def test_a_text_with_the_words_of_the_question_scores_higher() -> None:
    question, _ = question_tokens(encoded("falling pears"), "falling pears")
    assert (
        maxsim(question, codes("the pears were falling")) > 0.7 > maxsim(question, codes("snow in a small box")) + 0.3
    )


def test_without_words_there_is_no_score() -> None:
    none = Codes(b"", [])
    assert maxsim(np.zeros((0, 64), np.float32), codes("pears")) == 0.0
    assert maxsim(question_tokens(encoded("pears"), "pears")[0], none) == 0.0


def test_a_question_of_only_stop_words_keeps_them() -> None:
    assert question_tokens(encoded("what is it"), "what is it")[1] == [0, 5, 8]
    tokens, starts = question_tokens(encoded("what is snow"), "what is snow")
    assert starts == [8]
    np.testing.assert_array_equal(tokens, [word_vector("snow")])
