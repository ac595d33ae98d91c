"""sources.pdf: the first page of a PDF in, the paper out that it looks like, or a reject."""

from __future__ import annotations

import random
import zlib
from pathlib import Path

import pytest

from assistant.library.sources import Listing, read
from eval.fuzz import damaged, is_right

TITLE = ("Lantern Graphs: Mapping", "Orchards by Night")
ABSTRACT = (
    "Lanterns are hung where paths meet. We draw the graph of an or-",
    "chard from the light of its lanterns alone. On twelve orchards",
    "the graph lacks 3.5% of the paths, and no lantern is twice.",
)
LINES = [
    *((18, line) for line in TITLE),
    (11, "Ivy Moss, Quill University"),
    (12, "Abstract"),
    *((10, line) for line in ABSTRACT),
    (12, "1 Introduction"),
    (10, "An orchard at night is dark. That is why lanterns are hung in it."),
]


def pdf(lines: list[tuple[int, str]]) -> bytes:
    """A PDF of one page with these lines, each in letters of that size."""
    height, body = 760, ["BT"]
    for size, line in lines:
        text = line.replace("\\", "").replace("(", "").replace(")", "")
        body.append(f"/F1 {size} Tf 1 0 0 1 72 {height} Tm ({text}) Tj")
        height -= size + 4
    stream = zlib.compress("\n".join([*body, "ET"]).encode())
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    data, places = b"%PDF-1.4\n", []
    for number, one in enumerate(objects, start=1):
        places.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, one)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"trailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % len(data)
    return data + b"xref\n0 6\n0000000000 65535 f \n" + table + end


def parsed(data: bytes, folder: Path) -> Listing:
    (folder / "paper.pdf").write_bytes(data)
    return read(folder / "paper.pdf")


def test_title_and_abstract_of_the_first_page_are_read(tmp_path: Path) -> None:
    (paper,) = parsed(pdf(LINES), tmp_path).papers
    assert paper.title == " ".join(TITLE)
    assert paper.abstract == " ".join(ABSTRACT).replace("or- chard", "orchard")


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ([line for line in LINES if line[1] != "Abstract"], "is a PDF on whose first page no abstract is recognised"),
        (LINES[:-2], "is a PDF on whose first page no abstract is recognised"),
        ([], "is a PDF on whose first page no title is recognised"),
    ],
)
def test_a_page_that_looks_otherwise_is_rejected(lines: list[tuple[int, str]], reason: str, tmp_path: Path) -> None:
    listing = parsed(pdf(lines), tmp_path)
    assert listing.papers == ()
    assert [reject.reason for reject in listing.rejects] == [reason]


def test_a_damaged_pdf_is_rejected_in_words(tmp_path: Path) -> None:
    data, chance = pdf(LINES), random.Random(5)
    originals = parsed(data, tmp_path).papers
    for _ in range(300):
        listing = parsed(damaged(data, chance), tmp_path)
        assert listing.papers or listing.rejects
        assert all(is_right(paper, originals) for paper in listing.papers)


def test_what_only_claims_to_be_a_pdf_is_rejected(tmp_path: Path) -> None:
    (reject,) = parsed(b"%PDF-1.7\nA Title\nAn abstract.\n", tmp_path).rejects
    assert reject.reason.startswith("is a PDF that cannot be read (")
