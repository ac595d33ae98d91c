"""Nothing in, the patterns out by which a question shows what it asks for, and a text what it counts (pure data).

English, and of some neighbours only enough to know them by; set on the fitting questions of `eval/sets`.
"""

from __future__ import annotations

import re

PAPERS = r"(?:papers|works|articles|abstracts|studies|publications|surveys|titles|reviews)"
MANY = (
    r"(?:papers|works|articles|abstracts|studies|methods|models|approaches|benchmarks|datasets|surveys|systems"
    r"|techniques|"
    r"frameworks|architectures|nets|networks|publications|ones|toolkits|tools|efforts|retrievers|corpora|algorithms|"
    r"projects|titles|reviews|experiments|proposals|recipes|schemes|variants)"
)

COUNT = re.compile(
    rf"\bhow many (?:of the |of these |of them |different |such )?(?:\w+[ -]){{0,3}}?{PAPERS}\b"
    rf"|\bin how many {PAPERS}\b|"
    rf"\b(?:number of|count(?: up)?(?: all)?(?: the)?) (?:\w+[ -]){{0,2}}?{PAPERS}\b|"
    rf"\bhow many\b.*\b(?:here|in (?:the|this|my|your) (?:library|collection|corpus))\b",
    re.I,
)
WORK = rf"(?:work|research|{MANY})"
LIST = re.compile(
    rf"\b(?:which|what|any(?! better| more)|all|other|list|name|show|find|give|are there|some|every"
    rf"|more)\b(?: +(?!and\b)[\w'-]+){{0,5}}? +{MANY}\b"
    rf"|^(?:the |all |any )?(?:[\w-]+ ){{0,5}}{PAPERS}\b(?! (?:does|did|is|was|says?|claims?|reports?))"
    rf"|^(?!(?:when|how|why|if|i|in|on|do|does|did|can|is|are|for|with) )(?:[\w-]+ ){{0,3}}{WORK} (?:on|about"
    rf"|that|which|whose|for|where|using|with|of|to)\b"
    rf"|\b(?:i need|i want|i'm after|i am after|(?:i'm |i am )?looking for"
    rf"|search(?:ing)? for) (?!the )(?:[\w-]+ ){{0,4}}?{WORK}\b"
    rf"|\bwhat (?:[\w-]+ ){{0,2}}?(?:work|research)\b|\bwho (?:else |all )?(?:has|have|uses?|works?|worked"
    rf"|stud\w+|tried|tries)\b"
    r"|\bwhich (?:[\w-]+ ){0,2}?[\w-]+(?:ers|ors|nets|sets|marks|codecs) (?!do\b|does\b|did\b|is\b|was\b|were\b"
    r"|can\b|has\b)\w+"
    rf"|\b(?:give me|show me|find|list|collect|name|enumerate|round up|gather)\b.*\b(?:everything|all|every|{WORK})\b"
    r"|\bwhat (?:have we|do we have|is there|else)\b|\bwhat's (?:there|in the library)\b|\bwhich(?: ones?)?\?$"
    rf"|\b{PAPERS} (?:please|that|about|on|which|using|with|where|for)\b|^list\b"
    r"|\b(?:is there|list|show me|give me) (?:any |all |all the |the )?work\b|\bany(?:thing|body| work"
    r"| papers?) (?:on|about|here)\b"
    r"|\beverything (?:on|about)\b",
    re.I,
)
MANY_BY_NAME = re.compile(
    r"^(?:which (?:[\w-]+ )?[\w-]+(?:ers|ors) (?!do|did|can|were|was)\w+|who (?:has|have|uses?|works?)\b)", re.I
)
"""A list question that may use a name: what is asked for stands in some relation to it."""
SINGLE = re.compile(
    r"\b(?:the|that|a|one) (?:\w+ ){0,3}?(?:paper|article|report|thesis)\b|\b(?:the|that) (?:\w+ ){0,2}?one\b", re.I
)
COMPARE = re.compile(
    r"\bcompar(?!able)\w+|\bdiffer(?:s|ence|ences)?\b|\bversus\b|\bvs\b|\bside by side\b|\bin contrast\b", re.I
)
SIDES = re.compile(
    r"\bagainst\b|\beach\b|\bboth\b|\brespectively\b|\beither\b|\bthe two\b|\bwhich (?:of|is|one|has)\b|\bor\b"
    r"|\bunlike\b"
    r"|\bwhile\b|\band\b",
    re.I,
)
ONE_EACH = re.compile(
    r"\btwo (?:[\w-]+ ){0,3}(?:papers|works|methods|models|abstracts|studies|schemes)\b|^compare\b|\bvs\b|\bversus\b|"
    r"\b(?:difference between|different about|disagree|agree (?:on|about|that|with))\b|\bthe same for\b.*\bas for\b",
    re.I,
)
FIGURE = re.compile(
    r"\bhow (?:many|much|large|big|long|fast|far|often|high|low|small|cheap|expensive|well|accurate|old|deep"
    r"|good|strong)\b"
    r"|\b(?:what|which) (?:\w+ ){0,4}?(?:accuracy|score|percentage|share|number|size|speed\w*|improvement|gain"
    r"|rate|error|bleu|"
    r"fid|map|miou|f1|perplexity|wer|cost|amount|ratio|fraction|proportion|figure|margin|reduction|count|value"
    r"|length|"
    r"resolution|duration|budget|parameters|ndcg|mrr|auc|latency|throughput|psnr|recall|precision)\b"
    r"|\bby (?:how much|what|how many)\b|\b(?:number|amount|percentage|size) of\b|\bto what (?:size|extent)\b"
    r"|\b(?:accuracy|bleu|fid|miou|f1|wer|perplexity|parameter count|speed-?up|hours|gb)\b",
    re.I,
)
SUMMARY = re.compile(
    r"\bsummar\w+|\btl;?dr\b|\bgist\b|\boverview of\b|\bin a nutshell\b|\bin (?:a few|two|three|short) (?:words"
    r"|lines|sentences)?\b"
    r"|\bwhat(?:'s| is| are)\b.{1,80}\b(?:about|all about)\b|\bmain (?:idea|point|contribution|message|takeaway)s?\b"
    r"|\btell me about\b|\bexplain (?:the )?(?:paper|work)\b|\bdescribe (?:the )?(?:paper|work)\b|\bkey (?:idea"
    r"|finding|point)s?\b",
    re.I,
)
LOOKUP = re.compile(
    r"\b(?:paper|one|report|article|thing|work|thesis)\b.{0,40}\b(?:called|titled?|named?)\b|\btitle\b"
    r"|\bcan'?t (?:remember|recall)"
    r"|\blooking for the\b"
    r"|\b(?:i|i've|have|i have) forg[eo]t\w*|\bwhats? that paper|\bthat paper (?:with|about|on|where)"
    r"|\bwhich paper\b|\bfind (?:me )?the (?:paper|one)\b"
    r"|\bwhat was the (?:paper|name)\b|\bsomething like\b",
    re.I,
)
TALK = re.compile(
    r"\b(?:write|compose|sing|tell|make) (?:me )?(?:a|an|some|up) (?:\w+ ){0,2}?(?:poem|limerick|haiku|story"
    r"|song|joke|rap|essay|"
    r"letter|e-?mail|tweet|speech)\b|\bmy (?:landlord|boss|wife|husband|sister|brother|mother|father|mum|dad"
    r"|girlfriend|"
    r"boyfriend|kids?|son|daughter|neighbou?r|cat|dog|flat|rent|tax(?:es)?|doctor|back|head|knee)\b"
    r"|\brecipes? for (?:\w+ ){0,2}(?:soup|cake|pie|bread|curry|sauce|pasta|dinner|lunch)\b|\bhoroscopes?\b"
    r"|\b(?:what(?:'s| is| will)|how(?:'s| is)|will) the weather\b|\bweather (?:today|tomorrow|tonight|like)\b"
    r"|\b(?:book|find|recommend)(?: me)? (?:a|an|some|the) (?:[\w-]+ ){0,2}(?:restaurant|hotel|flight|holiday|taxi)s?\b"
    r"|\bwho (?:won|will win) the (?:football|match|game|lottery)\b|\b(?:can|could|should|shall) i "
    r"(?:cook|eat|wear|buy|drink|watch|invest)\b",
    re.I,
)
INSTRUCTION = re.compile(
    r"\b(?:ignore|disregard|forget|override|bypass)\b.{0,40}\b(?:instruction|prompt|rule|paper|abstract|librar"
    r"|previous|above|"
    r"source|everything|all|document|context)"
    r"|\b(?:reveal|print|show|repeat|output|leak|dump|tell me)\b.{0,40}\b(?:system|hidden|initial|secret|own"
    r"|your)\b.{0,25}"
    r"\b(?:prompt|instruction|message|rule|key)"
    r"|\bpretend\b|\byou are now\b|(?:^|\byou (?:should |must |will )?|\bplease |\bnow )act as\b|\bfrom now on\b"
    r"|\bjailbreak(?:ed)? mode\b|\bdeveloper mode\b"
    r""
    r"|\bdo anything now\b|\bno matter what (?:the )?(?:papers|abstracts)\b|\bwithout (?:any )?(?:citation"
    r"|source)s?\b"
    r"|\b(?:just|simply) (?:say|answer|claim|state) that\b"
    r"|\byour (?:own |exact )?(?:system|initial|hidden|original|secret) (?:prompt|instruction|message|rule)"
    r"|\b(?:what are|recite|quote|list|translate|summari[sz]e|reveal) your (?:\w+ )?(?:instructions|rules|guidelines"
    r"|prompt)\b"
    r"|\b(?:repeat|print|output|recite|copy) (?:everything|all|the (?:text|words|lines?|conversation)) (?:above|before"
    r"|so far)"
    r"|\byou are (?:no longer|free (?:of|from))\b|\byou(?:'re| are) (?:an? )?(?:unrestricted|uncensored|jailbroken)\b"
    r"|\bnew (?:instructions?|rules|role)\s*:|^\W*(?:system|developer|assistant)\s*:|\bsystem override\b"
    r"|\b(?:respond|reply|answer)(?: only| just)? with (?:only |just |nothing but )?(?:the (?:words?|phrase|sentence)\b"
    r"|[\"'“‘])"
    r"|\b(?:print|reveal|show|give|tell|send|leak)\b.{0,40}\b(?:api keys?|passwords?|credentials|environment"
    r" variables?)\b"
    r"|(?:^|[.;:,] |\band |\bbut |\bplease )(?:do not|don'?t|never) (?:cite|use) (?:the |any |your )?(?:papers|sources"
    r"|abstracts)\b"
    r"|\bas if you (?:were|are|had no)\b|(?:^|[.;:,] |\bplease |\bnow )role-?play\b",
    re.I,
)
LISTING = re.compile(
    r"\b(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?\s+(\d{1,2})(?:st|nd|rd|th)?\b"
    r"|\b(\d{1,2})(?:st|nd|rd|th)?(?: of)? (jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\b",
    re.I,
)
LIMIT = re.compile(
    r"\b(?:top|first|best|name|list|give me|any)\s+(\d{1,2}|two|three|four|five|six|seven|eight|nine|ten)\b", re.I
)
ABROAD = frozenset(
    """der die das den dem des ein eine einen einem einer und oder mit für von auf wie viele welche welches welcher
    welchen wird werden wurde ist sind man nicht bei zum zur nach über es gibt worum geht um le la les un
    une des du et ou avec pour de dans quel quelle quels quelles est sont comment combien sur par il elle
    que qui se en au aux ce cette el los las una y o con para qué cuál cuáles cómo cuánto cuántos es son se
    lo al del hay algún alguna che quale quali quanto quanti è sono gli il di per nel della dei c'è um uma
    os as e ou com não qual quais são como da do na no""".split()
)
FIGURE_ABROAD = re.compile(
    r"\bwie ?viele?\b|\bcombien\b|\bcu[aá]nt[oa]s?\b|\bquant[oiea]s?\b|多少|几|\bwelche[rsn]? (?:Genauigkeit"
    r"|Anteil)|\bgain\b",
    re.I,
)
SECOND_STEP = re.compile(
    r"[.;?!] +\w.*\?|\bthe two\b|\bthat (?:\w+ ){0,2}?(?:retriever|method|model|paper|work|approach|system|one"
    r"|set|competitor)\b"
    r"|\b(?:older|earlier|later|other|existing|another|original|predecessor|competitor)\b|\bitself\b"
    r"|\bhad (?:\w+ ){0,3}?(?:claim|report|announce)|\b(?:says?|claims?) (?:it|to) (?:outdo|beat|outperform)"
    r"|\bbeats?\b|\boutdo"
    r"|\bovertak|\bbuilds? (?:on|upon)|\bstarts? from|\bborrows?\b|\bits (?:base|teacher|predecessor)"
    r"|\bblames?\b|\bdraws? level\b",
    re.I,
)
LIKENESS = re.compile(r"-(?:like|style|inspired|ish|based|type|esque|sized?|parameter|scale|trained|tuned)s?$", re.I)
SPELT = {word: n for n, word in enumerate("zero one two three four five six seven eight nine ten".split())}
COUNTED = {
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
"""How an abstract speaks of what is often counted; nothing is concluded of other things, which have too many names."""
SAME = {
    "participants": "people", "volunteers": "people", "annotators": "people", "subjects": "people", "users": "people",
    "observers": "people", "developers": "people", "authors": "people", "humans": "people", "blocks": "layers",
    "parameter": "parameters", "weights": "parameters", "tpus": "gpus", "patients": "people", "raters": "people",
    "photos": "images", "pictures": "images", "clips": "videos", "queries": "questions", "categories": "classes",
    "labels": "classes", "corpora": "datasets", "benchmarks": "datasets", "runs": "seeds", "iterations": "steps",
    "voices": "speakers", "articles": "documents", "pages": "documents", "passages": "documents", "sites": "hospitals",
    "trajectories": "demonstrations", "episodes": "demonstrations", "utterances": "sentences", "cards": "gpus",
}  # fmt: skip
"""Other words for what is counted."""
