"""The steps joined: papers in, answers out. The only place that chooses implementations."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Self

from .answer.composing import Clock
from .answer.courtesy import reply_at_once
from .answer.dialogue import Conversation
from .answer.session import ModelAccount, ModelSession, NoModel, PlainSession, account
from .answer.writing import ExtractiveWriter, Writer
from .check.checker import Checker
from .core.bounds import SENTENCE, bounded
from .core.errors import EmbedderError, LibraryBusy, QuestionError, ReaderError
from .core.records import Answer, Check, Event, Hit, Ingested, Paper, Turn
from .core.sharing import Shared
from .core.text import counted
from .index import served
from .index.embedding import BundledEmbedder, Embedder
from .index.holdings import Holdings, Status, made
from .library.papers import Library
from .question.conversation import points, regarding
from .question.understanding import Asked, checked_question, fits_any_paper
from .reader import Reader
from .reader import chosen as chosen_reader
from .search import Search
from .search.declining import EMPTY, decline, within
from .search.following import followed, unquoted

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
    """Answers questions from a library of papers. Open it with `Assistant.open`; close it, or use it in a `with`.

    Threads may share it. Every method raises `AssistantError` once it is closed; calls already running still finish.
    """

    def __init__(
        self,
        holdings: Holdings,
        *,
        writer: Writer | None = None,
        model: ModelAccount | NoModel | None = None,
        reader: Reader | None = None,
        memory_turns: int = 8,
    ) -> None:
        """`writer` writes the answers without a `model`; by default they are quoted. `reader` checks by meaning."""
        self._holdings, self._memory_turns = holdings, memory_turns
        self._model, self._reader = model or NoModel(writer), reader
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
        """An assistant over the library in `home`, or in the folder that the settings name.

        A missing library is created, or is an error without `create`. A read-only folder will do. Answers are written
        by `llm`, ours or llama-index's, or by the language model that the settings name; without one they are quoted.
        If the bundled embedding model is missing, papers are searched by words alone, and `status()` says so.
        Raises `SettingsError`, `LibraryError`, `IndexMismatch`, `PromptError`.
        """
        from .core.settings import Settings

        chosen = settings or Settings.from_environment(home=home)
        library = Library(home or chosen.home if create else made(home or chosen.home))
        notices: list[str] = []
        reader: Reader | None = None
        if embedder is None:
            try:
                embedder = BundledEmbedder(threads=chosen.threads)
            except EmbedderError as error:
                notices.append(f"Searching by words alone. {error}")
        try:
            reader = chosen_reader(chosen.reader, threads=chosen.threads)
        except ReaderError as error:
            notices.append(str(error))
        remote = served.configured(chosen, embedder) if embedder else None
        former = embedder if remote else None
        holdings = Holdings(
            library, remote or embedder, former=former, chroma_url=chosen.chroma_url, notice=" ".join(notices)
        )
        model = account(chosen, llm, library.home)
        return cls(holdings, model=model, reader=reader, memory_turns=chosen.memory_turns)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Release files and connections, as soon as the last running call has ended."""
        self._shared.close()

    def _release(self) -> None:
        self._holdings.close()
        self._model.close()

    # -- papers

    def ingest(self, *paths: str | Path, progress: Progress | None = None) -> Ingested:
        """Add the papers of listing files; records that cannot be read are in `rejects`.

        A file is added completely or not at all, and adding it again changes nothing. `progress(stage, done, total)`
        is called as passages are embedded and indexed. Raises `LibraryBusy` while another process is writing.
        """
        with self._shared.using() as holdings:
            return holdings.ingest(paths, progress=progress)

    def remove(self, *titles: str) -> Ingested:
        """Remove papers by title or id. If one is missing, raises `PaperNotFound` and removes none."""
        with self._shared.using() as holdings:
            return holdings.remove(titles)

    def papers(self, words: str = "", *, listing: str = "", since: str = "", until: str = "") -> list[Paper]:
        """All papers by title, or the fifty best matches for `words`, best first.

        `listing`, a file's name or its date ("Mar 12"), limits them to that file; `since` and `until`, written as
        2025-03-12, 2025-03, 2025 or Mar 12, to those days inclusive. Raises `PaperNotFound` for an unknown listing,
        `QuestionError` for an invalid date.
        """
        with self._shared.using() as holdings:
            return holdings.papers(words, listing=listing, since=since, until=until)

    def paper(self, title: str, *, beginning: bool = False) -> Paper:
        """The paper with that title (ignoring case and spacing) or id; with `beginning`, its title may be cut short."""
        with self._shared.using() as holdings:
            return holdings.paper(title, beginning=beginning)

    def status(self) -> Status:
        """How many papers there are, and whether they can be searched."""
        with self._shared.using() as holdings:
            return holdings.status()

    def spending(self) -> Spending | None:
        """What language models used today and in all; None if none is configured."""
        with self._shared.using():
            return self._model.spent()

    def doctor(self, *, repair: bool = False, progress: Progress | None = None) -> list[str]:
        """The faults of the library and its index, in words; with `repair`, they are fixed from the papers."""
        with self._shared.using() as holdings:
            return holdings.doctor(repair=repair, progress=progress)

    def atlas(self) -> Atlas:
        """The map of the papers: similar papers are near each other, and each cluster has a topic.

        It takes a few seconds to draw and is kept until the papers change. Raises `EmbedderError` if papers are
        searched by words alone, `MissingExtra` without scikit-learn.
        """
        from .index.atlas import Atlas, atlas_of

        with self._searchable() as search:
            return atlas_of(search.index.library, search.index) if search else Atlas()

    # -- questions

    def ask(self, question: str, turns: Sequence[Turn] = (), *, papers: Collection[str] = ()) -> Answer:
        """The answer to one question, with every sentence cited and checked, or the reason why there is none.

        `turns` are the earlier ones of a conversation, oldest first. `papers`, by title or id, limit the search to
        these papers. Raises `QuestionError` for an empty question, `PaperNotFound`, `IndexMismatch`, `StoreError`.
        """
        answers = [event.answer for event in self.stream(question, turns, papers=papers) if event.answer]
        if not answers:
            raise QuestionError("The question was cancelled before it was answered. Ask again.")
        return answers[-1]

    async def aask(self, question: str, turns: Sequence[Turn] = (), *, papers: Collection[str] = ()) -> Answer:
        """`ask` without blocking the event loop."""
        import asyncio

        return await asyncio.to_thread(self.ask, question, turns, papers=papers)

    def stream(
        self, question: str, turns: Sequence[Turn] = (), *, papers: Collection[str] = ()
    ) -> Generator[Event, None, None]:
        """Each stage, each claim that passed the checks, then the answer. Closing the stream cancels the question."""
        clock, question, chosen = Clock(), checked_question(question), self._chosen(papers)
        with self._searchable() as search, self._model.session() as session:
            recent = turns[-self._memory_turns :] if self._memory_turns else ()
            reply = reply_at_once(question, recent, search, chosen=bool(chosen)) if search else EMPTY
            if search is None or reply:
                yield Event("answered", answer=Answer(question, question, declined=reply, kind="talk"))
                return
            yield Event(f"searching {counted(len(chosen) or len(search.index.keywords), 'paper')}")
            asked = _asked(question, recent, chosen, search, session)
            clock.lap("understanding")
            hits = unquoted(question, recent, search.hits(asked, session.steps))
            declined = decline(asked, hits)
            clock.lap("retrieval")
            yield Event(f"reading {counted(len(hits), 'paper')}", hits=hits)
            yield Event(session.stage)
            answer = Answer(
                question, asked.text, hits=hits, declined=declined, kind=asked.kind, written_by=ExtractiveWriter.name
            )
            if not declined:
                if self._reader and isinstance(session, ModelSession):
                    self._reader.wake()  # it loads while the model writes
                answer = yield from session.composed(answer, asked, self._checker(search.index), clock)
        declined = answer.declined and within(answer.declined, asked)
        yield Event("answered", answer=replace(session.billed(answer), declined=declined, timings=clock.laps))

    def conversation(self) -> Conversation:
        """A conversation that remembers its turns."""
        return Conversation(self)

    def check(self, sentence: str, title: str) -> Check:
        """Whether a paper's abstract supports a sentence. Raises `PaperNotFound`, `QuestionError`."""
        paper, sentence = self.paper(title), bounded(sentence, SENTENCE, "sentence")
        if not any(c.isalnum() for c in sentence):
            raise QuestionError("The sentence has no words. Write one that the abstract may support.")
        with self._searchable() as search, self._model.session() as session:
            if search is None:
                raise LibraryBusy("The papers are still being indexed. Nothing was checked. Try again in a moment.")
            return session.judged(sentence, paper.title, self._checker(search.index).check(sentence, paper))

    def search(self, question: str) -> list[Hit]:
        """The hits for a self-contained question, best first."""
        return self.understood(question)[1]

    def understood(self, question: str) -> tuple[Asked, list[Hit]]:
        """How a self-contained question was understood, and its hits, best first."""
        with self._searchable() as search:
            if search is None:
                return Asked(question, "fact"), []
            asked = search.understood(checked_question(question))
            return asked, search.hits(asked)

    def retriever(self) -> BaseRetriever:
        """The same search as a llama-index retriever: its nodes are passages, `score` is the hit's relevance."""
        from .llm.llamaindex import retriever

        return retriever(self.search)

    def _chosen(self, papers: Collection[str]) -> list[Paper]:
        """The papers with these titles or ids, each once. A single string is one title."""
        each = map(self.paper, [papers] if isinstance(papers, str) else papers)
        return list({paper.id: paper for paper in each}.values())

    @contextmanager
    def _searchable(self) -> Iterator[Search | None]:
        """The papers, ready to be searched; None if no paper was ever added."""
        with self._shared.using() as holdings, holdings.reading() as index:
            yield None if index is None else Search(index)

    def _checker(self, index: Index) -> Checker:
        """Checks by meaning where there is a reader, else by words and how alike these are."""
        return Checker(index.keywords.rarity, index.likeness if index.embedder else None, self._reader)


def ask(question: str, turns: Sequence[Turn] = ()) -> Answer:
    """`Assistant.ask` with the library in the default home, opened for this one question."""
    with Assistant.open() as assistant:
        return assistant.ask(question, turns)


def _asked(
    question: str, turns: Sequence[Turn], chosen: Sequence[Paper], search: Search, session: ModelSession | PlainSession
) -> Asked:
    """What the question asks for, with what it refers to spelt out: papers of earlier turns, or the chosen ones."""
    titles = [paper.title for paper in chosen]
    if chosen:
        turns = [turn for turn in turns if turn.answer.titles and {*turn.answer.titles} <= {*titles}]
    reading = followed(question, turns, search, papers=tuple(paper.id for paper in chosen) or None)
    text = reading.asked.text
    if reading.meaning != "alone" and not chosen:
        text = session.self_contained(question, turns, text)
    elif reading.meaning == "alone" and chosen and (fits_any_paper(question, search.index) or points(question)):
        text = regarding(titles, question)
    if text == reading.asked.text:
        return reading.asked
    return replace(search.understood(text), papers=reading.asked.papers, without=reading.asked.without)
