"""readable and showing: text of papers in, the same without LaTeX's debris out; what is stored stays as it was."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.core.export import as_json, start_of
from assistant.core.readable import readable, readable_with
from assistant.core.records import Answer, Citation, Claim, Decline, Hit, Paper, Passage
from assistant.core.text import Span
from assistant.doors.mcp.tools import as_text as as_tool_text
from assistant.doors.slack import blocks
from assistant.doors.web import answers, evidence, shelves
from assistant.index.holdings import Holdings
from assistant.show.copies import as_text
from assistant.show.markdown import of_answer
from assistant.show.references import as_bibtex
from assistant.show.showing import readable_answer

from ..papers import write_listing

TITLE = r"$Kite^2$: Strings at 5\% of the Cost"
SENTENCE = r"We show that \model saves 88.5\% of ``silk'' on 128times128 plots with \textbf{16$\times$} less~(wind)."
CLEAN_TITLE = "Kite^2: Strings at 5% of the Cost"
CLEAN = "We show that model saves 88.5% of “silk” on 128×128 plots with 16× less (wind)."
PAPER = Paper(TITLE, rf"Kites cost 50\% of a lot. {SENTENCE} Nobody knows $\mathcal{{O}}(n)$.")
AT = PAPER.abstract.index(SENTENCE)
PASSAGE = Passage(PAPER.id, TITLE, PAPER.abstract, 0)
ANSWER = Answer(
    "What does it save?",
    "What does it save?",
    claims=(Claim(SENTENCE, (Citation(PASSAGE, SENTENCE, 1.0, "quoted"),), heading=TITLE),),
    hits=(Hit(PAPER, PASSAGE, 1.0, 0.9),),
)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        (TITLE, CLEAN_TITLE),
        (SENTENCE, CLEAN),
        (r"\emph{scan and snap} or {\it this}", "scan and snap or this"),
        (r"50\% $\to$ 3", "50% → 3"),
        (r"Q\&A, C\#, a\_b and \$5", "Q&A, C#, a_b and $5"),
        (r"Ragnar\"ok, Fr\'echet and na{\"i}ve", "Ragnarök, Fréchet and naïve"),
        (r"(\eg BERT, \etc) \ie kites", "(e.g. BERT, etc.) i.e. kites"),
        (r"118\times lower, $8\times$, $\pm$1", "118× lower, 8×, ±1"),
        ("mathcal{O}(mathcal{C_Phi/m} + n)", "O(C_Φ/m + n)"),
        (r"$\mathcal{O}(k n)$ and $\ell_2$", "O(k n) and ℓ_2"),
        ("4timesRTX 3090, 20times smaller, 2.9times", "4×RTX 3090, 20× smaller, 2.9×"),
        ("by sim3x, sim20times, sim4 times", "by ~3x, ~20×, ~4 times"),
        ("M^{2}UGen, e^{-t}, nu^1, ell_2-norm", "M^2UGen, e^(-t), ν^1, ℓ_2-norm"),
        (r"see \url{https://a.b/c_d~e} by \cite{moss2017}", "see https://a.b/c_d~e by moss2017"),
        ("``a'' and ``b\" and ''c''", "“a” and “b” and “c”"),
        ("Great~Truths~are", "Great Truths are"),
    ],
)
def test_latex_is_removed(text: str, read: str) -> None:
    assert readable(text) == read
    assert readable(read) == read


@pytest.mark.parametrize(
    "text",
    [
        "5% of $10 and $20, a_b, C#, {x}, f({y})",
        "for $5-$10, from $200k to $300k, and US$ 5",
        "30%~50%, ~1M, 1% ~ 4%, 1.36~3.58x",
        r"C:\model\foo, \d+, \n and \1,890",
        r"half a $x^2 and \frac and } and {",
        "sim2real at times; 128 times; math {x}; a timestamp",
        "file_{i}.txt, alpha_dropout, f''(x), `code`, a \"word\"",
        "https://a.b/~c_{d}%20``x''",
        "${7*7} {{7*7}}",
        "",
    ],
)
def test_other_text_stays(text: str) -> None:
    assert readable(text) == text


def test_spans_fall_on_the_same_words() -> None:
    text, (span,) = readable_with(PAPER.abstract, [Span(AT, AT + len(SENTENCE))])
    assert (text, span.of(text)) == (readable(PAPER.abstract), CLEAN)


BITS = [
    *(r"\ \\ { } $ $$ % ~ `` '' \" ^ _ \emph \frac \sqrt \href \begin \title \item \mathcal \cite \c \not".split()),
    *(r"\input{x} \verb \left mathcal{ nu^ alpha_{ times sim3x \[ \( a B 1 & # é".split()),
    *(" ", "\n", "\0", "\ud800"),
]


@given(st.lists(st.sampled_from(BITS), max_size=25).map("".join) | st.text(), st.integers(0, 60), st.integers(0, 60))
def test_nothing_raises_and_spans_stay_inside(text: str, one: int, other: int) -> None:
    start, end = sorted(min(place, len(text)) for place in (one, other))
    read, (span,) = readable_with(text, [Span(start, end)])
    assert read == readable(text)
    assert 0 <= span.start <= span.end <= len(read)


@pytest.mark.parametrize("bit", ["$", "{", "``", r"\emph{", "$x ", "mathcal{", r"$\a", "''a", "~", "alpha_{"])
def test_no_text_takes_long(bit: str) -> None:
    began = time.perf_counter()
    readable(bit * 20_000)
    assert time.perf_counter() - began < 20


# -- where it is shown


def test_every_door_shows_people_the_readable_text() -> None:
    shown = {
        "text": as_text(ANSWER),
        "Markdown": of_answer(ANSWER),
        "tool": as_tool_text(ANSWER),
        "Slack": blocks.shown([*blocks.reply(ANSWER), *blocks.evidence(ANSWER)["blocks"]]),
        "notification": blocks.fallback(ANSWER),
        "page": answers.making(answers.AnswerInProgress("?", claims=ANSWER.claims), 1),
        "evidence": evidence.shown(ANSWER, 1, {}),
        "shelf": shelves.opened(PAPER, {}),
    }
    for door, text in shown.items():
        plain = text.replace("\\", "") if door == "Markdown" else text
        assert "88.5%" in plain and "128×128" in plain and "16×" in plain, door
        for debris in (r"\model", r"\textbf", "128times", "``", "$Kite", "less~"):
            assert debris not in plain, door


def test_the_cited_words_are_marked_in_the_readable_abstract() -> None:
    shown = evidence.shown(ANSWER, 1, {})
    assert f'<mark data-marks="0">{CLEAN}</mark>' in shown
    assert "Kites cost 50% of a lot. " in shown


def test_programs_get_the_stored_text() -> None:
    (citation,) = ANSWER.claims[0].citations
    assert readable_answer(ANSWER).claims[0].text == CLEAN
    assert (ANSWER.claims[0].text, citation.quote, start_of(citation, PAPER.abstract)) == (SENTENCE, SENTENCE, AT)
    assert as_json(ANSWER)["text"] == f"{TITLE}: {SENTENCE} [1]"


def test_a_bibtex_title_keeps_its_formulas_and_loses_the_rest() -> None:
    assert r"title = {{$Kite^2$: Strings at 5\% of the Cost}}" in as_bibtex([PAPER])


def test_titles_that_would_look_the_same_stay_different() -> None:
    other = Paper(CLEAN_TITLE, "Another kite.")
    hits = tuple(Hit(p, Passage(p.id, p.title, p.abstract, 0), 1.0) for p in (PAPER, other))
    claims = tuple(Claim("It flies.", (Citation(hit.passage, hit.paper.abstract, 1.0, "quoted"),)) for hit in hits)
    assert readable_answer(replace(ANSWER, claims=claims, hits=hits)).titles == (TITLE, CLEAN_TITLE)


def test_a_decline_shows_the_nearest_titles_readably() -> None:
    declined = readable_answer(
        Answer("?", "?", declined=Decline("absent", f"Nearest is “{TITLE}”.", (TITLE,)))
    ).declined
    assert declined == Decline("absent", f"Nearest is “{CLEAN_TITLE}”.", (CLEAN_TITLE,))


def test_a_paper_is_found_by_the_title_that_was_shown(holdings: Holdings, tmp_path: Path) -> None:
    holdings.ingest([write_listing(tmp_path / "march.txt", [(TITLE, PAPER.abstract)])])
    assert holdings.paper(CLEAN_TITLE).title == TITLE
