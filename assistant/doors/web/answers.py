"""Questions and answers in, the conversation as markup out; numbers link to the cards of the evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from ...core.readable import readable
from ...core.records import Answer, Claim, Decline, Hit, Turn
from ...core.text import counted
from ...people.conversations import Thumb
from ...show.copies import as_bibtex, as_markdown, as_text, cited, paragraphs
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
    """A sentence with its references."""

    text: str
    references: tuple[Reference, ...]


@dataclass(frozen=True, slots=True)
class AnswerView:
    """The sentences of an answer in paragraphs, each under the title of a paper; the lead before, the remark after."""

    lead: str
    paragraphs: tuple[tuple[str, tuple[CitedSentence, ...]], ...]
    remark: str


@dataclass(frozen=True, slots=True)
class FinishedView:
    """A question and its answer or decline; `facts` is one line about it, `why` the button that opens the rest.

    `read_as` is the question as it was understood, "" if that is how it was asked. A decline is in pieces: those that
    are a title have the number of that paper's card. `copies` are the answer in forms to paste elsewhere, each with its
    name.
    """

    number: int
    question: str
    read_as: str
    answer: AnswerView
    decline: tuple[Piece, ...]
    facts: str
    why: str
    copies: tuple[tuple[str, str], ...]
    last: bool
    thumb: Thumb | None


# -- from records to markup


def finished(turn: Turn, number: int, *, last: bool, thumb: Thumb | None = None) -> Markup:
    """A question with its answer and the thumb it was given; the last one can be asked again, or edited."""
    answer = readable_answer(turn.answer)
    view = FinishedView(
        number,
        turn.question,
        "" if answer.query == answer.question else answer.query,
        _answer(answer),
        _decline(answer.declined) if answer.declined else (),
        _facts(answer),
        why_title(answer),
        _copies(turn.answer),
        last,
        thumb,
    )
    return render("answers.finished", view)


def making(state: AnswerInProgress, number: int) -> Markup:
    """A question whose answer is on its way: the stage, and above it the sentences that passed so far."""
    return render("answers.making", number, state.question, _answer(readable_answer(state.so_far)), _stage(state))


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
    return render("answers.welcome", papers, [(question, readable(question)) for question in questions], notice)


def why_title(answer: Answer) -> str:
    """The heading over how the answer came about."""
    return "Why no answer" if answer.declined else "Why this answer"


def _stage(state: AnswerInProgress) -> str:
    if state.before:
        return f"Waiting: {counted(state.before, 'question')} ahead of yours"
    return state.stage[:1].upper() + state.stage[1:]


def _answer(answer: Answer) -> AnswerView:
    marks = {id(claim): mark for mark, claim in enumerate(answer.claims)}
    numbers = answer.numbers
    groups = tuple(
        (group[0].heading, tuple(_sentence(claim, marks[id(claim)], numbers) for claim in group))
        for group in paragraphs(answer)
    )
    return AnswerView(answer.lead, groups, answer.remark)


def _sentence(claim: Claim, mark: int, numbers: dict[str, int]) -> CitedSentence:
    references = {
        number: Reference(number, mark, citation.passage.paper_id, citation.passage.title, citation.quote)
        for citation in claim.citations
        for number in [numbers[citation.passage.title]]
    }
    return CitedSentence(claim.text, tuple(references[number] for number in sorted(references)))


def _decline(declined: Decline) -> tuple[Piece, ...]:
    """Why there is no answer, cut so that each title it names can link to that paper's card."""
    pieces: list[Piece] = [(declined.message, None)]
    for card, title in enumerate(declined.nearest, start=1):
        pieces = [part for piece in pieces for part in _linked(piece, title, card)]
    return tuple(pieces)


def _linked(piece: Piece, title: str, card: int) -> list[Piece]:
    text, linked = piece
    before, quoted, after = text.partition(f"“{title}”")
    return [piece] if linked or not quoted else [(f"{before}“", None), (title, card), (f"”{after}", None)]


def _facts(answer: Answer) -> str:
    """In one line: how many papers, and how long it took."""
    seconds, papers, considered = sum(answer.timings.values()), len(answer.titles), len(answer.hits)
    facts = [f"{counted(papers, 'paper')} cited"] if papers else []
    facts += [f"{considered} considered" if papers else f"{counted(considered, 'paper')} considered"] * bool(considered)
    facts += [f"{seconds:.1f} s" if seconds >= 1 else f"{1000 * seconds:.0f} ms"] * bool(answer.timings)
    return " · ".join(facts)


def _copies(answer: Answer) -> tuple[tuple[str, str], ...]:
    copies = {"text": as_text(answer), "Markdown": as_markdown(answer), "BibTeX": as_bibtex(cited(answer))}
    return tuple((form, text) for form, text in copies.items() if text)
