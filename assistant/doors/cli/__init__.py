"""A command line in, printed answers and an exit code out."""

from __future__ import annotations

import gc
import io
import os
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from ...core.errors import AssistantError
from .asking import ask, chat, check, evaluate
from .holding import doctor, ingest, papers, remove, status
from .modelling import model
from .people import feedback, keys, users
from .serving import serve, serve_agent
from .shared import FAILED, STOPPED, UNREAD, Home, screen
from .slack import slack

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
            screen(stderr=True).line(str(error), first="assistant: ")
            raise typer.Exit(FAILED) from None
        except (KeyboardInterrupt, typer.Abort):
            typer.echo("Stopped.", err=True)
            raise typer.Exit(STOPPED) from None
        except OSError as error:
            raise typer.Exit(_failed(error)) from None
        return done


def _failed(error: OSError) -> int:
    """Say what could not be read or written; the exit code."""
    if error.filename:
        screen(stderr=True).line(f"{error.strerror}: {error.filename!r}", first="assistant: ")
        return FAILED
    # What is left in the buffer would raise once more when Python exits.
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
    """Run the command line; characters that a stream cannot carry are replaced, not fatal."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    # An answer's matrices are small: a second thread would only wait for work, an eighth of the time of both.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # What an answer imports stays; looking through it again and again for garbage, and once more at the end, would take
    # a fifth of the time.
    gc.set_threshold(50_000)
    try:
        try:
            app()
        finally:
            sys.stdout.flush()
    except OSError as error:  # from what is printed outside a command, such as help
        sys.exit(_failed(error))
    finally:
        gc.freeze()


def _version(asked: bool) -> None:
    if asked:
        from ... import __version__

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


for command in (ingest, ask, chat, serve, papers, remove, status, doctor, check, feedback, model, slack):
    app.command()(command)
app.add_typer(users, name="users")
app.add_typer(keys, name="keys")
app.command("eval")(evaluate)
app.command("mcp")(serve_agent)
