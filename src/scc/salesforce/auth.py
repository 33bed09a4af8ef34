"""Who asks Salesforce: the OAuth 2 grants that need no browser, and the session they give.

It knows how to get and keep an access token, not what it is used for. Nothing here shows a secret
when printed.
"""

from __future__ import annotations

import base64
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlencode, urlsplit

from scc.errors import ConfigError, DataError
from scc.salesforce import answers
from scc.transport import Transport

__all__ = [
    "AccessToken",
    "ClientCredentials",
    "Grant",
    "Session",
    "Token",
    "UsernamePassword",
    "ask_for_token",
]


@dataclass(frozen=True)
class Token:
    """What a login gives: the token, and the host that it is good for."""

    access_token: str = field(repr=False)
    instance_url: str

    def __post_init__(self) -> None:
        parts = urlsplit(self.instance_url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise DataError("salesforce: the login named no instance URL with http:// or https://")


class Grant(Protocol):
    """A way to log in: what a client is made with."""

    def login(self, door: Transport) -> Token:
        """Log in over `door`, which sends no credentials of its own; CredentialsError where refused."""


@dataclass(frozen=True)
class ClientCredentials:
    """An app's own key and secret, for the user that the app runs as.

    Works on the company's My Domain only (`https://acme.my.salesforce.com`). `in_body` sends key and
    secret as form fields instead of by HTTP Basic.
    """

    login_url: str
    client_id: str = field(repr=False)
    client_secret: str = field(repr=False)
    in_body: bool = False

    def __post_init__(self) -> None:
        demand(self, "login_url", "client_id", "client_secret")

    def login(self, door: Transport) -> Token:
        form = {"grant_type": "client_credentials"}
        if self.in_body:
            form |= {"client_id": self.client_id, "client_secret": self.client_secret}
            return ask_for_token(door, self.login_url, form)
        pair = base64.b64encode(f"{self.client_id}:{self.client_secret}".encode()).decode()
        return ask_for_token(door, self.login_url, form, {"Authorization": f"Basic {pair}"})


@dataclass(frozen=True)
class UsernamePassword:
    """A user's name and password with an app's key and secret; blocked by default in newer organisations."""

    login_url: str
    client_id: str = field(repr=False)
    client_secret: str = field(repr=False)
    username: str = field(repr=False)
    password: str = field(repr=False)
    security_token: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        demand(self, "login_url", "client_id", "client_secret", "username", "password")

    def login(self, door: Transport) -> Token:
        form = {
            "grant_type": "password",
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "username": self.username,
            "password": self.password + self.security_token,
        }
        return ask_for_token(door, self.login_url, form)


@dataclass(frozen=True)
class AccessToken:
    """A token that somebody else got; it can't be renewed."""

    instance_url: str
    access_token: str = field(repr=False)

    def __post_init__(self) -> None:
        demand(self, "instance_url", "access_token")

    def login(self, door: Transport) -> Token:  # noqa: ARG002  # asks nobody
        return Token(self.access_token, self.instance_url.rstrip("/"))


class Session:
    """The token of a login: fetched on first use, again when Salesforce no longer takes it. Safe for threads."""

    def __init__(self, grant: Grant, door: Transport) -> None:
        self._grant = grant
        self._door = door
        self._token: Token | None = None
        self._lock = threading.Lock()

    @property
    def instance_url(self) -> str:
        """Scheme and host that the token is good for; logs in on first use."""
        return self._current().instance_url

    def headers(self) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {self._current().access_token}"}

    def renew(self) -> bool:
        with self._lock:
            before, self._token = self._token, None
            self._token = self._grant.login(self._door)
            return self._token != before

    def _current(self) -> Token:
        with self._lock:
            if self._token is None:
                self._token = self._grant.login(self._door)
            return self._token


def ask_for_token(
    door: Transport, login_url: str, form: Mapping[str, str], headers: Mapping[str, str] | None = None
) -> Token:
    """Post a grant to the token endpoint; asking twice gives at worst a second token."""
    response = door.request(
        "POST",
        login_url.rstrip("/") + "/services/oauth2/token",
        headers={
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "application/json",
            **(headers or {}),
        },
        body=urlencode(form).encode(),
        idempotent=True,
    )
    raw = answers.record(response.json(), "the login's answer")
    return Token(answers.text(raw, "access_token"), answers.text(raw, "instance_url").rstrip("/"))


def demand(grant: object, *names: str) -> None:
    """Raise ConfigError where a part of a grant is blank."""
    for name in names:
        if not getattr(grant, name):
            raise ConfigError(
                f"Salesforce's {name} is blank", hint=f"{type(grant).__name__} needs {', '.join(names)}."
            )
