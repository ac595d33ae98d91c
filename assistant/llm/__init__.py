"""Language models: messages in, text out, whole or as it arrives. Only this wing knows openai.

Read in this order:

    model           the seam `LLM`, and what flows through it: `Message`, `Reply`, `Usage`
    scripted        its test double
    served          any OpenAI-compatible server, and the one that the settings name
    failures        what is wrong with a server, as an error that says what to do
    wire            HTTP clients that read only as much as a reply may have
    llamaindex      llama-index's models behind our seam, ours behind llama-index's
    probe           tries a model out
    nearby          the servers on this machine
    embedded_json   the JSON in a reply
    prompts         the texts in `prompts/`, and the fences around data
    ledger          tokens and money used, and cached results
"""

from __future__ import annotations

from .model import LLM, Message, Metered, Reply, Schema, Usage
from .scripted import ScriptedModel
from .served import ServedModel, configured

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
]
