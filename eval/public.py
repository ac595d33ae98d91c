"""Public question sets in, how well each way of ranking finds their documents out.

A set is a folder of `corpus.jsonl` (`id`, `title`, `abstract`), `queries.jsonl` (`id`, `question`, `type`) and
`qrels.tsv` (query, document, grade). Its documents become a library of their own, kept from one run to the next.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from assistant.chain import Assistant
from assistant.core.logistic import model
from assistant.core.records import Hit, Paper
from assistant.index.embedding import BundledEmbedder
from assistant.index.holdings import Holdings
from assistant.library.papers import Library
from assistant.question.understanding import Asked
from assistant.search import declining
from assistant.show.terminal import Screen

from .claims import auroc
from .jsonl import FormatError, Record, read_lines
from .metrics import ndcg_at, recall_at
from .statistics import Interval, interval
from .tables import NOTHING, Table

RETRIEVAL = ("scifact_train", "hotpot100", "musique100")
"""The sets that say which documents are right."""
ANSWERABLE = "clapnq_dev"
"""The set whose questions are answered by their own passage or by none."""
DEPTH = 100
"""Documents taken from each list that rank fusion joins."""
K = 60
"""The constant of reciprocal rank fusion (Cormack et al. 2009, https://doi.org/10.1145/1571941.1572114)."""


@dataclass(frozen=True, slots=True)
class PublicSet:
    """Documents as papers; (question, its type) by query id; the ids of the right papers by query id."""

    name: str
    papers: tuple[Paper, ...]
    questions: Mapping[str, tuple[str, str]]
    relevant: Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Found:
    """How one way of ranking did on one set; the intervals are over questions."""

    name: str
    way: str
    ndcg_10: Interval
    recall_5: Interval


def read_set(folder: str | Path) -> PublicSet:
    """The set in `folder`; FormatError names the file and line that is not so.

    A title that an earlier document bears is told apart by its document's id: to the library one title is one paper.
    """
    folder = Path(folder)
    papers: dict[str, Paper] = {}
    seen: set[str] = set()
    for record in read_lines(folder / "corpus.jsonl"):
        paper = _paper(record, seen)
        seen.add(paper.id)
        papers[record.text("id")] = paper
    asked = read_lines(folder / "queries.jsonl")
    questions = {record.text("id"): (record.text("question"), record.text("type")) for record in asked}
    relevant: dict[str, set[str]] = {}
    for number, line in enumerate((folder / "qrels.tsv").read_text(encoding="utf-8").splitlines(), start=1):
        query, document, grade = ([*line.split("\t"), "", "", ""])[:3]
        if query not in questions or document not in papers:
            raise FormatError(str(folder / "qrels.tsv"), number, "", f"{line!r} names no query or document of the set")
        if grade != "0":
            relevant.setdefault(query, set()).add(papers[document].id)
    kept = {query: frozenset(ids) for query, ids in relevant.items()}
    return PublicSet(folder.name, tuple(papers.values()), questions, kept)


def _paper(record: Record, seen: set[str]) -> Paper:
    title, abstract = record.text("title"), record.text("abstract")
    source = (Path(record.path).parent.name,)
    paper = Paper(title, abstract, sources=source)
    return paper if paper.id not in seen else Paper(f"{title} ({record.text('id')})", abstract, sources=source)


@contextmanager
def held(found: PublicSet, cache: Path) -> Iterator[Holdings]:
    """The set's documents as an indexed library under `cache`; embedding them is done once, about 40 a second."""
    holdings = Holdings(Library(cache / found.name), BundledEmbedder())
    try:
        with holdings.library.writing():
            holdings.library.put(found.papers)
        state = holdings.status()
        if state.indexed_revision != state.revision:
            screen = Screen(stderr=True)
            screen.line(f"{found.name}: indexing {len(found.papers):,} documents ...")
            with screen.progress() as progress:
                holdings.doctor(repair=True, progress=progress)
        yield holdings
    finally:
        holdings.close()


def rankings(holdings: Holdings, question: str) -> dict[str, list[str]]:
    """Way of ranking -> ids of papers, best first; the last two are the product's own."""
    index, embedder = holdings.index(), holdings.embedder
    if index is None or embedder is None:
        raise ValueError("the library is empty or has no embedder")
    bm25 = [paper_id for paper_id, _ in index.keywords.search(question, limit=DEPTH)]
    nearest = index.store.nearest(embedder.encode([question])[0].vector, limit=2 * DEPTH)
    cosine = list(dict.fromkeys(passage_id.partition(":")[0] for passage_id, _ in nearest))[:DEPTH]
    _, hits = Assistant(holdings).understood(question)
    return {
        "BM25": bm25,
        "cosine": cosine,
        f"rank fusion (RRF, k={K})": rank_fusion([bm25, cosine]),
        "fused score": [hit.paper.id for hit in sorted(hits, key=lambda hit: -hit.score)],
        "relevance": [hit.paper.id for hit in hits],
    }


def rank_fusion(lists: Sequence[Sequence[str]], *, k: int = K) -> list[str]:
    """Items by the sum of 1 / (k + rank) over the lists that hold them, ties in the order met."""
    scores: dict[str, float] = {}
    for ranked in lists:
        for rank, item in enumerate(ranked, start=1):
            scores[item] = scores.get(item, 0.0) + 1 / (k + rank)
    return sorted(scores, key=lambda item: -scores[item])


def retrieval(folder: Path, cache: Path) -> list[Found]:
    """Every way of ranking over the set in `folder`."""
    found = read_set(folder)
    ndcg: dict[str, list[float]] = {}
    recall: dict[str, list[float]] = {}
    with held(found, cache) as holdings:
        for query, right in found.relevant.items():
            for way, ranked in rankings(holdings, found.questions[query][0]).items():
                ndcg.setdefault(way, []).append(ndcg_at(ranked, list(right), 10) or 0.0)
                recall.setdefault(way, []).append(recall_at(ranked, list(right), 5) or 0.0)
    told = []
    for way, values in ndcg.items():
        first, second = interval(values), interval(recall[way])
        if first and second:
            told.append(Found(found.name, way, first, second))
    return told


def answerable(folder: Path, cache: Path) -> dict[str, float | None]:
    """Over one library of all passages: how surely each signal tells the answerable questions from the others.

    The AUROC (0.5: by chance) of the product's own probability that there is an answer, of its parts, and of the
    best late-interaction score; and the share of each type of question that the product would answer at its threshold.
    The product's model is fitted on this set, too: in ten-fold validation, each question judged by a model that never
    saw it, the AUROC of its probability is .888.
    """
    found = read_set(folder)
    scores: dict[str, dict[str, list[float]]] = {}
    with held(found, cache) as holdings:
        assistant = Assistant(holdings)
        for question, type_ in found.questions.values():
            asked, hits = assistant.understood(question)
            for name, value in signals_of(asked, hits).items():
                scores.setdefault(name, {}).setdefault(type_, []).append(value)
    told = {name: auroc(by["answerable"], by["unanswerable"]) for name, by in scores.items()}
    bar = model("answers").threshold
    for type_, values in scores["answers model"].items():
        told[f"{type_} questions above the threshold of {bar}"] = sum(v >= bar for v in values) / len(values)
    return told


def signals_of(asked: Asked, hits: Sequence[Hit]) -> dict[str, float]:
    """What may tell that a question has an answer here; all 0 without hits."""
    if not hits:
        return {"answers model": 0.0, "best relevance": 0.0, "best maxsim": 0.0}
    return {
        "answers model": model("answers").probability(declining.features(asked, hits)),
        "best relevance": hits[0].relevance,
        "best maxsim": max(hit.signals.maxsim for hit in hits),
    }


def retrieval_table(found: Sequence[Found]) -> Table:
    """One line a set and way of ranking."""
    lines = [
        (one.name, one.way, f"{one.ndcg_10.mean:.3f}", f"{one.ndcg_10.low:.3f} to {one.ndcg_10.high:.3f}",
         f"{one.recall_5.mean:.3f}", str(one.ndcg_10.count))
        for one in found
    ]  # fmt: skip
    columns = ("set", "ranked by", "nDCG@10", "95 % interval", "recall@5", "n")
    return Table("Retrieval on public sets", columns, tuple(lines), "Fused score and relevance are the product's own.")


def answerable_table(found: Mapping[str, float | None]) -> Table:
    """One line a signal."""
    lines = tuple((name, NOTHING if value is None else f"{value:.3f}") for name, value in found.items())
    note = "AUROC of each signal, unless it says otherwise; all passages are one library, so topics are always there."
    return Table(f"Answerable or not: {ANSWERABLE}", ("signal", "value"), lines, note)
