"""An assistant in, its page as a FastAPI application out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import gradio as gr
from fastapi import APIRouter, FastAPI
from fastapi.staticfiles import StaticFiles
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Mount

from ...core.bounds import EVENT, UPLOAD
from ...service.receiving import Receiving
from . import adding, downloads, entrance, evaluation, papers, talk
from .assets import Memory, visited
from .desk import Desk
from .guard import JOIN, Guard, Used

if TYPE_CHECKING:
    from ...chain import Assistant
    from .rules import Rules

TABS = (talk, papers, adding, evaluation)
"""The tabs from left to right: each is a file with a `TITLE` and a function `build(desk)`."""
OWN = Path(__file__).with_name("own")
SCRIPTS = [f"/own/{name}.js" for name in ("page", "papers", "adding", "drawer", "steps")]
HEAD = "".join(f'<script src="{path}" defer></script>' for path in SCRIPTS)
STYLES = [OWN / f"{name}.css" for name in ("page", "papers", "adding", "evaluation", "drawer")]
PATIENCE = 10
"""Seconds that the index and the model are given to be loaded before the page can be opened without them."""
WAITING = 400
"""Events of all kinds that may wait; questions have a line of their own."""


def app(assistant: Assistant, rules: Rules, beside: Mapping[str, APIRouter]) -> FastAPI:
    """The page over `assistant`, which stays open as long as this is served, and what stands beside it."""

    async def made() -> FastAPI:
        return _made(Desk(assistant, rules), beside)

    with ThreadPoolExecutor(1) as aside:  # where no loop is running, Gradio makes some, and leaves them open
        return aside.submit(asyncio.run, made()).result()


def _made(desk: Desk, beside: Mapping[str, APIRouter]) -> FastAPI:
    page, links = blocks(desk), list[str]()
    served = FastAPI(
        title="paper-assistant", lifespan=_warmed(desk, page, links), docs_url=None, redoc_url=None, openapi_url=None
    )
    served.add_middleware(CORSMiddleware, allow_origins=[])  # where there is one, Gradio adds none of its own
    served.add_middleware(Memory, links=links)
    served.add_middleware(Receiving, most={"/upload": UPLOAD, "/api/papers": UPLOAD, JOIN: EVENT})
    served.add_middleware(Guard, entrance=desk.entrance, hosts=desk.rules.hosts, beside=_doors(beside))
    _routed(served, desk, beside)  # before the page: mounted at "/", it takes every path that is left
    gr.mount_gradio_app(
        served,
        page,
        path="/",
        footer_links=[],
        run_history=False,
        ssr_mode=False,
        pwa=False,
        mcp_server=False,
        enable_monitoring=False,
        show_error=False,
        favicon_path=str(OWN / "icon.svg"),
        theme=theme(),
        css_paths=STYLES,
        head=HEAD,
    )
    mounted = served.routes[-1]
    assert isinstance(mounted, Mount), "Gradio mounts itself last"
    mounted.app = Used(mounted.app)
    return served


def _warmed(desk: Desk, page: gr.Blocks, links: list[str]) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    """What loads the page and the assistant before the first visitor comes, and closes the desk after the last."""

    @asynccontextmanager
    async def lifespan(served: FastAPI) -> AsyncIterator[None]:
        warming = desk.warm()
        kinds = {block.get_block_name() for block in page.blocks.values()}
        links.append(await visited(served, SCRIPTS, kinds))
        await asyncio.wait([asyncio.wrap_future(warming)], timeout=PATIENCE)
        yield
        desk.close()

    return lifespan


def _routed(served: FastAPI, desk: Desk, beside: Mapping[str, APIRouter]) -> None:
    """Give the page's own paths and those of other doors."""

    @served.get("/healthz")
    def health() -> dict[str, str]:
        return {"status": "ok"}

    adding.mount(served, desk)
    served.mount("/own", StaticFiles(directory=OWN))
    served.include_router(downloads.router(desk))
    if desk.entrance.guarded:
        served.include_router(entrance.router(desk.entrance))
    for path, router in beside.items():
        served.include_router(router, prefix=path)


def _doors(beside: Mapping[str, APIRouter]) -> set[str]:
    """The first part of every path of the doors beside the page: `/api`, `/slack`."""
    paths = (f"{prefix}{getattr(route, 'path', '')}" for prefix, router in beside.items() for route in router.routes)
    return {f"/{path.split('/')[1]}" for path in paths if path.strip("/")}


def blocks(desk: Desk) -> gr.Blocks:
    """The page's layout: a head, and the tabs."""
    page = gr.Blocks(title="Paper assistant", analytics_enabled=False, fill_height=True, fill_width=True)
    with page:
        gr.HTML(_head(leave=desk.entrance.guarded), elem_id="head", js_on_load=None, apply_default_css=False)
        with gr.Tabs(elem_id="tabs"):
            for tab in TABS:
                with gr.Tab(tab.TITLE), gr.Column(elem_classes="sheet"):
                    tab.build(desk)
    page.queue(max_size=WAITING, default_concurrency_limit=8, api_open=False)
    return page


def _head(*, leave: bool) -> str:
    """The head's markup; one who had to log in can `leave`."""
    markup = (OWN / "head.html").read_text(encoding="utf-8")
    return markup.replace("<form hidden", "<form") if leave else markup


def theme() -> gr.themes.Base:
    """Gradio's own look, plain, in the fonts of the system; own/page.css does the rest."""
    return gr.themes.Base(font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"])
