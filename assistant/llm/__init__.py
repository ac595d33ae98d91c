"""Messages in, text out, whole or streamed: the one room that knows openai.

The seam is `LLM`, one method. `ServedModel` is any OpenAI-compatible server, `ScriptedModel` the double, and
`configured` makes the model that the settings name.
"""

from __future__ import annotations

from .configured import configured
from .model import LLM, Message, Metered, Schema, Usage, objects
from .reply import Reply
from .scripted import ScriptedModel
from .served import ServedModel

__all__ = [
    "LLM",
    "Message",
    "Metered",
    "Reply",
    "Schema",
    "ScriptedModel",
    "ServedModel",
    "Usage",
    "configured",
    "objects",
]
