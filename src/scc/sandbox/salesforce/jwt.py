"""JWT bearer assertions: read the claims, and check RS256 when the sandbox knows the public key (sandbox-salesforce.md 1)."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import SplitResult, urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from scc.sandbox.salesforce.errors import OAuthError


def check(assertion: str, client_id: str, username: str, now: float, public_key: str, base: str) -> None:
    """Raises OAuthError for an assertion that the vendor would refuse (sandbox-salesforce.md 1)."""
    claims = _claims(assertion)
    if claims.get("iss") != client_id:
        raise OAuthError("invalid_client_id", "client identifier invalid")
    audience = urlsplit(str(claims.get("aud", "")))
    if audience.geturl().rstrip("/") != base and not _is_salesforce(audience):
        raise OAuthError("invalid_grant", "Audience validation failed")
    if claims.get("sub") != username:
        raise OAuthError("invalid_grant", "user hasn't approved this consumer")
    try:
        expires = float(claims.get("exp", 0))
    except (TypeError, ValueError):
        expires = 0.0
    if expires < now:
        raise OAuthError("invalid_grant", "expired authorization code")
    if public_key and not _signed_by(assertion, public_key):
        raise OAuthError("invalid_grant", "invalid assertion")


def _is_salesforce(audience: SplitResult) -> bool:
    return audience.scheme == "https" and (audience.hostname or "").endswith(".salesforce.com")


def _claims(assertion: str) -> dict[str, Any]:
    try:
        claims = json.loads(_decode(assertion.split(".")[1]))
    except (IndexError, ValueError):
        raise OAuthError("invalid_grant", "invalid assertion") from None
    if not isinstance(claims, dict):
        raise OAuthError("invalid_grant", "invalid assertion")
    return claims


def _decode(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _signed_by(assertion: str, public_key: str) -> bool:
    signed, _, signature = assertion.rpartition(".")
    try:
        key = load_pem_public_key(public_key.encode())
        if not isinstance(key, RSAPublicKey):
            return False
        key.verify(_decode(signature), signed.encode(), PKCS1v15(), SHA256())
    except (InvalidSignature, ValueError):
        return False
    return True
