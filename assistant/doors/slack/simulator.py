"""Typed lines in, what Slack would show out: threads, blocks and buttons at a terminal, without a workspace."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Self

from ...core.errors import AssistantError
from .blocks import Block, evidence, notice, reply, shown
from .desk import Desk, Message, Told

if TYPE_CHECKING:
    from ...chain import Assistant
    from ...core.settings import Settings
    from ...show.terminal import Screen

COMMANDS = {
    "/papers QUESTION": "ask by slash command, outside any thread",
    "/thread [N]": "begin a thread, or go back to one",
    "/evidence": "press “Show evidence” under the last answer",
    "/up, /down": "press a thumb",
    "/again": "press “Ask again”",
    "/blocks": "the last message as Slack gets it, in JSON",
    "/help": "this list",
    "/quit": "leave (so does Ctrl-D)",
}
_BUTTONS = ("/evidence", "/up", "/down", "/again")


class Simulator:
    """One person in one channel; what is said is kept in a folder that goes with it."""

    def __init__(self, assistant: Assistant, settings: Settings, screen: Screen) -> None:
        self._folder = TemporaryDirectory(prefix="papers-slack-")
        self._desk = Desk(assistant, settings, home=Path(self._folder.name))
        self._screen = screen
        self._thread = self._threads = 1
        self._last: tuple[Message, Told] | None = None
        self._blocks: list[Block] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._desk.close()
        self._folder.cleanup()

    def run(self) -> None:
        """Read and answer until /quit or the end of the input."""
        held = self._desk.assistant.status().papers
        self._screen.line(f"A Slack channel, simulated, over {held:,} papers. Ask in the thread, or type /help.")
        while (line := self._read()) is not None and line != "/quit":
            try:
                self.take(line)
            except AssistantError as error:
                self._show(notice(str(error)))
            self._screen.line()

    def _read(self) -> str | None:
        if not sys.stdin.isatty():
            line = sys.stdin.readline()
            return line.strip() if line else None
        try:
            return input(f"#papers, thread {self._thread}> ").strip()
        except EOFError:
            self._screen.line()
            return None

    def take(self, line: str) -> None:
        """Do what was typed; a mention is no part of a question, as in Slack."""
        line = line.removeprefix("@papers").lstrip(" :,")
        command, _, rest = line.partition(" ")
        if command in _BUTTONS:
            self._press(command)
        elif command == "/thread":
            self._go(rest.strip())
        elif command == "/blocks":
            self._screen.console.print(json.dumps(self._blocks, ensure_ascii=False, indent=2), soft_wrap=True)
        elif command == "/papers":
            self._ask(rest, "command:you")
        elif command == "/help":
            for name, meaning in COMMANDS.items():
                self._screen.line(meaning, first=f"  {name:<17} ", rest=" " * 20)
        elif command.startswith("/"):
            self._screen.line(f"There is no command {command}. Type /help.")
        elif line:
            self._ask(line, str(self._thread))

    def _ask(self, text: str, thread: str, before: int | None = None) -> None:
        message = Message(text, "you", thread, "simulated", "papers")
        if wait := self._desk.wait(message):
            self._show(notice(f"That is more questions a minute than I answer. Ask again in {wait} s."))
            return
        told = self._desk.ask(message, before=before)
        self._last = message, told
        self._show(reply(told.answer, f"{told.number} {thread}"))

    def _go(self, number: str) -> None:
        if number and not (number.isdecimal() and 1 <= int(number) <= self._threads):
            self._screen.line(f"There are the threads 1 to {self._threads}.")
            return
        self._threads += not number
        self._thread = int(number) if number else self._threads
        self._screen.line(f"In thread {self._thread}.")

    def _press(self, button: str) -> None:
        if self._last is None:
            self._screen.line("There is no answer yet, and so no button.")
            return
        message, told = self._last
        if button == "/evidence":
            self._show(evidence(told.answer)["blocks"])
        elif button == "/again":
            self._ask(message.text, message.thread, before=told.number)
        else:
            self._desk.rate(message.owner, told.number, good=button == "/up", giver="you")
            self._screen.line("Thank you, that is noted.")

    def _show(self, blocks: list[Block]) -> None:
        self._blocks = blocks
        for line in shown(blocks).splitlines():
            self._screen.line(line)
        buttons = [e["text"]["text"] for block in blocks if block["type"] == "actions" for e in block["elements"]]
        if buttons:
            self._screen.line("\n" + " ".join(f"[ {button} ]" for button in buttons))
