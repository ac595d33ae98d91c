"""An answer as Slack's Block Kit, within its limits; nothing that a paper, a person or a model wrote is markup in it.

Such text goes into `plain_text` objects, where asterisks, underscores and backticks are not markup and titles stay
word for word; mrkdwn, which cannot escape these, contains only our own links. A reply that names commands is rich text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ...core.notebook import escaped as escaped_line
from ...core.notebook import escaped_reply
from ...core.prose import coded
from ...core.records import Answer, Citation, Source
from ...show.showing import entry, readable_answer

Block = dict[str, Any]

TEXT = 3000
"""Characters of one text object: https://docs.slack.dev/reference/block-kit/composition-objects/text-object"""
BLOCKS = 50
"""Blocks of a message: https://docs.slack.dev/reference/block-kit/blocks"""
VIEW_BLOCKS = 100
"""Blocks of a modal: https://docs.slack.dev/reference/views/modal-views"""
ELEMENTS = 10
"""Elements of a context block: https://docs.slack.dev/reference/block-kit/blocks/context-block"""
MESSAGE = 9000
"""Characters of all text of a message. Slack gives no figure and has refused 11,341 as `msg_blocks_too_long`:
https://github.com/slackapi/bolt-js/issues/2867"""
PROSE = 6000
"""The most of these for the prose; titles come before quotes in the rest."""
VIEW = 40_000
"""Characters of all text of a modal: Slack takes 250 kB of JSON."""
PAPERS = 40
"""Papers that get a context block each; if there are more, ten share one."""
FALLBACK = 1000
"""Characters of the text shown where blocks are not, such as in notifications."""
QUOTE = 600
"""Characters of the quotes shown of a paper; the modal has all of them."""

_MARK = re.compile(r"\[\d+\]")
_ADDRESS = re.compile(r"https?://[^\s<>|\"]{1,1000}")
_ENTITIES = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"))
"""https://docs.slack.dev/messaging/formatting-message-text#escaping"""


def escaped(text: str) -> str:
    """Text in which `&`, `<` and `>` do not begin a mention, link or entity."""
    for sign, entity in _ENTITIES:
        text = text.replace(sign, entity)
    return text


def unescaped(text: str) -> str:
    """Text that Slack sent, as it was typed."""
    for sign, entity in reversed(_ENTITIES):
        text = text.replace(entity, sign)
    return text


def reply(answer: Answer, place: str = "") -> list[Block]:
    """The blocks of an answer: its prose, a context block per paper with title and quotes, and the buttons.

    `place` is the value of the buttons, which identifies the answer; without it there are no buttons. Every `[n]` of
    the answer is in the prose and every title among the papers, however long they are.
    """
    answer = readable_answer(answer)
    sources = answer.sources
    titles = [_cut(entry(answer, source), min(TEXT - 2 * QUOTE, MESSAGE // 3 // len(sources))) for source in sources]
    lines = [line for line in answer.text.splitlines() if line]
    share = PROSE // len(lines) if sum(map(_size, lines)) > PROSE else PROSE
    prose = [_line(line, share) for line in lines]
    room = MESSAGE - FALLBACK - sum(map(_size, [*prose, *titles]))
    papers = [
        f"[{source.number}] {title}{_quotes(source, min(QUOTE, room // len(sources)))}"
        for source, title in zip(sources, titles, strict=True)
    ]
    block = _replied if answer.message and not answer.declined else _section
    return [
        *(block(text) for text in _packed(prose)),
        *_papers(papers, [source.url if _ADDRESS.fullmatch(source.url) else "" for source in sources]),
        *_nearest(answer),
        *([_buttons(answer, place)] if place else []),
    ]


def notice(text: str) -> list[Block]:
    """The blocks of a text that is not an answer, such as an error."""
    return [_section(_cut(text, TEXT))]


def fallback(answer: Answer) -> str:
    """The text of an answer where blocks are not shown, such as in notifications."""
    return escaped(_cut(" ".join(readable_answer(answer).text.split()), FALLBACK))


def evidence(answer: Answer) -> Block:
    """The modal that shows, paper by paper, the quotes, the basis of each, and the abstract they are from."""
    answer = readable_answer(answer)
    sources = answer.sources
    share = VIEW // max(len(sources), 1)
    blocks: list[Block] = []
    for source in sources:
        quotes = "\n".join(f"“{c.quote}” ({_basis(c)})" for c in {c.quote: c for c in source.citations}.values())
        blocks.append(_section(_cut(f"[{source.number}] {source.label}\n{quotes}", min(TEXT, share))))
        if len(sources) <= VIEW_BLOCKS // 2 and (abstract := source.paper.abstract):
            blocks.append({"type": "context", "elements": [_plain(_cut(f"Abstract: {abstract}", min(TEXT, share)))]})
    return {
        "type": "modal",
        "title": _plain("Evidence"),
        "close": _plain("Close"),
        "blocks": blocks[:VIEW_BLOCKS] or notice("This answer cites no paper."),
    }


def more(answer: Answer) -> Block:
    """The modal that shows what the answer leaves out."""
    answer = readable_answer(answer)
    lines = [
        f"More from [{source.number}] {source.title}\n" + "\n".join(f"• {claim.text}" for claim in claims)
        for source in answer.sources
        if (claims := answer.more_of(source.title))
    ]
    lines += [f"{claim.heading}\n• {claim.text}" for claim in answer.further]
    blocks = [_section(_cut(text, min(TEXT, VIEW // len(lines)))) for text in lines[:VIEW_BLOCKS]]
    return {
        "type": "modal",
        "title": _plain("More"),
        "close": _plain("Close"),
        "blocks": blocks or notice("This answer leaves nothing out."),
    }


def shown(blocks: Sequence[Block], *, markdown: bool = False) -> str:
    """Blocks as text, for doors that do not show blocks; as `markdown`, each line is escaped, and code stays code."""
    parts = ["\n".join(_escape(block, markdown)(line) for line in _text(block).splitlines()) for block in blocks]
    return "\n\n".join(part for part in parts if part)


def _escape(block: Block, markdown: bool) -> Callable[[str], str]:
    if not markdown:
        return str
    return escaped_reply if block["type"] == "rich_text" else escaped_line


def _text(block: Block) -> str:
    texts = [block["text"]] if block["type"] == "section" else block.get("elements", [])
    if block["type"] == "actions":
        return ""
    if block["type"] == "rich_text":
        pieces = block["elements"][0]["elements"]
        return "".join(f"`{piece['text']}`" if "style" in piece else piece["text"] for piece in pieces)
    return "\n".join(unescaped(text["text"]) for text in texts if text["type"] == "plain_text")


# -- parts


def _section(text: str) -> Block:
    return {"type": "section", "text": _plain(text)}


def _replied(text: str) -> Block:
    """A reply about the library or the assistant, in which `...` encloses code; rich text has no markup in it.

    https://docs.slack.dev/reference/block-kit/blocks/rich-text-block
    """
    pieces = coded(text)
    if not any(code for _, code in pieces):
        return _section(text)
    shown = [{"type": "text", "text": piece, **({"style": {"code": True}} if code else {})} for piece, code in pieces]
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": shown}]}


def _plain(text: str) -> Block:
    return {"type": "plain_text", "text": escaped(text) or " ", "emoji": False}


def _size(text: str) -> int:
    return len(escaped(text))


def _cut(text: str, size: int) -> str:
    """Text of at most `size` characters when escaped; it ends in "…" if it was longer."""
    if _size(text) <= size:
        return text
    kept = text[: max(size - 1, 0)]
    while kept and _size(kept) >= size:
        kept = kept[: -max((_size(kept) - size) // 5, 1)]
    return f"{kept.rstrip()}…"


def _line(line: str, size: int) -> str:
    """A line of the prose; if it is too long, its end is cut off and its reference numbers are kept."""
    line = f"• {line.removeprefix('- ')}" if line.startswith("- ") else line
    if _size(line) <= size:
        return line
    marks = "".join(dict.fromkeys(_MARK.findall(line)))
    return f"{_cut(_MARK.sub('', line), max(size - len(marks) - 1, 1))} {marks}".rstrip()


def _packed(lines: Sequence[str]) -> Iterator[str]:
    """Lines joined into texts that each fit a text object."""
    text = ""
    for piece in (piece for line in lines for piece in _broken(line)):
        joined = f"{text}\n{piece}" if text else piece
        if text and _size(joined) > TEXT:
            yield text
            joined = piece
        text = joined
    if text:
        yield text


def _broken(line: str) -> Iterator[str]:
    """A line in pieces that each fit a text object, broken between words if possible."""
    while _size(line) > TEXT:
        head = _cut(line, TEXT)[:-1]
        head = head[: head.rfind(" ") + 1] or head
        yield head.rstrip()
        line = line[len(head) :].lstrip()
    yield line


def _quotes(source: Source, size: int) -> str:
    """The quotes of a paper, one per line: as many whole ones as fit into `size` characters, and at least one."""
    first, *others = (f"\n“{quote}”" for quote in source.quotes)
    text = _cut(first, size) if size > 1 else ""
    for quote in others:
        text += quote if _size(text + quote) <= size else ""
    return text


def _basis(citation: Citation) -> str:
    return "word for word" if citation.basis == "quoted" else f"{citation.basis}, support {citation.support:.2f}"


def _papers(papers: Sequence[str], links: Sequence[str]) -> Iterator[Block]:
    if len(papers) > PAPERS:
        for start in range(0, len(papers), ELEMENTS):
            yield {"type": "context", "elements": [_plain(paper) for paper in papers[start : start + ELEMENTS]]}
        return
    for paper, url in zip(papers, links, strict=True):
        link = [{"type": "mrkdwn", "text": f"<{escaped(url)}|Open the paper>"}] if url else []
        yield {"type": "context", "elements": [_plain(paper), *link]}


def _nearest(answer: Answer) -> Iterator[Block]:
    """The nearest papers, for a decline that does not name them itself."""
    nearest = answer.declined.nearest if answer.declined else ()
    if nearest and not any(title in answer.text for title in nearest):
        lines = [f"• {_cut(title, TEXT // len(nearest) - 40)}" for title in nearest]
        yield {"type": "context", "elements": [_plain("\n".join(["The nearest papers:", *lines]))]}


def _buttons(answer: Answer, place: str) -> Block:
    named = [("evidence", "Show evidence")] if answer.titles else []
    named += [("more", "More")] if answer.more else []
    named += [("thumb_up", "👍 Helpful"), ("thumb_down", "👎 Not helpful"), ("again", "Ask again")]
    return {
        "type": "actions",
        "elements": [
            {"type": "button", "action_id": action, "text": {**_plain(text), "emoji": True}, "value": place}
            for action, text in named
        ],
    }
