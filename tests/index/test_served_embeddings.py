"""served: papers are encodings by a server's vectors; the former index is used until theirs is whole."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assistant.chain import Assistant
from assistant.core.errors import EmbedderError
from assistant.core.settings import Settings
from assistant.index.served import ServedEmbedder

from ..doubles import HashEmbedder
from ..modelserver import Handler, ModelServer, Step, floods, redirects, refuses, sends
from ..papers import PAIRS, write_listing

QUESTION = "What does PearRank learn from?"


def embeds(vectors: Callable[[Sequence[str]], list[list[float]]] | None = None) -> Step:
    """Reply with vectors of 16 numbers, last text first, or with what is made of the texts."""

    def step(handler: Handler) -> None:
        texts = handler.server.script.asked[-1]["input"]
        made = vectors(texts) if vectors else [[float(len(text)), *[1.0] * 15] for text in texts]
        data: list[dict[str, Any]] = [
            {"object": "embedding", "index": n, "embedding": vector} for n, vector in enumerate(made)
        ]
        handler.head(200, "application/json")
        usage = {"prompt_tokens": 1, "total_tokens": 1}
        handler.write(json.dumps({"object": "list", "data": data[::-1], "model": "e", "usage": usage}).encode())

    return step


def served(url: str) -> ServedEmbedder:
    return ServedEmbedder("e", url=url, key="sk-secret", words=HashEmbedder())


def test_the_vector_is_the_servers_and_the_words_are_the_bundled_ones() -> None:
    with ModelServer(embeds()) as server:
        encodings = served(server.url).encode(["a pear", "two ripe pears"])
        asked = server.asked
    words = HashEmbedder().encode(["a pear", "two ripe pears"])
    assert [one.vector.shape for one in encodings] == [(16,), (16,)]
    assert [round(float(one.vector[0] / one.vector[1])) for one in encodings] == [6, 14]
    assert all(np.linalg.norm(one.vector) == pytest.approx(1) for one in encodings)
    assert all(
        (a.tokens == b.tokens).all() and (a.spans == b.spans).all() for a, b in zip(encodings, words, strict=True)
    )
    assert [(one["model"], one["input"]) for one in asked] == [("e", ["a pear", "two ripe pears"])]


def test_no_texts_are_no_call() -> None:
    assert served("http://127.0.0.1:1/v1").encode([]) == []


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        (refuses(404, "no such model"), "Set ASSISTANT_EMBEDDING_MODEL to a model of that server"),
        (refuses(401, "the key sk-secret is wrong"), "refuses the key"),
        (sends(b"<html>", kind="text/html"), "Embedding failed"),
        (sends(b'{"object": "list", "data": []}', kind="application/json"), "Embedding failed"),
        (embeds(lambda texts: [[1.0]]), "did not give one vector per text"),
        (embeds(lambda texts: [[1.0], [1.0, 2.0]]), "did not give one vector per text"),
    ],
    ids=["no-model", "no-key", "a-page", "empty", "too-few", "uneven"],
)
def test_a_failure_says_what_to_do_and_hides_the_key(step: Step, reason: str) -> None:
    with ModelServer(step) as server, pytest.raises(EmbedderError, match=reason) as caught:
        served(server.url).encode(["a", "b"])
    assert "sk-secret" not in str(caught.value)


def test_texts_are_sent_to_no_other_address() -> None:
    sent_on = pytest.raises(EmbedderError, match=r"redirects to .* Nothing was sent there\.")
    with ModelServer(embeds()) as elsewhere, ModelServer(redirects(elsewhere.url)) as server, sent_on:
        served(server.url).encode(["a", "b"])
    assert (len(server.asked), elsewhere.asked) == (1, [])


def test_no_more_is_read_than_vectors_need() -> None:
    with ModelServer(floods(b"[", b" " * 2**20, times=400)) as server:
        with pytest.raises(EmbedderError, match=r"sends more than the 4,194,304 bytes"):
            served(server.url).encode(["a", "b"])
        assert server.gone.wait(20)
        assert server.sent < 160 * 2**20


def test_the_old_index_is_used_until_the_new_one_is_whole(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with Assistant.open(home, embedder=HashEmbedder()) as opened:
        opened.ingest(write_listing(tmp_path / "a.txt", PAIRS))
        before = opened.ask(QUESTION)
    # One step a request: the first embedding fails, and with it the first repair.
    with ModelServer(refuses(400, "not now"), embeds()) as server:
        chosen = Settings(home=home, model="none", model_url=server.url, embedding_model="e")
        with Assistant.open(settings=chosen, embedder=HashEmbedder()) as opened:
            assert "still that of hash-64" in opened.status().notice
            assert opened.ask(QUESTION).claims == before.claims
            assert server.asked == []
            with pytest.raises(EmbedderError, match="not now"):
                opened.doctor(repair=True)
            assert opened.ask(QUESTION).claims == before.claims
            seen: list[tuple[str, int, int]] = []
            opened.doctor(repair=True, progress=lambda *step: seen.append(step))
            after = opened.ask(QUESTION)
            status = opened.status()
            assert opened.doctor() == []
    _, done, total = [step for step in seen if step[0] == "embedding"][-1]
    assert done == total >= len(PAIRS)
    assert status.notice == ""
    assert status.embedder.startswith(f"e at {server.url}")
    assert server.asked[-1]["input"][0] == QUESTION
    assert after.answered
