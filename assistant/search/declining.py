"""Why a question has no answer here, or None.

A topic or name that the library has nothing on is absent or invented, what the right abstract does not state is
unstated, and what is not a question about papers is off-corpus. A decline names the nearest papers.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from ..core.logistic import model
from ..core.records import Decline, Hit
from ..index.names import closest_titles, is_title, key, unnamed
from ..question.understanding import FOR_THE_DESK, Asked
from .answering import ONE_PAPER, SENTENCES, WORDS, answered, decides
from .relevance import probabilities
from .retrieval import SURELY

EMPTY = Decline("empty", "There are no papers here yet. Add papers with: assistant ingest PATH...")
OFF_CORPUS = ("instruction", "talk")
"""The kinds of message that ask nothing of the papers; wording alone tells the two apart badly."""
NOT_OF_PAPERS = "I only answer from the papers here. Ask what they say about a topic, a method or a result."
ABROAD = Decline(
    "absent",
    "The question does not seem to be in English, and no paper here clearly matches its names and words. "
    "Please ask it in English.",
)
NEAREST = 3
"""Most papers named as the nearest."""
UNMET = 0.1
"""If no hit of a list that excludes something is more relevant than this, nothing meets the condition."""
FAINT = 0.1
"""A question is not about a chosen paper that is less relevant than this among all papers. That declines 1 in 11
questions about the right paper, 9 in 10 about the one most like it, and 44 in 45 about one at random."""
BY_WORDS = 0.25
"""Without vectors, the share of the rarity of a question's words that the best hit must cover. On the fitting questions
that declines 16 of 246 answerable ones, and 9 of 19 on topics that are not here."""
_CALLED = re.compile(
    r"\b(?:the|that|this|a) (?:paper|article|abstract|thesis),? (?:(?:(?:that |which )?is )?"
    r"(?:called|titled|entitled|named) )?"
    r"(?:“([^”]{3,200})”|\"([^\"]{3,200})\"|„([^“”]{3,200})[“”]|«([^»]{3,200})»|['‘]([^'’]{3,200})['’](?!\w))"
    r"|\bthe (?:paper|article) (?:called|titled|entitled|named) (?-i:(?=[A-Z]))([^?!“”\"]{2,200}?)"
    r"(?=(?: (?:about|say|find|show|do|propose|claim|report|introduce|present|conclude|describe|argue|study|use))?"
    r"[.?!]?$)",
    re.I,
)
"""A question that gives the title of a paper; without quotation marks the title goes on to the end."""
_HALF_REMEMBERED = re.compile(
    r"\bor (?:similar|so|something)\b|\bsomething\b|\broughly\b|\bmaybe\b|\bperhaps\b|\bremember\b|\brecall\b"
    r"|\bforg[eo]t\w*|\bexact\w*|\blooking for\b|\bthere (?:was|is)\b",
    re.I,
)


def decline(asked: Asked, hits: Sequence[Hit]) -> Decline | None:
    """Why the question has no answer here, or None; the surest gate comes first."""
    nearest = tuple(hit.paper.title for hit in hits[:NEAREST])
    if asked.kind in FOR_THE_DESK:
        return None
    if asked.kind in OFF_CORPUS:
        return Decline("off-corpus", NOT_OF_PAPERS)
    if outside := _outside(asked, nearest):
        return outside
    if asked.nowhere and not asked.unknown:
        plural = "s" if len(asked.nowhere) > 1 else ""
        quoted = " or ".join(f"“{word}”" for word in asked.nowhere)
        return Decline("absent", f"No paper here has the word{plural} {quoted}.")
    if asked.everything and hits:
        return None
    if not hits:
        return Decline("absent", f"Nothing in {_searched(asked)} is about that.")
    return (
        _wrong_title(asked, hits)
        or _invented(asked, hits, nearest)
        or _in_another_language(asked, hits)
        or _beside(asked, hits)
        or _unmet(asked, hits)
        or _unstated(asked, hits, nearest)
        or _absent(asked, hits, nearest)
    )


def _outside(asked: Asked, nearest: tuple[str, ...]) -> Decline | None:
    """The decline for authors, times or filters that no paper here has or passes."""
    if asked.strangers:
        return Decline("absent", f"No paper here is by {' or '.join(asked.strangers)}.{_nearest(nearest)}", nearest)
    if asked.undated:
        return Decline("absent", f"No paper here has a date, so I cannot tell which of them are “{asked.undated}”.")
    if asked.where and not asked.allowed:
        return Decline("absent", f"There are no papers here {', '.join(one.words for one in asked.where)}.")
    return None


def _wrong_title(asked: Asked, hits: Sequence[Hit]) -> Decline | None:
    """The decline for a question that gives a title which none of the most similar papers has."""
    match = _CALLED.search(asked.text)
    title = next(filter(None, match.groups()), "").strip(" .,;:?!") if match else ""
    titles = [hit.paper.title for hit in hits]
    limited = asked.papers is not None or asked.sources is not None or asked.where  # the paper may be one of the others
    if not title or limited or _HALF_REMEMBERED.search(asked.text.replace(title, "")):
        return None
    if any(key(title) == key(name.text) for name in asked.named) or is_title(title, titles):
        return None
    nearest = tuple(closest_titles(title, titles))
    return Decline("invented", f"No paper here is called “{title}”.{_nearest(nearest)}", nearest)


def _invented(asked: Asked, hits: Sequence[Hit], nearest: tuple[str, ...]) -> Decline | None:
    """The decline for a name that no paper here mentions."""
    missing = [name for name in asked.unknown if all(unnamed([name], hit.paper) for hit in hits)]
    if not missing:
        return None
    names = " or ".join(missing)
    if hits[0].signals.named == SURELY:
        return Decline("unstated", f"The abstract of “{hits[0].paper.title}” does not mention {names}.", nearest)
    return Decline("invented", f"No paper here mentions {names}.{_nearest(nearest)}", nearest)


def _in_another_language(asked: Asked, hits: Sequence[Hit]) -> Decline | None:
    """The decline for a question that is not in English, if no name or word of it leads to a paper."""
    surely = hits[0].signals.named == SURELY or hits[0].relevance >= model("single").threshold
    return None if not asked.foreign or asked.papers is not None or surely else ABROAD


def _unstated(asked: Asked, hits: Sequence[Hit], nearest: tuple[str, ...]) -> Decline | None:
    """The decline for what the best hit, or the paper that a question names, is about but does not seem to say."""
    top = hits[0]
    named = top.signals.named == SURELY
    if not decides(asked, hits) or answered(asked, hits) or not (named or top.relevance >= model("single").threshold):
        return None
    best = max(top.evidence, key=lambda sentence: sentence.signals.answers).text
    title = f"“{top.paper.title}”"
    says = f"The abstract of {title}" if named else f"{title} comes nearest, but its abstract"
    return Decline("unstated", f"{says} does not seem to say that. The nearest it says: “{best}”", nearest)


def _beside(asked: Asked, hits: Sequence[Hit]) -> Decline | None:
    """The decline for a name that few papers mention, if the best hit is none of them."""
    if asked.kind not in ONE_PAPER or asked.leads_on:
        return None
    for name in asked.named:
        bearers = [hit.paper for hit in hits if hit.paper.id in name.paper_ids]
        if name.exact or hits[0].paper in bearers or not any(not unnamed([name.text], paper) for paper in bearers):
            continue
        titles = tuple(paper.title for paper in bearers)
        message = f"The abstracts that mention {name.text} do not seem to say that."
        return Decline("unstated", f"{message}{_nearest(titles)}", titles)
    return None


def _unmet(asked: Asked, hits: Sequence[Hit]) -> Decline | None:
    """The decline for a list all of whose probable papers are about what it excludes."""
    if not asked.broken_by or hits[0].relevance >= UNMET:
        return None
    titles = asked.broken_by[:NEAREST]
    excluded = " or ".join(f"“{what}”" for what in asked.left_out)
    named = "; ".join(f"“{title}”" for title in titles)
    return Decline(
        "absent", f"Nothing here seems to meet that condition. On the topic, but about {excluded}: {named}.", titles
    )


def _absent(asked: Asked, hits: Sequence[Hit], nearest: tuple[str, ...]) -> Decline | None:
    """The decline for a topic that the library, or the chosen papers, have nothing on."""
    named = hits[0].signals.named == SURELY
    elsewhere = asked.papers is not None and hits[0].relevance < FAINT and not named
    about = named or asked.foreign or _about(asked, hits)
    if about and not elsewhere and (not decides(asked, hits) or answered(asked, hits)):
        return None
    searched, one = _searched(asked), _count(asked) == 1
    message = f"{searched[0].upper()}{searched[1:]} {'does' if one else 'do'} not seem to say anything about that."
    if asked.papers and one:
        return Decline("absent", message, nearest)
    return Decline("absent", f"{message}{_nearest(nearest)}", nearest)


def _about(asked: Asked, hits: Sequence[Hit]) -> bool:
    """Whether the library has anything on a question."""
    if not hits[0].signals.maxsim:  # there are no vectors
        return hits[0].signals.coverage >= BY_WORDS
    if asked.several:
        topic = model("topic")
        return topic.probability(features_of_list(asked, hits)) >= topic.threshold
    fitted = model("answers")
    return fitted.probability(features(asked, hits)) >= fitted.threshold


def nothing_stood(hits: Sequence[Hit]) -> Decline:
    """The decline for a draft none of whose sentences passed the checks."""
    nearest = tuple(hit.paper.title for hit in hits[:NEAREST])
    message = "Nothing that was written could be verified against the papers, so none of it is shown."
    return Decline("unstated", f"{message}{_nearest(nearest)}", nearest)


def within(declined: Decline, asked: Asked) -> Decline:
    """The decline; if only some papers were looked at, it says so."""
    searched, one = _searched(asked), _count(asked) == 1
    unlimited = asked.papers is None and not asked.allowed
    if declined.kind == "off-corpus" or unlimited or (asked.papers is None and searched[1:] in declined.message):
        return declined
    return replace(declined, message=f"{declined.message} Only {searched} {'was' if one else 'were'} looked at.")


def _count(asked: Asked) -> int | None:
    """How many papers a question is limited to; None without a limit."""
    limits = asked.allowed if asked.papers is None else asked.papers
    return None if limits is None else len(limits)


def _searched(asked: Asked) -> str:
    if asked.papers is not None:
        return "the chosen paper" if len(asked.papers) == 1 else f"the {len(asked.papers)} chosen papers"
    return f"the {asked.filtered}" if asked.where else "the papers here"


def features(asked: Asked, hits: Sequence[Hit]) -> dict[str, float]:
    """What the model for the last gate sees of a question and its best hit."""
    top = hits[0]
    return {
        "alone": max(probabilities(hits, "single")) if asked.several else top.relevance,
        "maxsim": top.signals.maxsim,
        "pair": top.signals.pair,
        "words": min(len(asked.text.split()), WORDS) / WORDS,
        "sentences": min(len(top.evidence), SENTENCES) / SENTENCES,
        "named": float(bool(asked.named)),
        "count": float(asked.kind == "count"),
    }


def features_of_list(asked: Asked, hits: Sequence[Hit]) -> dict[str, float]:
    """What the model for the topic of a list sees of the question and its hits, any of which may be on the topic."""
    signals = [hit.signals for hit in hits]
    likeliest = sorted((hit.relevance for hit in hits), reverse=True)
    return {
        "best": likeliest[0],
        "third": likeliest[:3][-1],
        "maxsim": max(one.maxsim for one in signals),
        "weighted": max(one.weighted for one in signals),
        "pair": max(one.pair for one in signals),
        "words": min(len(asked.text.split()), WORDS) / WORDS,
        "named": float(bool(asked.named)),
        "count": float(asked.kind == "count"),
    }


def _nearest(titles: Sequence[str]) -> str:
    return f" The nearest are {'; '.join(f'“{title}”' for title in titles)}." if titles else ""
