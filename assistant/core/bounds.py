"""Every limit on what may be sent to the assistant: a text in, the same text out if it is short enough.

Texts are measured in characters, bodies in bytes, waits in seconds. Doors document these limits and enforce them; the
assistant enforces them again for callers from Python.
"""

from __future__ import annotations

from .errors import QuestionError

QUESTION = 4000
"""A question, or words to search for: about ten abstracts."""
SENTENCE = 4000
"""A sentence to check against an abstract."""
DRAFT = 200_000
"""A draft whose citations are checked: 30,000 words, a long survey."""
BIBLIOGRAPHY = 2_000_000
"""The BibTeX file of a draft: about 4,000 entries."""
TITLE = 1000
"""A paper's title or id, a listing's name, or a conversation's title: no known title is half as long."""
WORDS = 1000
"""Words to browse the papers by."""
DAY = 40
"""A day, as 2025-03-12 or March 12th, 2025."""
NAMES = 20
"""Authors and venues in a filter."""
COLLECTION = 80
"""The name of a collection."""
COLLECTIONS, COLLECTED = 200, 10_000
"""Collections of one owner, and papers put into one by hand; any number may pass its filter."""
ID = 64
"""The id of a conversation or of an open page, or the name of a batch of files."""
COMMENT = 2000
"""Feedback on an answer."""
PAPERS = 100
"""Papers to which a question may be restricted, or that an earlier answer may have cited."""

BODY = 2**20
"""A request's body, at any path."""
DRAFT_BODY = 4 * 2**20
"""A draft and its BibTeX file."""
UPLOAD = 20 * 2**20
"""A listing file: about 12,000 abstracts."""
EVENT = 64 * 1024
"""An event from the page: a question and ids."""
SLACK = 256 * 1024
"""A request from Slack or Mattermost: that of a button includes its message, encoded at three times its length."""
FORM = 4096
"""A login form."""
HEAD = 2**16
"""A request's first line and headers."""

HEAD_WAIT = 10.0
"""For the whole head of a request, from when the connection is ready for one."""
BODY_WAIT, BODY_RATE = 30.0, 4096
"""For a body's first byte, and the bytes that extend the wait by a second: even a slow phone sends tenfold."""
CONNECTIONS = 2000
"""At once; an open page takes two. One address may use half of them."""

EXCERPT = 100
"""Characters of a rejected text that an error repeats."""


def bounded(text: str, most: int, what: str) -> str:
    """The text. Raises `QuestionError` if it has more than `most` characters; `what` names it, as in "question".

    >>> bounded("What is VILA?", QUESTION, "question")
    'What is VILA?'
    """
    if len(text) > most:
        raise QuestionError(f"The {what} has {len(text):,} characters, more than {most:,}. Shorten it.")
    return text


def excerpt(text: str) -> str:
    """The beginning of a text, for an error message."""
    return text if len(text) <= EXCERPT else f"{text[:EXCERPT]}…"
