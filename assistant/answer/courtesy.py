"""A question about the assistant or its library in, what is said to it out, or None.

Who says hello, or asks how many papers there are, wants none of them: whatever was cited would be no answer. The whole
question has to be such a one; all others go to the papers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from ..core.records import Decline, Turn
from ..core.text import counted
from ..library.browsing import MONTHS, days
from ..question.conversation import LOST, is_lost
from ..question.understanding import Vocabulary, general

_PAPERS = r"(?:papers|abstracts|documents|articles|titles|publications)"
LONGEST = 16
"""Words of a question of this kind, at most: whoever says more says it of something."""
_HERE = (
    r"(?: (?:are )?(?:here|there|now|in (?:here|there|total|all)|in (?:the|this|your|my|our) (?:library|collection)"
    r"|(?:do|did|have) (?:you|we|i)(?: (?:have|hold|know|got))?|you (?:have|hold|know)|are there))*"
)
_ALSO = (
    r"(?: (?:there|again|all|you|assistant|bot|papers|please|me|very much|so much|a lot|today|everyone"
    r"|then|for (?:now|today|that|(?:the|your|all the|all your) \w+)))*"
)
_WHEN = (
    r"(?: (?:here|today|now|lately|recently|this (?:week|month|year)|(?:in|from|of|since)"
    rf" (?:{'|'.join(MONTHS)})[a-z]*(?: \d{{4}})?))*"
)


def _whole(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"(?:(?:please|so|well|and|oh|no|ok(?:ay)?),? )*(?:{pattern})", re.I)


_HOW = r"how are you(?: doing)?|how do you do|(?:it is |it's )?(?:nice|good) to meet you"
HELLO = _whole(
    r"(?:(?:hi+|hello|hey|hiya|good (?:morning|afternoon|evening|day)|hallo|hola|bonjour|salut|ciao|ol[áa]|guten tag"
    rf"|moin|你好|您好|test(?:ing)?|ping){_ALSO}[\s,.!]*(?:(?:{_HOW}){_ALSO}[\s,.!?]*)?)+"
)
THANKS = _whole(
    rf"(?:(?:(?:many )?(?:thanks?|thank you|thx|cheers|danke|merci|gracias|grazie|谢谢){_ALSO}"
    r"(?:,? that(?:'s| is| was)? (?:helps?|helped|helpful|great|good|useful))?"
    r"|(?:good ?)?bye|good night|see you|(?:ok(?:ay)?|great|cool|nice|lol|perfect|got it|i see|understood)(?: then)?"
    r"|(?:good|great|nice) (?:answer|job|work|one)|well done|that(?:'s| is| was) (?:it|all)(?: then)?)[\s,.!]*)+"
)
WHO = _whole(
    r"who are you|what are you|what is your name|what do you (?:do|know)|(?:what|how) (?:can|could|should)"
    r" (?:you|i|we) (?:do|help|help me|ask|ask you)(?: here)?|how do (?:you work|i use (?:this|you))"
    rf"|(?:{_HOW}){_ALSO}|(?:can you )?help{_ALSO}|are you (?:an? )?(?:human|robot|bot|ai|llm|language model)"
    r"|introduce yourself|wer bist du|你是谁"
)
HOW_MANY = _whole(
    rf"how many {_PAPERS}{_HERE}|(?:what|which) (?:{_PAPERS}|listings){_HERE}|how (?:big|large) is (?:the|this|your)"
    rf" library|what(?:'s| is) in (?:the|this|your|my) library|what do you have(?: here)?"
)
NEW = _whole(
    rf"(?:what(?:'s| is| are)(?: the)? (?:new|newest|latest)|anything new|(?:(?:show|give|list) )?(?:me )?(?:the )?"
    rf"(?:latest|newest|new|most recent))(?: {_PAPERS})?{_WHEN}"
)
ALL = _whole(
    r"(?:summari[sz]e|sum up|describe|tell me about|an? (?:summary|overview) of)"
    rf" (?:everything|(?:all|the whole)(?: of)?(?: the| your| my)? (?:{_PAPERS}|library|collection)){_HERE}"
    rf"|what (?:are|is) (?:the|your|my) (?:{_PAPERS}|library|collection)(?: here)? about"
)
BLAME = _whole(
    r"(?:you|this|that|your answer)(?:'re|'s| are| is| was) (?:so |really |very |just |all |not |an? |completely )*"
    r"(?:stupid|dumb|useless|bad|terrible|wrong|rubbish|bullshit|nonsense|crap|idiots?|helpful|true|what i asked)"
    r"|wrong|no|bullshit|nonsense|wtf|fuck (?:you|off)|you suck|(?:that|this) (?:did|does)(?:n't| not) help"
)


def said_at_once(
    question: str, turns: Sequence[Turn], vocabulary: Vocabulary, listings: Mapping[str, str], *, chosen: bool = False
) -> Decline | None:
    """What is said without a search: to who says hello, and to what goes on from a question that found nothing."""
    if not chosen and is_lost(question, turns) and general(question, vocabulary):
        return LOST
    return courtesy(question, len(vocabulary), listings, chosen=chosen)


def courtesy(question: str, papers: int, listings: Mapping[str, str], *, chosen: bool = False) -> Decline | None:
    """What is said to a question about the assistant, or the `papers` it holds and the labels of their listings.

    Where papers are `chosen`, a question about all papers is one about these.
    """
    asked = " ".join(question.replace("\u2019", "'").split()).strip(" .!?,;:…！？。")
    held = counted(papers, "paper")
    work = f"I answer questions about {held}, from titles and abstracts alone, and cite a paper for every sentence."
    ask = "Ask about a topic, a method or a paper by its name, for a list, or for a comparison."
    said = {
        HELLO: f"Hello. {work} {ask}",
        THANKS: "You are welcome. Ask on whenever you like.",
        WHO: f"{work} {ask} What the abstracts do not say I do not know.",
        BLAME: f"I am sorry that this was no help. I can only report what the abstracts say. {ask}",
    }
    library = {
        HOW_MANY: f"The library holds {held}, from {counted(len(listings), 'listing')}. {ask}",
        NEW: _new(asked, listings),
        ALL: f"An answer rests on a few papers, and the library holds {held}. {ask}",
    }
    fitting = {} if len(asked.split()) > LONGEST else said if chosen else said | library
    return next((Decline("off-corpus", told) for kind, told in fitting.items() if kind.fullmatch(asked)), None)


def _new(asked: str, listings: Mapping[str, str]) -> str:
    """The listings of the month that is asked for, or the newest: when papers came is known by listing."""
    months = [number for number, name in enumerate(MONTHS, start=1) if re.search(rf" {name}", asked, re.I)]
    dated = {label: found for label in listings.values() if (found := days(label))}
    labels = sorted(dated, key=lambda label: (dated[label].year, dated[label].first))
    wanted = [label for label in labels if dated[label].first[0] in months] if months else labels[-1:]
    if not wanted:
        return "No listing here bears such a date. Ask about a topic, a method or a paper by its name."
    told = f"The newest listing here is that of {wanted[0]}."
    if months:
        told = f"The listings of that month are those of {', '.join(wanted)}."
    return f"{told} Ask about one day and a topic: which papers of {wanted[-1]} are about training?"
