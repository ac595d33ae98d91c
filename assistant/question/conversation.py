"""Turns a follow-up question into a self-contained one, from the earlier turns of the conversation.

A follow-up refers to a paper of the conversation, and the self-contained question names that paper by its title: `and
how big is it?` becomes `Regarding “MUVERA: ...”: and how big is it?` If the earlier questions found no paper, or only
a doubtful one, their own words are used instead: `Regarding throat cancer: Is it treatable?`
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Sequence

from ..core.records import Decline, Turn
from ..core.text import STOP_WORDS, content_words, parts, stem

SHORT = 3
"""A question with fewer content words than this cannot stand alone in a conversation."""
MEANT = 4
"""Most papers that a follow-up refers to at once."""
UNSURE = 0.2
"""A follow-up refers to the paper of the last answer only if its relevance is at least this; otherwise the two
questions are joined."""
LOST = Decline(
    "absent",
    "The question before found nothing, so I do not know what this one refers to. Please ask it in full.",
)
ASKED_OF = 12
"""Most chosen papers that a question refers to at once: as many as an answer names."""
LONG = 4
"""Words of its own with which a question changes the subject."""

Names = Callable[[str], Sequence[str]]
"""The names of papers and methods that a question uses."""

# -- wording that refers to something outside the question

_NEW_TOPIC = re.compile(
    r"\b(?:other|another|new|different|separate|unrelated) (?:subject|topic|question|thing|matter)\b"
    r"|\bchang(?:e|ing) (?:of |the )?(?:subject|topic)\b|\bsomething (?:else|different)\b|\bunrelated\b|\bby the way\b",
    re.I,
)
_POINTER = re.compile(
    r"(?:^|\b(?:is|was|did|does|do|on|of|for|with|in|to|from|about|by|at|and|or|but|than|like|how|why|what) )that\b"
    r"|\b(?:it|its|it's|itself|they|them|their|theirs|this|these|those|he|she|his|her|there|one|ones|same|both"
    r"|the (?:two|three|authors?|paper|method|model|approach|other|others|latter|former|result|results|dataset"
    r"|benchmark)|such|so|then|above|mentioned|previous|earlier)\b",
    re.I,
)
_OPENING = re.compile(
    r"^(?:and|but|so|also|or|then|what about|how about|why|how come|how so|since when|ok(?:ay)?,? and)\b", re.I
)
_ORDINALS = {
    "first": 0,
    "1st": 0,
    "former": 0,
    "second": 1,
    "2nd": 1,
    "third": 2,
    "3rd": 2,
    "fifth": 4,
    "last": -1,
    "latter": -1,
}
_ORDINAL = re.compile(
    rf"\bthe ({'|'.join(_ORDINALS)})(?: (?:one|paper|of (?:them|these|those|the two)|method|model|work|result"
    rf"|approach))?\b(?! time)",
    re.I,
)
_WHICH = re.compile(r"\bwhich (?:one|of (?:them|these|those|the two|the three))\b", re.I)
_TWO = re.compile(r"\btwo\b|\bboth\b|\beither\b", re.I)
_BOTH = re.compile(r"\bboth\b", re.I)
_AMONG = re.compile(r"\b(?:ones?|they|them|those|these|which of)\b", re.I)
_BACK = re.compile(
    r"\b(?:is|was|are|were|do|does|did|can|could|has|have|would|will) (?:it|this|that|they|these|those)\b"
    r"|^(?:and |but |so )?(?:it|they|its|their)\b|\b(?:to|with|from|like) (?:it|this|that|them|those)(?=$|[?.,!])",
    re.I,
)
"""A pronoun that a later name does not explain: "is it better than BigNAS?"."""
_BEYOND = re.compile(
    r"\b(?:than|beats?|outperforms?|outdoes|against|over|compared? (?:to|with)) (?:it|this|that|them|those)\b", re.I
)
"""A pronoun that no name explains: "does BigNAS beat it?"."""
_NUMBERED = re.compile(r"(?:\[|\bnumber |\bno\. ?|#)(\d{1,2})\]?")
_SEVERAL = re.compile(
    r"\b(?:they|them|their|these|those|both|all of|the (?:two|three)|each|either|which (?:of|one)|any of"
    r"|the others?)\b",
    re.I,
)
_ANEW = re.compile(
    r"\b(?:are there|is there|any(?:thing|body|one)? (?:here|else)|any other|other papers|which (?:other )?papers"
    r"|what else(?!.*\b(?:this|that|it|they|the paper)\b)|the ones? (?:with|that|about|on|from|where|using|for))\b",
    re.I,
)
_ONE = re.compile(r"\bthe ((?:[\w-]+ ){1,3}?)(?:one|ones|paper|method|model|work|approach|study)\b", re.I)

_ANEW_PAPERS = re.compile(
    r"\b(?:are|is) there (?:any |other |more )*(?:papers?|works?|stud(?:y|ies)|articles?)\b", re.I
)
_OF_PAPERS = re.compile(
    r"^(?:(?:which|what|any|list|show|find|name|how many)\b(?: [\w-]+){0,3}? )?(?:papers|works|studies"
    r"|articles)(?: [\w-]+){2}",
    re.I,
)
"""A question about papers that says what they are about, however short."""
_ONE_THAT = re.compile(r"\bthe ones? (?:with|that|which|about|on|from|where|using|for) ([^,.;?]{3,60})", re.I)
_INSTEAD = re.compile(r"^(?:and|but|or|ok(?:ay)?,?)?\s*(?:what about|how about|and|on|for|with|in)\b\s*", re.I)
_REGARDING = re.compile(r"^Regarding (?P<what>“.*?”(?: and “.*?”)*|[^“:]*): (?P<question>.*)$", re.S)
_ASIDE = " — "
"""Separates a new name from the earlier question that is now asked about it."""


def self_contained(question: str, turns: Sequence[Turn], names: Names) -> str:
    """`question` with its references to earlier turns spelt out; unchanged if it stands alone."""
    cited = [turn for turn in turns if turn.answer.titles]
    if not turns or _NEW_TOPIC.search(question):
        return _without_topic_change(question)
    if _found_nothing(question, turns):
        return _on_the_topic(question, turns, names)
    if not cited or _asks_anew(question, cited):
        return question
    pointing = bool(_POINTER.search(question))
    named = [name for name in names(question) if not (pointing and name.islower())]
    if named and not _INSTEAD.match(question) and not _points_back(question, named):
        return question
    if not depends(question):
        return question
    if named and not _points_back(question, named):
        return _instead(question, named, turns[-1], names)
    if _is_unsure(question, turns[-1]):
        return f"{turns[-1].question} {question}"
    titles = _meant(question, cited)
    return regarding(titles, question) if titles else question


def of_the_chosen(question: str, turns: Sequence[Turn], names: Names, *, chosen: Sequence[str], fits_any: bool) -> str:
    """`self_contained` for a question limited to the papers whose titles are `chosen`.

    It refers to them if it fits any paper (`fits_any`), or if it is short and points at something that no turn about
    them explains.
    """
    kept = [turn for turn in turns if turn.answer.titles and {*turn.answer.titles} <= {*chosen}]
    query = self_contained(question, kept, names)
    points = len(content_words(question)) < SHORT and _POINTER.search(question)
    return regarding(chosen[:ASKED_OF], question) if query == question and (fits_any or points) else query


def regarding(titles: Sequence[str], question: str) -> str:
    """The question, asked about the papers with these titles."""
    return f"Regarding {' and '.join(f'“{title}”' for title in titles)}: {question}"


def is_lost(question: str, turns: Sequence[Turn]) -> bool:
    """Whether a question follows up on one that found nothing."""
    return bool(turns) and not _NEW_TOPIC.search(question) and _found_nothing(question, turns)


def follows_up(question: str, turns: Sequence[Turn]) -> bool:
    """Whether a question refers to an earlier answer."""
    cited = [turn for turn in turns if turn.answer.titles]
    return bool(cited and not _NEW_TOPIC.search(question) and not _asks_anew(question, cited) and depends(question))


def depends(question: str) -> bool:
    """Whether a question refers to something outside itself."""
    return not defines(question) and bool(
        _OPENING.search(question)
        or _ORDINAL.search(question)
        or _NUMBERED.search(question)
        or _POINTER.search(question)
        or (len(content_words(question)) < SHORT and not _OF_PAPERS.search(question))
    )


def bare(question: str) -> str:
    """A question without the words that refer to something outside it."""
    for pointing in (_NUMBERED, _ORDINAL, _ONE, _OPENING, _POINTER):
        question = pointing.sub(" ", question)
    return " ".join(question.split())


def _points_back(question: str, named: Sequence[str]) -> bool:
    """Whether a question that names something also refers to a paper of the conversation."""
    pronoun = _BACK.search(question)
    first = min(map(question.find, named), default=-1)
    return bool(_BEYOND.search(question) or (pronoun and pronoun.start() < first))


def _without_topic_change(question: str) -> str:
    """The question without the words that announce a change of topic."""
    announced = re.match(r"^[^.!?:]{0,40}[.!?:]\s+(?=\S)", question)
    if announced and _NEW_TOPIC.search(announced.group()) and len(question) > announced.end() + 10:
        return question[announced.end() :]
    return question


def _asks_anew(question: str, cited: Sequence[Turn]) -> bool:
    """Whether a question asks what else there is, and refers to none of the cited papers."""
    anew = _ANEW_PAPERS.search(question) or (_ANEW.search(question) and len(content_words(question)) > SHORT)
    return bool(anew) and not _described(question, cited)


def _instead(question: str, named: Sequence[str], last: Turn, names: Names) -> str:
    """The previous question, asked about what this one names ("and on MMWorld?"); a longer question stands alone."""
    if len(content_words(question)) > SHORT + len(named):
        return question
    regarded = _REGARDING.match(last.answer.query)
    before = (regarded["question"] if regarded else last.answer.query).rpartition(_ASIDE)[2]
    replaced = names(before)
    for name in replaced:
        before = before.replace(name, named[0])
    rest = _INSTEAD.sub("", question)
    query = before if replaced and not content_words(rest.replace(named[0], " ")) else f"{rest}{_ASIDE}{before}"
    return f"Regarding {regarded['what']}: {query}" if regarded and replaced else query


def _is_unsure(question: str, last: Turn) -> bool:
    """Whether the paper of the last answer is too doubtful to be what a question refers to."""
    hits = [hit for hit in last.answer.hits if hit.paper.title == last.answer.titles[0]] if last.answer.titles else []
    alone = last.answer.query == last.question and not _ORDINAL.search(question) and not _NUMBERED.search(question)
    return alone and any(0 < hit.relevance < UNSURE for hit in hits)


# -- the papers a follow-up refers to


def _meant(question: str, cited: Sequence[Turn]) -> list[str]:
    """The titles a follow-up refers to: by description or number, or all of the last answer's, or its first.

    [] for a number that none of them has.
    """
    titles = cited[-1].answer.titles
    described = _described(question, cited)
    if described:
        return [described]
    numbered = _NUMBERED.search(question)
    if numbered and 1 <= int(numbered[1]) <= len(titles):
        return [titles[int(numbered[1]) - 1]]
    if numbered:
        return []
    ordinal = _ORDINAL.search(question)
    if ordinal:
        pool = next((turn.answer.titles for turn in reversed(cited) if len(turn.answer.titles) > 1), titles)
        index = _ORDINALS[ordinal[1].casefold()]
        return [pool[index]] if -len(pool) <= index < len(pool) else []
    several = _several(question, cited)
    if _SEVERAL.search(question) and len(several) > 1:
        return _picked(question, several, cited) or several[:MEANT]
    return [titles[0]]


def _several(question: str, cited: Sequence[Turn]) -> list[str]:
    """The titles that "they" refers to.

    If the last answer cites one paper and the question speaks of two, the other is the next best hit. For "both" it
    is the paper of the answer before, if there is one.
    """
    last = cited[-1].answer
    titles = list(last.titles)
    if len(titles) > 1 or not _TWO.search(question):
        return titles
    before = (turn.answer.titles[0] for turn in reversed(cited[:-1] if _BOTH.search(question) else ()))
    hits = (hit.paper.title for hit in last.hits)
    others = (title for title in itertools.chain(before, hits) if title not in titles)
    return titles + list(itertools.islice(others, 1))


def _picked(question: str, titles: Sequence[str], cited: Sequence[Turn]) -> list[str]:
    """The paper that "which of them" asks for: it shares words with the question that the others do not; [] if none."""
    if not _WHICH.search(question):
        return []
    wanted = _starts(question)
    shared = {title: wanted & _starts(f"{title} {_abstracts(cited).get(title, '')}") for title in titles}
    best, second = sorted(shared.values(), key=len, reverse=True)[:2]
    return [title for title in titles if shared[title] == best][:1] if len(best) > len(second) else []


def _described(question: str, cited: Sequence[Turn]) -> str:
    """The cited paper that "the other one", "the self-distilling one" or "the one that uses COCO" refers to, or ""."""
    match = _ONE.search(question) or _ONE_THAT.search(question)
    if not match:
        return ""
    every = list(dict.fromkeys(title for turn in reversed(cited) for title in turn.answer.titles))
    if match[1].casefold().startswith("other") and match.re is _ONE:
        others = [title for title in every if title != cited[-1].answer.titles[0]]
        return others[0] if others else ""
    wanted = _starts(match[1])
    abstracts = _abstracts(cited)
    shared = {title: len(wanted & _starts(f"{title} {abstracts.get(title, '')}")) for title in every}
    best = max(every, key=lambda title: shared[title])
    return best if shared[best] > len(wanted) / 2 else ""


def _abstracts(cited: Sequence[Turn]) -> dict[str, str]:
    return {hit.paper.title: hit.paper.abstract for turn in cited for hit in turn.answer.hits}


def _starts(text: str) -> set[str]:
    """The beginnings of the content words: enough to match "self-distilling" with "self-distillation"."""
    return {stem(piece)[:5] for word in content_words(text) for piece in (word, *parts(word)) if len(piece) > 2}


# -- the topic of questions that found no paper

_OF_ANYTHING = frozenset(
    """tell know mean means happen happens happened main important common best popular better good bad kind kinds type
    types sort difference differences different way ways role purpose history origin significance impact effect effects
    benefit benefits advantage advantages disadvantages cause causes symptom symptoms treatment compare related
    relationship made make makes help used many much long often big large explain describe interesting okay ok wow cool
    really oh thanks heard said think need start new first last famous known notable example examples thing things
    people person time day year reason reasons name called deal like sound sounds talk led seem seems consider cost
    wonder wondering saw lot lots choose developed based come came found besides i've i’ve i'm i’m i’d let’s let's
    don’t don't didn't""".split()
)
"""Words that fit any subject and name none."""
_INTRODUCED = re.compile(
    r"^(?:(?:ok(?:ay)?|so|and|but|interesting|thanks|cool|really|wow|hmm?)[,.!?]? )*"
    r"(?P<form>(?:what|who)(?:'s|’s| is| are| was| were)|tell(?: me)?(?: more)? about|describe|explain"
    r"|(?:what|how) about)"
    r"(?P<article> an?| the)? (?P<thing>(?:[\w’'/-]+ ?){1,4})[?.!]*$",
    re.I,
)
"""A question that only asks what something is."""
_POINTING = re.compile(
    r"\b(?:its?|it's|they|them|their|th(?:is|at|ese|ose)|he|she|his|her|ones?|others?|there|same|such|two)\b", re.I
)
_TOKEN = re.compile(r"\w[\w'’.-]*\w|\w|[^\w\s]")
_OF = re.compile(r".*\b(?:of|about)\b(?P<thing>.+)", re.S)


def _found_nothing(question: str, turns: Sequence[Turn]) -> bool:
    """Whether a question refers to what the previous one asked for and did not find, and to no paper."""
    last = turns[-1].answer
    if last.titles or last.declined is None or last.declined.kind not in ("absent", "invented"):
        return False
    never_cited = not any(turn.answer.titles for turn in turns)
    among = not _REGARDING.match(last.query) and _AMONG.search(question)
    return bool(depends(question) and (never_cited or among) and not _OF_PAPERS.search(question))


def _on_the_topic(question: str, turns: Sequence[Turn], names: Names) -> str:
    """The question, asked about the topic of the turns since the last answer."""
    since = itertools.takewhile(lambda turn: not turn.answer.titles, reversed(turns))
    about = topic([(turn.question, depends(turn.question)) for turn in reversed(list(since))])
    return f"Regarding {about}: {question}" if about and not names(question) else question


def defines(question: str) -> bool:
    """Whether a question only asks what something is, and names it: "What is taurine?"."""
    match = _INTRODUCED.match(question.strip())
    about = match and match["form"].casefold().endswith("about") and not match["form"].casefold().startswith("tell")
    if not match or about or (match["article"] or "").strip().casefold() == "the":
        return False
    one_word = match["form"].casefold().endswith("re") and len(match["thing"].split()) == 1
    return bool(_introduced(question)) and not one_word  # "What are limitations?" asks about something else


def topic(questions: Iterable[tuple[str, bool]]) -> str:
    """The topic of a conversation: its subject, and the thing that came up last.

    Each question comes with whether it refers to those before it.

    >>> topic([("What is throat cancer?", False), ("Is it treatable?", True), ("What about Botox?", True)])
    'throat cancer and Botox'
    """
    subject = latest = ""
    for question, points in questions:
        new = _introduced(question)
        if not subject or (not points and len(_own(question)) >= LONG):
            subject, latest = new or _subject(question), ""
        elif new and new != subject:
            latest = new
    return " and ".join(filter(None, (subject, latest)))


def _introduced(question: str) -> str:
    """The thing that a question brings up: all that it asks about, or a capitalised name; "" if there is none."""
    sentences = [part for part in re.split(r"(?<=[.!?])\s+", question) if _own(part)]
    match = _INTRODUCED.match(sentences[-1].strip()) if sentences else None
    if match and not _POINTING.search(sentences[-1]):
        own = _own(match["thing"])
        if own and own == content_words(match["thing"]):
            return " ".join(own)
    names = [run for run in _runs(question) if any(word[0].isupper() and _within(word, question) for word in run)]
    return " ".join(names[-1]) if names else ""


def _subject(question: str) -> str:
    """The subject of a question by its position: what follows its last "of" or "about", or comes first."""
    after = _OF.match(question)
    runs = (_runs(after["thing"]) if after else []) or _runs(question)
    return " ".join(runs[0]) if runs else ""


def _own(text: str) -> list[str]:
    """The content words that name something."""
    return [word for word in content_words(text) if not _is_general(word)]


def _is_general(word: str) -> bool:
    return word.casefold() in _OF_ANYTHING or word.isdigit()


def _within(word: str, question: str) -> bool:
    """Whether a word stands inside a sentence, where a capital means something."""
    before = question[: question.find(word)].rstrip()
    return bool(before) and before[-1] not in ".!?:"


def _runs(text: str) -> list[list[str]]:
    """The runs of adjacent words that name something."""
    runs: list[list[str]] = [[]]
    for token in _TOKEN.findall(text):
        word = re.sub(r"['’]s$", "", token)
        if word[0].isalnum() and word.casefold() not in STOP_WORDS and not _is_general(word):
            runs[-1].append(word)
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if run]
