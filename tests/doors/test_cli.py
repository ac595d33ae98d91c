"""The command line: commands in, printed answers and an exit code out."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from assistant import __version__
from assistant.chain import Assistant
from assistant.check.quotes import find_quote
from assistant.core.records import Answer, Check, Decline, Ingested, Paper
from assistant.doors.cli import app
from assistant.library.sample import sample_files

from ..conftest import ROOT
from ..papers import PAIRS, write_listing
from ..references import html, references

PEAR = "PearRank: Ranking Orchards by Weak Supervision"
COMMAND = [sys.executable, "-c", "from assistant.doors.cli import main; main()"]
PROGRAM = [sys.executable, "-m", "assistant"]


@pytest.fixture(scope="session")
def stocked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library of eight papers, made with the real model; copy it to change it."""
    folder = tmp_path_factory.mktemp("stocked")
    with Assistant.open(folder / "home") as assistant:
        assistant.ingest(write_listing(folder / "a.txt", PAIRS))
    return folder / "home"


@pytest.fixture
def run(stocked: Path) -> Callable[..., Result]:
    """`run("ask", "why?")` runs a command over the stocked library; `home=` names another."""

    def command(*arguments: object, home: Path = stocked, typed: str | bytes = "") -> Result:
        return CliRunner().invoke(app, [str(a) for a in arguments], input=typed, env={"ASSISTANT_HOME": str(home)})

    return command


def in_one_process(
    home: Path, *commands: list[str], typed: str = "", launcher: Sequence[str] = ()
) -> list[tuple[int, str, str]]:
    """The exit code, output and errors of commands that run in one new process, outside the guards of these tests."""
    code = """
import json, sys
from typer.testing import CliRunner
from assistant.doors.cli import app
done = [CliRunner().invoke(app, words, input=sys.argv[2]) for words in json.loads(sys.argv[1])]
print(json.dumps([(one.exit_code, one.stdout, one.stderr) for one in done]))
"""
    call = [*launcher, sys.executable, "-c", code, json.dumps(commands), typed]
    environment = os.environ | {"ASSISTANT_HOME": str(home)}
    done = subprocess.run(call, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    return [(code, out, err) for code, out, err in json.loads(done.stdout)]


# -- the whole


def test_help_loads_nothing_heavy() -> None:
    heavy = "numpy pydantic rich chromadb llama_index onnxruntime openai sqlalchemy sqlite3 eval".split()
    code = "import sys\nfrom assistant.doors.cli import app\n"
    code += "try: app()\nfinally: print('loaded', *sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code, "--help"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert {name.split(".")[0] for name in done.stderr.split("loaded")[1].split()}.isdisjoint(heavy)
    assert "Exit codes:\n    0    done" in done.stdout


@pytest.mark.parametrize("name", [c.name or c.callback.__name__ for c in app.registered_commands if c.callback])
def test_every_command_has_help_and_takes_a_home(name: str, run: Callable[..., Result]) -> None:
    done = run(name, "--help")
    assert done.exit_code == 0
    assert "--home FOLDER" in done.stdout


def test_ctrl_c_is_handled_even_during_imports() -> None:
    code = """
import sys
class Interrupted:
    def find_spec(self, name, *_):
        if name == "typer":
            raise KeyboardInterrupt
sys.meta_path.insert(0, Interrupted())
from assistant.__main__ import main
main()
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "Stopped.\n")


def test_version(run: Callable[..., Result]) -> None:
    assert run("--version").stdout == f"paper-assistant {__version__}\n"


@pytest.mark.parametrize(
    "arguments",
    [["nope"], ["ask"], ["ingest"], ["remove"], ["check", "x"], ["ask", "x", "--nope"], ["--nope"]],
    ids=" ".join,
)
def test_a_wrong_command_line_exits_with_2(arguments: list[str], run: Callable[..., Result]) -> None:
    done = run(*arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "Error" in done.stderr


def test_home_can_come_before_or_after_the_command(run: Callable[..., Result], stocked: Path, home: Path) -> None:
    for arguments in (["--home", stocked, "papers", "kite"], ["papers", "kite", "--home", stocked]):
        assert run(*arguments, home=home).stdout == "Do Kites Remember the Wind?\n"
    assert not home.exists()


@pytest.mark.parametrize(
    "arguments",
    [
        *(["ask", "What?"], ["chat"], ["papers"], ["status"], ["doctor"], ["doctor", "--repair"], ["remove", "x"]),
        *(["check", "x", "--paper", "y"], ["feedback"], ["mcp"], ["slack", "--simulate"], ["serve", "--port", "0"]),
        *(["users", "list"], ["users", "add", "x"], ["keys", "list"], ["keys", "add", "x"], ["eval"]),
    ],
    ids=" ".join,
)
def test_a_mistyped_home_is_not_created(arguments: list[str], run: Callable[..., Result], home: Path) -> None:
    done = run(*arguments, "--home", home)
    advice = f"Make one with: assistant --home {home} ingest PATH..."
    message = f"assistant: There is no library in the folder {str(home)!r}. {advice}\n"
    assert (done.exit_code, done.stdout, done.stderr) == (1, "", message)
    assert not home.exists()


def test_ingest_creates_the_home(run: Callable[..., Result], home: Path, listing: Callable[..., Path]) -> None:
    assert run("ingest", listing(), "--home", home).exit_code == 0
    assert run("status", "--home", home).exit_code == 0


def test_python_m_assistant_is_the_same_command(stocked: Path) -> None:
    command = [sys.executable, "-m", "assistant", "--home", str(stocked), "papers", "kite"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "Do Kites Remember the Wind?\n", "")


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["papers"], ["status"], ["ask", "--json", "Pears?"]])
def test_output_to_a_full_disk_fails_with_one_line(arguments: list[str], stocked: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*PROGRAM, *arguments],
            cwd=ROOT,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"ASSISTANT_HOME": str(stocked)},
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr == "assistant: The output cannot be written: No space left on device.\n"


@pytest.mark.parametrize("closed", [">&-", "<&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize("arguments", ["papers", "ask 'What is PearRank?'", "chat", "slack --simulate", "mcp"])
def test_closed_streams_do_no_harm(arguments: str, closed: str, stocked: Path) -> None:
    command = f'"$0" -c "from assistant.__main__ import main; main()" {arguments} {closed}'
    done = subprocess.run(
        ["bash", "-c", command, sys.executable],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env=os.environ | {"ASSISTANT_HOME": str(stocked)},
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_library_on_a_full_disk_fails_with_one_line(home: Path) -> None:
    limited = f"ulimit -f 500; exec {' '.join(map(shlex.quote, PROGRAM))} ingest {' '.join(map(str, sample_files()))}"
    done = subprocess.run(
        ["bash", "-c", limited],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env=os.environ | {"ASSISTANT_HOME": str(home)},
        check=False,
    )
    assert done.returncode == 1
    assert re.fullmatch(
        r"assistant: The library's file '.*' cannot be used: .*and the disk has room\..*\n", done.stderr
    )


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["serve", "--port", "99999999"], "'--port'"),
        (["serve", "--per-minute", "1e999"], "'--per-minute'"),
        (["serve", "--per-minute", str(10**30)], "'--per-minute'"),
        (["keys", "add", "k", "--per-minute", str(10**30)], "'--per-minute'"),
        (["papers", "--since", "99999-99-99"], "'99999-99-99' is no date."),
        (["papers", "--home", "~nobody-of-this-name/x"], "names a user who is not known here."),
        (["ingest", "a.txt", "--home", "/\udcff"], "must be a name in valid UTF-8."),
    ],
)
def test_absurd_values_are_refused_with_a_reason(arguments: list[str], reason: str, run: Callable[..., Result]) -> None:
    done = run(*arguments)
    assert done.exit_code in (1, 2)
    assert isinstance(done.exception, SystemExit)
    assert reason in done.stderr


def test_an_impossible_host_name_is_refused(stocked: Path) -> None:
    hosts = ("x" * 300, "ü..x", "a\udcff")
    for code, out, err in in_one_process(stocked, *(["serve", "--port", "0", "--host", host] for host in hosts)):
        assert (code, out) == (1, "")
        assert re.fullmatch(r"assistant: The page cannot be served at .*, port 0: .* Choose another port .*\n", err)


@pytest.fixture
def read_only(stocked: Path, tmp_path: Path) -> Iterator[Callable[..., list[tuple[int, str, str]]]]:
    """`read_only(["status"], ...)` runs commands, in one process, over a copy of the library that cannot be written.

    It returns the exit code, output and errors of each.
    """
    home = shutil.copytree(stocked, tmp_path / "copy")
    paths = [home, *home.rglob("*")]
    modes = {path: path.stat().st_mode for path in paths}
    for path, mode in modes.items():
        path.chmod(mode & ~0o222)
    powers = "-dac_override,-dac_read_search"  # with which root writes anyway
    without = ["setpriv", f"--bounding-set={powers}", f"--inh-caps={powers}"] if os.geteuid() == 0 else []
    if without and not shutil.which("setpriv"):
        pytest.skip("there is no setpriv, and root can write everywhere")

    def commands(*several: list[str], typed: str = "") -> list[tuple[int, str, str]]:
        return in_one_process(home, *several, typed=typed, launcher=without)

    yield commands
    assert {path: path.stat().st_mode & ~0o222 for path in [home, *home.rglob("*")]} == {
        path: mode & ~0o222 for path, mode in modes.items()
    }
    for path, mode in modes.items():
        path.chmod(mode)


def test_a_read_only_home_can_be_asked(
    read_only: Callable[..., list[tuple[int, str, str]]], run: Callable[..., Result]
) -> None:
    commands = (
        ["ask", "What is PearRank?"],
        ["papers", "kite"],
        ["doctor"],
        ["check", "It ranks.", "--paper", PEAR],
        ["chat"],
    )
    expected = [run(*words, typed="What is PearRank?\n") for words in commands]
    *same, status = read_only(*commands, ["status"], typed="What is PearRank?\n")
    assert same == [(one.exit_code, one.stdout, one.stderr) for one in expected]
    assert status[0] == 0


def test_a_read_only_home_cannot_be_changed(read_only: Callable[..., list[tuple[int, str, str]]]) -> None:
    for code, out, err in read_only(["ingest", "README.md"], ["remove", PEAR]):
        assert (code, out) == (1, "")
        assert re.fullmatch(r"assistant: The library at '.*' cannot be written: .*Permission denied.*\n", err)


def test_a_failure_prints_one_line_on_stderr_and_exits_with_1(run: Callable[..., Result]) -> None:
    done = run("remove", "PearRank")
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == f"assistant: No paper here is called 'PearRank'. Closest: {PEAR}.\n"


def test_an_unknown_setting_is_a_failure(run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSISTANT_HOMME", "x")
    done = run("status")
    assert done.exit_code == 1
    assert done.stderr.startswith("assistant: No setting is called ASSISTANT_HOMME. Did you mean ASSISTANT_HOME? There")


def test_ctrl_c_exits_with_130(run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Assistant, "papers", stop)
    done = run("papers")
    assert (done.exit_code, done.stdout, done.stderr) == (130, "", "Stopped.\n")


@pytest.mark.parametrize("arguments", [["papers"], ["ask", "--json", "What is PearRank?"]], ids=" ".join)
def test_a_broken_pipe_is_quiet(arguments: list[str], stocked: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    environment = os.environ | {"ASSISTANT_HOME": str(stocked)}
    done = subprocess.run(
        [*COMMAND, *arguments], cwd=ROOT, stdout=writing, stderr=subprocess.PIPE, env=environment, check=False
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (141, b"")


@pytest.mark.skipif(not hasattr(signal, "SIGINT"), reason="there is no Ctrl-C")
def test_ctrl_c_at_the_prompt_exits_with_130(stocked: Path) -> None:
    environment = os.environ | {"ASSISTANT_HOME": str(stocked), "PYTHONUNBUFFERED": "1"}
    handled = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"  # tests may run where it is ignored
    )
    with subprocess.Popen(
        [sys.executable, "-c", f"{handled}; {COMMAND[-1]}", "chat"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == b"8 papers. Ask a question, or type /help.\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=100) == 130
        assert process.stderr
        assert process.stderr.read() == b"Stopped.\n"


def test_characters_that_the_stream_cannot_encode_are_replaced(stocked: Path) -> None:
    environment = os.environ | {"ASSISTANT_HOME": str(stocked), "PYTHONIOENCODING": "ascii"}
    done = subprocess.run([*COMMAND, "papers", "lantern"], cwd=ROOT, capture_output=True, env=environment, check=True)
    assert done.stdout == b"?-MoD: Lanterns for Multimodal Depth\n"


def test_the_model_is_loaded_only_once_numpy_is_complete(stocked: Path) -> None:
    """Two threads that import numpy at once can see it half initialised: one search in three failed."""
    watched = """
import sys, threading
from assistant.doors.cli import main

def start(thread, begin=threading.Thread.start):
    if thread.name == "model":
        print("array" in vars(sys.modules.get("numpy", sys)))
    begin(thread)

threading.Thread.start = start
main()
"""
    command = [sys.executable, "-c", watched, "ask", "Do kites remember the wind?"]
    environment = os.environ | {"ASSISTANT_HOME": str(stocked)}
    done = subprocess.run(command, cwd=ROOT, capture_output=True, env=environment, check=True)
    assert done.stdout.startswith(b"True\n")


def test_a_missing_model_file_is_reported(run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.index.embedding.MODEL", ("no-such-package", "model.onnx", ""))
    done = run("papers", "kite")
    assert done.stdout == "Do Kites Remember the Wind?\n"
    assert done.stderr.startswith("Searching by words alone. The bundled model's file model.onnx is not there")


# -- ingest


def test_ingest_prints_a_summary_and_changes_nothing_the_second_time(
    run: Callable[..., Result], home: Path, tmp_path: Path
) -> None:
    file = write_listing(tmp_path / "a.txt", PAIRS[:2])
    done = run("ingest", file, home=home)
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout == "Added 2, updated 0, unchanged 0, rejected 0. The library holds 2 papers.\n"
    done = run("ingest", file, home=home)
    assert done.stdout == "Added 0, updated 0, unchanged 2, rejected 0. The library holds 2 papers.\n"


def test_ingest_lists_what_was_rejected_and_exits_with_3(
    run: Callable[..., Result], home: Path, tmp_path: Path
) -> None:
    file = write_listing(tmp_path / "a.txt", [PAIRS[0], ("A Title Alone", "Another Title")])
    done = run("ingest", file, tmp_path / "none.txt", home=home)
    assert done.exit_code == 3
    assert done.stdout.splitlines() == [
        "Added 1, updated 0, unchanged 0, rejected 3. The library holds 1 paper.",
        "",
        "Rejected:",
        "  a.txt:15: what follows this title reads as a title, not an abstract (A Title Alone)",
        "  a.txt:17: the file ends before this title's abstract (Another Title)",
        f"  none.txt: there is no file '{tmp_path / 'none.txt'}'",
    ]


def test_ingest_refuses_a_file_that_is_not_read_in_one_line(
    run: Callable[..., Result], home: Path, tmp_path: Path
) -> None:
    file = tmp_path / "page.html"
    file.write_text(html(references(100)))
    done = run("ingest", file, home=home)
    assert done.exit_code == 3
    assert done.stdout.splitlines() == [
        "Added 0, updated 0, unchanged 0, rejected 1. The library holds 0 papers.",
        "",
        "Rejected:",
        "  page.html: is HTML, which is not read. Read are BibTeX, CSV, EndNote, EndNote XML, JSON, PDF, PubMed XML, "
        "PubMed text, RIS, RSS, TSV, Web of Science, arXiv's Atom and listings: each title on one line, its abstract "
        "on the next",
    ]


# -- ask


def test_ask_prints_the_answer_and_its_sources(run: Callable[..., Result]) -> None:
    done = run("ask", "What is PearRank?")
    assert (done.exit_code, done.stderr) == (0, "")
    answer, sources = done.stdout.split("\n\n", 1)
    assert "[1]" in answer
    assert sources == f"[1] {PEAR}\n"
    sentence = answer.removeprefix(f"{PEAR}: ").split(" [1]")[0]
    assert sentence
    assert find_quote(" ".join(sentence.split()), PAIRS[0][1])


def test_ask_takes_a_question_without_quotation_marks(run: Callable[..., Result]) -> None:
    assert run("ask", "What", "is", "PearRank?").stdout == run("ask", "What is PearRank?").stdout


def test_ask_json_prints_the_whole_answer(run: Callable[..., Result]) -> None:
    done = run("ask", "--json", "What is γ-MoD?")
    answer = json.loads(done.stdout)
    assert (done.exit_code, answer["answered"], answer["question"]) == (0, True, "What is γ-MoD?")
    assert answer["titles"] == ["γ-MoD: Lanterns for Multimodal Depth"]
    assert "γ-MoD" in done.stdout  # not escaped


@pytest.mark.parametrize("flags", [[], ["--json"]], ids=["text", "json"])
@pytest.mark.usefixtures("library")
def test_a_declined_question_exits_with_4(flags: list[str], run: Callable[..., Result], home: Path) -> None:
    done = run("ask", *flags, "What is PearRank?", home=home)
    notice = f"The library is the folder {home}. Use --home for another one.\n"
    assert (done.exit_code, done.stderr) == (4, notice)
    assert "There are no papers here yet. Add papers with: assistant ingest PATH..." in done.stdout


def test_an_answer_about_the_library_exits_with_0(run: Callable[..., Result]) -> None:
    done = run("ask", "How many papers are there?")
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.startswith("The library has ")
    assert "[1]" not in done.stdout


def test_a_question_without_words_fails(run: Callable[..., Result]) -> None:
    done = run("ask", "?!")
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == "assistant: The question has no words. Ask something about the papers.\n"


def test_bytes_that_are_not_text_are_replaced(stocked: Path) -> None:
    environment = os.environ | {"ASSISTANT_HOME": str(stocked)}
    command = [*(os.fsencode(part) for part in COMMAND), b"ask", b"--json", b"What is \xff PearRank?"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, env=environment, check=False)
    assert json.loads(done.stdout)["question"] == "What is \ufffd PearRank?"


# -- chat


def test_chat_answers_piped_questions(run: Callable[..., Result]) -> None:
    done = run("chat", typed="What is PearRank?\n/sources\n/quit\n")
    assert done.exit_code == 0
    assert done.stdout.count(f"[1] {PEAR}") == 2


@pytest.mark.usefixtures("library")
def test_chat_without_papers_fails(run: Callable[..., Result], home: Path) -> None:
    done = run("chat", home=home)
    assert done.exit_code == 1
    assert done.stderr.startswith("assistant: There are no papers here yet.")


def test_chat_adds_the_sample_only_to_an_empty_library(
    run: Callable[..., Result], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    added: list[object] = []
    monkeypatch.setattr(Assistant, "ingest", lambda self, *paths, progress=None: added.extend(paths) or Ingested())
    assert run("chat", "--sample").exit_code == 0
    assert added == []
    run("chat", "--sample", home=home)
    assert added == sample_files()


def test_chat_says_when_the_sample_is_not_installed(
    run: Callable[..., Result], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistant.library.sample.sample_files", list)
    done = run("chat", "--sample", home=home)
    assert done.exit_code == 1
    assert done.stderr.startswith("assistant: The sample papers are missing: this installation is incomplete.")


# -- the library


def test_papers_lists_titles_one_a_line(run: Callable[..., Result]) -> None:
    assert sorted(run("papers").stdout.splitlines()) == sorted(title.replace("$", "") for title, _ in PAIRS)


@pytest.mark.usefixtures("library")
def test_papers_says_on_stderr_that_there_are_none(run: Callable[..., Result], home: Path) -> None:
    done = run("papers", "zebra")
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "No paper contains these words.\n")
    empty = f"There are no papers in {home} yet. Add papers with: assistant ingest PATH...\n"
    assert run("papers", home=home).stderr == empty
    assert run("papers", "pears", home=home).stderr == empty


def test_papers_of_a_listing_and_of_some_days(run: Callable[..., Result]) -> None:
    assert len(run("papers", "--listing", "a.txt", "--since", "Mar 11", "--until", "mar 11").stdout.splitlines()) == 8
    done = run("papers", "pears", "--since", "2025-03-12", "--until", "2025-03-31")
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "No paper matches.\n")
    done = run("papers", "--listing", "b.txt")
    assert (done.exit_code, done.stderr) == (
        1,
        "assistant: No listing here is called 'b.txt'. There are: a.txt (Mar 11).\n",
    )


def test_remove_says_how_many_papers_it_removed(run: Callable[..., Result], stocked: Path, home: Path) -> None:
    shutil.copytree(stocked, home)
    done = run("remove", PEAR.upper(), "A Ledger of the Orchard", home=home)
    assert (done.exit_code, done.stdout) == (0, "Removed 2 papers. The library holds 6 papers.\n")
    assert PEAR not in run("papers", home=home).stdout


def test_status_shows_what_the_library_holds(run: Callable[..., Result], stocked: Path) -> None:
    assert run("status").stdout.splitlines() == [
        f"Library:  {stocked}",
        "Papers:   8",
        "Listings: a.txt (Mar 11)",
        "Revision: 1",
        "Index:    up to date",
        "Embedder: all-MiniLM-L6-v2-int8-8199be6f699a",
    ]


def test_doctor_finds_and_repairs(run: Callable[..., Result], stocked: Path, home: Path) -> None:
    shutil.copytree(stocked, home)
    whole = "Nothing is wrong. The library holds 8 papers.\n"
    assert run("doctor", home=home).stdout == whole
    (home / "index/current").write_text("nothing")
    done = run("doctor", home=home)
    assert done.exit_code == 5
    assert done.stdout == "- There is no usable index.\nRepair it with: assistant doctor --repair\n"
    done = run("doctor", "--repair", home=home)
    assert done.exit_code == 0
    assert done.stdout == "- There is no usable index.\nRepaired. The library holds 8 papers.\n"
    assert run("doctor", home=home).stdout == whole


def test_doctor_says_when_it_could_not_repair(run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Assistant, "doctor", lambda self, **_: ["the disk is full"])
    done = run("doctor", "--repair")
    assert (done.exit_code, done.stdout) == (5, "- The disk is full.\nThis could not be repaired.\n")


# -- check


def test_check_names_the_titles_that_a_beginning_could_mean(run: Callable[..., Result]) -> None:
    done = run("check", "It is so.", "--paper", "r")
    assert (done.exit_code, done.stdout) == (1, "")
    begun = sorted(title for title, _ in PAIRS if title.casefold().startswith("r"))
    assert len(begun) == 2
    assert done.stderr == f"assistant: 2 titles here begin with 'r': {'; '.join(begun)}. Give more of one.\n"
    for nothing in ("", " ", "\udcff"):
        assert run("check", "It is so.", "--paper", nothing).stderr.startswith("assistant: No paper here is called")


@pytest.mark.parametrize(
    ("check", "code", "printed"),
    [
        pytest.param(Check(True, 1.0, "quoted", (), "Yes."), 0, f"Supported (quoted) by “{PEAR}”.", id="supported"),
        pytest.param(
            Check(False, 0.25, "checked", ("the abstract lacks 3.5",), "No."),
            4,
            f"Not supported (checked, score 0.25) by “{PEAR}”.\n- the abstract lacks 3.5",
            id="not supported",
        ),
        pytest.param(
            Check(False, 0.25, "read", ("the abstract says less",), "No.", unsupported=("in all", "So")),
            4,
            f"Not supported (read, score 0.25) by “{PEAR}”.\n- the abstract says less\nNot borne out: “in all”; “So”",
            id="with words that are not borne out",
        ),
    ],
)
def test_check_gives_a_verdict_and_reasons(
    check: Check, code: int, printed: str, run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, str]] = []
    monkeypatch.setattr(Assistant, "check", lambda self, sentence, title: asked.append((sentence, title)) or check)
    for paper in (PEAR, "pearrank:  RANK"):  # or its beginning
        done = run("check", "It is so.", "--paper", paper)
    assert asked == [("It is so.", Paper(PEAR, "").id)] * 2
    assert done.exit_code == code
    assert done.stdout == f"{printed}\nClosest passage of the abstract: “{check.quote}”\n"


@pytest.fixture
def draft(tmp_path: Path) -> Path:
    path = tmp_path / "draft.md"
    path.write_text("It gains 9.5 points over BM25 [@pear]. It rains.\n\nThe memory fades [@kite].")
    (tmp_path / "refs.bib").write_text(f"@misc{{pear, title={{{PEAR}}}}}")
    return path


def test_a_draft_is_reported_sentence_by_sentence(draft: Path, run: Callable[..., Result]) -> None:
    done = run("check", draft)
    lines = done.stdout.splitlines()
    assert done.exit_code == 4
    assert lines[0] == f"{draft}:1: not supported: It gains 9.5 points over BM25."
    assert re.fullmatch(rf"  \[@pear\] “{PEAR}”: not supported \(checked, score 0\.\d\d\)", lines[1])
    assert lines[2:4] == ["    - the abstract does not state 9.5", "    Not borne out: “9.5”"]
    assert lines[5:] == [
        f"{draft}:3: not in the library: The memory fades.",
        "  no paper here for [@kite]",
        "2 sentences with citations: 0 supported by at least one paper that is cited, 1 not supported, "
        "1 without a paper here. 1 sentence without a citation.",
    ]
    assert f"{draft}:1: no citation: It rains." in run("check", draft, "--all").stdout


def test_a_draft_that_passes_exits_with_0(draft: Path, run: Callable[..., Result]) -> None:
    draft.write_text("It sorts orchards by their yield of pears [@pear].")
    assert run("check", draft).exit_code == 0
    assert run("check", draft, "--bib", draft).exit_code == 4  # which has no keys


def test_a_report_is_printed_as_json(draft: Path, run: Callable[..., Result]) -> None:
    report = json.loads(run("check", draft, "--json").stdout)
    assert (report["passed"], report["missing"], len(report["sentences"])) == (False, ["[@kite]"], 3)
    verdict = json.loads(run("check", "It gains 9.5 points.", "--paper", PEAR, "--json").stdout)
    assert (verdict["supported"], verdict["title"]) == (False, PEAR)


def test_text_from_papers_cannot_control_the_terminal(
    run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    declined = Answer("q", "q", declined=Decline("absent", "[bold]Nothing\x1b[2J.", ("A \x1b]0;title\x07[red]Pear",)))
    monkeypatch.setattr(Assistant, "stream", lambda self, question, where: iter([_event(declined)]))
    assert run("ask", "why?").stdout == "[bold]Nothing.\n\nNearest papers:\n- A [red]Pear\n"


def _event(answer: Answer) -> object:
    from assistant.chain import Event

    return Event("answered", answer=answer)


def test_the_help_explains_exactly_the_exit_codes_in_use() -> None:
    from assistant.doors import cli
    from assistant.doors.cli import shared

    explained = {int(code) for code in re.findall(r"^  (\d+) ", cli.EPILOG, re.M)}
    codes = (shared.FAILED, shared.REJECTED, shared.DECLINED, shared.DAMAGED, shared.NOT_SYNCED)
    assert explained == {0, 2, *codes, shared.STOPPED, shared.UNREAD}
    assert isinstance(typer.main.get_command(app), cli.Commands)


def test_standard_input_is_read_and_rejects_are_listed_and_exported(
    run: Callable[..., Result], home: Path, tmp_path: Path
) -> None:
    export = (ROOT / "tests/library/exports/zotero.ris").read_bytes()
    done = run("ingest", "-", "--dry-run", home=home, typed=export)
    assert done.stdout.splitlines()[0] == (
        "Nothing was changed. This would be: added 2, updated 0, unchanged 0, rejected 1. The library holds 0 papers."
    )
    done = run("ingest", "-", home=home, typed=export)
    assert (done.exit_code, done.stdout.splitlines()[0]) == (
        3,
        "Added 2, updated 0, unchanged 0, rejected 1. The library holds 2 papers.",
    )
    line = "  standard input:38: has no abstract (A Note on Shovels)\n"
    assert run("rejects", home=home).stdout == line
    mended = tmp_path / "mended.jsonl"
    assert "Wrote 1 reject to" in run("rejects", "--export", mended, home=home).stdout
    assert '"title": "A Note on Shovels", "abstract": ""' in mended.read_text(encoding="utf-8")
    assert run("ingest", "--titles-only", mended, home=home).exit_code == 0


@pytest.mark.parametrize("columns", ["title", "=Name", "title="])
def test_columns_have_a_field_and_a_name(run: Callable[..., Result], home: Path, columns: str) -> None:
    done = run("ingest", "--columns", columns, "x.csv", home=home)
    assert (done.exit_code, "is no FIELD=COLUMN, such as title=Name" in done.stderr) == (2, True)


# -- export and import


def test_a_library_is_exported_to_a_file_and_imported_once(run: Callable[..., Result], tmp_path: Path) -> None:
    file, copy = tmp_path / "backup.zip", tmp_path / "copy"
    assert run("export", file, "--with-vectors").stdout == f"Wrote 8 papers to {str(file)!r}.\n"
    imported = run("import", file, home=copy)
    assert (imported.exit_code, imported.stdout) == (0, "Imported 8 papers.\nThey can be searched now.\n")
    again = run("import", file, home=copy)
    assert (again.exit_code, again.stdout) == (1, "")
    assert "is not empty: there are papers in" in " ".join(again.stderr.split())
    damaged = run("import", __file__, home=tmp_path / "other")
    assert (damaged.exit_code, (tmp_path / "other").exists()) == (1, False)
    assert "is damaged, or no export of a library" in " ".join(damaged.stderr.split())
