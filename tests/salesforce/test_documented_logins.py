"""Every way to log in against every refusal that Salesforce documents for it: the error, and how often was asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from tests.salesforce.world import TRIES, World

import scc.salesforce
from scc.errors import CredentialsError, RefusedError, RemoteError, ThrottledError, UnavailableError
from scc.salesforce import ClientCredentials, Grant, JwtBearer, SoapLogin, UsernamePassword
from scc.sandbox.app import Sandbox

SECRETS = ("sesame", "smithson")
KEY = rsa.generate_private_key(65537, 2048)
PRIVATE = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
PUBLIC = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
STRANGE = rsa.generate_private_key(65537, 2048).private_bytes(
    Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
)
APP = ("sandbox-client", "sandbox-secret")
USER = {"username": "api@acme.example", "password": "sandbox", "security_token": "TOKEN"}

Make = Callable[[str], Any]
OAUTH: dict[str, Make] = {
    "client credentials": lambda url: ClientCredentials(url, *APP),
    "client credentials in the body": lambda url: ClientCredentials(url, *APP, in_body=True),
    "password": lambda url: UsernamePassword(url, *APP, **USER),
    "JWT": lambda url: JwtBearer(url, "sandbox-client", "api@acme.example", PRIVATE),
}
SOAP: dict[str, Make] = {"SOAP": lambda url: SoapLogin(url, **USER)}


@dataclass(frozen=True)
class Refusal:
    """What a login is answered, and what comes of it."""

    status: int
    code: str | None
    words: str
    kind: type[RemoteError] = CredentialsError
    tries: int = 1
    html: str = ""

    def __str__(self) -> str:
        return f"{self.status} {self.code or ''} {self.words}".strip()


BOTH = (
    Refusal(429, None, "", ThrottledError, TRIES, "<html>Smithson</html>"),
    Refusal(502, None, "", UnavailableError, TRIES, "<html>Smithson</html>"),
    Refusal(503, None, "", UnavailableError, TRIES, "<html>Smithson</html>"),
    Refusal(504, None, "", UnavailableError, TRIES, "<html>Smithson</html>"),
    Refusal(403, None, "", CredentialsError, html="<html>Smithson</html>"),
    Refusal(404, None, "", CredentialsError, html="<html>Smithson</html>"),
)
OF_OAUTH = (
    Refusal(400, "invalid_grant", "authentication failure"),
    Refusal(400, "invalid_grant", "expired access/refresh token"),
    Refusal(400, "invalid_grant", "user hasn't approved this consumer"),
    Refusal(400, "invalid_grant", "Audience validation failed"),
    Refusal(400, "invalid_grant", ""),
    Refusal(400, "invalid_client_id", "client identifier invalid"),
    Refusal(400, "invalid_client", "invalid client credentials"),
    Refusal(401, "invalid_client", "invalid client credentials"),
    Refusal(400, "unsupported_grant_type", "grant type not supported"),
    Refusal(400, "inactive_user", "user is inactive"),
    Refusal(400, "inactive_org", "organization is not active"),
    Refusal(400, "rate_limit_exceeded", "number of logins exceeded", UnavailableError),
    Refusal(500, None, "", UnavailableError, TRIES, "<html>Smithson</html>"),
    *BOTH,
)
BAD_LOGIN = "Invalid username, password, security token; or user locked out."
OF_SOAP = (
    Refusal(500, "INVALID_LOGIN", BAD_LOGIN),
    Refusal(500, "LOGIN_MUST_USE_SECURITY_TOKEN", "the user must log in with a security token"),
    Refusal(500, "PASSWORD_LOCKOUT", "the user is locked out"),
    Refusal(500, "ORG_LOCKED", "the organization is locked"),
    Refusal(500, "API_DISABLED_FOR_ORG", "API is not enabled for this Organization or Partner"),
    Refusal(500, "INVALID_OPERATION", "SOAP API login() is disabled by default in this org."),
    Refusal(500, "SERVER_UNAVAILABLE", "server temporarily unavailable", UnavailableError),
    Refusal(500, "UNSUPPORTED_API_VERSION", "Invalid Api version specified on URL: 65.0", RefusedError),
    Refusal(500, None, "", UnavailableError, html="<html>Smithson</html>"),
    *BOTH,
)  # fmt: skip


@pytest.fixture(scope="module")
def one_world() -> Iterator[World]:
    with Sandbox(seed=1) as sandbox:
        world = World(sandbox)
        yield world
        world.close()


@pytest.fixture
def world(one_world: World) -> Iterator[World]:
    one_world.sandbox.state.faults.clear()
    one_world.sandbox.state.requests.clear()
    yield one_world
    one_world.switch()


def refused(world: World, grant: Grant, kind: type[RemoteError]) -> tuple[RemoteError, int]:
    """Log in in vain; give the error and how often the sandbox was asked, for logins and for nothing else."""
    with world.connect(grant, logged_in=False) as client, pytest.raises(RemoteError) as caught:
        client.limits()
    error = caught.value
    assert type(error) is kind
    assert error.hint
    assert not any(secret in f"{error} {error.hint}".lower() for secret in SECRETS)
    requests = world.requests()
    assert {one["method"] for one in requests} == {"POST"}
    return error, len(requests)


def oauth(refusal: Refusal) -> object:
    said = {"error": refusal.code} | ({"error_description": refusal.words} if refusal.words else {})
    return refusal.html or said


def soap(refusal: Refusal) -> str:
    code = refusal.code
    return refusal.html or (
        '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:sf="urn:fault.partner.soap.sforce.com">'
        f"<soapenv:Body><soapenv:Fault><faultcode>sf:{code}</faultcode><faultstring>{code}: {refusal.words}</faultstring>"
        f"<detail><sf:LoginFault><sf:exceptionCode>{code}</sf:exceptionCode><sf:exceptionMessage>{refusal.words}"
        "</sf:exceptionMessage></sf:LoginFault></detail></soapenv:Fault></soapenv:Body></soapenv:Envelope>"
    )


MATRIX = [
    *((name, make, one, oauth(one)) for name, make in OAUTH.items() for one in OF_OAUTH),
    *((name, make, one, soap(one)) for name, make in SOAP.items() for one in OF_SOAP),
]


@pytest.mark.parametrize(
    ("make", "refusal", "body"), [one[1:] for one in MATRIX], ids=[f"{one[0]}: {one[2]}" for one in MATRIX]
)
def test_a_refused_login_is_the_error_it_should_be(world: World, make, refusal, body):
    world.wait_for(
        path="/oauth2/token|/Soap/u/", action="status", status=refusal.status, body=body, times=None
    )
    error, asked = refused(world, make(world.sandbox.url), refusal.kind)
    assert (error.system, error.status, error.code) == ("salesforce", refusal.status, refusal.code)
    assert refusal.words in str(error)
    assert asked == refusal.tries


@pytest.mark.parametrize("make", [*OAUTH.values(), *SOAP.values()], ids=[*OAUTH, *SOAP])
def test_a_login_that_is_out_of_order_for_a_moment_gets_in(world: World, make):
    world.wait_for(path="/oauth2/token|/Soap/u/", action="status", status=503, times=2)
    with world.connect(make(world.sandbox.url)):
        assert [one["status"] for one in world.requests()] == [503, 503, 200, 200]


def test_every_way_to_log_in_is_named():
    exported = {getattr(scc.salesforce, name) for name in scc.salesforce.__all__}
    grants = {one for one in exported if hasattr(one, "login") and one is not Grant}
    tried = {type(make("http://127.0.0.1")) for make in (*OAUTH.values(), *SOAP.values())}
    assert grants == {*tried, scc.salesforce.AccessToken}, "an AccessToken asks nobody"


@pytest.mark.parametrize("name", ["client credentials", "client credentials in the body", "password"])
@pytest.mark.parametrize(
    ("changed", "code"), [({"client_id": "sesame"}, "invalid_client_id"), ({"client_secret": "sesame"}, "invalid_client")]
)  # fmt: skip
def test_an_app_that_salesforce_does_not_know_is_refused(world: World, name, changed, code):
    error, asked = refused(world, replace(OAUTH[name](world.sandbox.url), **changed), CredentialsError)
    assert (error.code, asked) == (code, 1)


@pytest.mark.parametrize("changed", [{"username": "smithson@acme.example"}, {"password": "sesame"}, {"security_token": "sesame"}])  # fmt: skip
@pytest.mark.parametrize(("name", "code"), [("password", "invalid_grant"), ("SOAP", "INVALID_LOGIN")])
def test_a_user_whom_salesforce_does_not_know_is_refused(world: World, name, code, changed):
    grant = replace((OAUTH | SOAP)[name](world.sandbox.url), **changed)
    error, asked = refused(world, grant, CredentialsError)
    assert (error.code, asked) == (code, 1)


@pytest.mark.parametrize(
    ("changed", "code", "words"),
    [
        ({"client_id": "sesame"}, "invalid_client_id", "client identifier invalid"),
        ({"username": "smithson@acme.example"}, "invalid_grant", "user hasn't approved this consumer"),
        ({"audience": "https://smithson.example"}, "invalid_grant", "Audience validation failed"),
        ({"private_key": STRANGE.decode()}, "invalid_grant", "invalid assertion"),
        ({"clock": lambda: 1e9}, "invalid_grant", "expired"),
    ],
)
def test_an_assertion_that_does_not_hold_is_refused(world: World, changed, code, words):
    world.switch(jwt_public_key=PUBLIC)
    error, asked = refused(world, replace(OAUTH["JWT"](world.sandbox.url), **changed), CredentialsError)
    assert (error.code, asked) == (code, 1)
    assert words in str(error)


@pytest.mark.parametrize(
    ("name", "option", "code"),
    [("password", "password_grant", "invalid_grant"), ("SOAP", "soap_login", "INVALID_OPERATION")],
)
def test_a_login_that_the_organisation_blocks_is_refused(world: World, name, option, code):
    world.switch(**{option: False})
    error, asked = refused(world, (OAUTH | SOAP)[name](world.sandbox.url), CredentialsError)
    assert (error.code, asked) == (code, 1)


@pytest.mark.parametrize("version", ["20.0", "65.0"])
def test_a_version_without_a_login_by_soap_is_not_the_users_fault(world: World, version):
    grant = SoapLogin(world.sandbox.url, **USER, version=version)
    error, asked = refused(world, grant, RefusedError)
    assert (error.code, asked) == ("UNSUPPORTED_API_VERSION", 1)
    assert "64.0" in str(error.hint)


def test_a_session_of_an_expired_password_is_not_used(world: World):
    body = (
        '<e xmlns="urn:partner.soap.sforce.com"><passwordExpired>true</passwordExpired>'
        f"<serverUrl>{world.sandbox.url}/services/Soap/u/62.0</serverUrl><sessionId>sesame</sessionId></e>"
    )
    world.wait_for(path="/Soap/u/", action="status", status=200, body=body)
    _, asked = refused(world, SOAP["SOAP"](world.sandbox.url), CredentialsError)
    assert asked == 1


def test_a_renewal_that_is_refused_is_told_as_a_login_is(world: World):
    with world.connect() as client:
        world.wait_for(
            path="/limits|/token", action="status", status=401, body=oauth(OF_OAUTH[7]), times=None
        )
        with pytest.raises(CredentialsError) as caught:
            client.limits()
    assert (caught.value.code, [one["path"] for one in world.requests()][-1]) == (
        "invalid_client",
        "/services/oauth2/token",
    )
    assert len(world.requests()) == 2
