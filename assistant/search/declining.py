"""A question and its hits in, why there is no answer out, or None.

Topic, statement and answer are three gates. What the library has nothing like is absent or invented; what the
right abstract does not state is unstated; what is no question for papers is off the corpus. Each says what
came nearest.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from ..core.logistic import model
from ..core.records import Decline, Hit
from ..index.names import closest_titles, is_title, key
from ..question.understanding import Asked
from .particulars import unnamed, unstated, untried
from .relevance import SURELY, probabilities

EMPTY = Decline("empty", "There are no papers here yet. Add listing files with: assistant ingest PATH...")
NEAREST = 3
"""Papers named as the nearest."""
FAINT = 0.1
"""A chosen paper less relevant than this, beside all that are held, is not what a question is about: of the questions
put to the paper next to the right one 9 in 10 are declined, to one at random 44 in 45, to the right one 1 in 11."""
WORDS, SENTENCES = 25, 20
"""Of a question and of an abstract, as many as tell: the fewer of the one and the more of the other, the more likely
two of them are alike by chance."""
BY_WORDS = 0.25
"""Share of the rarity of a question's words that the best hit must hold where nothing else is known of it: on the
fitting questions 16 of 246 answerable ones are declined so, and 9 of 19 on what is not here."""
_CALLED = re.compile(
    r"\b(?:the|that|this|a) (?:paper|article|abstract|thesis),? (?:(?:(?:that |which )?is )?"
    r"(?:called|titled|entitled|named) )?"
    r"(?:“([^”]{3,200})”|\"([^\"]{3,200})\"|„([^“”]{3,200})[“”]|«([^»]{3,200})»|['‘]([^'’]{3,200})['’](?!\w))"
    r"|\bthe (?:paper|article) (?:called|titled|entitled|named) (?-i:(?=[A-Z]))([^?!“”\"]{2,200}?)"
    r"(?=(?: (?:about|say|find|show|do|propose|claim|report|introduce|present|conclude|describe|argue|study|use))?"
    r"[.?!]?$)",
    re.I,
)
"""How a question says what the title of a paper is; without quotation marks it goes on to the end."""
_HALF_REMEMBERED = re.compile(
    r"\bor (?:similar|so|something)\b|\bsomething\b|\broughly\b|\bmaybe\b|\bperhaps\b|\bremember\b|\brecall\b"
    r"|\bforg[eo]t\w*|\bexact\w*|\blooking for\b|\bthere (?:was|is)\b",
    re.I,
)
ONE_PAPER = ("fact", "figure", "summary")
"""The kinds of question whose particulars one abstract must state."""


def decline(asked: Asked, hits: Sequence[Hit]) -> Decline | None:
    """Why the question has no answer here; the gates stand in order of certainty."""
    nearest = tuple(hit.paper.title for hit in hits[:NEAREST])
    if asked.kind == "instruction":
        return Decline("off-corpus", "That is an instruction, not a question. I only report what the papers here say.")
    if asked.kind == "talk":
        return Decline("off-corpus", "That is not a question for a library of papers. Ask me what the papers here say.")
    if asked.nowhere and not asked.unknown:
        return Decline("absent", f"No paper here has the {_word(asked.nowhere)}.")
    if not hits:
        return Decline("absent", f"Nothing in {_searched(asked)} is about that.")
    return (
        _uncalled(asked, hits)
        or _invented(asked, hits, nearest)
        or _unstated(asked, hits[0], nearest)
        or _beside(asked, hits)
        or _absent(asked, hits, nearest)
    )


def _uncalled(asked: Asked, hits: Sequence[Hit]) -> Decline | None:
    """What is said of a title that the question quotes and none of the papers bears that are most like it."""
    found = _CALLED.search(asked.text)
    title = next(filter(None, found.groups()), "").strip(" .,;:?!") if found else ""
    titles = [hit.paper.title for hit in hits]
    kept = asked.papers is not None or asked.sources is not None  # the paper may be held beside those looked at
    if not title or kept or _HALF_REMEMBERED.search(asked.text.replace(title, "")):
        return None
    if any(key(title) == key(named.text) for named in asked.named) or is_title(title, titles):
        return None
    nearest = tuple(closest_titles(title, titles))
    return Decline("invented", f"No paper here is called “{title}”.{_came(nearest)}", nearest)


def _invented(asked: Asked, hits: Sequence[Hit], nearest: tuple[str, ...]) -> Decline | None:
    missing = [name for name in asked.unknown if all(unnamed([name], hit.paper) for hit in hits)]
    if not missing or asked.kind == "lookup":
        return None
    names = " or ".join(missing)
    return Decline("invented", f"No paper here mentions {names}.{_came(nearest)}", nearest)


def _unstated(asked: Asked, top: Hit, nearest: tuple[str, ...]) -> Decline | None:
    if asked.kind not in ONE_PAPER:
        return None
    missing = unstated(asked.text, top.paper)
    means_top = {i for named in asked.named if named.exact for i in named.paper_ids} == {top.paper.id}
    if means_top:
        names = [named.text for named in asked.named]
        missing += [*unnamed(asked.coined, top.paper), *untried(asked.text, names, top.paper)]
    if not missing:
        return None
    said = max(top.evidence, key=lambda told: told.signals["answers"]).text
    message = f"The abstract of “{top.paper.title}” does not state {listed(missing)}. The nearest it says: “{said}”"
    return Decline("unstated", message, nearest)


def _beside(asked: Asked, hits: Sequence[Hit]) -> Decline | None:
    """What is said of a name that few papers mention, where the best hit, none of them, speaks of something else."""
    if asked.kind not in ONE_PAPER or asked.leads_on:
        return None
    for named in asked.named:
        bearers = [hit.paper for hit in hits if hit.paper.id in named.paper_ids]
        if named.exact or hits[0].paper in bearers or not any(not unnamed([named.text], paper) for paper in bearers):
            continue
        said = f"The abstracts that mention {named.text} do not seem to say that."
        return Decline("unstated", f"{said}{_came(titles := tuple(paper.title for paper in bearers))}", titles)
    return None


def _word(strange: Sequence[str]) -> str:
    return f"word{'s' if len(strange) > 1 else ''} {listed([f'“{word}”' for word in strange])}"


def listed(names: Sequence[str]) -> str:
    """`a, b or c`; what another of the names says already is said once."""
    once = list({name.casefold(): name for name in names}.values())
    told = [name for name in once if not any(name.casefold() in o.casefold() for o in once if o is not name)]
    return " or ".join(filter(None, (", ".join(told[:-1]), told[-1])))


def _absent(asked: Asked, hits: Sequence[Hit], nearest: tuple[str, ...]) -> Decline | None:
    called = hits[0].signals["named"] == SURELY
    elsewhere = asked.papers is not None and hits[0].relevance < FAINT
    about = asked.foreign or _about(asked, hits)
    if called or (about and not elsewhere):
        return None
    if asked.papers and len(asked.papers) == 1:
        return Decline("absent", "The chosen paper does not seem to say anything about that.", nearest)
    message = f"{_searched(asked).capitalize()} do not seem to say anything about that."
    return Decline("absent", f"{message}{_came(nearest)}", nearest)


def _about(asked: Asked, hits: Sequence[Hit]) -> bool:
    """Whether the library has anything on a question."""
    if not hits[0].signals["maxsim"]:  # papers are searched by words alone
        return hits[0].signals["coverage"] >= BY_WORDS
    fitted = model("answers")
    return fitted.probability(features(asked, hits)) >= fitted.threshold


def nothing_stood(hits: Sequence[Hit]) -> Decline:
    """The decline for a draft of which no sentence passed the checks."""
    nearest = tuple(hit.paper.title for hit in hits[:NEAREST])
    message = "What was written could not be held against the words of the papers, so none of it is shown."
    return Decline("unstated", f"{message}{_came(nearest)}", nearest)


def within(declined: Decline, asked: Asked) -> Decline:
    """The decline, which says so where the question kept to chosen papers."""
    if asked.papers is None or declined.kind == "off-corpus":
        return declined
    were = "was" if len(asked.papers) == 1 else "were"
    return replace(declined, message=f"{declined.message} Only {_searched(asked)} {were} looked at.")


def _searched(asked: Asked) -> str:
    if asked.papers is None:
        return "the papers here"
    return "the chosen paper" if len(asked.papers) == 1 else f"the {len(asked.papers)} chosen papers"


def features(asked: Asked, hits: Sequence[Hit]) -> dict[str, float]:
    """What the model sees that tells whether the library has anything on a question."""
    top = hits[0]
    return {
        "alone": max(probabilities(hits, "single")) if asked.several else top.relevance,
        "maxsim": top.signals["maxsim"],
        "pair": top.signals["pair"],
        "words": min(len(asked.text.split()), WORDS) / WORDS,
        "sentences": min(len(top.evidence), SENTENCES) / SENTENCES,
        "named": float(bool(asked.named)),
        "count": float(asked.kind == "count"),
    }


def _came(nearest: Sequence[str]) -> str:
    if not nearest:
        return ""
    return f" The nearest are {'; '.join(f'“{title}”' for title in nearest)}."
