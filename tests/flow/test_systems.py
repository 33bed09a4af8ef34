"""Every way into the systems that a configuration can name, against the sandbox."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from scc.eloqua import contacts
from scc.errors import ConfigError, CredentialsError, UnavailableError
from scc.flow.systems import Systems
from scc.sandbox.eloqua.store import EloquaStore
from scc.sandbox.salesforce.options import SalesforceOptions
from scc.sandbox.salesforce.store import SalesforceStore
from scc.sandbox.transitions import Transitions
from scc.sandbox.whole import WholeSandbox
from scc.settings import load

Connect = Callable[..., Systems]
APP = {"client_id": "sandbox-client", "client_secret": "sandbox-secret"}
USER = {"company": "Acme", "user": "api.user", "password": "sandbox"}
COUNT = "SELECT COUNT() FROM Lead"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[WholeSandbox]:
    with WholeSandbox(seed=1) as running:
        yield running


@pytest.fixture
def connect(sandbox: WholeSandbox, tmp_path: Path) -> Connect:
    """Write a configuration with one section into a folder, and make the systems from it."""
    sandbox.state.reset()
    sandbox.state.store(SalesforceStore).options = SalesforceOptions()

    def made(section: str, **keys: object) -> Systems:
        keys = {"login_url": sandbox.url, **keys}
        lines = [f"{key} = {json.dumps(value)}" for key, value in keys.items()]
        (tmp_path / "scc.toml").write_text(
            "\n".join([f"[{section}]", *lines, "[flow]", "retry_budget_s = 0"])
        )
        return Systems(load(tmp_path / "scc.toml", {}))

    return made


@pytest.fixture
def private_key(sandbox: WholeSandbox, connect: Connect, tmp_path: Path) -> Path:
    """A key whose other half Salesforce knows, beside the configuration."""
    key = _key(tmp_path / "key.pem")
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    store = sandbox.state.store(SalesforceStore)
    store.options = replace(store.options, jwt_public_key=public)
    return tmp_path / "key.pem"


def _key(path: Path) -> rsa.RSAPrivateKey:
    key = rsa.generate_private_key(65537, 2048)
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return key


@pytest.mark.parametrize("keys", [USER, {"grant": "password", **APP, **USER}])
def test_eloqua_is_reached_by_name_and_password(connect: Connect, keys: dict[str, str]) -> None:
    assert connect("eloqua", **keys).eloqua.identity().site_name == "Acme"


def test_eloqua_is_reached_by_a_refresh_token_which_is_kept_for_the_next_run(
    connect: Connect, sandbox: WholeSandbox, tmp_path: Path
) -> None:
    tokens = sandbox.state.store(EloquaStore).tokens
    first = tokens.password("Acme\\api.user", "sandbox")["refresh_token"]
    keys = {"grant": "refresh-token", **APP, "token_file": "tokens.json"}

    assert connect("eloqua", **keys, refresh_token=first).eloqua.identity().site_name == "Acme"
    kept = json.loads((tmp_path / "tokens.json").read_text())
    assert kept["refresh_token"] not in (None, first)
    assert connect("eloqua", **keys).eloqua.identity().site_name == "Acme"


def test_a_refresh_token_that_nobody_gave_is_asked_for(connect: Connect) -> None:
    keys = {"grant": "refresh-token", **APP, "token_file": "tokens.json"}

    with pytest.raises(ConfigError, match="no refresh token of Eloqua's is known"):
        connect("eloqua", **keys).eloqua.identity()


def test_salesforce_is_reached_by_a_signed_assertion(connect: Connect, private_key: Path) -> None:
    keys = {"grant": "jwt", "client_id": "sandbox-client", "username": "api@acme.example"}

    assert connect("salesforce", **keys, key_file="key.pem").salesforce.count(COUNT) == 0

    _key(private_key)
    with pytest.raises(CredentialsError):
        connect("salesforce", **keys, key_file=str(private_key)).salesforce.count(COUNT)


@pytest.mark.parametrize(
    ("content", "words"),
    [(None, "can't be read: No such file"), (b"\xff", "it is no PEM file"), (b"secret", "no RSA key in PEM")],
)
def test_a_key_that_is_none_is_told_without_what_it_holds(
    connect: Connect, tmp_path: Path, content: bytes | None, words: str
) -> None:
    if content is not None:
        (tmp_path / "key.pem").write_bytes(content)
    keys = {"grant": "jwt", "client_id": "c", "username": "u", "key_file": "key.pem"}

    with pytest.raises(ConfigError, match=words) as caught:
        connect("salesforce", **keys).salesforce.count(COUNT)
    assert "secret" not in str(caught.value)


def test_an_assertion_is_for_whom_the_configuration_names(connect: Connect, private_key: Path) -> None:
    keys = {"grant": "jwt", "client_id": "sandbox-client", "username": "api@acme.example"}
    audience = {"audience": "https://somebody-else.example"}

    with pytest.raises(CredentialsError, match="Audience validation failed"):
        connect("salesforce", **keys, **audience, key_file="key.pem").salesforce.count(COUNT)


USERNAME = {"username": "api@acme.example"}
BY_PASSWORD = {"grant": "password", **APP, **USERNAME}
BY_SOAP = {"grant": "soap", **USERNAME}


@pytest.mark.parametrize(
    "keys",
    [
        APP,
        {**BY_PASSWORD, "password": "sandboxTOKEN"},
        {**BY_PASSWORD, "password": "sandbox", "security_token": "TOKEN"},
        {**BY_SOAP, "password": "sandbox", "security_token": "TOKEN"},
    ],
)
def test_salesforce_is_reached_by_a_secret(connect: Connect, keys: dict[str, str]) -> None:
    assert connect("salesforce", **keys).salesforce.count(COUNT) == 0


@pytest.mark.parametrize(
    ("section", "grant", "lacking"),
    [
        ("eloqua", "basic", "eloqua.company, eloqua.user, eloqua.password"),
        ("eloqua", "refresh-token", "eloqua.client_id, eloqua.client_secret, eloqua.token_file"),
        (
            "eloqua",
            "password",
            "eloqua.company, eloqua.user, eloqua.password, eloqua.client_id, eloqua.client_secret",
        ),
        ("salesforce", "client-credentials", "salesforce.client_id, salesforce.client_secret"),
        ("salesforce", "jwt", "salesforce.client_id, salesforce.username, salesforce.key_file"),
        ("salesforce", "soap", "salesforce.username, salesforce.password"),
    ],
)
def test_all_that_a_grant_lacks_is_named(connect: Connect, section: str, grant: str, lacking: str) -> None:
    with pytest.raises(ConfigError, match=f"login needs: {lacking}$"):
        getattr(connect(section, grant=grant), section)


def test_both_systems_are_reached_through_a_proxy_that_the_configuration_names(
    connect: Connect, sandbox: WholeSandbox, tmp_path: Path
) -> None:
    (tmp_path / "authority.pem").write_bytes(sandbox.certificates.authority_pem)
    way = {"proxy": sandbox.url, "ca_file": "authority.pem"}

    eloqua = connect("eloqua", **{**way, **USER, "login_url": "https://login.eloqua.com"}).eloqua
    salesforce = connect(
        "salesforce", **{**way, **APP, "login_url": "https://acme.my.salesforce.com"}
    ).salesforce

    assert eloqua.identity().base_url.startswith("https://")
    assert salesforce.count(COUNT) == 0


def test_a_certificate_of_an_authority_that_is_not_named_is_refused(
    connect: Connect, sandbox: WholeSandbox
) -> None:
    keys = {**USER, "proxy": sandbox.url, "login_url": "https://login.eloqua.com"}

    with pytest.raises(ConfigError, match="certificate is not trusted"):
        connect("eloqua", **keys).eloqua.identity()


def test_an_authority_that_is_not_there_is_named(connect: Connect, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=f"CA file {tmp_path}/none.pem does not exist"):
        connect("eloqua", **USER, ca_file="none.pem").eloqua.identity()


def test_a_proxys_password_does_not_print(connect: Connect, tmp_path: Path) -> None:
    connect("eloqua", proxy="http://me:hush@proxy.example:3128")

    assert "hush" not in repr(load(tmp_path / "scc.toml", {}))


def test_syncs_and_jobs_are_waited_for_as_long_as_the_configuration_says(
    connect: Connect, sandbox: WholeSandbox
) -> None:
    eloqua = connect("eloqua", **USER, sync_timeout_s=0.01).eloqua
    salesforce = connect("salesforce", **APP, job_timeout_s=0.01).salesforce
    sandbox.state.transitions = Transitions(mode="time", seconds=3600)

    with (
        pytest.raises(UnavailableError, match=r"after 0\.01 s"),
        eloqua.bulk.export(contacts(), {"Id": contacts().statement("Id")}),
    ):
        pass
    with pytest.raises(UnavailableError, match=r"is still \w+ after"):
        next(salesforce.bulk.query("SELECT Id FROM Lead"))
