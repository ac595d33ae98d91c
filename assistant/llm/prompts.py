"""The prompts in `prompts/`, filled with values. A missing or unknown name is an error when they are loaded."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Self

from ..core.errors import PromptError
from ..core.records import digest
from .model import Message

NAMES = {
    "answer": {"question", "sources", "wanted"},
    "judge": {"pairs"},
    "repair": {"question", "rejected", "sources"},
    "understand": {"question", "turns"},
}
"""The names that each prompt must contain; it may contain no others."""
DASHES = "\n---\n"
_ANGLE, _SQUARE = "\u2039", "\u27e6"
"""Replace the brackets that open something to a model; Unicode normalisation (NFKC) does not turn them back."""
_OPENS_TAG = re.compile(r"[<\uff1c\ufe64]")
_OPENS_MARK = re.compile(r"[\[\uff3b](?![\d.\s])")
"""A bracket before a word, as in "[INST]"; no model has "[1]" or "[...]" as a token."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """A system text and the template of the user's message."""

    name: str
    system: str
    template: str

    def filled(self, values: Mapping[str, str]) -> tuple[Message, Message]:
        """The messages, with a value for each of the prompt's names."""
        return Message("system", self.system), Message("user", Template(self.template).substitute(values))


@dataclass(frozen=True, slots=True)
class Prompts:
    """All prompts. `wording` is the hash of their texts."""

    answer: Prompt
    judge: Prompt
    repair: Prompt
    understand: Prompt
    wording: str

    @classmethod
    def load(cls, folder: Path | None = None) -> Self:
        """The prompts in `folder`, or those of the package. Raises `PromptError`."""
        place = folder or _shipped()
        texts = {name: _text(place / f"{name}.md") for name in NAMES}
        prompts = {name: _prompt(name, text, place / f"{name}.md") for name, text in texts.items()}
        return cls(**prompts, wording=digest(*(texts[name] for name in sorted(texts))))


def fenced(tag: str, text: str, *, number: int | None = None) -> str:
    """`text` as data between `<tag>` and `</tag>`."""
    opening = tag if number is None else f'{tag} n="{number}"'
    return f"<{opening}>\n{harmless(text)}\n</{tag}>"


def harmless(text: str) -> str:
    """`text` without anything that could be a fence, or a control token of a model.

    Control tokens differ between models, but all begin with a bracket: `<|im_start|>`, `</s>`, `[INST]`. So brackets
    that could begin one are replaced with similar characters.
    """
    return _OPENS_MARK.sub(_SQUARE, _OPENS_TAG.sub(_ANGLE, text))


def restored(text: str) -> str:
    """What a model copied from a `harmless` text, with the original brackets."""
    return text.replace(_ANGLE, "<").replace(_SQUARE, "[")


def _shipped() -> Path:
    """Inside the package if it is installed, next to it in a checkout."""
    package = Path(__file__).parent.parent
    return next(place for place in (package / "prompts", package.parent / "prompts") if place.is_dir())


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise PromptError(f"The prompt {str(path)!r} is missing. Reinstall the package, or restore the file.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise PromptError(f"The prompt {str(path)!r} cannot be read: {error}.") from error


def _prompt(name: str, text: str, path: Path) -> Prompt:
    system, dashes, template = text.partition(DASHES)
    if not (dashes and system.strip() and template.strip()):
        raise PromptError(f"The prompt {str(path)!r} must be a system text, a line of three dashes, and a template.")
    if not Template(template).is_valid():
        raise PromptError(f"The prompt {str(path)!r} has a $ without a name. Write $$ for a dollar sign.")
    used = set(Template(template).get_identifiers())
    if missing := sorted(NAMES[name] - used):
        raise PromptError(f"The prompt {str(path)!r} lacks ${', $'.join(missing)}. Add it where the value belongs.")
    if unknown := sorted(used - NAMES[name]):
        raise PromptError(
            f"The prompt {str(path)!r} contains ${', $'.join(unknown)}, which has no value. "
            f"It may contain ${', $'.join(sorted(NAMES[name]))}."
        )
    return Prompt(name, system.strip(), template.strip())
