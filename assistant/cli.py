"""A command line in, printed answers and an exit code out."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from typer.core import TyperGroup

from .errors import AssistantError

if TYPE_CHECKING:
    from .chain import Assistant
    from .records import Ingested
    from .terminal import Screen

FAILED, REJECTED, DECLINED, FAULTY, STOPPED, UNREAD = 1, 3, 4, 5, 130, 141

HELP = """
Answer questions about a collection of papers. Every sentence of an answer cites a paper, and every citation is
checked against its abstract.
"""
EPILOG = """
\b
Exit codes:
  0    done
  1    failed; the error says why and what to do
  2    the command line is not understood
  3    ingest: something was rejected; everything else went in
  4    ask: declined; check: not supported
  5    doctor: something is wrong and not repaired
  130  stopped by Ctrl-C
  141  nobody reads the output any more
"""


class Commands(TyperGroup):
    """The commands; what they raise on purpose becomes one line and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        try:
            done = super().invoke(ctx)
            sys.stdout.flush()
        except AssistantError as error:
            _screen(stderr=True).line(str(error), first="assistant: ")
            raise typer.Exit(FAILED) from None
        except KeyboardInterrupt:
            typer.echo("Stopped.", err=True)
            raise typer.Exit(STOPPED) from None
        except BrokenPipeError:
            # What is left in the buffer would raise once more when Python exits.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(UNREAD) from None
        return done


app = typer.Typer(
    cls=Commands,
    help=HELP,
    epilog=EPILOG,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,  # rich takes half a second to draw a help page
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Home = Annotated[
    Path | None,
    typer.Option(
        "--home",
        metavar="FOLDER",
        help="The folder that holds the library.  [default: ASSISTANT_HOME, or your data folder]",
    ),
]


def main() -> None:
    """Run the command line; characters that a stream cannot carry are replaced, not fatal."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    app()


def _version(asked: bool) -> None:
    if asked:
        from . import __version__

        typer.echo(f"paper-assistant {__version__}")
        raise typer.Exit


@app.callback()
def common(
    context: typer.Context,
    home: Home = None,
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="The version.")] = False,
) -> None:
    """Hold what all commands share."""
    context.obj = home


@app.command()
def ingest(
    context: typer.Context,
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Listing files.", show_default=False)],
    home: Home = None,
) -> None:
    """Take in listing files. The same files a second time change nothing."""
    screen = _screen()
    with _opened(context, home) as assistant:
        done = _ingested(assistant, paths)
        held = assistant.status().papers
    screen.line(
        f"Added {done.added:,}, updated {done.updated:,}, unchanged {done.unchanged:,}, "
        f"rejected {len(done.rejects):,}. The library holds {_papers(held)}."
    )
    if done.rejects:
        screen.line("\nRejected:")
        screen.rejects(done.rejects)
        raise typer.Exit(REJECTED)


@app.command()
def ask(
    context: typer.Context,
    question: Annotated[list[str], typer.Argument(metavar="QUESTION", help="The question.", show_default=False)],
    json: Annotated[bool, typer.Option("--json", help="Print all of it as JSON (schema in the README).")] = False,
    home: Home = None,
) -> None:
    """Answer one question, with its sources."""
    with _opened(context, home) as assistant:
        if json:
            from .export import as_json

            answer = assistant.ask(_words(question))
            typer.echo(dumps(as_json(answer), ensure_ascii=False, indent=2))
        else:
            screen = _screen()
            answer = screen.follow(assistant.stream(_words(question)))
            screen.answer(answer, quotes=False)
    if not answer.answered:
        raise typer.Exit(DECLINED)


@app.command()
def chat(
    context: typer.Context,
    sample: Annotated[bool, typer.Option("--sample", help="Take in the sample first if there are no papers.")] = False,
    home: Home = None,
) -> None:
    """Converse: a question may refer to the ones before."""
    from .chat import Chat, sample_files

    with _opened(context, home) as assistant:
        if sample and not assistant.status().papers:
            if not (files := sample_files()):
                raise AssistantError(
                    "The sample papers are not there: this installation is not whole. "
                    "Install it again: pip install --force-reinstall --no-deps paper-assistant"
                )
            _screen(stderr=True).line("The library is empty: taking in the sample papers.")
            _ingested(assistant, files)
        Chat(assistant, _screen()).run()


@app.command()
def papers(
    context: typer.Context,
    words: Annotated[list[str] | None, typer.Argument(metavar="[WORDS]", help="What to find; best first.")] = None,
    home: Home = None,
) -> None:
    """List the titles held, one a line."""
    with _opened(context, home) as assistant:
        found = assistant.papers(_words(words or []))
    screen = _screen()
    for paper in found:
        screen.line(paper.title, rest="    ")
    if not found:
        _screen(stderr=True).line("No paper has these words." if words else "There are no papers here yet.")


@app.command()
def remove(
    context: typer.Context,
    titles: Annotated[list[str], typer.Argument(metavar="TITLE...", help="Titles or ids.", show_default=False)],
    home: Home = None,
) -> None:
    """Forget papers; nothing is removed if one of them is not here."""
    with _opened(context, home) as assistant:
        done = assistant.remove(*titles)
        held = assistant.status().papers
    _screen().line(f"Removed {_papers(done.removed)}. The library holds {_papers(held)}.")


@app.command()
def status(context: typer.Context, home: Home = None) -> None:
    """Say what is held, and whether it is searchable."""
    with _opened(context, home) as assistant:
        found = assistant.status()
    _screen().status(found)


@app.command()
def doctor(
    context: typer.Context,
    repair: Annotated[bool, typer.Option("--repair", help="Make the index anew from the papers.")] = False,
    home: Home = None,
) -> None:
    """Look for damage to the index, and repair it."""
    screen = _screen()
    with _opened(context, home) as assistant:
        with _screen(stderr=True).progress() as progress:
            faults = assistant.doctor(repair=repair, progress=progress)
        left = assistant.doctor() if repair and faults else faults
        held = assistant.status().papers
    for fault in faults:
        screen.line(fault[0].upper() + fault[1:] + ".", first="- ", rest="  ")
    if left:
        screen.line("This could not be repaired." if repair else "Repair it with: assistant doctor --repair")
        raise typer.Exit(FAULTY)
    screen.line(f"{'Repaired' if faults else 'Nothing is wrong'}. The library holds {_papers(held)}.")


@app.command()
def check(
    context: typer.Context,
    sentence: Annotated[str, typer.Argument(metavar="SENTENCE", help="What might be said.", show_default=False)],
    paper: Annotated[str, typer.Option("--paper", metavar="TITLE", help="Title or id.", show_default=False)],
    home: Home = None,
) -> None:
    """Say whether a paper's abstract supports a sentence."""
    with _opened(context, home) as assistant:
        verdict = assistant.check(_words([sentence]), paper)
    _screen().verdict(verdict)
    if not verdict.supported:
        raise typer.Exit(DECLINED)


@app.command("eval")
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
    from eval import main as evaluation

    paths = (*(corpus or ()), *(more or ()))
    task = evaluation.Task(questions, paths, listings, home or context.obj, claims, half, folder, against)
    for told in evaluation.evaluate(task):
        _screen().console.print(told)


def _screen(*, stderr: bool = False) -> Screen:
    from .terminal import Screen

    return Screen(stderr=stderr)


@contextmanager
def _opened(context: typer.Context, home: Path | None) -> Iterator[Assistant]:
    """The assistant over the library that the command line or the settings name; says on stderr what it lacks."""
    from .chain import Assistant

    with Assistant.open(home or context.obj) as assistant:
        notice = assistant.status().notice
        if notice:
            _screen(stderr=True).line(notice)
        yield assistant


def _ingested(assistant: Assistant, paths: Sequence[Path]) -> Ingested:
    with _screen(stderr=True).progress() as progress:
        return assistant.ingest(*paths, progress=progress)


def _words(given: Sequence[str]) -> str:
    """Words of the command line as one text; bytes that are no text are replaced."""
    return " ".join(given).encode(errors="surrogateescape").decode(errors="replace")


def _papers(number: int) -> str:
    return f"{number:,} paper{'' if number == 1 else 's'}"
