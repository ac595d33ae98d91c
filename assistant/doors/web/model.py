"""The dialog that says who writes the answers, and how to change that."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import gradio as gr
from markupsafe import Markup

from ...llm.nearby import PORTS, NearbyServer, nearby
from .markup import render
from .shared import QUIETLY, Services, Updates, component


class ModelDialog:
    """Empty until it is opened; own/page.js shows what comes then."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self.markup = component("model")

    def listen(self) -> None:
        """Connect events and handlers."""
        self.markup.apply(self.opened, None, [self.markup], **QUIETLY)

    async def opened(self, request: gr.Request) -> Updates:
        """The dialog; servers on this machine are looked for only for those who may change what is served."""
        may_change = self._services.may_remove(request)
        servers = await asyncio.to_thread(nearby) if may_change else ()
        return {self.markup: shown(self._services.assistant.model(), servers, may_change=may_change)}


def shown(model: str | None, servers: Sequence[NearbyServer], *, may_change: bool) -> Markup:
    """Who writes the answers and, for who may change that, each model of these servers with its settings."""
    choices = [
        (f"{server.name}, port {server.port}", [(name, server.environment(name)) for name in server.models])
        for server in servers
    ]
    return render("model.dialog", model, choices, may_change, list(PORTS))
