"""Requests for the page's files in, files out of memory; the page names them ahead."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator

import httpx
import pytest

from assistant.doors.web.assets import MOST, FileCache, parts

from ..pages import Served, serving
from ..papers import PAIRS


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("assets") / "home", PAIRS[:1]) as page:
        yield page


def test_the_page_lists_the_files_it_needs_and_all_of_them_exist(served: Served) -> None:
    with httpx.Client(base_url=served.url) as client:
        links = re.findall(r"<([^>]+)>; rel=(\w+)", client.get("/").headers["link"])
        named = {path for path, _ in links}
        entry = re.findall(r"\./(assets/index-[\w-]+\.(?:js|css))", client.get("/").text)
        assert {f"/{path}" for path in entry} < named
        assert {"/own/page.js", "/own/papers.js", "/own/adding.js"} < named
        assert len(named) == len(links) > 30
        for path in named:
            response = client.get(path)
            assert response.status_code == 200
            assert path.startswith("/own/") or "immutable" in response.headers["cache-control"]


def test_other_responses_list_no_files_and_are_revalidated(served: Served) -> None:
    with httpx.Client(base_url=served.url) as client:
        for path in ("/healthz", "/own/page.js", "/config"):
            assert "link" not in client.get(path).headers
        assert "immutable" not in client.get("/own/page.js").headers.get("cache-control", "")
        mark = client.get("/own/page.js").headers["etag"]
        assert client.get("/own/page.js", headers={"if-none-match": mark}).status_code == 304


class Files:
    """An application that notes what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def __call__(self, scope: object, receive: object, send: object) -> None:
        assert isinstance(scope, dict)
        assert callable(send)
        self.asked.append(scope["path"])
        status = 404 if "none" in scope["path"] else 200
        await send({"type": "http.response.start", "status": status, "headers": [(b"vary", b"accept-encoding")]})
        await send({"type": "http.response.body", "body": b"one ", "more_body": True})
        await send({"type": "http.response.body", "body": dict(scope["headers"]).get(b"accept-encoding", b"plain")})


def got(cache: FileCache, path: str, **headers: str) -> httpx.Response:
    async def getting() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(cache), base_url="http://here") as client:
            return await client.get(path, headers={"accept-encoding": "identity", **headers})

    return asyncio.run(getting())


def test_a_file_is_fetched_once_for_each_encoding() -> None:
    files = Files()
    cache = FileCache(files, [])
    for encoding in ("identity", "br", "gzip, br", "identity", "br", "gzip, br"):
        assert got(cache, "/assets/x.js", **{"accept-encoding": encoding}).text == f"one {encoding}"
    assert files.asked == ["/assets/x.js"] * 3
    assert got(cache, "/assets/x.js?v=2").text == "one identity"
    assert len(files.asked) == 4


def test_only_whole_files_for_everyone_are_cached() -> None:
    files = Files()
    cache = FileCache(files, [])
    for path in ("/config", "/assets/none.js", "/gradio_api/queue/data"):
        got(cache, path)
        got(cache, path)
    got(cache, "/assets/x.js", range="bytes=0-1")
    got(cache, "/assets/x.js", range="bytes=0-1")
    assert len(files.asked) == 8
    assert got(cache, "/assets/none.js").headers.get("cache-control") is None


def test_the_least_recently_requested_file_makes_room() -> None:
    files = Files()
    cache = FileCache(files, [])
    for number in (*range(MOST), 0, MOST):
        got(cache, f"/assets/{number}.js")
    before = len(files.asked)
    got(cache, "/assets/0.js")
    assert len(files.asked) == before
    got(cache, "/assets/1.js")
    assert len(files.asked) == before + 1


BUNDLE = (
    'm.f=["./A-1.js","./B-2.css","./C-3.js"]),f={html:{base:()=>v(()=>import(`./A-1.js`),__vite__mapDeps([0]),'
    "import.meta.url),component:()=>v(()=>import(`./C-3.js`),__vite__mapDeps([2,1,9]),import.meta.url)},row:{component:"
    "()=>v(()=>import(`./B-2.js`),[],import.meta.url)}}"
)


def test_the_parts_of_a_component_are_read_from_the_bundle() -> None:
    assert parts(BUNDLE, ["html"]) == ["A-1.js", "C-3.js", "B-2.css"]
    assert parts(BUNDLE, ["row"]) == []
    assert parts(BUNDLE, ["column"]) == []
    assert parts("something else", ["html"]) == []
