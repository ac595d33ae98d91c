"""What the commands share: options and exit codes, opening the library, the screen, the sample papers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ...core.errors import AssistantError

if TYPE_CHECKING:
    from ...chain import Assistant
    from ...core.database import DataHome
    from ...core.filters import Filter
    from ...core.settings import Settings
    from ...show.terminal import Screen

MAX_PER_MINUTE = 1_000_000
"""The highest limit on questions a minute that can be set."""
FAILED, REJECTED, DECLINED, DAMAGED, NOT_SYNCED, STOPPED, UNREAD = 1, 3, 4, 5, 6, 130, 141
"""Exit codes; the help explains them."""

LOST = "lost+found"
"""What an empty volume contains."""

Form = Literal["apa", "ieee", "acl", "chicago", "mla", "vancouver", "nature", "bibtex", "ris", "csl"]
"""The forms of `show.styles`, written out: importing that takes longer than a help page may."""
ListForm = Literal["text", Form]
"""How papers are listed."""

Home = Annotated[
    Path | None,
    typer.Option(
        "--home",
        metavar="FOLDER",
        help="The folder of the library.  [default: ASSISTANT_HOME, or your data folder]",
    ),
]

Since = Annotated[
    str, typer.Option("--since", metavar="DATE", help="Only papers from this day on: 2025-03-12, 2025, Mar 12.")
]
Until = Annotated[str, typer.Option("--until", metavar="DATE", help="Only papers up to and including this day.")]
Authors = Annotated[
    list[str] | None, typer.Option("--author", metavar="NAME", help="Only papers by this author; may be repeated.")
]
Venues = Annotated[
    list[str] | None, typer.Option("--venue", metavar="NAME", help="Only papers of this venue; or of one of several.")
]
Source = Annotated[
    str, typer.Option("--source", "--listing", metavar="NAME", help="Only this listing: its file name or date.")
]
InCollection = Annotated[str, typer.Option("--collection", metavar="NAME", help="Only papers in this collection.")]


Without = Annotated[
    list[str] | None, typer.Option("--without", metavar="TOPIC", help="No papers about this; may be repeated.")
]


def filter_of(
    since: str,
    until: str,
    authors: Sequence[str] | None,
    venues: Sequence[str] | None,
    source: str,
    collection: str = "",
    without: Sequence[str] | None = None,
) -> Filter:
    """The filter that these options describe."""
    from ...core.filters import Filter

    return Filter(
        text_of([since]),
        text_of([until]),
        tuple(text_of([name]) for name in authors or ()),
        tuple(text_of([name]) for name in venues or ()),
        text_of([source]),
        collection=text_of([collection]),
        not_about=tuple(text_of([topic]) for topic in without or ()),
    )


def screen(*, stderr: bool = False) -> Screen:
    """The terminal: standard output, or standard error."""
    from ...show.terminal import Screen

    return Screen(stderr=stderr)


@contextmanager
def opened(
    context: typer.Context,
    home: Path | None,
    settings: Settings | None = None,
    *,
    create: bool = False,
    stays: bool = False,
) -> Iterator[Assistant]:
    """The assistant over the library named on the command line or in the settings; prints its notice to stderr.

    settings: those a command has read already, its folder included. create: make a missing library. Only commands that
    add papers do, so that the others do not create a mistyped folder. stays: begin to load what takes long, since the
    assistant will answer many questions.
    """
    from ...chain import Assistant
    from ...core import logs

    settings = settings or settings_of(context, home)
    logs.configure(settings.log_format)
    with Assistant.open(settings=settings, create=create) as assistant:
        notice = assistant.status().notice
        if notice:
            screen(stderr=True).line(notice)
        if stays:
            assistant.wake()
        yield assistant


def settings_of(context: typer.Context, home: Path | None) -> Settings:
    """The settings, with the folder named on the command line."""
    from ...core.settings import Settings

    return Settings.from_environment(home=home or context.obj)


def home_of(context: typer.Context, home: Path | None, *, fresh: bool = False) -> DataHome:
    """The library's home, named on the command line or in the settings; `LibraryError` if it is missing.

    fresh: make a library in a folder that is there and empty, as the volume of a new container is.
    """
    from ...index.holdings import made
    from ...library.papers import Library

    data_home = settings_of(context, home).data_home()
    folder = data_home.folder
    is_fresh = fresh and folder.is_dir() and {entry.name for entry in folder.iterdir()} <= {LOST}
    Library(data_home if is_fresh else made(data_home)).close()  # refused if an import is not finished
    return data_home


def with_sample(assistant: Assistant) -> None:
    """Add the sample papers if the library is empty."""
    if assistant.status().papers:
        return
    from ...library.sample import sample_files

    if not (files := sample_files()):
        raise AssistantError(
            "The sample papers are missing: this installation is incomplete. "
            "Reinstall it with: pip install --force-reinstall --no-deps paper-assistant"
        )
    screen(stderr=True).line("The library is empty: adding the sample papers.")
    with screen(stderr=True).progress() as progress:
        assistant.ingest(*files, progress=progress)


def text_of(words: Sequence[str]) -> str:
    """The words of the command line as one text; bytes that are not valid text are replaced."""
    return " ".join(words).encode(errors="surrogateescape").decode(errors="replace")
