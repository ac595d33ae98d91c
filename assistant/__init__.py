"""Answers questions about a collection of papers. Every sentence cites a paper, and every citation is checked.

    from assistant import Assistant, ask

    with Assistant.open(home="papers") as assistant:
        assistant.ingest("listing.txt")
        answer = assistant.ask("Which papers pre-train retrievers with a weak decoder?")
        print(answer.text, answer.titles)

The wings, in the order in which a question passes through them. Each imports only from those above it:

    core        what everything else uses: records, errors, text, settings, storage, logistic models
    reader      reads a pair of texts: does the first support the second?
    llm         language models, their prompts, and what they cost
    library     reads files and keeps papers: sources, the record of papers, chunking, browsing
    index       makes papers searchable: embeddings, the vector store, keywords, names, the map
    question    works out what a question asks for, also from earlier turns
    search      finds and judges hits, or says why there are none
    check       checks sentences against hits: claims and rejections
    answer      makes an answer from hits: choosing, quoting, writing, composing
    chain       joins the steps; the only place that chooses implementations
    people      who asks: accounts, conversations, feedback, limits
    show        shows an answer to a person: text, Markdown, BibTeX
    service     what the doors share: the queue of questions, access, errors as problem details, the evaluation
    doors       the ways in: the command line, the page, Slack, HTTP, agents
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .chain import Assistant, Conversation, ask
    from .core.bibliography import Identifiers
    from .core.drafts import CheckedCitation, CheckedDraft, CheckedSentence
    from .core.errors import (
        AccountError,
        AddressError,
        AssistantError,
        BackupError,
        CollectionError,
        CollectionNotFound,
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
        SourceError,
        StoreError,
    )
    from .core.filters import Collection, Filter
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
        Source,
        Turn,
    )
    from .core.settings import Settings
    from .show.styles import references

_HOMES = {
    "chain": ("Assistant", "Conversation", "ask"),
    "core.settings": ("Settings",),
    "core.bibliography": ("Identifiers",),
    "core.filters": ("Collection", "Filter"),
    "core.drafts": ("CheckedCitation", "CheckedDraft", "CheckedSentence"),
    "core.records": (
        *("Answer", "Check", "Citation", "Claim", "Decline", "Hit", "Ingested"),
        *("Paper", "Passage", "Reject", "Rejection", "Source", "Turn"),
    ),
    "core.errors": (
        *("AccountError", "AddressError", "AssistantError", "BackupError", "CollectionError"),
        "CollectionNotFound",
        "ConversationNotFound",
        "DatabaseError",
        *("EmbedderError", "ExportError", "IndexMismatch", "LLMError", "LibraryBusy", "LibraryError"),
        *(
            "MissingExtra",
            "NoSuchDays",
            "PaperNotFound",
            "PromptError",
            "QuestionError",
            "ReaderError",
            "SettingsError",
            "SourceError",
        ),
        "StoreError",
    ),
    "show.styles": ("references",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__version__ = "0.1.0"
__all__ = [
    "AccountError",
    "AddressError",
    "Answer",
    "Assistant",
    "AssistantError",
    "BackupError",
    "Check",
    "CheckedCitation",
    "CheckedDraft",
    "CheckedSentence",
    "Citation",
    "Claim",
    "Collection",
    "CollectionError",
    "CollectionNotFound",
    "Conversation",
    "ConversationNotFound",
    "DatabaseError",
    "Decline",
    "EmbedderError",
    "ExportError",
    "Filter",
    "Hit",
    "Identifiers",
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
    "Source",
    "SourceError",
    "StoreError",
    "Turn",
    "ask",
    "references",
]


def __getattr__(name: str) -> Any:
    """Load a public name from its module when it is first used, so that importing the package does no work."""
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f".{_HOME_OF[name]}", __name__), name)


def __dir__() -> list[str]:
    return __all__
