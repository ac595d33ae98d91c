"""A question and a paper in, the particulars out that the question asks for and the abstract does not state.

Abstracts are silent on the same few things again and again (licences, authors, machines, prices); a topic match
says nothing about them, so each is looked for by its own words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from .names import plain
from .records import Paper
from .text import numbers, sentences, words


@dataclass(frozen=True, slots=True)
class _Particular:
    """What to call a particular in a message, how a question asks for it, and how an abstract states it."""

    name: str
    asked: re.Pattern[str]
    stated: re.Pattern[str] | None


def _particular(name: str, asked: str, stated: str | None) -> _Particular:
    return _Particular(name, re.compile(asked, re.I), re.compile(stated, re.I) if stated else None)


_PARTICULARS = (
    _particular(
        "its authors or where they work",
        r"\bwho (?:is|are|was|were) the (?:first |lead |main )?authors?\b|\b(?:first |lead )?authors? (?:list"
        r"|names?|of)\b|"
        r"\bnames? of the authors?\b|\bwho (?:wrote|authored)\b|\bwhere do they work|\baffiliat|"
        r"\bwhich (?:university|lab|institut\w+) (?:is|are|was|did)",
        None,
    ),
    _particular("a licence", r"\blicen[cs]e", r"\blicen[cs]|\bapache\b|\bcc[- ]by|\bmit licen"),
    _particular(
        "the machines it ran on",
        r"\b(?:how many|what|which|number of|type of|kind of)\b[^,.?]{0,30}\b(?:gpus?|tpus?|accelerators?"
        r"|hardware|graphics cards?|"
        r"machines|nodes)\b|\bgpu[- ]hours\b",
        r"\b(?:gpus?|tpus?|npus?|accelerators?|hardware|cpus?|devices?|phones?|machines?|nodes?)\b|[ahv]100"
        r"|a6000|rtx",
    ),
    _particular(
        "how long the training took",
        r"\bhow (?:long|many (?:hours|days|weeks|months)).{0,40}\b(?:train|run|pretrain|pre-train)|\btraining time\b",
        r"\b(?:hours?|days?|weeks?|minutes?|seconds?|months?|faster|speed\w*|time|quicker)\b",
    ),
    _particular(
        "a price or pay",
        r"\b(?:price|prices|paid|salary|fee|fees|wages?|subscription)\b|\bwhat does it cost\b|\bhow (?:expensive"
        r"|much money)\b",
        r"\$|\b(?:dollars?|usd|euros?|cents?|price[sd]?|budget|cost(?:s|ing)? (?:of|about|only|less))\b|€|£",
    ),
    _particular(
        "when or where it was published",
        r"\b(?:which|what) (?:conference|venue|journal|year)\b|\bwhen was\b|\bwhere was it published"
        r"|\bpublication (?:date|venue|year)",
        r"\b(?:19|20)\d\d\b",
    ),
    _particular(
        "how often it is cited",
        r"\bhow (?:often|many times)\b.{0,30}\bcited\b|\bcitation count",
        r"\bcitations?\b|\bcited\b",
    ),
    _particular("who paid for it", r"\bfund(?:ed|ing|ers?)\b|\bsponsor|\bgrants?\b", r"\bfund|\bsponsor|\bgrant"),
    _particular("a prize", r"\bprizes?\b|\bprize money\b", r"\bprize"),
    _particular(
        "anybody's age",
        r"\b(?:the |their |what )ages?\b|\bhow old (?:were|are|is|was) (?:the|they|he|she)",
        r"\baged?\b|years? old",
    ),
    _particular(
        "which device it ran on",
        r"\bwhich (?:phone|smartphone|device|laptop|tablet|robot arm)\b",
        r"iphone|samsung|galaxy|snapdragon|xiaomi|\bpixel \d|jetson|raspberry|macbook|franka|widowx",
    ),
    _particular("the period", r"\b(?:which|what) (?:century|decade|era)\b", r"\bcentur|\bdecade|\b1[4-9]\d\ds?\b"),
    _particular("an ablation", r"\bablation", r"\bablat"),
    _particular(
        "when it was released",
        r"\bwhen (?:was|were|will|did) .*\b(?:released?|launched?|published)\b|\brelease date",
        r"\b20\d\d\b",
    ),
    _particular(
        "a significance test",
        r"\bstatistical(?:ly)? significan|\bp-values?\b|\bconfidence intervals?\b",
        r"significan|confidence interval",
    ),
    _particular(
        "its limitations",
        r"\b(?:its|their|the|what) (?:\w+ )?(?:limitations?|weaknesses|shortcomings|failure cases)\b(?! (?:of|in"
        r"|that) (?:existing|previous|earlier|current|prior))",
        r"\blimit|\bweak|\bfail|\bshortcoming|\bstruggl|\bdrawback|\bcannot\b",
    ),
    _particular(
        "its reviews",
        r"\breview(?:er)?s? (?:score|say|said|rating)|\bacceptance rate|\baccepted at\b",
        r"\breviewer|\baccepted\b",
    ),
)
_WORDED = re.compile(
    r"\b(?:what|which|exact|precise|how (?:many|much|high|low|large|big|long"
    r"|good))\b[^,.?;]{0,40}?\b(learning rate|batch size|optimi[sz]er|weight decay|dropout|warm-?up|epochs?"
    r"|attention heads?|random seeds?|temperature|"
    r"bleu|rouge|meteor|perplexity|word error rate|equal error rate|wer|character error rate|cer|fid|miou|map|f1"
    r"|psnr|ssim|eer|mrr|ndcg|auroc|"
    r"elo|exact match|latency|throughput|context (?:length|window)|vocabulary size|p-value|standard deviation"
    r"|carbon|energy|"
    r"co2|memory footprint|inter-annotator agreement|annotators?)\b",
    re.I,
)
_SYNONYMS = {
    "word error rate": r"\bwer\b|word error",
    "equal error rate": r"\beer\b|equal error",
    "eer": r"\beer\b|equal error",
    "wer": r"\bwer\b|word error",
    "map": r"\bm?ap\b|average precision",
    "miou": r"\bm?iou\b|intersection",
    "f1": r"f1|f-score|f-measure",
    "fid": r"\bfid\b|fr[ée]chet",
    "latency": r"latenc|\bms\b|seconds?|faster|speed",
    "throughput": r"throughput|per second|faster|speed|fps",
    "energy": r"energy|power|carbon",
    "optimizer": r"optimi[sz]er|adam|sgd",
    "annotators": r"annotat|human|expert",
    "perplexity": r"perplexit|\bppl\b",
}
_HOW_MANY = re.compile(
    r"\bhow many\s+([^,.;?]{3,80})|\bnumber of ([^,.;?]{3,60})|\bin (?:b|m)illions of (parameters)\b", re.I
)
_NOUN_ENDS = re.compile(
    r"\b(?:does|do|did|is|are|was|were|has|have|had|can|could|in|of|on|for|it|they|to|from|sit|went|go|the|which"
    r"|that|by|"
    r"per|with|took|take|would|will|made|make|used?|needed)\b"
)
_COUNTED = {
    "parameters": r"param|\b\d[\d.]*\s?[bm]\b|[bm]illion",
    "languages": r"languag|lingual",
    "people": r"people|participant|volunteer|annotator|human|user|subject|observer|expert|nurse|doctor|person",
    "layers": r"layer|block|deep",
    "experts": r"expert",
    "tokens": r"token",
    "checkpoints": r"checkpoint",
    "gpus": r"gpu|a100|h100|v100|rtx",
    "epochs": r"epoch",
    "heads": r"head",
}
"""How an abstract speaks of what is often counted; nothing is concluded of other things, which have too many names."""
_SAME = {
    "participants": "people", "volunteers": "people", "annotators": "people", "subjects": "people", "users": "people",
    "observers": "people", "developers": "people", "authors": "people", "humans": "people", "blocks": "layers",
    "parameter": "parameters", "weights": "parameters", "tpus": "gpus",
}  # fmt: skip
_LANGUAGE = re.compile(
    r"\b(?:Arabic|Bengali|Chinese|Czech|Danish|Dutch|Finnish|French|German|Greek|Hebrew|Hindi|Hungarian"
    r"|Indonesian|Irish|"
    r"Italian|Japanese|Korean|Mandarin|Norwegian|Persian|Polish|Portuguese|Romanian|Russian|Spanish|Swahili"
    r"|Swedish|Tamil|"
    r"Thai|Turkish|Ukrainian|Urdu|Vietnamese|Welsh|Yoruba)\b"
)


def unstated(question: str, paper: Paper) -> list[str]:
    """What of the question's particulars the abstract of `paper` plainly does not state, in words."""
    text = f"{paper.title}. {paper.abstract}"
    missing = [
        p.name for p in _PARTICULARS if p.asked.search(question) and not (p.stated and p.stated.search(paper.abstract))
    ]
    for found in _WORDED.finditer(question):
        word = found[1].casefold()
        evidence = _SYNONYMS.get(word, rf"\b{re.escape(word.rstrip('s'))}")
        if not re.search(evidence, text, re.I):
            missing.append(f"any {found[1]}")
    missing += [f"anything in {name}" for name in _LANGUAGE.findall(question) if name not in text]
    counted = _uncounted(question, paper)
    return [*missing, counted] if counted else missing


def unnamed(coined: Sequence[str], paper: Paper) -> list[str]:
    """Those of the `coined` names of a question that neither title nor abstract holds, hyphens and plurals aside."""
    held = _loose(f"{paper.title} {paper.abstract}")
    return [name for name in coined if _loose(name).removesuffix("s") not in held]


def _loose(text: str) -> str:
    return re.sub(r"[\W_]+", "", plain(text))


def _uncounted(question: str, paper: Paper) -> str:
    """What "how many ..." asks for, where no sentence holds both a number and a word for it; else ""."""
    found = _HOW_MANY.search(question)
    if not found:
        return ""
    phrase = words(_NOUN_ENDS.split(found[1] or found[2] or found[3])[0])
    noun = phrase[-1].casefold() if phrase else ""
    spoken = _COUNTED.get(_SAME.get(noun, noun))
    if spoken is None:
        return ""
    told = [paper.title, *(span.of(paper.abstract) for span in sentences(paper.abstract))]
    stated = any(numbers(text) and re.search(spoken, text, re.I) for text in told)
    return "" if stated else f"how many {noun}"
