"""damage: files overwritten, emptied, deleted or restored do no harm, or `doctor` and questions report them."""

from __future__ import annotations

import functools
import random
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from assistant.chain import Assistant
from assistant.core import text
from assistant.core.errors import AssistantError, LibraryError, StoreError
from assistant.core.records import Answer, Paper
from assistant.index.holdings import Holdings
from assistant.index.searchable import current
from assistant.library.file import _SCHEMAS
from assistant.library.papers import Library
from assistant.library.sample import sample_files
from eval.faults.kills import older_encodings

from ..doubles import HashEmbedder
from ..papers import PAIRS

pytestmark = pytest.mark.usefixtures("layers")

Listing = Callable[..., Path]
Open = Callable[..., Holdings]
PAGE = 4096
QUESTIONS = (
    "What is SemantiCodec?",
    "Which papers use diffusion for audio?",
    "Is there a music vocoder that outputs stereo?",
)
TRIALS = {"library.sqlite": 8, "passages.sqlite": 2, "keywords.sqlite": 2, "chroma.sqlite3": 2}
"""Files overwritten in each way; in every other file one page instead of sixteen."""


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a library of the sample papers, nobody at work in it."""
    home = tmp_path_factory.mktemp("sample") / "home"
    with Assistant.open(home=home, embedder=HashEmbedder()) as assistant:
        assistant.ingest(*sample_files())
    with closing(sqlite3.connect(home / "library.sqlite")) as database:
        database.execute("pragma wal_checkpoint(truncate)")
    return home


def random_bytes(chance: random.Random, data: bytes) -> bytes:
    return chance.randbytes(PAGE)


def zeros(chance: random.Random, data: bytes) -> bytes:
    return bytes(PAGE)


def another_page(chance: random.Random, data: bytes) -> bytes:
    at = chance.randrange(len(data) // PAGE) * PAGE
    return data[at : at + PAGE]


def overwrite(path: Path, made: Callable[[random.Random, bytes], bytes], seed: int, *, pages: int = 16) -> None:
    """Put what `made` makes in place of pages of a file, chosen at random."""
    chance, data = random.Random(seed), path.read_bytes()
    for _ in range(pages):
        at = chance.randrange(len(data) // PAGE) * PAGE
        data = data[:at] + made(chance, data) + data[at + PAGE :]
    path.write_bytes(data)


def tried(home: Path) -> list[object]:
    """What `doctor`, each question and the list of papers give; an error that is meant for a person is given, too."""

    def given(act: Callable[[], object]) -> object:
        try:
            done = act()
            return (done.text, done.titles) if isinstance(done, Answer) else done
        except AssistantError as error:
            return str(error)

    def all_given() -> list[object]:
        with Assistant.open(home=home, embedder=HashEmbedder()) as assistant:
            asking: list[Callable[[], object]] = [functools.partial(assistant.ask, question) for question in QUESTIONS]
            return [given(act) for act in (assistant.doctor, *asking, assistant.papers)]

    try:
        return all_given()
    except LibraryError as error:
        return [str(error)]


@pytest.mark.parametrize("made", [random_bytes, zeros, another_page])
@pytest.mark.parametrize("name", TRIALS)
def test_overwritten_pages_are_harmless_or_reported(
    sample: Path, tmp_path: Path, name: str, made: Callable[[random.Random, bytes], bytes]
) -> None:
    right = tried(sample)
    assert right[0] == []
    for seed in range(TRIALS[name]):
        home = tmp_path / str(seed)
        shutil.copytree(sample, home)
        (path,) = home.rglob(name)
        overwrite(path, made, seed, pages=16 if seed % 2 else 1)
        outcome = tried(home)
        assert outcome == right or outcome[0], f"seed {seed}: nothing is reported of {outcome}"
        shutil.rmtree(home)


# -- the record of papers


def test_a_paper_that_is_not_as_it_went_in_is_told_and_never_answered_with(
    open_holdings: Open, listing: Listing, home: Path
) -> None:
    open_holdings().ingest([listing()])
    with closing(sqlite3.connect(home / "library.sqlite")) as database, database:
        database.execute("update papers set abstract = 'Pears are comets.' where title = ?", (PAIRS[0][0],))
    holdings = open_holdings()
    (fault,) = holdings.doctor()
    assert fault.startswith("The paper") and "is not as it was stored" in fault
    with pytest.raises(LibraryError, match=r"is not as it was stored: the file is damaged\. Restore it from a copy"):
        holdings.papers("pears")


def test_damaged_vectors_are_reported_and_rebuilt(open_holdings: Open, listing: Listing, home: Path) -> None:
    open_holdings().ingest([listing()])
    with closing(sqlite3.connect(home / "library.sqlite")) as database, database:
        database.execute("update encodings set vector = zeroblob(256) where rowid in (2, 5)")
    embedder = HashEmbedder()
    holdings = open_holdings(embedder=embedder)
    assert holdings.doctor(repair=True) == ["the vectors kept of 2 passages are damaged"]
    assert (holdings.doctor(), len(embedder.texts)) == ([], 2)


@pytest.mark.parametrize("lose", [Path.unlink, lambda path: path.write_bytes(b"")], ids=["deleted", "emptied"])
def test_a_lost_record_is_reported_and_not_overwritten(
    open_holdings: Open, listing: Listing, home: Path, lose: Callable[[Path], object]
) -> None:
    writer = open_holdings()
    writer.ingest([listing("a.txt", PAIRS[:3])])
    before = current(writer.library)
    writer.close()
    lose(home / "library.sqlite")
    holdings = open_holdings()
    assert "is empty or gone" in holdings.status().notice
    (fault,) = holdings.doctor()
    assert "is empty or gone, but the index beside it has papers" in fault
    for act in (holdings.index, lambda: holdings.ingest([listing("b.txt", PAIRS[3:])])):
        with pytest.raises(LibraryError, match=r"empty or gone.*Restore the file from a copy\. Without a copy"):
            act()
    assert (current(holdings.library), len(holdings.library)) == (before, 0)
    holdings.doctor(repair=True)
    assert holdings.doctor() == []
    holdings.ingest([listing()])
    assert (holdings.doctor(), len(holdings.papers())) == ([], len(PAIRS))


def test_a_restored_copy_is_noticed_even_at_the_same_revision(
    open_holdings: Open, listing: Listing, home: Path, embedder: HashEmbedder
) -> None:
    writer = open_holdings()
    writer.ingest([listing("a.txt", PAIRS[:3])])
    writer.close()
    copy = (home / "library.sqlite").read_bytes()
    writer = open_holdings()
    writer.ingest([listing("b.txt", PAIRS[3:5])])
    writer.close()
    (home / "library.sqlite").write_bytes(copy)
    library = Library(home)
    library.put([Paper("Comets", "They fly by night.", sources=("c.txt",))])
    library.close()
    holdings = open_holdings()
    assert holdings.status().revision == 2
    assert holdings.doctor() == ["the index shows another revision 2 than the library's: a copy was put back"]
    titles = sorted([*(title for title, _ in PAIRS[:3]), "Comets"])
    assert [paper.title for paper in holdings.papers()] == titles
    index = holdings.index()
    assert index is not None
    assert (len(index), holdings.doctor()) == (4, [])
    assert [paper.title for paper in holdings.papers("comets night")] == ["Comets"]


def test_a_library_of_an_older_program_gets_a_state_and_keeps_its_vectors(
    open_holdings: Open, listing: Listing, home: Path, embedder: HashEmbedder
) -> None:
    open_holdings().ingest([listing()])
    with closing(sqlite3.connect(home / "library.sqlite")) as database, database:
        older_encodings(database)
        database.executescript(
            "drop table states; alter table encodings drop column seal; "
            "drop table aliases; drop table days; drop table names; drop index papers_by_revision; "
            "drop table collected; drop table collections; "
            "alter table papers drop column further; alter table sources drop column record; "
            "alter table sources drop column place; "
            "insert into meta values ('revision', '7'); pragma user_version = 2"
        )
    assert len(_SCHEMAS) == 6
    embedder.calls.clear()
    holdings = open_holdings()
    assert holdings.library.revision == 7
    assert len(holdings.library.state) == 16
    assert [paper.title for paper in holdings.papers("shovels")] == [PAIRS[7][0]]
    assert (holdings.doctor(), embedder.calls) == ([], [])


# -- the index


def broken(holdings: Holdings, name: str) -> Path:
    generation = current(holdings.library)
    assert generation is not None
    holdings.close()
    return holdings.library.home / "index" / generation.folder / name


@pytest.mark.parametrize("name", ["passages.sqlite", "keywords.sqlite"])
@pytest.mark.parametrize("lose", [Path.unlink, lambda path: path.write_bytes(b"")], ids=["deleted", "emptied"])
def test_a_lost_file_of_the_index_is_reported_and_repaired(
    open_holdings: Open, listing: Listing, name: str, lose: Callable[[Path], object]
) -> None:
    writer = open_holdings()
    writer.ingest([listing()])
    lose(broken(writer, name))
    holdings = open_holdings()
    assert holdings.doctor()
    assert holdings.doctor(repair=True)
    assert holdings.doctor() == []


def test_a_damaged_index_is_rebuilt_by_the_next_question_without_embedding(
    open_holdings: Open, listing: Listing, embedder: HashEmbedder, caplog: pytest.LogCaptureFixture
) -> None:
    writer = open_holdings()
    writer.ingest([listing()])
    broken(writer, "keywords.sqlite").unlink()
    embedder.calls.clear()
    holdings = open_holdings()
    with holdings.reading() as index:
        assert index is not None and len(index) == len(PAIRS)
    assert (holdings.doctor(), [call for call in embedder.calls if call]) == ([], [])
    assert "was damaged, and was rebuilt from the papers. The index at" in caplog.text


def test_an_index_that_proves_damaged_in_a_question_is_rebuilt_for_the_next(
    open_holdings: Open, listing: Listing
) -> None:
    holdings = open_holdings()
    holdings.ingest([listing()])
    before = current(holdings.library)
    with pytest.raises(StoreError, match="a page is damaged"), holdings.reading():
        raise StoreError("a page is damaged")
    with holdings.reading() as index:
        assert index is not None and index.generation != before
    with pytest.raises(StoreError, match="again"), holdings.reading():
        raise StoreError("again")
    with holdings.reading() as again:
        assert again is not None and again.generation == index.generation, "not rebuilt for each question"


def test_a_damaged_index_of_a_library_that_cannot_be_written_stays(open_holdings: Open, listing: Listing) -> None:
    writer = open_holdings()
    writer.ingest([listing()])
    broken(writer, "keywords.sqlite").unlink()
    holdings = open_holdings()
    holdings.library.writable = False
    with pytest.raises(StoreError, match=r"The index at .*Make it whole: assistant doctor --repair"):
        holdings.index()


@pytest.mark.parametrize(
    ("damage", "fault"),
    [
        (
            "delete from vectors where paper = (select max(paper) from vectors)",
            "the table of vectors lacks 1 and has 0",
        ),
        ("insert into vectors values (7, x'00')", "the table of vectors lacks 0 and has 1 too many"),
        (
            "update vectors set vectors = zeroblob(256) where paper = (select max(paper) from vectors)",
            "wrong about 1 pa",
        ),
    ],
)
def test_doctor_reports_lost_and_wrong_vectors(open_holdings: Open, listing: Listing, damage: str, fault: str) -> None:
    writer = open_holdings()
    writer.ingest([listing()])
    with closing(sqlite3.connect(broken(writer, "passages.sqlite"))) as database, database:
        database.execute(damage)
    holdings = open_holdings()
    assert fault in holdings.doctor(repair=True)[0]
    assert holdings.doctor() == []


def test_doctor_reports_wrong_terms_and_wrong_readings(
    open_holdings: Open, listing: Listing, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        stems = text.stems
        patch.setattr(text, "stems", lambda words: stems(["kites" if word == "shovels" else word for word in words]))
        patch.setattr("assistant.index.generation.Index.faults", lambda *_, **__: [])  # as an ingest once took them
        open_holdings().ingest([listing()])
    holdings = open_holdings()
    assert holdings.doctor(repair=True) == [
        "the keyword index is wrong about 1 paper",
        "the passage table is wrong about 1 paper",
    ]
    assert holdings.doctor() == []


def test_an_ingest_with_wrong_terms_is_not_put_in_force(
    open_holdings: Open, listing: Listing, monkeypatch: pytest.MonkeyPatch
) -> None:
    holdings = open_holdings()
    with monkeypatch.context() as patch:
        terms, calls = text.terms, iter(range(10**9))
        spoilt = lambda words: [term + ("x" if next(calls) == 3 else "") for term in terms(words)]  # noqa: E731
        patch.setattr("assistant.index.keywords.terms", spoilt)
        with pytest.raises(StoreError, match=r"keyword index is wrong about 1 paper\. The papers are safe"):
            holdings.ingest([listing()])
        assert current(holdings.library) is None
    assert [paper.title for paper in holdings.papers("shovels")] == [PAIRS[7][0]]
    assert holdings.doctor() == []


def test_doctor_looks_at_every_file_of_the_home(open_holdings: Open, listing: Listing, home: Path) -> None:
    holdings = open_holdings()
    holdings.ingest([listing()])
    (home / "conversations.sqlite").write_bytes(b"garbage" * 900)
    (fault,) = holdings.doctor()
    assert fault == f"the file {str(home / 'conversations.sqlite')!r} is damaged: file is not a database"
