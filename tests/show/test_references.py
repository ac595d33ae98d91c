"""references: entries for reference managers, read back by other programs' rules."""

from __future__ import annotations

import json

import pytest

from assistant.core.bibliography import Identifiers
from assistant.core.records import Paper
from assistant.show.references import as_bibtex, as_csl, as_ris

PEAR = Paper("PearRank: 100% *better* pears & plums", "It ranks. It gains.", "https://example.org/p_1", "2024-03-11")
VILLA = Paper("$VILA^2$: Villas_{x} {that} draw", "A villa.", published="spring")
WHOLE = Paper(
    "Pears of the North",
    "They are small.",
    authors=("Ivy van der Moss", "Ash {Reed} Jr.", "OpenPear"),
    year=2024,
    venue="Findings of ACL 2024",
    identifiers=Identifiers(doi="10.1234/pear_5", arxiv="2401.01234", pubmed="99"),
    keywords=("pears",),
)


def test_bibtex_has_what_is_known() -> None:
    assert as_bibtex([WHOLE]) == (
        f"@inproceedings{{Pears-North-{WHOLE.id[:6]},\n"
        "  title = {{Pears of the North}},\n"
        "  author = {van der Moss, Ivy and \\{Reed\\}, Jr., Ash and {OpenPear}},\n"
        "  booktitle = {Findings of ACL 2024},\n"
        "  year = {2024},\n"
        "  doi = {10.1234/pear_5},\n"
        "  eprint = {2401.01234},\n"
        "  archiveprefix = {arXiv}\n}\n"
    )


def test_bibtex_leaves_out_what_is_not_known() -> None:
    assert as_bibtex([PEAR, VILLA]) == (
        f"@misc{{PearRank-100-{PEAR.id[:6]},\n"
        "  title = {{PearRank: 100\\% *better* pears \\& plums}},\n"
        "  year = {2024},\n"
        "  url = {https://example.org/p_1}\n}\n\n"
        f"@misc{{VILA-2-{VILLA.id[:6]},\n"
        "  title = {{$VILA^2$: Villas\\_\\{x\\} \\{that\\} draw}}\n}\n"
    )


@pytest.mark.parametrize(
    ("venue", "kind"),
    [
        ("ACL", "@inproceedings"),
        ("NeurIPS 2022", "@inproceedings"),
        ("Proceedings of the Pear Society", "@inproceedings"),
        ("1st Workshop on Pears", "@inproceedings"),
        ("Nature", "@article"),
        ("Journal of Pears", "@article"),
        ("arXiv", "@misc"),
        ("CoRR", "@misc"),
        ("", "@misc"),
    ],
)
def test_the_venue_decides_the_type_of_an_entry(venue: str, kind: str) -> None:
    assert as_bibtex([Paper("A", "", venue=venue)]).startswith(kind)


def test_bibtex_braces_are_balanced_for_any_text() -> None:
    for text in ("a } b", "$a{$ b", "\\input{/etc/passwd}", "a$b", "$$", "x^2 ~ #1 @misc{y,"):
        entry = as_bibtex([Paper(text, "", authors=(text,), venue=text, identifiers=Identifiers(doi="10.1/" + text))])
        bare = entry.replace("\\{", "").replace("\\}", "")
        assert bare.count("{") == bare.count("}"), entry
        assert "\\input" not in entry


def test_an_address_that_could_end_its_bibtex_field_is_left_out() -> None:
    assert "url" not in as_bibtex([Paper("A", "", "https://example.org/}, evil = {x")])
    assert "url" not in as_bibtex([Paper("A", "", "javascript:alert(1)")])


def test_ris_has_what_is_known() -> None:
    assert as_ris([WHOLE, VILLA]) == (
        "TY  - CONF\nTI  - Pears of the North\nAU  - van der Moss, Ivy\nAU  - {Reed}, Ash, Jr.\nAU  - OpenPear\n"
        "PY  - 2024\nT2  - Findings of ACL 2024\nDO  - 10.1234/pear_5\nAN  - arXiv:2401.01234\n"
        "UR  - https://doi.org/10.1234/pear_5\nKW  - pears\nER  - \n"
        "\nTY  - GEN\nTI  - VILA^2: Villas_{x} {that} draw\nER  - \n"
    )


def test_a_line_break_cannot_begin_another_ris_field() -> None:
    assert as_ris([Paper("A\nER  - \nTY  - JOUR", "")]).count("\n") == 3


def test_csl_has_what_is_known() -> None:
    assert json.loads(as_csl([WHOLE, PEAR])) == [
        {
            "id": f"Pears-North-{WHOLE.id[:6]}",
            "type": "paper-conference",
            "title": "Pears of the North",
            "author": [
                {"family": "van der Moss", "given": "Ivy"},
                {"family": "{Reed}", "given": "Ash", "suffix": "Jr."},
                {"literal": "OpenPear"},
            ],
            "issued": {"date-parts": [[2024]]},
            "container-title": "Findings of ACL 2024",
            "DOI": "10.1234/pear_5",
            "PMID": "99",
            "number": "arXiv:2401.01234",
        },
        {
            "id": f"PearRank-100-{PEAR.id[:6]}",
            "type": "document",
            "title": PEAR.title,
            "issued": {"date-parts": [[2024]]},
            "URL": "https://example.org/p_1",
        },
    ]


def test_no_papers_are_no_text() -> None:
    assert as_bibtex([]) == as_ris([]) == as_csl([]) == ""


def test_a_family_name_that_is_also_part_of_the_given_name_stays_whole() -> None:
    # "Linyang Li" is no "nyang Li Li"
    text = as_ris([Paper("Short Names", "", authors=("Linyang Li", "Hal Daumé III"))])
    assert "AU  - Li, Linyang\nAU  - Daumé, Hal, III\n" in text
