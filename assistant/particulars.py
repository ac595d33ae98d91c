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
from .text import numbers, stem, words


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
        r"\bwho (?:is|are|was|were) the (?:first |lead |main )?authors?\b|\b(?:first |lead )?authors? (?:list|names?|of)\b|"
        r"\bnames? of the authors?\b|\bwho (?:wrote|authored)\b|\bwhere do they work|\baffiliat|"
        r"\bwhich (?:university|lab|institut\w+) (?:is|are|was|did)",
        None,
    ),
    _particular("a licence", r"\blicen[cs]e", r"\blicen[cs]|\bapache\b|\bcc[- ]by|\bmit licen"),
    _particular(
        "the machines it ran on",
        r"\b(?:how many|what|which|number of|type of|kind of)\b[^,.?]{0,30}\b(?:gpus?|tpus?|accelerators?|hardware|graphics cards?|"
        r"machines|nodes)\b|\bgpu[- ]hours\b",
        r"\b(?:gpus?|tpus?|npus?|accelerators?|hardware|cpus?|devices?|phones?|machines?|nodes?)\b|[ahv]100|a6000|rtx",
    ),
    _particular(
        "how long the training took",
        r"\bhow (?:long|many (?:hours|days|weeks|months)).{0,40}\b(?:train|run|pretrain|pre-train)|\btraining time\b",
        r"\b(?:hours?|days?|weeks?|minutes?|seconds?|months?|faster|speed\w*|time|quicker)\b",
    ),
    _particular(
        "a price or pay",
        r"\b(?:price|prices|paid|salary|fee|fees|wages?|subscription)\b|\bwhat does it cost\b|\bhow (?:expensive|much money)\b",
        r"\$|\b(?:dollars?|usd|euros?|cents?|price[sd]?|budget|cost(?:s|ing)? (?:of|about|only|less))\b|€|£",
    ),
    _particular(
        "when or where it was published",
        r"\b(?:which|what) (?:conference|venue|journal|year)\b|\bwhen was\b|\bwhere was it published|\bpublication (?:date|venue|year)",
        r"\b(?:19|20)\d\d\b",
    ),
    _particular("how often it is cited", r"\bhow (?:often|many times)\b.{0,30}\bcited\b|\bcitation count", r"\bcitations?\b|\bcited\b"),
    _particular("who paid for it", r"\bfund(?:ed|ing|ers?)\b|\bsponsor|\bgrants?\b", r"\bfund|\bsponsor|\bgrant"),
    _particular(
        "its reviews", r"\breview(?:er)?s? (?:score|say|said|rating)|\bacceptance rate|\baccepted at\b", r"\breviewer|\baccepted\b"
    ),
)
_WORDED = re.compile(
    r"\b(?:what|which|how (?:many|much|high|low|large|big|long|good))\b[^,.?;]{0,40}?\b(learning rate|batch size|optimi[sz]er|weight decay|dropout|warm-?up|epochs?|attention heads?|random seeds?|temperature|"
    r"bleu|rouge|meteor|perplexity|word error rate|wer|character error rate|cer|fid|miou|map|f1|psnr|ssim|eer|mrr|ndcg|auroc|"
    r"elo|exact match|latency|throughput|context (?:length|window)|vocabulary size|p-value|standard deviation|carbon|energy|"
    r"co2|memory footprint|inter-annotator agreement|annotators?)\b",
    re.I,
)
_SYNONYMS = {
    "word error rate": r"\bwer\b|word error",
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
    r"\bhow many (?:of the |of its |more |fewer |different |distinct |other |such )*((?:[\w-]+ )?[\w-]+?)s?\b"
    r"(?= (?:does|do|did|is|are|was|were|has|have|had|can|could|in|of|on|for|it|they|to|from|sit|went|go|the|which|that|by|per|with))",
    re.I,
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
    return missing


def unnamed(coined: Sequence[str], paper: Paper) -> list[str]:
    """Those of the `coined` names of a question that neither title nor abstract holds, hyphens and plurals aside."""
    held = _loose(f"{paper.title} {paper.abstract}")
    return [name for name in coined if _loose(name).removesuffix("s") not in held]


def _loose(text: str) -> str:
    return re.sub(r"[\W_]+", "", plain(text))


def uncounted(question: str, paper: Paper) -> str:
    """What "how many ..." asks for, where no sentence of the abstract holds both that word and a number; else ""."""
    found = _HOW_MANY.search(question)
    if not found:
        return ""
    wanted = stem(found[1].split()[-1])
    held = {stem(w) for w in words(paper.abstract)}
    return "" if wanted in held and numbers(paper.abstract) else found[1]
