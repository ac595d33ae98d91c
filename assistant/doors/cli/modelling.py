"""A command about the language model in, what is configured and what works out."""

from __future__ import annotations

import typer

from .shared import Home, screen


def model(context: typer.Context, home: Home = None) -> None:
    """Show which language model is configured, ask it for one word, and say what works."""
    from ...core.settings import Settings
    from ...llm import configured
    from ...llm.probe import probe

    out = screen()
    settings = Settings.from_environment(home=home or context.obj)
    found = configured(settings)
    if found is None:
        out.line("No language model is configured: answers are quoted from the abstracts.")
        out.line("Name one with ASSISTANT_MODEL_URL (a server's address), OPENAI_API_KEY, or both; see the README.")
        return
    try:
        out.facts({"Address": found.url, "Key": "set" if settings.model_key.get_secret_value() else "none"})
        result = probe(found, seconds=settings.model_timeout)
        out.facts({"Model": found.name, "It said": result.said or "nothing"})
        out.probe(result, found.dialect)
    finally:
        found.close()
