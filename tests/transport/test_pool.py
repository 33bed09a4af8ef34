"""Trust and proxies."""

from __future__ import annotations

import datetime as dt
import ipaddress
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from tests.scripted import ScriptedServer, reply

from scc.errors import ConfigError, UnavailableError
from scc.transport import RetryPolicy, Transport

ONCE = RetryPolicy(budget_s=0)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 that nobody else has signed, with its key in the same file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "scripted")])
    now = dt.datetime.now(dt.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "server.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + signed.public_bytes(serialization.Encoding.PEM)
    )
    return file


@pytest.fixture
def tls_server(certificate: Path) -> Iterator[ScriptedServer]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with ScriptedServer(tls=context) as server:
        yield server.then(reply(200, b"secret"))


def test_certificate_of_an_unknown_authority_is_refused_at_once(tls_server: ScriptedServer) -> None:
    waits: list[float] = []

    with pytest.raises(ConfigError, match="not trusted"):
        Transport("test", retry=RetryPolicy(sleep=waits.append)).request("GET", tls_server.url)
    assert waits == []


def test_ca_file_makes_the_certificate_trusted(tls_server: ScriptedServer, certificate: Path) -> None:
    assert Transport("test", ca_file=str(certificate)).request("GET", tls_server.url).body == b"secret"


def test_ca_file_that_is_no_pem_is_a_configuration_error(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    file.write_text("not a certificate")

    with pytest.raises(ConfigError, match="PEM"):
        Transport("test", ca_file=str(file)).request("GET", "https://127.0.0.1:1/")


def test_proxy_gets_the_request_with_its_own_credentials() -> None:
    with ScriptedServer() as proxy:
        proxy.then(reply(200, b"through"))
        url = proxy.url.replace("http://", "http://us%40er:pa%3Ass@")

        answer = Transport("test", proxy=url).request("GET", "http://unreachable.invalid/path")

    assert answer.body == b"through"
    assert proxy.requests[0].headers["Proxy-Authorization"] == "Basic dXNAZXI6cGE6c3M="


def test_proxy_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    with ScriptedServer() as proxy, ScriptedServer() as near:
        proxy.then(reply(200, b"through"))
        near.then(reply(200, b"near"))
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("no_proxy", "")

        assert Transport("test").request("GET", "http://unreachable.invalid/").body == b"through"
        assert Transport("test").request("GET", near.url).body == b"near", "loopback needs no proxy"


def test_host_excepted_from_the_proxy_is_reached_directly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("no_proxy", "unreachable.invalid")

    with pytest.raises(UnavailableError, match=r"the host name unreachable\.invalid can't be resolved"):
        Transport("test", retry=ONCE).request("GET", "http://unreachable.invalid/")


def test_proxy_that_is_down_is_named() -> None:
    with pytest.raises(UnavailableError, match=r"no connection to 127\.0\.0\.1:1 \("):
        Transport("test", proxy="127.0.0.1:1", retry=ONCE).request("GET", "http://unreachable.invalid/")


def test_proxy_of_another_kind_is_a_configuration_error() -> None:
    with pytest.raises(ConfigError, match="socks5"):
        Transport("test", proxy="socks5://127.0.0.1:1").request("GET", "http://unreachable.invalid/")
