"""OAuth 2 for Eloqua: a rotating refresh token, or a password. It gets tokens and signs requests with them.

auth = RefreshTokenGrant(client_id, client_secret, FileTokenStore("eloqua-tokens.json"))
"""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from scc.eloqua.errors import SYSTEM
from scc.eloqua.reading import as_object, text
from scc.eloqua.tokens import MemoryTokenStore, Tokens, TokenStore
from scc.errors import ConfigError, CredentialsError, RefusedError, ThrottledError, UnavailableError
from scc.transport import Auth, Transport

__all__ = ["PasswordGrant", "RefreshTokenGrant"]

EARLY_S = 60.0
"""How long before its end an access token is no longer used."""
LIFE_S = 8 * 3600.0
"""Oracle's life of an access token, for an answer that does not say."""


@dataclass(frozen=True)
class RefreshTokenGrant:
    """An application that a user has authorized once.

    `refresh_token` begins with where the store is empty; from then on the store alone counts.
    `redirect_uri` is needed where the application was registered with one.
    """

    client_id: str
    client_secret: str = field(repr=False)
    store: TokenStore
    refresh_token: str | None = field(default=None, repr=False)
    redirect_uri: str | None = None

    def connect(self, login: Transport, login_url: str) -> Auth:
        return _Signer(
            _TokenPage(login, login_url, self.client_id, self.client_secret), self.store, self._fetch
        )

    def _fetch(self, page: _TokenPage, known: Tokens | None) -> Tokens:
        known = known or Tokens(self.refresh_token)
        if not known.refresh_token:
            raise ConfigError(
                "no refresh token of Eloqua's is known",
                hint="Authorize the application, and give its refresh token.",
            )
        # a store that can't be written would lose the next token: better to hear of it while this one works
        self.store.save(known)
        body = {"grant_type": "refresh_token", "refresh_token": known.refresh_token, "scope": "full"}
        if self.redirect_uri is not None:
            body["redirect_uri"] = self.redirect_uri
        try:
            fresh = page.ask(body, idempotent=False)
            return fresh if fresh.refresh_token else replace(fresh, refresh_token=known.refresh_token)
        except ThrottledError:
            raise
        except UnavailableError as lost:
            lost.hint = (
                "Whether the refresh token was spent is unknown: if it is refused next, authorize again."
            )
            raise


@dataclass(frozen=True)
class PasswordGrant:
    """An application together with a user's password; nothing needs to be kept between processes."""

    client_id: str
    client_secret: str = field(repr=False)
    company: str
    user: str
    password: str = field(repr=False)

    def connect(self, login: Transport, login_url: str) -> Auth:
        page = _TokenPage(login, login_url, self.client_id, self.client_secret)
        return _Signer(page, MemoryTokenStore(), self._fetch)

    def _fetch(self, page: _TokenPage, _: Tokens | None) -> Tokens:
        return page.ask(
            {
                "grant_type": "password",
                "scope": "full",
                "username": f"{self.company}\\{self.user}",
                "password": self.password,
            },
            idempotent=True,
        )


class _TokenPage:
    """The token endpoint; what it refuses is a matter of credentials."""

    def __init__(self, login: Transport, login_url: str, client_id: str, client_secret: str) -> None:
        self._login = login
        self._url = f"{login_url}/auth/oauth2/token"
        pair = f"{client_id}:{client_secret}".encode()
        self._header = {"Authorization": "Basic " + base64.b64encode(pair).decode()}

    def ask(self, body: Mapping[str, str], *, idempotent: bool) -> Tokens:
        try:
            response = self._login.request(
                "POST", self._url, json=dict(body), headers=self._header, idempotent=idempotent
            )
        except RefusedError as refused:
            raise CredentialsError(
                refused.message,
                hint="Check client id and secret, and user and password; a refresh token that was spent or is a year "
                "old needs a new authorization.",
                system=SYSTEM,
                status=refused.status,
                code=refused.code,
                request_id=refused.request_id,
            ) from None
        answer = as_object(response.json())
        return Tokens(answer.get("refresh_token"), text(answer, "access_token"), time.time() + _life(answer))


class _Signer:
    """Signs with the store's access token; gets a new one when it has ended or is refused."""

    def __init__(
        self, page: _TokenPage, store: TokenStore, fetch: Callable[[_TokenPage, Tokens | None], Tokens]
    ) -> None:
        self._page = page
        self._store = store
        self._fetch = fetch
        self._tokens: Tokens | None = None
        self._used = threading.local()

    def headers(self) -> Mapping[str, str]:
        tokens = self._tokens
        if tokens is None or not _is_fresh(tokens):
            tokens = self._renewed(refused=None)
        self._used.token = tokens.access_token
        return {"Authorization": f"Bearer {tokens.access_token}"}

    def renew(self) -> bool:
        self._renewed(refused=getattr(self._used, "token", None))
        return True

    def _renewed(self, refused: str | None) -> Tokens:
        """Take what another thread or process has got meanwhile, or spend the refresh token."""
        with self._store.lock():
            known = self._store.load()
            if known is None or not _is_fresh(known) or known.access_token == refused:
                known = self._fetch(self._page, known)
                self._store.save(known)
            self._tokens = known
            return known


def _is_fresh(tokens: Tokens) -> bool:
    return tokens.access_token is not None and time.time() + EARLY_S < tokens.expires_at


def _life(answer: Mapping[str, Any]) -> float:
    life = answer.get("expires_in")
    return float(life) if isinstance(life, int | float) and life > EARLY_S else LIFE_S
