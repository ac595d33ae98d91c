"""Typed lines in, a conversation on the screen out."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING

from ...core.errors import AssistantError, LibraryError
from ...library.sample import sample_files
from ...llm.ledger import bill

if TYPE_CHECKING:
    from ...chain import Assistant
    from ...core.records import Answer
    from ...show.terminal import Screen

SAMPLE_QUESTIONS = (
    "Which papers pre-train retrievers with a masked autoencoder?",
    "What happens when the LLM is frozen while VILA is pre-trained?",
    "How much does it cost to train a diffusion model on a micro-budget?",
)
"""Proposed when the sample is loaded, which answers each of them."""

COMMANDS = {
    "/sources": "what each cited paper says, word for word",
    "/why": "what was searched, found and rejected for the last answer, and how long it took",
    "/new": "forget the conversation so far",
    "/help": "this list",
    "/quit": "leave (so does Ctrl-D)",
}


class Chat:
    """One conversation at a terminal, or over piped lines: then nothing is prompted."""

    def __init__(self, assistant: Assistant, screen: Screen) -> None:
        self._conversation = assistant.conversation()
        self._screen = screen
        self._last: Answer | None = None
        self._status = assistant.status()

    def run(self) -> None:
        """Read and answer until /quit or the end of the input; Ctrl-C gives up an answer, or leaves."""
        if not self._status.papers:
            raise LibraryError(
                "There are no papers here yet. Add listing files with: assistant ingest PATH... "
                "Or try the sample: assistant chat --sample"
            )
        self._greet()
        while (line := self._read()) is not None and line != "/quit":
            if line.startswith("/"):
                self._obey(line)
            elif line:
                self._answer(line)
            self._screen.line()

    def _greet(self) -> None:
        held, sample = self._status.papers, {file.name for file in sample_files()}
        self._screen.line(f"{held:,} paper{'' if held == 1 else 's'}. Ask a question, or type /help.")
        if sample and self._status.listings.keys() >= sample:
            self._screen.line("For example:")
            for question in SAMPLE_QUESTIONS:
                self._screen.line(question, style="italic", first="  ", rest="  ")

    def _read(self) -> str | None:
        """The next line without surrounding space; None at the end of the input."""
        if not sys.stdin.isatty():
            line = sys.stdin.readline()
            return line.strip() if line else None
        if importlib.util.find_spec("readline"):
            importlib.import_module("readline")  # arrow keys and the lines typed before
        try:
            return input("> ").strip()
        except EOFError:
            self._screen.line()  # the line that Ctrl-D leaves open
            return None

    def _obey(self, command: str) -> None:
        if command == "/help":
            self._screen.line("Ask anything about the papers; a question may refer to the ones before. Or type:")
            for name, meaning in COMMANDS.items():
                self._screen.line(meaning, first=f"  {name:<9} ", rest=" " * 12)
        elif command == "/new":
            self._conversation.clear()
            self._last = None
            self._screen.line("The conversation so far is forgotten.")
        elif command not in COMMANDS:
            self._screen.line(f"There is no command {command}. There are: {', '.join(COMMANDS)}.")
        elif self._last is None:
            self._screen.line("Nothing was asked yet.")
        elif command == "/why":
            self._screen.why(self._last)
            if usage := self._conversation.usage:
                self._screen.line(f"This conversation: {bill(usage, self._conversation.cost)}.")
        elif self._last.titles:
            self._screen.sources(self._last)
        else:
            self._screen.line("The last answer cites no paper.")

    def _answer(self, question: str) -> None:
        try:
            self._last = self._screen.follow(self._conversation.stream(question))
            self._screen.answer(self._last, quotes=False)
        except AssistantError as error:
            self._screen.line(str(error))
        except KeyboardInterrupt:
            self._screen.line("Stopped. Nothing of this question is remembered.")
