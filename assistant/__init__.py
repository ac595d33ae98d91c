"""Questions in, answers out whose every sentence cites a paper, checked.

    from assistant import Assistant, ask

    with Assistant.open(home="papers") as assistant:
        assistant.ingest("listing.txt")
        answer = assistant.ask("Which papers pre-train retrievers with a weak decoder?")
        print(answer.text, answer.titles)

The wings, in the order in which data meets them; each imports only from those above it:

    core        what everything stands on: records (what flows), errors, text, settings, SQLite, logistic models
    reader      a pair of texts in, what an entailment model says of it out
    llm         messages in, text out: language models, their prompts, and the bill
    library     files in, papers held: sources, the record of papers, chunking, browsing
    index       papers in, an index that can be searched out: embeddings, the vector store, keywords, names, the map
    question    earlier turns and a question in, what it asks for out
    search      what a question asks for in, judged hits out, or the reason why there are none
    check       sentences and hits in, checked claims and rejections out
    answer      hits in, an answer out: choosing, quoting, writing, composing
    chain       the steps joined; the only place that chooses implementations
    people      who asks: accounts, conversations, feedback, limits
    show        an answer in, what a person reads out: text, Markdown, BibTeX
    service     what the doors share: asking and giving up, who may come in, errors as problem details
    doors       the ways in: the command line, the page, Slack, HTTP, agents
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .chain import Assistant, Conversation, ask
    from .core.errors import (
        AccountError,
        AddressError,
        AssistantError,
        ConversationNotFound,
        DatabaseError,
        EmbedderError,
        ExportError,
        IndexMismatch,
        LibraryBusy,
        LibraryError,
        LLMError,
        MissingExtra,
        NoSuchDays,
        PaperNotFound,
        PromptError,
        QuestionError,
        ReaderError,
        SettingsError,
        StoreError,
    )
    from .core.records import (
        Answer,
        Check,
        Citation,
        Claim,
        Decline,
        Hit,
        Ingested,
        Paper,
        Passage,
        Reject,
        Rejection,
        Turn,
    )
    from .core.settings import Settings

_HOMES = {
    "chain": ("Assistant", "Conversation", "ask"),
    "core.settings": ("Settings",),
    "core.records": (
        *("Answer", "Check", "Citation", "Claim", "Decline", "Hit", "Ingested"),
        *("Paper", "Passage", "Reject", "Rejection", "Turn"),
    ),
    "core.errors": (
        *("AccountError", "AddressError", "AssistantError", "ConversationNotFound", "DatabaseError"),
        *("EmbedderError", "ExportError", "IndexMismatch", "LLMError", "LibraryBusy", "LibraryError"),
        *(
            "MissingExtra",
            "NoSuchDays",
            "PaperNotFound",
            "PromptError",
            "QuestionError",
            "ReaderError",
            "SettingsError",
        ),
        "StoreError",
    ),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__version__ = "0.1.0"
__all__ = [
    "AccountError",
    "AddressError",
    "Answer",
    "Assistant",
    "AssistantError",
    "Check",
    "Citation",
    "Claim",
    "Conversation",
    "ConversationNotFound",
    "DatabaseError",
    "Decline",
    "EmbedderError",
    "ExportError",
    "Hit",
    "IndexMismatch",
    "Ingested",
    "LLMError",
    "LibraryBusy",
    "LibraryError",
    "MissingExtra",
    "NoSuchDays",
    "Paper",
    "PaperNotFound",
    "Passage",
    "PromptError",
    "QuestionError",
    "ReaderError",
    "Reject",
    "Rejection",
    "Settings",
    "SettingsError",
    "StoreError",
    "Turn",
    "ask",
]


def __getattr__(name: str) -> Any:
    """Load a public name from its room when it is first asked for: importing the package does no work."""
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f".{_HOME_OF[name]}", __name__), name)


def __dir__() -> list[str]:
    return __all__
