"""settings: read once, known or refused, frozen."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from assistant.core.errors import SettingsError
from assistant.core.settings import Settings


def test_without_an_environment_the_defaults_apply(tmp_path: Path) -> None:
    settings = Settings.from_environment()
    assert settings.home == tmp_path / "xdg_data_home" / "paper-assistant"
    assert (settings.chroma_url, settings.threads, settings.memory_turns) == ("", 2, 8)


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ASSISTANT_HOME", str(tmp_path))
    monkeypatch.setenv("ASSISTANT_CHROMA_URL", "http://127.0.0.1:8000")
    monkeypatch.setenv("ASSISTANT_THREADS", "3")
    monkeypatch.setenv("ASSISTANT_MEMORY_TURNS", "0")
    settings = Settings.from_environment()
    assert (settings.home, settings.chroma_url) == (tmp_path, "http://127.0.0.1:8000")
    assert (settings.threads, settings.memory_turns) == (3, 0)


def test_an_address_is_the_same_with_and_without_a_slash() -> None:
    assert Settings(chroma_url="http://127.0.0.1:8000/") == Settings(chroma_url="http://127.0.0.1:8000")


def test_an_argument_takes_precedence_over_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ASSISTANT_HOME", "elsewhere")
    monkeypatch.setenv("ASSISTANT_THREADS", "3")
    assert Settings.from_environment(home=tmp_path).home == tmp_path
    assert Settings.from_environment(home=None).home == Path("elsewhere")
    assert Settings(threads=5).threads == 5


@pytest.mark.parametrize(
    ("name", "variable", "openai"),
    [
        ("model_url", "ASSISTANT_MODEL_URL", "OPENAI_BASE_URL"),
        ("model_key", "ASSISTANT_MODEL_KEY", "OPENAI_API_KEY"),
    ],
)
def test_the_variables_of_the_openai_client_are_read_where_ours_are_not_set(
    monkeypatch: pytest.MonkeyPatch, name: str, variable: str, openai: str
) -> None:
    def value(settings: Settings) -> str:
        return settings.model_url if name == "model_url" else settings.model_key.get_secret_value()

    monkeypatch.setenv(openai, "http://theirs")
    assert value(Settings()) == "http://theirs"
    monkeypatch.setenv(variable, "http://ours")
    assert value(Settings()) == "http://ours"
    assert value(Settings(**{name: "http://argument"})) == "http://argument"
    monkeypatch.setenv(variable, "")  # an empty value counts as set
    assert value(Settings()) == ""


def test_a_bad_value_of_the_openai_client_is_reported_under_our_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "nowhere")
    with pytest.raises(SettingsError, match=r"The setting 'model_url' \(ASSISTANT_MODEL_URL\) is 'nowhere'"):
        Settings()


def test_no_env_file_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    Path(".env").write_text("ASSISTANT_THREADS=7\n")
    assert Settings.from_environment().threads == 2


def test_help_does_not_load_settings(python: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    code = (
        "import contextlib, sys; from assistant.doors.cli import main; sys.argv = ['assistant', '--help']\n"
        "with contextlib.suppress(SystemExit): main()\n"
        "print('pydantic' in sys.modules, 'pydantic_settings' in sys.modules)"
    )
    done = python(code)
    assert (done.stdout.splitlines()[-1], done.stderr) == ("False False", "")


def test_secrets_are_not_shown() -> None:
    secrets = {"model_key": "s1", "slack_bot_token": "s2", "slack_app_token": "s3", "slack_signing_secret": "s4"}
    shown = repr(Settings(**secrets, mattermost_tokens="s5"))
    assert [secret for secret in (*secrets.values(), "s5") if secret in shown] == []


def test_an_unknown_variable_is_refused_with_the_closest_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSISTANT_THREDS", "3")
    expected = (
        r"No setting is called ASSISTANT_THREDS\. Did you mean ASSISTANT_THREADS\? There are: ASSISTANT_ARXIV_URL"
    )
    with pytest.raises(SettingsError, match=expected):
        Settings.from_environment()


def test_an_unknown_argument_is_refused_with_the_known_ones() -> None:
    with pytest.raises(SettingsError, match=r"No setting is called 'colour'\. There are: .*home"):
        Settings(colour="blue")


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        pytest.param("ASSISTANT_THREADS", "0", id="no-threads"),
        pytest.param("ASSISTANT_THREADS", "65", id="too-many-threads"),
        pytest.param("ASSISTANT_THREADS", "many", id="threads-not-a-number"),
        pytest.param("ASSISTANT_MEMORY_TURNS", "-1", id="negative-memory"),
        pytest.param("ASSISTANT_CHROMA_URL", "localhost:8000", id="address-without-scheme"),
        pytest.param("ASSISTANT_PROXIES", "proxy.example", id="proxy-without-address"),
        pytest.param("ASSISTANT_PROXIES", "*", id="every-proxy"),
    ],
)
def test_an_impossible_value_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError, match=rf"{variable}\) is '{re.escape(value)}'"):
        Settings.from_environment()


def test_a_refusal_has_no_prefix_of_pydantic(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSISTANT_MODEL_URL", "nowhere")
    with pytest.raises(SettingsError, match=r"is 'nowhere': must be empty or an http:// or https:// address"):
        Settings.from_environment()


@pytest.mark.parametrize("address", ["http://[::1", "http://a:99999999", "http://a:x", "http://a\x01b", "https://:80"])
def test_an_address_without_a_valid_host_and_port_is_refused(address: str) -> None:
    for setting in ("model_url", "chroma_url"):
        with pytest.raises(SettingsError, match="with a valid host and port"):
            Settings(**{setting: address})


@pytest.mark.parametrize(
    ("home", "reason"),
    [("~nobody-of-this-name/x", "names a user who is not known here"), ("/\udcff", "valid UTF-8")],
)
def test_an_impossible_home_is_refused(home: str, reason: str) -> None:
    with pytest.raises(SettingsError, match=reason):
        Settings(home=home)


def test_a_very_long_value_is_cut() -> None:
    with pytest.raises(SettingsError) as error:
        Settings(threads="9" * 100_000)
    assert len(str(error.value)) < 500


def test_every_impossible_value_is_named_at_once() -> None:
    with pytest.raises(SettingsError) as error:
        Settings(threads=0, memory_turns=-1)
    assert len(str(error.value).splitlines()) == 2


def test_settings_are_frozen() -> None:
    settings = Settings()
    with pytest.raises(ValueError, match="frozen"):
        settings.threads = 4


def test_prices_are_parsed_by_model() -> None:
    assert Settings(model_prices=" small=0.25/2, a/large:8b=1/8.5 ").prices == {
        "small": (0.25, 2.0),
        "a/large:8b": (1.0, 8.5),
    }
    assert Settings().prices == {}


@pytest.mark.parametrize("prices", ["small", "small=1", "small=1/x", "small=-1/2", "=1/2", "small=1/2 large=1/2"])
def test_an_impossible_price_is_refused(prices: str) -> None:
    with pytest.raises(SettingsError, match=r"model_prices.*must look like small=0\.25/2"):
        Settings(model_prices=prices)
