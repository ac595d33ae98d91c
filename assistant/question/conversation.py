"""Earlier turns in, what a later one can refer to out: papers, in order, and questions.

The wording of a turn only hints at what it refers to; `search.following` makes the readings and lets what each of them
finds decide. A question about given papers names them by their titles: `and how big is it?` about MUVERA becomes
`Regarding “MUVERA: ...”: and how big is it?`
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..core.records import Claim, Decline, Paper, Turn
from ..core.text import content_words, words
from ..index.names import names_of

ASKED_OF = 12
"""Most papers that a question refers to at once: as many as an answer names."""
LOST = Decline(
    "absent",
    "The question before found nothing, so I do not know what this one refers to. Please ask it in full.",
)
CUES = {
    name: frozenset(listed.split())
    for name, listed in {
        "pointer": "it its it's this that he she his her there the one",
        "group": "they them their these those each all ones among either",
        "pair": "both two either",
        "others": "other others else another besides",
        "more": "more elaborate detail details further continue expand",
        "only": "only just restrict limit narrow keep ones those",
        "against": "compare compared comparison differ different differs difference differentiate"
        " versus vs relate than",
        "shorter": "short shorter shortly brief briefly line sentence simple simpler simply condense summarise"
        " summarize tldr dummies",
        "reason": "why how come explains",
    }.items()
}
"""Words that hint at how a turn goes on; how much each hint weighs is fitted (`eval/talks.py`)."""
FEW = 3
"""A turn with fewer words of its own says little by itself."""
_JOINING = frozenset("and but so or also then ok okay what for on".split())
_ORDINALS = {
    **{"first": 0, "1st": 0, "former": 0, "second": 1, "2nd": 1, "third": 2, "3rd": 2, "fourth": 3, "4th": 3},
    **{"fifth": 4, "5th": 4, "last": -1, "latter": -1},
}
_NUMBERED = re.compile(r"(?:\[|\bnumber |\bno\. ?|#)(\d{1,2})\]?")
_FIRST_FEW = {"two": 2, "three": 3, "four": 4}
_BRIEF = re.compile(
    r"\bin (?:one|1|a single|just one|only one|a few|few) (?:short |plain )?(?:sentence|line|words)\b", re.I
)
_REGARDING = re.compile(r"^Regarding (?P<what>“.*?”(?: and “.*?”)*): (?P<question>.*)$", re.S)


@dataclass(frozen=True, slots=True)
class Earlier:
    """What a turn can refer to.

    last: the titles of the last answer that cites a paper, in order. several: of the last one that cites more than one,
    or of the last two that cite one each. seen: all of them, the latest first. topic: the last question that was not
    about given papers. before: the last question, without the papers that it was about. quoted: what was quoted so far;
    left_out: what the answers had more to quote.
    """

    last: tuple[str, ...] = ()
    several: tuple[str, ...] = ()
    seen: tuple[str, ...] = ()
    topic: str = ""
    before: str = ""
    quoted: frozenset[str] = frozenset()
    left_out: frozenset[str] = frozenset()


def earlier(turns: Sequence[Turn]) -> Earlier:
    """What a turn after these can refer to."""
    cited = [_in_order(turn) for turn in reversed(turns) if turn.answer.titles]
    seen = tuple(dict.fromkeys(itertools.chain.from_iterable(cited)))
    queries = [turn.answer.query for turn in reversed(turns)]
    return Earlier(
        last=cited[0] if cited else (),
        several=next((titles for titles in cited if len(titles) > 1), seen[1::-1] if len(seen) > 1 else ()),
        seen=seen,
        topic=next((query for query in queries if not _REGARDING.match(query)), bare(queries[-1]) if queries else ""),
        before=bare(queries[0]) if queries else "",
        quoted=_quotes(claim for turn in turns for claim in turn.answer.claims),
        left_out=_quotes(claim for turn in turns for claim in turn.answer.more),
    )


def _quotes(claims: Iterable[Claim]) -> frozenset[str]:
    return frozenset(citation.quote for claim in claims for citation in claim.citations)


def _in_order(turn: Turn) -> tuple[str, ...]:
    """The cited titles in the order of the answer; those of a comparison in the order in which it names them."""
    if turn.answer.kind != "compare":
        return turn.answer.titles
    papers = [source.paper for source in turn.answer.sources]
    every = [_called(paper) for paper in papers]
    asked = f" {' '.join(words(turn.answer.query.casefold()))} "

    def place(paper: Paper) -> int:
        shared = {name for names in every if names != _called(paper) for name in names}
        places = (asked.find(f" {name} ") for name in _called(paper) - shared)
        return min((at for at in places if at >= 0), default=len(asked))

    return tuple(paper.title for paper in sorted(papers, key=place))


def _called(paper: Paper) -> frozenset[str]:
    """What a question may call a paper: its names, and the content words of its title."""
    names = (" ".join(words(name.casefold())) for name in names_of(paper))
    return frozenset((*names, *content_words(paper.title.casefold())))


def numbered(question: str, talk: Earlier) -> tuple[str, ...]:
    """The titles that a turn refers to by number or order: "[2]", "the latter", "the first two"; () if none."""
    if match := _NUMBERED.search(question):
        return talk.last[int(match[1]) - 1 : int(match[1])] if int(match[1]) else ()
    asked = [word.casefold() for word in words(question)]
    for word, after in itertools.zip_longest(asked, asked[1:]):
        if word in ("first", "last") and after in _FIRST_FEW:
            few = _FIRST_FEW[after]
            return talk.several[:few] if word == "first" else talk.several[-few:]
        if word in _ORDINALS and after != "time":
            place = _ORDINALS[word] % len(talk.several) if word in ("last", "latter") and talk.several else None
            start = _ORDINALS[word] if place is None else place
            return talk.several[start : start + 1]
    return ()


def regarding(titles: Sequence[str], question: str) -> str:
    """The question, asked about the papers with these titles."""
    return f"Regarding {' and '.join(f'“{title}”' for title in titles[:ASKED_OF])}: {question}"


def bare(query: str) -> str:
    """A question without the papers that it is about."""
    match = _REGARDING.match(query)
    return match["question"] if match else query


def joined(before: str, question: str) -> str:
    """Two questions, one after the other: the second goes on from the first."""
    return f"{before}{'' if before[-1:] in '.!?' else '.'} {question}" if before else question


def is_brief(question: str) -> bool:
    """Whether a question says that a sentence or a few words will do."""
    return bool(_BRIEF.search(question))


def own_words(question: str) -> list[str]:
    """The content words of a turn that are no cue, and do not say how long the answer is to be."""
    cues = frozenset().union(*CUES.values(), _ORDINALS, _FIRST_FEW)
    return [word for word in content_words(_BRIEF.sub(" ", question)) if word.casefold() not in cues]


def cues(question: str) -> dict[str, float]:
    """How a turn is worded: which cues it has, and how much of it refers to something outside it."""
    asked = [word.casefold() for word in words(question)]
    own = own_words(question)
    return {
        **{name: float(not group.isdisjoint(asked)) for name, group in CUES.items()},
        "shorter": float(is_brief(question) or not CUES["shorter"].isdisjoint(asked)),
        "joining": float(asked[:1] != [] and asked[0] in _JOINING),
        "own": min(len(own), 8) / 8,
        "nothing_own": float(not own),
        "share": len(own) / max(1, len(asked)),
    }


def points(question: str) -> bool:
    """Whether a turn is short and points at something outside it: "how big is it?"."""
    worded = cues(question)
    return bool(worded["pointer"] or worded["group"]) and len(own_words(question)) < FEW


def is_lost(turns: Sequence[Turn]) -> bool:
    """Whether the last question found nothing, and no earlier one cites a paper."""
    declined = turns[-1].answer.declined if turns else None
    nothing = declined is not None and declined.kind in ("absent", "invented")
    return nothing and not any(turn.answer.titles for turn in turns)
