"""Questions in, answers out whose every sentence cites a paper, checked.

    from assistant import Assistant, ask

    with Assistant.open(home="papers") as assistant:
        assistant.ingest("listing.txt")
        answer = assistant.ask("Which papers pre-train retrievers with a weak decoder?")
        print(answer.text, answer.titles)

The rooms, in the order in which data meets them; each imports only from those above it:

    text            a string in; its sentences, words, numbers or names out
    notebook        a record in, how it looks at a Python prompt or in a notebook out
    records         what flows: Paper, Passage, Hit, Draft, Claim, Answer
    errors          the error tree
    bounds          a text that is sent in, the same out where it is no longer than its kind may be
    readable        text of a paper in, the same as a person reads it out
    showing         an answer or a paper in, the same out as a person reads it
    settings        the environment in, one frozen Settings out
    export          an answer in, plain JSON values out, and back again
    processes       what a fork leaves behind in, an error at once out
    database        a private file and its schemas in, short transactions on it out
    corpus          a file in, papers and rejects out
    library         papers in, papers out: the record of what we hold
    chunking        one paper in, its passages out
    embedding       texts in, vectors out
    interaction     token vectors in, late-interaction scores out
    encodings       papers in, their encodings kept in the library out
    store           passages and vectors in, nearest passages out
    engine          a Chroma folder in, its nearest passages out
    keywords        words in, BM25-ranked papers out
    names           a paper in, the names it goes by out; a question in, the papers it names out
    reading         a paper in, what it tells before any question is asked out
    generation      one generation's folder in, an index that can be searched, filled and checked out
    index           the library in, a searchable generation of it out
    inspection      a library in, what is damaged in its files out
    browsing        papers and what is wanted of them in, those that fit out
    holdings        files in, an indexed library out
    logistic        named values in, a probability out
    llm             messages in, text out, whole or streamed
    prompts         a file of prompts/ in, filled messages out
    topics          earlier questions in, what they are about out
    pointing        a question in, what it points at outside itself out
    conversation    earlier turns and a question in, one self-contained question out
    cues            nothing in, the patterns by which a question shows what it asks for out
    sides           a comparison in, its sides out
    spelling        a question and its words that no paper has in, the question with the misspelt ones put right out
    question        a question in, what it asks for out
    evidence        a question's words and papers in, how they and their sentences bear on the question out
    retrieval       what a question asks for in, ranked hits out
    relevance       hits in, the same hits with probabilities out
    bridging        a question of several steps and its hits in, the papers the first leads to out
    particulars     a question and a paper in, the particulars out that its abstract does not state
    declining       a question and its hits in, why there is no answer out
    searching       a question in, what it asks for and its judged hits out
    courtesy        a question about the assistant or its library in, what is said to it out, or None
    briefing        a question's hits in, the sources of a prompt out
    writing         question and hits in, the sentences of a draft out, one by one
    quantities      a sentence and a text in, the numbers out that the text does not state
    polarity        a sentence and a passage in, what one of them denies or turns round out
    support         a sentence and an abstract in, the signals of support out
    appeals         a sentence and an abstract in, what the sentence bids its reader do out, unless the abstract bids it
    citations       a sentence and its hits in, a checked claim and recorded rejections out
    parsing         a model's words in, the sentences it wrote out
    drafting        a question and its hits in, the sentences that a language model writes out
    rewording       a follow-up or a question of several steps in, plain questions out, by a language model
    sampling        several drafts of one answer in, the sentences of the one that the papers support best out
    judging         sentences and the words they are held against in, a language model's verdicts out
    composing       a question, its hits and a writer in, checked claims out as they pass
    llamaindex      a search or a language model in, the same behind llama-index's interfaces out
    ledger          what calls of a language model took and what came of them in, the same out again
    desk            settings in, the language model and its prompts out, ready for a question
    atlas           an index in, a labelled map of its papers out
    dialogue        questions that may refer to the ones before in, answers out
    sharing         something that threads share in, the same out until it is closed
    chain           the steps joined: Assistant
    conversations   turns in, kept conversations out
    feedback        kept turns and their thumbs in, cases for an evaluation out
    markdown        an answer or a kept conversation in, Markdown out
    accounts        a name and a secret in, who it is and what it may out
    limits          a name and how often it may come in, the seconds it has to wait out
    answering       a question in, the events of its answer out, given up when nobody waits
    doorkeeper      a request's address and headers in, who it is and what it may out
    problems        an error in, its problem details out
    receiving       a request in, the same out; its body fails where it is too long or too slow
    copies          an answer in, a copy of it to paste elsewhere out: text, Markdown, BibTeX
    suggestions     papers in, questions out that they answer
    terminal        an answer in, terminal text out
    chat            typed lines in, a conversation on the screen out
    web             an assistant in, its page out
    slack           a message in, Block Kit blocks out: Slack, what speaks its dialect, and a terminal like it
    api             a request in, JSON or events out: HTTP for programs, and OpenAI's dialect
    mcp             a tool's call in, what the papers say out: the Model Context Protocol, for agents
    cli             a command line in, printed answers and an exit code out
    program         the same, which Ctrl-C ends with a word also while it is still being loaded
    __main__        the same in for `python -m assistant`, out as `assistant`
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
    "settings": ("Settings",),
    "records": (
        *("Answer", "Check", "Citation", "Claim", "Decline", "Hit", "Ingested"),
        *("Paper", "Passage", "Reject", "Rejection", "Turn"),
    ),
    "errors": (
        *("AccountError", "AddressError", "AssistantError", "ConversationNotFound", "DatabaseError"),
        *("EmbedderError", "ExportError", "IndexMismatch", "LLMError", "LibraryBusy", "LibraryError"),
        *("MissingExtra", "NoSuchDays", "PaperNotFound", "PromptError", "QuestionError", "SettingsError", "StoreError"),
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
