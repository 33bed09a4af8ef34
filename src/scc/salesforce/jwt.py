"""The grant for servers: a signed assertion in place of a secret (RFC 7523, RS256)."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from scc.errors import ConfigError
from scc.salesforce.auth import Token, ask_for_token, demand
from scc.transport import Transport

__all__ = ["JwtBearer"]

# Salesforce takes assertions that end within three minutes.
_LIFE_S = 180


@dataclass(frozen=True)
class JwtBearer:
    """An app's key and the private key (PEM) of the certificate it knows, for a user who approved the app.

    `audience` is the login host unless given.
    """

    login_url: str
    client_id: str = field(repr=False)
    username: str = field(repr=False)
    private_key: str = field(repr=False)
    audience: str | None = None
    clock: Callable[[], float] = field(default=time.time, repr=False, compare=False)

    def __post_init__(self) -> None:
        demand(self, "login_url", "client_id", "username", "private_key")

    def login(self, door: Transport) -> Token:
        form = {
            "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
            "assertion": self._assertion(),
        }
        return ask_for_token(door, self.login_url, form)

    def _assertion(self) -> str:
        claims = {
            "iss": self.client_id,
            "sub": self.username,
            "aud": self.audience or self.login_url.rstrip("/"),
            "exp": int(self.clock()) + _LIFE_S,
        }
        parts = b".".join(_base64(json.dumps(part).encode()) for part in ({"alg": "RS256"}, claims))
        return (parts + b"." + _base64(_sign(self.private_key.encode(), parts))).decode()


def _base64(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def _sign(pem: bytes, message: bytes) -> bytes:
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError):  # its words may show parts of the key
        key = None
    if not isinstance(key, RSAPrivateKey):
        raise ConfigError(
            "the private key for Salesforce's JWT login is no RSA key in PEM without a password",
            hint="It begins with BEGIN PRIVATE KEY or BEGIN RSA PRIVATE KEY.",
        )
    return key.sign(message, PKCS1v15(), SHA256())
