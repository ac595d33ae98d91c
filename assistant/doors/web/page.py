"""An assistant in, its page as a FastAPI application out: middleware, routes, layout, and what is loaded first."""

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

from ...core.bounds import DRAFT_BODY, EVENT, UPLOAD
from ...service.receiving import Receiving
from . import adding, drafts, drawer, entrance, evaluation, links, papers, references, talk
from .assets import FileCache, visited
from .guard import JOIN, Guard, UsedRoutes
from .markup import render
from .model import ModelDialog
from .shared import Services

if TYPE_CHECKING:
    from ...chain import Assistant
    from ...service.answering import Answering
    from .rules import Rules

TABS = (talk, papers, drafts, adding, evaluation)
"""The tabs from left to right: each is a module with a `TITLE` and a function `build(services)`.

The last one is of use to whoever runs the page, not to readers: own/page.css leaves it out, and links lead there.
"""
OWN = Path(__file__).with_name("own")
SCRIPTS = [f"/own/{name}.js" for name in ("page", "papers", "adding", "drafts", "drawer", "references", "steps")]
HEAD = "".join(f'<script src="{path}" defer></script>' for path in SCRIPTS)
STYLES = [OWN / f"{name}.css" for name in ("page", "papers", "adding", "drafts", "evaluation", "drawer", "model")]
MOST = {"/upload": UPLOAD, "/api/papers": UPLOAD, drafts.PATH: DRAFT_BODY, "/api/check-draft": DRAFT_BODY, JOIN: EVENT}
"""The longest bodies at the paths that take other ones than usual."""
PATIENCE = 10
"""Seconds that the page waits for the index and the model before it opens without them."""
WAITING = 400
"""Events of all kinds that may wait; questions wait in their own line."""

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def app(
    assistant: Assistant, rules: Rules, beside: Mapping[str, APIRouter], answering: Answering | None = None
) -> FastAPI:
    """The page over `assistant`, and the routers `beside` it; the assistant must stay open while this is served."""

    async def made() -> FastAPI:
        return _made(Services(assistant, rules, answering), beside)

    with ThreadPoolExecutor(1) as aside:  # without a running loop Gradio makes some and leaves them open
        return aside.submit(asyncio.run, made()).result()


def _made(services: Services, beside: Mapping[str, APIRouter]) -> FastAPI:
    page, announced = blocks(services), list[str]()
    lifespan = _warmed(services, page, announced)
    served = FastAPI(title="paper-assistant", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    served.add_middleware(CORSMiddleware, allow_origins=[])  # so that Gradio does not add its own
    served.add_middleware(FileCache, links=announced)
    served.add_middleware(Receiving, most=MOST)
    served.add_middleware(Guard, entrance=services.entrance, hosts=services.rules.hosts, beside=_doors(beside))
    _route(served, services, beside)  # before the page, which is mounted at "/" and takes every other path
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
    mounted.app = UsedRoutes(mounted.app)
    return served


def _warmed(services: Services, page: gr.Blocks, announced: list[str]) -> Lifespan:
    """Loads the page and the assistant before the first visitor comes, and closes the services after the last."""

    @asynccontextmanager
    async def lifespan(served: FastAPI) -> AsyncIterator[None]:
        warming = services.warm()
        kinds = {block.get_block_name() for block in page.blocks.values()}
        announced.append(await visited(served, SCRIPTS, kinds))
        await asyncio.wait([asyncio.wrap_future(warming)], timeout=PATIENCE)
        yield
        services.close()

    return lifespan


def _route(served: FastAPI, services: Services, beside: Mapping[str, APIRouter]) -> None:
    """Add the page's own routes and those of other doors."""

    @served.get("/healthz")
    def health() -> dict[str, str]:
        return {"status": "ok"}

    adding.mount(served, services)
    drafts.mount(served, services)
    served.mount("/own", StaticFiles(directory=OWN))
    served.include_router(drawer.router(services))
    served.include_router(references.router(services))
    served.include_router(links.router(services))
    if services.entrance.guarded:
        served.include_router(entrance.router(services.entrance))
    for path, router in beside.items():
        served.include_router(router, prefix=path)


def _doors(beside: Mapping[str, APIRouter]) -> set[str]:
    """The first part of every path of the doors beside the page: `/api`, `/slack`."""
    paths = (f"{prefix}{getattr(route, 'path', '')}" for prefix, router in beside.items() for route in router.routes)
    return {f"/{path.split('/')[1]}" for path in paths if path.strip("/")}


def blocks(services: Services) -> gr.Blocks:
    """The page's layout: a head, and the tabs."""
    page = gr.Blocks(title="Paper assistant", analytics_enabled=False, fill_height=True, fill_width=True)
    with page:
        head = render("head.bar", services.entrance.guarded)
        gr.HTML(head, elem_id="head", js_on_load=None, apply_default_css=False)
        with gr.Tabs(elem_id="tabs"):
            for tab in TABS:
                with gr.Tab(tab.TITLE, id=tab.TITLE), gr.Column(elem_classes="sheet"):
                    tab.build(services)
        ModelDialog(services).listen()
    page.queue(max_size=WAITING, default_concurrency_limit=8, api_open=False)
    return page


def theme() -> gr.themes.Base:
    """Gradio's own look, plain, in the fonts of the system; own/page.css does the rest."""
    return gr.themes.Base(font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"])
