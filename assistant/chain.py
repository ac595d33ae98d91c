"""The steps joined: papers in, answers out. The only place that chooses implementations."""

from __future__ import annotations

import functools
from collections.abc import Collection, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Self

from .answer.asking import asked_for
from .answer.composing import Clock
from .answer.courtesy import reply_at_once
from .answer.dialogue import Conversation
from .answer.replying import nearness, reply
from .answer.session import ModelAccount, ModelSession, NoModel, PlainSession, account
from .answer.verdicts import opening_of
from .answer.writing import ExtractiveWriter, Writer
from .check.checker import Checker
from .check.drafts import DraftChecker, citing_sentences, texts
from .check.prose import manuscript
from .check.references import References, bibtex
from .core.bounds import SENTENCE, bounded
from .core.database import DataHome
from .core.drafts import CheckedDraft
from .core.errors import EmbedderError, LibraryBusy, QuestionError, ReaderError
from .core.filters import ALL, Filter, bounded_filter
from .core.records import Answer, Check, Event, Hit, Paper, Turn
from .core.sharing import Shared
from .core.text import counted
from .core.tracing import Tracer, in_own_context, outcome, step, traced
from .index import served
from .index.embedding import BundledEmbedder, Embedder
from .index.holdings import Holdings, made
from .index.keeper import Keeper
from .index.store import ChromaAddress
from .library.following import Addresses
from .library.papers import Library
from .llm.llamaindex import follow
from .question.understanding import FOR_THE_DESK, Asked, checked_question
from .reader import Reader
from .reader import chosen as chosen_reader
from .search import Search
from .search.applying import conditions_in_words, is_about
from .search.declining import EMPTY, decline, within
from .search.following import unquoted
from .search.retrieval import Retriever

if TYPE_CHECKING:
    from llama_index.core.llms import LLM as LlamaIndexLLM
    from llama_index.core.retrievers import BaseRetriever

    from .core.settings import Settings
    from .index.atlas import Atlas
    from .index.searchable import Index, Progress
    from .llm import LLM
    from .llm.ledger import Spending

__all__ = ["Assistant", "Conversation", "Event", "ask"]

NOT_YET = "There is nothing to check against: no paper has been indexed yet. Add papers, or try again in a moment."
"""Why nothing is checked: no paper was added, or the first ones are still being indexed."""


class Assistant(Keeper):
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
        addresses: Addresses = Addresses(),  # noqa: B008 -- it is frozen
        tracer: Tracer | None = None,
    ) -> None:
        """`writer` writes the answers without a `model`; by default they are quoted. `reader` checks by meaning.

        `tracer` is told of each step.
        """
        closed = "This assistant is closed. Open another with Assistant.open(...)."
        super().__init__(Shared(holdings, self._release, closed=closed), addresses)
        self._holdings, self._memory_turns = holdings, memory_turns
        self._model, self._reader = model or NoModel(writer), reader
        self._tracer = tracer
        self._unfollow = follow(tracer) if tracer else None

    @classmethod
    def open(
        cls,
        home: str | Path | DataHome | None = None,
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
        tracer, data_home = _tracer(chosen), chosen.data_home(home)
        library = Library(data_home if create else made(data_home))
        notices: list[str] = []
        if embedder is None:
            try:
                embedder = _bundled(chosen)
            except EmbedderError as error:
                notices.append(f"Searching by words alone. {error}")
        reader = _reader(chosen, notices)
        remote = served.configured(chosen, embedder) if embedder else None
        former = embedder if remote else None
        chroma = ChromaAddress(
            chosen.chroma_url, chosen.chroma_token.get_secret_value(), chosen.chroma_tenant, chosen.chroma_database
        )
        holdings = Holdings(library, remote or embedder, former=former, chroma=chroma, notice=" ".join(notices))
        model = account(chosen, llm, data_home)
        turns, addresses = chosen.memory_turns, Addresses.of(chosen)
        return cls(holdings, model=model, reader=reader, memory_turns=turns, addresses=addresses, tracer=tracer)

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
        if self._tracer and self._unfollow:
            self._unfollow()
            self._tracer.close()

    # -- papers

    def papers(
        self,
        words: str = "",
        *,
        listing: str = "",
        since: str = "",
        until: str = "",
        where: Filter = ALL,
        collection: str = "",
    ) -> list[Paper]:
        """The papers that pass the filter `where`, by title, or the fifty best matches for `words`, best first.

        `listing`, `since`, `until` and `collection` are fields of it, for short. Raises `PaperNotFound` for an unknown
        listing, `CollectionNotFound`, `QuestionError` for an invalid date.
        """
        where = replace(where, collection=collection or where.collection)
        where = replace(where, source=listing or where.source, since=since or where.since, until=until or where.until)
        with self._shared.using() as holdings:
            matches = holdings.papers(words, where=replace(where, not_about=()))
        return [paper for paper in matches if not any(is_about(paper, what) for what in where.not_about)]

    def spending(self) -> Spending | None:
        """What language models used today and in all; None if none is configured."""
        with self._shared.using():
            return self._model.spent()

    def model(self) -> str | None:
        """The language model that writes the answers, "" until its name is known; None if they are quoted."""
        with self._shared.using():
            return self._model.name

    def atlas(self) -> Atlas:
        """The map of the papers: similar papers are near each other, and each cluster has a topic.

        It takes a few seconds to draw and is kept until the papers change. Raises `EmbedderError` if papers are
        searched by words alone, `MissingExtra` without scikit-learn.
        """
        from .index.atlas import Atlas, atlas_of

        with self._searchable() as search:
            return atlas_of(search.index.library, search.index) if search else Atlas()

    # -- questions

    def ask(
        self,
        question: str,
        turns: Sequence[Turn] = (),
        *,
        papers: Collection[str] = (),
        where: Filter = ALL,
        collection: str = "",
    ) -> Answer:
        """The answer to one question, with every sentence cited and checked, or the reason why there is none.

        `turns` are the earlier ones of a conversation, oldest first. `papers`, by title or id, limit the search to
        these papers, `where` to those that pass a filter, as a filter in the question itself does ("since 2023"), and
        `collection` to those in one. Raises `QuestionError` for an empty question, `PaperNotFound`,
        `CollectionNotFound`, `IndexMismatch`, `StoreError`.
        """
        where = replace(where, collection=collection) if collection else where
        events = self.stream(question, turns, papers=papers, where=where)
        answers = [event.answer for event in events if event.answer]
        if not answers:
            raise QuestionError("The question was cancelled before it was answered. Ask again.")
        return answers[-1]

    async def aask(
        self,
        question: str,
        turns: Sequence[Turn] = (),
        *,
        papers: Collection[str] = (),
        where: Filter = ALL,
        collection: str = "",
    ) -> Answer:
        """`ask` without blocking the event loop."""
        import asyncio

        where = replace(where, collection=collection) if collection else where
        return await asyncio.to_thread(self.ask, question, turns, papers=papers, where=where)

    def stream(
        self, question: str, turns: Sequence[Turn] = (), *, papers: Collection[str] = (), where: Filter = ALL
    ) -> Generator[Event, None, None]:
        """Each stage, each claim that passed the checks, then the answer. Closing the stream cancels the question."""
        events = self._traced(question, turns, papers, where)
        return in_own_context(events) if self._tracer else events

    def _traced(
        self, question: str, turns: Sequence[Turn], papers: Collection[str], where: Filter
    ) -> Generator[Event, None, None]:
        with traced(self._tracer, "ask") as asking:
            if self._tracer and self._tracer.questions:
                asking.tell({"question": question})
            answer = yield from self._answered(question, turns, papers, where)
            asking.tell(outcome(answer))
            yield Event("answered", answer=answer)

    def _answered(
        self, question: str, turns: Sequence[Turn], papers: Collection[str], where: Filter
    ) -> Generator[Event, None, Answer]:
        """Each stage and each claim, then the answer."""
        clock, question, chosen = Clock(), checked_question(question), self._chosen(papers)
        where = bounded_filter(where)
        with self._searchable() as search, self._model.session() as session:
            of_papers = [turn for turn in turns if not turn.answer.message]  # nothing goes on from the others
            recent = of_papers[-self._memory_turns :] if self._memory_turns else ()
            courtesy = reply_at_once(question, recent, search, chosen=bool(chosen or where)) if search else EMPTY
            if search is None or courtesy:
                return Answer(question, question, declined=courtesy, kind="talk")
            with step("understand") as reading:
                limited = replace(search, where=where)
                asked = yield from asked_for(question, recent, chosen, limited, session.interpreter)
                reading.tell({"kind": asked.kind, "read_by": asked.read_by, "turns": len(recent)})
            yield Event(f"searching {asked.filtered or counted(len(chosen) or len(search.index.keywords), 'paper')}")
            clock.lap("understanding")
            with step("search") as searching:
                asked, read = limited.read(asked)
                hits = unquoted(question, recent, read)
                declined = decline(asked, hits)
                searching.tell({"hits": len(hits)})
            clock.lap("retrieval")
            yield Event(f"reading {counted(len(hits), 'paper')}", hits=hits)
            yield Event(session.stage)
            answer = replace(_begun(question, asked), hits=hits, declined=declined)
            if asked.kind in FOR_THE_DESK:
                answer = replace(answer, hits=(), written_by="", message=reply(asked.text, asked.kind, search.index))
            elif not declined:
                answer = yield from self._composed(answer, asked, search.index, session, clock)
        declined = answer.declined and within(answer.declined, asked)
        remark = " ".join(filter(None, (answer.remark, conditions_in_words(asked))))
        return replace(session.billed(answer), declined=declined, remark=remark, timings=clock.laps)

    def _composed(
        self, answer: Answer, asked: Asked, index: Index, session: ModelSession | PlainSession, clock: Clock
    ) -> Generator[Event, None, Answer]:
        """Each claim that passed the checks, then the answer made of its hits."""
        if self._reader and isinstance(session, ModelSession):
            self._reader.wake()  # it loads while the model writes
        with step("check"):
            opening = opening_of(asked, answer.hits, self._reader)
        clock.lap("checking")
        if opening:
            answer = replace(answer, verdict=opening.verdict, lead=opening.lead)
        return (yield from session.composed(answer, asked, self._checker(index), clock, opening))

    def wake(self) -> None:
        """Load the reader in the background, for a door that stays open; otherwise it loads when first needed."""
        if self._reader:
            self._reader.wake()

    def conversation(self) -> Conversation:
        """A conversation that remembers its turns."""
        return Conversation(self)

    def check(self, sentence: str, title: str) -> Check:
        """Whether a paper's abstract supports a sentence. Raises `PaperNotFound`, `QuestionError`."""
        paper, sentence = self.paper(title), bounded(sentence, SENTENCE, "sentence")
        if not any(c.isalnum() for c in sentence):
            raise QuestionError("The sentence has no words. Write one that the abstract may support.")
        with traced(self._tracer, "check"), self._searchable() as search, self._model.session() as session:
            if search is None:
                raise LibraryBusy(NOT_YET)
            return _judged(sentence, paper, self._checker(search.index), session)

    def check_draft(
        self, draft: str | Path, *, bibliography: str | Path = "", progress: Progress | None = None
    ) -> CheckedDraft:
        """Each sentence of a draft, checked against the abstracts of the papers that it cites.

        The draft is Markdown, LaTeX or plain text; a `Path` is read. `bibliography` is BibTeX, for the keys that are
        cited; beside a draft that is a file, the .bib files in its folder are read. `progress(stage, done, total)` is
        called before each sentence that cites something; the check ends with what it raises. Raises `QuestionError`.
        """
        text, entries = texts(draft, bibliography)
        with traced(self._tracer, "check"), self._searchable() as search, self._model.session() as session:
            if search is None:
                raise LibraryBusy(NOT_YET)
            source, checker = manuscript(text), self._checker(search.index)
            references = References({**source.references, **bibtex(entries)}, search.index)
            sentences = citing_sentences(source, references)
            judged = functools.partial(_judged, checker=checker, session=session)
            drafts = DraftChecker(judged, checker, Retriever(search.index))
            return CheckedDraft(tuple(drafts.checked(sentences, progress)))

    def search(self, question: str, *, where: Filter = ALL) -> list[Hit]:
        """The hits for a self-contained question, best first."""
        return self.understood(question, where=where)[1]

    def understood(self, question: str, *, where: Filter = ALL) -> tuple[Asked, list[Hit]]:
        """How a self-contained question was understood, and its hits, best first."""
        with traced(self._tracer, "search") as searching, self._searchable() as every:
            if every is None:
                return Asked(question, "fact"), []
            search = replace(every, where=bounded_filter(where))
            asked, hits = search.read(search.understood(checked_question(question)))
            searching.tell({"hits": len(hits)})
            return asked, [*hits]

    def retriever(self, *, where: Filter = ALL) -> BaseRetriever:
        """The same search as a llama-index retriever: its nodes are passages, `score` is the hit's relevance."""
        from .llm.llamaindex import retriever

        return retriever(functools.partial(self.search, where=where))

    def _chosen(self, papers: Collection[str]) -> list[Paper]:
        """The papers with these titles or ids, each once. A single string is one title."""
        each = map(self.paper, [papers] if isinstance(papers, str) else papers)
        return list({paper.id: paper for paper in each}.values())

    @contextmanager
    def _searchable(self) -> Iterator[Search | None]:
        """The papers, ready to be searched; None if no paper was ever added."""
        with self._shared.using() as holdings, holdings.reading() as index:
            yield None if index is None else Search(index, self._reader, desk=functools.partial(nearness, index=index))

    def _checker(self, index: Index) -> Checker:
        """Checks by meaning where there is a reader, else by words and how alike these are."""
        return Checker(index.keywords.rarity, index.likeness if index.embedder else None, self._reader)


def _reader(settings: Settings, notices: list[str]) -> Reader | None:
    """What the settings have citations checked with; if it is missing, a notice says so."""
    try:
        return chosen_reader(settings.reader, threads=settings.threads)
    except ReaderError as error:
        notices.append(str(error))
        return None


def _bundled(settings: Settings) -> BundledEmbedder:
    """The bundled embedding model, spread over a Ray cluster if one is set."""
    if not settings.ray_address:
        return BundledEmbedder(threads=settings.threads)
    from .index.spreading import RayEmbedder

    return RayEmbedder(settings.ray_address, threads=settings.threads)


def _tracer(settings: Settings) -> Tracer | None:
    """What the settings have traces sent with."""
    if not settings.otel_endpoint:
        return None
    from .core.telemetry import configured

    return configured(settings)


def ask(question: str, turns: Sequence[Turn] = ()) -> Answer:
    """`Assistant.ask` with the library in the default home, opened for this one question."""
    with Assistant.open() as assistant:
        return assistant.ask(question, turns)


def _judged(sentence: str, paper: Paper, checker: Checker, session: ModelSession | PlainSession) -> Check:
    """The check of one sentence, with a language model's verdict where one is asked, and with the words at fault."""
    check = session.judged(sentence, paper.title, checker.check(sentence, paper))
    return checker.explained(sentence, paper, check)


def _begun(question: str, asked: Asked) -> Answer:
    """An answer that has its question so far."""
    return Answer(
        question,
        asked.text,
        kind=asked.kind,
        read_by=asked.read_by,
        written_by=ExtractiveWriter.name,
        filtered=asked.filtered,
    )
