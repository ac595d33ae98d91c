"""A question in, the reply out where no person asks it: what chat programs have a model do in the background.

Such a request is known by its form: an instruction that quotes the conversation. Open WebUI puts it between tags and
says which JSON it wants; LibreChat puts it under a heading and wants a title.
https://github.com/open-webui/open-webui/blob/main/backend/open_webui/config.py
https://github.com/danny-avila/agents/blob/main/src/utils/title.ts
"""

from __future__ import annotations

import json
import textwrap

from ...people.conversations import TITLE
from ...show.markdown import titles_in

TASK, OPEN, CLOSE = "### Task:", "<chat_history>", "</chat_history>"
HEADING = "\n\nConversation:\nUser: "
MOST_FOLLOW_UPS = 3


def reply_to(text: str) -> str | None:
    """What a background request gets, without any search; None for a question."""
    if text.lstrip().startswith(TASK) and OPEN in text and CLOSE in text:
        frame, _, rest = text.partition(OPEN)
        wanted = _first_object(frame + rest.rpartition(CLOSE)[2])
        return json.dumps(_filled(wanted, rest.rpartition(CLOSE)[0]), ensure_ascii=False) if wanted else None
    instruction, _, rest = text.partition(HEADING)
    if rest and "\nAI: " in rest and "title" in instruction:
        return _title(rest.partition("\nAI: ")[0])
    return None


def _first_object(frame: str) -> dict[str, object] | None:
    """The JSON that an instruction shows as the form of its reply."""
    try:
        wanted, _ = json.JSONDecoder().raw_decode(frame, frame.index("{"))
    except (ValueError, RecursionError):  # no JSON, or nested without end
        return None
    return wanted if isinstance(wanted, dict) else None


def _filled(wanted: dict[str, object], conversation: str) -> dict[str, object]:
    """The form, filled from the words of the conversation; what they do not give is empty."""
    _, _, first = conversation.partition("USER: ")
    cited = titles_in(conversation)[:MOST_FOLLOW_UPS]
    known: dict[str, object] = {
        "title": _title(first.partition("\nASSISTANT: ")[0]),
        "follow_ups": [f"What does “{title}” report?" for title in cited],
    }
    return {name: known.get(name, [] if isinstance(value, list) else "") for name, value in wanted.items()}


def _title(question: str) -> str:
    return textwrap.shorten(question, TITLE, placeholder="…")
