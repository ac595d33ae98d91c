"""What a self-contained question asks for: the kind of answer, the papers it names, the listings it is limited to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from ..core.bounds import QUESTION, bounded
from ..core.errors import QuestionError
from ..core.filters import Filter
from ..core.text import STOP_WORDS, content_words, counted, parts, stem, words
from ..index.names import TOPIC_PAPERS, NameBook, Named, is_version, misspelt_in, name_like, named_in, spellings
from ..library.paper_ids import PaperIds
from .conditions import NO_CONDITIONS, Conditions, conditions_of
from .conversation import bare, is_brief
from .kinds import Kind, Label, Wanted, embedder, wanted
from .spelling import Words, spelt_right

SEVERAL = ("list", "count", "overview")
"""The kinds of question that want every matching paper."""
ASIDE = ("library", "manual", "talk", "instruction")
"""The kinds that ask nothing of the papers."""
FOR_THE_DESK = ("library", "manual")
"""Those of them that are answered, without citing a paper: about the library, and about the assistant."""
LIKELY = 0.05
"""How probable a kind must be for a reading of its own."""
ABOUT_US: tuple[Label, ...] = ("library", "manual", "talk")
NAMED = 10.0
"""How much less probable these are if a question names a paper, and how much more a comparison if it names two."""
STEPS = 0.1
"""How probable it must be that a question takes two steps, for a second paper to be looked for."""

COMMON = 0.007
"""A lower-case word is a plain word, not a name, if a larger share of the papers uses it ("fact" against "FACT")."""
TOPIC = 0.018
"""A word spelt like a name is a topic if a larger share of the papers uses it ("LM", "NAS")."""
WORDY, ENOUGH = 2, 2
"""Most words of a name that may be ordinary words, and the content words beside it that say enough."""
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
    une des du ou avec pour de dans quel quelle quels quelles est sont comment combien sur par il elle
    que qui se en au aux ce cette el los las una y o con para qué cuál cuáles cómo cuánto cuántos es son se
    lo del hay algún alguna che quale quali quanto quanti è sono gli il di nel della dei c'è um uma
    os as e ou com não qual quais são como da do na no gegen wurden warum wieso kann können lässt lassen sich wir
    durch aus zwischen ohne auch haben diese dieser dieses womit wodurch pourquoi quand où sans entre leur leurs dont
    peut quién quiénes dónde por sobre esta estos estas quem onde porque pelo pela há mais existe existem dove perché
    degli delle sulla""".split()
)
"""Function words of German, French, Spanish, Italian and Portuguese."""
_LIKENESS = re.compile(r"-(?:like|style|inspired|ish|based|type|esque|sized?|parameter|scale|trained|tuned)s?$", re.I)


class Vocabulary(NameBook, Words, Protocol):
    """The seam: the names of the papers, how many papers use a word, and the vector of a question."""

    def __len__(self) -> int:
        """How many papers there are."""
        ...

    def document_counts(self, stems: Iterable[str]) -> Mapping[str, int]: ...

    def holders(self, word: str, *, limit: int) -> Sequence[str]:
        """The ids of up to `limit` papers that use the word, best first."""
        ...

    def vector_of(self, question: str, *, embedder: str) -> Sequence[float]:
        """The vector of a question by the embedder of that name; () if another one, or none, is in use."""
        ...


@dataclass(frozen=True, slots=True)
class Asked:
    """What a question asks for.

    named: the papers and methods it names. coined: its made-up words ("LC-QuAD"), without those that a whole field uses
    ("BERT"). unknown: the coined words that no abstract here contains. sources: the listings it is limited to (None:
    all). where: the filters that it states or was given; allowed: the ids of the papers that pass them (None: all).
    everything: it wants all of these, whatever they are about. strangers: authors it asks for who are not here.
    undated: the time that it asks for, if no paper here has a date. by_year: how many of the allowed papers may be of
    the months asked for: only their year is known. papers: the ids of the papers chosen for it (None: all). without: of
    those that it leaves out. limit: how many papers it wants (None: all that match). brief: one sentence will do.
    leads_on: it may refer to a second paper through the first. foreign: it is not in English. nowhere: its content
    words, if no paper here uses any of them. prior: how probable this reading is by its wording. alternatives: the
    other kinds that it may be of, as probable. conditions: what the papers must or must not be about. left_out: the
    excluded topics that papers were left out for. unapplied: the conditions that change nothing here. broken_by: the
    titles of papers on the topic that do not meet them. steps: the plain questions that it consists of, if it takes
    several steps. read_by: the language model that read it, "" if the rules did.
    """

    text: str
    kind: Kind
    named: tuple[Named, ...] = ()
    coined: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    sources: tuple[str, ...] | None = None
    where: tuple[Filter, ...] = ()
    allowed: PaperIds | None = None
    everything: bool = False
    strangers: tuple[str, ...] = ()
    undated: str = ""
    by_year: int = 0
    papers: tuple[str, ...] | None = None
    without: tuple[str, ...] = ()
    limit: int | None = None
    wants_figure: bool = False
    brief: bool = False
    leads_on: bool = False
    foreign: bool = False
    nowhere: tuple[str, ...] = ()
    prior: float = 1.0
    alternatives: tuple[tuple[Kind, float], ...] = ()
    conditions: Conditions = NO_CONDITIONS
    left_out: tuple[str, ...] = ()
    unapplied: tuple[str, ...] = ()
    broken_by: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    read_by: str = ""

    @property
    def readings(self) -> tuple[Asked, ...]:
        """This reading, and one for each other kind that the question may be of, the most probable first."""
        return (self, *(replace(self, kind=kind, prior=prior) for kind, prior in self.alternatives))

    @property
    def several(self) -> bool:
        """Whether it wants every matching paper."""
        return self.kind in SEVERAL

    @property
    def filtered(self) -> str:
        """How many papers pass its filters, and these in words: "4 papers since 2023, by Potthast"; "" without any."""
        words = ", ".join(one.words for one in self.where)
        by_year = f" (of {self.by_year:,}, only the year is known)" if self.by_year else ""
        return f"{counted(len(self.allowed or ()), 'paper')} {words}{by_year}" if self.where else ""

    def as_kind(self, kind: Kind) -> Asked:
        """The same question, surely of this kind."""
        return replace(self, kind=kind, prior=1.0, alternatives=())

    def as_probably(self, kind: Kind, share: float) -> Asked:
        """The same question, where a reading as this kind has that share of the probability, beside what it has."""
        priors = {one.kind: one.prior * (1 - share) for one in self.readings}
        priors[kind] = priors.get(kind, 0.0) + share
        (first, prior), *others = sorted(priors.items(), key=lambda one: -one[1])
        return replace(self, kind=first, prior=prior, alternatives=tuple(others))

    @property
    def limited(self) -> bool:
        """Whether it is limited to some of the papers, or by somebody who has none here: it is about papers, then."""
        return bool(self.where or self.strangers or self.undated or self.sources is not None or self.papers is not None)

    def keeps(self, paper_id: str) -> bool:
        """Whether a paper is among the chosen ones, if there are any, and not left out."""
        return (self.papers is None or paper_id in self.papers) and paper_id not in self.without

    @property
    def name_spans(self) -> list[tuple[int, int]]:
        """Where the names stand in the text: start and end of each occurrence."""
        return [match.span() for name in self.named for match in re.finditer(re.escape(name.text), self.text)]

    @property
    def topic(self) -> str:
        """The text without what is excluded, which would draw it in."""
        if not self.several:
            return self.text
        topic = self.text
        for excluded in self.conditions.exclusions:
            topic = topic.replace(excluded, " ")
        return " ".join(topic.split()) if content_words(topic) else self.text

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

    Its `text` has misspelt words corrected. What is asked of given papers is judged without their titles.
    """
    own = bare(question)
    counts = _counts(question, vocabulary)
    names = _names(question, vocabulary, counts)
    in_names = {word for name in names for word in words(name.text)}
    unused = [word for word in content_words(question) if not _known(word, counts) and word not in in_names]
    names += misspelt_in(question, vocabulary, unknown=[word for word in unused if not vocabulary.is_word(word)])
    in_names = {word for name in names for word in words(name.text)}
    foreign = is_foreign(own)
    unexplained = [word for word in unused if word not in in_names]
    corrected = question if foreign else spelt_right(question, vocabulary, unknown=unexplained)
    if corrected != question:
        return understand(corrected, vocabulary, listings)
    coined = [w for w in name_like(question) if w not in in_names and _is_coined(w, counts, len(vocabulary))]
    mentioned = _mentioned(coined, vocabulary)
    names += mentioned
    coined = [word for word in coined if word not in {name.text for name in mentioned}]
    wants = wanted(own, vocabulary.vector_of(own, embedder=embedder()))
    (kind, prior), *others = [(wants.kind("one"), 1.0)] if foreign else _kinds(wants, names, given=own != question)
    return Asked(
        text=question,
        kind=kind,
        named=tuple(names),
        coined=tuple(coined),
        unknown=tuple(word for word in coined if word in unused),
        sources=_sources(question, listings),
        limit=_limit(own),
        wants_figure=wants.figure >= 0.5,
        brief=is_brief(own),
        leads_on=wants.labels["steps"] >= STEPS,
        foreign=foreign,
        nowhere=() if foreign or set(content_words(question)) - set(unexplained) else tuple(unexplained),
        prior=prior,
        alternatives=tuple(others),
        conditions=conditions_of(own),
    )


def _kinds(wants: Wanted, names: Sequence[Named], *, given: bool) -> list[tuple[Kind, float]]:
    """The kinds that a question may be of, the most probable first, each with its probability.

    Whoever names a paper asks about it, and whoever names two compares them, more often than the wording alone says.
    One that is asked of `given` papers is about these.
    """
    odds: dict[Label, float] = {label: p for label, p in wants.labels.items() if not given or label not in ABOUT_US}
    named = len({name.paper_ids for name in names})
    if named:
        odds |= {label: odds[label] / NAMED for label in ABOUT_US if label in odds}
    if named > 1:
        odds["compare"] *= NAMED
    likely = sorted(odds, key=odds.__getitem__, reverse=True)
    total = sum(odds.values())
    return [
        (wants.kind(label), odds[label] / total)
        for n, label in enumerate(likely)
        if not n or odds[label] >= LIKELY * total
    ]


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
    names = [name for name in named_in(question, vocabulary) if _is_name(name.text, counts, len(vocabulary))]
    return [name for name in names if not _is_ordinary(name.text, question, vocabulary)]


def _is_ordinary(text: str, question: str, vocabulary: Vocabulary) -> bool:
    """Whether a name is more probably one or two ordinary words ("string" for STRING).

    They are if they are written as words are, are words, and the question says enough without them.
    """
    written = text[0].casefold() + text[1:] if question.startswith(text) else text
    pieces = words(written)
    if len(pieces) > WORDY or not written.islower() or not all(map(vocabulary.is_word, pieces)):
        return False
    return len(content_words(question.replace(text, " "))) >= ENOUGH


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


def without_dates(question: str) -> str:
    """The question without the dates of listings that it names."""
    return _DATE.sub(" ", question)


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


def is_foreign(question: str) -> bool:
    """Whether a question is in another script, or has more function words of another language than of English."""
    letters = [c for c in question if c.isalpha()]
    if sum(c > "\u024f" and not "\u0370" <= c <= "\u03ff" for c in letters) > len(letters) / 4:
        return True
    telling = [word for word in words(question) if len(word) > 1 and not word.isupper()]  # neither "a" nor "DEN"
    folded = [word.casefold() for word in telling]
    return sum(word in _ABROAD for word in folded) > sum(word in STOP_WORDS for word in folded)
