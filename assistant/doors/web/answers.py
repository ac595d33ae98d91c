"""Questions and answers in, the conversation as markup out; numbers link to the cards of the evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from ...answer.writing import ExtractiveWriter
from ...core.prose import coded
from ...core.readable import readable
from ...core.records import Answer, Claim, Decline, Hit, Turn
from ...core.text import counted
from ...people.conversations import Thumb
from ...show.copies import as_markdown, as_text, cited, paragraphs
from ...show.references import as_bibtex, as_csl, as_ris
from ...show.showing import readable_answer
from .markup import render


@dataclass(frozen=True, slots=True)
class AnswerInProgress:
    """An answer in the making: the questions ahead of it, its stage, the papers found, the claims that passed."""

    question: str
    before: int = 0
    stage: str = ""
    claims: tuple[Claim, ...] = ()
    hits: tuple[Hit, ...] = ()

    @property
    def so_far(self) -> Answer:
        """The answer as far as it is known."""
        return Answer(self.question, self.question, claims=self.claims, hits=self.hits)


# -- what the templates show

Piece = tuple[str, int | None]


@dataclass(frozen=True, slots=True)
class Reference:
    """The number of a paper, and the quote that claim `mark` rests on."""

    card: int
    mark: int
    paper: str
    title: str
    quote: str


@dataclass(frozen=True, slots=True)
class CitedSentence:
    """A sentence, in pieces of which some are set off because they are what was asked for, with its references."""

    pieces: tuple[tuple[str, bool], ...]
    references: tuple[Reference, ...]


@dataclass(frozen=True, slots=True)
class QuotedPaper:
    """Sentences under the title of their paper, and the sentences that the answer leaves out of it."""

    heading: str
    sentences: tuple[CitedSentence, ...]
    more: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AnswerView:
    """The sections of an answer; verdict and lead before them, after them papers that may fit as well, and the remark.

    A section is a name, "" if there is only one, and its paragraphs. A comparison has `columns`: the titles compared,
    each with the sentences that are left out. A `message` is in pieces, some of which are code.
    """

    opening: str
    lead: str
    sections: tuple[tuple[str, tuple[QuotedPaper, ...]], ...]
    columns: tuple[tuple[str, tuple[str, ...]], ...]
    further: tuple[tuple[str, str], ...]
    remark: str
    message: tuple[tuple[str, bool], ...]


@dataclass(frozen=True, slots=True)
class FinishedView:
    """A question and its answer or decline; `facts` is one line about it, `why` the button that opens the rest.

    `writer` says who wrote it. `read_as` is the question as it was understood, "" if that is how it was asked. A
    decline is in pieces: those that are a title have the number of that paper's card. `copies` are the answer in forms
    to paste elsewhere, each with its name. `onward` are questions to ask next, each with how it is shown.
    """

    number: int
    question: str
    read_as: str
    answer: AnswerView
    decline: tuple[Piece, ...]
    writer: str
    facts: str
    why: str
    copies: tuple[tuple[str, str], ...]
    last: bool
    thumb: Thumb | None
    onward: tuple[tuple[str, str], ...]


# -- from records to markup


def finished(turn: Turn, number: int, *, last: bool, thumb: Thumb | None = None, onward: Sequence[str] = ()) -> Markup:
    """A question with its answer and the thumb it was given; the last one can be asked again, or edited.

    `onward` are the questions offered next.
    """
    answer = readable_answer(turn.answer)
    view = FinishedView(
        number,
        turn.question,
        "" if answer.query == answer.question else answer.query,
        answer_view(answer),
        decline_pieces(answer.declined) if answer.declined else (),
        _writer(answer),
        _facts(answer),
        why_title(answer),
        _copies(turn.answer),
        last,
        thumb,
        _shown(onward),
    )
    return render("answers.finished", view)


def making(state: AnswerInProgress, number: int) -> Markup:
    """A question whose answer is on its way: the stage, and above it the sentences that passed so far."""
    return render("answers.making", number, state.question, answer_view(readable_answer(state.so_far)), _stage(state))


def ended(question: str, number: int, message: str, *, error: str = "", instead: bool = False) -> Markup:
    """A question that was stopped or failed, and why; `error` is the ID of the log's entry, if there is one.

    Asked again, it replaces the turn before (`instead`) or follows it.
    """
    return render("answers.ended", number, question, message, error, instead)


def earlier(name: str, count: int) -> Markup:
    """How many turns came before those shown, and where they are."""
    return render("answers.earlier", name, count)


def welcome(papers: int, questions: Sequence[str], notice: str = "", *, sample: bool = False) -> Markup:
    """What is shown before the first question; in an empty library, an offer of the `sample` if there is one."""
    if not papers:
        return render("answers.no_papers", sample)
    return render("answers.welcome", papers, _shown(questions), notice)


def _shown(questions: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Questions, each with how it is shown."""
    return tuple((question, readable(question)) for question in questions)


def why_title(answer: Answer) -> str:
    """The heading over how the answer came about."""
    return "Why no answer" if answer.declined else "Why this answer"


def _stage(state: AnswerInProgress) -> str:
    if state.before:
        return f"Waiting: {counted(state.before, 'question')} ahead of yours"
    return state.stage[:1].upper() + state.stage[1:]


def answer_view(answer: Answer) -> AnswerView:
    """The sections of an answer that is `readable`."""
    marks = {id(claim): mark for mark, claim in enumerate(answer.claims)}
    numbers = answer.numbers

    def left_out(title: str) -> tuple[str, ...]:
        return tuple(claim.text for claim in answer.more_of(title))

    def paragraph(group: Sequence[Claim]) -> QuotedPaper:
        more = left_out(group[0].titles[0]) if group[0].heading and not group[0].section else ()
        return QuotedPaper(
            group[0].heading, tuple(_sentence(claim, marks[id(claim)], numbers) for claim in group), more
        )

    sections = tuple((name, tuple(map(paragraph, paragraphs(claims)))) for name, claims in answer.sections)
    compared = answer.kind == "compare" and sections and sections[0][0]
    columns = tuple((title, left_out(title)) for title in answer.titles) if compared else ()
    further = tuple((claim.heading, claim.text) for claim in answer.further)
    message = tuple(coded(answer.message))
    return AnswerView(answer.opening, answer.lead, sections, columns, further, answer.remark, message)


def _sentence(claim: Claim, mark: int, numbers: dict[str, int]) -> CitedSentence:
    references = {
        number: Reference(number, mark, citation.passage.paper_id, citation.passage.title, citation.quote)
        for citation in claim.citations
        for number in [numbers[citation.passage.title]]
    }
    return CitedSentence(_pieces(claim), tuple(references[number] for number in sorted(references)))


def _pieces(claim: Claim) -> tuple[tuple[str, bool], ...]:
    before, asked_for, after = claim.text.partition(claim.asked_for) if claim.asked_for else (claim.text, "", "")
    pieces = ((before, False), (asked_for, True), (after, False))
    return tuple((text, bold) for text, bold in pieces if text)


def decline_pieces(declined: Decline) -> tuple[Piece, ...]:
    """Why there is no answer, cut so that each title it names can link to that paper's card."""
    pieces: list[Piece] = [(declined.message, None)]
    for card, title in enumerate(declined.nearest, start=1):
        pieces = [part for piece in pieces for part in _linked(piece, title, card)]
    return tuple(pieces)


def _linked(piece: Piece, title: str, card: int) -> list[Piece]:
    text, linked = piece
    before, quoted, after = text.partition(f"“{title}”")
    return [piece] if linked or not quoted else [(f"{before}“", None), (title, card), (f"”{after}", None)]


def _writer(answer: Answer) -> str:
    """Who wrote the answer; "" if there is none."""
    if not answer.answered or not answer.written_by:
        return ""
    quoted = answer.written_by == ExtractiveWriter.name
    return "Quoted from the abstracts" if quoted else f"Written by {answer.written_by}"


def _facts(answer: Answer) -> str:
    """In one line: how many papers, and how long it took."""
    seconds, papers, considered = sum(answer.timings.values()), len(answer.titles), len(answer.hits)
    facts = [f"{counted(papers, 'paper')} cited"] if papers else []
    facts += [f"{considered} considered" if papers else f"{counted(considered, 'paper')} considered"] * bool(considered)
    facts += [f"{seconds:.1f} s" if seconds >= 1 else f"{1000 * seconds:.0f} ms"] * bool(answer.timings)
    return " · ".join(facts)


def _copies(answer: Answer) -> tuple[tuple[str, str], ...]:
    papers = cited(answer)
    copies = {
        "text": as_text(answer),
        "Markdown": as_markdown(answer),
        "BibTeX": as_bibtex(papers),
        "RIS": as_ris(papers),
        "CSL": as_csl(papers),
    }
    return tuple((form, text) for form, text in copies.items() if text)
