"""oidc: a whole log-in at a provider on this machine, and every way in which what comes back may be wrong."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.server
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from joserfc import jwk, jwt

from assistant.core.database import DataHome
from assistant.doors import web
from assistant.doors.web.entrance import LOGIN
from assistant.people.accounts import Accounts, Identity, NotIdentified
from assistant.people.oidc import Provider

from ..pages import serving
from ..papers import PAIRS

CLIENT, SECRET, BACK = "papers", "a secret of the client", "http://127.0.0.1:1/login/provider/back"
KEY = jwk.RSAKey.generate_key(2048, {"kid": "first"})
OTHER_KEY = jwk.RSAKey.generate_key(2048, {"kid": "first"})


class OpenID(http.server.ThreadingHTTPServer):
    """A provider whose user says yes at once; `claims` and `sign` change what it says of them."""

    def __init__(self) -> None:
        provider = self
        self.keys = [KEY]
        self.claims: dict[str, Any] = {}
        self.sign: Callable[[dict[str, Any]], str] = lambda claims: jwt.encode(
            {"alg": "RS256", "kid": provider.keys[-1].kid}, claims, provider.keys[-1]
        )
        self.codes: dict[str, dict[str, str]] = {}

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                path, query = urlsplit(self.path).path, parse_qs(urlsplit(self.path).query)
                if path == "/authorize":
                    self._reply(303, location=provider.agreed({name: value[0] for name, value in query.items()}))
                else:
                    self._reply(200, provider.documents[path])

            def do_POST(self) -> None:
                form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                sent = {name: value[0] for name, value in form.items()}
                token = provider.token(sent, self.headers["Authorization"])
                self._reply(200 if token else 400, token or {"error": "invalid_grant"})

            def _reply(self, status: int, document: object = None, location: str = "") -> None:
                body = json.dumps(document).encode()
                self.send_response(status)
                if location:
                    self.send_header("Location", location)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"

    @property
    def documents(self) -> dict[str, Any]:
        about = {"issuer": self.url, "jwks_uri": f"{self.url}/keys"}
        about |= {"authorization_endpoint": f"{self.url}/authorize", "token_endpoint": f"{self.url}/token"}
        return {
            "/.well-known/openid-configuration": about,
            "/keys": {"keys": [key.as_dict(private=False) for key in self.keys]},
        }

    def agreed(self, asked: dict[str, str]) -> str:
        """Where the browser is sent with a code."""
        assert (asked["client_id"], asked["response_type"], asked["code_challenge_method"]) == (CLIENT, "code", "S256")
        assert "openid" in asked["scope"].split()
        code = secrets.token_hex(8)
        self.codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def token(self, sent: dict[str, str], authorization: str) -> dict[str, str] | None:
        """The tokens for a code, once, for the client that can prove that it asked."""
        asked = self.codes.pop(sent["code"], None)
        expected = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        if asked is None or authorization not in (f"Basic {expected}", _quoted(expected)):
            return None
        digest = hashlib.sha256(sent["code_verifier"].encode()).digest()
        if base64.urlsafe_b64encode(digest).decode().rstrip("=") != asked["code_challenge"]:
            return None
        now = int(time.time())
        claims = {"iss": self.url, "aud": CLIENT, "sub": "7", "iat": now, "exp": now + 60, "nonce": asked["nonce"]}
        claims |= {"email": "Ann@Example.org", "email_verified": True, "groups": ["readers"], **self.claims}
        return {"access_token": "x", "token_type": "Bearer", "id_token": self.sign(claims)}

    def __enter__(self) -> OpenID:
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()


def _quoted(basic: str) -> str:
    """The same header of a client that quotes its secret first, as RFC 6749 has it."""
    name, _, secret = base64.b64decode(basic).decode().partition(":")
    quoted = urlencode({name: secret}).replace("=", ":")
    return f"Basic {base64.b64encode(quoted.encode()).decode()}"


@pytest.fixture
def openid() -> Iterator[OpenID]:
    with OpenID() as provider:
        yield provider


@pytest.fixture
def provider(openid: OpenID) -> Provider:
    return Provider(openid.url, CLIENT, SECRET)


def went(provider: Provider, talk: str = "") -> tuple[dict[str, str], str]:
    """What a browser brings back from the provider, and the state that it kept."""
    where, state = provider.begin(BACK, talk)
    back = httpx.get(where).headers["location"]
    assert back.startswith(BACK)
    return {name: value[0] for name, value in parse_qs(urlsplit(back).query).items()}, state


# -- as it should be


def test_somebody_is_identified(openid: OpenID, provider: Provider) -> None:
    assert provider.finish(*went(provider, "abcdefgh")) == (Identity(openid.url, "7", "ann@example.org"), "abcdefgh")


def test_keys_may_change(openid: OpenID, provider: Provider) -> None:
    provider.finish(*went(provider))
    openid.keys.append(jwk.RSAKey.generate_key(2048, {"kid": "second"}))
    assert provider.finish(*went(provider))[0].subject == "7"


@pytest.mark.parametrize(
    ("rules", "claims", "allowed"),
    [
        ({"domains": ["example.org"]}, {}, True),
        ({"domains": ["example.com"]}, {}, False),
        ({"domains": ["example.org"]}, {"email_verified": False}, False),
        ({"domains": ["example.org"]}, {"email_verified": "true"}, False),
        ({"domains": ["example.org"]}, {"email": "ann@example.org.elsewhere.example"}, False),
        ({"domains": ["example.org"]}, {"email": None}, False),
        ({"groups": ["readers"]}, {}, True),
        ({"groups": ["writers"]}, {}, False),
        ({"groups": ["read"]}, {"groups": "readers"}, False),
        ({"domains": ["example.org"], "groups": ["writers"]}, {}, False),
    ],
)
def test_domains_and_groups_decide_who_is_let_in(
    openid: OpenID, rules: dict[str, Any], claims: dict[str, Any], allowed: bool
) -> None:
    provider = Provider(openid.url, CLIENT, SECRET, **rules)
    openid.claims = claims
    if allowed:
        assert provider.finish(*went(provider))[0].subject == "7"
    else:
        with pytest.raises(NotIdentified, match="Your account may not use this page"):
            provider.finish(*went(provider))


# -- attacks


def encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def head_and_body(algorithm: str, claims: dict[str, Any]) -> str:
    header = {"alg": algorithm, "kid": "first"}
    return ".".join(encoded(json.dumps(part).encode()) for part in (header, claims))


def unsigned(claims: dict[str, Any]) -> str:
    return f"{head_and_body('none', claims)}."


def with_the_public_key(claims: dict[str, Any]) -> str:
    """Signed with the provider's public key, as if it were a shared secret."""
    token = head_and_body("HS256", claims)
    return f"{token}.{encoded(hmac.digest(KEY.as_pem(private=False), token.encode(), 'sha256'))}"


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"nonce": "another"}, "InvalidClaimError"),
        ({"nonce": None}, "MissingClaimError"),
        ({"aud": "another client"}, "InvalidClaimError"),
        ({"aud": [CLIENT, "another"]}, "for several clients"),
        ({"aud": [CLIENT, "another"], "azp": "another"}, "InvalidClaimError"),
        ({"iss": "http://elsewhere.example"}, "InvalidClaimError"),
        ({"exp": 1}, "ExpiredTokenError"),
        ({"exp": None}, "MissingClaimError"),
        ({"sub": None}, "MissingClaimError"),
    ],
    ids=str,
)
def test_a_token_with_wrong_claims_is_refused(
    openid: OpenID, provider: Provider, claims: dict[str, Any], reason: str
) -> None:
    openid.claims = claims
    with pytest.raises(NotIdentified, match="refused") as error:
        provider.finish(*went(provider))
    assert reason in error.value.reason


@pytest.mark.parametrize(
    ("sign", "reason"),
    [
        (unsigned, "UnsupportedAlgorithmError"),
        (with_the_public_key, "UnsupportedAlgorithmError"),
        (lambda claims: jwt.encode({"alg": "RS256", "kid": "first"}, claims, OTHER_KEY), "BadSignatureError"),
        (lambda claims: jwt.encode({"alg": "RS256", "kid": "unknown"}, claims, OTHER_KEY), "InvalidKeyIdError"),
        (lambda _: "no token", ""),
    ],
    ids=["none", "with the public key", "another key", "an unknown key", "no token"],
)
@pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")
def test_a_token_that_the_provider_did_not_sign_is_refused(
    openid: OpenID, provider: Provider, sign: Callable[[dict[str, Any]], str], reason: str
) -> None:
    openid.sign = sign
    with pytest.raises(NotIdentified, match="refused") as error:
        provider.finish(*went(provider))
    assert reason in error.value.reason


def test_a_log_in_is_finished_once_and_by_the_browser_that_began_it(provider: Provider) -> None:
    answer, state = went(provider)
    other_answer, other_state = went(provider)
    for kept in ("", other_state):
        with pytest.raises(NotIdentified, match="refused"):
            provider.finish(answer, kept)
    with pytest.raises(NotIdentified, match="refused"):
        provider.finish({**answer, "state": ""}, "")
    assert provider.finish(answer, state)[0].subject == "7"
    with pytest.raises(NotIdentified, match="too long"):
        provider.finish(answer, state)
    with pytest.raises(NotIdentified, match="refused"):  # a code of another log-in: its verifier is missing
        provider.finish({**other_answer, "code": answer["code"]}, other_state)


def test_a_code_of_another_log_in_is_of_no_use(provider: Provider) -> None:
    stolen, _ = went(provider)
    answer, state = went(provider)
    with pytest.raises(NotIdentified, match="refused") as error:
        provider.finish({**answer, "code": stolen["code"]}, state)
    assert error.value.reason == "the code gave no token: OAuthError"


def test_a_log_in_that_takes_too_long_is_refused(openid: OpenID) -> None:
    now = [time.time()]
    provider = Provider(openid.url, CLIENT, SECRET, clock=lambda: now[0])
    answer, state = went(provider)
    now[0] += 601
    with pytest.raises(NotIdentified, match="too long"):
        provider.finish(answer, state)


def test_the_answer_of_another_provider_is_refused(provider: Provider) -> None:
    answer, state = went(provider)
    with pytest.raises(NotIdentified, match="refused"):
        provider.finish({**answer, "iss": "http://elsewhere.example"}, state)


def test_a_provider_with_another_name_or_none_at_all_is_not_used(openid: OpenID) -> None:
    elsewhere = f"http://localhost:{openid.server_port}"
    for url in (elsewhere, "http://127.0.0.1:1"):
        with pytest.raises(NotIdentified, match="cannot be used now") as error:
            Provider(url, CLIENT, SECRET).begin(BACK)
        assert error.value.status == 503


def test_a_provider_that_is_gone_before_the_end_is_reported() -> None:
    with OpenID() as openid:
        provider = Provider(openid.url, CLIENT, SECRET)
        answer, state = went(provider)
    with pytest.raises(NotIdentified, match="cannot be used now") as error:
        provider.finish(answer, state)
    assert error.value.status == 503


# -- users


def test_an_identity_is_one_user_whatever_its_name(data_home: DataHome) -> None:
    with closing(Accounts(data_home)) as accounts:
        ann = accounts.add_user("ann@example.org", "a battery of horses")
        first = accounts.identified(Identity("https://a", "7", "Ann@Example.org"))
        again = accounts.identified(Identity("https://a", "7", "renamed"))
        other = accounts.identified(Identity("https://b", "7", "../ Ünn"))
        assert first.id != ann.id  # nobody gets a user's conversations by having their name elsewhere
        assert first.name.startswith("ann@example.org-")
        assert again == first
        assert other.id not in (ann.id, first.id)
        assert other.name == "nn"
        assert accounts.user(first.name, "") is None
        accounts.remove_user(first.name)
        assert accounts.identified(Identity("https://a", "7", "ann")).id != first.id


# -- on the page


def test_users_log_in_and_out_on_the_page(openid: OpenID, provider: Provider, tmp_path: Path) -> None:
    rules = web.Rules(login=True, provider=provider)
    with serving(tmp_path / "home", PAIRS[:3], rules) as page, httpx.Client(base_url=page.url) as browser:
        assert "/login/provider?talk=abcdefgh" in browser.get("/login?talk=abcdefgh").text
        assert browser.get("/config").status_code == 401
        there = browser.get("/login/provider?talk=abcdefgh")
        back = httpx.get(there.headers["location"]).headers["location"]
        assert httpx.get(back).status_code == 401  # in a browser that did not begin it
        there = browser.get("/login/provider?talk=abcdefgh")
        back = httpx.get(there.headers["location"]).headers["location"]
        done = browser.get(back)
        assert (done.status_code, done.headers["location"]) == (303, "/?talk=abcdefgh")
        assert browser.get("/config").status_code == 200
        stolen = browser.cookies[LOGIN]
        assert browser.get(back).status_code == 401
        browser.post("/logout")
        browser.cookies.set(LOGIN, stolen)
        assert browser.get("/config").status_code == 401
        openid.claims = {"aud": "another"}
        there = browser.get("/login/provider")
        refused = browser.get(httpx.get(there.headers["location"]).headers["location"])
        assert refused.status_code == 401
        assert "The log-in was refused. Try again." in refused.text


def test_without_a_provider_the_page_offers_none(tmp_path: Path) -> None:
    rules = web.Rules(login=True)
    with serving(tmp_path / "home", PAIRS[:3], rules) as page, httpx.Client(base_url=page.url) as browser:
        assert "/login/provider" not in browser.get("/login").text
        assert browser.get("/login/provider").status_code == 404
