"""Fits the models of search: `python -m eval.fit` writes `models.json`.

It uses the fitting half of the questions about the sample and, where they are at hand, of those about the real
listings, all questions written over the abstracts, and a public set; the program says what it goes without.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from assistant.chain import Assistant
from assistant.core.errors import ReaderError
from assistant.core.logistic import model
from assistant.core.records import Hit
from assistant.core.settings import Settings
from assistant.reader import PackagedReader
from assistant.reader.reading import NONE
from assistant.search import declining
from assistant.search.relevance import features, features_in_list, judged

from . import stock
from .answering import KeptReader, by_first_look, holds, with_reader
from .claims import auroc
from .examples import Answered, Example, fit, validated, without_gold
from .keeping import keep
from .public import ANSWERABLE, PublicSet, read_set
from .questions import Question, half, read
from .topics import topical
from .written import libraries, papers_of, questions_of

SINGLE = (
    *("fact", "named", "figure", "lookup", "summary", "casual", "false-premise", "language"),
    *("how", "why", "yesno", "definition"),
)
SEVERAL = ("list", "count", "condition")
LISTS = (*SEVERAL, "overview")
"""The types of question that want one paper, and every matching paper; and all that the models for lists learn from."""
MORE = ("single-more", "several-more")
"""The sets over the abstracts that embedder and reader were not adapted to: what these say of `single` and `several` is
better than of other questions (`eval.asking`, `eval.adapting`)."""
TOPICS = 15
"""Questions about a whole field, from each library. In ten-fold validation this number raises the F1 of such questions
from .55 to .70, and lowers that of our own list questions from .79 to .785; four times as many lower it to .776."""
OWN = 3.0
"""What one of our own questions weighs beside one of the many written over the abstracts."""
SPARED = 0.01
"""The share of our own answerable questions that the gate may decline, each judged by a model that never saw it."""
SPARED_LISTS, TOPIC_PENALTY = 0.015, 0.02
"""The same for lists, and the penalty of that model: there are few lists without a paper."""


def asked(questions: Iterable[Question], assistant: Assistant) -> list[Answered]:
    """The fitting half of the questions that stand alone, with their hits."""
    alone = [q for q in questions if half(q) == "fit" and q.type != "follow-up"]
    return [Answered(q, *assistant.understood(q.question)) for q in alone if not (q.conversation and not q.gold)]


def relevance_rows(rows: Iterable[Answered], types: Sequence[str], *, absent: bool = False) -> Iterator[Example]:
    """Hits of questions of these types: should the paper be cited? Tolerated papers are left out.

    absent: use each question a second time without its papers, when none should be cited.
    """
    for row in rows:
        if row.question.type not in types or not row.question.gold:
            continue
        for hits in (row.hits, without_gold(row)) if absent else (row.hits,):
            columns = features(hits)
            for hit, values in zip(hits, zip(*columns.values(), strict=True), strict=True):
                if hit.paper.title not in row.question.tolerated:
                    yield row.example(dict(zip(columns, values, strict=True)), hit.paper.title in row.question.gold)


def list_rows(rows: Iterable[Answered]) -> Iterator[Example]:
    """Hits of lists: is the paper on the topic? Those that only break the condition are: `excluding` judges that."""
    for row in rows:
        if row.question.type not in LISTS or not row.question.gold or not row.asked.several:
            continue
        columns = features_in_list(row.hits, overview=row.asked.kind == "overview")
        for hit, values in zip(row.hits, zip(*columns.values(), strict=True), strict=True):
            if hit.paper.title not in row.question.tolerated:
                on_topic = hit.paper.title in (*row.question.gold, *row.question.breaks)
                yield row.example(dict(zip(columns, values, strict=True)), on_topic)


def sentence_rows(rows: Iterable[Answered]) -> Iterator[Example]:
    """Sentences of the right papers; true if one shows a vital nugget or contains the supporting span."""
    for row in rows:
        if row.question.type in SEVERAL:
            continue
        for hit in (hit for hit in row.hits if hit.paper.title in row.question.gold):
            for sentence in hit.evidence:
                values = {name: value for name, value in asdict(sentence.signals).items() if name != "answers"}
                yield row.example(values, holds(row.question, hit, sentence))


def answer_rows(rows: Iterable[Answered]) -> Iterator[Example]:
    """Questions that pass the other gates: does the library have an answer? Questions in other languages are left out.

    Each answerable question is used a second time without its papers: then there is no answer, and the nearest papers
    are as near as they can be.
    """
    for row in rows:
        gated = row.asked.kind in ("talk", "instruction") or row.question.unanswerable in ("invented", "unstated")
        if gated or row.asked.foreign:
            continue
        for hits, label in (
            (row.hits, bool(row.question.gold)),
            (without_gold(row) if row.question.gold else (), False),
        ):
            if hits:
                yield row.example(declining.features(row.asked, hits), label)


def topic_rows(rows: Iterable[Answered]) -> Iterator[Example]:
    """One row per list: whether any paper here is on its topic."""
    for row in rows:
        absent = row.question.type == "none" or row.question.unanswerable == "absent"
        if row.asked.several and row.hits and (row.question.gold or absent):
            yield row.example(declining.features_of_list(row.asked, row.hits), bool(row.question.gold))


def topic_gate(examples: Sequence[Example]) -> dict[str, Any]:
    """The model of whether a list has any paper. Its threshold declines `SPARED_LISTS` of those that have."""
    results = validated(examples, penalty=TOPIC_PENALTY, balanced=True)
    right, wrong = (sorted(p for example, p in results if example.label is label) for label in (True, False))
    threshold = round(right[int(SPARED_LISTS * len(right))], 3)
    print(
        f"topic, validated: AUROC {auroc(right, wrong) or 0:.3f}, "
        f"{sum(p < threshold for p in wrong) / len(wrong):.2f} of the lists without a paper declined"
    )
    return fit(examples, threshold=threshold, penalty=TOPIC_PENALTY, balanced=True)


def gate(examples: Sequence[Example]) -> dict[str, Any]:
    """The model of whether there is an answer. Its threshold declines `SPARED` of our own answerable questions."""
    results = validated(examples, balanced=True)
    for name, public in (("own", False), ("public", True)):
        right = [probability for example, probability in results if example.public is public and example.label]
        wrong = [probability for example, probability in results if example.public is public and not example.label]
        print(f"answers, validated on {name} questions: AUROC {auroc(right, wrong) or 0:.3f}")
    own = sorted(probability for example, probability in results if example.label and not example.public)
    return fit(examples, threshold=round(own[int(SPARED * len(own))], 3), balanced=True)


def passages(public: PublicSet, homes: Path) -> list[Answered]:
    """The public questions, each answered by its own passage or none, with their hits among all passages."""
    titles = {paper.id: paper.title for paper in public.papers}
    rows = []
    with stock.indexed(public.name, public.papers, homes) as holdings:
        assistant = Assistant(holdings)
        for name, (text, _) in public.questions.items():
            gold = tuple(titles[paper_id] for paper_id in public.relevant.get(name, ()))
            rows.append(Answered(Question(name, "fact", text, gold), *assistant.understood(text), public=True))
    return rows


def opened(name: str, files: Sequence[Path], homes: Path) -> Assistant:
    """An assistant over a library of these files, which stays in `homes` for the next fit. It has no reader.

    What the reader says of a sentence is added later, for all of them alike.
    """
    assistant = Assistant.open(settings=Settings(home=homes / name, reader=NONE))
    assistant.ingest(*files)
    return assistant


def own(listings: Path | None, homes: Path) -> list[Answered]:
    """The fitting half of the questions about the sample and the real listings, and questions about their topics."""
    sets = [("sample", stock.sample()), *([("listings", stock.real(listings))] if listings else [])]
    rows = []
    for name, files in sets:
        with opened(name, files, homes) as assistant:
            rows += asked(read(stock.set_file(name)), assistant)
            rows += [replace(row, public=True) for row in asked(topical(assistant.papers(), most=TOPICS), assistant)]
    return [replace(row, weight=OWN) for row in rows]


def written(abstracts: Path, homes: Path, names: Sequence[str]) -> list[Answered]:
    """The questions of these sets over several thousand abstracts. All are fitted on: they have a blind twin."""
    every = libraries(questions_of(names, blind=False), papers_of(abstracts), homes)
    return [Answered(one, *assistant.understood(one.question)) for assistant, some in every for one in some]


def judged_anew(row: Answered) -> Answered:
    """The row with its hits judged by the models just fitted."""
    return replace(row, hits=judged(row.asked, [sentences_anew(hit) for hit in row.hits]))


def sentences_anew(hit: Hit) -> Hit:
    """The hit with its sentences judged by the model just fitted."""
    columns = {name: [getattr(one.signals, name) for one in hit.evidence] for name in model("sentence").features}
    answers = model("sentence").probabilities(columns)
    evidence = zip(hit.evidence, answers, strict=True)
    return replace(
        hit, evidence=tuple(replace(one, signals=replace(one.signals, answers=value)) for one, value in evidence)
    )


def _first_look(rows: list[Answered], fitted_on: str, options: argparse.Namespace) -> list[Answered]:
    """The rows judged anew by the models of the cheap signals, which are fitted and kept."""
    keep(
        fitted_on,
        single=fit(list(relevance_rows(rows, SINGLE, absent=True)), threshold=0.5),
        several=fit(list(list_rows(rows)), threshold=0.5),
        sentence=fit(list(sentence_rows(rows)), threshold=0.5),
    )
    rows = [judged_anew(row) for row in rows]
    public = passages(read_set(options.public), options.homes) if options.public else []
    keep(fitted_on, answers=gate(list(answer_rows([*rows, *public]))), **by_first_look(rows))
    turns = written(options.abstracts, options.homes, ("talks",)) if options.abstracts else []
    lists = list(topic_rows([*rows, *(row for row in turns if not row.question.refers)]))
    if len({example.label for example in lists}) > 1:
        keep(fitted_on, topic=topic_gate(lists))
    return rows


def main() -> None:
    """Fit every model of search, and the heads that it uses where the reader is installed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--listings", type=Path, help="folder of the real listing files")
    parser.add_argument("--abstracts", type=Path, help="the abstracts of `single` and `several`, as JSON lines")
    parser.add_argument("--public", type=Path, help=f"folder of {ANSWERABLE}")
    parser.add_argument("--homes", type=Path, default=Path(tempfile.gettempdir()) / "paper-assistant-fit")
    parser.add_argument("--reader-only", action="store_true", help="fit only the models that use the reader")
    options = parser.parse_args()
    for name in ("listings", "abstracts", "public"):
        if not getattr(options, name):
            print(f"Without --{name} nothing is learnt from them.")
    rows = own(options.listings, options.homes)
    rows += written(options.abstracts, options.homes, MORE) if options.abstracts else []
    sets = ["sample", *(name for name in ("listings", "abstracts", "public") if getattr(options, name))]
    fitted_on = "" if options.reader_only else f"{', '.join(sets)}, by eval/fit.py"
    if not options.reader_only:
        rows = _first_look(rows, fitted_on, options)
    try:
        reader = KeptReader(PackagedReader(), options.homes / "read.json")
    except ReaderError as error:
        print(f"The models that use the reader stay as they are. {error}")
    else:
        keep(fitted_on, **with_reader(rows, reader))


if __name__ == "__main__":
    main()
