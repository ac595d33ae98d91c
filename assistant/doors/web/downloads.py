"""The name of a conversation in, the whole of it as a file out: Markdown or JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Literal

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response

from ...core.errors import ConversationNotFound
from ...core.text import content_words, parts
from ...people.conversations import exported
from ...show.markdown import of_conversation
from .sessions import Unknown

if TYPE_CHECKING:
    from ...people.conversations import Kept
    from .desk import Desk

WORDS = 6
"""Words of the title that the file is called by."""


def router(desk: Desk) -> APIRouter:
    """One address a conversation and format, which serves its owner alone."""
    routes = APIRouter()

    @routes.get("/conversations/{name}.{kind}")
    def download(name: str, kind: Literal["md", "json"], request: Request) -> Response:
        try:
            owner = desk.entrance.owner(request.cookies)
            kept, turns = desk.conversations.get(owner, name), desk.conversations.every(owner, name)
        except (ConversationNotFound, Unknown) as error:
            return PlainTextResponse(str(error), 404)
        if kind == "md":
            content, media = of_conversation(kept, turns), "text/markdown"
        else:
            content, media = json.dumps(exported(kept, turns), ensure_ascii=False, indent=1), "application/json"
        told = {"Content-Disposition": f'attachment; filename="{_called(kept)}.{kind}"', "Cache-Control": "no-store"}
        return Response(content.encode(errors="replace"), media_type=media, headers=told)

    return routes


def _called(kept: Kept) -> str:
    """A file name that every system takes: the first content words of the title in plain letters, and the day."""
    plain = (
        [part for part in parts(word) or [word] if part.isascii() and part.isalnum()]
        for word in content_words(kept.title)
    )
    words = ["-".join(some) for some in plain if some]
    return "-".join([*words[:WORDS], f"{kept.used:%Y-%m-%d}"])
