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
    "The library and its index": ("home", "chroma_url", "threads"),
    "Conversations": ("memory_turns",),
    "Checking citations": ("reader",),
    "The language model": ("model", "embedding_model", "judge"),
    "The page and the HTTP interface": ("page_names", "proxies", "keys_needed"),
    "Slack and Mattermost": ("slack", "mattermost"),
}
"""Headings, and how the names of the settings under them begin."""
FIELDS = {
    "format": "The version of this format: 1. It is raised when a field is removed or changes its meaning; new fields may be added at any time.",
    "question": "The question as asked.",
    "query": "The self-contained question that was searched. In a conversation it may differ from `question`.",
    "kind": "The kind of answer the question asks for, such as `fact`, `figure`, `list`, `count`, `compare` or `summary`.",
    "answered": "Whether there is an answer.",
    "text": "The answer with its reference numbers, or the reason why there is none. `[n]` stands for the n-th of `titles`.",
    "titles": "The titles cited, verbatim, in the order of first citation.",
    "lead": "A sentence about the library that precedes the claims, or an empty string.",
    "claims": "The checked sentences. Each has at least one citation.",
    "claims[].text": "The sentence.",
    "claims[].heading": "The title the sentence is shown under, or an empty string.",
    "claims[].citations": "The passages that support the sentence.",
    "claims[].citations[].reference": "The number of the paper in `text`.",
    "claims[].citations[].paper_id": "The id of the paper.",
    "claims[].citations[].title": "Its title.",
    "claims[].citations[].passage": "The part of the abstract the sentence was checked against.",
    "claims[].citations[].passage.start": "The offset of the passage in the abstract, in characters from 0.",
    "claims[].citations[].passage.text": "The passage, verbatim.",
    "claims[].citations[].quote": "The words cited, verbatim.",
    "claims[].citations[].start": "The offset of the quote in the abstract, in characters from 0; null if unknown.",
    "claims[].citations[].support": "How strongly the quote supports the sentence, from 0 to 1.",
    "claims[].citations[].basis": "How that was established: `quoted` (word for word), `read` (an entailment model), `checked` (words, numbers, names and vectors) or `judged` (a language model).",
    "remark": "A sentence about how the answer was made, if something did not work as it should; otherwise an empty string.",
    "declined": "Why there is no answer; null if there is one.",
    "declined.kind": "`absent` (no paper is about this), `unstated` (the papers do not say), `off-corpus` (not a question about papers), `invented` (no paper uses this name) or `empty` (there are no papers).",
    "declined.message": "The reason, in words.",
    "declined.nearest": "The titles that came closest.",
    "rejections": "The sentences that were written and failed the checks.",
    "rejections[].sentence": "The sentence.",
    "rejections[].mark": "The reference it carried.",
    "rejections[].reason": "Why it failed.",
    "hits": "The papers that were retrieved, best first.",
    "hits[].paper_id": "The id of the paper.",
    "hits[].title": "Its title.",
    "hits[].url": "Its address, or an empty string.",
    "hits[].published": "Its date, or an empty string.",
    "hits[].sources": "The listings that carry it.",
    "hits[].abstract": "Its abstract, as it was when the answer was checked.",
    "hits[].passage": "The passage that fits the question best: `start` and `text`, as above.",
    "hits[].score": "The score the papers are ranked by.",
    "hits[].relevance": "The probability that the question is about this paper, from 0 to 1.",
    "hits[].ranks": "The rank of the paper in each ranking; null where it does not occur.",
    "hits[].signals": "The signals behind the score, by name.",
    "written_by": "Who wrote the answer: `extractive` means quoted; otherwise the name of the language model.",
    "wording": "The hash of the prompts; an empty string if no language model was used.",
    "usage": "What the language model used: `calls`, `prompt_tokens`, `completion_tokens`, and how many of the calls were `estimated`. Empty without one.",
    "cost": "The cost in US dollars; null if no language model was used or its price is unknown.",
    "timings": "Seconds by step.",
}  # fmt: skip
"""What each field of an answer means, by its path."""
NULLABLE = {"claims[].citations[].start", "declined", "cost"}


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
    types = dict(fields(example()))
    if difference := types.keys() ^ FIELDS.keys():
        raise SystemExit(f"FIELDS of docs/generate.py and the answers differ in: {', '.join(sorted(difference))}")
    rows = [
        (f"`{path}`", f"{kind} or null" if path in NULLABLE else kind, FIELDS[path]) for path, kind in types.items()
    ]
    return page(
        "# Answers as JSON\n",
        "`assistant ask --json` prints one object, `POST /api/ask` sends the same with the id of its conversation, and "
        "`assistant.core.export.from_json` turns it back into an `Answer`.\n",
        table(("field", "type", "meaning"), rows),
    )


def example() -> Mapping[str, Any]:
    """An answer with something in every field."""
    from assistant.core.export import as_json
    from assistant.core.records import Answer, Citation, Claim, Decline, Hit, Paper, Passage, Rejection

    passage = Passage("1", "A", "B.", 0)
    paper = Paper("A", "B.")
    return as_json(
        Answer(
            "q",
            "q",
            (Claim("B.", (Citation(passage, "B.", 1.0, "quoted"),)),),
            (Rejection("C.", "1", "no"),),
            (Hit(paper, Passage(paper.id, "A", "B.", 0), 1.0),),
            Decline("absent", "No."),
            cost=0.1,
        )
    )


def fields(values: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    """The path and type of every field; what is in a list is at `path[]`."""
    kinds = {bool: "boolean", int: "number", float: "number", str: "string", list: "array", dict: "object"}
    for name, value in values.items():
        path = before + name
        yield path, kinds[type(value)]
        if path == "hits[].passage":
            continue  # described once
        if isinstance(value, list) and value and isinstance(value[0], dict):
            yield from fields(value[0], f"{path}[].")
        elif isinstance(value, dict) and path not in ("usage", "timings", "hits[].ranks", "hits[].signals"):
            yield from fields(value, f"{path}.")


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
