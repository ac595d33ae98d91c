"""A whole home in one file, and back, from either database to either: all that is stored, or nothing."""

from __future__ import annotations

import json
import re
import sqlite3
import stat
import subprocess
import zipfile
from collections.abc import Callable
from contextlib import closing, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from assistant.chain import Assistant
from assistant.core.archive import FORMAT, ArchiveReader
from assistant.core.database import Database, DataHome
from assistant.core.errors import BackupError, LibraryBusy, LibraryError
from assistant.core.records import Answer, Ingested, Paper, Reject, Turn
from assistant.index.collections import Collections
from assistant.index.holdings import Holdings
from assistant.index.interaction import encode_missing
from assistant.library.papers import Library
from assistant.llm import Usage
from assistant.llm.ledger import Ledger
from assistant.people.accounts import Accounts, Identity
from assistant.people.conversations import Conversations, Thumb
from assistant.service.backup import export_to, import_from

from ..doubles import HashEmbedder
from ..papers import PAIRS
from ..postgres import PostgresServer

PASSWORD = "a battery of horses"
ANN = "user:ann"
NOT_CARRIED = {"meta", "logins", "alembic_version", "buckets", "claims", "unfinished"}
"""Tables of what a copy of a home does not share, of what expires, and of the database's own version."""
OWN_NUMBERS = {"rejects": "rowid", "kept": "number"}
"""Columns that only give the order."""


@pytest.fixture(autouse=True)
def cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.people.accounts.COST", (2, 8, 1))


@pytest.fixture(params=["sqlite", "postgres"])
def elsewhere(request: pytest.FixtureRequest, tmp_path: Path) -> DataHome:
    """An empty home, in files or in a database, whichever `data_home` is in."""
    url = request.getfixturevalue("postgres").schema() if request.param == "postgres" else ""
    return DataHome(tmp_path / "elsewhere", url)


def opened(home: DataHome) -> Assistant:
    return Assistant(Holdings(Library(home), HashEmbedder()))


def stock(home: DataHome) -> None:
    """Fill every table of a home that is carried, the second numbers of two tables first deleted."""
    with closing(Holdings(Library(home), HashEmbedder())) as holdings:
        library, collections = holdings.library, Collections(lambda: nullcontext(holdings))
        library.put([Paper(*pair, sources=("a.txt",)) for pair in PAIRS[:5]], label="Mar 11", place="/in/a.txt")
        library.put([Paper(*pair, sources=("b.txt",)) for pair in PAIRS[3:7]])
        dated = Paper("Dated", "It has a day.", "", "2025-03-02", ("c.bib",), authors=("Ann Lee",), venue="Orchards")
        library.put([dated, replace(dated, abstract="It has a day, says another.", sources=("d.bib",))])
        library.remove([Paper(*PAIRS[4]).id])
        encode_missing(library, HashEmbedder(), library.papers())
        holdings.rejected.put("e.json", [Reject("e.json", 1, "no abstract", "{}", "Untold")], anew=True)
        holdings.followed.add("arxiv", "cat:cs.CL", name="news", most=10)
        holdings.followed.begin("news")
        holdings.followed.advance("news", {"page": 2}, Ingested(added=1), [dated.id])
        for name in ("gone", "pears"):
            collections.create(name, PAIRS[0][0])
        collections.delete("gone")
    with closing(Accounts(home)) as accounts:
        accounts.log_in(accounts.add_user("ann", PASSWORD))
        accounts.add_key("robot", rights="write")
        accounts.identified(Identity("https://login.example.org", "7", "Bob"))
    with closing(Conversations(home)) as kept:
        kept.delete(ANN, kept.begin(ANN))
        talk = kept.begin(ANN, title="Pears and \ud800 ½")
        kept.append(ANN, talk, Turn("why?", Answer("why?", "why?")))
        kept.rate(ANN, talk, 1, Thumb(True, "yes"))
        kept.share(ANN, talk, 1)
    with closing(Ledger(home)) as ledger:
        ledger.spend("small", Usage(1, 100, 10, 0))
        ledger.keep("key", "value")


def stored(home: DataHome) -> dict[str, list[dict[str, Any]]]:
    """The rows of every table that a backup is about, sorted."""
    tables: dict[str, list[dict[str, Any]]] = {}
    if home.database_url:
        with psycopg.connect(home.database_url) as database:
            named = "select table_name from information_schema.tables where table_schema = current_schema()"
            for (name,) in database.execute(named).fetchall():
                tables |= rows_of(name, database.execute(f"select * from {name}"))
    else:
        for path in home.folder.glob("*.sqlite"):
            with closing(sqlite3.connect(path)) as file:
                for (name,) in file.execute("select name from sqlite_master where type = 'table'").fetchall():
                    tables |= rows_of(name, file.execute(f"select * from {name}"))
    return {name: rows for name, rows in tables.items() if name not in NOT_CARRIED and not name.startswith("sqlite_")}


def rows_of(name: str, cursor: Any) -> dict[str, list[dict[str, Any]]]:
    columns = [column[0] for column in cursor.description]
    rows = [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]
    for row in rows:
        row.pop(OWN_NUMBERS.get(name, ""), None)
    return {name: sorted(rows, key=lambda row: repr(sorted(row.items())))}


def rewritten(file: Path, name: str, change: Callable[[bytes], bytes]) -> Path:
    """A copy of an export in which one member is another."""
    copy = file.with_name(f"copy-of-{file.name}")
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(copy, "w") as new:
        for member in old.namelist():
            content = old.read(member)
            new.writestr(member, change(content) if member == name else content)
    return copy


@pytest.fixture
def file(data_home: DataHome, tmp_path: Path) -> Path:
    """The export of a stocked home."""
    stock(data_home)
    export_to(tmp_path / "backup.zip", data_home, vectors=True)
    return tmp_path / "backup.zip"


FILES = pytest.mark.parametrize("data_home", ["sqlite"], indirect=True)
"""What is the same for both: the file."""
TO_FILES = pytest.mark.parametrize("elsewhere", ["sqlite"], indirect=True)


def test_all_that_is_stored_comes_back_from_either_database_in_either(
    data_home: DataHome, elsewhere: DataHome, file: Path
) -> None:
    counts = import_from(file, elsewhere)
    before, after = stored(data_home), stored(elsewhere)
    assert [name for name, rows in before.items() if not rows] == []
    assert after == before
    assert {name: counts[name] for name in ("papers", "users", "keys", "conversations")} == {
        "papers": 7,
        "users": 2,
        "keys": 1,
        "conversations": 1,
    }


def test_an_imported_home_goes_on_like_the_first(elsewhere: DataHome, file: Path) -> None:
    import_from(file, elsewhere)
    embedder = HashEmbedder()
    with Assistant(Holdings(Library(elsewhere), embedder)) as assistant:
        assert assistant.doctor(repair=True) == ["there is no usable index"]
        assert (assistant.doctor(), embedder.calls) == ([], []), "with the vectors nothing is embedded"
        assistant.collections.create("new", PAIRS[0][0])
    with closing(Accounts(elsewhere)) as accounts, closing(Conversations(elsewhere)) as kept:
        assert accounts.user("ann", PASSWORD)
        assert kept.begin(ANN)


@FILES
@TO_FILES
def test_without_the_vectors_they_are_made_again(data_home: DataHome, elsewhere: DataHome, tmp_path: Path) -> None:
    stock(data_home)
    export_to(tmp_path / "small.zip", data_home)
    import_from(tmp_path / "small.zip", elsewhere)
    assert stored(elsewhere) == stored(data_home) | {"encodings": []}
    with opened(elsewhere) as assistant:
        assert assistant.doctor(repair=True) == ["there is no usable index"]
        assert (assistant.doctor(), len(assistant.papers("PearRank"))) == ([], 1)


@FILES
def test_only_its_owner_can_read_the_file_and_no_file_is_replaced(data_home: DataHome, file: Path) -> None:
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    before = file.read_bytes()
    with pytest.raises(BackupError, match=r"There is a file '.*backup\.zip' already, and it stays"):
        export_to(file, data_home)
    assert file.read_bytes() == before
    assert PASSWORD.encode() not in b"".join(
        zipfile.ZipFile(file).read(name) for name in zipfile.ZipFile(file).namelist()
    )


def test_an_export_shows_one_moment_while_others_write(
    data_home: DataHome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Papers are removed after the table of papers was read, before that of their sources is."""
    stock(data_home)
    each = Database.each
    with opened(data_home) as assistant:

        def read(self: Database, statement: str) -> Any:
            if " from sources " in statement:
                assistant.remove(PAIRS[0][0])
            return each(self, statement)

        monkeypatch.setattr(Database, "each", read)
        export_to(tmp_path / "busy.zip", data_home)
        assert PAIRS[0][0] not in [paper.title for paper in assistant.papers()]
    monkeypatch.undo()
    monkeypatch.setattr("assistant.people.accounts.COST", (2, 8, 1))
    restored = DataHome(tmp_path / "restored")
    import_from(tmp_path / "busy.zip", restored)
    sources = {row["paper_id"] for row in stored(restored)["sources"]}
    assert sources == {row["id"] for row in stored(restored)["papers"]}
    assert len(sources) == 7


@FILES
def test_an_export_that_fails_leaves_no_file(
    data_home: DataHome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stock(data_home)
    (tmp_path / "out").mkdir()
    monkeypatch.setattr("assistant.core.archive.ArchiveWriter.finish", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        export_to(tmp_path / "out/backup.zip", data_home)
    assert list((tmp_path / "out").iterdir()) == []


@FILES
def test_a_home_that_is_missing_is_not_exported(data_home: DataHome, tmp_path: Path) -> None:
    with pytest.raises(LibraryError, match="There is no library in the folder"):
        export_to(tmp_path / "backup.zip", data_home)
    assert not (tmp_path / "backup.zip").exists()


# -- files that are not imported


def newer(manifest: bytes) -> bytes:
    return json.dumps(json.loads(manifest) | {"format": FORMAT + 1, "version": "9.1"}).encode()


def wider(manifest: bytes) -> bytes:
    said = json.loads(manifest) | {"version": "9.1"}
    said["tables"]["library/papers.jsonl"]["columns"].append("grams")
    return json.dumps(said).encode()


def foreign(manifest: bytes) -> bytes:
    return json.dumps(json.loads(manifest) | {"product": "another"}).encode()


MANIFEST, PAPERS = "manifest.json", "library/papers.jsonl"
NEWER, DAMAGED = "was written by paper-assistant 9.1, and this program is too old", "is damaged, or no export"


@FILES
@TO_FILES
@pytest.mark.parametrize(
    ("member", "change", "message"),
    [
        pytest.param(MANIFEST, newer, NEWER, id="newer-format"),
        pytest.param(MANIFEST, wider, NEWER, id="newer-column"),
        pytest.param(MANIFEST, foreign, DAMAGED, id="another-program"),
        pytest.param(MANIFEST, lambda _: b"[]", DAMAGED, id="no-manifest"),
        pytest.param(MANIFEST, lambda m: m.replace(b'"format": 1', b'"format": 0'), DAMAGED, id="no-format"),
        pytest.param(PAPERS, lambda rows: rows.replace(b"pear", b"plum", 1), DAMAGED, id="another-word"),
        pytest.param(PAPERS, lambda rows: rows[: rows.index(b"\n") + 1], DAMAGED, id="rows-gone"),
        pytest.param(PAPERS, lambda rows: rows[:-9], DAMAGED, id="half-a-row"),
        pytest.param(PAPERS, lambda _: b'["one"]\n', DAMAGED, id="too-few-values"),
    ],
)
def test_a_file_that_is_not_as_it_was_written_or_newer_changes_nothing(
    file: Path, elsewhere: DataHome, member: str, change: Callable[[bytes], bytes], message: str
) -> None:
    with pytest.raises(BackupError, match=rf"{message}.*Nothing was changed"):
        import_from(rewritten(file, member, change), elsewhere)
    assert not elsewhere.folder.exists()


@FILES
@TO_FILES
def test_a_file_with_a_flipped_bit_or_without_its_end_changes_nothing(file: Path, elsewhere: DataHome) -> None:
    whole = file.read_bytes()
    for member in zipfile.ZipFile(file).infolist():
        at = member.header_offset + 30 + len(member.filename) + 20 + member.compress_size // 2  # a zip's local header
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 64]) + whole[at + 1 :])
        with pytest.raises(BackupError, match=DAMAGED):
            import_from(file, elsewhere)
    for end in (0, 1, len(whole) // 2, len(whole) - 1):
        file.write_bytes(whole[:end])
        with pytest.raises(BackupError, match=DAMAGED):
            import_from(file, elsewhere)
    assert not elsewhere.folder.exists()


def test_an_occupied_home_stays_as_it_is(data_home: DataHome, elsewhere: DataHome, file: Path) -> None:
    with closing(Accounts(elsewhere)) as accounts:
        accounts.add_user("eve", PASSWORD)
    before = stored(elsewhere)["users"]
    with pytest.raises(BackupError, match=r"is not empty: there are users in .*Nothing was changed"):
        import_from(file, elsewhere)
    after = stored(elsewhere)
    assert (after["users"], after.get("papers", [])) == (before, [])
    with pytest.raises(BackupError, match="is not empty: there are papers in"):
        import_from(file, data_home)
    with closing(Library(elsewhere)):
        pass


@FILES
@pytest.mark.parametrize("elsewhere", ["postgres"], indirect=True)
def test_a_home_that_is_being_written_is_left_alone(elsewhere: DataHome, file: Path) -> None:
    with closing(Library(elsewhere)) as library, library.writing(), pytest.raises(LibraryBusy):
        import_from(file, elsewhere)


# -- cut off

KILLED = """
import os, sys
from pathlib import Path
from assistant.core.database import Database, DataHome
from assistant.service.backup import import_from

insert = Database.insert
def cut(self, name, *arguments, **named):
    insert(self, name, *arguments, **named)
    if name == "encodings":  # the last table
        os._exit(9)
Database.insert = cut
import_from(Path(sys.argv[1]), DataHome(Path(sys.argv[2]), sys.argv[3]))
"""


@FILES
def test_a_killed_import_says_so_and_can_be_repeated(
    data_home: DataHome,
    elsewhere: DataHome,
    file: Path,
    python: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    done = python(KILLED, file, elsewhere.folder, elsewhere.database_url)
    assert (done.returncode, done.stderr) == (9, "")
    assert stored(elsewhere)["papers"] == []
    with pytest.raises(LibraryError, match=r"is not finished: .*repeat it: assistant import FILE"):
        Library(elsewhere)
    import_from(file, elsewhere)
    assert stored(elsewhere) == stored(data_home)
    Library(elsewhere).close()


@FILES
def test_an_import_that_fails_leaves_an_empty_home(
    elsewhere: DataHome, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    insert = Database.insert

    def fail(self: Database, table: str, *arguments: Any, **named: Any) -> None:
        insert(self, table, *arguments, **named)
        if table == "encodings":
            raise OSError("No space left on device")

    monkeypatch.setattr(Database, "insert", fail)
    with pytest.raises(LibraryError, match="cannot be written: No space left"):
        import_from(file, elsewhere)
    assert set(map(len, stored(elsewhere).values())) == {0}
    monkeypatch.setattr(Database, "insert", insert)
    assert import_from(file, elsewhere)["papers"] == 7


# -- the file


@FILES
def test_every_table_of_a_home_is_carried_or_known_not_to_be(data_home: DataHome, file: Path) -> None:
    members = {re.sub(r".*/|\.jsonl", "", name) for name in zipfile.ZipFile(file).namelist()} - {MANIFEST}
    assert members == {*stored(data_home)}
    with file.open("rb") as opened_file:
        reader = ArchiveReader(file, opened_file)
        for member in zipfile.ZipFile(file).namelist():
            if member != MANIFEST:
                table = re.sub(r".*/|\.jsonl", "", member)
                assert {*reader.columns(member)} == {*stored(data_home)[table][0]}


def test_the_file_of_both_databases_is_the_same(postgres: PostgresServer, file: Path, tmp_path: Path) -> None:
    other = DataHome(tmp_path / "other", postgres.schema())
    import_from(file, other)
    export_to(tmp_path / "again.zip", other, vectors=True)
    first, second = (json.loads(zipfile.ZipFile(one).read(MANIFEST)) for one in (file, tmp_path / "again.zip"))
    assert first["tables"] == second["tables"]
