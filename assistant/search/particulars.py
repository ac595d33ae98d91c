"""A question and a paper in, the particulars out that the question asks for and the abstract does not state.

Abstracts are silent on the same few things again and again (licences, authors, machines, prices); a topic match
says nothing about them, so each is looked for by its own words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ..core.records import Paper
from ..core.text import numbers, sentences, words
from ..index.names import name_like, plain
from ..question.cues import COUNTED, SAME


@dataclass(frozen=True, slots=True)
class _Particular:
    """What to call a particular in a message, how a question asks for it, and how an abstract states it."""

    name: str
    asked: re.Pattern[str]
    stated: re.Pattern[str] | None


def _particular(name: str, asked: str, stated: str | None) -> _Particular:
    return _Particular(name, re.compile(asked, re.I), re.compile(stated, re.I) if stated else None)


_COUNT = r"(?:\d|\b(?:an?|one|two|three|four|five|six|seven|eight|nine|ten|twelve|sixteen|few|several|single|half)\b)"
_PARTICULARS = (
    _particular(
        "its authors or where they work",
        r"\bwho (?:is|are|was|were) the (?:\w+ )?authors?\b|\b(?:first|lead|senior|corresponding|last) authors?\b"
        r"|\bauthors? (?:list|names?)\b|\bnames? of (?:the|its|all) (?:\w+ )?authors?\b|\b(?:list|name) (?:the|its|all)"
        r" (?:\w+ )?authors\b|\bhow many authors\b|\bwho (?:wrote|authored)\b|\bwhere do they work|\baffiliat",
        r"\b(?:written|authored|composed|compiled|penned) by\b|\bauthors? (?:is|was|of|were)\b|\bwrote\b",
    ),
    _particular(
        "who made it",
        r"\b(?:which|what) (?:company|companies|universit\w+|labs?|laborator\w+|institut\w+|research (?:group|team)"
        r"|organi[sz]ations?|firms?|employer)\b|\bwho (?:built|made|created|developed|trained|released|published)\b"
        r"|\bwho (?:is|was|were|are) behind\b",
        r"universit|institut|laborator|\blabs?\b|\bcompan|organi[sz]ation|google|deepmind|openai|microsoft|\bmeta\b"
        r"|facebook|nvidia|\bapple\b|amazon|alibaba|tencent|baidu|bytedance|huawei|salesforce|\bibm\b|intel\b|samsung"
        r"|adobe|anthropic|mistral|cohere|\b(?:made|built|created|developed|invented|released|published|produced) by\b",
    ),
    _particular("an address to write to", r"\be-?mail|\bcontact (?:details|address|person)", r"@|\be-?mail"),
    _particular(
        "a licence",
        r"\b(?:which|what|whose|an?|the|its|their|of|any)\b[^,.?]{0,24}\blicen[cs]es?\b(?! plate)|\blicen[cs]ed\b"
        r"|\blicen[cs]ing\b|\blicen[cs]e\?",
        r"\bapache\b|\bcc[- ]by|\bcc0\b|creative commons|\bmit[- ]licen|\b[al]?gpl\b|\bbsd\b|public domain|permissiv"
        r"|\blicen[cs]ed\b|\b(?:open|openly|research|commercial|community|public)[- ]licen[cs]|\blicen[cs]e\b",
    ),
    _particular(
        "the machines it ran on",
        r"\b(?:how many|what|which|number of|type of|kind of|whose)\b[^,.?]{0,30}\b(?:gpus?|tpus?|cpus?|accelerators?"
        r"|hardware|graphics cards?|machines|processors?|chips?)\b|\bgpu[- ](?:hours|days)\b",
        r"(?:\b|x|×)(?:[ahv][1-8]00s?|a6000|rtx|gtx|titan|tesla|l40s?|mi\d{3}x?|jetson|snapdragon|xeon|raspberry)\b"
        rf"|{_COUNT}[^.;]{{0,24}}\b(?:gpus?|tpus?|npus?|cpus?|accelerators?|devices?|phones?|smartphones?|machines?"
        r"|nodes?|processors?|chips?|fpgas?|laptops?|cores?)\b"
        r"|\b(?:consumer|commodity|mobile|edge)\b[^.;]{0,20}\b(?:gpus?|cpus?|devices?|hardware|phones?)\b",
    ),
    _particular(
        "how long it took",
        r"\bhow (?:long|many (?:gpu |tpu |cpu )?(?:hours|days|weeks|months|minutes|seconds)).{0,40}\b(?:train|run"
        r"|pretrain|pre-train|fine-?tun|learn|converge)|(?<!much )\btraining time\b|\bfor how long\b"
        r"|\bfor how many (?:hours|days|weeks)\b",
        rf"{_COUNT}[^.;]{{0,20}}\b(?:hours?|days?|weeks?|minutes?|mins?|seconds?|secs?|months?|years?|ms"
        r"|milliseconds?)\b|overnight",
    ),
    _particular(
        "a price or pay",
        r"\b(?:price|prices|paid|salary|fee|fees|wages?|subscription)\b|\bwhat does it cost\b|\bhow (?:expensive"
        r"|much money)\b|\bhow much (?:did|does|do|would|will|was|were)\b.{0,40}\b(?:cost|pay|spent|spend|charge)"
        r"|\bwhat did .{0,40}\bcost\b|\b(?:in|us) dollars\b|\bin euros\b",
        r"\$\s?\d|\b(?:dollars?|usd|euros?|cents?|price[sd]?|budget)\b|€|£",
    ),
    _particular(
        "when or where it was published",
        r"\b(?:which|what) (?:conference|venue|journal|workshop|proceedings)\b|\bwhere (?:was|is|has) (?:\w+ )?"
        r"\w+ (?:been )?(?:published|presented)|\bpublication (?:date|venue|year)|\b(?:which|what) year\b"
        r"|\bwhen (?:was|were|will|did|is) .*\b(?:publish|submit|releas|appear|launch|introduc|present|accept|come out"
        r"|came out|announc|propos|publicly)|\brelease date|\bwhen was (?:it|this)\b",
        r"\b(?:1[5-9]|20)\d\d\b|\b(?:neurips|nips|icml|iclr|cvpr|iccv|eccv|acl|emnlp|naacl|coling|interspeech|icassp"
        r"|sigir|trec|kdd|aaai|ijcai|wmt|iwslt|semeval|miccai|siggraph|conference|journal|workshop|proceedings)\b",
    ),
    _particular(
        "how often it is cited",
        r"\bhow (?:often|many times)\b.{0,30}\bcited\b|\bcitation count|\bhow many citations\b",
        r"\bcitations?\b|\bcited\b",
    ),
    _particular(
        "who paid for it",
        r"\bfund(?:ed|ing|ers?)\b|\bsponsor|\bgrants?\b(?! access)|\bwho paid for\b",
        r"\bfund|\bsponsor|\bgrant",
    ),
    _particular("a prize", r"\bprizes?\b|\bprize money\b", r"\bprize"),
    _particular(
        "anybody's age",
        r"(?<!middle )\bages\b|\b(?:what|their|mean|average|median) (?:is |was )?(?:the )?(?:mean |average |median )?"
        r"age\b|\bhow old (?:were|are|is|was) (?:the|they|he|she)",
        r"\baged?\b|years? old|\byear-old|\bborn\b",
    ),
    _particular(
        "which device it ran on",
        r"\bwhich (?:phone|smartphone|device|laptop|tablet|robot arm)\b",
        r"iphone|samsung|galaxy|snapdragon|xiaomi|\bpixel \d|jetson|raspberry|macbook|franka|widowx",
    ),
    _particular("the period", r"\b(?:which|what) (?:century|decade|era)\b", r"\bcentur|\bdecade|\b1[4-9]\d\ds?\b"),
    _particular("an ablation", r"\bablation", r"\bablat"),
    _particular(
        "a significance test",
        r"\bstatistical(?:ly)? significan|\bp-values?\b|\bconfidence intervals?\b|\bstandard (?:deviation|error)s?\b"
        r"|\berror bars?\b",
        r"significan|confidence interval|p-value|standard (?:deviation|error)|±|\\pm",
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
    _particular(
        "what it is written in",
        r"\bprogramming languages?\b|\b(?:which|what) (?:deep[- ]learning |software )?(?:framework|library|toolkit) "
        r"(?:is|was|are|were) (?:it|used|the code)|\b(?:written|implemented|coded) in\b",
        r"\b(?:python|java|rust|julia|pytorch|tensorflow|jax|keras|matlab|cuda|triton|javascript|scala|mxnet|caffe|flax)\b"
        r"|\bc\+\+|\b(?:written|implemented) in\b",
    ),
    _particular(
        "where its code or data are",
        r"\b(?:url|link|web ?site|web address|repository|github)\b"
        r"|\bwhere can i (?:get|download|find) (?:its|the|their) (?:code|data\w*|weights|model)\b",
        r"https?://|github|gitlab|hugging ?face|available|open[- ]?sourc|\brelease|\bpublic|\bdownload|\bwebsite",
    ),
    _particular(
        "an ethics review",
        r"\birb\b|\bethics (?:board|approval|committee|review)|\binformed consent|\bgave consent",
        r"\birb\b|\bethic|\bconsent",
    ),
    _particular("what comes next", r"\bfuture (?:work|plans?|directions?|steps)\b", r"\bfuture|\bplan to\b|\bnext\b"),
)
_WORDED = re.compile(
    r"\b(?:what|which|exact|precise|how (?:many|much|high|low|large|big|long|fast|good|wide|deep))\b[^,.?;]{0,40}?\b"
    r"(learning rate|batch size|optimi[sz]er|weight decay|dropout|warm-?up|epochs?|momentum|gradient clipping"
    r"|attention heads?|(?:random )?seeds?|temperature|beam (?:size|width)|hidden (?:size|dimension|units)|patch size"
    r"|codebook size|activation functions?|loss functions?|tokeni[sz]er|sampling rate|sample rate|frame rate"
    r"|image resolution|sequence length|window size|kernel size|data augmentations?|"
    r"bleu|rouge|meteor|chrf|cider|bertscore|perplexity|word error rate|equal error rate|wer|character error rate|cer"
    r"|fid|miou|map|f1|psnr|ssim|lpips|eer|mrr|ndcg|auroc|auc|rmse|dice score|dice|success rate|win rate"
    r"|mean opinion score|mos|inception score|clip score|kappa|"
    r"elo|exact match|latency|throughput|context (?:length|window)|vocabulary size|p-value|standard deviation"
    r"|carbon|energy|power consumption|flops|gflops|vram|(?:gpu )?memory|disk space|"
    r"co2|memory footprint|inter-annotator agreement|annotators?)\b",
    re.I,
)
_SYNONYMS = {
    "word error rate": r"\bwer\b|word error",
    "equal error rate": r"\beer\b|equal error",
    "eer": r"\beer\b|equal error",
    "wer": r"\bwer\b|word error",
    "cer": r"\bcer\b|character error",
    "map": r"\bm?ap\b|average precision",
    "miou": r"\bm?iou\b|intersection",
    "f1": r"f1|f-score|f-measure",
    "fid": r"\bfid\b|fr[ée]chet",
    "auc": r"\bauc|auroc|area under",
    "auroc": r"\bauc|auroc|area under",
    "dice": r"\bdice\b",
    "dice score": r"\bdice\b",
    "mos": r"\bmos\b|opinion score",
    "mean opinion score": r"\bmos\b|opinion score",
    "win rate": r"\bwin",
    "success rate": r"success",
    "latency": r"latenc|\bms\b|seconds?|faster|speed",
    "throughput": r"throughput|per second|faster|speed|fps",
    "energy": r"energy|power|carbon|\bjoule|\bkwh\b",
    "power consumption": r"energy|power|\bwatt",
    "carbon": r"carbon|co2|emission",
    "co2": r"carbon|co2|emission",
    "flops": r"flop|\bmacs?\b",
    "gflops": r"flop|\bmacs?\b",
    "vram": r"memory|\bv?ram\b|\bgb\b",
    "memory": r"memory|cache|storage|\bv?ram\b|\bgb\b|\bmb\b",
    "gpu memory": r"memory|\bv?ram\b|\bgb\b",
    "memory footprint": r"memory|\bv?ram\b|\bgb\b|\bmb\b",
    "disk space": r"disk|storage|\bgb\b|\bmb\b",
    "optimizer": r"optimi[sz]er|adam|sgd",
    "optimiser": r"optimi[sz]er|adam|sgd",
    "tokenizer": r"tokeni[sz]|\bbpe\b|sentencepiece|byte",
    "tokeniser": r"tokeni[sz]|\bbpe\b|sentencepiece|byte",
    "loss function": r"loss|objective|entropy",
    "activation function": r"activation|relu|gelu|silu|swiglu|sigmoid",
    "image resolution": r"resolution|pixel|\d\s?[x×]\s?\d|\d{3,4}p\b|\dpx\b",
    "sampling rate": r"sampl|hz\b",
    "sample rate": r"sampl|hz\b",
    "frame rate": r"frame|fps|hz\b",
    "hidden size": r"hidden|width|dimension",
    "hidden dimension": r"hidden|width|dimension",
    "sequence length": r"length|tokens?\b|context",
    "context length": r"context|length|tokens?\b",
    "context window": r"context|window|tokens?\b",
    "data augmentation": r"augment",
    "inter-annotator agreement": r"agreement|kappa",
    "annotators": r"annotat|human|expert",
    "annotator": r"annotat|human|expert",
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
_LANGUAGE = re.compile(
    r"\b(?:Arabic|Bengali|Chinese|Czech|Danish|Dutch|Finnish|French|German|Greek|Hebrew|Hindi|Hungarian"
    r"|Indonesian|Irish|"
    r"Italian|Japanese|Korean|Mandarin|Norwegian|Persian|Polish|Portuguese|Romanian|Russian|Spanish|Swahili"
    r"|Swedish|Tamil|"
    r"Thai|Turkish|Ukrainian|Urdu|Vietnamese|Welsh|Yoruba)\b"
)


_TRIED = re.compile(r"\b(?:on|against|over|than|versus|vs\.?) (?:the )?([^\W_][\w+-]*\w)", re.I)
"""What a method is tried on or held against."""


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


def untried(question: str, named: Sequence[str], paper: Paper) -> list[str]:
    """What coined words, none of them `named`, the question puts to the test ("on LibriSpeech") and nothing here holds.

    A longer or shorter form in the abstract will do: "ImageNet" for "ImageNet-1K".
    """
    held = _loose(f"{paper.title} {paper.abstract}")
    tried = [word for word in _TRIED.findall(question) if name_like(word) and word not in named]
    return [f"anything on {word}" for word in tried if _root(word) not in held]


def _root(name: str) -> str:
    """The letters a name begins with, if they are enough to know it by."""
    found = re.match(r"[^\W\d_]{4,}", name)
    return _loose(found[0] if found else name).removesuffix("s")


def _loose(text: str) -> str:
    return re.sub(r"[\W_]+", "", plain(text))


def _uncounted(question: str, paper: Paper) -> str:
    """What "how many ..." asks for, where no sentence holds both a number and a word for it; else ""."""
    found = _HOW_MANY.search(question)
    if not found:
        return ""
    phrase = words(_NOUN_ENDS.split(found[1] or found[2] or found[3])[0])
    noun = phrase[-1].casefold() if phrase else ""
    spoken = COUNTED.get(SAME.get(noun, noun))
    if spoken is None:
        return ""
    told = [paper.title, *(span.of(paper.abstract) for span in sentences(paper.abstract))]
    stated = any(numbers(text) and re.search(spoken, text, re.I) for text in told)
    return "" if stated else f"how many {noun}"
