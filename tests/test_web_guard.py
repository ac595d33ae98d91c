"""Requests in, responses out: the policy on every one, cookies, and what is shut."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from assistant.web.guard import POLICY, policy
from assistant.web.sessions import COOKIE

from .pages import Served, serving
from .papers import PAIRS


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
def test_every_response_bears_the_policy(browser: httpx.Client, path: str, method: str) -> None:
    response = browser.request(method, path)
    told = rules(response)
    assert told.keys() == POLICY.keys()
    assert told["default-src"] == "'none'"
    assert {name: value for name, value in told.items() if name != "script-src"} == {
        name: value for name, value in POLICY.items() if name != "script-src"
    }
    assert "'unsafe-inline'" not in told["script-src"]
    assert not re.search(r"\*|https?:", response.headers["content-security-policy"])
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["referrer-policy"] == "no-referrer"


def test_the_page_may_run_its_own_inline_scripts_and_no_others(browser: httpx.Client) -> None:
    page = browser.get("/")
    inline = re.findall(r"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", page.text, re.S)
    hashes = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in inline]
    allowed = rules(page)["script-src"].split()
    assert len(inline) >= 3
    assert set(allowed) == {"'self'", "'unsafe-eval'", *(f"'sha256-{digest}'" for digest in hashes)}
    assert rules(browser.get("/config"))["script-src"] == "'self' 'unsafe-eval'"


def test_a_script_bears_its_hash_and_the_rest_of_the_policy_stays() -> None:
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


def test_a_secret_of_ones_own_making_is_replaced(browser: httpx.Client) -> None:
    assert COOKIE in browser.get("/", headers={"cookie": f"{COOKIE}=me"}).headers["set-cookie"]


def test_no_other_site_may_read_anything(browser: httpx.Client) -> None:
    for path in ("/", "/config", "/gradio_api/queue/data?session_hash=x"):
        headers = {"origin": "http://elsewhere.example"}
        with browser.stream("GET", path, headers=headers) as response:
            assert not [name for name in response.headers if name.startswith("access-control-allow-origin")]


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
def test_what_the_page_does_not_use_is_shut(browser: httpx.Client, path: str) -> None:
    for method in ("GET", "POST"):
        assert browser.request(method, path).status_code in (404, 405)


def test_a_file_of_the_machine_is_not_served(browser: httpx.Client) -> None:
    for path in ("/etc/passwd", str(Path(__file__)), "../../etc/passwd"):
        assert browser.get(f"/gradio_api/file={path}").status_code in (403, 404)


def test_what_is_told_to_one_page_is_told_to_its_browser_alone(served: Served, browser: httpx.Client) -> None:
    browser.get("/")
    with browser.stream("GET", "/gradio_api/heartbeat/mine") as mine:
        assert mine.status_code == 200
    with httpx.Client(base_url=served.url) as other:
        other.get("/")
        for path in ("/gradio_api/heartbeat/mine", "/gradio_api/queue/data?session_hash=mine"):
            assert other.get(path).status_code == 404
    with browser.stream("GET", "/gradio_api/heartbeat/mine") as mine:
        assert mine.status_code == 200


def test_a_file_comes_in_from_a_browser_that_is_known_alone(browser: httpx.Client) -> None:
    address = "/upload?batch=b&name=march.pdf"
    assert browser.put(address, content=b"x").status_code == 403
    browser.get("/")
    refused = browser.put(address, content=b"x")
    assert (refused.status_code, refused.text) == (400, "Only text files are taken, whose names end in .txt.")


def test_it_says_that_it_is_well(browser: httpx.Client) -> None:
    assert browser.get("/healthz").json() == {"status": "ok"}


def test_another_door_stands_beside_the_page(browser: httpx.Client) -> None:
    assert browser.get("/door/knock").json() == {"who": "is there"}
