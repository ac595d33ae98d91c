"""The options that commands share in, the library opened, the screen and an exit code out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ...core.errors import AssistantError

if TYPE_CHECKING:
    from ...chain import Assistant
    from ...core.records import Ingested
    from ...core.settings import Settings
    from ...show.terminal import Screen

MOST = 1_000_000
"""Questions a minute, at most: more is no limit."""
FAILED, REJECTED, DECLINED, FAULTY, STOPPED, UNREAD = 1, 3, 4, 5, 130, 141

Home = Annotated[
    Path | None,
    typer.Option(
        "--home",
        metavar="FOLDER",
        help="The folder that holds the library.  [default: ASSISTANT_HOME, or your data folder]",
    ),
]


def screen(*, stderr: bool = False) -> Screen:
    """The terminal: standard output, or standard error."""
    from ...show.terminal import Screen

    return Screen(stderr=stderr)


@contextmanager
def opened(
    context: typer.Context, home: Path | None, settings: Settings | None = None, *, create: bool = False
) -> Iterator[Assistant]:
    """The assistant over the library that the command line or the settings name; says on stderr what it lacks.

    `settings` are those that a command has read for itself, with the folder in them. `create` makes a library that is
    not there: for commands that take papers in, so that a mistyped folder is not made by those that only look.
    """
    from ...chain import Assistant

    with Assistant.open(None if settings else home or context.obj, settings=settings, create=create) as assistant:
        notice = assistant.status().notice
        if notice:
            screen(stderr=True).line(notice)
        yield assistant


def settings_of(context: typer.Context, home: Path | None) -> Settings:
    """The settings, with the folder that the command line names."""
    from ...core.settings import Settings

    return Settings.from_environment(home=home or context.obj)


def home_of(context: typer.Context, home: Path | None) -> Path:
    """The folder of the library that the command line or the settings name; `LibraryError` where there is none."""
    from ...index.holdings import made

    return made(settings_of(context, home).home)


def ingested(assistant: Assistant, paths: Sequence[Path]) -> Ingested:
    """What an ingest did, shown as it goes on."""
    with screen(stderr=True).progress() as progress:
        return assistant.ingest(*paths, progress=progress)


def with_sample(assistant: Assistant) -> None:
    """Take in the sample papers if there are no papers at all."""
    if assistant.status().papers:
        return
    from ...library.sample import sample_files

    if not (files := sample_files()):
        raise AssistantError(
            "The sample papers are not there: this installation is not whole. "
            "Install it again: pip install --force-reinstall --no-deps paper-assistant"
        )
    screen(stderr=True).line("The library is empty: taking in the sample papers.")
    ingested(assistant, files)


def text_of(given: Sequence[str]) -> str:
    """Words of the command line as one text; bytes that are no text are replaced."""
    return " ".join(given).encode(errors="surrogateescape").decode(errors="replace")
