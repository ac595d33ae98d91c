"""Requests that chat programs make in the background, such as for a title: they get a reply without a search.

They are recognized by their form: an instruction that quotes the conversation. Open WebUI quotes it between tags and
shows the JSON it wants; LibreChat quotes it under a heading and wants a title.
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
    """The reply to a background request; None for a question."""
    if text.lstrip().startswith(TASK) and OPEN in text and CLOSE in text:
        frame, _, rest = text.partition(OPEN)
        form = _first_object(frame + rest.rpartition(CLOSE)[2])
        return json.dumps(_filled(form, rest.rpartition(CLOSE)[0]), ensure_ascii=False) if form else None
    instruction, _, rest = text.partition(HEADING)
    if rest and "\nAI: " in rest and "title" in instruction:
        return _title(rest.partition("\nAI: ")[0])
    return None


def _first_object(frame: str) -> dict[str, object] | None:
    """The JSON that an instruction shows as the form of the reply."""
    try:
        form, _ = json.JSONDecoder().raw_decode(frame, frame.index("{"))
    except (ValueError, RecursionError):  # not JSON, or nested too deeply
        return None
    return form if isinstance(form, dict) else None


def _filled(form: dict[str, object], conversation: str) -> dict[str, object]:
    """The form, filled from the conversation; what that does not give is left empty."""
    _, _, first = conversation.partition("USER: ")
    cited = titles_in(conversation)[:MOST_FOLLOW_UPS]
    values: dict[str, object] = {
        "title": _title(first.partition("\nASSISTANT: ")[0]),
        "follow_ups": [f"What does “{title}” report?" for title in cited],
    }
    return {name: values.get(name, [] if isinstance(value, list) else "") for name, value in form.items()}


def _title(question: str) -> str:
    return textwrap.shorten(question, TITLE, placeholder="…")
