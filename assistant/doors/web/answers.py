"""Questions and answers in, the conversation as markup out; numbers link to the cards of the evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...core.readable import readable
from ...core.records import Answer, Citation, Claim, Decline, Hit, Turn
from ...people.conversations import Thumb
from ...show.copies import as_bibtex, as_markdown, as_text, cited, paragraphs
from ...show.showing import readable_answer
from . import thumbs
from .markup import Attributes, Html, foreign, joined, tag


@dataclass(frozen=True, slots=True)
class Making:
    """An answer in the making: how many wait before it, its stage, the papers found, the claims that passed."""

    question: str
    before: int = 0
    stage: str = ""
    claims: tuple[Claim, ...] = ()
    hits: tuple[Hit, ...] = ()

    @property
    def so_far(self) -> Answer:
        """What there is of the answer."""
        return Answer(self.question, self.question, claims=self.claims, hits=self.hits)


def finished(turn: Turn, number: int, *, last: bool, thumb: Thumb | None = None) -> Html:
    """A question with its answer and the thumb it was given; the last one can be asked again, or edited."""
    answer = readable_answer(turn.answer)
    told = _declined(answer.declined, answer, number) if answer.declined else _said(answer, number)
    tools = _tools(turn.answer, turn.question, last=last)
    return _turn(number, turn.question, told, _summary(answer, number), tools, thumbs.asked(number, thumb))


def earlier(name: str, number: int) -> Html:
    """How many turns stood before those shown, and where they are."""
    whole = tag("a", {"href": f"/conversations/{name}.md", "download": True}, "the whole conversation")
    told = f"{number:,} earlier {'question stands' if number == 1 else 'questions stand'} in "
    return tag("p", {"class": "quiet earlier"}, told, whole, ".")


def making(state: Making, number: int) -> Html:
    """A question whose answer is on its way: what is done now, and below it the sentences that passed so far."""
    stage = tag("p", {"class": "stage"}, _stage(state))
    said = [_said(readable_answer(state.so_far), number)] if state.claims else []
    return _turn(number, state.question, *said, stage)


def ended(question: str, number: int, message: str, *, error: str = "", instead: bool = False) -> Html:
    """A question that was stopped or failed, why, and the id under which the log tells more.

    Asked again it stands `instead` of the turn before, or after it.
    """
    told = [tag("p", {}, message)]
    if error:
        told.append(tag("p", {"class": "quiet"}, f"The log tells more under the id {error}."))
    kind = "failed" if error else "stopped"
    return _turn(
        number,
        question,
        tag("div", {"class": kind}, *told),
        tag("div", {"class": "tools"}, *_again(question, instead=instead)),
    )


def welcome(papers: int, questions: Sequence[str], notice: str = "", *, sample: bool = False) -> Html:
    """What stands where no question was asked yet: what is held, and questions to begin with.

    Where nothing is held, the `sample` is offered if there is one.
    """
    if not papers:
        here = tag("button", {"type": "button", "class": "plain", "data-do": "add"}, "Add papers")
        told = tag("p", {}, here, " here, or with the command ", tag("code", {}, "assistant ingest PATH..."))
        add = tag("button", {"type": "button", "data-do": "sample"}, "Try it with the sample papers")
        offered = [tag("ul", {"class": "examples"}, tag("li", {}, add))] if sample else []
        return tag("div", {"class": "welcome"}, tag("h2", {}, "There are no papers here yet"), told, *offered)
    plural = "paper" if papers == 1 else "papers"
    examples = [
        tag("li", {}, foreign("button", shown, {"type": "button", "data-do": "ask", "data-question": question}))
        for question, shown in zip(questions, map(readable, questions), strict=True)
    ]
    return tag(
        "div",
        {"class": "welcome"},
        tag("h2", {}, f"Ask about the {papers:,} {plural} here"),
        tag("p", {}, "Every sentence of an answer cites a paper, and is held against its abstract before it is shown."),
        *([tag("p", {"class": "notice"}, notice)] if notice else []),
        *([tag("ul", {"class": "examples"}, *examples)] if examples else []),
    )


def _turn(number: int, question: str, *content: str) -> Html:
    head = foreign("h2", question, {"class": "question"})
    return tag("article", {"class": "turn", "data-turn": number}, head, *content)


def _stage(state: Making) -> str:
    if state.before:
        plural = "question is" if state.before == 1 else "questions are"
        return f"Waiting: {state.before} {plural} before yours"
    return state.stage[:1].upper() + state.stage[1:]


# -- what is said


def _said(answer: Answer, number: int) -> Html:
    """The claims in paragraphs, each under the title of the paper it draws on."""
    marks = {id(claim): place for place, claim in enumerate(answer.claims)}
    numbers = answer.numbers
    said = [
        tag(
            "section",
            {"class": "said"},
            *([foreign("h3", group[0].heading)] if group[0].heading else []),
            tag("p", {}, *(_sentence(claim, marks[id(claim)], numbers, number) for claim in group)),
        )
        for group in paragraphs(answer)
    ]
    lead = [tag("p", {"class": "lead"}, answer.lead)] if answer.lead else []
    remark = [tag("p", {"class": "remark"}, answer.remark)] if answer.remark else []
    return tag("div", {"class": "answer"}, *lead, *said, *remark)


def _sentence(claim: Claim, place: int, numbers: dict[str, int], turn: int) -> Html:
    references = {numbers[citation.passage.title]: citation for citation in claim.citations}
    links = (_reference(citation, n, place, turn) for n, citation in sorted(references.items()))
    return joined([foreign("span", claim.text), "\u00a0", *links, " "])  # a number never begins a line


def _reference(citation: Citation, card: int, place: int, turn: int) -> Html:
    """The number of a paper: a link to its card, where the words that claim `place` rests on light up."""
    title = citation.passage.title
    return tag(
        "a",
        {
            "class": "reference",
            "href": f"#card-{turn}-{card}",
            "data-turn": turn,
            "data-card": card,
            "data-mark": place,
            "data-paper": citation.passage.paper_id,
            "title": f"{title}\n“{citation.quote}”",
            "aria-label": f"Reference {card}: {title}",
        },
        str(card),
    )


def _declined(declined: Decline, answer: Answer, turn: int) -> Html:
    """Why there is no answer; each title it names is a link to that paper's card."""
    pieces: list[str] = [declined.message]
    for card, title in enumerate(declined.nearest, start=1):
        link = foreign(
            "a", title, {"class": "near", "href": f"#card-{turn}-{card}", "data-turn": turn, "data-card": card}
        )
        pieces = [part for piece in pieces for part in _linked(piece, title, link)]
    return tag("div", {"class": "declined"}, tag("p", {"dir": "auto"}, *pieces))


def _linked(piece: str, title: str, link: Html) -> list[str]:
    if isinstance(piece, Html) or f"“{title}”" not in piece:
        return [piece]
    before, _, after = piece.partition(f"“{title}”")
    return [f"{before}“", link, f"”{after}"]


# -- what can be done with it


def why_title(answer: Answer) -> str:
    """What the account of how it came about is called."""
    return "Why no answer" if answer.declined else "Why this answer"


def _summary(answer: Answer, turn: int) -> Html:
    """One quiet line: from how many papers, by whom, how fast; it opens the rest."""
    seconds = sum(answer.timings.values())
    papers = len(answer.titles)
    told = [f"{papers} {'paper' if papers == 1 else 'papers'} cited"] if papers else []
    told += [f"{len(answer.hits)} {'papers ' * (not papers)}looked at"] if answer.hits else []
    told += [f"{seconds:.1f} s" if seconds >= 1 else f"{1000 * seconds:.0f} ms"] if answer.timings else []
    if not told:
        return joined([])
    why = tag("button", {"type": "button", "class": "plain", "data-do": "why", "data-turn": turn}, why_title(answer))
    return tag("p", {"class": "summary"}, " · ".join(told), " · ", why)


def _tools(answer: Answer, question: str, *, last: bool) -> Html:
    copies = {"text": as_text(answer), "Markdown": as_markdown(answer), "BibTeX": as_bibtex(cited(answer))}
    buttons = (
        tag("button", {"type": "button", "data-do": "copy", "data-copy": copy, "aria-label": f"Copy as {name}"}, name)
        for name, copy in copies.items()
        if copy
    )
    again = _again(question, instead=True) if last else []
    return tag("div", {"class": "tools"}, *again, tag("span", {"class": "copies"}, "Copy as ", *buttons))


def _again(question: str, *, instead: bool) -> list[Html]:
    given: Attributes = {"type": "button", "data-question": question, "data-again": "true" if instead else "false"}
    return [
        tag("button", {**given, "data-do": "retry"}, "Ask again"),
        tag("button", {**given, "data-do": "edit"}, "Edit question"),
    ]
