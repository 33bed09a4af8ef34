"""Who comes in: basic credentials and OAuth tokens (sources.md E1). Knows no HTTP but the header's text."""

from __future__ import annotations

import base64
import binascii
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scc.sandbox.eloqua.store import EloquaStore

__all__ = ["AuthorizationError", "Tokens"]

ACCESS_LIFE = timedelta(hours=8)
REFRESH_LIFE = timedelta(days=365)
CODE_LIFE = timedelta(seconds=60)


class AuthorizationError(Exception):
    """The message is OAuth's `error`; `status` the HTTP status that goes with it."""

    def __init__(self, error: str, status: int) -> None:
        super().__init__(error)
        self.error = error
        self.status = status


@dataclass
class _Grant:
    expires: datetime
    refresh_token: str | None = None
    redirect_uri: str | None = None


class Tokens:
    """Tokens live in memory: a restarted sandbox wants new ones."""

    def __init__(self, store: EloquaStore) -> None:
        self._store = store
        self._lock = Lock()
        self._access: dict[str, _Grant] = {}
        self._refresh: dict[str, _Grant] = {}
        self._codes: dict[str, _Grant] = {}

    def clear(self) -> None:
        with self._lock:
            self._access.clear()
            self._refresh.clear()
            self._codes.clear()

    def admits(self, header: str | None) -> bool:
        """Whether an Authorization header opens the door; its scheme may be in any case."""
        scheme, _, rest = (header or "").strip().partition(" ")
        match scheme.lower():
            case "basic":
                return self._is_user(*_basic(rest))
            case "bearer":
                with self._lock:
                    grant = self._access.get(rest.strip())
                return grant is not None and grant.expires > self._store.state.clock.now()
            case _:
                return False

    def expire(self, header: str | None) -> None:
        """End the access token that a header shows; basic credentials can't end."""
        with self._lock:
            self._access.pop((header or "").strip().partition(" ")[2].strip(), None)

    def is_client(self, header: str | None) -> bool:
        """Whether the header holds the application's id and secret."""
        scheme, _, rest = (header or "").strip().partition(" ")
        known = self._store.state.credentials.eloqua
        return scheme.lower() == "basic" and _basic(rest) == (known.client_id, known.client_secret)

    def authorize(self, redirect_uri: str) -> str:
        """Return a code for `exchange`."""
        code = self._fresh()
        with self._lock:
            self._codes[code] = _Grant(self._store.state.clock.now() + CODE_LIFE, redirect_uri=redirect_uri)
        return code

    def exchange(self, code: str, redirect_uri: str) -> dict[str, object]:
        """Raises AuthorizationError for a code that is unknown, used, too old, or was given to another address."""
        with self._lock:
            grant = self._codes.pop(code, None)
        if (
            grant is None
            or grant.expires <= self._store.state.clock.now()
            or grant.redirect_uri != redirect_uri
        ):
            raise AuthorizationError("invalid_grant", 400)
        return self._issue()

    def refresh(self, token: str) -> dict[str, object]:
        """Use up a refresh token. Raises AuthorizationError: 400 when it is unknown or used, 401 when too old."""
        with self._lock:
            grant = self._refresh.pop(token, None)
            if grant is not None and not self._store.options.keeps_old_access_token:
                for access, owner in list(self._access.items()):
                    if owner.refresh_token == token:
                        del self._access[access]
        if grant is None:
            raise AuthorizationError("invalid_grant", 400)
        if grant.expires <= self._store.state.clock.now():
            raise AuthorizationError("invalid_grant", 401)
        return self._issue()

    def password(self, username: str, password: str) -> dict[str, object]:
        """Raises AuthorizationError for anybody else than the known user."""
        if not self._is_user(username, password):
            raise AuthorizationError("invalid_grant", 400)
        return self._issue()

    def _issue(self) -> dict[str, object]:
        now = self._store.state.clock.now()
        access, refresh = self._fresh(), self._fresh()
        with self._lock:
            self._access[access] = _Grant(now + ACCESS_LIFE, refresh_token=refresh)
            self._refresh[refresh] = _Grant(now + REFRESH_LIFE)
        return {
            "access_token": access,
            "token_type": "bearer",
            "expires_in": int(ACCESS_LIFE.total_seconds()),
            "refresh_token": refresh,
        }

    def _is_user(self, name: str, password: str) -> bool:
        known = self._store.state.credentials.eloqua
        return name.lower() == f"{known.company}\\{known.user}".lower() and password == known.password

    def _fresh(self) -> str:
        return secrets.token_urlsafe(32)


def _basic(encoded: str) -> tuple[str, str]:
    """Return name and password; clients in Ruby put line ends into the text (sources.md E1.1)."""
    try:
        text = base64.b64decode("".join(encoded.split()), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    name, _, password = text.partition(":")
    return name, password
