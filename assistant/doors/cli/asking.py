"""Commands that ask the assistant, check a sentence, evaluate the answers and try the language model."""

from __future__ import annotations

from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from .shared import (
    DECLINED,
    Authors,
    Form,
    Home,
    InCollection,
    Since,
    Source,
    Until,
    Venues,
    Without,
    filter_of,
    opened,
    screen,
    settings_of,
    text_of,
    with_sample,
)

if TYPE_CHECKING:
    from ...chain import Assistant
    from ...core.records import Answer


def ask(  # noqa: PLR0913 - each is an option of the command
    context: typer.Context,
    question: Annotated[list[str], typer.Argument(metavar="QUESTION", help="The question.", show_default=False)],
    *,
    json: Annotated[bool, typer.Option("--json", help="Print the whole answer as JSON.")] = False,
    more: Annotated[bool, typer.Option("--more", help="Also show what the answer leaves out.")] = False,
    form: Annotated[
        Form | None, typer.Option("--references", help="Also list the papers cited, in this style or form.")
    ] = None,
    since: Since = "",
    until: Until = "",
    author: Authors = None,
    venue: Venues = None,
    source: Source = "",
    collection: InCollection = "",
    without: Without = None,
    home: Home = None,
) -> None:
    """Answer one question and list the sources."""
    from ...show.styles import references

    where = filter_of(since, until, author, venue, source, collection, without)
    if form:
        references((), form)  # fails before the question is asked, not after it
    with opened(context, home) as assistant:
        if json:
            answer = assistant.ask(text_of(question), where=where)
            _print_json(answer, references(answer, form) if form else "")
        else:
            out = screen()
            answer = out.follow(assistant.stream(text_of(question), where=where))
            out.answer(answer, quotes=False)
            if more and answer.answered:
                out.line()
                out.more(answer)
            if form:
                typer.echo(f"\n{references(answer, form)}", nl=False)
        _name_if_empty(assistant, answer)
    if not answer.answered:
        raise typer.Exit(DECLINED)


def _name_if_empty(assistant: Assistant, answer: Answer) -> None:
    """Name the library if it has no papers: another one may have been meant."""
    if answer.declined and answer.declined.kind == "empty":
        folder = assistant.status().home
        screen(stderr=True).line(f"The library is the folder {folder}. Use --home for another one.")


def _print_json(answer: Answer, listed: str) -> None:
    """The whole answer; with the references, if there are any."""
    from ...core.export import as_json

    values = {**as_json(answer), **({"references": listed} if listed else {})}
    typer.echo(dumps(values, ensure_ascii=False, indent=2))


def chat(  # noqa: PLR0913 - each is an option of the command
    context: typer.Context,
    *,
    sample: Annotated[bool, typer.Option("--sample", help="If the library is empty, add the sample papers.")] = False,
    since: Since = "",
    until: Until = "",
    author: Authors = None,
    venue: Venues = None,
    source: Source = "",
    collection: InCollection = "",
    without: Without = None,
    home: Home = None,
) -> None:
    """Start a conversation; questions may refer to earlier ones."""
    from .chat import TerminalChat

    with opened(context, home, create=sample, stays=True) as assistant:
        if sample:
            with_sample(assistant)
        where = filter_of(since, until, author, venue, source, collection, without)
        if collection:
            assistant.collections.get(where.collection)  # an unknown one is refused before the first question
        TerminalChat(assistant, screen(), where=where).run()


def check(
    context: typer.Context,
    draft: Annotated[
        str,
        typer.Argument(
            metavar="DRAFT",
            help="A draft in Markdown, LaTeX or plain text; with --paper, a sentence.",
            show_default=False,
        ),
    ],
    paper: Annotated[
        str | None, typer.Option("--paper", metavar="TITLE", help="The paper's title, its beginning, or id.")
    ] = None,
    bibliography: Annotated[
        Path | None,
        typer.Option("--bib", metavar="FILE", help="BibTeX of the keys cited.  [default: the .bib files beside DRAFT]"),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Also list the sentences without a citation.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the whole report as JSON.")] = False,
    home: Home = None,
) -> None:
    """Check the citations of a draft, or a sentence against one paper.

    Each sentence of the draft is checked against the abstracts of the papers that it cites.
    """
    if paper is None:
        _check_draft(context, Path(draft), bibliography, home, every=every, json=json)
        return
    with opened(context, home) as assistant:
        source = assistant.paper(text_of([paper]), beginning=True)
        verdict = assistant.check(text_of([draft]), source.id)
    if json:
        from ...core.export import plain

        typer.echo(dumps({**plain(verdict), "title": source.title}, ensure_ascii=False, indent=2))
    else:
        screen().verdict(verdict, source.title)
    if not verdict.supported:
        raise typer.Exit(DECLINED)


def _check_draft(
    context: typer.Context, draft: Path, bibliography: Path | None, home: Path | None, *, every: bool, json: bool
) -> None:
    if not draft.is_file():
        name = text_of([str(draft)])
        raise typer.BadParameter(f"There is no file {name!r}. To check a sentence, name its paper with --paper TITLE.")
    with opened(context, home) as assistant, screen(stderr=True).progress() as progress:
        checked = assistant.check_draft(draft, bibliography=bibliography or "", progress=progress)
    if json:
        from ...core.export import draft_as_json

        typer.echo(dumps(draft_as_json(checked), ensure_ascii=False, indent=2))
    else:
        screen().draft(checked, str(draft), every=every)
    if not checked.passed:
        raise typer.Exit(DECLINED)


def evaluate(  # noqa: PLR0913 - each is an option of the command
    context: typer.Context,
    more: Annotated[list[Path] | None, typer.Argument(metavar="[PATH...]", hidden=True)] = None,
    *,
    questions: Annotated[Path | None, typer.Option(metavar="FILE", help="Your own questions.")] = None,
    corpus: Annotated[list[Path] | None, typer.Option(metavar="PATH...", help="Listing files they are about.")] = None,
    listings: Annotated[Path | None, typer.Option(metavar="FOLDER", help="The folder of the real listings.")] = None,
    claims: Annotated[bool, typer.Option("--claims", help="Also check the claims about the listings.")] = False,
    half: Annotated[Literal["fit", "report", "all"] | None, typer.Option(help="Which half to ask.")] = None,
    folder: Annotated[Path | None, typer.Option(metavar="FOLDER", help="Where to write the report.")] = None,
    against: Annotated[Path | None, typer.Option(metavar="FILE", help="A report.json to compare with.")] = None,
    home: Annotated[Path | None, typer.Option(metavar="FOLDER", help="Ask about this library as it is.")] = None,
) -> None:
    """Ask the sample's or your own questions and score the answers."""
    from ...service import evaluation

    paths = (*(corpus or ()), *(more or ()))
    task = evaluation.main.Task(questions, paths, listings, home or context.obj, claims, half, folder, against)
    for report in evaluation.main.evaluate(task):
        screen().console.print(report)


def model(context: typer.Context, home: Home = None) -> None:
    """Show the configured language model and test what works.

    It asks the model for one word.
    """
    from ...llm import configured
    from ...llm.probe import probe

    out = screen()
    settings = settings_of(context, home)
    llm = configured(settings)
    if llm is None:
        out.line("No language model is configured: answers are quoted from the abstracts.")
        out.line("Set ASSISTANT_MODEL_URL (a server's address), OPENAI_API_KEY, or both; see the README.")
        return
    try:
        out.facts({"Address": llm.url, "Key": "set" if settings.model_key.get_secret_value() else "none"})
        result = probe(llm, seconds=settings.model_timeout)
        out.facts({"Model": llm.name, "Reply": result.said or "nothing"})
        out.probe(result, llm.dialect)
    finally:
        llm.close()
