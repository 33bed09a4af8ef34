"""JWT bearer assertions: read the claims, and check RS256 when the sandbox knows the public key.

The signature check is PKCS #1 v1.5 by hand (RFC 8017 8.2.2), to spare the sandbox a cryptography library:
it protects nothing, it only lets a test see that a client signs with the right key.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

from scc.sandbox.salesforce.errors import OAuthError

# DER of "this is a SHA-256 digest": RFC 8017 9.2, note 1.
_SHA256 = bytes.fromhex("3031300d060960864801650304020105000420")


def check(assertion: str, client_id: str, username: str, now: float, public_key: str, base: str) -> None:
    """Raises OAuthError for an assertion that the vendor would refuse (salesforce.md 1.2)."""
    claims = _claims(assertion)
    if claims.get("iss") != client_id:
        raise OAuthError("invalid_client_id", "client identifier invalid")
    audience = str(claims.get("aud", ""))
    if not audience.startswith("https://") and audience != base:
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
        modulus, exponent = _rsa_key(public_key)
        given = int.from_bytes(_decode(signature))
    except (ValueError, IndexError):
        return False
    size = (modulus.bit_length() + 7) // 8
    found = pow(given, exponent, modulus).to_bytes(size)
    digest = _SHA256 + hashlib.sha256(signed.encode()).digest()
    expected = b"\x00\x01" + b"\xff" * (size - len(digest) - 3) + b"\x00" + digest
    return hmac.compare_digest(found, expected)


def _rsa_key(pem: str) -> tuple[int, int]:
    """Read modulus and exponent out of a SubjectPublicKeyInfo in PEM."""
    body = "".join(line for line in pem.strip().splitlines() if not line.startswith("-----"))
    info = _contents(base64.b64decode(body), 0x30)
    _, after_algorithm = _element(info, 0)
    bits, _ = _element(info[after_algorithm:], 0)
    key = _contents(bits[1:], 0x30)
    modulus, after = _element(key, 0)
    exponent, _ = _element(key[after:], 0)
    return int.from_bytes(modulus), int.from_bytes(exponent)


def _contents(der: bytes, tag: int) -> bytes:
    if der[0] != tag:
        raise ValueError("no DER sequence")
    return _element(der, 0)[0]


def _element(der: bytes, start: int) -> tuple[bytes, int]:
    """Return the contents of the DER element at `start` and the place after it."""
    length = der[start + 1]
    place = start + 2
    if length & 0x80:
        count = length & 0x7F
        length = int.from_bytes(der[place : place + count])
        place += count
    return der[place : place + length], place + length
