"""api: JSON and events for programs, problem details for every error, and who may do what."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import threading
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from fastapi import FastAPI
from starlette.routing import Mount

from assistant.answer.writing import ExtractiveWriter
from assistant.chain import Assistant
from assistant.core.bounds import BODY, DRAFT, DRAFT_BODY, UPLOAD
from assistant.core.export import as_json, draft_as_json, from_json
from assistant.core.records import STARTING_OVER, Answer, Event, Hit, Rejection, Sentence
from assistant.core.settings import Settings
from assistant.doors import api
from assistant.doors.api.metrics import Metrics
from assistant.doors.api.questions import answer_events
from assistant.people.accounts import Accounts, Right
from assistant.question.understanding import Asked
from assistant.service.answering import Answering
from assistant.service.doorkeeper import Doorkeeper

from ..live import Live, client, made, opened
from ..pages import HeldWriter
from ..papers import PAIRS
from ..references import bibtex, references

QUESTION = "What does PearRank learn from?"
PEAR = PAIRS[0][0]
Scene = Callable[[httpx.AsyncClient], Coroutine[Any, Any, None]]


@pytest.fixture
def assistant(home: Path) -> Iterator[Assistant]:
    with opened(home) as one:
        yield one


def play_scene(
    assistant: Assistant, scene: Scene, *, address: str = "127.0.0.1", keys_needed: str = "elsewhere"
) -> None:
    """A scene between the interface and a client at an address."""

    async def play(app: FastAPI) -> None:
        async with client(app, address=address) as calling:
            await scene(calling)

    with made(assistant, keys_needed=keys_needed) as app:
        asyncio.run(play(app))


def got(assistant: Assistant, method: str, path: str, *, address: str = "127.0.0.1", **more: Any) -> httpx.Response:
    """The response to one request."""
    kept: list[httpx.Response] = []

    async def scene(calling: httpx.AsyncClient) -> None:
        kept.append(await calling.request(method, path, **more))

    play_scene(assistant, scene, address=address)
    return kept[0]


def ask(assistant: Assistant, question: str = QUESTION, **more: Any) -> httpx.Response:
    return got(assistant, "POST", "/api/ask", json={"question": question, **more})


def key(home: Path, name: str = "bot", rights: Right = "ask", per_minute: int = 60) -> dict[str, str]:
    with closing(Accounts(home)) as accounts:
        return {"authorization": f"Bearer {accounts.add_key(name, rights=rights, per_minute=per_minute)}"}


def events(text: str) -> list[tuple[str, dict[str, Any]]]:
    """The events of a stream: names and data."""
    pairs = re.findall(r"^event: (\w+)\ndata: (.*)$", text, re.M)
    return [(name, json.loads(data)) for name, data in pairs]


def problem(response: httpx.Response, status: int) -> dict[str, Any]:
    """The problem details that a response consists of."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    details: dict[str, Any] = response.json()
    assert details["status"] == status
    assert details["title"]
    return details


# -- questions


def test_an_answer_equals_that_of_python_and_can_be_read_back(assistant: Assistant) -> None:
    done = ask(assistant)
    given, asked = done.json(), assistant.ask(QUESTION)
    added: dict[str, Any] = {"timings": {}, "conversation": "", "turn": None, "references": ""}
    assert {**given, "timings": {}} == {**as_json(asked), **added}
    assert from_json(given).titles == asked.titles == (PEAR,)


def test_a_question_can_be_limited_to_some_papers(assistant: Assistant) -> None:
    body = {"question": "Which papers are there?", "papers": [PEAR]}
    given = got(assistant, "POST", "/api/ask", json=body).json()
    assert [hit["title"] for hit in given["hits"]] == [PEAR]
    problem(got(assistant, "POST", "/api/ask", json={**body, "papers": ["No Such Paper"]}), 404)


@pytest.mark.parametrize("how", [{"stream": True}, {}])
def test_a_stream_has_stages_then_claims_then_the_same_answer(assistant: Assistant, how: dict[str, bool]) -> None:
    headers = {} if how else {"accept": "text/event-stream"}
    done = got(assistant, "POST", "/api/ask", json={"question": QUESTION, **how}, headers=headers)
    assert done.headers["content-type"].startswith("text/event-stream")
    assert done.headers["cache-control"] == "no-store"
    named = events(done.text)
    names = [name for name, _ in named]
    asked = as_json(assistant.ask(QUESTION))
    assert names == ["stage"] * 3 + ["claim"] * len(asked["claims"]) + ["answer"]
    assert [data["text"] for name, data in named if name == "claim"] == [claim["text"] for claim in asked["claims"]]
    assert [data["citations"][0]["reference"] for name, data in named if name == "claim"] == [1] * names.count("claim")
    assert named[-1][1]["text"] == asked["text"]


def test_a_stream_says_when_claims_are_withdrawn() -> None:
    answer = from_json(as_json(Answer("", "")))

    async def others() -> AsyncGenerator[Event, None]:
        yield Event("answered", answer=answer)

    async def finish(_: Answer) -> dict[str, Any]:
        return {}

    async def parts() -> list[str]:
        return [part.encode().decode() async for part in answer_events(Event(STARTING_OVER), others(), finish)]

    withdrawn, answered = asyncio.run(parts())
    assert withdrawn.splitlines()[0] == "event: withdrawn"
    assert answered.splitlines()[0] == "event: answer"


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ({"question": "?!"}, "The question has no words."),
        ({"question": "x" * 4001}, "body.question: String should have at most 4000 characters"),
        ({"question": ""}, "body.question: String should have at least 1 character"),
        ({}, "body.question: Field required"),
        ({"question": "a", "temperature": 1}, "body.temperature: Extra inputs are not permitted"),
        ({"question": "a", "papers": ["x"] * 101}, "body.papers"),
    ],
)
def test_an_invalid_question_is_a_problem_before_any_event(
    assistant: Assistant, body: dict[str, Any], detail: str, stream: bool
) -> None:
    assert detail in problem(got(assistant, "POST", "/api/ask", json={**body, "stream": stream}), 422)["detail"]


def test_a_problem_does_not_repeat_what_was_sent(assistant: Assistant) -> None:
    done = got(assistant, "POST", "/api/ask", json={"question": {"my": "hunter2"}, "hunter3": 1})
    assert "hunter2" not in problem(done, 422)["detail"]


@pytest.mark.parametrize("body", [b"{", b"", b"\xff", b"[" * 100_000, b'{"question": "\\ud800 a"}'])
def test_malformed_json_is_a_problem(assistant: Assistant, body: bytes) -> None:
    done = got(assistant, "POST", "/api/ask", content=body, headers={"content-type": "application/json"})
    assert done.status_code in (400, 422)
    assert problem(done, done.status_code)["detail"]


class Broken(ExtractiveWriter):
    """A writer that raises an unexpected error after its first sentence."""

    def write(self, asked: Asked, hits: Sequence[Hit], amiss: Sequence[Rejection] = ()) -> Iterator[Sentence]:
        yield next(iter(super().write(asked, hits)))
        raise RuntimeError("a secret of the machine")


@pytest.mark.parametrize("path", ["/api/ask", "/v1/chat/completions"])
@pytest.mark.parametrize("stream", [False, True])
def test_an_internal_error_gives_an_id_and_reveals_nothing(
    home: Path, caplog: pytest.LogCaptureFixture, path: str, stream: bool
) -> None:
    body = {"question": QUESTION, "model": "papers", "messages": [{"role": "user", "content": QUESTION}]}
    fields = ("question",) if path == "/api/ask" else ("model", "messages")
    with opened(home, Broken()) as assistant:
        done = got(assistant, "POST", path, json={name: body[name] for name in fields} | {"stream": stream})
    assert "secret" not in done.text
    if stream:
        assert re.search(r"Something failed here", done.text.strip().splitlines()[-1])
    else:
        assert problem(done, 500)["error"]
    assert re.search(r"a request failed, error [0-9a-f]{8}", "\n".join(caplog.messages))


# -- a dropped connection


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("path", ["/api/ask", "/v1/chat/completions"])
def test_a_dropped_connection_stops_the_work(home: Path, path: str, stream: bool) -> None:
    writer = HeldWriter()
    question = "What does PearRank learn from, slowly?"
    body: dict[str, Any] = {"model": "papers", "messages": [{"role": "user", "content": question}]}
    body = {"question": question} if path == "/api/ask" else body
    with opened(home, writer) as assistant:
        watched = Watched(assistant)
        line = Answering(cast(Assistant, watched))
        with made(assistant, line) as app, Live(app) as live:
            _hang_up(live.url, path, body | {"stream": stream}, writer)
            for _ in range(400):
                if not line.waiting:
                    break
                watched.closed.wait(0.05)
            assert line.waiting == 0
            writer.released.set()
            assert watched.closed.wait(20)
    assert not watched.finished


class Watched:
    """An assistant that records whether an answer was finished or abandoned."""

    def __init__(self, assistant: Assistant) -> None:
        self._assistant = assistant
        self.closed, self.finished = threading.Event(), False

    def stream(self, question: str, turns: Any = (), *, papers: Any = (), where: Any = None) -> Iterator[Event]:
        try:
            yield from self._assistant.stream(question, turns, papers=papers)
            self.finished = True
        finally:
            self.closed.set()


def _hang_up(url: str, path: str, body: dict[str, Any], writer: HeldWriter) -> None:
    """Ask, and hang up while the answer is being written."""
    request = httpx.Request("POST", url + path, json=body)
    head = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
    with socket.create_connection((request.url.host, request.url.port or 80)) as connection:
        connection.sendall(f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + request.read())
        assert writer.holding.wait(20)


# -- who may do what


def test_other_machines_need_a_key_for_everything_but_the_health_checks(assistant: Assistant, home: Path) -> None:
    described = got(assistant, "GET", "/api/openapi.json").json()["paths"]
    headers = key(home)

    async def scene(calling: httpx.AsyncClient) -> None:
        for path, operations in described.items():
            for method in operations:
                done = await calling.request(method, path)
                assert done.status_code == (200 if path in ("/healthz", "/readyz") else 401), (method, path)
        assert (await calling.get("/api/papers", headers=headers)).status_code == 200
        assert (await calling.post("/api/ask", json={"question": QUESTION}, headers=headers)).status_code == 200

    play_scene(assistant, scene, address="10.0.0.7")


def test_a_key_without_the_right_cannot_change_papers(assistant: Assistant, home: Path) -> None:
    async def scene(calling: httpx.AsyncClient) -> None:
        calling.headers.update(key(home))
        refusal = problem(await calling.delete(f"/api/papers/{PEAR}"), 403)
        assert "--rights write" in refusal["detail"]
        problem(await calling.post("/api/papers", files={"file": ("a.txt", b"")}), 403)
        calling.headers.update(key(home, "writer", "write"))
        assert (await calling.delete(f"/api/papers/{PEAR}")).json()["removed"] == 1

    play_scene(assistant, scene, address="10.0.0.7")


def test_a_key_has_a_limit_of_questions_a_minute(assistant: Assistant, home: Path) -> None:
    async def scene(calling: httpx.AsyncClient) -> None:
        calling.headers.update(key(home, per_minute=1))
        assert (await calling.get("/api/search", params={"question": QUESTION})).status_code == 200
        refused = await calling.post("/api/ask", json={"question": QUESTION})
        assert "1 questions a minute" in problem(refused, 429)["detail"]
        assert 0 < int(refused.headers["retry-after"]) <= 60

    play_scene(assistant, scene)


def test_this_machine_needs_a_key_if_keys_are_always_needed(assistant: Assistant) -> None:
    async def scene(calling: httpx.AsyncClient) -> None:
        refused = await calling.get("/api/papers")
        problem(refused, 401)
        assert refused.headers["www-authenticate"].startswith("Bearer")

    play_scene(assistant, scene, keys_needed="always")


# -- papers


def test_papers_can_be_listed_searched_and_read(assistant: Assistant) -> None:
    async def scene(calling: httpx.AsyncClient) -> None:
        every = (await calling.get("/api/papers")).json()
        assert every["total"] == len(PAIRS) == len(every["papers"])
        some = (await calling.get("/api/papers", params={"limit": 2, "offset": 1})).json()
        assert (some["total"], some["papers"]) == (len(PAIRS), every["papers"][1:3])
        matching = (await calling.get("/api/papers", params={"words": "PearRank weak labels"})).json()["papers"]
        assert matching[0]["title"] == PEAR
        for name in (PEAR, matching[0]["id"]):
            assert (await calling.get(f"/api/papers/{name}")).json() == matching[0]
        assert matching[0]["abstract"] == PAIRS[0][1]
        problem(await calling.get("/api/papers", params={"listing": "none"}), 404)
        problem(await calling.get("/api/papers", params={"since": "soon"}), 422)
        problem(await calling.get("/api/papers/none"), 404)

    play_scene(assistant, scene)


ABSTRACT = "We present FigTree, a method that grows figs by gradient descent. FigTree is twice as fast as rain."


def test_unknown_parameters_are_refused_and_reversed_days_find_nothing(assistant: Assistant) -> None:
    for path in ("/api/papers?sinse=2025", "/api/search?question=pears&limt=3", "/api/conversations?page=2"):
        assert "Extra inputs are not permitted" in problem(got(assistant, "GET", path), 422)["detail"]
    nothing = got(assistant, "GET", "/api/papers?since=2025-03-02&until=2025-03-01")
    assert (nothing.status_code, nothing.json()) == (200, {"total": 0, "papers": [], "references": ""})


def test_a_listing_can_be_uploaded_and_its_paper_removed(assistant: Assistant) -> None:
    def listing(abstract: str) -> dict[str, tuple[str, bytes]]:
        return {"file": ("../figs.txt", f"FigTree: Growing Figs Fast\n\n{abstract}\n".encode())}

    async def scene(calling: httpx.AsyncClient) -> None:
        done = (await calling.post("/api/papers", files=listing(ABSTRACT))).json()
        assert (done["added"], done["rejects"]) == (1, [])
        assert (await calling.post("/api/papers", files=listing(ABSTRACT))).json()["unchanged"] == 1
        changed = (await calling.post("/api/papers", files=listing(ABSTRACT.replace("twice", "thrice")))).json()
        assert changed["updated"] == 1
        asked = (await calling.post("/api/ask", json={"question": "How fast is FigTree?"})).json()
        assert asked["titles"] == ["FigTree: Growing Figs Fast"]
        assert "thrice" in asked["text"]
        listed = (await calling.get("/api/papers", params={"listing": "figs.txt"})).json()
        assert listed["total"] == 1
        assert (await calling.delete(f"/api/papers/{listed['papers'][0]['id']}")).json()["removed"] == 1
        problem(await calling.delete("/api/papers/FigTree: Growing Figs Fast"), 404)

    play_scene(assistant, scene)


def test_a_bibliographic_file_is_read_by_its_content(assistant: Assistant) -> None:
    before = len(assistant.papers())
    done = got(assistant, "POST", "/api/papers", files={"file": ("a.txt", bibtex(references(100)).encode())}).json()
    assert (done["added"], len(assistant.papers()), done["rejects"]) == (100, before + 100, [])
    assert assistant.paper("Kite 7: Strings of Silk for Garçons and Gardeners").authors == ("Ivy 7 Moss", "Örs Çelik")


@pytest.mark.parametrize("name", ["", "..", "/", "a" * 300, "a\x00b", "\n", "./.hidden"])
def test_odd_file_names_do_no_harm(assistant: Assistant, name: str) -> None:
    done = got(assistant, "POST", "/api/papers", files={"file": (name or "x", b"A title alone\n")})
    assert done.status_code in (200, 422)
    if done.status_code == 200:
        assert done.json()["added"] == 0


def test_rejected_records_are_listed_with_reasons(assistant: Assistant) -> None:
    done = got(assistant, "POST", "/api/papers", files={"file": ("bad.txt", b"\xff\xfe\n")}).json()
    assert done["added"] == 0
    assert done["rejects"][0]["source"] == "bad.txt"
    assert done["rejects"][0]["reason"]


def test_a_sentence_is_checked_against_a_paper(assistant: Assistant) -> None:
    async def scene(calling: httpx.AsyncClient) -> None:
        claim = {"sentence": "PearRank learns from weak labels alone.", "paper": PEAR}
        verdict = (await calling.post("/api/check", json=claim)).json()
        expected = assistant.check(claim["sentence"], PEAR)
        assert (verdict["supported"], verdict["quote"], verdict["title"]) == (expected.supported, expected.quote, PEAR)
        wrong = (await calling.post("/api/check", json={**claim, "sentence": "PearRank gains 9.5 points."})).json()
        assert not wrong["supported"]
        assert wrong["reasons"]

    play_scene(assistant, scene)


def test_a_draft_is_checked(assistant: Assistant) -> None:
    draft = f"PearRank gains 9.5 points [1].\n\n## References\n[1] {PEAR}."
    report = got(assistant, "POST", "/api/check-draft", json={"draft": draft}).json()
    assert report == draft_as_json(assistant.check_draft(draft))
    assert (report["passed"], report["sentences"][0]["standing"]) == (False, "not supported")
    keyed = {"draft": "PearRank gains 9.5 points [@a].", "bibliography": f"@misc{{a, title={{{PEAR}}}}}"}
    assert got(assistant, "POST", "/api/check-draft", json=keyed).json()["missing"] == []


def test_a_draft_that_is_too_long_is_refused(assistant: Assistant) -> None:
    for draft, status in (("a " * DRAFT, 422), ("a" * (DRAFT_BODY + 1), 413)):
        assert got(assistant, "POST", "/api/check-draft", json={"draft": draft}).status_code == status


def test_a_search_finds_papers_without_answering(assistant: Assistant) -> None:
    result = got(assistant, "GET", "/api/search", params={"question": QUESTION, "limit": 3}).json()
    assert [hit["title"] for hit in result["hits"]] == [hit.paper.title for hit in assistant.search(QUESTION)[:3]]
    assert "text" not in result


# -- conversations


def test_a_conversation_is_kept_listed_renamed_and_deleted(assistant: Assistant) -> None:
    async def scene(calling: httpx.AsyncClient) -> None:
        begun = await calling.post("/api/conversations", json={})
        assert begun.status_code == 201
        place = f"/api/conversations/{begun.json()['id']}"
        one, two = [
            (await calling.post("/api/ask", json={"question": question, "conversation": begun.json()["id"]})).json()
            for question in (QUESTION, "and what does it gain?")
        ]
        assert (one["turn"], two["turn"], two["titles"]) == (1, 2, [PEAR])
        assert PEAR in two["query"]
        whole = (await calling.get(place)).json()
        assert [turn["question"] for turn in whole["turns"]] == [QUESTION, "and what does it gain?"]
        assert [turn["number"] for turn in (await calling.get(place, params={"limit": 1})).json()["turns"]] == [2]
        (listed,) = (await calling.get("/api/conversations")).json()["conversations"]
        assert (listed["title"], listed["length"]) == (QUESTION, 2)
        assert (await calling.patch(place, json={"title": "Pears"})).json()["title"] == "Pears"
        assert (await calling.delete(place)).status_code == 204
        problem(await calling.get(place), 404)

    play_scene(assistant, scene)


def test_a_streamed_answer_is_kept_too(assistant: Assistant) -> None:
    async def scene(calling: httpx.AsyncClient) -> None:
        id_ = (await calling.post("/api/conversations", json={})).json()["id"]
        done = await calling.post("/api/ask", json={"question": QUESTION, "conversation": id_, "stream": True})
        assert (events(done.text)[-1][1]["turn"], events(done.text)[-1][1]["conversation"]) == (1, id_)

    play_scene(assistant, scene)


def test_a_key_cannot_see_the_conversations_of_another(assistant: Assistant, home: Path) -> None:
    async def scene(calling: httpx.AsyncClient) -> None:
        one, other = key(home), key(home, "other")
        id_ = (await calling.post("/api/conversations", json={}, headers=one)).json()["id"]
        assert (await calling.get(f"/api/conversations/{id_}", headers=one)).status_code == 200
        for method in ("GET", "DELETE"):
            problem(await calling.request(method, f"/api/conversations/{id_}", headers=other), 404)
        problem(await calling.patch(f"/api/conversations/{id_}", json={}, headers=other), 404)
        body = {"question": QUESTION, "conversation": id_}
        problem(await calling.post("/api/ask", json=body, headers=other), 404)
        assert (await calling.get("/api/conversations", headers=other)).json() == {"conversations": []}

    play_scene(assistant, scene)


# -- problems, sizes, description


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api", 404),
        ("GET", "/api/", 404),
        ("GET", "/api/nothing/here", 404),
        ("POST", "/v1/nothing", 404),
        ("GET", "/v1", 404),
        ("GET", "/api/ask", 405),
        ("PUT", "/api/papers", 405),
        ("GET", "/v1/chat/completions", 405),
        ("POST", "/metrics", 405),
        ("NONSENSE", "/api/ask", 405),
    ],
)
def test_unknown_paths_and_methods_are_problems(assistant: Assistant, method: str, path: str, status: int) -> None:
    done = got(assistant, method, path)
    assert problem(done, status)["detail"]
    assert ("allow" in done.headers) == (status == 405)


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/api/ask", "POST"),
        ("/api/papers", "GET, POST"),
        ("/api/papers/a/b", "GET, DELETE"),
        ("/api/conversations", "GET, POST"),
        ("/api/conversations/x", "GET, PATCH, DELETE"),
        ("/v1/models/papers", "GET"),
        ("/healthz", "GET"),
    ],
)
def test_a_wrong_method_gets_a_list_of_the_right_ones(assistant: Assistant, path: str, methods: str) -> None:
    assert got(assistant, "PUT", path).headers["allow"] == methods


def test_a_number_is_not_a_boolean(assistant: Assistant) -> None:
    fault = problem(ask(assistant, stream=0), 422)["errors"][0]
    assert fault == {"at": "body.stream", "detail": "Input should be a valid boolean"}


FORM = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'


@pytest.mark.parametrize(
    ("path", "most"), [("/api/ask", BODY), ("/v1/chat/completions", BODY), ("/api/papers", UPLOAD)]
)
def test_a_body_that_is_too_long_is_refused_however_it_is_sent(assistant: Assistant, path: str, most: int) -> None:
    taken = 0

    async def chunks() -> Any:
        nonlocal taken
        while taken < 3 * most:
            yield b" " * 64 * 1024 if taken or path != "/api/papers" else FORM + b" " * 64 * 1024
            taken += 64 * 1024

    async def scene(calling: httpx.AsyncClient) -> None:
        kind = "multipart/form-data; boundary=x" if most == UPLOAD else "application/json"
        announced = {"content-length": str(most + 1), "content-type": kind}
        problem(await calling.post(path, content=b"{}", headers=announced), 413)
        refused = await calling.post(path, content=chunks(), headers={"content-type": kind})
        assert f"longer than {most // 1024:,} kB" in problem(refused, 413)["detail"]
        assert taken <= most + 128 * 1024

    play_scene(assistant, scene)


def test_the_description_has_an_example_of_every_body_and_loads_nothing(assistant: Assistant) -> None:
    described = got(assistant, "GET", "/api/openapi.json").json()
    schemas = described["components"]["schemas"]
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            assert operation["summary"] and operation["description"], (method, path)
            body = operation.get("requestBody", {}).get("content", {}).get("application/json")
            assert not body or schemas[body["schema"]["$ref"].rpartition("/")[2]]["examples"], (method, path)
    shown = got(assistant, "GET", "/api/docs").text
    assert all(f"{method.upper()} {path}" in shown for path, some in described["paths"].items() for method in some)
    assert "What is SemantiCodec?" in shown
    assert set(re.findall(r"(?:href|src|action)=['\"]([^'\"]*)", shown)) == {"/api/openapi.json"}
    assert "<script" not in shown


def test_the_health_checks_say_whether_it_runs_and_is_ready(assistant: Assistant) -> None:
    assert got(assistant, "GET", "/healthz", address="10.0.0.7").json() == {"status": "ok"}
    assert got(assistant, "GET", "/readyz", address="10.0.0.7").json() == {"status": "ready"}


def test_while_papers_are_indexed_it_is_not_ready(assistant: Assistant, monkeypatch: pytest.MonkeyPatch) -> None:
    import dataclasses

    status = dataclasses.replace(assistant.status(), indexed_revision=0)
    monkeypatch.setattr(assistant, "status", lambda: status)
    done = got(assistant, "GET", "/readyz")
    assert (done.status_code, done.json()) == (503, {"status": "indexing"})


def test_the_metrics_count_answers_and_requests_and_name_nobody(assistant: Assistant) -> None:
    async def scene(calling: httpx.AsyncClient) -> None:
        for question in (QUESTION, QUESTION, "Who won the cricket world cup?"):
            await calling.post("/api/ask", json={"question": question})
        await calling.get("/api/papers/secret-name")
        await calling.get("/api/unheard-of")
        await calling.request("BREW", "/api/ask")
        numbers = (await calling.get("/metrics")).text
        assert 'assistant_answers_total{outcome="answered"} 2.0' in numbers
        assert re.search(r'assistant_answers_total\{outcome="[a-z-]+"\} 1.0', numbers)
        assert 'assistant_request_seconds_count{method="POST",route="/api/ask",status="200"} 3.0' in numbers
        assert f"assistant_papers {len(PAIRS)}.0" in numbers
        assert "process_resident_memory_bytes" in numbers
        assert not re.search("secret-name|unheard-of|BREW|PearRank", numbers)

    play_scene(assistant, scene)


def test_the_metrics_count_what_language_models_used_and_each_stage() -> None:
    counted = Metrics(papers=lambda: 0, waiting=lambda: 0)
    usage, timings = {"calls": 2, "prompt_tokens": 700, "completion_tokens": 30}, {"retrieval": 0.02, "writing": 2.0}
    for cost in (0.25, None):
        counted.answer(Answer("q", "q", usage=usage, cost=cost, timings=timings))
    numbers = counted.shown().decode()
    assert 'assistant_model_tokens_total{kind="prompt"} 1400.0' in numbers
    assert 'assistant_model_tokens_total{kind="completion"} 60.0' in numbers
    assert "assistant_model_cost_dollars_total 0.25" in numbers
    assert 'assistant_stage_seconds_count{stage="writing"} 2.0' in numbers
    assert 'assistant_stage_seconds_sum{stage="writing"} 4.0' in numbers


def test_beside_other_routes_it_answers_only_its_own_paths(assistant: Assistant, home: Path) -> None:
    async def scene(app: FastAPI) -> None:
        async with client(app) as calling:
            problem(await calling.get("/api/nothing"), 404)
            assert (await calling.put("/api/papers")).headers["allow"] == "GET, POST"
            assert (await calling.post("/api/ask", json={"question": QUESTION})).json()["titles"] == [PEAR]
            assert (await calling.get("/apiary")).json() == {"detail": "Not Found"}

    with closing(Answering(assistant)) as line, closing(Doorkeeper(home)) as doorkeeper:
        app = FastAPI()
        app.include_router(api.router(assistant, line, doorkeeper, Settings(home=home)))
        app.routes.append(Mount("/", FastAPI()))
        asyncio.run(scene(app))


STRANGER = "10.0.0.7"


def test_strangers_get_only_the_health_checks(assistant: Assistant) -> None:
    described = got(assistant, "GET", "/api/openapi.json").json()["paths"]
    asked = [
        (method.upper(), path.replace("{", "").replace("}", "")) for path in described for method in described[path]
    ]
    more = [("GET", "/api/openapi.json"), ("GET", "/api/docs"), ("GET", "/api/nothing"), ("BREW", "/api/ask")]

    async def scene(calling: httpx.AsyncClient) -> None:
        answered = [each for each in (*asked, *more) if (await calling.request(*each)).status_code != 401]
        assert answered == [("GET", "/healthz"), ("GET", "/readyz")]

    play_scene(assistant, scene, address=STRANGER)


def test_uploads_of_strangers_are_not_read(assistant: Assistant) -> None:
    taken = 0

    async def chunks() -> Any:
        nonlocal taken
        for _ in range(100):
            taken += 64 * 1024
            yield b" " * 64 * 1024

    async def scene(calling: httpx.AsyncClient) -> None:
        kind = {"content-type": "multipart/form-data; boundary=x"}
        problem(await calling.post("/api/papers", content=chunks(), headers=kind), 401)

    play_scene(assistant, scene, address=STRANGER)
    assert taken == 0
