"""The steps joined: papers in, answers out; the only place that chooses implementations."""

from __future__ import annotations

import functools
from collections.abc import Collection, Generator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Self

from .answer.composing import Clock, Composer, Composition
from .answer.courtesy import said_at_once
from .answer.desk import Desk, Task, opened
from .answer.dialogue import Conversation
from .answer.writing import ExtractiveWriter, Writer
from .check.citations import Checker
from .core.bounds import SENTENCE, bounded
from .core.errors import EmbedderError, LibraryBusy, QuestionError
from .core.records import Answer, Check, Event, Hit, Ingested, Paper, Turn
from .core.sharing import Shared
from .core.text import counted
from .index import served
from .index.embedding import BundledEmbedder, Embedder
from .index.holdings import Holdings, Status, made
from .library.papers import Library
from .question.conversation import of_the_chosen, self_contained
from .question.understanding import Asked, accepted, general, named
from .search.declining import EMPTY, within
from .search.retrieval import likeness
from .search.searching import Search

if TYPE_CHECKING:
    from llama_index.core.llms import LLM as LlamaIndexLLM
    from llama_index.core.retrievers import BaseRetriever

    from .core.settings import Settings
    from .index.atlas import Atlas
    from .index.searchable import Index, Progress
    from .llm import LLM
    from .llm.ledger import Spending

__all__ = ["Assistant", "Conversation", "Event", "ask"]


class Assistant:
    """A library of papers that answers questions. Open it with `Assistant.open`; close it, or use it in a `with`.

    Threads may share it. Every method raises `AssistantError` once it is closed; what began before is still finished.
    """

    def __init__(
        self, holdings: Holdings, *, writer: Writer | None = None, desk: Desk | None = None, memory_turns: int = 8
    ) -> None:
        self._holdings, self._memory_turns = holdings, memory_turns
        self._writer, self._desk = writer, desk
        self._shared = Shared(
            holdings, self._release, closed="This assistant is closed. Open another with Assistant.open(...)."
        )

    @classmethod
    def open(
        cls,
        home: str | Path | None = None,
        *,
        settings: Settings | None = None,
        embedder: Embedder | None = None,
        llm: LLM | LlamaIndexLLM | None = None,
        create: bool = True,
    ) -> Self:
        """The assistant over the library in `home`, or in the folder that the settings name.

        A library that is not there yet is made, or without `create` an error. A folder that can only be read is read.
        Answers are written by `llm`, ours or llama-index's, or else by the language model that the settings name, if
        there is one. Without the bundled model it opens all the same, searches by words alone and says so.
        Raises `SettingsError`, `LibraryError`, `IndexMismatch`, `PromptError`.
        """
        from .core.settings import Settings

        chosen = settings or Settings.from_environment(home=home)
        library = Library(home or chosen.home if create else made(home or chosen.home))
        notice = ""
        if embedder is None:
            try:
                embedder = BundledEmbedder(threads=chosen.threads)
            except EmbedderError as error:
                notice = f"Searching by words alone. {error}"
        remote = served.configured(chosen, embedder) if embedder else None
        former = embedder if remote else None
        holdings = Holdings(library, remote or embedder, former=former, chroma_url=chosen.chroma_url, notice=notice)
        return cls(holdings, desk=opened(chosen, llm, library.home), memory_turns=chosen.memory_turns)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give files and connections back: at once, or when the last call that is still running ends."""
        self._shared.close()

    def _release(self) -> None:
        self._holdings.close()
        if self._desk is not None:
            self._desk.close()

    # -- papers

    def ingest(self, *paths: str | Path, progress: Progress | None = None) -> Ingested:
        """Take in listing files, each as a whole or not at all; what cannot go in is in `rejects`.

        `progress(stage, done, total)` is called as passages are embedded and indexed. The same files a second
        time change nothing. Raises `LibraryBusy` when another process is writing.
        """
        with self._shared.using() as holdings:
            return holdings.ingest(paths, progress=progress)

    def remove(self, *titles: str) -> Ingested:
        """Forget papers by title or id. Raises `PaperNotFound`, before anything is changed, for one not held."""
        with self._shared.using() as holdings:
            return holdings.remove(titles)

    def papers(self, words: str = "", *, listing: str = "", since: str = "", until: str = "") -> list[Paper]:
        """All papers by title, or the fifty that `words` find, best first.

        `listing`, a file's name or its date ("Mar 12"), keeps to what it carries; `since` and `until`, as 2025-03-12,
        2025-03, 2025 or Mar 12, to those days, both included. Raises `PaperNotFound` for a listing that is not here,
        `QuestionError` for what is no date.
        """
        with self._shared.using() as holdings:
            return holdings.papers(words, listing=listing, since=since, until=until)

    def paper(self, title: str, *, beginning: bool = False) -> Paper:
        """The paper of that title (case and spacing aside) or id, or with `beginning` the only one that begins so."""
        with self._shared.using() as holdings:
            return holdings.paper(title, beginning=beginning)

    def status(self) -> Status:
        """What is held, and whether it is searchable."""
        with self._shared.using() as holdings:
            return holdings.status()

    def spending(self) -> Spending | None:
        """What language models took today and ever; None where none is configured."""
        with self._shared.using():
            return self._desk.spent() if self._desk else None

    def doctor(self, *, repair: bool = False, progress: Progress | None = None) -> list[str]:
        """What is wrong with the library and its index, in words; with `repair`, made right from the papers."""
        with self._shared.using() as holdings:
            return holdings.doctor(repair=repair, progress=progress)

    def atlas(self) -> Atlas:
        """The map of the papers: where each lies, near those like it, and what the clusters are about.

        It is drawn once for each state of the library, in some seconds, and kept. Raises `EmbedderError` where papers
        are searched by words alone, `MissingExtra` without scikit-learn.
        """
        from .index.atlas import Atlas, atlas_of

        with self._shared.using() as holdings, holdings.reading() as index:
            return Atlas() if index is None else atlas_of(holdings.library, index)

    # -- questions

    def ask(self, question: str, turns: Sequence[Turn] = (), *, papers: Collection[str] = ()) -> Answer:
        """The answer to one question, every sentence of it cited and checked, or why there is none.

        `turns` are the earlier ones of a conversation, oldest first. `papers`, by title or id, are the only ones
        looked at; without them all are. Raises `QuestionError` for what is no question, `PaperNotFound`,
        `IndexMismatch`, `StoreError`.
        """
        answers = [event.answer for event in self.stream(question, turns, papers=papers) if event.answer]
        if not answers:
            raise QuestionError("The question was dropped before it was answered. Ask again.")
        return answers[-1]

    async def aask(self, question: str, turns: Sequence[Turn] = (), *, papers: Collection[str] = ()) -> Answer:
        """`ask` without blocking the event loop."""
        import asyncio

        return await asyncio.to_thread(self.ask, question, turns, papers=papers)

    def stream(
        self, question: str, turns: Sequence[Turn] = (), *, papers: Collection[str] = ()
    ) -> Generator[Event, None, None]:
        """The stages, each claim that passed the checks, then the answer. To close it is to give the question up."""
        clock, question, chosen = Clock(), accepted(question), self._chosen(papers)
        with self._shared.using() as holdings, holdings.reading() as index, self._task() as task:
            recent = turns[-self._memory_turns :] if self._memory_turns else ()
            listings = holdings.library.listings()
            said = EMPTY if index is None else said_at_once(question, recent, index, listings, chosen=bool(chosen))
            if index is None or said:
                yield Event("answered", answer=Answer(question, question, declined=said, kind="talk"))
                return
            query = _query(question, recent, chosen, index, task)
            yield Event(f"searching {counted(len(chosen) or len(index.keywords), 'paper')}")
            search = self._search(index)
            asked = replace(search.understood(query), papers=tuple(paper.id for paper in chosen) or None)
            clock.lap("understanding")
            hits = search.hits(asked, task.reworder.steps if task else None)
            clock.lap("retrieval")
            yield Event(f"reading {counted(len(hits), 'paper')}", hits=tuple(hits))
            made = yield from self._composed(asked, hits, index, task, clock)
        answer = Answer(
            question=question,
            query=asked.text,
            claims=tuple(made.claims),
            rejections=tuple(made.rejections),
            hits=tuple(hits),
            declined=made.declined and within(made.declined, asked),
            lead=made.lead,
            remark=made.remark,
            kind=asked.kind,
            written_by=made.written_by,
            wording=task.wording if task else "",
            usage=task.usage if task else {},
            cost=task.cost if task else None,
            timings=clock.laps,
        )
        yield Event("answered", answer=answer)

    def _composed(
        self, asked: Asked, hits: Sequence[Hit], index: Index, task: Task | None, clock: Clock
    ) -> Generator[Event, None, Composition]:
        """The claims as they pass; where a language model writes, quotations stand in for it when it fails."""
        writer = self._writer or (task.writer(self._checker(index)) if task else ExtractiveWriter())
        yield Event(f"{writer.name or 'the language model'} is writing" if task else "checking citations")
        stand_in, judge = (ExtractiveWriter(), task.judge) if task else (None, None)
        composer = Composer(writer, self._checker(index), clock, stand_in=stand_in, judge=judge)
        return (yield from task.composed(composer, asked, hits) if task else composer.compose(asked, hits))

    def conversation(self) -> Conversation:
        """A conversation that remembers its turns."""
        return Conversation(self)

    def check(self, sentence: str, title: str) -> Check:
        """Whether the abstract of the paper called `title` supports a sentence. `PaperNotFound`, `QuestionError`."""
        paper, sentence = self.paper(title), bounded(sentence, SENTENCE, "sentence")
        if not any(c.isalnum() for c in sentence):
            raise QuestionError("The sentence has no words. Write one that the abstract may support.")
        with self._shared.using() as holdings, holdings.reading() as index:
            if index is None:
                raise LibraryBusy("The papers are still being indexed. Nothing was checked. Try again in a moment.")
            found = self._checker(index).check(sentence, paper)
            with self._task() as task:
                return task.judge.check(sentence, paper.title, found) if task and task.judge else found

    def search(self, question: str) -> list[Hit]:
        """The hits for a self-contained question, best first."""
        return self.understood(question)[1]

    def understood(self, question: str) -> tuple[Asked, list[Hit]]:
        """What a self-contained question asks for, and its hits, best first."""
        with self._shared.using() as holdings, holdings.reading() as index:
            if index is None:
                return Asked(question, "fact"), []
            asked = self._search(index).understood(accepted(question))
            return asked, self._search(index).hits(asked)

    def retriever(self) -> BaseRetriever:
        """The same search as a llama-index retriever: nodes are passages, `score` is the hit's relevance."""
        from .llm.llamaindex import retriever

        return retriever(self.search)

    def _chosen(self, papers: Collection[str]) -> list[Paper]:
        """The papers of these titles or ids, each once; a title alone counts as one."""
        each = map(self.paper, [papers] if isinstance(papers, str) else papers)
        return list({paper.id: paper for paper in each}.values())

    def _task(self) -> AbstractContextManager[Task | None]:
        return self._desk.task() if self._desk else nullcontext()

    def _checker(self, index: Index) -> Checker:
        library, embedder = self._holdings.library, self._holdings.embedder_of(index)
        alike = functools.partial(likeness, index, library, embedder) if embedder else None
        return Checker(index.keywords.rarity, alike, self._reader)

    def _search(self, index: Index) -> Search:
        return Search(index, self._holdings.library, self._holdings.embedder_of(index))


def ask(question: str, turns: Sequence[Turn] = ()) -> Answer:
    """`Assistant.ask` over the library in the default home, which is opened for this one question."""
    with Assistant.open() as assistant:
        return assistant.ask(question, turns)


def _query(question: str, turns: Sequence[Turn], chosen: Sequence[Paper], index: Index, task: Task | None) -> str:
    """The question with what it refers to spelt out: papers of earlier turns, or the chosen ones."""
    names = functools.partial(named, vocabulary=index)
    if titles := [paper.title for paper in chosen]:
        return of_the_chosen(question, turns, names, chosen=titles, general=general(question, index))
    offline = self_contained(question, turns, names)
    return task.reworder.self_contained(question, turns, offline) if task else offline
