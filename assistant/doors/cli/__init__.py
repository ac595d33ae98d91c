"""The command line: commands in, printed answers and an exit code out.

shared       options, exit codes, opening the library, the screen
library      ingest, rejects, papers, remove, status, doctor
following    follow, unfollow, sync
collections  collections
asking       ask, chat, check, eval, model
chat         the conversation that `chat` starts
people       users, keys, feedback
backup       export, import
serving      serve, mcp, slack
"""

from __future__ import annotations

import gc
import io
import os
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from ...core.errors import AssistantError
from .asking import ask, chat, check, evaluate, model
from .backup import export_, import_
from .collections import collections
from .following import follow, sync, unfollow
from .library import doctor, ingest, papers, rejects, remove, status
from .people import feedback, keys, users
from .serving import serve, serve_agent, slack
from .shared import FAILED, STOPPED, UNREAD, Home, screen

HELP = """
Answer questions about a collection of papers. Every sentence of an answer cites a paper, and every citation is
checked against that paper's abstract.
"""
EPILOG = """
\b
Exit codes:
  0    done
  1    failed; the error says why and what to do
  2    wrong usage
  3    ingest: some records were rejected; the rest were added
  4    ask: declined; check: something is not supported
  5    doctor: there is damage that was not repaired
  6    sync: a source could not be brought up to date; the others were
  130  stopped by Ctrl-C
  141  the reader of the output closed it
"""


class Commands(TyperGroup):
    """The commands. An error they raise deliberately becomes one line and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        try:
            done = super().invoke(ctx)
            sys.stdout.flush()
        except AssistantError as error:
            screen(stderr=True).line(str(error), first="assistant: ")
            raise typer.Exit(FAILED) from None
        except (KeyboardInterrupt, typer.Abort):
            typer.echo("Stopped.", err=True)
            raise typer.Exit(STOPPED) from None
        except OSError as error:
            raise typer.Exit(_failed(error)) from None
        return done


def _failed(error: OSError) -> int:
    """Report what could not be read or written; the exit code."""
    if error.filename:
        screen(stderr=True).line(f"{error.strerror}: {error.filename!r}", first="assistant: ")
        return FAILED
    # Text left in the buffer would raise again when Python exits.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if isinstance(error, BrokenPipeError):
        return UNREAD
    screen(stderr=True).line(f"The output cannot be written: {error.strerror or error}.", first="assistant: ")
    return FAILED


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


def main() -> None:
    """Run the command line. Characters that a stream cannot encode are replaced."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    # An answer's matrices are small: a second thread would mostly wait, at a cost of an eighth of the time.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # Nearly everything an answer allocates stays until the end, so collecting garbage, again at exit too, would only
    # cost time: a fifth.
    gc.set_threshold(50_000)
    try:
        try:
            app()
        finally:
            sys.stdout.flush()
    except OSError as error:  # raised by output outside a command, such as help
        sys.exit(_failed(error))
    finally:
        gc.freeze()


def _version(wanted: bool) -> None:
    if wanted:
        from ... import __version__

        typer.echo(f"paper-assistant {__version__}")
        raise typer.Exit


@app.callback()
def common(
    context: typer.Context,
    home: Home = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Keep the options that all commands share."""
    context.obj = home


for command in (
    *(ingest, follow, sync, unfollow, ask, chat, serve, papers, rejects, remove, status, doctor, check),
    *(feedback, model, slack),
):
    app.command()(command)
app.add_typer(collections, name="collections")
app.add_typer(users, name="users")
app.add_typer(keys, name="keys")
app.command("export")(export_)
app.command("import")(import_)
app.command("eval")(evaluate)
app.command("mcp")(serve_agent)
