"""Write docs/reference, and the list of wings in docs/architecture.md, from the code: `python docs/generate.py`.

A test fails when a committed page differs from what this program would write.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any
from unittest import mock

DOCS = Path(__file__).parent
NOTE = "<!-- Written by docs/generate.py; change the code or that program, then run `make docs`. -->\n"
GROUPS = {
    "The library and its index": ("home", "database_url", "chroma", "threads", "ray"),
    "Conversations": ("memory_turns",),
    "Checking citations": ("reader",),
    "The language model": ("model", "embedding_model", "judge"),
    "Followed sources": ("arxiv", "openalex", "zotero"),
    "The page and the HTTP interface": ("page_names", "proxies", "keys_needed", "oidc"),
    "Slack and Mattermost": ("slack", "mattermost"),
    "Logs and traces": ("log", "otel"),
}
"""Headings, and how the names of the settings under them begin."""
UNFOLDED = ("usage", "timings", "hits[].passage", "hits[].ranks", "hits[].signals")
"""Fields of an answer whose own fields are described with them, or elsewhere."""
KINDS = {"integer": "number"}
"""JSON has one kind of number."""


def pages() -> dict[str, str]:
    """Each page by its path in docs."""
    return {
        "architecture.md": architecture(),
        "reference/commands.md": commands(),
        "reference/settings.md": settings(),
        "reference/json.md": answer(),
        "reference/http.md": routes(),
    }


def architecture() -> str:
    """The page as it is, with the wings as `assistant/__init__.py` describes them."""
    import assistant

    wings = "\n".join(re.findall(r"^    (\w+ {2,}\S.*)$", assistant.__doc__ or "", re.M))
    before, _, after = re.split(
        r"(?<=```text\n)(.*?)(?=\n```)", page_as_it_is("architecture.md"), maxsplit=1, flags=re.S
    )
    return f"{before}{wings}{after}"


def page_as_it_is(name: str) -> str:
    """A committed page."""
    return (DOCS / name).read_text(encoding="utf-8")


# -- commands


def commands() -> str:
    """The help of every command, the exit codes and what can be typed in a conversation."""
    from assistant.doors.cli import EPILOG
    from assistant.doors.cli.chat import COMMANDS

    codes = re.findall(r"^ +(\d+) +(.+)$", EPILOG, re.M)
    sections = [
        "# Commands\n",
        "Every command takes `--home FOLDER` and `--help`. `python -m assistant` is the same program.\n",
        "Answers and lists go to standard output; errors, notices and progress bars go to standard error. "
        "Output is coloured only on a terminal, and not if `NO_COLOR` is set.\n",
        "## Exit codes\n",
        table(("code", "meaning"), codes),
        "## In a conversation\n",
        "`assistant chat` understands:\n",
        table(("type", "meaning"), [(f"`{name}`", meaning) for name, meaning in COMMANDS.items()]),
        *(f"## assistant {name}\n\n```text\n{text}```\n" for name, text in helps()),
    ]
    return page(*sections)


def helps() -> Iterator[tuple[str, str]]:
    """The name of each command, `users add` included, and its help."""
    import typer
    from typer.testing import CliRunner

    from assistant.doors.cli import app

    def names(group: Any, before: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
        for name, command in group.commands.items():
            words = (*before, name)
            yield from names(command, words) if hasattr(command, "commands") else [words]

    for words in names(typer.main.get_command(app)):
        done = CliRunner().invoke(app, [*words, "--help"], prog_name="assistant", env={"COLUMNS": "80"})
        yield " ".join(words), done.output.lstrip("\n")


# -- settings


def settings() -> str:
    """Every setting with its default and meaning."""
    from assistant.core.settings import PREFIX, Settings

    rows = {
        name: (f"`{PREFIX}{name.upper()}`", default(name, field.default), field.description or "")
        for name, field in Settings.model_fields.items()
    }
    sections = [
        "# Settings\n",
        "Settings are environment variables. The assistant reads them once, when it starts, and refuses unknown names "
        'and impossible values. From Python, pass them by name: `Settings(home="papers", threads=4)`.\n',
    ]
    for heading, beginnings in GROUPS.items():
        inside = {name: row for name, row in rows.items() if name.startswith(beginnings)}
        sections += [f"## {heading}\n", table(("variable", "default", "meaning"), inside.values())]
        rows = {name: row for name, row in rows.items() if name not in inside}
    if rows:
        raise SystemExit(f"No heading of docs/generate.py fits these settings: {', '.join(rows)}")
    return page(*sections)


def default(name: str, value: object) -> str:
    """A default as it is typed."""
    if name == "home":
        return "your data folder"
    return f"`{value}`" if str(value) else ""


# -- answers


def answer() -> str:
    """Every field of an answer as JSON."""
    from assistant.core.export import FORMAT

    return page(
        "# Answers as JSON\n",
        "`assistant ask --json` prints one object, `POST /api/ask` sends the same with the id of its conversation, and "
        "`assistant.core.export.from_json` turns it back into an `Answer`.\n",
        f"The format is {FORMAT}. The number is raised when a field is removed or changes its meaning; new fields may "
        "be added at any time.\n",
        table(("field", "type", "meaning"), [(f"`{path}`", kind, text) for path, (kind, text) in fields().items()]),
    )


def fields(record: str = "Answer", before: str = "") -> dict[str, tuple[str, str]]:
    """The type and meaning of every field by its path; what is in a list is at `path[]`."""
    from assistant.core.export import schemas

    records = schemas()
    rows: dict[str, tuple[str, str]] = {}
    for name, field in records[record]["properties"].items():
        path = before + name
        rows[path] = (kind_of(field), field["description"])
        inside = re.search(r"#/\$defs/(\w+)", str(field))
        if inside and path not in UNFOLDED:
            rows |= fields(inside[1], f"{path}[]." if "items" in field else f"{path}.")
    return rows


def kind_of(field: Mapping[str, Any]) -> str:
    """The JSON type of a field."""
    if "anyOf" in field:
        return " or ".join(dict.fromkeys(kind_of(one) for one in field["anyOf"]))
    return "object" if "$ref" in field else KINDS.get(field["type"], field["type"])


# -- HTTP


def routes() -> str:
    """Every route that the interface describes, with what it is for."""
    described = openapi()
    rows = [
        (f"`{method.upper()} {path}`", operation.get("description", "").split("\n")[0] or operation["summary"])
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
    ]
    return page(
        "# HTTP routes\n",
        "The running server describes them in full: `/api/openapi.json` is the OpenAPI document, `/api/docs` a page to "
        "read it on. How to call them: [Call it over HTTP](../how-to/http.md).\n",
        table(("route", "meaning"), rows),
    )


def openapi() -> dict[str, Any]:
    """The OpenAPI document of the HTTP interface."""
    from assistant import Assistant, Settings
    from assistant.doors import api
    from assistant.service.answering import Answering
    from assistant.service.doorkeeper import Doorkeeper

    with (
        tempfile.TemporaryDirectory() as home,
        Assistant.open(home) as assistant,
        closing(Answering(assistant)) as answering,
        closing(Doorkeeper(Path(home))) as doorkeeper,
    ):
        return api.application(assistant, answering, doorkeeper, Settings(home=home)).openapi()


# -- Markdown


def page(*sections: str) -> str:
    """A page of these sections."""
    return "\n".join([NOTE, *sections])


def table(head: tuple[str, ...], rows: Any) -> str:
    """A Markdown table."""
    lines = [head, ("---",) * len(head), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)


def main() -> None:
    """Write the pages."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("ASSISTANT_", "OPENAI_"))}
    with mock.patch.dict(os.environ, own, clear=True):
        for name, text in pages().items():
            (DOCS / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
