"""A folder for a library and listings in; what threads that stem, ask and ingest at one time get wrong out, as JSON.

    python -m tests.threads HOME LISTING...

A process of its own, so that nothing is remembered of what was asked before. First, four threads stem the words of all
listings; then the first listing is taken in, and each other one while three threads ask about what all of them say.
"""

from __future__ import annotations

import itertools
import json
import random
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import Stemmer  # type: ignore[import-not-found]  # a compiled module without stubs

from assistant.chain import Assistant
from assistant.core.records import Paper
from assistant.core.text import sentences, stem, words
from assistant.library.sources import read

from .doubles import HashEmbedder

THREADS = 4


def at_once(work: Callable[[int], None]) -> list[str]:
    """What `work(number)` raised in any of the threads that did it at one time."""
    raised: list[str] = []

    def guarded(number: int) -> None:
        try:
            work(number)
        except Exception as error:
            raised.append(repr(error))

    threads = [threading.Thread(target=guarded, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


def stemmed(vocabulary: Sequence[str]) -> tuple[int, list[str]]:
    """How many stems are wrong when each thread stems the words in an order of its own, and the errors raised."""
    stems: list[dict[str, str]] = [{} for _ in range(THREADS)]

    def work(number: int) -> None:
        for word in random.Random(number).sample(vocabulary, len(vocabulary)):
            stems[number][word] = stem(word)

    raised = at_once(work)
    alone = Stemmer.Stemmer("english")
    right = {word: alone.stemWord(word.casefold().removesuffix("'s").removesuffix("’s")) for word in vocabulary}
    return sum(each[word] != right[word] for each in stems for word in each), raised


def asked_meanwhile(assistant: Assistant, listings: Sequence[str], papers: Sequence[Paper]) -> list[str]:
    """The errors raised when threads ask while listings are ingested; no two ask the same question."""
    assistant.ingest(listings[0])
    ingested = threading.Event()
    questions = [
        f"What is said of {paper.abstract[span.start : span.end][:200]}?"
        for paper in papers
        for span in sentences(paper.abstract)
    ]

    def work(number: int) -> None:
        if number:
            for question in itertools.islice(questions, number, None, THREADS):
                assistant.ask(question)
                if ingested.is_set():
                    break
        else:
            try:
                for listing in listings[1:]:
                    assistant.ingest(listing)
            finally:
                ingested.set()

    return at_once(work)


def main(home: str, listings: Sequence[str]) -> None:
    sys.setswitchinterval(1e-5)  # switch threads in the middle of each step
    papers = [paper for listing in listings for paper in read(Path(listing), source=listing).papers]
    vocabulary = sorted({word for paper in papers for word in words(f"{paper.title} {paper.abstract}")})
    wrong, raised = stemmed(vocabulary)
    with Assistant.open(home=home, embedder=HashEmbedder()) as assistant:
        raised += asked_meanwhile(assistant, listings, papers)
        faults = assistant.doctor()
        count = assistant.status().papers
    report = {"words": len(vocabulary), "wrong": wrong, "raised": raised, "faults": faults, "papers": count}
    print(json.dumps(report))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
