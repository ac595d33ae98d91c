"""Replies without a search: to greetings, thanks and blame, and to lost follow-ups.

"Hello" wants no paper, and any citation would be wrong. Only a message that is entirely of this kind is caught here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..core.records import Decline, Turn
from ..question.conversation import LOST, is_lost
from ..question.understanding import fits_any_paper
from ..search import Search
from .catalogue import ASK, work

LONGEST = 16
"""Most words in a message of this kind; a longer one is about something."""
_ALSO = (
    r"(?: (?:there|again|all|you|assistant|bot|papers|please|me|very much|so much|a lot|today|everyone"
    r"|then|for (?:now|today|that|(?:the|your|all the|all your) \w+)))*"
)


def _whole(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"(?:(?:please|so|well|and|oh|no|ok(?:ay)?),? )*(?:{pattern})", re.I)


_HOW = r"how are you(?: doing)?|how do you do|(?:it is |it's )?(?:nice|good) to meet you"
HELLO = _whole(
    r"(?:(?:hi+|hello|hey|hiya|good (?:morning|afternoon|evening|day)|hallo|hola|bonjour|salut|ciao|ol[áa]|guten tag"
    rf"|moin|你好|您好|test(?:ing)?|ping){_ALSO}[\s,.!]*(?:(?:{_HOW}){_ALSO}[\s,.!?]*)?)+|(?:{_HOW}){_ALSO}"
)
THANKS = _whole(
    rf"(?:(?:(?:many )?(?:thanks?|thank you|thx|cheers|danke|merci|gracias|grazie|谢谢){_ALSO}"
    r"(?:,? that(?:'s| is| was)? (?:helps?|helped|helpful|great|good|useful))?"
    r"|(?:good ?)?bye|good night|see you|(?:ok(?:ay)?|great|cool|nice|lol|perfect|got it|i see|understood)(?: then)?"
    r"|(?:good|great|nice) (?:answer|job|work|one)|well done|that(?:'s| is| was) (?:it|all)(?: then)?)[\s,.!]*)+"
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
    return courtesy(question, len(search.index))


def courtesy(question: str, papers: int) -> Decline | None:
    """The reply to a greeting, thanks or blame, in a library of `papers`; else None."""
    plain = " ".join(question.replace("\u2019", "'").split()).strip(" .!?,;:…！？。")
    if len(plain.split()) > LONGEST:
        return None
    replies = {
        HELLO: f"Hello. {work(papers)}",
        THANKS: "You're welcome. Ask another question any time.",
        BLAME: f"Sorry that was no help. I can only report what the abstracts say. {ASK}",
    }
    return next((Decline("off-corpus", reply) for kind, reply in replies.items() if kind.fullmatch(plain)), None)
