"""What a self-contained question asks for: the kind of answer, the papers it names, the listings it is limited to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from ..core.bounds import QUESTION, bounded
from ..core.errors import QuestionError
from ..core.text import STOP_WORDS, content_words, parts, stem, words
from ..index.names import TOPIC_PAPERS, NameBook, Named, is_version, misspelt_in, name_like, named_in, spellings
from .kinds import Kind, each_side, kind_of, wants_figure
from .spelling import Words, spelt_right

SEVERAL = ("list", "count")
"""The kinds of question that want every matching paper."""

COMMON = 0.007
"""A lower-case word is a plain word, not a name, if a larger share of the papers uses it ("fact" against "FACT")."""
TOPIC = 0.018
"""A word spelt like a name is a topic if a larger share of the papers uses it ("LM", "NAS")."""
MOST = 15
"""Most papers that may use a word that is still a name, however large the library."""

_DATE = re.compile(
    r"\b(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?\s+(\d{1,2})(?:st|nd|rd|th)?\b"
    r"|\b(\d{1,2})(?:st|nd|rd|th)?(?: of)? (jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\b",
    re.I,
)
_LIMIT = re.compile(
    r"\b(?:top|first|best|name|list|give me|any)\s+(\d{1,2}|two|three|four|five|six|seven|eight|nine|ten)\b", re.I
)
_SPELT = {word: n for n, word in enumerate("zero one two three four five six seven eight nine ten".split())}
_ABROAD = frozenset(
    """der die das den dem des ein eine einen einem einer und oder mit für von auf wie viele welche welches welcher
    welchen wird werden wurde ist sind man nicht bei zum zur nach über es gibt worum geht um le la les un
    une des du et ou avec pour de dans quel quelle quels quelles est sont comment combien sur par il elle
    que qui se en au aux ce cette el los las una y o con para qué cuál cuáles cómo cuánto cuántos es son se
    lo al del hay algún alguna che quale quali quanto quanti è sono gli il di per nel della dei c'è um uma
    os as e ou com não qual quais são como da do na no""".split()
)
"""Function words of German, French, Spanish, Italian and Portuguese."""
_SECOND_STEP = re.compile(
    r"[.;?!] +\w.*\?|\bthe two\b"
    r"|\bthat (?:\w+ ){0,2}?(?:retriever|method|model|paper|work|approach|system|one|set|competitor)\b"
    r"|\b(?:older|earlier|later|other|existing|another|original|predecessor|competitor)\b|\bitself\b"
    r"|\bhad (?:\w+ ){0,3}?(?:claim|report|announce)|\bbeats?\b|\boutdo|\bovertak|\bbuilds? (?:on|upon)|\bstarts? from"
    r"|\bborrows?\b|\bits (?:base|teacher|predecessor)|\bblames?\b",
    re.I,
)
"""Wording that refers to a second paper through the first: "the method that X outperforms"."""
_LIKENESS = re.compile(r"-(?:like|style|inspired|ish|based|type|esque|sized?|parameter|scale|trained|tuned)s?$", re.I)


class Vocabulary(NameBook, Words, Protocol):
    """The seam: the names of the papers, and how many papers use a word."""

    def __len__(self) -> int:
        """How many papers there are."""
        ...

    def document_counts(self, stems: Iterable[str]) -> Mapping[str, int]: ...

    def holders(self, word: str, *, limit: int) -> Sequence[str]:
        """The ids of up to `limit` papers that use the word, best first."""
        ...


@dataclass(frozen=True, slots=True)
class Asked:
    """What a question asks for.

    named: the papers and methods it names. coined: its made-up words ("LC-QuAD"), without those that a whole field
    uses ("BERT"). unknown: the coined words that no abstract here contains. sources: the listings it is limited to
    (None: all). papers: the ids of the papers it is limited to (None: all). without: of those that it leaves out.
    limit: how many papers it wants (None: all that match). leads_on: it may refer to a second paper through the first.
    foreign: it is not in English. nowhere: its content words, if no paper here uses any of them.
    """

    text: str
    kind: Kind
    named: tuple[Named, ...] = ()
    coined: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    sources: tuple[str, ...] | None = None
    papers: tuple[str, ...] | None = None
    without: tuple[str, ...] = ()
    limit: int | None = None
    wants_figure: bool = False
    leads_on: bool = False
    foreign: bool = False
    nowhere: tuple[str, ...] = ()

    @property
    def several(self) -> bool:
        """Whether it wants every matching paper."""
        return self.kind in SEVERAL

    def keeps(self, paper_id: str) -> bool:
        """Whether a paper is among the chosen ones, if there are any, and not left out."""
        return (self.papers is None or paper_id in self.papers) and paper_id not in self.without

    @property
    def name_spans(self) -> list[tuple[int, int]]:
        """Where the names stand in the text: start and end of each occurrence."""
        return [match.span() for name in self.named for match in re.finditer(re.escape(name.text), self.text)]

    @property
    def unnamed_sides(self) -> list[str]:
        """For each side of a comparison that is described, not named: the question without the other side."""
        names = {name.paper_ids: name.text for name in self.named if name.exact}
        return each_side(self.text, [*names.values()]) if self.kind == "compare" and len(names) < 2 else []

    @property
    def focus(self) -> str:
        """The question without its names: what is asked about them."""
        text = self.text
        for name in self.named:
            text = text.replace(name.text, " ")
        return " ".join(text.split())


def checked_question(question: str) -> str:
    """The question with its white space tidied. Raises `QuestionError` for a text that is no question."""
    if not isinstance(question, str):
        raise QuestionError(f"A question is a string, not {type(question).__name__}.")
    question = " ".join(question.encode(errors="replace").decode().split())  # a lone surrogate is no text
    if not any(c.isalnum() for c in question):
        raise QuestionError("The question has no words. Ask something about the papers.")
    return bounded(question, QUESTION, "question")


def understand(question: str, vocabulary: Vocabulary, listings: Mapping[str, str]) -> Asked:
    """What a self-contained question asks for, given the names and words of the papers here.

    Its `text` is the question with misspelt words corrected.
    """
    counts = _counts(question, vocabulary)
    names = _names(question, vocabulary, counts)
    in_names = {word for name in names for word in words(name.text)}
    unused = [word for word in content_words(question) if not _known(word, counts) and word not in in_names]
    names += misspelt_in(question, vocabulary, unknown=unused)
    in_names = {word for name in names for word in words(name.text)}
    foreign = _is_foreign(question)
    unexplained = [word for word in unused if word not in in_names]
    corrected = question if foreign else spelt_right(question, vocabulary, unknown=unexplained)
    if corrected != question:
        return understand(corrected, vocabulary, listings)
    coined = [w for w in name_like(question) if w not in in_names and _is_coined(w, counts, len(vocabulary))]
    mentioned = _mentioned(coined, vocabulary)
    names += mentioned
    coined = [word for word in coined if word not in {name.text for name in mentioned}]
    return Asked(
        text=question,
        kind=kind_of(question, names),
        named=tuple(names),
        coined=tuple(coined),
        unknown=tuple(word for word in coined if word in unused),
        sources=_sources(question, listings),
        limit=_limit(question),
        wants_figure=wants_figure(question),
        leads_on=bool(_SECOND_STEP.search(question)),
        foreign=foreign,
        nowhere=() if foreign or set(content_words(question)) - set(unexplained) else tuple(unexplained),
    )


def names_used(question: str, *, vocabulary: Vocabulary) -> list[str]:
    """The papers and methods that a question names, as written."""
    return [name.text for name in _names(question, vocabulary, _counts(question, vocabulary))]


def fits_any_paper(question: str, vocabulary: Vocabulary) -> bool:
    """Whether a question fits any paper ("what is the main result?"): many papers use each of its words.

    It mistakes 3 % of the questions that have one right paper; most of those use a rare word.
    """
    counts = vocabulary.document_counts({stem(word) for word in content_words(question)})
    return all(count > _most(COMMON, len(vocabulary)) for count in counts.values())


# -- names


def _counts(question: str, vocabulary: Vocabulary) -> Mapping[str, int]:
    """How many papers use each stem of the question's words and of their parts."""
    return vocabulary.document_counts(
        {stem(piece) for word in words(question) for piece in (*spellings(word), *parts(word))}
    )


def _names(question: str, vocabulary: Vocabulary, counts: Mapping[str, int]) -> list[Named]:
    return [name for name in named_in(question, vocabulary) if _is_name(name.text, counts, len(vocabulary))]


def _mentioned(coined: Sequence[str], vocabulary: Vocabulary) -> list[Named]:
    """The coined words that no paper is called by but at most `TOPIC_PAPERS` mention: they name those papers."""
    names = []
    for word in coined:
        if word.removesuffix("s").isupper() and len(word) < 6:
            continue  # "GPUs", "CVPR": a rare abbreviation does not name a paper
        paper_ids = vocabulary.holders(word, limit=TOPIC_PAPERS + 1)
        if 0 < len(paper_ids) <= TOPIC_PAPERS:
            names.append(Named(word, tuple(paper_ids), exact=False))
    return names


def _is_coined(word: str, counts: Mapping[str, int], papers: int) -> bool:
    """Whether a name-like word names one thing.

    A word of a whole field ("ViT"), a likeness ("BERT-like") and a compound of known words ("FP8-Formate") do not.
    """
    if _LIKENESS.search(word) or not any(c.isupper() for c in word) or word[0].isdigit() or len(word) < 3:
        return False
    if counts[stem(word)]:
        return counts[stem(word)] <= _most(TOPIC, papers)
    pieces = parts(word) or [word]
    return is_version(word) or any(
        not counts[stem(p)] and (any(c.isupper() for c in p[1:]) or p is word) for p in pieces
    )


def _most(share: float, papers: int) -> float:
    """The number of papers that a share of them comes to, within bounds."""
    return min(MOST, max(2.0, share * papers))


def _is_name(text: str, counts: Mapping[str, int], papers: int) -> bool:
    """Whether a match is meant as a name: spelt like one, of several words, or a word of few papers."""
    pieces = words(text)
    if len(pieces) > 1:
        return True
    most = _most(TOPIC if any(c.isupper() or c.isdigit() for c in text) else COMMON, papers)
    return all(counts.get(stem(piece), 0) <= most for piece in pieces)


def _known(word: str, counts: Mapping[str, int]) -> bool:
    """Whether the papers use a word, in any spelling, or all parts of a compound without digits."""
    if any(counts[stem(spelling)] for spelling in spellings(word)):
        return True
    pieces = [stem(piece) for piece in parts(word) if piece.isalpha() and len(piece) > 1]
    return bool(pieces) and all(counts[piece] for piece in pieces) and not any(c.isdigit() for c in word)


# -- filters and language


def _sources(question: str, listings: Mapping[str, str]) -> tuple[str, ...] | None:
    """The listings of the dates that a question names ("the March 12 listing"); None if none of them is here."""
    dates = {f"{(date[1] or date[4]).title()[:3]} {int(date[2] or date[3])}" for date in _DATE.finditer(question)}
    return tuple(source for source, label in listings.items() if label and _short(label) in dates) or None


def _short(label: str) -> str:
    """The date of a listing as in "Mar 12"."""
    month, _, day = label.partition(" ")
    return f"{month[:3]} {day.split(',')[0]}"


def _limit(question: str) -> int | None:
    """How many papers a question asks for ("the top five"), if it says so."""
    match = _LIMIT.search(question)
    if not match:
        return None
    number = match[1].casefold()
    return _SPELT.get(number) or int(number)


def _is_foreign(question: str) -> bool:
    """Whether a question is in another script, or has more function words of another language than of English."""
    letters = [c for c in question if c.isalpha()]
    if sum(c > "\u024f" and not "\u0370" <= c <= "\u03ff" for c in letters) > len(letters) / 4:
        return True
    folded = [word.casefold() for word in words(question)]
    return sum(word in _ABROAD for word in folded) > sum(word in STOP_WORDS for word in folded)
