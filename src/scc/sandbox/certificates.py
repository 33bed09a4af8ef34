"""A certificate authority of the sandbox's own, made at each start, and one certificate for the vendors' host names.

The private keys live in memory, and for a moment in a file that only this user can read; nothing outlives the
process but the authority's public certificate, where somebody saves it.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID

__all__ = ["HOSTS", "Certificates", "covers"]

HOSTS = (
    "login.eloqua.com",
    *(f"secure.p{pod:02}.eloqua.com" for pod in range(1, 11)),
    "*.t.eloqua.com",
    "*.salesforce.com",
    "*.my.salesforce.com",
    "*.sandbox.my.salesforce.com",
    "localhost",
    "127.0.0.1",
)
"""Whom the sandbox speaks for; `*` stands for one label, as in certificates."""

_LIFETIME = timedelta(days=30)


def covers(host: str) -> bool:
    """Whether the sandbox speaks for this host."""
    host = host.lower().rstrip(".")
    _, _, parent = host.partition(".")
    return host in HOSTS or f"*.{parent}" in HOSTS


@dataclass(frozen=True)
class Certificates:
    """`authority_pem` is what clients must trust; `context` is what a server speaks TLS with."""

    authority_pem: bytes
    context: ssl.SSLContext

    @classmethod
    def make(cls) -> Certificates:
        """Make new keys and certificates."""
        authority_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        authority = _authority(authority_key)
        certificate = _certificate(key, authority, authority_key)
        chain = certificate.public_bytes(Encoding.PEM) + key.private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        )
        return cls(authority.public_bytes(Encoding.PEM), _context(chain))


def _context(chain: bytes) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["http/1.1"])
    # OpenSSL reads keys from files only; the folder is this user's alone.
    with TemporaryDirectory(prefix="scc-sandbox-") as folder:
        path = Path(folder) / "chain.pem"
        path.write_bytes(chain)
        context.load_cert_chain(path)
    return context


def _authority(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:

    name = _name("SCC sandbox, not to be trusted elsewhere")
    public = key.public_key()
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + _LIFETIME)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(key_cert_sign=True, crl_sign=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .sign(key, SHA256())
    )


def _certificate(
    key: ec.EllipticCurvePrivateKey, authority: x509.Certificate, authority_key: ec.EllipticCurvePrivateKey
) -> x509.Certificate:
    """Python 3.13 checks strictly: it wants key usage, and the authority named by its key (RFC 5280)."""

    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(_name("SCC sandbox"))
        .issuer_name(authority.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + _LIFETIME)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(digital_signature=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(_alternative_names()), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False
        )
        .sign(authority_key, SHA256())
    )


def _alternative_names() -> list[x509.GeneralName]:

    return [x509.IPAddress(ip_address(host)) if host[0].isdigit() else x509.DNSName(host) for host in HOSTS]


def _name(common_name: str) -> x509.Name:

    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name)])


def _usage(
    *, digital_signature: bool = False, key_cert_sign: bool = False, crl_sign: bool = False
) -> x509.KeyUsage:

    return x509.KeyUsage(
        digital_signature=digital_signature,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
