"""An answer in, terminal text out: wrapped and coloured on a terminal, plain lines anywhere else.

Titles, quotes and questions are data: none is read as markup, and control characters are removed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import asdict
from typing import TYPE_CHECKING

from rich.console import Console, Group
from rich.live import Live
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.spinner import Spinner
from rich.text import Text

from ..core.prose import coded
from ..core.readable import readable
from ..core.records import STARTING_OVER, Answer
from ..core.text import clean
from ..llm.ledger import bill, money
from .drafts import summary
from .showing import entry, readable_answer

if TYPE_CHECKING:
    from ..core.drafts import CheckedCitation, CheckedDraft
    from ..core.records import Check, Claim, Event, Reject
    from ..index.holdings import Status
    from ..index.searchable import Progress as Report
    from ..llm.ledger import Spending
    from ..llm.probe import Probe
    from ..llm.served import Dialect

MAX_WIDTH = 100
"""Longest line on a terminal, in columns: longer lines are hard to read."""
MAX_HITS = 10
"""Hits that `why` shows."""
EXCERPT = 60
"""Characters shown of a rejected record."""

_MARK = re.compile(r"\[\d+\]")


class _Console(Console):
    """Leaves a broken pipe to the caller; rich would exit."""

    def on_broken_pipe(self) -> None:
        raise  # noqa: PLE0704 - called from within rich's handler of the error


class Screen:
    """Where a command writes. Colours and line breaks are added on a terminal only."""

    def __init__(self, *, stderr: bool = False) -> None:
        self.console = _Console(stderr=stderr, highlight=False, markup=False, emoji=False)

    def line(self, text: str = "", *, style: str = "", first: str = "", rest: str = "", reply: bool = False) -> None:
        """Write a paragraph: `first` before its first line, `rest` before the others if it has to be wrapped.

        In a `reply`, code is bold on a terminal, and in `...` elsewhere.
        """
        pieces = coded(clean(text)) if reply and self.console.is_terminal else [(clean(text), False)]
        body = Text.assemble(*((piece, "bold" if code else "") for piece, code in pieces), style=style)
        body.highlight_regex(_MARK, "cyan")
        if not self.console.is_terminal:
            self.console.print(Text.assemble(first, body), soft_wrap=True)
            return
        width = max(20, min(self.console.width, MAX_WIDTH) - len(rest))
        for number, piece in enumerate(body.wrap(self.console, width)):
            piece.rstrip()
            self.console.print(Text.assemble(rest if number else first, piece), soft_wrap=True)

    # -- answers

    def answer(self, answer: Answer, *, quotes: bool) -> None:
        """Write the answer and its sources, with their quotes if `quotes`."""
        answer = readable_answer(answer)
        if answer.query != answer.question:
            self.line(answer.query, style="dim", first="Read as: ", rest="  ")
        for paragraph in answer.text.split("\n"):
            item = paragraph.startswith("- ")
            self.line(
                paragraph.removeprefix("- ") if item else paragraph,
                first="- " * item,
                rest="  " * item,
                reply=bool(answer.message),
            )
        if answer.titles:
            self.line()
            self.sources(answer, quotes=quotes)
        if (
            answer.declined
            and answer.declined.nearest
            and not any(title in answer.text for title in answer.declined.nearest)
        ):
            self.line("\nNearest papers:")
            for title in answer.declined.nearest:
                self.line(title, first="- ", rest="  ")

    def sources(self, answer: Answer, *, quotes: bool = True) -> None:
        """Write the papers cited, by number, with their quotes; without `quotes`, only those of reworded sentences."""
        answer = readable_answer(answer)
        for source in answer.sources:
            indent = " " * len(f"[{source.number}] ")
            self.line(f"[{source.number}] {entry(answer, source)}", style="bold", rest=indent)
            shown = [c for c in source.citations if quotes or c.basis != "quoted"]
            for citation in {c.quote: c for c in shown}.values():
                basis = "" if citation.basis == "quoted" else f" ({citation.basis}, support {citation.support:.2f})"
                self.line(f"\u201c{citation.quote}\u201d{basis}", style="dim", first=indent, rest=indent)

    def more(self, answer: Answer) -> None:
        """Write what the answer leaves out: other sentences of the papers it cites, and papers that may fit as well."""
        answer = readable_answer(answer)
        if not answer.more:
            self.line("The answer leaves nothing out.")
        for source in answer.sources:
            if claims := answer.more_of(source.title):
                self.line(f"More from [{source.number}] {source.title}", style="bold", rest="  ")
                for claim in claims:
                    self.line(claim.text, first="  ", rest="  ")
        if answer.further:
            self.line("These papers may fit as well:")
            for claim in answer.further:
                self.line(f"{claim.heading}: {claim.text}", first="- ", rest="  ")

    def why(self, answer: Answer) -> None:
        """Write how the answer came about: the search, the papers found and why, rejected sentences, and the time."""
        answer = readable_answer(answer)
        self.line(answer.query, first="Searched: ", rest="  ")
        reader = f" Read by: {answer.read_by or 'rules'}." if answer.usage else ""
        self.line(f"Kind of question: {answer.kind}.{reader} Written by: {answer.written_by or 'nobody'}.")
        shown = f", the first {MAX_HITS} below" if len(answer.hits) > MAX_HITS else ""
        self.line(f"Papers found: {len(answer.hits)}{shown}.")
        for number, hit in enumerate(answer.hits[:MAX_HITS], start=1):
            self.line(hit.paper.title, style="bold", first=f"{number:3}. ", rest="     ")
            ranks = ", ".join(f"{rank} by {name}" for name, rank in hit.ranks.items() if rank is not None)
            signals = ", ".join(f"{name} {value:.2f}" for name, value in asdict(hit.signals).items())
            facts = f"relevance {hit.relevance:.2f}; score {hit.score:.2f}; rank {ranks or 'none'}; {signals}"
            self.line(facts, style="dim", first="     ", rest="     ")
        self.line(f"Sentences rejected: {len(answer.rejections) or 'none'}.")
        for rejection in answer.rejections:
            mark = f" (mark {rejection.mark})" if rejection.mark else ""
            self.line(f"{rejection.sentence}{mark}: {rejection.reason}", first="- ", rest="  ")
        if answer.usage:
            self.line(f"Language model: {bill(answer.usage, answer.cost)}.")
        times = ", ".join(f"{name} {1000 * seconds:.1f} ms" for name, seconds in answer.timings.items())
        self.line(f"Time: {times or 'not measured'}.")

    def follow(self, events: Iterable[Event]) -> Answer:
        """Show the stages and checked claims of an answer in the making, then clear them; return the answer."""
        answer = Answer(question="", query="")
        claims: list[Claim] = []
        with self._live() as live:
            for event in events:
                answer = event.answer or answer
                claims = [] if event.stage == STARTING_OVER else [*claims, *([event.claim] if event.claim else [])]
                if live and event.answer is None:
                    live.update(_making(event.stage, claims))
        return answer

    def _live(self) -> AbstractContextManager[Live | None]:
        if not self.console.is_terminal:
            return nullcontext()
        return Live(console=self.console, transient=True, refresh_per_second=12)

    def verdict(self, check: Check, title: str) -> None:
        """Write whether the paper of that title supports a sentence, on what basis, and the closest passage."""
        self.line(f"{'Supported' if check.supported else 'Not supported'} ({_basis(check)}) by \u201c{title}\u201d.")
        self._evidence(check)

    def _evidence(self, check: Check, indent: str = "") -> None:
        for reason in check.reasons:
            self.line(readable(reason), first=f"{indent}- ", rest=f"{indent}  ")
        if check.unsupported:
            words = "; ".join(f"“{readable(words)}”" for words in check.unsupported)
            self.line(f"Not borne out: {words}", first=indent, rest=indent)
        if check.quote:
            passage = f"Closest passage of the abstract: \u201c{readable(check.quote)}\u201d"
            self.line(passage, first=indent, rest=indent)

    def draft(self, draft: CheckedDraft, name: str, *, every: bool) -> None:
        """Write each sentence that cites something, with `every` the others too, and how many passed."""
        for sentence in draft.sentences:
            if sentence.citations or every:
                self.line(sentence.text, first=f"{name}:{sentence.line}: {sentence.standing}: ", rest="  ")
            for citation in sentence.citations:
                self._citation(citation)
            if sentence.closer and sentence.closer.check:
                closer = f"closer: \u201c{readable(sentence.closer.title)}\u201d ({_basis(sentence.closer.check)})"
                self.line(closer, first="  ", rest="    ")
                self._evidence(sentence.closer.check, "    ")
        self.line(summary(draft))

    def _citation(self, citation: CheckedCitation) -> None:
        if citation.check is None:
            self.line(readable(citation.reason), first="  ", rest="    ")
            return
        by = f"{citation.mark} \u201c{readable(citation.title)}\u201d: {citation.standing} ({_basis(citation.check)})"
        self.line(by, first="  ", rest="    ")
        if not citation.check.supported:
            self._evidence(citation.check, "    ")

    # -- the library

    def status(self, status: Status, spending: Spending | None) -> None:
        """Write what the library contains, whether it can be searched, and the usage of a language model, if any."""
        listings = (f"{source} ({label})" if label else source for source, label in status.listings.items())
        behind = f"at revision {status.indexed_revision}; the next question updates it"
        facts = {
            "Library": str(status.home),
            "Papers": f"{status.papers:,}",
            "Listings": ", ".join(listings) or "none",
            "Revision": str(status.revision),
            "Index": "up to date" if status.indexed_revision == status.revision else behind,
            "Embedder": status.embedder or "none",
        }
        if spending:
            limit = f" of {spending.limit:,}" if spending.limit else ""
            facts["Today"] = f"{spending.tokens_today:,}{limit} tokens{money(spending.cost_today)}"
            facts["Total"] = f"{spending.tokens:,} tokens{money(spending.cost)}"
        self.facts(facts)

    def facts(self, facts: Mapping[str, str]) -> None:
        """Write names and values, a line each."""
        for name, value in facts.items():
            self.line(value, first=f"{name + ':':<10}", rest=" " * 10)

    def probe(self, probe: Probe, dialect: Dialect) -> None:
        """Write what works with a language model."""
        facts = {
            "Speed": f"first words after {probe.first_piece:.2f} s, done after {probe.seconds:.2f} s",
            "Stream": f"works: {probe.pieces} pieces" if probe.pieces > 1 else "the reply came in one piece",
            "JSON": f"works: {dialect.schema}" if probe.schema else "schemas are ignored; replies are read leniently",
            "System": "works" if dialect.system else "no system role; its text goes into the user's message",
            "Usage": "not reported; tokens are counted here" if probe.usage.estimated else "reported by the server",
        }
        self.facts(facts)

    def rejects(self, rejects: Iterable[Reject]) -> None:
        """Write each record that was not added: its file, line, reason and beginning."""
        for reject in rejects:
            where = f"{reject.source}:{reject.line}" if reject.line else reject.source
            text = " ".join((reject.title or reject.text).split())
            excerpt = f" ({text[:EXCERPT]}{'...' if len(text) > EXCERPT else ''})" if text else ""
            self.line(f"{where}: {reject.reason}{excerpt}", first="  ", rest="    ")

    @contextmanager
    def progress(self) -> Iterator[Report | None]:
        """Yield a callback that draws a bar with rate and time left; None if this is not a terminal."""
        if not self.console.is_terminal:
            yield None
            return
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn())
        with Progress(*columns, console=self.console, transient=True) as progress:
            tasks: dict[str, TaskID] = {}

            def report(stage: str, done: int, total: int) -> None:
                if stage not in tasks:
                    tasks[stage] = progress.add_task(stage.capitalize())
                progress.update(tasks[stage], completed=done, total=total)

            yield report


def _basis(check: Check) -> str:
    """What a verdict rests on: "quoted", or "read, score 0.25"."""
    return check.basis if check.basis == "quoted" else f"{check.basis}, score {check.score:.2f}"


class _Rate(ProgressColumn):
    """How many are done per second."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text(f"{speed:,.0f}/s" if speed else "")


def _making(stage: str, claims: Sequence[Claim]) -> Group:
    """What is shown while an answer is made: the claims so far, then the stage."""
    so_far = readable_answer(Answer(question="", query="", claims=tuple(claims))).text
    return Group(*([Text(clean(so_far))] if so_far else []), Spinner("dots", Text(f"{clean(stage).capitalize()} ...")))
