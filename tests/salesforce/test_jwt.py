"""The grant for servers: a signed assertion in place of a secret."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from tests.salesforce.org import Org

from scc.errors import ConfigError, CredentialsError
from scc.salesforce import JwtBearer


def pem(key) -> str:
    text: bytes = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return text.decode()


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture
def trusting(org: Org, key: rsa.RSAPrivateKey) -> Org:
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    org.store.options = replace(org.store.options, jwt_public_key=public)
    return org


def jwt(org: Org, private_key: str, **changed) -> JwtBearer:
    return JwtBearer(**{
        "login_url": org.sandbox.url, "client_id": "sandbox-client", "username": "api@acme.example",
        "private_key": private_key, **changed,
    })  # fmt: skip


def count(org: Org, grant) -> int:
    with org.another(auth=grant) as client:
        return client.count("SELECT COUNT() FROM Lead")


def test_an_assertion_with_the_right_key_gets_in(trusting: Org, key):
    assert count(trusting, jwt(trusting, pem(key))) == 0
    assert count(trusting, jwt(trusting, pem(key), audience="https://login.salesforce.com")) == 0


def test_an_assertion_with_another_key_or_past_its_time_is_refused(trusting: Org, key):
    another = pem(rsa.generate_private_key(65537, 2048))
    for grant in (jwt(trusting, another), jwt(trusting, pem(key), clock=lambda: 1e9), jwt(trusting, pem(key), username="joe@x.example")):  # fmt: skip
        with pytest.raises(CredentialsError) as caught:
            count(trusting, grant)
        assert caught.value.code == "invalid_grant"
        assert "joe" not in str(caught.value)


@pytest.mark.parametrize(
    "text", ["", "secret", "-----BEGIN PRIVATE KEY-----\nsecret\n-----END PRIVATE KEY-----"]
)
def test_what_is_no_key_is_a_fault_of_the_configuration(org: Org, text):
    with pytest.raises(ConfigError) as caught:
        count(org, jwt(org, text))
    assert "secret" not in str(caught.value)
    assert org.exchanges == []


def test_a_key_of_another_kind_is_a_fault_of_the_configuration(org: Org):
    with pytest.raises(ConfigError, match="no RSA key"):
        count(org, jwt(org, pem(ec.generate_private_key(ec.SECP256R1()))))
