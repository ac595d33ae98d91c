"""The usual ports of this machine in, the language models served there out. Asked only when somebody wants to know."""

from __future__ import annotations

import http.client
import json
import shlex
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

HOST = "127.0.0.1"
PORTS: Mapping[str, int] = {"Ollama": 11434, "LM Studio": 1234, "llama.cpp": 8080}
"""The servers that people run on their own machines, and the ports that these have unless told otherwise."""
SECONDS = 0.5
"""Time limit for each step of a reply: what listens on this machine answers in a few milliseconds."""
BODY = 2**18
"""Bytes of a reply that are read."""
MOST, LONGEST = 20, 100
"""Models listed of a server, and characters of a name."""


@dataclass(frozen=True, slots=True)
class NearbyServer:
    """A server on this machine, and the models that it lists."""

    name: str
    port: int
    models: tuple[str, ...]

    def environment(self, model: str) -> str:
        """The settings by which this model writes the answers, for a shell."""
        return f"ASSISTANT_MODEL_URL=http://{HOST}:{self.port}/v1 ASSISTANT_MODEL={shlex.quote(model)}"


def nearby(ports: Mapping[str, int] = PORTS) -> tuple[NearbyServer, ...]:
    """The servers that list a model, in the order of `ports`."""
    with ThreadPoolExecutor(len(ports)) as asking:
        models = asking.map(_models, ports.values())
        servers = [NearbyServer(name, port, some) for (name, port), some in zip(ports.items(), models, strict=True)]
    return tuple(server for server in servers if server.models)


def _models(port: int) -> tuple[str, ...]:
    """The models that a server lists; none if nothing there speaks as OpenAI does."""
    connection = http.client.HTTPConnection(HOST, port, timeout=SECONDS)
    try:
        connection.request("GET", "/v1/models")
        reply = json.loads(connection.getresponse().read(BODY))
        return tuple(name for model in reply["data"][:MOST] if (name := _name(model)))
    except (OSError, http.client.HTTPException, ValueError, LookupError, TypeError):
        return ()
    finally:
        connection.close()


def _name(model: Any) -> str:
    name = str(model["id"])
    return name if name.isprintable() and len(name) <= LONGEST else ""
