"""A question in, what it asks for out: the kind of answer, the papers it names, the listings it keeps to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from ..core.bounds import QUESTION, bounded
from ..core.errors import QuestionError
from ..core.text import STOP_WORDS, content_words, parts, stem, words
from ..index.names import TOPIC_PAPERS, NameBook, Named, is_version, misspelt_in, name_like, named_in, spellings
from .cues import (
    ABROAD,
    COMPARE,
    COUNT,
    FIGURE,
    FIGURE_ABROAD,
    INSTRUCTION,
    LIKENESS,
    LIMIT,
    LIST,
    LISTING,
    LOOKUP,
    MANY_BY_NAME,
    ONE_EACH,
    PAPERS,
    SECOND_STEP,
    SIDES,
    SINGLE,
    SPELT,
    SUMMARY,
    TALK,
)
from .sides import compares, of_each
from .spelling import Words, spelt_right

Kind = Literal["fact", "figure", "list", "count", "compare", "summary", "lookup", "talk", "instruction"]
SEVERAL = ("list", "count")
"""The kinds of question that want every paper that fits."""

COMMON = 0.007
"""A lower-case word that a larger share of the papers uses is a word, not a name ("fact" against "FACT")."""
TOPIC = 0.018
"""A word written like a name that a larger share of the papers uses is a topic ("LM", "NAS")."""
MOST = 15
"""However many papers there are, a word that more than this many use names none of them."""

_OF_ONE = re.compile(r"^Regarding “[^“”]*”: ")
"""How a question begins that is asked of one paper."""


class Vocabulary(NameBook, Words, Protocol):
    """The seam: names, and how many papers use a word."""

    def __len__(self) -> int:
        """How many papers there are."""
        ...

    def document_counts(self, stems: Iterable[str]) -> Mapping[str, int]: ...

    def holders(self, word: str, *, limit: int) -> Sequence[str]:
        """The ids of up to `limit` papers that hold the word, best first."""
        ...


@dataclass(frozen=True, slots=True)
class Asked:
    """What a question asks for.

    named: the names of papers or methods it uses. coined: its words that are made up ("LC-QuAD") and not those of a
    whole field ("BERT"). unknown: those of them that no abstract here has. sources: the listings it keeps to (None:
    all). papers: the ids of the papers it keeps to (None: all). limit: how many papers it wants (None: as many as fit).
    leads_on: a second paper may have to be found through the first. foreign: it is not in English. nowhere: its words
    that say something, where no paper has any of them.
    """

    text: str
    kind: Kind
    named: tuple[Named, ...] = ()
    coined: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    sources: tuple[str, ...] | None = None
    papers: tuple[str, ...] | None = None
    limit: int | None = None
    wants_figure: bool = False
    leads_on: bool = False
    foreign: bool = False
    nowhere: tuple[str, ...] = ()

    @property
    def several(self) -> bool:
        """Whether every paper that fits is wanted."""
        return self.kind in SEVERAL

    def keeps(self, paper_id: str) -> bool:
        """Whether a paper is among the chosen ones, if any are."""
        return self.papers is None or paper_id in self.papers

    def names(self, position: int) -> bool:
        """Whether the character at `position` of the text belongs to a name."""
        places = (found.span() for named in self.named for found in re.finditer(re.escape(named.text), self.text))
        return any(start <= position < end for start, end in places)

    @property
    def unnamed_sides(self) -> list[str]:
        """What a comparison asks of each side that it describes and does not name."""
        names = {n.paper_ids: n.text for n in self.named if n.exact}
        return of_each(self.text, [*names.values()]) if self.kind == "compare" and len(names) < 2 else []

    @property
    def focus(self) -> str:
        """The question without the names in it: what is asked about them."""
        text = self.text
        for named in self.named:
            text = text.replace(named.text, " ")
        return " ".join(text.split())


def accepted(question: str) -> str:
    """The question without surrounding space; `QuestionError` for what is none."""
    if not isinstance(question, str):
        raise QuestionError(f"A question is a string, not {type(question).__name__}.")
    question = " ".join(question.encode(errors="replace").decode().split())  # a lone surrogate is no text
    if not any(c.isalnum() for c in question):
        raise QuestionError("The question has no words. Ask something about the papers.")
    return bounded(question, QUESTION, "question")


def understand(question: str, vocabulary: Vocabulary, listings: Mapping[str, str]) -> Asked:
    """What `question`, self-contained, asks for, given the names and words of the papers held.

    Its `text` is the question as it was read: a misspelt word of the papers is put right.
    """
    counts = _counts(question, vocabulary)
    found = _names(question, vocabulary, counts)
    spelt = {w for n in found for w in words(n.text)}
    strange = [w for w in content_words(question) if not _known(w, counts) and w not in spelt]
    found += misspelt_in(question, vocabulary, unknown=strange)
    recognised = {w for n in found for w in words(n.text)}
    foreign = _is_foreign(question)
    stray = [w for w in strange if w not in recognised]
    right = question if foreign else spelt_right(question, vocabulary, unknown=stray)
    if right != question:
        return understand(right, vocabulary, listings)
    coined = [w for w in name_like(question) if w not in recognised and _is_coined(w, counts, len(vocabulary))]
    mentioned = _mentioned(coined, vocabulary)
    found += mentioned
    coined = [w for w in coined if w not in {n.text for n in mentioned}]
    return Asked(
        text=question,
        kind=_kind(question, found),
        named=tuple(found),
        coined=tuple(coined),
        unknown=tuple(w for w in coined if w in strange),
        sources=_sources(question, listings),
        limit=_limit(question),
        wants_figure=bool(FIGURE.search(question) or FIGURE_ABROAD.search(question)),
        leads_on=bool(SECOND_STEP.search(question)),
        foreign=foreign,
        nowhere=() if foreign or set(content_words(question)) - set(stray) else tuple(stray),
    )


def named(question: str, *, vocabulary: Vocabulary) -> list[str]:
    """The names of papers or methods that a question uses, as written."""
    return [name.text for name in _names(question, vocabulary, _counts(question, vocabulary))]


def general(question: str, vocabulary: Vocabulary) -> bool:
    """Whether a question fits any paper ("what is the main result?"): all its words are those of many papers.

    Of the questions with one right paper 3 % are taken for such; they have a rare word as a rule.
    """
    counts = vocabulary.document_counts({stem(w) for w in content_words(question)})
    return all(count > _bound(COMMON, len(vocabulary)) for count in counts.values())


def _counts(question: str, vocabulary: Vocabulary) -> Mapping[str, int]:
    """How many papers hold each stem of the question's words and of their parts."""
    return vocabulary.document_counts(
        {stem(piece) for word in words(question) for piece in (*spellings(word), *parts(word))}
    )


def _names(question: str, vocabulary: Vocabulary, counts: Mapping[str, int]) -> list[Named]:
    return [n for n in named_in(question, vocabulary) if _is_name(n.text, counts, len(vocabulary))]


def _mentioned(coined: Sequence[str], vocabulary: Vocabulary) -> list[Named]:
    """Coined words that no paper goes by but at most `TOPIC_PAPERS` mention: they name those papers."""
    found = []
    for word in coined:
        if word.removesuffix("s").isupper() and len(word) < 6:
            continue  # "GPUs", "CVPR": an abbreviation that few use is still no paper's name
        holders = vocabulary.holders(word, limit=TOPIC_PAPERS + 1)
        if 0 < len(holders) <= TOPIC_PAPERS:
            found.append(Named(word, tuple(holders), exact=False))
    return found


def _is_coined(word: str, counts: Mapping[str, int], held: int) -> bool:
    """Whether a name-like word names one thing.

    A field's word ("ViT"), a likeness ("BERT-like") and a compound of known words ("FP8-Formate") do not.
    """
    if LIKENESS.search(word) or not any(c.isupper() for c in word) or word[0].isdigit() or len(word) < 3:
        return False
    if counts[stem(word)]:
        return counts[stem(word)] <= _bound(TOPIC, held)
    pieces = parts(word) or [word]
    return is_version(word) or any(
        not counts[stem(p)] and (any(c.isupper() for c in p[1:]) or p is word) for p in pieces
    )


def _bound(share: float, held: int) -> float:
    return min(MOST, max(2.0, share * held))


def _is_name(text: str, counts: Mapping[str, int], held: int) -> bool:
    """Whether a match is meant as a name: written like one, of several words, or a word of few papers."""
    pieces = words(text)
    if len(pieces) > 1:
        return True
    bound = _bound(TOPIC if any(c.isupper() or c.isdigit() for c in text) else COMMON, held)
    return all(counts.get(stem(piece), 0) <= bound for piece in pieces)


def _known(word: str, counts: Mapping[str, int]) -> bool:
    if any(counts[stem(spelling)] for spelling in spellings(word)):
        return True
    pieces = [stem(p) for p in parts(word) if p.isalpha() and len(p) > 1]
    return bool(pieces) and all(counts[piece] for piece in pieces) and not any(c.isdigit() for c in word)


def _kind(question: str, named: Sequence[Named]) -> Kind:
    if INSTRUCTION.search(question):
        return "instruction"
    if TALK.search(question) and not re.search(PAPERS, question, re.I):
        return "talk"
    if COUNT.search(question):
        return "count"
    if _compares(question, named):
        return "compare"
    about_many = not named or re.search(PAPERS, question, re.I) or MANY_BY_NAME.search(question)
    if LIST.search(question) and not SINGLE.search(question) and about_many:
        return "list"
    if SUMMARY.search(question):
        return "summary"
    if FIGURE.search(question):
        return "figure"
    return "lookup" if LOOKUP.search(question) else "fact"


def _compares(question: str, named: Sequence[Named]) -> bool:
    """Whether a question holds papers against each other: by two names, or by describing one or both."""
    sides = len({n.paper_ids for n in named})
    says_so = COMPARE.search(question) or (SIDES.search(question) and not _OF_ONE.match(question))
    if (sides >= 2 and says_so) or ONE_EACH.search(question):
        return True
    return compares(question, [n.text for n in named if n.exact])


def _sources(question: str, listings: Mapping[str, str]) -> tuple[str, ...] | None:
    """The listings whose date the question names, as in "the March 12 listing"; None where it names none held."""
    wanted = {
        f"{(found[1] or found[4]).title()[:3]} {int(found[2] or found[3])}" for found in LISTING.finditer(question)
    }
    chosen = tuple(source for source, label in listings.items() if label and _short(label) in wanted)
    return chosen or None


def _short(label: str) -> str:
    month, _, day = label.partition(" ")
    return f"{month[:3]} {day.split(',')[0]}"


def _is_foreign(question: str) -> bool:
    """Whether a question is in another script, or has more function words of a neighbour language than of English."""
    letters = [c for c in question if c.isalpha()]
    if sum(c > "\u024f" and not "\u0370" <= c <= "\u03ff" for c in letters) > len(letters) / 4:
        return True
    said = [word.casefold() for word in words(question)]
    return sum(word in ABROAD for word in said) > sum(word in STOP_WORDS for word in said)


def _limit(question: str) -> int | None:
    found = LIMIT.search(question)
    if not found:
        return None
    written = found[1].casefold()
    return SPELT.get(written) or int(written)
