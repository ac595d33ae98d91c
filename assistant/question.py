"""A question in, what it asks for out: the kind of answer, the papers it names, the listings it keeps to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from .names import TOPIC_PAPERS, NameBook, Named, misspelt_in, name_like, named_in
from .text import STOP_WORDS, content_words, parts, stem, words

Kind = Literal["fact", "figure", "list", "count", "compare", "summary", "lookup", "talk", "instruction"]

COMMON = 0.007
"""A lower-case word that a larger share of the papers uses is a word, not a name ("fact" against "FACT")."""
TOPIC = 0.018
"""A word written like a name that a larger share of the papers uses is a topic ("LM", "NAS")."""
MOST = 15
"""However many papers there are, a word that more than this many use names none of them."""

_PAPERS = r"(?:papers|works|articles|abstracts|studies|publications|surveys|titles|reviews)"
_MANY = (
    r"(?:papers|works|articles|abstracts|studies|methods|models|approaches|benchmarks|datasets|surveys|systems|techniques|"
    r"frameworks|architectures|nets|networks|publications|ones|toolkits|tools|efforts|retrievers|corpora|algorithms|"
    r"projects|titles|reviews|experiments|proposals|recipes|schemes|variants)"
)

_COUNT = re.compile(
    rf"\bhow many (?:of the |of these |of them |different |such )?(?:\w+[ -]){{0,3}}?{_PAPERS}\b|\bin how many {_PAPERS}\b|"
    rf"\b(?:number of|count(?: up)?(?: all)?(?: the)?) (?:\w+[ -]){{0,2}}?{_PAPERS}\b|"
    rf"\bhow many\b.*\b(?:here|in (?:the|this|my|your) (?:library|collection|corpus))\b",
    re.I,
)
_WORK = rf"(?:work|research|{_MANY})"
_LIST = re.compile(
    rf"\b(?:which|what|any(?! better| more)|all|other|list|name|show|find|give|are there|some|every|more)\b(?: +(?!and\b)[\w'-]+){{0,5}}? +{_MANY}\b"
    rf"|^(?:the |all |any )?(?:[\w-]+ ){{0,5}}{_PAPERS}\b(?! (?:does|did|is|was|says?|claims?|reports?))"
    rf"|^(?!(?:when|how|why|if|i|in|on|do|does|did|can|is|are|for|with) )(?:[\w-]+ ){{0,3}}{_WORK} (?:on|about|that|which|whose|for|where|using|with|of|to)\b"
    rf"|\b(?:i need|i want|i'm after|i am after|(?:i'm |i am )?looking for|search(?:ing)? for) (?!the )(?:[\w-]+ ){{0,4}}?{_WORK}\b"
    rf"|\bwhat (?:[\w-]+ ){{0,2}}?(?:work|research)\b|\bwho (?:else |all )?(?:has|have|uses?|works?|worked|stud\w+|tried|tries)\b"
    r"|\bwhich (?:[\w-]+ ){0,2}?[\w-]+(?:ers|ors|nets|sets|marks|codecs) (?!do\b|does\b|did\b|is\b|was\b|were\b|can\b|has\b)\w+"
    rf"|\b(?:give me|show me|find|list|collect|name|enumerate|round up|gather)\b.*\b(?:everything|all|every|{_WORK})\b"
    r"|\bwhat (?:have we|do we have|is there|else)\b|\bwhat's (?:there|in the library)\b|\bwhich(?: ones?)?\?$"
    rf"|\b{_PAPERS} (?:please|that|about|on|which|using|with|where|for)\b|^list\b"
    r"|\b(?:is there|list|show me|give me) (?:any |all |all the |the )?work\b|\bany(?:thing|body| work| papers?) (?:on|about|here)\b"
    r"|\beverything (?:on|about)\b",
    re.I,
)
_MANY_BY_NAME = re.compile(r"^(?:which (?:[\w-]+ )?[\w-]+(?:ers|ors) (?!do|did|can|were|was)\w+|who (?:has|have|uses?|works?)\b)", re.I)
"""A list question that may use a name: what is asked for stands in some relation to it."""
_SINGLE = re.compile(
    r"\b(?:the|that|a|one) (?:\w+ ){0,3}?(?:paper|article|report|thesis)\b|\b(?:the|that) (?:\w+ ){0,2}?one\b", re.I
)
_COMPARE = re.compile(r"\bcompar(?!able)\w+|\bdiffer(?:s|ence|ences)?\b|\bversus\b|\bvs\b|\bside by side\b|\bin contrast\b", re.I)
_SIDES = re.compile(
    r"\bagainst\b|\beach\b|\bboth\b|\brespectively\b|\beither\b|\bthe two\b|\bwhich (?:of|is|one|has)\b|\bor\b|\bunlike\b"
    r"|\bwhile\b|\band\b",
    re.I,
)
_ONE_EACH = re.compile(r"\btwo (?:[\w-]+ ){0,3}(?:papers|works|methods|models|abstracts|studies|schemes)\b|^compare\b|\bvs\b|\bversus\b|"
    r"\b(?:difference between|different about|disagree|agree (?:on|about|that|with))\b|\bthe same for\b.*\bas for\b", re.I)
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
    r"|\blooking for the\b|\bforg[eo]t\w*|\bwhats? that paper|\bthat paper (?:with|about|on|where)|\bwhich paper\b|\bfind (?:me )?the (?:paper|one)\b"
    r"|\bwhat was the (?:paper|name)\b|\bsomething like\b",
    re.I,
)
_TALK = re.compile(
    r"^(?:hi|hello|hey|thanks?|thank you|good (?:morning|evening|afternoon|night)|bye|goodbye|how are you|who are you|"
    r"what can you do|cheers|ok(?:ay)?|great|cool|lol|nice)\b[\s\w!.,?']{0,40}$"
    r"|\b(?:write|compose|sing|tell|make) (?:me )?(?:a|an|some|up) (?:\w+ ){0,2}?(?:poem|limerick|haiku|story|song|joke|rap|essay|"
    r"letter|e-?mail|tweet|speech)\b|\bmy (?:landlord|boss|wife|husband|sister|brother|mother|father|mum|dad|girlfriend|"
    r"boyfriend|kids?|son|daughter|neighbou?r|cat|dog|flat|rent|tax(?:es)?|doctor|back|head|knee)\b"
    r"|\brecipes? for (?:\w+ ){0,2}(?:soup|cake|pie|bread|curry|sauce|pasta|dinner|lunch)\b|\b(?:weather|horoscope|lottery|football|restaurant|hotel|birthday|flight)s?\b|\b(?:can|could|should|shall) i "
    r"(?:cook|eat|wear|buy|drink|watch|invest)\b",
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
_ABROAD = frozenset(
    """der die das den dem des ein eine einen einem einer und oder mit für von auf wie viele welche welches welcher welchen wird
    werden wurde ist sind man nicht bei zum zur nach über es gibt worum geht um le la les un une des du et ou avec pour de dans
    quel quelle quels quelles est sont comment combien sur par il elle que qui se en au aux ce cette el los las una y o con para
    qué cuál cuáles cómo cuánto cuántos es son se lo al del hay algún alguna che quale quali quanto quanti è sono gli il di per
    nel della dei c'è um uma os as e ou com não qual quais são como da do na no""".split()
)
_FIGURE_ABROAD = re.compile(r"\bwie ?viele?\b|\bcombien\b|\bcu[aá]nt[oa]s?\b|\bquant[oiea]s?\b|多少|几|\bwelche[rsn]? (?:Genauigkeit|Anteil)|\bgain\b", re.I)
_SECOND_STEP = re.compile(
    r"[.;?!] +\w.*\?|\bthe two\b|\bthat (?:\w+ ){0,2}?(?:retriever|method|model|paper|work|approach|system|one|set|competitor)\b"
    r"|\b(?:older|earlier|later|other|existing|another|original|predecessor|competitor)\b|\bitself\b"
    r"|\bhad (?:\w+ ){0,3}?(?:claim|report|announce)|\b(?:says?|claims?) (?:it|to) (?:outdo|beat|outperform)|\bbeats?\b|\boutdo"
    r"|\bovertak|\bbuilds? (?:on|upon)|\bstarts? from|\bborrows?\b|\bits (?:base|teacher|predecessor)|\bblames?\b|\bdraws? level\b",
    re.I,
)
_LIKENESS = re.compile(r"-(?:like|style|inspired|ish|based|type|esque|sized?|parameter|scale|trained|tuned)s?$", re.I)
_SPELT = {word: n for n, word in enumerate("zero one two three four five six seven eight nine ten".split())}


class Vocabulary(NameBook, Protocol):
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

    `named` are the names of papers or methods it uses, `coined` its words that are made up ("LC-QuAD") and not those of
    a whole field ("BERT"), `unknown` those of them that no abstract here has,
    `sources` the listings it keeps to (None: all), `limit` how many papers it wants (None: as many as fit), `leads_on`
    that a second paper may have to be found through the first, `foreign` that it is not in English, `strangeness` the share of its content words that no paper here uses (0 to 1).
    """

    text: str
    kind: Kind
    named: tuple[Named, ...] = ()
    coined: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    sources: tuple[str, ...] | None = None
    limit: int | None = None
    wants_figure: bool = False
    leads_on: bool = False
    foreign: bool = False
    strangeness: float = 0.0

    @property
    def focus(self) -> str:
        """The question without the names in it: what is asked about them."""
        text = self.text
        for named in self.named:
            text = text.replace(named.text, " ")
        return " ".join(text.split())


def understand(question: str, vocabulary: Vocabulary, listings: Mapping[str, str]) -> Asked:
    """What `question`, self-contained, asks for, given the names and words of the papers held."""
    found = _names(question, vocabulary)
    spelt = {w for n in found for w in words(n.text)}
    strange = [w for w in content_words(question) if not _known(w, vocabulary) and w not in spelt]
    found += misspelt_in(question, vocabulary, unknown=strange)
    found += _mentioned(question, vocabulary, {w for n in found for w in words(n.text)})
    recognised = {w for n in found for w in words(n.text)}
    coined = [w for w in name_like(question) if _is_coined(w, vocabulary) and w not in recognised]
    return Asked(
        text=question,
        kind=_kind(question, found),
        named=tuple(found),
        coined=tuple(coined),
        unknown=tuple(w for w in coined if w in strange),
        sources=_sources(question, listings),
        limit=_limit(question),
        wants_figure=bool(_FIGURE.search(question) or _FIGURE_ABROAD.search(question)),
        leads_on=bool(_SECOND_STEP.search(question)),
        foreign=_is_foreign(question),
        strangeness=len(strange) / max(1, len(content_words(question))),
    )


def named(question: str, *, vocabulary: Vocabulary) -> list[str]:
    """The names of papers or methods that a question uses, as written."""
    return [name.text for name in _names(question, vocabulary)]


def _names(question: str, vocabulary: Vocabulary) -> list[Named]:
    counts = vocabulary.document_counts({stem(w) for w in words(question)})
    return [n for n in named_in(question, vocabulary) if _is_name(n.text, counts, len(vocabulary))]


def _mentioned(question: str, vocabulary: Vocabulary, recognised: set[str]) -> list[Named]:
    """Coined words that no paper goes by but at most `TOPIC_PAPERS` mention: they name those papers."""
    found = []
    for word in (w for w in name_like(question) if w not in recognised and _is_coined(w, vocabulary)):
        if word.removesuffix("s").isupper() and len(word) < 6:
            continue  # "GPUs", "CVPR": an abbreviation that few use is still no paper's name
        holders = vocabulary.holders(word, limit=TOPIC_PAPERS + 1)
        if 0 < len(holders) <= TOPIC_PAPERS:
            found.append(Named(word, tuple(holders), exact=False))
    return found


def _is_coined(word: str, vocabulary: Vocabulary) -> bool:
    """Whether a name-like word names one thing: not a field's word ("ViT"), a likeness ("BERT-like") or a compound
    of known words ("FP8-Formate")."""
    if _LIKENESS.search(word) or not any(c.isupper() for c in word) or word[0].isdigit() or len(word) < 3:
        return False
    counts = vocabulary.document_counts([stem(word), *map(stem, parts(word))])
    if counts[stem(word)]:
        return counts[stem(word)] <= _bound(TOPIC, len(vocabulary))
    pieces = parts(word) or [word]
    return any(not counts[stem(p)] and (any(c.isupper() for c in p[1:]) or p is word) for p in pieces)


def _bound(share: float, held: int) -> float:
    return min(MOST, max(2.0, share * held))


def _is_name(text: str, counts: Mapping[str, int], held: int) -> bool:
    """Whether a match is meant as a name: written like one, of several words, or a word of few papers."""
    pieces = words(text)
    if len(pieces) > 1:
        return True
    bound = _bound(TOPIC if any(c.isupper() or c.isdigit() for c in text) else COMMON, held)
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
    about_many = not named or re.search(_PAPERS, question, re.I) or _MANY_BY_NAME.search(question)
    if _LIST.search(question) and not _SINGLE.search(question) and about_many:
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


def _is_foreign(question: str) -> bool:
    """Whether a question is in another script, or has more function words of a neighbour language than of English."""
    letters = [c for c in question if c.isalpha()]
    if sum(c > "\u024f" and not "\u0370" <= c <= "\u03ff" for c in letters) > len(letters) / 4:
        return True
    said = [word.casefold() for word in words(question)]
    return sum(word in _ABROAD for word in said) > sum(word in STOP_WORDS for word in said)


def _limit(question: str) -> int | None:
    found = _LIMIT.search(question)
    if not found:
        return None
    written = found[1].casefold()
    return _SPELT.get(written) or int(written)
