"""The documentation is true: its commands and code run, its website builds, its reference matches the code."""

from __future__ import annotations

import ast
import difflib
import glob
import importlib.util
import json
import os
import pydoc
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from assistant.chain import Assistant
from assistant.core import bounds
from assistant.core.export import from_json
from assistant.core.settings import Settings
from assistant.doors import slack
from assistant.doors.cli import app
from assistant.library.sample import sample_files
from assistant.library.sources import read
from assistant.people.accounts import Accounts
from assistant.service import answering
from docs import generate

from .conftest import ROOT
from .live import Live, made
from .modelserver import ModelServer, says

DOCS = ROOT / "docs"
README, SECURITY, CHECKING = ROOT / "README.md", ROOT / "SECURITY.md", DOCS / "checking.md"
PAGES = [README, ROOT / "CONTRIBUTING.md", SECURITY, *sorted(DOCS.rglob("*.md"))]
SERVER, OLLAMA = "http://127.0.0.1:7860", "http://127.0.0.1:11434/v1"
"""Addresses that the pages use; the tests put those of their own servers in their place."""
DATABASE = "postgresql://papers:secret@db.example.org/papers"
SECRET, KEY = "secret", "papers_..."
"""What the page about Slack signs with, and what stands for a key."""

NOT_RUN = {
    r"assistant serve\b.*": "runs until Ctrl-C; tests/doors/test_web_serving.py starts it",
    r"chroma run .*": "runs until Ctrl-C; tests/conftest.py starts it",
    r"assistant users add \w+": "asks for a password at the terminal; tests/doors/test_cli_people.py types one",
    r"assistant slack": "needs the tokens of a Slack workspace; tests/doors/test_slack.py has a double of one",
    r"(docker|helm|kubectl|sudo) .*": "needs a server; tests/test_deploy.py checks the files of deploy/",
    r"make \w+": "would install packages or run these tests; that the target exists is checked below",
    r"pip install .*": "would download packages; that the extra exists is checked below",
    r"\S+python -m pytest .*": "these tests are such a run; that the file exists is checked below",
    r"\S+python -m (eval|tests)\..*": "takes minutes; that the module exists is checked below",
}
"""Command lines that are not run here, and why. Their commands and options are checked all the same."""
NOT_RUN_AT_ALL = {"ini": "is a file of systemd or compose", "nginx": "needs nginx"}
"""Languages of blocks that are not run, and why."""


@dataclass(frozen=True, slots=True)
class Block:
    """A code block of a page: `place` is where it begins, `heading` what follows the language."""

    place: str
    language: str
    heading: str
    text: str


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def blocks_of(page: Path) -> list[Block]:
    """The fenced code blocks of a page, indented ones included."""
    text = page.read_text(encoding="utf-8")
    blocks = []
    for match in re.finditer(r"^( *)```(\w*) *([^\n]*)\n(.*?)^\1```$", text, re.M | re.S):
        line = text.count("\n", 0, match.start()) + 1
        body = re.sub(rf"^{match[1]}", "", match[4], flags=re.M)
        blocks.append(Block(f"{name_of(page)}:{line}", match[2], match[3], body))
    return blocks


def commands_in(block: Block) -> list[tuple[str, str]]:
    """The command lines of a console block, each with the output shown below it."""
    parts = re.split(r"^\$ (.+)\n", block.text, flags=re.M)
    assert parts[0] == "", f"{block.place} does not begin with a command"
    return list(zip(parts[1::2], parts[2::2], strict=True))


# -- running the blocks


@dataclass(frozen=True, slots=True)
class Served:
    """A server's address, and a key for it."""

    url: str
    key: str


@pytest.fixture(scope="module")
def served(sample_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The HTTP interface and Slack's routes over the sample."""
    home = shutil.copytree(sample_home, tmp_path_factory.mktemp("served") / "home")
    settings = Settings(home=home, slack_signing_secret=SECRET)
    with closing(Accounts(home)) as accounts:
        key = accounts.add_key("docs", rights="ask")
    with Assistant.open(settings=settings) as assistant, made(assistant) as application:
        application.include_router(slack.router(assistant, settings), prefix="/slack")
        with Live(application) as live:
            yield Served(live.url, key)


@pytest.fixture(scope="module")
def emptied(sample_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library from which the sample was removed: its vectors are kept, so adding the sample again is quick."""
    home = shutil.copytree(sample_home, tmp_path_factory.mktemp("emptied") / "home")
    with Assistant.open(home) as assistant:
        assistant.remove(*(paper.title for paper in assistant.papers()))
    return home


@pytest.fixture
def model() -> Iterator[str]:
    """The address of a language model's server, as `assistant model` tries it."""
    with ModelServer(says("ready"), models=("qwen3:8b",)) as server:
        yield server.url


@pytest.fixture
def run(
    sample_home: Path,
    emptied: Path,
    served: Served,
    model: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> Callable[[Block], None]:
    """Run a block as a reader would: in a folder with the sample, a library and the file `listing.txt`."""
    shutil.copytree(sample_home, tmp_path / "home")
    shutil.copytree(emptied, tmp_path / "library")
    shutil.copy(ROOT / "eval/corpus/listing-mar-12.txt", tmp_path / "listing.txt")
    (tmp_path / "eval").symlink_to(ROOT / "eval")
    (tmp_path / ".curlrc").write_text("fail-with-body\nsilent\nshow-error\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("ASSISTANT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    runners: dict[str, Callable[[Block], None]] = {
        "console": partial(run_console, setenv=monkeypatch.setenv),
        "sh": run_shell,
        "python": run_python,
        "js": run_javascript,
        "json": read_json,
        "text": write_text,
    }

    def one(block: Block) -> None:
        text = block.text.replace(SERVER, served.url).replace(OLLAMA, model).replace(KEY, served.key)
        if DATABASE in text:
            text = text.replace(DATABASE, request.getfixturevalue("postgres").schema())
        runners[block.language](Block(block.place, block.language, block.heading, text))

    return one


def run_console(block: Block, *, setenv: Callable[[str, str], None]) -> None:
    """Run each command line and compare what it prints with what is shown; `# exit code N` states a failure."""
    for line, shown in commands_in(block):
        expected = int(match[1]) if (match := re.search(r"# exit code (\d+)$", line)) else 0
        words = shlex.split(line, comments=True)
        typed = re.sub(r"^\S*bin/assistant\b", "assistant", shlex.join(words))
        if any(re.fullmatch(pattern, typed.replace("'", "")) for pattern in NOT_RUN):
            continue
        if words[0] == "export":
            for name, value in (word.split("=", 1) for word in words[1:]):
                setenv(name, os.path.expandvars(value))
            continue
        code, printed = in_process(typed) if typed.startswith("assistant ") else in_a_shell(line)
        assert code == expected, f"{block.place}: {line!r} ended with {code}:\n{printed}"
        if shown:
            pattern = ".*?".join(re.escape(" ".join(part.split())) for part in shown.split("..."))
            assert re.fullmatch(pattern.replace(".*?", r"\s?.*?\s?"), " ".join(printed.split())), (
                f"{block.place}: {line!r} printed:\n{printed}"
            )


def in_process(typed: str) -> tuple[int, str]:
    """The exit code and output of an `assistant` command."""
    words = [path for word in shlex.split(typed)[1:] for path in (sorted(glob.glob(word)) if "*" in word else [word])]
    done = CliRunner().invoke(app, words)
    assert not done.exception or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.stdout if done.exit_code in (0, 4) else done.output


def in_a_shell(line: str) -> tuple[int, str]:
    """The exit code and output of a command line."""
    command = ["bash", "-euo", "pipefail", "-c", line]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    return done.returncode, done.stdout + (done.stderr if done.returncode else "")


def run_shell(block: Block) -> None:
    program = re.search(r"^(curl|sqlite3)\b", block.text, re.M)
    if program and not shutil.which(program[1]):
        pytest.skip(f"there is no {program[1]} to run {block.place}")
    code, printed = in_a_shell(block.text)
    assert code == 0, f"{block.place} ended with {code}:\n{printed}"


def run_python(block: Block) -> None:
    exec(compile(block.text, block.place, "exec"), NAMES.setdefault(block.place.split(":")[0], {"__name__": "docs"}))


NAMES: dict[str, dict[str, Any]] = {}
"""The names that the Python blocks of a page have defined so far."""


def run_javascript(block: Block) -> None:
    """Run it with the system's node, or the one that comes with playwright."""
    playwright = importlib.util.find_spec("playwright")
    beside = Path(playwright.origin or "").with_name("driver") / "node" if playwright else None
    node = shutil.which("node") or str(beside)
    Path("block.mjs").write_text(block.text)
    done = subprocess.run([node, "block.mjs"], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, f"{block.place}:\n{done.stderr}"
    assert "event: answer" in done.stdout


def read_json(block: Block) -> None:
    """An answer has the fields of the reference and is true; an agent's configuration names a command."""
    values = json.loads(block.text)
    if "mcpServers" in values:
        (server,) = values["mcpServers"].values()
        check_options([server["command"], *server["args"]])
        return
    described = generate.fields()
    assert values.keys() == {path for path in described if "." not in path}
    assert paths(values) <= described.keys()
    answer = from_json(values)
    assert answer.text == values["text"]
    with Assistant.open() as assistant:
        for citation in (citation for claim in answer.claims for citation in claim.citations):
            abstract = assistant.paper(citation.passage.title).abstract
            assert abstract[citation.passage.start :].startswith(citation.passage.text)
            assert citation.quote in abstract


def paths(value: Any, path: str = "") -> set[str]:
    """The paths of all fields of an answer, as the reference writes them."""
    if isinstance(value, list):
        return {inside for one in value for inside in paths(one, f"{path}[]")}
    if not isinstance(value, dict) or path in generate.UNFOLDED:
        return set()
    names = {name: f"{path}.{name}".removeprefix(".") for name in value}
    return {*names.values(), *(inside for name in value for inside in paths(value[name], names[name]))}


def write_text(block: Block) -> None:
    """A block with a title is a file that the page has its reader write."""
    if title := re.fullmatch(r'title="(.+)"', block.heading):
        Path(title[1]).write_text(block.text, encoding="utf-8")


@pytest.mark.parametrize("page", [page for page in PAGES if blocks_of(page)], ids=name_of)
def test_the_blocks_of_a_page_run(page: Path, run: Callable[[Block], None]) -> None:
    NAMES.clear()
    for block in blocks_of(page):
        if block.language not in NOT_RUN_AT_ALL:
            run(block)


# -- commands


def all_commands(group: Any, before: str = "") -> dict[str, Any]:
    """Every command by what is typed for it: `ask`, `users add`."""
    commands: dict[str, Any] = {}
    for name, command in group.commands.items():
        typed = f"{before} {name}".strip()
        commands |= all_commands(command, typed) if hasattr(command, "commands") else {typed: command}
    return commands


GROUP: Any = typer.main.get_command(app)
COMMANDS = all_commands(GROUP)


def check_options(words: list[str]) -> None:
    """The command line names a command, and options that it has."""
    name = next((" ".join(words[1:end]) for end in (3, 2) if " ".join(words[1:end]) in COMMANDS), "")
    groups = {command.split()[0] for command in COMMANDS if " " in command}
    assert name or words[1].startswith("-") or words[1:] in [[group] for group in groups]
    command = COMMANDS[name] if name else GROUP
    known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    assert {word for word in words if word.startswith("--")} <= known | {"--help"}


def written(page: Path, pattern: str) -> list[str]:
    """What is typed on a page, in a line of text or at a prompt, from `pattern` on."""
    text = page.read_text(encoding="utf-8")
    return re.findall(rf"`(?:\$ )?({pattern}[^`]*)`", text) + re.findall(rf"^ *\$ (?:.*\| )?({pattern}.*)$", text, re.M)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_command_and_option_on_a_page_exists(page: Path) -> None:
    for line in written(page, r"(?:\S*bin/)?assistant (?=[a-z-])"):
        check_options(shlex.split(line, comments=True))


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_target_extra_module_and_test_on_a_page_exists(page: Path) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    for line in written(page, "make "):
        assert re.search(rf"^{line.split()[1]}:", makefile, re.M), line
    for line in written(page, "pip install "):
        (extra,) = re.findall(r"\[(\w+)\]", line)
        assert re.search(rf"^{extra} = \[", project, re.M), line
    for line in written(page, r"\S*python -m "):
        module = line.split()[2]
        assert (ROOT / line.split()[3]).exists() if module == "pytest" else importlib.util.find_spec(module), line


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_setting_file_and_name_on_a_page_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert set(re.findall(r"\bASSISTANT_(\w+)", text)) <= {name.upper() for name in Settings.model_fields}
    for path in re.findall(r"`((?:assistant|docs|eval|prompts|tests)/[\w./-]*)", text):
        assert (ROOT / path).exists(), path
    for name in re.findall(r"`(assistant(?:\.\w+)+)`", text):
        assert pydoc.locate(name), name


def test_every_language_of_a_block_is_run_or_excused() -> None:
    languages = {block.language for page in PAGES for block in blocks_of(page)}
    assert languages == {"console", "sh", "python", "js", "json", "text"} | NOT_RUN_AT_ALL.keys()


# -- the website and the reference


def test_the_website_builds_without_a_warning_and_loads_nothing_from_elsewhere(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path)]
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stdout + done.stderr
    sites = sorted(tmp_path.rglob("*.html"))
    assert len(sites) > len(list(DOCS.rglob("*.md")))
    loading = re.compile(r"<(?:script|img|iframe)[^>]*\ssrc=\"?(?:https?:)?//|<link[^>]*\shref=\"?(?:https?:)?//")
    for path in sites:
        assert not loading.search(path.read_text(encoding="utf-8")), path
    for path in tmp_path.rglob("*.css"):
        assert not re.search(r"(?:@import|url\()\s*[\"']?(?:https?:)?//", path.read_text(encoding="utf-8")), path


def test_the_reference_is_what_the_code_says() -> None:
    for name, text in generate.pages().items():
        committed = (DOCS / name).read_text(encoding="utf-8")
        assert committed == text, f"docs/{name} is out of date; run: make docs"


def test_the_limits_are_those_of_the_code() -> None:
    page = (DOCS / "how-to/operating.md").read_text(encoding="utf-8")
    characters = {"question": bounds.QUESTION, "title": bounds.TITLE, "words": bounds.WORDS, "comment": bounds.COMMENT}
    for word, limit in characters.items():
        assert re.search(rf"^\| (?:a |the )?{word}\b.* \| {limit:,} characters \|$", page, re.M), word
    sizes = f"{bounds.BODY // 1024:,} kB; {bounds.EVENT // 1024} kB; {bounds.UPLOAD // 2**20} MB"
    line = f"{answering.AT_ONCE}; {answering.LONGEST} |"
    for most in (
        line,
        sizes,
        f"{bounds.HEAD // 1024} kB, within {bounds.HEAD_WAIT:.0f} seconds",
        f"{bounds.CONNECTIONS:,}",
    ):
        assert f"| {most}" in page


def test_what_threads_share_is_where_the_page_says() -> None:
    rows = [line.split(" | ")[1] for line in (DOCS / "threads.md").read_text(encoding="utf-8").splitlines()[6:]]
    modules = {
        ".".join(path.relative_to(ROOT / "assistant").with_suffix("").parts).removesuffix(".__init__"): path
        for path in (ROOT / "assistant").rglob("*.py")
    }
    for name in (name for row in rows for name in re.findall(r"`([a-z]\w*\.[\w.]+)`", row)):
        module, _, last = name.rpartition(".")
        text = modules[module].read_text(encoding="utf-8") if module in modules else ""
        assert name in modules or re.search(rf"\b{last}\b", text), f"docs/threads.md: {name} does not exist"


# -- README, CONTRIBUTING, SECURITY


def test_the_readme_is_short() -> None:
    assert len(README.read_text(encoding="utf-8").splitlines()) <= 200


@pytest.mark.parametrize("page", [page for page in PAGES if page.parent == ROOT], ids=name_of)
def test_every_file_and_heading_that_is_linked_to_exists(page: Path) -> None:
    for link in re.findall(r"\]\((?!http)([^)]+)\)", page.read_text(encoding="utf-8")):
        path, _, anchor = link.partition("#")
        target = ROOT / path
        assert target.exists(), link
        headings = re.findall(r"^#+ (.+)$", target.read_text(encoding="utf-8"), re.M) if anchor else []
        assert not anchor or anchor in [re.sub(r"[^\w]+", "-", heading.lower()) for heading in headings], link


def test_the_answer_in_the_readme_is_the_one_it_gets(sample_home: Path) -> None:
    (asked,) = (shlex.split(line)[2] for line in written(README, r"\.venv/bin/assistant ask"))
    (shown,) = (block.text for block in blocks_of(README) if block.language == "text")
    with closing(Assistant.open(sample_home)) as assistant:
        answer = assistant.ask(asked)
    assert re.findall(r"^\[\d\] (.+)$", shown, re.M) == list(answer.titles)
    assert " ".join(answer.text.split()) in " ".join(shown.split())


def test_the_questions_in_the_readme_are_answered(sample_home: Path) -> None:
    section = README.read_text(encoding="utf-8").split("## What you can ask")[1].split("##")[0]
    questions = re.findall(r'"([^"]+)"', section)
    assert len(questions) > 6
    with closing(Assistant.open(sample_home)) as assistant:
        for question in questions[:-1]:
            assert assistant.ask(question).answered, question
        chat = assistant.conversation()
        chat.ask("Which papers use diffusion models?")
        assert chat.ask(questions[-1]).answered


def test_the_sample_has_as_many_papers_as_the_readme_says() -> None:
    papers = {paper.id for path in sample_files() for paper in read(path).papers}
    assert f"a sample of {len(papers)} papers" in README.read_text(encoding="utf-8")


def test_the_figures_for_the_sample_are_the_recorded_ones() -> None:
    means = {
        name: measure["mean"]
        for name, measure in json.loads((ROOT / "eval/baseline.json").read_text())["halves"]["report"].items()
    }
    figures = {
        "precision of the titles cited": means["precision"],
        "recall of the titles expected": means["recall"],
        "essential facts shown": means["vital_nuggets"],
        "unanswerable questions declined": 1 - means["answered_unanswerable"],
        "answerable questions declined": means["declined_answerable"],
    }
    text = README.read_text(encoding="utf-8")
    for name, figure in figures.items():
        assert re.search(rf"^\| {name} \| \S+ \| {f'{figure:.2f}'[1:]} \|$", text, re.M), f"{name}: {figure:.2f}"


def test_every_promise_names_tests_that_exist() -> None:
    rows = [line for line in SECURITY.read_text(encoding="utf-8").splitlines() if line.startswith("| **")]
    assert len(rows) > 12
    for row in rows:
        names = re.findall(r"`(tests/\S+\.py)::(\w+)`", row)
        assert names, f"no test is named for: {row}"
        for file, test in names:
            path = ROOT / file
            tree = ast.parse(path.read_text(encoding="utf-8")) if path.exists() else ast.Module([], [])
            tests = [node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
            assert test in tests, f"{file}::{test} does not exist; similar: {difflib.get_close_matches(test, tests)}"
