"""What the README says is so."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.core import TyperGroup

import assistant
from assistant.chain import Assistant
from assistant.core.export import FORMAT, as_json
from assistant.core.records import Answer, Citation, Claim, Decline, Hit, Paper, Passage, Rejection
from assistant.core.settings import PREFIX, Settings
from assistant.doors import cli
from assistant.doors.cli.chat import COMMANDS
from assistant.library.sources import read

from .conftest import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
GROUP = typer.main.get_command(cli.app)


def leaves(group: Any, path: str = "") -> dict[str, Any]:
    """Every command by what is typed for it: `ask`, `users add`."""
    found: dict[str, Any] = {}
    for name, command in group.commands.items():
        typed = f"{path} {name}".strip()
        found |= leaves(command, typed) if isinstance(command, TyperGroup) else {typed: command}
    return found


LEAVES = leaves(GROUP)


def section(title: str) -> str:
    """The text under a heading, up to the next heading."""
    found = re.search(rf"^#+ {re.escape(title)}\n(.*?)(?=^#+ |\Z)", README, re.M | re.S)
    assert found, f"the README has no section {title!r}"
    return found.group(1)


def table(text: str) -> list[list[str]]:
    """The rows of the tables in a text, without their heads."""
    rows = [
        [cell.strip() for cell in line.strip("|\n").split(" |")] for line in text.splitlines() if line.startswith("|")
    ]
    return [row for row in rows[2:] if not set("".join(row)) <= set("- ")]


def block(language: str, text: str = README) -> str:
    """The first code block of a language."""
    found = re.search(rf"^```{language}\n(.*?)^```", text, re.M | re.S)
    assert found, f"there is no {language} block"
    return found.group(1)


# -- commands


def commands() -> list[list[str]]:
    """Every `assistant ...` command line in the README, as words."""
    spans = re.findall(r"`(assistant [^`]+)`", README) + re.findall(r"^\$ \S*bin/(assistant .+)$", README, re.M)
    return [shlex.split(span)[1:] for span in spans]


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_every_command_and_option_it_names_exists(words: list[str]) -> None:
    name = next((" ".join(words[:n]) for n in (2, 1) if " ".join(words[:n]) in LEAVES), "")
    assert name or all(word.startswith("-") for word in words)
    command = LEAVES[name] if name else GROUP
    known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    assert {word.strip("[]") for word in words if word.strip("[]").startswith("--")} <= known


def test_it_names_every_command_and_option() -> None:
    told = {word.strip("[]") for words in commands() for word in words}
    options = {option for command in LEAVES.values() for p in command.params for option in p.opts if "--" in option}
    assert {name for name in LEAVES if not any(" ".join(words).startswith(name) for words in commands())} == set()
    assert options - told <= {"--home"}  # told once for all commands


def test_it_tells_the_exit_codes_as_the_help_does() -> None:
    told = {row[0]: row[1].replace("`", "") for row in table(section("The command line")) if row[0].isdigit()}
    helped = dict(re.findall(r"^  (\d+) +(.+)$", cli.EPILOG, re.M))
    assert told.keys() == helped.keys()
    for code in ("0", "1", "2", "3", "5", "130", "141"):
        assert told[code] == helped[code]


def test_it_tells_what_to_type_in_a_conversation() -> None:
    assert [row[0].strip("`") for row in table(section("A conversation at the terminal"))] == list(COMMANDS)


# -- settings and schema


def test_the_settings_are_all_there_with_their_defaults() -> None:
    rows = {row[0].strip("`"): row[1:] for row in table(section("Settings"))}
    assert list(rows) == [PREFIX + name.upper() for name in Settings.model_fields]
    for name, field in Settings.model_fields.items():
        default, meaning = rows[PREFIX + name.upper()]
        assert meaning == field.description
        assert default == ("your data folder" if name == "home" else str(field.default))


def whole_answer() -> Answer:
    passage = Passage("1", "A", "B.", 0)
    claim = Claim("B.", (Citation(passage, "B.", 1.0, "quoted"),))
    hit = Hit(Paper("A", "B."), passage, 1.0)
    return Answer("q", "q", (claim,), (Rejection("C.", "1", "no"),), (hit,), Decline("absent", "No."))


def test_the_schema_is_told_field_by_field() -> None:
    given = as_json(whole_answer())
    told = {row[0].strip("`"): row[1] for row in table(section("Answers as JSON"))}
    assert [name for name in told if "[]" not in name] == list(given)
    assert told["format"] == str(FORMAT)
    inner = {
        "claims": given["claims"][0],
        "claims[].citations": given["claims"][0]["citations"][0],
        "declined": given["declined"],
        "rejections": given["rejections"][0],
        "hits": given["hits"][0],
    }
    for name, value in inner.items():
        names = re.search(r"\{(.*?)\}", told[name])
        assert names
        assert re.findall(r'"(\w+)"', names.group(1)) == list(value)


# -- the map


def rooms(text: str) -> list[tuple[str, str]]:
    return re.findall(r"^ *(\w+) {2,}(\S.*)$", text, re.M)


def test_the_map_is_that_of_the_package_and_the_package_is_as_mapped() -> None:
    mapped = rooms((assistant.__doc__ or "").split("The wings")[1])
    assert rooms(block("text", section("The map"))) == mapped
    folder = ROOT / "assistant"
    files = {path.stem for path in folder.glob("[!_]*.py")}
    wings = files | {path.parent.name for path in folder.glob("*/__init__.py")}
    assert {name for name, _ in mapped} == wings
    assert len(mapped) == len(dict(mapped))


# -- what can be run


def test_the_python_example_runs(
    sample_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(sample_home, tmp_path / "library")
    with Assistant.open(tmp_path / "library") as emptied:
        emptied.remove(*(paper.title for paper in emptied.papers()))  # what was embedded stays, which saves the time
    (tmp_path / "eval").symlink_to(ROOT / "eval")
    monkeypatch.chdir(tmp_path)
    exec(compile(block("python"), "README.md", "exec"), {})
    printed = capsys.readouterr().out
    assert printed.startswith("60 papers added, 0 records rejected\n")
    assert "VILA: On Pre-training for Visual Language Models says: " in printed
    assert printed.splitlines()[-1] == "('SemantiCodec: An Ultra Low Bitrate Semantic Audio Codec for General Sound',)"


def test_the_answer_it_shows_cites_what_the_sample_says(sample_home: Path) -> None:
    (asked,) = (words[1] for words in commands() if words[0] == "ask" and "?" in words[1])
    shown = block("text", section("A first answer"))
    with Assistant.open(sample_home) as opened:
        answer = opened.ask(asked)
    assert re.findall(r"^\[\d\] (.+)$", shown, re.M) == list(answer.titles)
    assert " ".join(answer.text.split()) in " ".join(shown.split())


def test_the_sample_has_as_many_papers_as_it_says() -> None:
    papers = [paper for path in sorted((ROOT / "eval/corpus").glob("*.txt")) for paper in read(path).papers]
    assert {int(n) for n in re.findall(r"(\d+) papers", section("A first answer"))} == {len({p.id for p in papers})}


@pytest.mark.parametrize("target", sorted(set(re.findall(r"`(?:\$ )?make ([a-z]+)`|^\$ make ([a-z]+)$", README, re.M))))
def test_every_make_target_it_names_exists(target: tuple[str, str]) -> None:
    assert re.search(rf"^{''.join(target)}:", MAKEFILE, re.M)


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\((?!http)([^)#]+)", README))))
def test_every_file_it_links_to_exists(link: str) -> None:
    assert (ROOT / link).exists()
