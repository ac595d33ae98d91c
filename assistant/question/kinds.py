"""The kind of answer a question wants, and the two sides of a comparison, both read off its wording.

The patterns are English and were written on the fitting questions of `eval/sets`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from ..core.text import content_words
from ..index.names import Named

Kind = Literal["fact", "figure", "list", "count", "compare", "overview", "summary", "lookup", "talk", "instruction"]

PAPERS = r"(?:papers|works|articles|abstracts|studies|publications|surveys|titles|reviews)"
_MANY = (
    r"(?:papers|works|articles|abstracts|studies|methods|models|approaches|benchmarks|datasets|surveys|systems"
    r"|techniques|frameworks|architectures|nets|networks|publications|ones|toolkits|tools|efforts|retrievers|corpora"
    r"|algorithms|projects|titles|reviews|experiments|proposals|recipes|schemes|variants)"
)

_COUNT = re.compile(
    rf"\bhow many (?:of the |of these |of them |different |such )?(?:\w+[ -]){{0,3}}?{PAPERS}\b"
    rf"|\b(?:number of|count(?: up)?(?: all)?(?: the)?) (?:\w+[ -]){{0,2}}?{PAPERS}\b"
    rf"|\bhow many\b.*\b(?:here|in (?:the|this|my|your) (?:library|collection|corpus))\b",
    re.I,
)
_WORK = rf"(?:work|research|{_MANY})"
_LIST = re.compile(
    rf"\b(?:which|what|any(?! better| more)|all|other|list|name|show|find|give|are there|some|every|more)\b"
    rf"(?: +(?!and\b)[\w'-]+){{0,5}}? +{_MANY}\b"
    rf"|^(?:the |all |any )?(?:[\w-]+ ){{0,5}}{PAPERS}\b(?! (?:does|did|is|was|says?|claims?|reports?))"
    rf"|^(?!(?:when|how|why|if|i|in|on|do|does|did|can|is|are|for|with) )(?:[\w-]+ ){{0,3}}{_WORK}"
    r" (?:on|about|that|which|whose|for|where|using|with|of|to)\b"
    r"|\b(?:i need|i want|i'm after|i am after|(?:i'm |i am )?looking for|search(?:ing)? for)"
    rf" (?!the )(?:[\w-]+ ){{0,4}}?{_WORK}\b"
    r"|\bwhat (?:[\w-]+ ){0,2}?(?:work|research)\b"
    r"|\bwho (?:else |all )?(?:has|have|uses?|works?|worked|stud\w+|tried|tries)\b"
    r"|\bwhich (?:[\w-]+ ){0,2}?[\w-]+(?:ers|ors|nets|sets|marks|codecs)"
    r" (?!do\b|does\b|did\b|is\b|was\b|were\b|can\b|has\b)\w+"
    rf"|\b(?:give me|show me|find|list|collect|name|enumerate|round up|gather)\b.*\b(?:everything|all|every|{_WORK})\b"
    r"|\bwhat (?:have we|do we have|is there|else)\b|\bwhat's (?:there|in the library)\b|\bwhich(?: ones?)?\?$"
    rf"|\b{PAPERS} (?:please|that|about|on|which|using|with|where|for)\b|^list\b"
    r"|\b(?:is there|list|show me|give me) (?:any |all |all the |the )?work\b"
    r"|\bany(?:thing|body| work| papers?) (?:on|about|here)\b|\beverything (?:on|about)\b",
    re.I,
)
_MANY_BY_NAME = re.compile(
    r"^(?:which (?:[\w-]+ )?[\w-]+(?:ers|ors) (?!do|did|can|were|was)\w+|who (?:has|have|uses?|works?)\b)", re.I
)
"""A question that wants a list even if it uses a name: the papers asked for are related to what is named."""
_SINGLE = re.compile(
    r"\b(?:the|that|a|one) (?:\w+ ){0,3}?(?:paper|article|report|thesis)\b|\b(?:the|that) (?:\w+ ){0,2}?one\b", re.I
)
_COMPARE = re.compile(
    r"\bcompar(?!able)\w+|\bdiffer(?:s|ence|ences)?\b|\bversus\b|\bvs\b|\bin contrast\b",
    re.I,
)
_SIDES = re.compile(
    r"\bagainst\b|\beach\b|\bboth\b|\beither\b|\bthe two\b|\bwhich (?:of|is|one|has)\b|\bor\b|\bunlike\b|\bwhile\b"
    r"|\band\b",
    re.I,
)
_ONE_EACH = re.compile(
    r"\btwo (?:[\w-]+ ){0,3}(?:papers|works|methods|models|abstracts|studies|schemes)\b|^compare\b|\bvs\b|\bversus\b"
    r"|\b(?:difference between|different about|disagree|agree (?:on|about|that|with))\b|\bthe same for\b.*\bas for\b",
    re.I,
)
_FIGURE = re.compile(
    r"\bhow (?:many|much|large|big|long|fast|far|often|high|low|small|cheap|expensive|well|accurate|old|deep|good"
    r"|strong)\b"
    r"|\b(?:what|which) (?:\w+ ){0,4}?(?:accuracy|score|percentage|share|number|size|speed\w*|improvement|gain|rate"
    r"|error|bleu|fid|map|miou|f1|perplexity|wer|cost|amount|ratio|fraction|proportion|figure|margin|reduction|count"
    r"|value|length|resolution|duration|budget|parameters|ndcg|mrr|auc|latency|throughput|psnr|recall|precision)\b"
    r"|\bby (?:how much|what|how many)\b|\b(?:number|amount|percentage|size) of\b"
    r"|\b(?:accuracy|bleu|fid|miou|f1|wer|perplexity|parameter count|speed-?up|hours|gb)\b",
    re.I,
)
_FIGURE_ABROAD = re.compile(
    r"\bwie ?viele?\b|\bcombien\b|\bcu[aá]nt[oa]s?\b|\bquant[oiea]s?\b|多少|几|\bgain\b",
    re.I,
)
_SUMMARY = re.compile(
    r"\bsummar\w+|\btl;?dr\b|\bgist\b|\boverview of\b|\bin a nutshell\b"
    r"|\bin (?:a few|two|three|short) (?:words|lines|sentences)?\b"
    r"|\bwhat(?:'s| is| are)\b.{1,80}\b(?:about|all about)\b|\bmain (?:idea|point|contribution|message|takeaway)s?\b"
    r"|\btell me about\b|\bkey (?:idea|finding|point)s?\b",
    re.I,
)
_LOOKUP = re.compile(
    r"\b(?:paper|one|report|article|thing|work|thesis)\b.{0,40}\b(?:called|titled?|named?)\b|\btitle\b"
    r"|\blooking for the\b|\b(?:i|i've|have|i have) forg[eo]t\w*|\bwhats? that paper|\bwhich paper\b",
    re.I,
)
_TALK = re.compile(
    r"\b(?:write|compose|sing|tell|make) (?:me )?(?:a|an|some|up) (?:\w+ ){0,2}?(?:poem|limerick|haiku|story|song|joke"
    r"|rap|essay|letter|e-?mail|tweet|speech)\b"
    r"|\bmy (?:landlord|boss|wife|husband|sister|brother|mother|father|mum|dad|girlfriend|boyfriend|kids?|son|daughter"
    r"|neighbou?r|cat|dog|flat|rent|tax(?:es)?|doctor|back|head|knee)\b"
    r"|\brecipes? for (?:\w+ ){0,2}(?:soup|cake|pie|bread|curry|sauce|pasta|dinner|lunch)\b|\bhoroscopes?\b"
    r"|\b(?:what(?:'s| is| will)|how(?:'s| is)|will) the weather\b"
    r"|\b(?:can|could|should|shall) i (?:cook|eat|wear|buy|drink|watch|invest)\b",
    re.I,
)
_INSTRUCTION = re.compile(
    r"\b(?:ignore|disregard|forget|override|bypass)\b.{0,40}\b(?:instruction|prompt|rule|paper|abstract|librar"
    r"|previous|above|source|everything|all|document|context)"
    r"|\b(?:reveal|print|show|repeat|output|leak|dump|tell me)\b.{0,40}\b(?:system|hidden|initial|secret|own"
    r"|your)\b.{0,25}\b(?:prompt|instruction|message|rule|key)|\bpretend\b|\byou are now\b"
    r"|(?:^|\byou (?:should |must |will )?|\bplease |\bnow )act as\b|\bfrom now on\b"
    r"|\byour (?:own |exact )?(?:system|initial|hidden|original|secret) (?:prompt|instruction|message|rule)"
    r"|\b(?:repeat|print|output|recite|copy) (?:everything|all|the (?:text|words|lines?|conversation)) (?:above|before"
    r"|so far)|\byou are (?:no longer|free (?:of|from))\b|^\W*(?:system|developer|assistant)\s*:"
    r"|\b(?:respond|reply|answer)(?: only| just)? with (?:only |just |nothing but )?(?:the (?:words?|phrase"
    r"|sentence)\b|[\"'“‘])"
    r"|\b(?:print|reveal|show|give|tell|send|leak)\b.{0,40}\b(?:api keys?|passwords?|credentials"
    r"|environment variables?)\b"
    r"|(?:^|[.;:,] |\band |\bbut |\bplease )(?:do not|don'?t|never) (?:cite|use) (?:the |any |your )?(?:papers|sources"
    r"|abstracts)\b|\bas if you (?:were|are|had no)\b",
    re.I,
)
_ABOUT_ONE_PAPER = re.compile(r"^Regarding “[^“”]*”: ")
"""How a follow-up begins once the paper it refers to has been spelt out."""


def kind_of(question: str, named: Sequence[Named]) -> Kind:
    """The kind of answer a question wants, given the papers it names."""
    if _INSTRUCTION.search(question):
        return "instruction"
    about_papers = re.search(PAPERS, question, re.I)
    if _TALK.search(question) and not about_papers:
        return "talk"
    if _COUNT.search(question):
        return "count"
    if _compares(question, named):
        return "compare"
    about_many = not named or about_papers or _MANY_BY_NAME.search(question)
    if _LIST.search(question) and not _SINGLE.search(question) and about_many:
        return "list"
    if _SUMMARY.search(question):
        return "summary"
    if _FIGURE.search(question):
        return "figure"
    return "lookup" if _LOOKUP.search(question) else "fact"


def wants_figure(question: str) -> bool:
    """Whether the answer is a number, whatever its kind and language."""
    return bool(_FIGURE.search(question) or _FIGURE_ABROAD.search(question))


def _compares(question: str, named: Sequence[Named]) -> bool:
    """Whether a question compares papers: it names two, or describes one or both of them."""
    papers = len({name.paper_ids for name in named})
    compares = _COMPARE.search(question) or (_SIDES.search(question) and not _ABOUT_ONE_PAPER.match(question))
    if (papers >= 2 and compares) or _ONE_EACH.search(question):
        return True
    return compares_described(question, [name.text for name in named if name.exact])


# -- the sides of a comparison

_DESCRIBED = (
    r"(?:the|that|an?) (?:[\w-]+ ){0,3}?(?:paper|work|stud(?:y|ies)|article|survey|method|model|approach|recipe"
    r"|technique|scheme|system|framework|benchmark|data ?set|corpus)\b"
)
"""How the description of a paper begins: "the rewarming study on ..."."""
_A = r"(?P<a>(?:(?! [-–—] |\. )[^;:?!,]){3,200}?)"
_B = r"(?P<b>(?:(?! [-–—] |\. )[^;:?!,]){3,200}?)"
_END = (
    r"(?=[.]*$|[;:?!,]| [-–—] | (?:each|both|either|agree|disagree|differ|compare|report|claim|say|in (?:what|how)|when"
    r"|do|does|as to)\b)"
)
_VERSUS = r"(?:versus|vs\.?|against)"
_FORMS = (
    (r"\b(?:between|both) ", "and"),
    (r"\bcompar(?:e|ing|ison of) (?:[^:;?]*: *)?", rf"(?:and|with|to|{_VERSUS})"),
    (r"(?:^|[;:,] )(?:how (?:do|does) |what about )?", _VERSUS),
    (r"\b(?:do|does|did|is|are|was) ", r"(?:do )?differ(?:s|ent|ently)? (?:from|than|to)"),
    (r"\bthe same for ", "as for"),
    (r"^(?:which (?:is|of|one)[^:,]*[:,] *)?", r"or(?=[^;:?!,]*[:,?])"),
    (r"\b(?:do|does|did|would|can) ", "and"),
    (r"^", r"and(?=[^;:?!,]*[:,] (?:which|what|how|who|do|does|is|are)\b)"),
)
"""What stands before the first side, and between the two."""
_PAIRS = tuple(
    re.compile(f"{before}{_A} {between} {next_one}{_B}{_END}", re.I)
    for before, between in _FORMS
    for next_one in (f"(?={_DESCRIBED})", "")  # "on cats and dogs and the paper on birds" is parted before "the paper"
)
_COMPARING = re.compile(
    r"\b(?:each|both|either|respectively|versus|vs|compar(?:e|ing|ison)|agree|disagree|against|or)\b"
    r"|\bdiffer(?:s|ent|ently|ences?)?\b|\bthe same for\b|[:,] which\b",
    re.I,
)
_SURELY = re.compile(
    r"^compare\b|\bbetween\b|\bversus\b|\bvs\b|\bthe same for\b|\beach\b",
    re.I,
)
"""Wording that makes whatever stands beside a named paper another paper, however it is described."""
_NO_PAPER = re.compile(
    r"^(?:the |an? |its |their |any )?(?:its|their|it|them|they|those|these|this|that|each|earlier|previous|prior"
    r"|existing|others?|another|standard|traditional|conventional|ordinary|usual|plain|typical|common|normal|vanilla"
    r"|regular|baselines?|single|one|two|what|which|how|humans?|people)\b(?! (?:paper|work|study)\b)",
    re.I,
)
"""How a side begins that is no paper: "earlier methods", "its baseline"."""


def sides(question: str) -> tuple[str, ...]:
    """The two things that a question compares, in its own words; () if it compares none.

    >>> sides("Batch Normalization vs the linearity paper on adversarial inputs: which gains more?")
    ('Batch Normalization', 'the linearity paper on adversarial inputs')
    """
    if not _COMPARING.search(question):
        return ()
    for pattern in _PAIRS:
        match = pattern.search(question)
        if match and all(_may_be_paper(match[name]) for name in ("a", "b")):
            return match["a"].strip(), match["b"].strip()
    return ()


def compares_described(question: str, names: Sequence[str]) -> bool:
    """Whether a question compares two papers and describes at least one of them instead of naming it.

    Either both are named or described as papers ("the paper on ..."), or one is named and the wording surely compares.
    """
    both = sides(question)
    named = [any(side.startswith(name) for name in names) for side in both]
    described = [bool(re.match(_DESCRIBED, side, re.I)) for side in both]
    surely = any(named) and bool(_SURELY.search(question))
    return bool(both) and (surely or all(map(max, named, described)))


def each_side(question: str, names: Sequence[str]) -> list[str]:
    """For each side that uses none of `names`: the question without the other side."""
    both = sides(question)
    others = [other for side, other in zip(both, both[::-1], strict=True) if not any(name in side for name in names)]
    return [" ".join(question.replace(other, " ").split()) for other in others]


def _may_be_paper(side: str) -> bool:
    return bool(content_words(side)) and not _NO_PAPER.match(side.strip())
