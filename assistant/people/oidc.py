"""An OpenID provider and a browser that comes back from it in, who logged in there out.

The authorization code flow with PKCE, a state and a nonce: https://openid.net/specs/openid-connect-core-1_0.html and
https://www.rfc-editor.org/rfc/rfc9700.html. What the provider says of itself and its keys are fetched when they are
first needed, and the keys again when a token names one that is not known yet.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx2
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import OAuth2Client
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from .accounts import AWAY, Identity, NotIdentified

if TYPE_CHECKING:
    from ..core.settings import Settings

DISCOVERY = "/.well-known/openid-configuration"
SCOPE = "openid email profile"
ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"]
"""Signatures with a key of the provider's. Neither `none` nor those with a shared secret are among them."""
PATIENCE = 10.0
"""Seconds that the provider gets for a response."""
LEEWAY = 30
"""Seconds that the provider's clock may differ."""
UNDER_WAY = 10_000
"""Log-ins that may be under way at a time; the oldest is forgotten first."""
REFUSED = "The log-in was refused. Try again."


@dataclass(frozen=True, slots=True)
class Begun:
    """A log-in that is under way: what proves that its end belongs to its beginning, and where it leads."""

    verifier: str
    nonce: str
    back: str
    talk: str
    until: float


class Provider:
    """One provider, and the log-ins under way there. Threads may share it.

    domains, groups: whom it lets in, if any are given: verified e-mail addresses at one of these domains, in lower
    case; members of one of these groups.
    """

    def __init__(
        self,
        issuer: str,
        client: str,
        secret: str,
        *,
        domains: Collection[str] = (),
        groups: Collection[str] = (),
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._issuer, self._client, self._secret = issuer.rstrip("/"), client, secret
        self._domains, self._groups, self._clock = frozenset(domains), frozenset(groups), clock
        self._begun: OrderedDict[str, Begun] = OrderedDict()
        self._lock = threading.Lock()  # of the one above
        self._about: Mapping[str, Any] = {}
        self._keys = KeySet([])

    @classmethod
    def of(cls, settings: Settings) -> Provider:
        return cls(
            settings.oidc_issuer,
            settings.oidc_client_id,
            settings.oidc_client_secret.get_secret_value(),
            domains=settings.oidc_domains.casefold().replace(",", " ").split(),
            groups=[group.strip() for group in settings.oidc_groups.split(",") if group.strip()],
        )

    def begin(self, back: str, talk: str = "") -> tuple[str, str]:
        """Where to send a browser, and the state that it has to keep; `back` is where it is sent afterwards.

        Raises `NotIdentified` if the provider cannot be reached.
        """
        verifier, nonce, state = (secrets.token_urlsafe(48) for _ in range(3))
        with self._client_for(back) as client:
            address, _ = client.create_authorization_url(
                self._said("authorization_endpoint"), state=state, code_verifier=verifier, nonce=nonce
            )
        with self._lock:
            self._begun[state] = Begun(verifier, nonce, back, talk, self._clock() + AWAY)
            if len(self._begun) > UNDER_WAY:
                self._begun.popitem(last=False)
        return address, state

    def finish(self, answer: Mapping[str, str], state: str) -> tuple[Identity, str]:
        """Who came back with this answer in the address, and their `talk`; `state` is the one that the browser kept.

        Each log-in can be finished once. Raises `NotIdentified`.
        """
        sent = answer.get("state", "")
        if not state or not secrets.compare_digest(sent.encode(), state.encode()):
            raise NotIdentified(REFUSED, "the state is not this browser's")
        with self._lock:
            begun = self._begun.pop(sent, None)
        if begun is None or begun.until < self._clock():
            raise NotIdentified("The log-in took too long. Try again.", "the state is unknown, used or too old")
        if answer.get("iss", self._said("issuer")) != self._said("issuer"):
            raise NotIdentified(REFUSED, "another provider answered")
        if "code" not in answer:
            raise NotIdentified(REFUSED, "the provider refused")
        return self._allowed(self._claims(self._token(answer["code"], begun), begun.nonce)), begun.talk

    def _token(self, code: str, begun: Begun) -> str:
        """The identity token that the provider gives for a code."""
        try:
            with self._client_for(begun.back) as client:
                tokens = client.fetch_token(self._said("token_endpoint"), code=code, code_verifier=begun.verifier)
            return str(tokens["id_token"])
        except httpx2.HTTPError as error:
            raise _unreachable(error) from error
        except (OAuthError, KeyError, ValueError) as error:  # the last where the response is no JSON
            raise NotIdentified(REFUSED, f"the code gave no token: {type(error).__name__}") from error

    def _claims(self, token: str, nonce: str) -> Mapping[str, Any]:
        """What a token says, once its signature and claims have been checked."""
        registry = jwt.JWTClaimsRegistry(
            now=lambda: int(self._clock()),
            leeway=LEEWAY,
            iss={"essential": True, "value": self._said("issuer")},
            aud={"essential": True, "value": self._client},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": nonce},
            azp={"value": self._client},
        )
        try:
            claims = self._decoded(token)
            registry.validate(claims)
        except (JoseError, ValueError) as error:
            raise NotIdentified(REFUSED, f"the token is not valid: {type(error).__name__}") from error
        if isinstance(claims["aud"], list) and len(claims["aud"]) > 1 and "azp" not in claims:
            raise NotIdentified(REFUSED, "the token is for several clients")
        return claims

    def _decoded(self, token: str) -> dict[str, Any]:
        try:
            return jwt.decode(token, self._keys, algorithms=ALGORITHMS).claims
        except InvalidKeyIdError:  # keys change, and there are none yet at first
            self._keys = KeySet.import_key_set(_fetched(self._said("jwks_uri")))  # type: ignore[arg-type]  # checked there
        return jwt.decode(token, self._keys, algorithms=ALGORITHMS).claims

    def _allowed(self, claims: Mapping[str, Any]) -> Identity:
        address = str(claims.get("email", "")).casefold()
        at_home = claims.get("email_verified") is True and address.rpartition("@")[2] in self._domains
        groups = claims.get("groups", ())
        member = isinstance(groups, list) and not self._groups.isdisjoint(map(str, groups))
        if (self._domains and not at_home) or (self._groups and not member):
            raise NotIdentified("Your account may not use this page.", "the account is not among those let in", 403)
        name = address or claims.get("preferred_username") or claims["sub"]
        return Identity(self._said("issuer"), str(claims["sub"]), str(name))

    def _client_for(self, back: str) -> OAuth2Client:
        return OAuth2Client(
            self._client,
            self._secret,
            scope=SCOPE,
            redirect_uri=back,
            code_challenge_method="S256",
            timeout=PATIENCE,
        )

    def _said(self, name: str) -> str:
        """What the provider says of itself."""
        if not self._about:
            about = _fetched(self._issuer + DISCOVERY)
            if str(about.get("issuer", "")).rstrip("/") != self._issuer:
                raise _unreachable(ValueError("it has another issuer"))
            self._about = about
        try:
            return str(self._about[name])
        except KeyError as error:
            raise _unreachable(error) from error


def _fetched(address: str) -> Mapping[str, Any]:
    """A document of the provider's. Raises `NotIdentified`."""
    try:
        document = httpx2.get(address, timeout=PATIENCE).raise_for_status().json()
    except (httpx2.HTTPError, ValueError) as error:
        raise _unreachable(error) from error
    if not isinstance(document, dict):
        raise _unreachable(TypeError("no object"))
    return document


def _unreachable(error: Exception) -> NotIdentified:
    message = "The log-in service cannot be used now. Try again later, or log in with a password."
    return NotIdentified(message, f"the provider cannot be used: {type(error).__name__}: {error}", 503)
