"""Commands that ask in, answers, verdicts and scores out."""

from __future__ import annotations

from json import dumps
from pathlib import Path
from typing import Annotated, Literal

import typer

from .shared import DECLINED, Home, opened, screen, text_of, with_sample


def ask(
    context: typer.Context,
    question: Annotated[list[str], typer.Argument(metavar="QUESTION", help="The question.", show_default=False)],
    json: Annotated[bool, typer.Option("--json", help="Print all of it as JSON (schema in the README).")] = False,
    home: Home = None,
) -> None:
    """Answer one question, with its sources."""
    with opened(context, home) as assistant:
        if json:
            from ...core.export import as_json

            answer = assistant.ask(text_of(question))
            typer.echo(dumps(as_json(answer), ensure_ascii=False, indent=2))
        else:
            out = screen()
            answer = out.follow(assistant.stream(text_of(question)))
            out.answer(answer, quotes=False)
        if answer.declined and answer.declined.kind == "empty":
            screen(stderr=True).line(f"The library is the folder {assistant.status().home}; --home names another.")
    if not answer.answered:
        raise typer.Exit(DECLINED)


def chat(
    context: typer.Context,
    sample: Annotated[bool, typer.Option("--sample", help="Take in the sample first if there are no papers.")] = False,
    home: Home = None,
) -> None:
    """Converse: a question may refer to the ones before."""
    from .chat import Chat

    with opened(context, home, create=sample) as assistant:
        if sample:
            with_sample(assistant)
        Chat(assistant, screen()).run()


def check(
    context: typer.Context,
    sentence: Annotated[str, typer.Argument(metavar="SENTENCE", help="What might be said.", show_default=False)],
    paper: Annotated[
        str, typer.Option("--paper", metavar="TITLE", help="Title, its beginning, or id.", show_default=False)
    ],
    home: Home = None,
) -> None:
    """Say whether a paper's abstract supports a sentence."""
    with opened(context, home) as assistant:
        checked = assistant.paper(text_of([paper]), beginning=True)
        verdict = assistant.check(text_of([sentence]), checked.id)
    screen().verdict(verdict, checked.title)
    if not verdict.supported:
        raise typer.Exit(DECLINED)


def evaluate(  # noqa: PLR0913 - each is an option of the command
    context: typer.Context,
    more: Annotated[list[Path] | None, typer.Argument(metavar="[PATH...]", hidden=True)] = None,
    *,
    questions: Annotated[Path | None, typer.Option(metavar="FILE", help="Your own questions.")] = None,
    corpus: Annotated[list[Path] | None, typer.Option(metavar="PATH...", help="Listing files they are about.")] = None,
    listings: Annotated[Path | None, typer.Option(metavar="FOLDER", help="The real listings, to ask about.")] = None,
    claims: Annotated[bool, typer.Option("--claims", help="Check the claims about the listings, too.")] = False,
    half: Annotated[Literal["fit", "report", "all"] | None, typer.Option(help="Which half of them to ask.")] = None,
    folder: Annotated[Path | None, typer.Option(metavar="FOLDER", help="Where the report goes.")] = None,
    against: Annotated[Path | None, typer.Option(metavar="FILE", help="A report.json to compare with.")] = None,
    home: Annotated[Path | None, typer.Option(metavar="FOLDER", help="Ask about the library here, as it is.")] = None,
) -> None:
    """Put questions, by default the sample's, to the assistant and score its answers."""
    from ...service import evaluation

    paths = (*(corpus or ()), *(more or ()))
    task = evaluation.main.Task(questions, paths, listings, home or context.obj, claims, half, folder, against)
    for report in evaluation.main.evaluate(task):
        screen().console.print(report)
