"""How well each way of ranking finds the documents of public question sets.

A set is a folder of `corpus.jsonl` (`id`, `title`, `abstract`), `queries.jsonl` (`id`, `question`, `type`) and
`qrels.tsv` (query, document, grade). Its documents become a library of their own, which is kept for the next run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from assistant.chain import Assistant
from assistant.core.logistic import model
from assistant.core.records import Hit, Paper
from assistant.index.holdings import Holdings
from assistant.question.understanding import Asked
from assistant.search import declining

from .claims import auroc
from .jsonl import FormatError, Record, read_lines
from .metrics import ndcg_at, recall_at
from .statistics import Interval, interval
from .stock import indexed
from .tables import NOTHING, Table

RETRIEVAL = ("scifact_train", "hotpot100", "musique100")
"""The sets that judge which documents are relevant."""
ANSWERABLE = "clapnq_dev"
"""The set whose questions are answered by their own passage or by none."""
DEPTH = 100
"""Documents of each list that rank fusion combines."""
K = 60
"""The constant of reciprocal rank fusion (Cormack et al. 2009, https://doi.org/10.1145/1571941.1572114)."""


@dataclass(frozen=True, slots=True)
class PublicSet:
    """Documents as papers; the question and its type by query id; the ids of the relevant papers by query id."""

    name: str
    papers: tuple[Paper, ...]
    questions: Mapping[str, tuple[str, str]]
    relevant: Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class RankingScore:
    """The scores of one way of ranking on one set, with intervals over its questions."""

    name: str
    way: str
    ndcg_10: Interval
    recall_5: Interval


def read_set(folder: str | Path) -> PublicSet:
    """The set in `folder`; FormatError names the wrong file and line.

    If two documents have the same title, the second gets its id appended: in the library one title is one paper.
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


def rankings(holdings: Holdings, question: str) -> dict[str, list[str]]:
    """Way of ranking -> ids of papers, best first. The last two are the product's own."""
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
    """The items by the sum of 1 / (k + rank) over the lists that contain them; ties keep their order."""
    scores: dict[str, float] = {}
    for ranked in lists:
        for rank, item in enumerate(ranked, start=1):
            scores[item] = scores.get(item, 0.0) + 1 / (k + rank)
    return sorted(scores, key=lambda item: -scores[item])


def retrieval(folder: Path, cache: Path) -> list[RankingScore]:
    """The scores of every way of ranking on the set in `folder`."""
    public = read_set(folder)
    ndcg: dict[str, list[float]] = {}
    recall: dict[str, list[float]] = {}
    with indexed(public.name, public.papers, cache) as holdings:
        for query, right in public.relevant.items():
            for way, ranked in rankings(holdings, public.questions[query][0]).items():
                ndcg.setdefault(way, []).append(ndcg_at(ranked, list(right), 10) or 0.0)
                recall.setdefault(way, []).append(recall_at(ranked, list(right), 5) or 0.0)
    scores = []
    for way, values in ndcg.items():
        first, second = interval(values), interval(recall[way])
        if first and second:
            scores.append(RankingScore(public.name, way, first, second))
    return scores


def answerable(folder: Path, cache: Path) -> dict[str, float | None]:
    """How well each signal separates answerable questions from others, over one library of all passages.

    It gives the AUROC (0.5 is chance) of the product's probability that there is an answer, of its parts, and of the
    best late-interaction score; and the share of each type of question that the product would answer at its threshold.
    The product's model is fitted on this set too. In ten-fold validation, with each question judged by a model that
    never saw it, the AUROC of its probability is .888.
    """
    public = read_set(folder)
    scores: dict[str, dict[str, list[float]]] = {}
    with indexed(public.name, public.papers, cache) as holdings:
        assistant = Assistant(holdings)
        for question, type_ in public.questions.values():
            asked, hits = assistant.understood(question)
            for name, value in signals_of(asked, hits).items():
                scores.setdefault(name, {}).setdefault(type_, []).append(value)
    figures = {name: auroc(by["answerable"], by["unanswerable"]) for name, by in scores.items()}
    bar = model("answers").threshold
    for type_, values in scores["answers model"].items():
        figures[f"{type_} questions above the threshold of {bar}"] = sum(v >= bar for v in values) / len(values)
    return figures


def signals_of(asked: Asked, hits: Sequence[Hit]) -> dict[str, float]:
    """The signals that a question has an answer here; all 0 without hits."""
    if not hits:
        return {"answers model": 0.0, "best relevance": 0.0, "best maxsim": 0.0}
    return {
        "answers model": model("answers").probability(declining.features(asked, hits)),
        "best relevance": hits[0].relevance,
        "best maxsim": max(hit.signals.maxsim for hit in hits),
    }


def retrieval_table(scores: Sequence[RankingScore]) -> Table:
    """A line for each set and way of ranking."""
    lines = [
        (one.name, one.way, f"{one.ndcg_10.mean:.3f}", f"{one.ndcg_10.low:.3f} to {one.ndcg_10.high:.3f}",
         f"{one.recall_5.mean:.3f}", str(one.ndcg_10.count))
        for one in scores
    ]  # fmt: skip
    columns = ("set", "ranked by", "nDCG@10", "95 % interval", "recall@5", "n")
    return Table("Retrieval on public sets", columns, tuple(lines), "Fused score and relevance are the product's own.")


def answerable_table(figures: Mapping[str, float | None]) -> Table:
    """A line for each signal."""
    lines = tuple((name, NOTHING if value is None else f"{value:.3f}") for name, value in figures.items())
    note = "AUROC of each signal, unless it says otherwise. All passages are one library, so every topic is there."
    return Table(f"Answerable or not: {ANSWERABLE}", ("signal", "value"), lines, note)
