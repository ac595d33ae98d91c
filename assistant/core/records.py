"""The records that flow between the wings, all frozen.

A paper's identity is a hash, so two machines that read the same paper give it the same id.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import unicodedata
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field, fields
from typing import Literal, NamedTuple

from .bibliography import UNIDENTIFIED, Identifiers, byline, labelled
from .notebook import Brief, Displayed
from .prose import prose, unnumbered
from .signals import PaperSignals, SentenceSignals

Basis = Literal["quoted", "read", "checked", "judged"]
"""How a citation was verified: word for word, by the entailment model, by words alone, or by a language model."""

Verdict = Literal["yes", "no", "partly", ""]
"""What the abstracts say to a question for yes or no; "" where they say neither clearly, or nobody asked."""

DeclineKind = Literal["absent", "unstated", "off-corpus", "invented", "empty"]
"""Why there is no answer: no paper is about it; its paper does not state it; it is not a question for papers;
it uses a name that no paper has; there are no papers at all."""


def fold(text: str) -> str:
    """`text` without differences of case, width and spacing: `"  RAG   x "` -> `"rag x"`."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def digest(*parts: str) -> str:
    """The first 16 hexadecimal digits of the SHA-256 of `parts`, each ended by a zero byte."""
    return hashlib.sha256("".join(part + "\0" for part in parts).encode(errors="surrogatepass")).hexdigest()[:16]


@dataclass(frozen=True, slots=True, repr=False)
class Paper(Brief):
    """A title and an abstract, what else is known of the paper, and the sources that name it.

    `authors` are written "Given Family", in the order of the paper; `core.bibliography` brings names and identifiers
    into their forms. `published` is a date as its source writes it, `venue` the journal or the meeting. `identity` is
    "" unless the hash of the title would be the id of another paper, or was that of an earlier title: see
    `library.identity`.
    """

    title: str
    abstract: str
    url: str = ""
    published: str = ""
    sources: tuple[str, ...] = ()
    _: KW_ONLY
    authors: tuple[str, ...] = ()
    year: int | None = None
    venue: str = ""
    identifiers: Identifiers = UNIDENTIFIED
    keywords: tuple[str, ...] = ()
    identity: str = ""
    id: str = field(init=False, repr=False, compare=False)
    """Hash of the identity or, without one, of the folded title: the same paper in two listings is one paper."""
    fingerprint: str = field(init=False, repr=False, compare=False)
    """Hash of everything but the identity and the sources; it changes when the paper does."""

    def __post_init__(self) -> None:
        written = self.title, self.abstract, self.url, self.published
        object.__setattr__(self, "id", digest(self.identity or fold(self.title)))  # asked for a thousand times, as is:
        object.__setattr__(self, "fingerprint", digest(*written, *self._more()))

    def _more(self) -> list[str]:
        """What is known beyond the fields that every paper has; a paper without any has the fingerprint of old."""
        named = {name: getattr(self, name) for name in ("authors", "year", "venue", "keywords")}
        known = {name: value for name, value in named.items() if value} | self.identifiers.known
        return [json.dumps(known, ensure_ascii=False)] if known else []

    @property
    def byline(self) -> str:
        """Its authors and year as a text refers to them: "Potthast et al., 2024"."""
        return byline(self.authors, self.year)

    @property
    def label(self) -> str:
        """What it is called in a list: "Title (Potthast et al., 2024)"."""
        return labelled(self.title, self.byline)


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


class Read(NamedTuple):
    """What the reader says of a sentence, as log-odds: that it answers the question, and that its abstract does."""

    answers: float
    stated: float


@dataclass(frozen=True, slots=True, repr=False)
class Evidence(Brief):
    """A sentence of a hit's abstract, where it starts there, how it matches, and what the reader says if asked."""

    text: str
    start: int
    signals: SentenceSignals = SentenceSignals()
    read: Read | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Hit(Brief):
    """A paper that was found, and why.

    `score` is the fused score of the search, `relevance` the calibrated probability (0 to 1) that an answer should cite
    the paper. `ranks` has its rank, from 1, in each list of candidates (None: not in that list). `passage` is the one
    that matches best, `evidence` every sentence of the abstract in order.
    """

    paper: Paper
    passage: Passage
    score: float
    relevance: float = 0.0
    ranks: Mapping[str, int | None] = field(default_factory=dict)
    signals: PaperSignals = PaperSignals()
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class Sentence(Brief):
    """A sentence as written, not yet checked, with its marks.

    `span` is the quote that the writer gives for it; the other fields are those of the claim that it becomes.
    """

    text: str
    marks: tuple[str, ...]
    heading: str = ""
    span: str = ""
    asked_for: str = ""
    section: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class Decline(Brief):
    """Why there is no answer, as a message to the user, and the titles that came nearest."""

    kind: DeclineKind
    message: str
    nearest: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class Citation(Brief):
    """A verbatim `quote` from the abstract, how strongly it supports the claim (0 to 1), and how that was verified."""

    passage: Passage
    quote: str
    support: float
    basis: Basis


@dataclass(frozen=True, slots=True, repr=False)
class Claim(Brief):
    """A checked sentence; never without a citation.

    In a quotation, words in square brackets are an editor's; its citation's `quote` is verbatim. `asked_for` are the
    words that name what was asked for, if clear, `section` the aspect of a comparison or the theme of an overview.
    """

    text: str
    citations: tuple[Citation, ...]
    heading: str = ""
    asked_for: str = ""
    section: str = ""

    def __post_init__(self) -> None:
        if not self.citations:
            raise ValueError(f"a claim needs a citation: {self.text!r}")

    @property
    def titles(self) -> tuple[str, ...]:
        return tuple(citation.passage.title for citation in self.citations)


@dataclass(frozen=True, slots=True, repr=False)
class Source(Brief):
    """A paper that an answer cites as `[number]`.

    `cited` holds each citation of it with the place in `Answer.claims` of the claim it belongs to. `paper` has no
    abstract and no address where the answer was stored without its hits.
    """

    number: int
    paper: Paper
    cited: tuple[tuple[int, Citation], ...]

    @property
    def title(self) -> str:
        return self.paper.title

    @property
    def byline(self) -> str:
        return self.paper.byline

    @property
    def label(self) -> str:
        return self.paper.label

    @property
    def url(self) -> str:
        return self.paper.url

    @property
    def citations(self) -> tuple[Citation, ...]:
        return tuple(citation for _, citation in self.cited)

    @property
    def quotes(self) -> tuple[str, ...]:
        """The words cited, each once."""
        return tuple(dict.fromkeys(citation.quote for citation in self.citations))


@dataclass(frozen=True, slots=True, repr=False)
class Rejection(Brief):
    """A sentence, or one of its marks, that did not pass, and why."""

    sentence: str
    mark: str
    reason: str


@dataclass(frozen=True, slots=True, repr=False)
class Check(Brief):
    """Whether a paper supports a sentence. `score` is 0 to 1, `quote` the part of the abstract that comes nearest.

    `certain` means that a definite fault was found, which no language model can overrule. `unsupported` has the
    words of a refused sentence that the abstract does not bear out, as far as they can be told from the rest.
    """

    supported: bool
    score: float
    basis: Basis
    reasons: tuple[str, ...]
    quote: str
    certain: bool = False
    unsupported: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class Answer(Displayed):
    """A question that was answered or declined; `query` is the self-contained question that was searched for.

    `verdict` answers a question for yes or no where the abstracts are clear. `filtered` says how many papers were
    searched, and which, if not all: "4 papers since 2023, by Potthast". `lead` says so, too, and introduces a list, or
    the sentence that denies what the question takes for granted; `remark` says what went wrong. `more` is what the text
    leaves out: other near sentences of the papers cited, and papers that may fit a list. `message` answers a question
    about the library or the assistant itself, which no paper is cited for. `read_by` is the language model by whose
    reading of the question it was searched, "" if by that of the rules. `wording` is the hash of the prompts,
    `usage` what a language model used, `cost` the same in US dollars (None if a price is unknown).
    """

    question: str
    query: str
    claims: tuple[Claim, ...] = ()
    rejections: tuple[Rejection, ...] = ()
    hits: tuple[Hit, ...] = ()
    declined: Decline | None = None
    more: tuple[Claim, ...] = ()
    lead: str = ""
    remark: str = ""
    kind: str = "fact"
    verdict: Verdict = ""
    written_by: str = ""
    wording: str = ""
    usage: Mapping[str, int] = field(default_factory=dict)
    cost: float | None = None
    timings: Mapping[str, float] = field(default_factory=dict)
    filtered: str = ""
    message: str = ""
    read_by: str = ""

    @property
    def answered(self) -> bool:
        return self.declined is None and bool(self.claims or self.message)

    @property
    def titles(self) -> tuple[str, ...]:
        """The cited titles, verbatim, in the order of first citation; `[n]` in `text` is `titles[n - 1]`."""
        return tuple(dict.fromkeys(c.passage.title for claim in self.claims for c in claim.citations))

    @property
    def sources(self) -> tuple[Source, ...]:
        """The papers cited, in the order of their numbers."""
        papers = {hit.paper.title: hit.paper for hit in self.hits}
        cited: dict[str, list[tuple[int, Citation]]] = {}
        for place, claim in enumerate(self.claims):
            for citation in claim.citations:
                cited.setdefault(citation.passage.title, []).append((place, citation))
        return tuple(
            Source(number, papers.get(title) or Paper(title, ""), tuple(citations))
            for number, (title, citations) in enumerate(cited.items(), start=1)
        )

    @property
    def further(self) -> tuple[Claim, ...]:
        """The claims of `more` about papers that are not cited."""
        return tuple(claim for claim in self.more if claim.titles[0] not in self.titles)

    def more_of(self, title: str) -> tuple[Claim, ...]:
        """Those about the paper of that title."""
        return tuple(claim for claim in self.more if claim.titles[0] == title)

    @property
    def numbers(self) -> dict[str, int]:
        """The number of each source, by its title."""
        return {title: number for number, title in enumerate(self.titles, start=1)}

    @property
    def text(self) -> str:
        """The answer as prose, or as a list with an item per paper; each sentence has its reference numbers."""
        if self.declined is not None:
            return unnumbered(self.declined.message)
        if self.message:
            return unnumbered(self.message)
        return prose(self.lead, self.opening, self.sections, self.numbers, self.remark)

    @property
    def sections(self) -> tuple[tuple[str, tuple[Claim, ...]], ...]:
        """The claims of each section under its name; without sections all under ""."""
        return tuple((name, tuple(some)) for name, some in itertools.groupby(self.claims, lambda claim: claim.section))

    @property
    def opening(self) -> str:
        """The verdict as the answer opens with it: "Yes.", or nothing."""
        return f"{self.verdict.capitalize()}." if self.verdict else ""

    def _parts(self) -> tuple[str, tuple[Source, ...], tuple[str, ...], bool]:
        replied = bool(self.message) and self.declined is None
        return self.text, self.sources, self.declined.nearest if self.declined else (), replied


@dataclass(frozen=True, slots=True, repr=False)
class Event(Brief):
    """Progress on an answer: the name of a stage, the hits, a claim that passed, or the whole answer.

    The stage `STARTING_OVER` withdraws the claims so far; others follow.
    """

    stage: str
    claim: Claim | None = None
    answer: Answer | None = None
    hits: tuple[Hit, ...] = ()


STARTING_OVER = "starting over"
"""The stage that withdraws the claims so far: the language model failed, or too few of its sentences passed."""


@dataclass(frozen=True, slots=True, repr=False)
class Turn(Brief):
    """A question in a conversation, and its answer."""

    question: str
    answer: Answer


@dataclass(frozen=True, slots=True, repr=False)
class Reject(Brief):
    """A record that could not be added, and why; `line`, or its number in XML and JSON, is 0 for the whole file."""

    source: str
    line: int
    reason: str
    text: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class Ingested(Brief):
    """How many papers an ingest added, updated, left unchanged and removed, and the records that it rejected.

    `further_rejects` counts those beyond the first ten thousand, which are not in `rejects`.
    """

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    removed: int = 0
    rejects: tuple[Reject, ...] = ()
    further_rejects: int = 0

    @property
    def rejected(self) -> int:
        """How many records were rejected."""
        return len(self.rejects) + self.further_rejects

    def __add__(self, other: Ingested) -> Ingested:
        return Ingested(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(self)))
