"""bibliography: names and identifiers in every form that files write, and the one form that is kept."""

from __future__ import annotations

import pytest

from assistant.core.bibliography import Identifiers, authors_of, byline, family_name


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Ivy Moss", "Ivy Moss"),
        ("Moss, Ivy", "Ivy Moss"),
        ("  Moss ,\tIvy  A. ", "Ivy A. Moss"),
        ("van der Moss, Ivy", "Ivy van der Moss"),
        ("Moss, Jr., Ivy", "Ivy Moss Jr."),
        ("Moss, Ivy, III", "Ivy Moss III"),
        ("Ivy Moss, Jr.", "Ivy Moss Jr."),
        ("Plato", "Plato"),
        ("Moss,", "Moss"),
        ("Ivy Moss et al.", "Ivy Moss"),
        ("Ivy Moss*", "Ivy Moss"),
        ("Łukasz Żółw", "Łukasz Żółw"),
    ],
)
def test_an_author_is_shown_with_the_given_name_first(written: str, shown: str) -> None:
    assert authors_of([written]) == (shown,)


@pytest.mark.parametrize("nobody", ["", " ", ",", "et al.", "et al", "et. al.", "others", "and others", "1, 2"])
def test_et_al_is_nobody(nobody: str) -> None:
    assert authors_of(["Ivy Moss", nobody, "Ash Reed"]) == ("Ivy Moss", "Ash Reed")


def test_an_author_is_named_once() -> None:
    assert authors_of(["Moss, Ivy", "Ash Reed", "Ivy Moss"]) == ("Ivy Moss", "Ash Reed")


@pytest.mark.parametrize(
    ("author", "family"),
    [
        ("Ivy Moss", "Moss"),
        ("Ivy A. B. Moss-Reed", "Moss-Reed"),
        ("Ivy van der Moss", "van der Moss"),
        ("Ivy Van Moss", "Van Moss"),
        ("Van Moss", "Moss"),
        ("van Moss", "van Moss"),
        ("Ivy Moss Jr.", "Moss"),
        ("Plato", "Plato"),
        ("Pear Society Workshop", "Pear Society Workshop"),
        ("Pear Group Jones", "Jones"),
        ("Charles de l'Orme", "de l'Orme"),
        ("", ""),
    ],
)
def test_a_family_name_has_its_particles(author: str, family: str) -> None:
    assert family_name(author) == family


@pytest.mark.parametrize(
    ("authors", "year", "shown"),
    [
        ((), None, ""),
        ((), 2024, "2024"),
        (("Ivy Moss",), None, "Moss"),
        (("Ivy Moss",), 2024, "Moss, 2024"),
        (("Ivy Moss", "Ash Reed"), 2024, "Moss and Reed, 2024"),
        (("Ivy van Moss", "Ash Reed", "Plato"), 2024, "van Moss et al., 2024"),
    ],
)
def test_a_byline_names_two_authors_at_most(authors: tuple[str, ...], year: int | None, shown: str) -> None:
    assert byline(authors, year) == shown


@pytest.mark.parametrize(
    "written",
    [
        "10.1234/AB.5",
        "https://doi.org/10.1234/ab.5",
        "http://dx.doi.org/10.1234/aB.5",
        "doi: 10.1234/ab.5.",
        "DOI:10.1234/ab.5",
    ],
)
def test_a_doi_has_one_form(written: str) -> None:
    assert Identifiers.of(doi=written) == Identifiers(doi="10.1234/ab.5")


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("2401.01234", "2401.01234"),
        ("arXiv:2401.01234v2 [cs.CL]", "2401.01234"),
        ("https://arxiv.org/abs/2401.01234v12", "2401.01234"),
        ("https://arxiv.org/pdf/0704.0001.pdf", "0704.0001"),
        ("cs/0301001", "cs/0301001"),
        ("arXiv:cs.CL/0301001v1", "cs/0301001"),
        ("2401.0123", "2401.0123"),
        ("2401.012345", ""),
        ("12401.01234", ""),
        ("none", ""),
    ],
)
def test_an_arxiv_number_has_no_version(written: str, kept: str) -> None:
    assert Identifiers.of(arxiv=written) == Identifiers(arxiv=kept)


@pytest.mark.parametrize("written", ["12345", "PMID: 12345", "https://pubmed.ncbi.nlm.nih.gov/12345/"])
def test_a_pubmed_number_has_one_form(written: str) -> None:
    assert Identifiers.of(pubmed=written) == Identifiers(pubmed="12345")


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("CorpusID:215737187", "215737187"),
        ("https://www.semanticscholar.org/paper/A-Title/" + "0aF1" * 10, "0af1" * 10),
        ("0aF1" * 10, "0af1" * 10),
        ("pears", ""),
    ],
)
def test_an_id_at_semantic_scholar_has_one_form(written: str, kept: str) -> None:
    assert Identifiers.of(semantic_scholar=written) == Identifiers(semantic_scholar=kept)


@pytest.mark.parametrize(
    ("identifiers", "address"),
    [
        (Identifiers(doi="10.1/<x>"), "https://api.semanticscholar.org/DOI:10.1/%3Cx%3E"),
        (Identifiers(arxiv="2401.01234"), "https://api.semanticscholar.org/arXiv:2401.01234"),
        (Identifiers(pubmed="99"), "https://api.semanticscholar.org/PMID:99"),
        (Identifiers(doi="10.1/x", semantic_scholar="77"), "https://api.semanticscholar.org/CorpusID:77"),
        (Identifiers(semantic_scholar="0af1" * 10), f"https://www.semanticscholar.org/paper/{'0af1' * 10}"),
    ],
)
def test_any_identifier_leads_to_semantic_scholar(identifiers: Identifiers, address: str) -> None:
    assert identifiers.links["Semantic Scholar"] == address


def test_nothing_leads_there_without_one() -> None:
    assert Identifiers().links == {}


def test_the_doi_of_a_preprint_is_its_arxiv_number() -> None:
    assert Identifiers.of(doi="10.48550/arXiv.2401.01234") == Identifiers(arxiv="2401.01234")


@pytest.mark.parametrize(
    ("url", "identifiers"),
    [
        ("https://doi.org/10.1234/5", Identifiers(doi="10.1234/5")),
        ("https://arxiv.org/abs/2401.01234v2", Identifiers(arxiv="2401.01234")),
        ("https://export.arxiv.org/abs/2401.01234", Identifiers(arxiv="2401.01234")),
        ("https://pubmed.ncbi.nlm.nih.gov/12345/", Identifiers(pubmed="12345")),
        ("https://www.semanticscholar.org/paper/" + "ab12" * 10, Identifiers(semantic_scholar="ab12" * 10)),
        ("https://example.org/2401.01234", Identifiers()),
        ("https://example.org/10.1234/5", Identifiers()),
        ("", Identifiers()),
    ],
)
def test_an_address_may_be_an_identifier(url: str, identifiers: Identifiers) -> None:
    assert Identifiers.of(url=url) == identifiers


@pytest.mark.parametrize("wrong", ["pears", "10.12/x", "11.1234/5", ""])
def test_what_is_no_identifier_is_left_out(wrong: str) -> None:
    identifiers = Identifiers.of(doi=wrong, arxiv=wrong, pubmed=wrong)
    assert (identifiers, bool(identifiers), identifiers.links) == (Identifiers(), False, {})


def test_only_known_identifiers_lead_somewhere() -> None:
    assert Identifiers("10.1234/5", "2401.01234", "12345", "678").links == {
        "DOI": "https://doi.org/10.1234/5",
        "arXiv": "https://arxiv.org/abs/2401.01234",
        "PubMed": "https://pubmed.ncbi.nlm.nih.gov/12345/",
        "Semantic Scholar": "https://api.semanticscholar.org/CorpusID:678",
    }
    assert Identifiers(semantic_scholar="ab").links == {"Semantic Scholar": "https://www.semanticscholar.org/paper/ab"}
    assert Identifiers(arxiv="2401.01234").known == {"arxiv": "2401.01234"}
