"""The JWT bearer grant (sandbox-salesforce.md 1)."""

from __future__ import annotations

import time

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


@pytest.fixture(scope="module")
def key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def ask(api, key, **changes):
    claims = {
        "iss": "sandbox-client",
        "sub": "api@acme.example",
        "aud": "https://login.salesforce.com",
        "exp": str(int(time.time()) + 180),
        **changes,
    }
    return api.form(
        "/services/oauth2/token", grant_type=GRANT, assertion=jwt.encode(claims, key, algorithm="RS256")
    )


@pytest.fixture
def public_key(api, key):
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    api.control("/options", {"salesforce": {"jwt_public_key": pem}})
    yield
    api.control("/options", {"salesforce": {"jwt_public_key": ""}})


def test_any_signature_will_do_until_a_key_is_known(api, key):
    answer = ask(api, key)

    assert answer.status == 200
    assert answer.json()["scope"] == "id api"


def test_a_known_key_tells_signatures_apart(api, key, public_key):
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    assert ask(api, key).status == 200
    assert ask(api, stranger).json() == {"error": "invalid_grant", "error_description": "invalid assertion"}


@pytest.mark.parametrize(
    ("changes", "error", "description"),
    [
        ({"iss": "who"}, "invalid_client_id", "client identifier invalid"),
        ({"sub": "who"}, "invalid_grant", "user hasn't approved this consumer"),
        ({"aud": "elsewhere"}, "invalid_grant", "Audience validation failed"),
        ({"aud": "https://login.salesforce.com.example"}, "invalid_grant", "Audience validation failed"),
        ({"exp": "1"}, "invalid_grant", "expired authorization code"),
    ],
)
def test_claims_that_are_refused(api, key, changes, error, description):
    answer = ask(api, key, **changes)

    assert (answer.status, answer.json()) == (400, {"error": error, "error_description": description})


def test_nonsense_is_refused(api):
    answer = api.form("/services/oauth2/token", grant_type=GRANT, assertion="a.b")

    assert answer.json()["error"] == "invalid_grant"
