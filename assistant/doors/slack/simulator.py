"""A terminal that imitates Slack, with threads, blocks and buttons, without a workspace."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Self

from ...core.errors import AssistantError
from ...service.answering import Answering
from .blocks import Block, evidence, notice, reply, shown
from .claims import IncomingMessage
from .responder import NumberedAnswer, Responder, too_often

if TYPE_CHECKING:
    from ...chain import Assistant
    from ...core.settings import Settings
    from ...show.terminal import Screen

COMMANDS = {
    "/papers QUESTION": "ask by slash command, outside any thread",
    "/thread [N]": "begin a thread, or return to one",
    "/evidence": "press “Show evidence” under the last answer",
    "/up, /down": "press a thumb",
    "/again": "press “Ask again”",
    "/blocks": "show the last message as the JSON that Slack gets",
    "/help": "show this list",
    "/quit": "leave (or press Ctrl-D)",
}
_BUTTONS = ("/evidence", "/up", "/down", "/again")


class Simulator:
    """One person in one channel; the conversation is kept in a temporary folder."""

    def __init__(self, assistant: Assistant, settings: Settings, screen: Screen) -> None:
        self._folder = TemporaryDirectory(prefix="papers-slack-")
        self._assistant, self._answering = assistant, Answering(assistant)
        self._responder = Responder(assistant, self._answering, settings, home=Path(self._folder.name))
        self._screen = screen
        self._thread = self._threads = 1
        self._last: tuple[IncomingMessage, NumberedAnswer] | None = None
        self._blocks: list[Block] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._answering.close()
        self._responder.close()
        self._folder.cleanup()

    def run(self) -> None:
        """Read and answer until /quit or the end of the input."""
        papers = self._assistant.status().papers
        self._screen.line(f"A simulated Slack channel over {papers:,} papers. Ask in the thread, or type /help.")
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
        """Do what was typed; as in Slack, a mention is not part of the question."""
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
        message = IncomingMessage(text, "you", thread, "simulated", "papers")
        if wait := self._responder.wait(message):
            self._show(notice(too_often(wait)))
            return
        turn = asyncio.run(self._responder.answer(message, before=before))
        self._last = message, turn
        self._show(reply(turn.answer, f"{turn.number} {thread}"))

    def _go(self, number: str) -> None:
        if number and not (number.isdecimal() and 1 <= int(number) <= self._threads):
            self._screen.line(f"The threads are 1 to {self._threads}.")
            return
        self._threads += not number
        self._thread = int(number) if number else self._threads
        self._screen.line(f"In thread {self._thread}.")

    def _press(self, button: str) -> None:
        if self._last is None:
            self._screen.line("There is no answer yet, so there are no buttons.")
            return
        message, turn = self._last
        if button == "/evidence":
            self._show(evidence(turn.answer)["blocks"])
        elif button == "/again":
            self._ask(message.text, message.thread, before=turn.number)
        else:
            self._responder.rate(message.owner, turn.number, good=button == "/up", giver="you")
            self._screen.line("Thank you for the feedback.")

    def _show(self, blocks: list[Block]) -> None:
        self._blocks = blocks
        for line in shown(blocks).splitlines():
            self._screen.line(line)
        buttons = [e["text"]["text"] for block in blocks if block["type"] == "actions" for e in block["elements"]]
        if buttons:
            self._screen.line("\n" + " ".join(f"[ {button} ]" for button in buttons))
