"""Who asks Eloqua: Basic or OAuth 2. It knows how to get and keep tokens, not what they are used for."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from scc.errors import ConfigError
from scc.transport import Auth, Transport

__all__ = ["BasicAuth", "Credentials"]


class Credentials(Protocol):
    """What a client can be made with."""

    def connect(self, login: Transport, login_url: str) -> Auth:
        """Give the signer of requests; `login` is a door without credentials, for fetching tokens."""


@dataclass(frozen=True)
class BasicAuth:
    """Company (the instance's log-in name), user and password, sent with each request."""

    company: str
    user: str
    password: str = field(repr=False)

    def __post_init__(self) -> None:
        for name in ("company", "user", "password"):
            if not getattr(self, name):
                raise ConfigError(
                    f"Eloqua's {name} is blank", hint="Basic log-in needs company, user and password."
                )

    def connect(self, login: Transport, login_url: str) -> Auth:  # noqa: ARG002  # needs no token
        return self

    def headers(self) -> Mapping[str, str]:
        pair = f"{self.company}\\{self.user}:{self.password}".encode()
        return {"Authorization": "Basic " + base64.b64encode(pair).decode()}

    def renew(self) -> bool:
        return False
