"""sources.opening: archives, compressed files and encodings, sound ones and hostile ones."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from assistant.library.sources import Manner, files_in, made_manner, read
from assistant.library.sources import opening as module

from .test_exports import ABSTRACT, EXPORTS, IN_FULL, KITES, LANTERNS

RIS = (EXPORTS / "zotero.ris").read_bytes()
BIB = (EXPORTS / "mendeley.bib").read_bytes()


def zipped(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def reasons(path: Path) -> list[tuple[str, str]]:
    return [(reject.source, reject.reason) for reject in read(path).rejects]


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def test_the_files_of_an_archive_are_read_as_one_source(tmp_path: Path) -> None:
    files = {"a/zotero.ris": RIS, "b/": b"", "b/mendeley.bib": BIB, "b/x.html": b"<html>", "__MACOSX/._x": b"\0"}
    parsed = read(written(tmp_path / "all.zip", zipped(files)))
    assert [paper.title for paper in parsed.papers] == [LANTERNS, KITES] * 2
    assert {paper.sources for paper in parsed.papers} == {("all.zip",)}
    assert [(one.source, one.line) for one in parsed.rejects] == [
        ("all.zip: a/zotero.ris", 38),
        ("all.zip: b/x.html", 0),
    ]


def test_a_compressed_file_is_read_as_what_is_in_it(tmp_path: Path) -> None:
    parsed = read(
        written(tmp_path / "snapshot.json.gz", gzip.compress((EXPORTS / "arxiv-snapshot.jsonl").read_bytes()))
    )
    assert [paper.title for paper in parsed.papers] == [LANTERNS, KITES]


def test_nothing_is_read_of_an_archive_that_unpacks_to_too_much(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FREE", 10_000)
    monkeypatch.setattr(module, "RATIO", 2)
    bomb = RIS + b" " * 2_000_000
    reason = "unpacks to more than 10,000 bytes, which no collection of papers does"
    assert reasons(written(tmp_path / "bomb.gz", gzip.compress(bomb))) == [("bomb.gz", reason)]
    assert reasons(written(tmp_path / "bomb.zip", zipped({"a.ris": bomb}))) == [("bomb.zip", reason)]


def test_an_archive_in_an_archive_is_refused(tmp_path: Path) -> None:
    file = written(tmp_path / "nested.zip", zipped({"inner.zip": zipped({"zotero.ris": RIS})}))
    ((source, reason),) = reasons(file)
    assert (source, reason[:32]) == ("nested.zip: inner.zip", "is an archive in an archive, whi")


def test_a_damaged_or_locked_archive_is_refused(tmp_path: Path) -> None:
    packed = gzip.compress(RIS)
    wrong_sum = packed[:-8] + bytes(4) + packed[-4:]
    for data in (packed[: len(packed) // 2], wrong_sum):
        parsed = read(written(tmp_path / "broken.gz", data))
        assert parsed.papers == ()
        assert parsed.rejects[0].reason.startswith("is a damaged archive (")
    locked = bytearray(zipped({"zotero.ris": RIS}))
    for place in (locked.index(b"PK\x03\x04") + 6, locked.index(b"PK\x01\x02") + 8):
        locked[place] |= 1  # the mark of an encrypted file
    assert reasons(written(tmp_path / "locked.zip", bytes(locked))) == [("locked.zip", "is locked by a password")]


def test_a_folder_has_its_files_and_those_below(tmp_path: Path) -> None:
    (tmp_path / "b" / ".git").mkdir(parents=True)
    files = [written(tmp_path / name, b"x") for name in ("a.ris", "b/c.bib")]
    written(tmp_path / "b/.git/config", b"x")
    written(tmp_path / ".hidden", b"x")
    assert files_in(tmp_path) == files
    assert files_in(files[0]) == files[:1]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_the_encoding_is_recognised(encoding: str, tmp_path: Path) -> None:
    text = BIB.decode().replace(r"{\c{C}}elik, {\"{O}}rs", "Çelik, Örs").replace("meet.", "meet – “here”.")
    data = (b"\xff\xfe" if encoding == "utf-16-le" else b"") + text.encode(encoding)
    paper = read(written(tmp_path / "a.bib", data)).papers[0]
    assert (paper.authors, paper.abstract) == (IN_FULL, ABSTRACT.replace("meet.", "meet – “here”."))


def test_a_record_with_a_damaged_character_is_rejected_alone(tmp_path: Path) -> None:
    parsed = read(written(tmp_path / "a.ris", RIS.replace(b"light of", b"li\xffght of")))
    assert [paper.title for paper in parsed.papers] == [KITES]
    assert parsed.rejects[0].reason == "has bytes that are no text in the encoding of the file; save the file as UTF-8"
    assert "li\ufffdght" in parsed.rejects[0].text


def test_utf_16_that_breaks_off_is_refused(tmp_path: Path) -> None:
    parsed = read(written(tmp_path / "a.ris", RIS.decode("utf-8-sig").encode("utf-16")[:-3]))
    assert "is not the text in utf-16" in parsed.rejects[-1].reason


def test_entities_of_xml_are_refused(tmp_path: Path) -> None:
    feed = (EXPORTS / "arxiv.atom").read_text(encoding="utf-8")
    for entity in ('<!ENTITY x "aaaa">', '<!ENTITY x SYSTEM "file:///etc/passwd">'):
        bad = feed.replace("<feed", f"<!DOCTYPE feed [{entity}]>\n<feed", 1).replace("Ivy Moss", "&x;")
        parsed = read(written(tmp_path / "a.xml", bad.encode()))
        assert parsed.papers == ()
        assert parsed.rejects[0].reason == "is XML that defines entities of its own, which is refused"


def test_a_line_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_LINE", 100)
    assert reasons(written(tmp_path / "a.ris", b"TY  - JOUR\nAB  - " + b"x" * 500)) == [
        ("a.ris", "has a line of more than 100 characters, line 2")
    ]


def test_a_format_that_is_named_overrides_the_content(tmp_path: Path) -> None:
    file = written(tmp_path / "a.ris", RIS)
    assert read(file, manner=made_manner("bibtex", {})).papers == ()
    assert len(read(file, manner=made_manner("ris", {})).papers) == 2


def test_columns_that_are_named_are_read(tmp_path: Path) -> None:
    file = written(tmp_path / "a.csv", f'Name,Text,Who\n"{LANTERNS}","{ABSTRACT}","Moss, Ivy; Çelik, Örs"\n'.encode())
    assert "is not a listing" in reasons(file)[0][1]
    (paper,) = read(file, manner=Manner(columns={"title": "name", "abstract": "Text", "authors": "Who"})).papers
    assert (paper.title, paper.abstract, paper.authors) == (LANTERNS, ABSTRACT, IN_FULL)
    (reject,) = read(file, manner=Manner(columns={"title": "Nom"})).rejects
    assert reject.reason == "has no column 'Nom'; it has 'Name', 'Text', 'Who'"


def test_large_files_are_read_in_slices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from assistant.library import sources

    monkeypatch.setattr(sources, "SLICE", 2)
    seen: list[int] = []
    parts = list(sources.slices(written(tmp_path / "a.ris", RIS), at=seen.append))
    assert [(len(part.papers), len(part.rejects)) for part in parts] == [(2, 0), (0, 1)]
    assert seen[-1] == len(RIS)
