"""A text that is sent in, the same text out where it is no longer than its kind may be; every such limit is here.

Lengths are in characters, bodies in bytes, waits in seconds. Doors describe these limits to their callers and hold
whatever reaches them to it; the assistant does so again for Python.
"""

from __future__ import annotations

from .errors import QuestionError

QUESTION = 4000
"""A question, or words to search for: about ten abstracts."""
SENTENCE = 4000
"""A sentence to check against an abstract."""
TITLE = 1000
"""A paper's title or id, a listing's name, or the title of a conversation: no title on record is half as long."""
WORDS = 1000
"""Words to browse the papers by."""
DAY = 40
"""A day, as 2025-03-12 or March 12th, 2025."""
ID = 64
"""The id of a conversation or of an open page, or the name of a batch of files."""
COMMENT = 2000
"""What somebody thinks of an answer."""
PAPERS = 100
"""Papers that one question may keep to, or that an earlier answer may have cited."""

BODY = 2**20
"""A request's body, at any address."""
UPLOAD = 20 * 2**20
"""A listing file: about 12,000 abstracts."""
EVENT = 64 * 1024
"""An event of the page: a question, and ids."""
SLACK = 256 * 1024
"""What Slack or Mattermost sends: a button's brings its message along, three times as long in its encoding."""
FORM = 4096
"""A filled-in log-in form."""
HEAD = 2**16
"""A request's first line and headers."""

HEAD_WAIT = 10.0
"""For the whole head of a request, from the moment that the connection is free for one."""
BODY_WAIT, BODY_RATE = 30.0, 4096
"""For a body's first byte, and the bytes that earn it a second more: a phone on a poor line sends ten times as many."""
CONNECTIONS = 2000
"""At once; an open page takes two. One address may have half of them."""

EXCERPT = 100
"""Characters of a rejected text that an error repeats."""


def bounded(text: str, most: int, what: str) -> str:
    """The text; `QuestionError` where it has more than `most` characters. `what` names it: "question".

    >>> bounded("What is VILA?", QUESTION, "question")
    'What is VILA?'
    """
    if len(text) > most:
        raise QuestionError(f"The {what} has {len(text):,} characters, more than {most:,}. Shorten it.")
    return text


def excerpt(text: str) -> str:
    """The beginning of a text, for an error that repeats it."""
    return text if len(text) <= EXCERPT else f"{text[:EXCERPT]}…"
