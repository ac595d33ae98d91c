"""A question in, what it asks for out: the kind of answer, the papers it names, the listings it keeps to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from .names import NameBook, Named, misspelt_in, name_like, named_in
from .text import content_words, parts, stem, words

Kind = Literal["fact", "figure", "list", "count", "compare", "summary", "lookup", "talk", "instruction"]

COMMON = 6
"""A lower-case word that more papers use than this is a word, not a name ("fact", "octo" against "FACT")."""

TOPIC = 15
"""A word written like a name that more papers use than this is a topic ("LM", "NAS")."""

_PAPERS = r"(?:papers|works|articles|abstracts|studies|publications|surveys|titles|reviews)"
_MANY = (
    r"(?:papers|works|articles|abstracts|studies|methods|models|approaches|benchmarks|datasets|surveys|systems|techniques|"
    r"frameworks|architectures|nets|networks|publications|ones|toolkits|tools|efforts|retrievers|corpora|algorithms|"
    r"projects|titles|reviews|proposals|recipes|schemes|variants)"
)

_COUNT = re.compile(
    rf"\bhow many (?:of the |of these |of them |different |such )?(?:\w+[ -]){{0,3}}?{_PAPERS}\b|\bin how many {_PAPERS}\b|"
    rf"\b(?:number of|count(?: up)?(?: all)?(?: the)?) (?:\w+[ -]){{0,2}}?{_PAPERS}\b|"
    rf"\bhow many\b.*\b(?:here|in (?:the|this|my|your) (?:library|collection|corpus))\b",
    re.I,
)
_LIST = re.compile(
    rf"\b(?:which|what|any|all|other|list|name|show|find|give|are there|some|every|more)\b(?:[ ,]+(?!and\b)[\w'-]+){{0,5}}?[ ,]+{_MANY}\b"
    rf"|^(?:the |all |any )?(?:\w+[ -]){{0,5}}{_PAPERS}\b(?! (?:does|did|is|was|says?|claims?|reports?))"
    rf"|\b(?:give me|show me|find|list|collect|name|enumerate|round up|gather)\b.*\b(?:everything|all|every|papers|works?|"
    rf"articles|studies)\b|\bwhat (?:have we|do we have|is there|work is there|else)\b|\bwho (?:else |all )?(?:uses?|works? on|stud)"
    rf"|\bwhich ones\b|\b{_PAPERS} (?:please|that|about|on|which|using|with|where|for)\b|^list\b|\b(?:is there|list|show me|give me) (?:any |all |all the |the )?work\b"
    rf"|\bany(?:thing| work| papers?) (?:on|about)\b|\beverything (?:on|about)\b|\bi(?:'m| am) (?:after|looking for) {_PAPERS}\b",
    re.I,
)
_SINGLE = re.compile(r"\b(?:the|that|a|one) (?:\w+ ){0,3}?(?:paper|article|one|report|thesis)\b", re.I)
_COMPARE = re.compile(r"\bcompar(?!able)\w+|\bdiffer(?:s|ence|ences)?\b|\bversus\b|\bvs\b|\bside by side\b|\bin contrast\b", re.I)
_SIDES = re.compile(
    r"\bagainst\b|\beach\b|\bboth\b|\brespectively\b|\beither\b|\bthe two\b|\bwhich (?:of|is|one|has)\b|\bor\b|\bunlike\b"
    r"|\bwhile\b|\band\b",
    re.I,
)
_ONE_EACH = re.compile(r"\btwo\b.*\beach\b|\beach\b.*\btwo\b|\bthe same for\b.*\bas for\b", re.I)
_FIGURE = re.compile(
    r"\bhow (?:many|much|large|big|long|fast|far|often|high|low|small|cheap|expensive|well|accurate|old|deep|good|strong)\b"
    r"|\b(?:what|which) (?:\w+ ){0,4}?(?:accuracy|score|percentage|share|number|size|speed\w*|improvement|gain|rate|error|bleu|"
    r"fid|map|miou|f1|perplexity|wer|cost|amount|ratio|fraction|proportion|figure|margin|reduction|count|value|length|"
    r"resolution|duration|budget|parameters|ndcg|mrr|auc|latency|throughput|psnr|recall|precision)\b"
    r"|\bby (?:how much|what|how many)\b|\b(?:number|amount|percentage|size) of\b|\bto what (?:size|extent)\b"
    r"|\b(?:accuracy|bleu|fid|miou|f1|wer|perplexity|parameter count|speed-?up|hours|gb)\b",
    re.I,
)
_SUMMARY = re.compile(
    r"\bsummar\w+|\btl;?dr\b|\bgist\b|\boverview of\b|\bin a nutshell\b|\bin (?:a few|two|three|short) (?:words|lines|sentences)?\b"
    r"|\bwhat(?:'s| is| are)\b.{1,80}\b(?:about|all about)\b|\bmain (?:idea|point|contribution|message|takeaway)s?\b"
    r"|\btell me about\b|\bexplain (?:the )?(?:paper|work)\b|\bdescribe (?:the )?(?:paper|work)\b|\bkey (?:idea|finding|point)s?\b",
    re.I,
)
_LOOKUP = re.compile(
    r"\b(?:paper|one|report|article|thing|work|thesis)\b.{0,40}\b(?:called|titled?|named?)\b|\btitle\b|\bcan'?t (?:remember|recall)"
    r"|\bforg[eo]t\w*|\bwhats? that paper|\bthat paper (?:with|about|on|where)|\bwhich paper\b|\bfind (?:me )?the (?:paper|one)\b"
    r"|\bwhat was the (?:paper|name)\b|\bsomething like\b",
    re.I,
)
_TALK = re.compile(
    r"^(?:hi|hello|hey|thanks?|thank you|good (?:morning|evening|afternoon|night)|bye|goodbye|how are you|who are you|"
    r"what can you do|cheers|ok(?:ay)?|great|cool|lol|nice)\b[\s\w!.,?']{0,40}$",
    re.I,
)
_INSTRUCTION = re.compile(
    r"\b(?:ignore|disregard|forget|override|bypass)\b.{0,40}\b(?:instruction|prompt|rule|paper|abstract|librar|previous|above|"
    r"source|everything|all|document|context)"
    r"|\b(?:reveal|print|show|repeat|output|leak|dump|tell me)\b.{0,40}\b(?:system|hidden|initial|secret|own|your)\b.{0,25}"
    r"\b(?:prompt|instruction|message|rule|key)"
    r"|\bpretend\b|\byou are now\b|\bact as\b|\bfrom now on\b|\bjailbreak(?:ed)? mode\b|\bdeveloper mode\b|\bsystem prompt\b"
    r"|\bdo anything now\b|\bno matter what (?:the )?(?:papers|abstracts)\b|\bwithout (?:any )?(?:citation|source)s?\b"
    r"|\b(?:just|simply) (?:say|answer|claim|state) that\b",
    re.I,
)
_LISTING = re.compile(
    r"\b(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?\s+(\d{1,2})(?:st|nd|rd|th)?\b"
    r"|\b(\d{1,2})(?:st|nd|rd|th)?(?: of)? (jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\b",
    re.I,
)
_LIMIT = re.compile(r"\b(?:top|first|best|name|list|give me|any)\s+(\d{1,2}|two|three|four|five|six|seven|eight|nine|ten)\b", re.I)
_SPELT = {word: n for n, word in enumerate("zero one two three four five six seven eight nine ten".split())}


class Vocabulary(NameBook, Protocol):
    """The seam: names, and how many papers use a word."""

    def document_counts(self, stems: Iterable[str]) -> Mapping[str, int]: ...


@dataclass(frozen=True, slots=True)
class Asked:
    """What a question asks for.

    `named` are the names of papers or methods it uses, `unknown` the coined words that no abstract here has,
    `sources` the listings it keeps to (None: all), `limit` how many papers it wants (None: as many as fit).
    """

    text: str
    kind: Kind
    named: tuple[Named, ...] = ()
    unknown: tuple[str, ...] = ()
    sources: tuple[str, ...] | None = None
    limit: int | None = None
    wants_figure: bool = False

    @property
    def focus(self) -> str:
        """The question without the names in it: what is asked about them."""
        text = self.text
        for named in self.named:
            text = text.replace(named.text, " ")
        return " ".join(text.split())


def understand(question: str, vocabulary: Vocabulary, listings: Mapping[str, str]) -> Asked:
    """What `question`, self-contained, asks for, given the names and words of the papers held."""
    counts = vocabulary.document_counts({stem(w) for w in words(question)})
    named = [n for n in named_in(question, vocabulary) if _is_name(n.text, counts)]
    spelt = {w for n in named for w in words(n.text)}
    strange = [w for w in content_words(question) if not _known(w, vocabulary) and w not in spelt]
    named += misspelt_in(question, vocabulary, unknown=strange)
    recognised = {w for n in named for w in words(n.text)}
    return Asked(
        text=question,
        kind=_kind(question, named),
        named=tuple(named),
        unknown=tuple(w for w in name_like(question) if w in strange and w not in recognised),
        sources=_sources(question, listings),
        limit=_limit(question),
        wants_figure=bool(_FIGURE.search(question)),
    )


def _is_name(text: str, counts: Mapping[str, int]) -> bool:
    """Whether a match is meant as a name: written like one, of several words, or a word of few papers."""
    pieces = words(text)
    if len(pieces) > 1:
        return True
    bound = TOPIC if any(c.isupper() or c.isdigit() for c in text) else COMMON
    return all(counts.get(stem(piece), 0) <= bound for piece in pieces)


def _known(word: str, vocabulary: Vocabulary) -> bool:
    whole = vocabulary.document_counts([stem(word)])[stem(word)]
    if whole:
        return True
    pieces = [stem(p) for p in parts(word) if p.isalpha() and len(p) > 1]
    return bool(pieces) and all(vocabulary.document_counts(pieces).values()) and not any(c.isdigit() for c in word)


def _kind(question: str, named: Sequence[Named]) -> Kind:
    if _INSTRUCTION.search(question):
        return "instruction"
    if _TALK.search(question):
        return "talk"
    sides = len({n.paper_ids for n in named})
    if _COUNT.search(question):
        return "count"
    if (sides >= 2 and (_COMPARE.search(question) or _SIDES.search(question))) or _ONE_EACH.search(question):
        return "compare"
    if _LIST.search(question) and not _SINGLE.search(question) and (not named or re.search(_PAPERS, question, re.I)):
        return "list"
    if _SUMMARY.search(question):
        return "summary"
    if _FIGURE.search(question):
        return "figure"
    return "lookup" if _LOOKUP.search(question) else "fact"


def _sources(question: str, listings: Mapping[str, str]) -> tuple[str, ...] | None:
    """The listings whose date the question names, as in "the March 12 listing"; None where it names none held."""
    wanted = {
        f"{(found[1] or found[4]).title()[:3]} {int(found[2] or found[3])}" for found in _LISTING.finditer(question)
    }
    chosen = tuple(source for source, label in listings.items() if label and _short(label) in wanted)
    return chosen or None


def _short(label: str) -> str:
    month, _, day = label.partition(" ")
    return f"{month[:3]} {day.split(',')[0]}"


def _limit(question: str) -> int | None:
    found = _LIMIT.search(question)
    if not found:
        return None
    written = found[1].casefold()
    return _SPELT.get(written) or int(written)
