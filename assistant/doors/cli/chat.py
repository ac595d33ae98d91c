"""A conversation at the terminal: lines typed in, answers printed."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING

from ...core.errors import AssistantError, LibraryError
from ...core.filters import ALL, Filter
from ...core.text import counted
from ...library.sample import sample_files
from ...llm.ledger import bill
from ...show.styles import of_answers

if TYPE_CHECKING:
    from ...chain import Assistant
    from ...core.records import Answer
    from ...show.terminal import Screen

SAMPLE_QUESTIONS = (
    "Which papers pre-train retrievers with a masked autoencoder?",
    "What happens when the LLM is frozen while VILA is pre-trained?",
    "How much does it cost to train a diffusion model on a micro-budget?",
)
"""Suggested when the library holds the sample, which answers each of them."""

COMMANDS = {
    "/sources": "quote what each cited paper says",
    "/more": "show what the last answer left out: other sentences of its papers, other papers that may fit",
    "/why": "show how the last answer came about: searches, hits, rejected sentences, times",
    "/references": "list all papers cited so far; in a style or form: /references ieee",
    "/new": "start a new conversation",
    "/help": "show this list",
    "/quit": "leave; so does Ctrl-D",
}


class TerminalChat:
    """One conversation, typed at a terminal or piped in; piped lines get no prompt."""

    def __init__(self, assistant: Assistant, screen: Screen, *, where: Filter = ALL) -> None:
        self._conversation, self._where = assistant.conversation(), where
        self._screen = screen
        self._last: Answer | None = None
        self._status = assistant.status()

    def run(self) -> None:
        """Read and answer until /quit or the end of the input. Ctrl-C stops an answer; at the prompt it leaves."""
        if not self._status.papers:
            raise LibraryError(
                "There are no papers here yet. Add papers with: assistant ingest PATH... "
                "To try the sample instead: assistant chat --sample"
            )
        self._greet()
        while (line := self._read()) is not None and line != "/quit":
            if line.startswith("/"):
                self._obey(line)
            elif line:
                self._answer(line)
            self._screen.line()

    def _greet(self) -> None:
        sample = {file.name for file in sample_files()}
        self._screen.line(f"{counted(self._status.papers, 'paper')}. Ask a question, or type /help.")
        if sample and self._status.listings.keys() >= sample:
            self._screen.line("For example:")
            for question in SAMPLE_QUESTIONS:
                self._screen.line(question, style="italic", first="  ", rest="  ")

    def _read(self) -> str | None:
        """The next line, stripped; None at the end of the input."""
        if not sys.stdin.isatty():
            line = sys.stdin.readline()
            return line.strip() if line else None
        if importlib.util.find_spec("readline"):
            importlib.import_module("readline")  # arrow keys and history
        try:
            return input("> ").strip()
        except EOFError:
            self._screen.line()  # Ctrl-D leaves the line open
            return None

    def _obey(self, command: str) -> None:
        if command == "/help":
            self._help()
        elif command == "/new":
            self._conversation.clear()
            self._last = None
            self._screen.line("A new conversation begins.")
        elif f"{command} ".startswith("/references "):
            self._list_references(command.removeprefix("/references").strip() or "apa")
        elif command not in COMMANDS:
            self._screen.line(f"There is no command {command}. The commands are: {', '.join(COMMANDS)}.")
        elif self._last is None:
            self._screen.line("You have not asked anything yet.")
        elif command == "/why":
            self._screen.why(self._last)
            if usage := self._conversation.usage:
                self._screen.line(f"This conversation: {bill(usage, self._conversation.cost)}.")
        elif command == "/more":
            self._screen.more(self._last)
        elif self._last.titles:
            self._screen.sources(self._last)
        else:
            self._screen.line("The last answer cites no papers.")

    def _help(self) -> None:
        self._screen.line("Ask anything about the papers; a question may refer to earlier ones. Or type:")
        for name, meaning in COMMANDS.items():
            self._screen.line(meaning, first=f"  {name:<12} ", rest=" " * 15)

    def _list_references(self, form: str) -> None:
        try:
            listed = of_answers((turn.answer for turn in self._conversation.turns), form)
        except AssistantError as error:
            listed = str(error)
        for line in (listed or "No paper has been cited yet.").splitlines():
            self._screen.line(line, rest="    ")

    def _answer(self, question: str) -> None:
        try:
            self._last = self._screen.follow(self._conversation.stream(question, where=self._where))
            self._screen.answer(self._last, quotes=False)
            if further := len(self._last.further):
                verb = "fits" if further == 1 else "fit"
                self._screen.line(f"\nPerhaps {counted(further, 'more paper')} {verb}: /more", style="dim")
        except AssistantError as error:
            self._screen.line(str(error))
        except KeyboardInterrupt:
            self._screen.line("Stopped. This question is not part of the conversation.")
