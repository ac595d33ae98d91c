"""A small invented library, and assistants that are right or have one known fault, to test the scorer with.

Each fault must lower the measures it concerns and no others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from assistant.core.errors import AssistantError
from assistant.core.records import Answer, Citation, Claim, Decline, Hit, Paper, Passage

from .questions import Nugget, Question

PAPERS = (
    Paper(
        "MossNet: Reading Lichen From Photographs",
        "Lichens are hard to tell apart by eye. We present MossNet, a network that names 412 lichens from phone "
        "pictures. It runs at 35 pictures a second on a phone.",
    ),
    Paper(
        "A Field Guide Corpus for Lichen Recognition",
        "We collect LichenBook, 90,000 labelled pictures of lichens from nine countries. Botanists checked every "
        "label. The corpus is split by country.",
    ),
    Paper(
        "TideClock: Forecasting Harbour Water Levels",
        "TideClock forecasts the water level of a harbour two days ahead. A state-space model replaces harmonic "
        "analysis. Mean error falls from 11 cm to 6.5 cm.",
    ),
    Paper(
        "Kelp Mapping With Radar",
        "Radar sees kelp through clouds. Our map covers 3,000 km of coast. Harmonic features of the tide remove "
        "false alarms.",
    ),
    Paper(
        "GraftTree: Merging Decision Trees",
        "GraftTree joins two decision trees into one without the training data. The merged tree is half the size. "
        "Accuracy drops by 1.2 points.",
    ),
    Paper(
        "Boosted Stumps Revisited",
        "Boosted stumps rival deep trees on small tables. Training takes 4 seconds. They lose on tables with many "
        "interactions.",
    ),
)
"""Six papers that do not exist."""

_MOSS, _BOOK, _TIDE, _KELP, _GRAFT, _STUMPS = (paper.title for paper in PAPERS)


def _nugget(paper: str, *shown_by: str, vital: bool = True) -> Nugget:
    return Nugget(shown_by[0], vital, paper, shown_by)


QUESTIONS = (
    Question("d1", "fact", "Can my phone tell lichens apart?", (_MOSS,), (_BOOK,),
             (_nugget(_MOSS, "MossNet"), _nugget(_MOSS, "412 lichens", vital=False))),
    Question("d2", "figure", "How far off are harbour forecasts now?", (_TIDE,), (), (_nugget(_TIDE, "6.5 cm"),)),
    Question("d3", "list", "Which work deals with lichens?", (_MOSS, _BOOK), (),
             (_nugget(_MOSS, "MossNet"), _nugget(_BOOK, "LichenBook"))),
    Question("d4", "compare", "GraftTree or boosted stumps?", (_GRAFT, _STUMPS), (),
             (_nugget(_GRAFT, "1.2 points"), _nugget(_STUMPS, "4 seconds", vital=False))),
    Question("d5", "named", "What is TideClock?", (_TIDE,), (), (_nugget(_TIDE, "state-space"),),
             (), None, "c1", _TIDE),
    Question("d6", "follow-up", "And what did it replace?", (_TIDE,), (_KELP,), (_nugget(_TIDE, "harmonic analysis"),),
             (), None, "c1", _TIDE),
    Question("d7", "unanswerable", "Who mapped coral reefs?", unanswerable="absent"),
    Question("d8", "unanswerable", "Under which licence is MossNet?", (), (_MOSS,), unanswerable="unstated"),
)  # fmt: skip
"""Eight questions about them, six answerable, two in a conversation."""

ABSTRACTS = {paper.title: paper.abstract for paper in PAPERS}


@dataclass(frozen=True, slots=True)
class Scripted:
    """An assistant, and its own conversation, with a prepared answer to each question."""

    answers: Mapping[str, Answer | AssistantError]

    def ask(self, question: str, /) -> Answer:
        answer = self.answers[question]
        if isinstance(answer, AssistantError):
            raise answer
        return answer

    def conversation(self) -> Scripted:
        return self


def scripted(
    answer: Callable[[Question], Answer | AssistantError], questions: Sequence[Question] = QUESTIONS
) -> Scripted:
    """The assistant that answers every question with `answer`."""
    return Scripted({question.question: answer(question) for question in questions})


def oracle(question: Question) -> Answer:
    """Cites the gold papers and quotes their abstracts; declines what has no answer."""
    if question.unanswerable:
        return decliner(question)
    return _answer(question, [(ABSTRACTS[title], title) for title in question.gold])


def decliner(question: Question) -> Answer:
    """Declines everything; finds what the oracle finds."""
    declined = Decline("absent", "Nothing about it here.")
    return Answer(question.question, question.question, hits=_hits(question), declined=declined)


def silent(question: Question) -> Answer:
    """Neither answers nor declines: makes no claim and cites nothing."""
    return Answer(question.question, question.question, hits=_hits(question))


def swapped(question: Question) -> Answer:
    """Says what the oracle says but cites other papers."""
    if question.unanswerable:
        return decliner(question)
    others = [paper.title for paper in PAPERS if paper.title not in question.gold + question.tolerated]
    claims = [(ABSTRACTS[title], others[place]) for place, title in enumerate(question.gold)]
    return _answer(question, claims)


def inventing(question: Question) -> Answer:
    """Says what the oracle says but cites titles that do not exist."""
    if question.unanswerable:
        return decliner(question)
    return _answer(question, [(ABSTRACTS[title], f"Beyond {title}") for title in question.gold])


def wrong(question: Question) -> Answer:
    """Cites the right papers for something they do not say."""
    if question.unanswerable:
        return decliner(question)
    return _answer(question, [("Quantum bees outperform 77 zebras in Norway.", title) for title in question.gold])


def everything(question: Question) -> Answer:
    """Quotes and cites the whole library, whatever the question."""
    return _answer(question, [(paper.abstract, paper.title) for paper in PAPERS])


def _answer(question: Question, claims: Sequence[tuple[str, str]]) -> Answer:
    return Answer(
        question.question,
        question.question,
        claims=tuple(Claim(text, (_citation(title),)) for text, title in claims),
        hits=_hits(question),
        written_by="double",
    )


def _citation(title: str) -> Citation:
    paper = Paper(title, ABSTRACTS.get(title, "An abstract nobody wrote."))
    return Citation(Passage(paper.id, title, paper.abstract, 0), paper.abstract, 1.0, "quoted")


def _hits(question: Question) -> tuple[Hit, ...]:
    """Gold first, then the rest; relevant if there is an answer."""
    relevance = 0.1 if question.unanswerable else 0.9
    ranked = sorted(PAPERS, key=lambda paper: paper.title not in question.gold)
    return tuple(
        Hit(paper, Passage(paper.id, paper.title, paper.abstract, 0), 1 / rank, relevance / rank)
        for rank, paper in enumerate(ranked, start=1)
    )
