"""Responses with the policy and cookies, and requests that are refused."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio
import httpx
import pytest
from fastapi import FastAPI
from starlette.routing import Mount

from assistant.core.bounds import BODY, EVENT
from assistant.doors.web.guard import EVENTS, POLICY, policy
from assistant.doors.web.sessions import COOKIE

from ..pages import Served, serving
from ..papers import PAIRS


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("guard") / "home", PAIRS[:2]) as page:
        yield page


@pytest.fixture
def browser(served: Served) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=served.url) as client:
        yield client


def rules(response: httpx.Response) -> dict[str, str]:
    parts = (rule.split(" ", 1) for rule in response.headers["content-security-policy"].split("; "))
    return {name: value for name, value in parts}


PATHS = (
    *("/", "/?talk=x", "/config", "/theme.css", "/own/page.js", "/own/icon.svg", "/favicon.ico", "/healthz"),
    *("/door/knock", "/door"),
    *("/nowhere", "/own/../__init__.py", "/gradio_api/startup-events", "/gradio_api/proxy=http://elsewhere.example"),
    *("/gradio_api/upload", "/upload", "/static/img/logo.svg", "/manifest.json"),
)


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS"])
@pytest.mark.parametrize("path", PATHS)
def test_every_response_has_the_policy(browser: httpx.Client, path: str, method: str) -> None:
    response = browser.request(method, path)
    policy_rules = rules(response)
    assert policy_rules.keys() == POLICY.keys()
    assert policy_rules["default-src"] == "'none'"
    assert {name: value for name, value in policy_rules.items() if name != "script-src"} == {
        name: value for name, value in POLICY.items() if name != "script-src"
    }
    assert "'unsafe-inline'" not in policy_rules["script-src"]
    assert not re.search(r"\*|https?:", response.headers["content-security-policy"])
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["referrer-policy"] == "same-origin"


def test_the_page_may_run_its_own_inline_scripts_and_no_others(browser: httpx.Client) -> None:
    page = browser.get("/")
    inline = re.findall(r"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", page.text, re.S)
    hashes = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in inline]
    allowed = rules(page)["script-src"].split()
    assert len(inline) >= 3
    assert set(allowed) == {"'self'", "'unsafe-eval'", *(f"'sha256-{digest}'" for digest in hashes)}
    assert rules(browser.get("/config"))["script-src"] == "'self' 'unsafe-eval'"


def test_the_policy_lists_the_hash_of_a_script_once() -> None:
    digest = base64.b64encode(hashlib.sha256(b"a()").digest()).decode()
    assert f"script-src 'self' 'unsafe-eval' 'sha256-{digest}';" in policy([b"a()", b"a()"])
    assert policy([b"a()", b"a()"]).count("sha256") == 1


def test_a_browser_gets_one_secret_that_no_script_can_read(browser: httpx.Client) -> None:
    given = browser.get("/").headers["set-cookie"]
    name, value, *rest = re.split(r"=|; ", given)
    assert (name, len(value)) == (COOKIE, 43)
    assert {"HttpOnly", "SameSite"} <= set(rest)
    assert "Lax" in rest
    assert "Secure" not in rest
    assert "set-cookie" not in browser.get("/").headers
    assert "set-cookie" not in browser.get("/healthz").headers


def test_an_invented_secret_is_replaced(browser: httpx.Client) -> None:
    assert COOKIE in browser.get("/", headers={"cookie": f"{COOKIE}=me"}).headers["set-cookie"]


def test_other_sites_can_read_nothing(browser: httpx.Client) -> None:
    for path in ("/", "/config", "/gradio_api/queue/data?session_hash=x"):
        headers = {"origin": "http://elsewhere.example"}
        with browser.stream("GET", path, headers=headers) as response:
            assert not [name for name in response.headers if name.startswith("access-control-allow-origin")]


USED_BY_THE_PAGE = {
    *(("GET", path) for path in ("/", "/config", "/theme.css", "/favicon.ico", "/robots.txt")),
    *(("GET", path) for path in ("/assets/{path:path}", "/static/{path:path}")),
    *(("GET", f"/gradio_api/{path}") for path in ("app_id", "heartbeat/{session_hash}", "queue/data")),
    *(("POST", f"/gradio_api/{path}") for path in ("queue/join", "cancel", "reset")),
    ("HEAD", "/"),
}
"""Gradio's routes that the page uses; the browser tests need no others."""


def offered() -> set[tuple[str, str]]:
    """The method and path of every route of the installed Gradio, with all of its options on."""

    async def made() -> FastAPI:  # on a loop: without one Gradio makes some and leaves them open
        with gradio.Blocks() as blocks:
            gradio.HTML("")
        app = FastAPI()
        gradio.mount_gradio_app(app, blocks, path="/", run_history=True, enable_monitoring=True, pwa=True)
        return app

    app = asyncio.run(made())
    (mounted,) = (route for route in app.routes if isinstance(route, Mount))
    routes: list[Any] = []
    for route in mounted.routes:
        included = getattr(route, "effective_route_contexts", None)
        routes += included() if included else [route]
    return {(method, route.path) for route in routes for method in route.methods}


def test_all_of_gradios_routes_that_the_page_does_not_use_are_blocked(browser: httpx.Client) -> None:
    routes = offered()
    assert len(routes) > 70
    assert routes >= USED_BY_THE_PAGE
    unused = {(method, re.sub(r"\{.*?\}", "x", path)) for method, path in routes - USED_BY_THE_PAGE}
    assert {path for method, path in unused if browser.request(method, path).status_code != 404} == set()
    assert browser.post("/gradio_api/process_recording", files={"file": b"x"}).status_code == 404


def test_a_body_is_no_longer_than_an_event(browser: httpx.Client) -> None:
    browser.get("/")
    for path, size in (("/gradio_api/queue/join", EVENT), ("/gradio_api/cancel", BODY)):
        try:
            status = browser.post(path, content=b" " * (size + 1)).status_code
        except (httpx.ReadError, httpx.WriteError):
            status = 413  # the server hung up while the rest was being sent, before its answer could be read
        assert status == 413
    assert browser.get("/healthz").status_code == 200


def test_a_session_hash_that_is_too_long_is_refused(browser: httpx.Client) -> None:
    browser.get("/")
    assert browser.get(f"/gradio_api/queue/data?session_hash={'x' * 65}").status_code == 404


def test_the_events_of_one_browser_are_limited_and_others_go_on(served: Served) -> None:
    def sent(browser: httpx.Client) -> int:
        return browser.post("/gradio_api/cancel", json={}).status_code

    with httpx.Client(base_url=served.url) as one, httpx.Client(base_url=served.url) as other:
        one.get("/")
        other.get("/")
        assert 429 not in {sent(one) for _ in range(EVENTS)}
        assert 429 in {sent(one) for _ in range(EVENTS)}  # some become free again meanwhile
        assert one.get("/healthz").status_code == 200
        assert sent(other) != 429


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://127.0.0.1:1"}, 403),
        ({"origin": "http://evil.example", "sec-fetch-site": "same-origin"}, 404),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({}, 404),
    ],
)
def test_pages_of_other_sites_can_send_nothing_from_any_browser(
    browser: httpx.Client, headers: dict[str, str], status: int
) -> None:
    assert browser.post("/nowhere", headers=headers).status_code == status


def test_the_pages_own_scripts_and_forms_can_send(served: Served, browser: httpx.Client) -> None:
    assert browser.post("/nowhere", headers={"origin": served.url}).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/proxy=http://elsewhere.example",
        "/gradio_api/deep_link?session_hash=x",
        "/gradio_api/runs",
        "/gradio_api/run/ask",
        "/gradio_api/api/ask",
        "/gradio_api/call/ask",
        "/gradio_api/info",
        "/gradio_api/openapi.json",
        "/gradio_api/mcp/sse",
        "/gradio_api/upload",
        "/monitoring",
        "/docs",
        "/openapi.json",
    ],
)
def test_paths_that_the_page_does_not_use_are_blocked(browser: httpx.Client, path: str) -> None:
    for method in ("GET", "POST"):
        assert browser.request(method, path).status_code in (404, 405)


def test_files_of_the_machine_are_not_served(browser: httpx.Client) -> None:
    for path in ("/etc/passwd", str(Path(__file__)), "../../etc/passwd"):
        assert browser.get(f"/gradio_api/file={path}").status_code in (403, 404)


def test_only_its_own_browser_gets_the_updates_of_a_page(served: Served, browser: httpx.Client) -> None:
    browser.get("/")
    with browser.stream("GET", "/gradio_api/heartbeat/mine") as mine:
        assert mine.status_code == 200
    with httpx.Client(base_url=served.url) as other:
        other.get("/")
        for path in ("/gradio_api/heartbeat/mine", "/gradio_api/queue/data?session_hash=mine"):
            assert other.get(path).status_code == 404
    with browser.stream("GET", "/gradio_api/heartbeat/mine") as mine:
        assert mine.status_code == 200


def test_only_browsers_with_a_secret_can_upload_files(browser: httpx.Client) -> None:
    address = "/upload?batch=b&name=march.txt"
    assert browser.put(address, content=b"x").status_code == 403
    browser.get("/")
    assert browser.put(address, content=b"x").status_code == 200


def test_the_health_check_answers(browser: httpx.Client) -> None:
    assert browser.get("/healthz").json() == {"status": "ok"}


def test_another_door_is_served_beside_the_page(browser: httpx.Client) -> None:
    assert browser.get("/door/knock").json() == {"who": "is there"}
