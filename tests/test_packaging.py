"""The wheel, installing it, its dependencies and the lock."""

from __future__ import annotations

import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from assistant import __version__

from .conftest import ROOT
from .llamaserver import WANTED
from .papers import PAIRS, write_listing

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT, GROUPS = PYPROJECT["project"], PYPROJECT["dependency-groups"]
LOCKS = tuple(f"requirements{part}.lock" for part in ("", "-image", "-model", "-deploy", "-peers"))
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
EXTRAS: dict[str, list[str]] = PROJECT["optional-dependencies"]
REQUIREMENTS = [Requirement(text) for some in (PROJECT["dependencies"], *EXTRAS.values()) for text in some]
TOO_LARGE = [Requirement(text) for text in EXTRAS["ray"]]
"""What neither `all` nor the lock has: 400 MB that few need."""
OUTSIDE = [requirement for requirement in REQUIREMENTS if requirement.name != PROJECT["name"]]


# -- the wheel


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with nothing but the installed wheel, built from a copy of the project."""
    folder = tmp_path_factory.mktemp("wheel")
    for name in ("assistant", "eval", "prompts"):
        shutil.copytree(ROOT / name, folder / "project" / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder / "project")
    _python("build", "--wheel", "--no-isolation", "--outdir", folder, folder / "project")
    (wheel,) = folder.glob("*.whl")
    _python("pip", "install", "--no-deps", "--no-index", "--no-compile", "--quiet", "--target", folder / "site", wheel)
    return folder / "site"


def _python(*command: object) -> None:
    done = subprocess.run([sys.executable, "-m", *map(str, command)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def installed_python(installed: Path, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """`installed_python("-c", code)` runs Python where the wheel is installed and no checkout can be imported."""
    packages = [path for path in sys.path if path.endswith("site-packages")]
    environment = {"PYTHONPATH": os.pathsep.join([str(installed), *packages]), "HOME": str(tmp_path)}

    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-S", *map(str, arguments)]  # without site, which would add the checkout
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    return run


@pytest.mark.parametrize(
    ("folder", "inside"),
    [("assistant", ""), ("eval", "evaluation"), ("eval/corpus", "sample"), ("prompts", "prompts")],
)
def test_the_wheel_has_every_file_of(folder: str, inside: str, installed: Path) -> None:
    here = {path.relative_to(ROOT / folder) for path in (ROOT / folder).rglob("*") if path.is_file()}
    wanted = {path for path in here if "__pycache__" not in path.parts}
    assert wanted
    assert {path for path in wanted if not (installed / "assistant" / inside / path).exists()} == set()


def test_the_wheel_installs_one_package_and_one_command(installed: Path) -> None:
    tops = {path.name for path in installed.iterdir()}
    assert tops == {"assistant", "bin", f"paper_assistant-{__version__}.dist-info"}
    assert [path.name for path in (installed / "bin").iterdir()] == ["assistant"]


def test_the_installed_package_has_the_sample(
    installed: Path, installed_python: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    code = (
        "from assistant.library import sample, sources\n"
        "files = sample.sample_files()\n"
        "print(*files, sum(len(sources.read(file).papers) for file in files), sep='\\n')\n"
    )
    done = installed_python("-c", code)
    *files, papers = done.stdout.splitlines()
    assert [Path(file).parent for file in files] == [installed / "assistant/sample"] * 4
    assert (papers, done.stderr) == ("120", "")


def test_the_installed_command_scores_answers_to_ones_own_questions(
    installed: Path, installed_python: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    title, _ = PAIRS[0]
    question = {"id": "1", "type": "named", "question": "What is PearRank?", "gold": [title]}
    (tmp_path / "mine.jsonl").write_text(json.dumps(question))
    corpus = write_listing(tmp_path / "a.txt", PAIRS)
    command = [installed / "bin/assistant", "eval", "--questions", "mine.jsonl", "--corpus", corpus]
    done = installed_python(*command, "--folder", "report")
    assert (done.returncode, done.stderr) == (0, "")
    assert "All 1 cases" in done.stdout
    report = json.loads((tmp_path / "report/report.json").read_text())
    assert [case["titles"] for case in report["cases"]] == [[title]]


def test_the_installed_command_answers(installed_python: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    done = installed_python("-m", "assistant", "--version")
    assert (done.stdout, done.stderr) == (f"paper-assistant {__version__}\n", "")


# -- installing


def test_installing_shows_how_far_it_is_without_a_terminal_too() -> None:
    fetched = "".join(f"Collecting package{n}==1.0\n  Downloading package{n}.whl (1 kB)\n" for n in range(40))
    others = "Processing /wheels/other.whl\nIgnoring colorama: markers do not match\n" * 5
    done = subprocess.run(
        [ROOT / ".ci/progress", "50"],
        input=f"{fetched}{others}Installing collected packages: package0\nSuccessfully installed package0-1.0\n",
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines() == [
        "  fetched 25 of 50 packages",
        "  fetched 50 of 50 packages",
        "  installing them; this takes up to a minute ...",
    ]


def test_installing_fails_if_pip_does() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8").replace("\\\n", "")
    piped = [line for line in makefile.splitlines() if "| " in line and ".ci/progress" in line]
    assert len(piped) == 4
    assert all(line.startswith("\t@set -o pipefail; ") for line in piped)  # otherwise the progress decides


# -- dependencies


@pytest.mark.parametrize("requirement", OUTSIDE, ids=str)
def test_every_dependency_is_bounded_on_both_sides(requirement: Requirement) -> None:
    operators = {specifier.operator for specifier in requirement.specifier}
    assert operators in ({">=", "<"}, {"=="})


@pytest.mark.parametrize("requirement", [one for one in OUTSIDE if one not in TOO_LARGE], ids=str)
def test_the_installed_and_locked_versions_satisfy_it(requirement: Requirement) -> None:
    locked = re.search(rf"^{re.escape(canonicalize_name(requirement.name))}==(\S+)", LOCK, re.M)
    assert locked, f"{requirement.name} is not in requirements.lock; run: make lock"
    assert requirement.specifier.contains(locked[1])
    assert requirement.specifier.contains(importlib.metadata.version(requirement.name))


def test_pip_has_not_fallen_back() -> None:
    # If versions conflict, pip falls back to a years-old release of llama-index-core instead of failing.
    assert Version(importlib.metadata.version("llama-index-core")) >= Version("0.14")


def test_the_extra_all_has_every_other_extra() -> None:
    (everything,) = (Requirement(text) for text in EXTRAS["all"])
    assert everything.extras == EXTRAS.keys() - {"all", "ray"}


# -- the lock


@pytest.mark.parametrize(("name", "least"), [*zip(LOCKS, (100, 100, 1, 1, 100), strict=True)])
def test_every_locked_package_is_exact_and_hashed(name: str, least: int) -> None:
    lock = re.sub(r"^ *#.*\n", "", (ROOT / name).read_text(encoding="utf-8"), flags=re.M)
    entries = re.findall(r"^(\S.*?)(?<!\\)$", lock.replace("\\\n", " "), re.M)
    assert len(entries) > least
    for entry in entries:
        assert re.fullmatch(r"[a-z0-9.-]+==[^\s;]+(?: ; .+?)?(?: +--hash=sha256:[0-9a-f]{64})+ *", entry), entry[:80]


@pytest.mark.parametrize("name", LOCKS)
def test_the_lock_names_no_host_and_no_machine(name: str) -> None:
    lock = (ROOT / name).read_text(encoding="utf-8")
    assert not re.search(r"://|--index|--find-links|--extra-index|/home|/root|/tmp|/opt|/work", lock)


def test_the_locked_test_model_is_the_required_one() -> None:
    locked = re.findall(r"^([a-z0-9.-]+==\S+)", (ROOT / "requirements-model.lock").read_text(encoding="utf-8"), re.M)
    assert locked == GROUPS["model"]
    assert {Requirement(one).name.replace("-", "_") for one in locked} == {*WANTED}


def test_the_lock_has_the_build_backend_but_not_torch() -> None:
    names = set(re.findall(r"^([a-z0-9.-]+)==", LOCK, re.M))
    assert {"hatchling", "editables"} <= names
    assert names.isdisjoint({"torch", "transformers", "sentence-transformers"})
