"""The evaluation, loaded when used: `evaluation.main` is `assistant.evaluation.main`, or `eval.main` in a checkout.

A wheel has the folder `eval` inside the package, because a top-level package of that name could clash with other code.
"""

from __future__ import annotations

import importlib
import importlib.util
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from eval import main, plots, report

__all__ = ["main", "plots", "report"]


def __getattr__(name: str) -> Any:
    """Load a module of the evaluation when it is first asked for."""
    if name.startswith("_"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    package = "assistant.evaluation" if importlib.util.find_spec("assistant.evaluation") else "eval"
    return importlib.import_module(f"{package}.{name}")
