"""Fitted models and heads in, the files of the package that hold them written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from assistant.core.logistic import model, preference, stored


def keep(fitted_on: str = "", **fitted: Mapping[str, Any]) -> None:
    """Write these models, beside those that stay as they are, and what they were fitted on ("": as before)."""
    path = Path(str(resources.files("assistant.core") / "models.json"))
    before = json.loads(path.read_text())
    after = {"fitted_on": fitted_on or before["fitted_on"], "models": before["models"] | fitted}
    path.write_text(json.dumps(after, indent=1) + "\n")
    forget()
    for name, one in fitted.items():
        print(f"{name}: {one['examples']} rows of {one['questions']} papers")


def forget() -> None:
    """Read the models again when they are next needed."""
    for cached in (stored, model, preference):
        cached.cache_clear()


def write_heads(heads: Mapping[str, Any]) -> None:
    """Keep these heads on the reader's vectors beside the others."""
    path = Path(str(resources.files("assistant.reader") / "heads.json"))
    path.write_text(json.dumps(json.loads(path.read_text()) | dict(heads)) + "\n")
