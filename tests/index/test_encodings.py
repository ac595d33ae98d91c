"""interaction: encodings in the library; no text is embedded twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from assistant.core.errors import EmbedderError, LibraryError
from assistant.core.records import Paper
from assistant.index.embedding import AbsentEmbedder, Encoding
from assistant.index.inspection import damaged_contents
from assistant.index.interaction import (
    ENCODE_BATCH,
    content,
    encode_missing,
    encoded_text,
    key_of,
    store,
    stored,
    stored_vectors,
)
from assistant.library.chunking import passages
from assistant.library.file import seal
from assistant.library.papers import Library

from ..doubles import HashEmbedder
from ..papers import PAIRS

PAPERS = [Paper(title, abstract, sources=("a.txt",)) for title, abstract in PAIRS]
LEDGER = PAPERS[5]


def test_what_was_embedded_is_never_embedded_again(library: Library, embedder: HashEmbedder) -> None:
    assert encode_missing(library, embedder, PAPERS) == sum(len(passages(paper)) for paper in PAPERS)
    assert encode_missing(library, embedder, PAPERS) == 0
    assert sorted(embedder.texts) == sorted(encoded_text(p) for paper in PAPERS for p in passages(paper))


def test_only_changed_passages_are_embedded_again(library: Library, embedder: HashEmbedder) -> None:
    encode_missing(library, embedder, PAPERS)
    embedder.calls.clear()
    edited = replace(LEDGER, abstract=LEDGER.abstract.replace("105 grams", "9 stone"))
    assert encode_missing(library, embedder, [*PAPERS, edited]) == 1
    assert embedder.texts == [encoded_text(passages(edited)[-1])]


def test_vectors_are_stored_batch_by_batch(library: Library) -> None:
    class Failing(HashEmbedder):
        def encode(self, texts: Sequence[str], *, questions: bool = False) -> list[Encoding]:
            if self.calls:
                raise RuntimeError("the model went away")
            return super().encode(texts, questions=questions)

    many = [Paper(f"Paper {n}", f"It is number {n}.") for n in range(40)]
    with pytest.raises(RuntimeError, match="the model went away"):
        encode_missing(library, Failing(), many)
    rest = HashEmbedder()
    assert encode_missing(library, rest, many) == 40 - ENCODE_BATCH
    assert not set(rest.texts) & {encoded_text(passages(paper)[0]) for paper in many[:ENCODE_BATCH]}


def test_encodings_are_stored_by_key_and_embedder_and_change_no_revision(library: Library) -> None:
    store(library, {"k": (b"v", b"t", b"s"), "l": (b"", b"", b"")}, "one")
    assert stored(library, ["k", "m"], "one") == {"k": (b"v", b"t", b"s")}
    assert stored(library, ["k"], "two") == {}
    assert stored(library, [*map(str, range(2000)), "k", "l"], "one").keys() == {"k", "l"}
    assert (library.revision, library.state) == (0, "")


def test_encodings_leave_little_of_the_file_empty(library: Library) -> None:
    """Those of real passages have 3 to 8 kB, half of them 4.7 to 6.3."""
    of_words = [48 * count for count in range(85, 115)] * 10
    ((empty,),), ((page,),) = library.rows("pragma page_count"), library.rows("pragma page_size")
    store(library, {str(n): (bytes(768), bytes(size), bytes(size // 48)) for n, size in enumerate(of_words)}, "one")
    ((pages,),) = library.rows("pragma page_count")
    assert (pages - empty) * page < 1.33 * sum(768 + size + size // 48 for size in of_words)


@pytest.mark.parametrize("column", ["vector", "tokens", "spans"])
def test_a_damaged_encoding_is_refused(library: Library, column: str) -> None:
    store(library, {"k": (b"v", b"t", b"s"), "l": (b"v", b"t", b"s")}, "one")
    library.rows(f"update encodings set {column} = x'00' where key = 'k'")
    assert stored(library, ["l"], "one") == {"l": (b"v", b"t", b"s")}
    with pytest.raises(LibraryError, match=r"Vectors stored in .* are damaged; .*: assistant doctor --repair"):
        stored(library, ["k", "l"], "one")


def test_the_key_depends_on_title_and_text() -> None:
    (one,), (two,) = passages(Paper("A", "Same text.")), passages(Paper("B", "Same text."))
    assert key_of(one) != key_of(two)
    assert encoded_text(one) == "A\nSame text."


def test_vectors_come_back_as_they_were_stored(library: Library, embedder: HashEmbedder) -> None:
    encode_missing(library, embedder, PAPERS)
    (passage,) = passages(PAPERS[0])
    vectors = stored_vectors(library, embedder.name, [key_of(passage), "unknown"])
    assert vectors.keys() == {key_of(passage)}
    assert vectors[key_of(passage)] == pytest.approx(embedder.encode([encoded_text(passage)])[0].vector, abs=1e-3)
    assert stored_vectors(library, "other", [key_of(passage)]) == {}


def test_an_encoding_of_an_earlier_program_is_read_in_todays_form(library: Library, embedder: HashEmbedder) -> None:
    encode_missing(library, embedder, PAPERS[:1])
    (passage,) = passages(PAPERS[0])
    (today,) = stored(library, [key_of(passage)], embedder.name).values()
    encoding = embedder.encode([text := encoded_text(passage)])[0]
    starts = encoding.spans[content(encoding, text), 0].astype("<i4").tobytes()
    before = (encoding.vector.astype("<f4").tobytes(), today[1], starts)
    library.rows("update encodings set vector = ?, tokens = ?, spans = ?, seal = ?", (*before, seal(*before)))
    assert stored(library, [key_of(passage)], embedder.name) == {key_of(passage): today}
    assert damaged_contents(library) == []
    assert sum(map(len, today)) < sum(map(len, before))


def test_a_missing_embedder_serves_stored_encodings_and_refuses_new_ones(
    library: Library, embedder: HashEmbedder
) -> None:
    encode_missing(library, embedder, PAPERS[:2])
    absent = AbsentEmbedder(embedder.name)
    assert encode_missing(library, absent, PAPERS[:2]) == 0
    with pytest.raises(EmbedderError, match=r"the embedder 'hash-64', which is missing, .*Nothing was changed"):
        encode_missing(library, absent, PAPERS[:3])
