"""A name and markup in, a component out whose clicks reach the server."""

from __future__ import annotations

from typing import Any

import gradio as gr

FORWARD = """
element.addEventListener("assistant", (event) => trigger(event.detail.name, event.detail.data));
"""
"""Runs in the browser: what the scripts in own/ make of a click becomes an event of the component it was made in."""

QUIETLY: Any = {"show_progress": "hidden", "concurrency_limit": None, "api_visibility": "private"}
"""How its listeners are called: nothing spins meanwhile, nobody waits for another, no program may call them."""


def sent(event: gr.EventData, name: str, most: int) -> str:
    """What the browser sent with an event under that name, as text of at most so many characters; "" for nothing."""
    return str(getattr(event, name, ""))[:most]


def component(name: str, content: str = "", *, js: str = "") -> gr.HTML:
    """A place for markup of ours."""
    return gr.HTML(content, elem_id=name, js_on_load=FORWARD + js, apply_default_css=False)
