"""An answer in, plain JSON values out."""

from __future__ import annotations

import json

import numpy as np

from assistant.export import as_json
from assistant.records import Answer, Citation, Claim, Decline, Hit, Paper, Passage, Rejection

PAPER = Paper("A Pear", "Pears fall. They fall far. Nobody knows why.", sources=("a.txt",))
PASSAGE = Passage(PAPER.id, PAPER.title, "They fall far. Nobody knows why.", 12)
OTHER = Passage("0123456789abcdef", "A Plum", "Plums stay.", 0)


def answered(*quotes: str) -> Answer:
    citations = tuple(Citation(PASSAGE, quote, 0.5, "checked") for quote in quotes)
    hit = Hit(
        PAPER,
        PASSAGE,
        score=np.float32(1.5),  # type: ignore[arg-type]  # what arithmetic on vectors gives
        relevance=0.75,
        ranks={"bm25": 1, "cosine": None},
        signals={"bm25": np.float64(2.5)},
    )
    return Answer(
        question="why?",
        query="why do pears fall?",
        claims=(
            Claim("Plums stay.", (Citation(OTHER, "Plums stay.", 1.0, "quoted"),)),
            Claim("Far.", citations, "A Pear"),
        ),
        rejections=(Rejection("Pears fly.", "2", "not in the abstract"),),
        hits=(hit,),
        lead="2 papers.",
        kind="list",
        written_by="extractive",
        usage={"input": 3},
        timings={"writing": 0.25},
    )


def test_everything_is_there_and_plain() -> None:
    assert json.loads(json.dumps(as_json(answered("They fall far.")))) == {
        "format": 1,
        "question": "why?",
        "query": "why do pears fall?",
        "kind": "list",
        "answered": True,
        "text": "2 papers.\n\n- Plums stay. [1]\n- A Pear: Far. [2]",
        "titles": ["A Plum", "A Pear"],
        "lead": "2 papers.",
        "claims": [
            {
                "text": "Plums stay.",
                "heading": "",
                "citations": [
                    {
                        "reference": 1,
                        "paper_id": "0123456789abcdef",
                        "title": "A Plum",
                        "quote": "Plums stay.",
                        "start": 0,
                        "support": 1.0,
                        "basis": "quoted",
                    }
                ],
            },
            {
                "text": "Far.",
                "heading": "A Pear",
                "citations": [
                    {
                        "reference": 2,
                        "paper_id": PAPER.id,
                        "title": "A Pear",
                        "quote": "They fall far.",
                        "start": 12,
                        "support": 0.5,
                        "basis": "checked",
                    }
                ],
            },
        ],
        "remark": "",
        "declined": None,
        "rejections": [{"sentence": "Pears fly.", "mark": "2", "reason": "not in the abstract"}],
        "hits": [
            {
                "paper_id": PAPER.id,
                "title": "A Pear",
                "url": "",
                "published": "",
                "sources": ["a.txt"],
                "passage": {"start": 12, "text": "They fall far. Nobody knows why."},
                "score": 1.5,
                "relevance": 0.75,
                "ranks": {"bm25": 1, "cosine": None},
                "signals": {"bm25": 2.5},
            }
        ],
        "written_by": "extractive",
        "wording": "",
        "usage": {"input": 3},
        "timings": {"writing": 0.25},
    }


def test_a_quote_outside_its_passage_is_found_in_the_abstract() -> None:
    citations = as_json(answered("Pears fall. They", "Nobody knows why.", "Not there."))["claims"][1]["citations"]
    assert [c["start"] for c in citations] == [0, PAPER.abstract.index("Nobody"), None]


def test_a_decline_says_why_and_what_came_nearest() -> None:
    declined = as_json(Answer("why?", "why?", declined=Decline("absent", "Nothing here.", ("A Pear",))))
    assert declined["declined"] == {"kind": "absent", "message": "Nothing here.", "nearest": ["A Pear"]}
    assert (declined["answered"], declined["text"], declined["titles"]) == (False, "Nothing here.", [])
