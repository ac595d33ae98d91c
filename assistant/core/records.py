"""Plain facts in, frozen values out: everything that flows between the rooms.

Nothing here opens a file or knows a vendor. Identity is a hash, so two machines that read the
same paper agree on what it is called.
"""

from __future__ import annotations

import functools
import hashlib
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from .notebook import Brief, Displayed, Source

Basis = Literal["quoted", "read", "checked", "judged"]
"""What support rests on: word for word, the entailment model, words alone, or a language model's judgement."""

DeclineKind = Literal["absent", "unstated", "off-corpus", "invented", "empty"]
"""Why there is no answer: nothing on it here; here but not stated; not a question for papers;
a name no paper here bears; no papers at all."""


def fold(text: str) -> str:
    """`text` without differences of case, width and spacing: `"  RAG   x "` -> `"rag x"`."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def digest(*parts: str) -> str:
    """The first 16 hexadecimal digits of the SHA-256 of `parts`, each ended by a zero byte."""
    return hashlib.sha256("".join(part + "\0" for part in parts).encode()).hexdigest()[:16]


@functools.lru_cache(maxsize=65536)
def _paper_id(title: str) -> str:
    return digest(fold(title))


@dataclass(frozen=True, slots=True, repr=False)
class Paper(Brief):
    """A title and an abstract, the listings that carry it, and where it can be found."""

    title: str
    abstract: str
    url: str = ""
    published: str = ""
    sources: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """Hash of the folded title: the same paper in two listings is one paper."""
        return _paper_id(self.title)

    @property
    def fingerprint(self) -> str:
        """Hash of everything but the sources; a changed fingerprint is a changed paper."""
        return digest(self.title, self.abstract, self.url, self.published)


@dataclass(frozen=True, slots=True, repr=False)
class Passage(Brief):
    """A verbatim slice of an abstract: `abstract[start:start + len(text)] == text`."""

    paper_id: str
    title: str
    text: str
    start: int

    @property
    def id(self) -> str:
        return f"{self.paper_id}:{self.start}"


@dataclass(frozen=True, slots=True, repr=False)
class Evidence(Brief):
    """A sentence of a hit's abstract, where it starts there, and how it bears on the question.

    Among its `signals`: `similarity` (late interaction with the whole question), `focus` (the same with what is asked
    about the names in it), `coverage` (share of the question's rare words it holds) and `answers`, the probability
    that it holds the answer, if its paper does.
    """

    text: str
    start: int
    signals: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, repr=False)
class Hit(Brief):
    """A paper found, and why it is here.

    `ranks` holds the 1-based rank in each list that found it (None where it was not in the
    list), `signals` the raw score of each, `score` the fused one the ranking is sorted by and
    `relevance` the calibrated probability (0 to 1) that the question is about this paper. `passage` is
    the one that matches best, `evidence` every sentence of the abstract.
    """

    paper: Paper
    passage: Passage
    score: float
    relevance: float = 0.0
    ranks: Mapping[str, int | None] = field(default_factory=dict)
    signals: Mapping[str, float] = field(default_factory=dict)
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class Sentence(Brief):
    """One sentence as written, right or wrong, and the marks it bears: unchecked.

    `heading` is the paper it is put under, `span` the words that it is said to rest on.
    """

    text: str
    marks: tuple[str, ...]
    heading: str = ""
    span: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class Decline(Brief):
    """Why there is no answer, in words for a person, and the titles that came nearest."""

    kind: DeclineKind
    message: str
    nearest: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class Citation(Brief):
    """A verbatim `quote` of the passage's abstract, how far it supports the claim (0 to 1) and on what basis."""

    passage: Passage
    quote: str
    support: float
    basis: Basis


@dataclass(frozen=True, slots=True, repr=False)
class Claim(Brief):
    """A checked sentence; never without a citation."""

    text: str
    citations: tuple[Citation, ...]
    heading: str = ""

    def __post_init__(self) -> None:
        if not self.citations:
            raise ValueError(f"a claim needs a citation: {self.text!r}")


@dataclass(frozen=True, slots=True, repr=False)
class Rejection(Brief):
    """A sentence (or one mark of it) that did not pass, and why."""

    sentence: str
    mark: str
    reason: str


@dataclass(frozen=True, slots=True, repr=False)
class Check(Brief):
    """The verdict on one sentence against one paper; `score` is 0 to 1, `quote` the best span of its abstract.

    `certain`: it is not supported for a fault that was found in it, which no judgement of a model outweighs.
    """

    supported: bool
    score: float
    basis: Basis
    reasons: tuple[str, ...]
    quote: str
    certain: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class Answer(Displayed):
    """A question answered or declined; `query` is the self-contained question that was searched.

    `lead` speaks of the library, `remark` of how the answer came about where that is not as it should be. `wording`
    is the hash of the prompts, "" where no language model had a part in it; `usage` counts what it took, `cost` in US
    dollars (None: a price is not known).
    """

    question: str
    query: str
    claims: tuple[Claim, ...] = ()
    rejections: tuple[Rejection, ...] = ()
    hits: tuple[Hit, ...] = ()
    declined: Decline | None = None
    lead: str = ""
    remark: str = ""
    kind: str = "fact"
    written_by: str = ""
    wording: str = ""
    usage: Mapping[str, int] = field(default_factory=dict)
    cost: float | None = None
    timings: Mapping[str, float] = field(default_factory=dict)

    @property
    def answered(self) -> bool:
        return self.declined is None and bool(self.claims)

    @property
    def titles(self) -> tuple[str, ...]:
        """The cited titles, verbatim, in the order of first citation; `[n]` in `text` is `titles[n - 1]`."""
        return tuple(dict.fromkeys(c.passage.title for claim in self.claims for c in claim.citations))

    @property
    def text(self) -> str:
        """The answer as prose, or as a list of the papers it draws on, each sentence with its reference numbers."""
        if self.declined is not None:
            return _unnumbered(self.declined.message)
        numbers = {title: n for n, title in enumerate(self.titles, start=1)}
        items: list[str] = []
        for claim in self.claims:
            if claim.heading or not items:
                items.append(_shown(claim, numbers))
            else:
                items[-1] += f" {_shown(claim, numbers)}"
        body = "\n".join(f"- {item}" for item in items) if len(items) > 1 else "".join(items)
        return "\n\n".join(part for part in (self.lead, body, self.remark) if part)

    def _parts(self) -> tuple[str, list[Source], tuple[str, ...]]:
        urls = {hit.paper.title: hit.paper.url for hit in self.hits}
        quotes: dict[str, dict[str, None]] = {title: {} for title in self.titles}
        for citation in (citation for claim in self.claims for citation in claim.citations):
            quotes[citation.passage.title][citation.quote] = None
        sources = [Source(title, urls.get(title, ""), tuple(cited)) for title, cited in quotes.items()]
        return self.text, sources, self.declined.nearest if self.declined else ()


@dataclass(frozen=True, slots=True, repr=False)
class Event(Brief):
    """A step of an answer in the making: a stage's name, the hits, a claim that passed, or the whole answer.

    After `STARTING_OVER` the claims so far are withdrawn and others follow.
    """

    stage: str
    claim: Claim | None = None
    answer: Answer | None = None
    hits: tuple[Hit, ...] = ()


STARTING_OVER = "starting over"
"""The stage at which the claims told so far are withdrawn: the language model broke off, or wrote too little."""


@dataclass(frozen=True, slots=True, repr=False)
class Turn(Brief):
    """A question of a conversation and the answer it got."""

    question: str
    answer: Answer


@dataclass(frozen=True, slots=True, repr=False)
class Reject(Brief):
    """A record that could not go in: the file, its 1-based line (0: the whole file), the reason, the text."""

    source: str
    line: int
    reason: str
    text: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class Ingested(Brief):
    """What an ingest did, in papers; nothing offered is uncounted."""

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    removed: int = 0
    rejects: tuple[Reject, ...] = ()

    def __add__(self, other: Ingested) -> Ingested:
        return Ingested(
            self.added + other.added,
            self.updated + other.updated,
            self.unchanged + other.unchanged,
            self.removed + other.removed,
            self.rejects + other.rejects,
        )


def _shown(claim: Claim, numbers: Mapping[str, int]) -> str:
    marks = "".join(f"[{n}]" for n in sorted({numbers[c.passage.title] for c in claim.citations}))
    heading = f"{claim.heading}: " if claim.heading else ""
    return f"{_unnumbered(heading + claim.text)} {marks}"


def _unnumbered(text: str) -> str:
    """Text whose own "[3]" cannot be taken for a reference number of the answer."""
    return re.sub(r"\[(\d+)\]", r"(\1)", text)
