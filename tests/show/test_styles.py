"""styles: references as each style has them, for names, years and venues of every kind."""

from __future__ import annotations

import importlib.util
import json
import typing

import pytest

from assistant import references
from assistant.core.bibliography import Identifiers
from assistant.core.errors import MissingExtra, QuestionError
from assistant.core.records import Answer, Citation, Claim, Decline, Hit, Paper, Passage
from assistant.doors.cli.shared import Form as CommandForm
from assistant.show import styles
from assistant.show.styles import FORMS, LABELS, MOST, STYLES, formatted, of_answers

MOSS = Paper(
    "Pears of the north: a survey",
    "They are small.",
    authors=("Laurens van der Moss", "Geoffrey E. Reed"),
    year=2020,
    venue="Proceedings of ACL",
    identifiers=Identifiers(doi="10.1234/pears"),
)
PLATO = Paper("Forms of trees", "", authors=("Plato",), venue="Journal of Ideas")
GROUP = Paper("Open pears", "", authors=("BigPear Workshop",), year=2022, identifiers=Identifiers(arxiv="2211.05100"))
JUNIOR = Paper("Is it a pear?", "", authors=("Sam Davis Jr.", "Ivy Moss", "Ash Reed"), year=1999, venue="NeurIPS")
NOBODY = Paper("No author", "", year=2021, venue="Pear Letters")


@pytest.mark.parametrize(
    ("style", "text"),
    [
        (
            "apa",
            "van der Moss, L., & Reed, G. E. (2020). Pears of the north: a survey. Proceedings of ACL. "
            "https://doi.org/10.1234/pears",
        ),
        (
            "ieee",
            "[1] L. van der Moss and G. E. Reed, “Pears of the north: a survey,” in Proceedings of ACL, 2020. "
            "doi: 10.1234/pears.",
        ),
        (
            "acl",
            "Laurens van der Moss and Geoffrey E. Reed. 2020. Pears of the north: a survey. In Proceedings of ACL.",
        ),
        (
            "chicago",
            "Moss, Laurens van der, and Geoffrey E. Reed. 2020. “Pears of the North: A Survey.” Proceedings of ACL. "
            "https://doi.org/10.1234/pears.",
        ),
        (
            "mla",
            "van der Moss, Laurens, and Geoffrey E. Reed. “Pears of the North: A Survey.” Proceedings of ACL, 2020, "
            "https://doi.org/10.1234/pears.",
        ),
        (
            "vancouver",
            "1. van der Moss L, Reed GE. Pears of the north: a survey. In: Proceedings of ACL. 2020. doi:10.1234/pears",
        ),
        (
            "nature",
            "1. van der Moss, L. & Reed, G. E. Pears of the north: a survey. in Proceedings of ACL (2020). "
            "doi:10.1234/pears.",
        ),
    ],
)
def test_a_paper_is_written_as_its_style_has_it(style: str, text: str) -> None:
    assert formatted([MOSS], style) == [text]


@pytest.mark.parametrize(
    ("style", "text"),
    [
        ("apa", "Plato. (n.d.). Forms of trees. Journal of Ideas."),
        ("chicago", "Plato. n.d. “Forms of Trees.” Journal of Ideas."),
        ("ieee", "[1] Plato, “Forms of trees,” Journal of Ideas."),
        ("nature", "1. Plato. Forms of trees. Journal of Ideas."),
    ],
)
def test_a_name_of_one_word_and_a_missing_year(style: str, text: str) -> None:
    assert formatted([PLATO], style) == [text]


@pytest.mark.parametrize(
    ("style", "text"),
    [
        ("apa", "BigPear Workshop. (2022). Open pears (arXiv:2211.05100). arXiv. https://arxiv.org/abs/2211.05100"),
        ("acl", "BigPear Workshop. 2022. Open pears. Preprint, arXiv:2211.05100."),
        ("ieee", "[1] BigPear Workshop, “Open pears,” 2022, arXiv:2211.05100. [Online]. Available: https://arxiv.org/"),
        ("nature", "1. BigPear Workshop. Open pears. Preprint at https://arxiv.org/abs/2211.05100 (2022)."),
    ],
)
def test_the_name_of_a_group_stays_whole_and_a_preprint_is_one(style: str, text: str) -> None:
    assert formatted([GROUP], style)[0].startswith(text)


def test_a_title_that_ends_in_a_question_mark_has_no_full_stop_after_it() -> None:
    assert formatted([JUNIOR], "apa") == ["Davis, S., Jr., Moss, I., & Reed, A. (1999). Is it a pear? NeurIPS."]
    assert formatted([JUNIOR], "ieee") == ["[1] S. Davis Jr., I. Moss, and A. Reed, “Is it a pear?” in NeurIPS, 1999."]
    assert formatted([JUNIOR], "mla") == ["Davis, Sam, Jr., et al. “Is It a Pear?” NeurIPS, 1999."]


def test_without_an_author_the_title_stands_first_and_once() -> None:
    assert formatted([NOBODY], "apa") == ["No author. (2021). Pear Letters."]
    assert formatted([NOBODY], "chicago") == ["“No Author.” 2021. Pear Letters."]
    assert formatted([NOBODY], "ieee") == ["[1] “No author,” Pear Letters, 2021."]


def test_a_long_list_of_authors_is_cut_where_the_style_cuts_it() -> None:
    many = Paper("Pears", "", authors=tuple(f"Ann Lee{n}" for n in range(1, 26)), year=2020)
    apa, ieee, nature = (formatted([many], style)[0] for style in ("apa", "ieee", "nature"))
    assert "Lee19, A., … Lee25, A. (2020)" in apa
    assert "Lee20" not in apa
    assert ieee.startswith("[1] A. Lee1 et al., “Pears.” 2020.")
    assert nature.startswith("1. Lee1, A. et al. Pears.")
    vancouver = formatted([many], "vancouver")[0]
    assert vancouver.startswith("1. Lee1 A, Lee2 A, Lee3 A, Lee4 A, Lee5 A, Lee6 A, et al. Pears.")


def test_authors_order_the_papers_or_the_numbers_follow_the_text() -> None:
    papers = [PLATO, MOSS, JUNIOR]
    assert [text[:5] for text in formatted(papers, "apa")] == ["Davis", "Plato", "van d"]
    assert [text[:3] for text in formatted(papers, "chicago")] == ["Dav", "Mos", "Pla"]
    assert [text[:4] for text in formatted(papers, "ieee")] == ["[1] ", "[2] ", "[3] "]


def test_a_paper_of_which_nothing_is_known_is_listed_too() -> None:
    for style in STYLES:
        assert len(formatted([Paper("x", ""), Paper("", ""), MOSS, MOSS], style)) == 3, style


def test_foreign_text_stays_in_its_line_and_cannot_control_a_terminal() -> None:
    texts = ('<span class="nocase">a', "a\n[2] B.", "\x1b[31mred", "</span>&amp;<b>", "$x_1$ {y}", "“q”, z")
    for style in STYLES:
        for text in texts:
            lines = references([Paper(text, "", authors=(text,), venue=text)], style).splitlines()
            assert len(lines) == 1, (style, text)
            assert "\x1b" not in lines[0]


def test_an_answer_lists_what_it_cites_and_several_answers_each_paper_once() -> None:
    def answer(*papers: Paper) -> Answer:
        citations = [Citation(Passage(paper.id, paper.title, "x", 0), "x", 1.0, "quoted") for paper in papers]
        hits = tuple(Hit(paper, Passage(paper.id, paper.title, "x", 0), 1.0) for paper in papers)
        return Answer("q", "q", tuple(Claim("x", (citation,)) for citation in citations), hits=hits)

    assert references(answer(PLATO, MOSS), "ieee").startswith("[1] Plato")
    assert of_answers([answer(PLATO, MOSS), answer(MOSS, JUNIOR)], "ieee").count("\n") == 3
    assert json.loads(of_answers([answer(PLATO)], "csl"))[0]["title"] == "Forms of trees"
    declined = Answer("q", "q", hits=answer(PLATO).hits, declined=Decline("absent", "none", (PLATO.title,)))
    assert references(declined) == "Plato. (n.d.). Forms of trees. Journal of Ideas.\n"
    assert of_answers([declined], "apa") == ""


def test_no_papers_are_no_text() -> None:
    assert {references([], form) for form in FORMS} == {""}


def test_an_unknown_form_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(QuestionError, match=r"There is no form 'harvard'\. There are: apa, ieee, .*, csl\."):
        references([MOSS], "harvard")


def test_too_many_papers_are_refused() -> None:
    with pytest.raises(QuestionError, match=r"These are 501 papers, more than the 500 .* bibtex, ris or csl"):
        formatted([Paper(f"Pear {n}", "") for n in range(MOST + 1)], "apa")


def test_without_the_extra_the_entries_remain_and_the_styles_name_its_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert references([MOSS], "ris").startswith("TY  - CONF")
    with pytest.raises(MissingExtra, match=r"pip install 'paper-assistant\[references\]'"):
        references([], "apa")


def test_every_form_has_a_name_and_a_command_knows_it() -> None:
    assert [*LABELS] == [*FORMS] == [*typing.get_args(CommandForm)] == [*STYLES, *styles.ENTRIES]
