"""What a question asks for and an abstract does not state.

Abstracts leave out the same few things again and again: licences, authors, machines, prices. Similarity to the topic
says nothing about those, so each is looked for by its own words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ..core.records import Paper
from ..core.text import numbers, sentences, words
from ..index.names import name_like, plain


@dataclass(frozen=True, slots=True)
class _Particular:
    """A particular: its name in a message, how a question asks for it, and how an abstract states it."""

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
    _particular("a prize", r"\bprizes?\b", r"\bprize"),
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
    r"\b(?:what|which|exact|precise|how (?:many|much|high|low|large|big|long|fast|good|wide"
    r"|deep))\b[^,.?;]{0,40}?\b(learning rate|batch size|optimi[sz]er|weight decay|dropout|warm-?up|epochs?|momentum"
    r"|gradient clipping|attention heads?|(?:random )?seeds?|temperature|beam (?:size|width)|hidden (?:size|dimension"
    r"|units)|patch size|codebook size|activation functions?|loss functions?|tokeni[sz]er|sampling rate|sample rate"
    r"|frame rate|image resolution|sequence length|window size|kernel size|data augmentations?|bleu|rouge|meteor|chrf"
    r"|cider|bertscore|perplexity|word error rate|equal error rate|wer|character error rate|cer|fid|miou|map|f1|psnr"
    r"|ssim|lpips|eer|mrr|ndcg|auroc|auc|rmse|dice score|dice|success rate|win rate|mean opinion score|mos"
    r"|inception score|clip score|kappa|elo|exact match|latency|throughput|context (?:length|window)|vocabulary size"
    r"|p-value|standard deviation|carbon|energy|power consumption|flops|gflops|vram|(?:gpu )?memory|disk space|co2"
    r"|inter-annotator agreement|annotators?)\b",
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
    r"\b(?:does|do|did|is|are|was|were|has|have|had|can|could|in|of|on|for|it|they|to|from|sit|went|go|the|which|that"
    r"|by|per|with|took|take|would|will|made|make|used?|needed)\b",
)
_LANGUAGE = re.compile(
    r"\b(?:Arabic|Bengali|Chinese|Czech|Danish|Dutch|Finnish|French|German|Greek|Hebrew|Hindi|Hungarian|Indonesian"
    r"|Irish|Italian|Japanese|Korean|Mandarin|Norwegian|Persian|Polish|Portuguese|Romanian|Russian|Spanish|Swahili"
    r"|Swedish|Tamil|Thai|Turkish|Ukrainian|Urdu|Vietnamese|Welsh|Yoruba)\b",
)
_COUNTED = {
    "parameters": r"param|\b\d[\d.]*\s?[bm]\b|[bm]illion",
    "languages": r"languag|lingual",
    "people": r"people|participant|volunteer|annotator|human|user|subject|observer|expert|nurse|doctor|person|patient",
    "layers": r"layer|block|deep",
    "experts": r"expert",
    "tokens": r"token",
    "checkpoints": r"checkpoint",
    "gpus": r"gpu|tpu|[ahv][1-8]00|rtx",
    "epochs": r"epoch",
    "heads": r"head",
    "images": r"images?\b|photo|picture|frame|scan|slide|sample|example|instance|view|pair",
    "videos": r"videos?\b|clips?\b|hour|sample|example|pair",
    "questions": r"question|quer|problem|prompt|item|example|sample|instance|pair|task",
    "classes": r"class|categor|label|type|kind|concept|object|species",
    "datasets": r"data|benchmark|corp|task|suite|collection|set\b|domain",
    "tasks": r"task|benchmark|data|problem|application|domain|environment",
    "seeds": r"seed|runs?\b|trial|repet",
    "steps": r"step|iteration|evaluation",
    "robots": r"robot|arms?\b|embodi|platform|manipulator",
    "speakers": r"speaker|voice|talker|people|person",
    "documents": r"document|paper|article|page|passage|text|report|abstract|stud",
    "hospitals": r"hospital|sites?\b|cent(?:er|re)|institution|clinic",
    "countries": r"countr|nation",
    "neurons": r"neuron|units?\b|cells?\b",
    "demonstrations": r"demonstration|demo|episode|trajector",
    "sentences": r"sentence|utterance|pair|text|example",
    "words": r"word|token|lexic|vocabular",
}
"""How abstracts mention what is often counted. Other things have too many names to conclude that they are missing."""
_SAME = {
    "participants": "people", "volunteers": "people", "annotators": "people", "subjects": "people", "users": "people",
    "observers": "people", "developers": "people", "authors": "people", "humans": "people", "blocks": "layers",
    "parameter": "parameters", "weights": "parameters", "tpus": "gpus", "patients": "people", "raters": "people",
    "photos": "images", "pictures": "images", "clips": "videos", "queries": "questions", "categories": "classes",
    "labels": "classes", "corpora": "datasets", "benchmarks": "datasets", "runs": "seeds", "iterations": "steps",
    "voices": "speakers", "articles": "documents", "pages": "documents", "passages": "documents", "sites": "hospitals",
    "trajectories": "demonstrations", "episodes": "demonstrations", "utterances": "sentences", "cards": "gpus",
}  # fmt: skip
"""Other words for these things."""
_TRIED = re.compile(r"\b(?:on|against|over|than|versus|vs\.?) (?:the )?([^\W_][\w+-]*\w)", re.I)
"""What a method is tested on or compared with."""


def unstated(question: str, paper: Paper) -> list[str]:
    """The particulars that a question asks for and the abstract of `paper` does not state, in words."""
    text = f"{paper.title}. {paper.abstract}"
    missing = [
        p.name for p in _PARTICULARS if p.asked.search(question) and not (p.stated and p.stated.search(paper.abstract))
    ]
    for match in _WORDED.finditer(question):
        word = match[1].casefold()
        stated = _SYNONYMS.get(word, rf"\b{re.escape(word.rstrip('s'))}")
        if not re.search(stated, text, re.I):
            missing.append(f"any {match[1]}")
    missing += [f"anything in {language}" for language in _LANGUAGE.findall(question) if language not in text]
    counted = _uncounted(question, paper)
    return [*missing, counted] if counted else missing


def unnamed(coined: Sequence[str], paper: Paper) -> list[str]:
    """The `coined` names of a question that neither title nor abstract mentions; hyphens and plurals do not matter."""
    text = _loose(f"{paper.title} {paper.abstract}")
    return [name for name in coined if _loose(name).removesuffix("s") not in text]


def untried(question: str, named: Sequence[str], paper: Paper) -> list[str]:
    """The coined words, none of them `named`, that a question asks for results on ("on LibriSpeech") and are not here.

    A longer or shorter form in the abstract counts: "ImageNet" for "ImageNet-1K".
    """
    text = _loose(f"{paper.title} {paper.abstract}")
    tried = [word for word in _TRIED.findall(question) if name_like(word) and word not in named]
    return [f"anything on {word}" for word in tried if _root(word) not in text]


def _root(name: str) -> str:
    """The first letters of a name if they are distinctive, else the whole name."""
    letters = re.match(r"[^\W\d_]{4,}", name)
    return _loose(letters[0] if letters else name).removesuffix("s")


def _loose(text: str) -> str:
    return re.sub(r"[\W_]+", "", plain(text))


def _uncounted(question: str, paper: Paper) -> str:
    """What "how many ..." asks for, if no sentence has both a number and a word for it; else ""."""
    match = _HOW_MANY.search(question)
    if not match:
        return ""
    phrase = words(_NOUN_ENDS.split(match[1] or match[2] or match[3])[0])
    noun = phrase[-1].casefold() if phrase else ""
    mentioned = _COUNTED.get(_SAME.get(noun, noun))
    if mentioned is None:
        return ""
    texts = [paper.title, *(span.of(paper.abstract) for span in sentences(paper.abstract))]
    stated = any(numbers(text) and re.search(mentioned, text, re.I) for text in texts)
    return "" if stated else f"how many {noun}"
