"""Language models that are served on this machine."""

from __future__ import annotations

import json
import shlex
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from assistant.llm.nearby import LONGEST, MOST, NearbyServer, nearby


@contextmanager
def server(body: bytes) -> Iterator[int]:
    """A server that lists its models with this body, and its port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/v1/models" else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None:
            return None

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        threading.Thread(target=listening.serve_forever).start()
        try:
            yield listening.server_port
        finally:
            listening.shutdown()


def listed(*names: str) -> bytes:
    return json.dumps({"object": "list", "data": [{"id": name} for name in names]}).encode()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def test_each_server_that_runs_is_listed_with_its_models() -> None:
    with server(listed("small", "large:8b")) as first, server(listed("other")) as second:
        servers = nearby({"One": first, "Nobody": free_port(), "Two": second})
    assert servers == (NearbyServer("One", first, ("small", "large:8b")), NearbyServer("Two", second, ("other",)))


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"data": [1]}', b'{"data": null}', b'{"data": []}', b"\xff"])
def test_what_is_no_list_of_models_is_passed_over(body: bytes) -> None:
    with server(body) as port:
        assert nearby({"One": port}) == ()


def test_names_are_bounded() -> None:
    names = ("fine", "two\nlines", "x" * (LONGEST + 1), *map(str, range(100)))
    with server(listed(*names)) as port:
        (one,) = nearby({"One": port})
    assert one.models == ("fine", *map(str, range(MOST - 3)))


def test_a_silent_server_is_given_up_on() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert nearby({"One": silent.getsockname()[1]}) == ()


def test_the_settings_are_safe_to_paste_into_a_shell() -> None:
    line = NearbyServer("One", 1234, ()).environment("x'; rm -rf $HOME")
    assert shlex.split(line) == [
        "ASSISTANT_MODEL_URL=http://127.0.0.1:1234/v1",
        "ASSISTANT_MODEL=x'; rm -rf $HOME",
    ]
