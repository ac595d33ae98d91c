"""Prompts: messages that tell a model how to work with the tools."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import mcp_types as types
from mcp.shared.exceptions import MCPError

from ...core.bounds import QUESTION


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a prompt is for, its only argument, and the message, which ends with that argument."""

    title: str
    description: str
    argument: str
    meaning: str
    message: str


RECIPES = {
    "answer": Recipe(
        "Answer from the papers",
        "Answer a question from the papers only, every sentence with its source.",
        "question",
        "The question, in English.",
        "Answer the question below with the tool `ask`. Repeat its answer unchanged, with the numbers of its sources, "
        "and list their titles below. If it declines, say so and name the nearest papers; do not answer from memory.",
    ),
    "review": Recipe(
        "Review the literature",
        "Summarize what the papers say about a topic, each sentence cited and checked.",
        "topic",
        "The topic, in English.",
        "Write a short review of the topic below from these papers. Find papers with `search_papers`, read those that "
        "fit with `get_paper`, and write what each abstract says. Check every sentence with `check_citation` before "
        "you use it, and leave out what is not supported. List the cited titles at the end.",
    ),
    "check": Recipe(
        "Check a draft",
        "Check for every sentence of a text whether the paper it cites supports it.",
        "draft",
        "The text, with its list of references or the titles of the papers it cites.",
        "Check the draft below with the tool `check_draft`. Then list the sentences that are not supported, each with "
        "the reasons and the closest words of the abstract, and the citations of papers that are not here. For "
        "sentences that cite nothing, suggest a paper with `search_papers` if one fits.",
    ),
}


def listed() -> types.ListPromptsResult:
    """All prompts."""
    return types.ListPromptsResult(
        prompts=[
            types.Prompt(
                name=name,
                title=recipe.title,
                description=recipe.description,
                arguments=[types.PromptArgument(name=recipe.argument, description=recipe.meaning, required=True)],
            )
            for name, recipe in RECIPES.items()
        ]
    )


def filled(name: str, arguments: Mapping[str, str]) -> types.GetPromptResult:
    """The prompt with its argument filled in; raises `MCPError` for an unknown prompt or wrong arguments."""
    recipe = RECIPES.get(name)
    if recipe is None:
        raise MCPError(types.INVALID_PARAMS, f"There is no such prompt. There are: {', '.join(RECIPES)}.")
    about = arguments.get(recipe.argument, "").strip()
    if not about or len(about) > QUESTION or set(arguments) != {recipe.argument}:
        raise MCPError(
            types.INVALID_PARAMS,
            f"The prompt {name!r} takes the argument {recipe.argument!r} only, 1 to {QUESTION:,} characters.",
        )
    text = types.TextContent(type="text", text=f"{recipe.message}\n\n{recipe.argument.capitalize()}: {about}")
    return types.GetPromptResult(
        description=recipe.description, messages=[types.PromptMessage(role="user", content=text)]
    )
