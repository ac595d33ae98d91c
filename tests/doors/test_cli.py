"""A command line in, printed answers and an exit code out."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from assistant import __version__
from assistant.chain import Assistant
from assistant.core.records import Answer, Check, Decline, Ingested, Paper
from assistant.doors.cli import app
from assistant.library.sample import sample_files

from ..conftest import ROOT
from ..papers import PAIRS, write_listing
from ..references import references, ris

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

    def command(*arguments: object, home: Path = stocked, typed: str = "") -> Result:
        return CliRunner().invoke(app, [str(a) for a in arguments], input=typed, env={"ASSISTANT_HOME": str(home)})

    return command


# -- the whole


def test_help_is_quick_because_it_loads_nothing_heavy() -> None:
    heavy = ("numpy", "pydantic", "rich", "chromadb", "llama_index", "onnxruntime", "openai", "sqlite3", "eval")
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


def test_ctrl_c_while_it_is_still_being_loaded_ends_it_with_a_word() -> None:
    code = """
import sys
class Struck:
    def find_spec(self, name, *_):
        if name == "typer":
            raise KeyboardInterrupt
sys.meta_path.insert(0, Struck())
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
def test_a_command_line_that_is_not_understood_is_2(arguments: list[str], run: Callable[..., Result]) -> None:
    done = run(*arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "Error" in done.stderr


def test_home_may_stand_before_or_after_the_command(run: Callable[..., Result], stocked: Path, home: Path) -> None:
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
def test_a_mistyped_home_is_not_made(arguments: list[str], run: Callable[..., Result], home: Path) -> None:
    done = run(*arguments, "--home", home)
    advice = f"Make one with: assistant --home {home} ingest PATH..."
    message = f"assistant: There is no library in the folder {str(home)!r}. {advice}\n"
    assert (done.exit_code, done.stdout, done.stderr) == (1, "", message)
    assert not home.exists()


def test_ingest_makes_the_home(run: Callable[..., Result], home: Path, listing: Callable[..., Path]) -> None:
    assert run("ingest", listing(), "--home", home).exit_code == 0
    assert run("status", "--home", home).exit_code == 0


def test_python_m_assistant_is_the_same_command(stocked: Path) -> None:
    command = [sys.executable, "-m", "assistant", "--home", str(stocked), "papers", "kite"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "Do Kites Remember the Wind?\n", "")


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["papers"], ["status"], ["ask", "--json", "Pears?"]])
def test_a_full_disk_under_the_output_is_one_line(arguments: list[str], stocked: Path) -> None:
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
def test_closed_streams_are_those_of_nobody(arguments: str, closed: str, stocked: Path) -> None:
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


def test_a_full_disk_under_the_library_is_one_line(home: Path) -> None:
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
def test_what_is_absurd_is_refused_in_words(arguments: list[str], reason: str, run: Callable[..., Result]) -> None:
    done = run(*arguments)
    assert done.exit_code in (1, 2)
    assert isinstance(done.exception, SystemExit)
    assert reason in done.stderr


@pytest.mark.parametrize("host", [b"x" * 300, "ü..x".encode(), b"a\xff"])
def test_a_name_that_no_host_can_have_is_refused(host: bytes, stocked: Path) -> None:
    command = [*map(os.fsencode, [*PROGRAM, "--home", str(stocked), "serve", "--port", "0", "--host"]), host]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(r"assistant: The page cannot be served at .*, port 0: .* Name another port .*\n", done.stderr)


@pytest.fixture
def read_only(stocked: Path, tmp_path: Path) -> Iterator[Callable[..., subprocess.CompletedProcess[str]]]:
    """`read_only("status")` runs a command over a copy of the library that it may read and not write."""
    home = shutil.copytree(stocked, tmp_path / "copy")
    paths = [home, *home.rglob("*")]
    modes = {path: path.stat().st_mode for path in paths}
    for path, mode in modes.items():
        path.chmod(mode & ~0o222)
    powers = "-dac_override,-dac_read_search"  # by which the superuser writes all the same
    without = ["setpriv", f"--bounding-set={powers}", f"--inh-caps={powers}"] if os.geteuid() == 0 else []
    if without and not shutil.which("setpriv"):
        pytest.skip("there is no setpriv, and the superuser may write everywhere")

    def command(*arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        call = [*without, *PROGRAM, "--home", str(home), *arguments]
        return subprocess.run(call, cwd=ROOT, input=typed, capture_output=True, text=True, check=False)

    yield command
    assert {path: path.stat().st_mode & ~0o222 for path in [home, *home.rglob("*")]} == {
        path: mode & ~0o222 for path, mode in modes.items()
    }
    for path, mode in modes.items():
        path.chmod(mode)


def test_a_home_that_can_only_be_read_can_be_asked(
    read_only: Callable[..., subprocess.CompletedProcess[str]], run: Callable[..., Result]
) -> None:
    for arguments in (
        ["ask", "What is PearRank?"],
        ["papers", "kite"],
        ["doctor"],
        ["check", "It ranks.", "--paper", PEAR],
    ):
        done, expected = read_only(*arguments), run(*arguments)
        assert (done.returncode, done.stdout, done.stderr) == (expected.exit_code, expected.stdout, "")
    assert read_only("status").returncode == 0
    assert f"[1] {PEAR}" in read_only("chat", typed="What is PearRank?\n").stdout


@pytest.mark.parametrize("arguments", [["ingest", "README.md"], ["remove", PEAR]], ids=["ingest", "remove"])
def test_a_home_that_can_only_be_read_is_not_changed(
    arguments: list[str], read_only: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    done = read_only(*arguments)
    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(r"assistant: The library at '.*' cannot be written: .*Permission denied.*\n", done.stderr)


def test_a_failure_is_one_line_on_stderr_and_1(run: Callable[..., Result]) -> None:
    done = run("remove", "PearRank")
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == f"assistant: No paper here is called 'PearRank'. Closest: {PEAR}.\n"


def test_an_unknown_setting_is_a_failure(run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSISTANT_HOMME", "x")
    done = run("status")
    assert done.exit_code == 1
    assert done.stderr.startswith("assistant: No setting is called ASSISTANT_HOMME. There are: ASSISTANT_")


def test_ctrl_c_is_130(run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch) -> None:
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
def test_ctrl_c_at_the_prompt_leaves_with_130(stocked: Path) -> None:
    environment = os.environ | {"ASSISTANT_HOME": str(stocked), "PYTHONUNBUFFERED": "1"}
    heard = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"  # tests may run where it is not
    with subprocess.Popen(
        [sys.executable, "-c", f"{heard}; {COMMAND[-1]}", "chat"],
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


def test_output_that_the_stream_cannot_carry_is_replaced(stocked: Path) -> None:
    environment = os.environ | {"ASSISTANT_HOME": str(stocked), "PYTHONIOENCODING": "ascii"}
    done = subprocess.run([*COMMAND, "papers", "lantern"], cwd=ROOT, capture_output=True, env=environment, check=True)
    assert done.stdout == b"?-MoD: Lanterns for Multimodal Depth\n"


def test_the_model_wakes_only_once_numpy_is_whole(stocked: Path) -> None:
    """Two threads importing numpy at one time find it half made: a search failed one time in three."""
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


def test_what_is_missing_of_the_model_is_said(run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.index.embedding.MODEL", ("no-such-package", "model.onnx", ""))
    done = run("papers", "kite")
    assert done.stdout == "Do Kites Remember the Wind?\n"
    assert done.stderr.startswith("Searching by words alone. The bundled model's file model.onnx is not there")


# -- ingest


def test_ingest_sums_up_and_a_second_time_changes_nothing(
    run: Callable[..., Result], home: Path, tmp_path: Path
) -> None:
    file = write_listing(tmp_path / "a.txt", PAIRS[:2])
    done = run("ingest", file, home=home)
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout == "Added 2, updated 0, unchanged 0, rejected 0. The library holds 2 papers.\n"
    done = run("ingest", file, home=home)
    assert done.stdout == "Added 0, updated 0, unchanged 2, rejected 0. The library holds 2 papers.\n"


def test_ingest_lists_what_was_rejected_and_is_3(run: Callable[..., Result], home: Path, tmp_path: Path) -> None:
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


def test_ingest_refuses_a_bibliographic_file_in_one_line(
    run: Callable[..., Result], home: Path, tmp_path: Path
) -> None:
    file = tmp_path / "zotero.ris"
    file.write_text(ris(references(100)))
    done = run("ingest", file, home=home)
    assert done.exit_code == 3
    assert done.stdout.splitlines() == [
        "Added 0, updated 0, unchanged 0, rejected 1. The library holds 0 papers.",
        "",
        "Rejected:",
        "  zotero.ris: is RIS, which is not read yet; only listings are: "
        "each title on one line, its abstract on the next",
    ]


# -- ask


def test_ask_prints_the_answer_and_its_sources(run: Callable[..., Result]) -> None:
    done = run("ask", "What is PearRank?")
    assert (done.exit_code, done.stderr) == (0, "")
    answer, sources = done.stdout.split("\n\n", 1)
    assert "[1]" in answer
    assert sources == f"[1] {PEAR}\n"
    said = answer.removeprefix(f"{PEAR}: ").split(" [1]")[0]
    assert said
    assert " ".join(said.split()) in PAIRS[0][1]


def test_ask_takes_a_question_without_quotation_marks(run: Callable[..., Result]) -> None:
    assert run("ask", "What", "is", "PearRank?").stdout == run("ask", "What is PearRank?").stdout


def test_ask_json_prints_the_whole_answer(run: Callable[..., Result]) -> None:
    done = run("ask", "--json", "What is γ-MoD?")
    answer = json.loads(done.stdout)
    assert (done.exit_code, answer["answered"], answer["question"]) == (0, True, "What is γ-MoD?")
    assert answer["titles"] == ["γ-MoD: Lanterns for Multimodal Depth"]
    assert "γ-MoD" in done.stdout  # not as an escape


@pytest.mark.parametrize("flags", [[], ["--json"]], ids=["text", "json"])
@pytest.mark.usefixtures("library")
def test_a_declined_question_is_4(flags: list[str], run: Callable[..., Result], home: Path) -> None:
    done = run("ask", *flags, "What is PearRank?", home=home)
    told = f"The library is the folder {home}; --home names another.\n"
    assert (done.exit_code, done.stderr) == (4, told)
    assert "There are no papers here yet. Add listing files with: assistant ingest PATH..." in done.stdout


def test_a_question_without_words_is_a_failure(run: Callable[..., Result]) -> None:
    done = run("ask", "?!")
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == "assistant: The question has no words. Ask something about the papers.\n"


def test_bytes_that_are_no_text_are_replaced(stocked: Path) -> None:
    environment = os.environ | {"ASSISTANT_HOME": str(stocked)}
    command = [*(os.fsencode(part) for part in COMMAND), b"ask", b"--json", b"What is \xff PearRank?"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, env=environment, check=False)
    assert json.loads(done.stdout)["question"] == "What is \ufffd PearRank?"


# -- chat


def test_chat_answers_what_is_piped(run: Callable[..., Result]) -> None:
    done = run("chat", typed="What is PearRank?\n/sources\n/quit\n")
    assert done.exit_code == 0
    assert done.stdout.count(f"[1] {PEAR}") == 2


@pytest.mark.usefixtures("library")
def test_chat_without_papers_is_a_failure(run: Callable[..., Result], home: Path) -> None:
    done = run("chat", home=home)
    assert done.exit_code == 1
    assert done.stderr.startswith("assistant: There are no papers here yet.")


def test_chat_takes_in_the_sample_only_into_an_empty_library(
    run: Callable[..., Result], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[object] = []
    monkeypatch.setattr(Assistant, "ingest", lambda self, *paths, progress=None: taken.extend(paths) or Ingested())
    assert run("chat", "--sample").exit_code == 0
    assert taken == []
    run("chat", "--sample", home=home)
    assert taken == sample_files()


def test_chat_says_when_the_sample_is_not_installed(
    run: Callable[..., Result], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    done = run("chat", "--sample", home=home)
    assert done.exit_code == 1
    assert done.stderr.startswith("assistant: The sample papers are not there: this installation is not whole.")


# -- the library


def test_papers_lists_titles_one_a_line(run: Callable[..., Result]) -> None:
    assert sorted(run("papers").stdout.splitlines()) == sorted(title.replace("$", "") for title, _ in PAIRS)


@pytest.mark.usefixtures("library")
def test_papers_says_on_stderr_that_there_are_none(run: Callable[..., Result], home: Path) -> None:
    done = run("papers", "zebra")
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "No paper has these words.\n")
    empty = f"There are no papers in {home} yet. Add listing files with: assistant ingest PATH...\n"
    assert run("papers", home=home).stderr == empty
    assert run("papers", "pears", home=home).stderr == empty


def test_papers_of_a_listing_and_of_some_days(run: Callable[..., Result]) -> None:
    assert len(run("papers", "--listing", "a.txt", "--since", "Mar 11", "--until", "mar 11").stdout.splitlines()) == 8
    done = run("papers", "pears", "--since", "2025-03-12", "--until", "2025-03-31")
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "No paper here fits that.\n")
    done = run("papers", "--listing", "b.txt")
    assert (done.exit_code, done.stderr) == (
        1,
        "assistant: No listing here is called 'b.txt'. There are: a.txt (Mar 11).\n",
    )


def test_remove_forgets_papers_and_says_how_many(run: Callable[..., Result], stocked: Path, home: Path) -> None:
    shutil.copytree(stocked, home)
    done = run("remove", PEAR.upper(), "A Ledger of the Orchard", home=home)
    assert (done.exit_code, done.stdout) == (0, "Removed 2 papers. The library holds 6 papers.\n")
    assert PEAR not in run("papers", home=home).stdout


def test_status_says_what_is_held(run: Callable[..., Result], stocked: Path) -> None:
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
    ],
)
def test_check_says_whether_and_why(
    check: Check, code: int, printed: str, run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, str]] = []
    monkeypatch.setattr(Assistant, "check", lambda self, sentence, title: asked.append((sentence, title)) or check)
    for paper in (PEAR, "pearrank:  RANK"):  # or how it begins
        done = run("check", "It is so.", "--paper", paper)
    assert asked == [("It is so.", Paper(PEAR, "").id)] * 2
    assert done.exit_code == code
    assert done.stdout == f"{printed}\nClosest passage of the abstract: “{check.quote}”\n"


def test_what_comes_from_papers_cannot_steer_the_terminal(
    run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    declined = Answer("q", "q", declined=Decline("absent", "[bold]Nothing\x1b[2J.", ("A \x1b]0;title\x07[red]Pear",)))
    monkeypatch.setattr(Assistant, "stream", lambda self, question: iter([_event(declined)]))
    assert run("ask", "why?").stdout == "[bold]Nothing.\n\nNearest papers:\n- A [red]Pear\n"


def _event(answer: Answer) -> object:
    from assistant.chain import Event

    return Event("answered", answer=answer)


def test_every_exit_code_of_the_help_is_one_that_a_command_uses() -> None:
    from assistant.doors import cli
    from assistant.doors.cli import shared

    told = {int(code) for code in re.findall(r"^  (\d+) ", cli.EPILOG, re.M)}
    assert told == {0, 2, shared.FAILED, shared.REJECTED, shared.DECLINED, shared.FAULTY, shared.STOPPED, shared.UNREAD}
    assert isinstance(typer.main.get_command(app), cli.Commands)
