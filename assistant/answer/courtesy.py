"""Replies without a search: to greetings, to questions about the assistant or its library, to lost follow-ups.

"Hello" and "how many papers are there?" want no paper, and any citation would be wrong. Only a question that is
entirely of this kind is caught here; every other question is searched for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from ..core.records import Decline, Turn
from ..core.text import counted
from ..library.browsing import MONTHS, days
from ..question.conversation import LOST, is_lost
from ..question.understanding import fits_any_paper
from ..search import Search

_PAPERS = r"(?:papers|abstracts|documents|articles|titles|publications)"
LONGEST = 16
"""Most words in a question of this kind; a longer one is about something."""
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

ASK = "Ask about a topic, a method or a paper by name, or ask for a list or a comparison."


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


def reply_at_once(question: str, turns: Sequence[Turn], search: Search, *, chosen: bool = False) -> Decline | None:
    """The reply to a question that needs no search, or that follows up one that found nothing. Else None."""
    if not chosen and is_lost(turns) and fits_any_paper(question, search.index):
        return LOST
    return courtesy(question, len(search.index), search.index.library.listings(), chosen=chosen)


def courtesy(question: str, papers: int, listings: Mapping[str, str], *, chosen: bool = False) -> Decline | None:
    """The reply to a greeting, or to a question about the assistant or its library of `papers`; else None.

    `listings` gives the label of each listing. If papers are `chosen`, "all papers" means these, so such a question
    is searched for.
    """
    plain = " ".join(question.replace("\u2019", "'").split()).strip(" .!?,;:…！？。")
    if len(plain.split()) > LONGEST:
        return None
    size = counted(papers, "paper")
    work = f"I answer questions about {size}, using only titles and abstracts, and cite a paper for every sentence."
    replies = {
        HELLO: f"Hello. {work} {ASK}",
        THANKS: "You're welcome. Ask another question any time.",
        WHO: f"{work} {ASK} I know nothing beyond the abstracts.",
        BLAME: f"Sorry that was no help. I can only report what the abstracts say. {ASK}",
    }
    if not chosen:
        replies |= {
            HOW_MANY: f"The library has {size} from {counted(len(listings), 'listing')}. {ASK}",
            NEW: _newest(plain, listings),
            ALL: f"An answer draws on a few papers, and the library has {size}. {ASK}",
        }
    return next((Decline("off-corpus", reply) for kind, reply in replies.items() if kind.fullmatch(plain)), None)


def _newest(question: str, listings: Mapping[str, str]) -> str:
    """The listings of the month in the question, or the newest one. Papers are dated by their listings."""
    months = [number for number, name in enumerate(MONTHS, start=1) if re.search(rf" {name}", question, re.I)]
    dates = {label: date for label in listings.values() if (date := days(label))}
    labels = sorted(dates, key=lambda label: (dates[label].year, dates[label].first))
    wanted = [label for label in labels if dates[label].first[0] in months] if months else labels[-1:]
    if not wanted:
        return "No listing here has such a date. Ask about a topic, a method or a paper by name."
    listed = (
        f"The listings from that month are {', '.join(wanted)}." if months else f"The newest listing is {wanted[0]}."
    )
    return f"{listed} Ask about a day and a topic: which papers of {wanted[-1]} are about training?"
