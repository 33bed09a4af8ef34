"""Logging in: when, how often, and what a refusal says."""

from __future__ import annotations

import threading

import pytest
from tests.salesforce.org import Org, quick
from tests.scripted import ScriptedServer, reply

from scc.errors import ConfigError, CredentialsError, DataError, UnavailableError
from scc.salesforce import (
    AccessToken,
    ClientCredentials,
    JwtBearer,
    SalesforceClient,
    SoapLogin,
    UsernamePassword,
)
from scc.transport import Exchange

TOKEN = "/services/oauth2/token"


def password(org: Org, **changed) -> UsernamePassword:
    parts = {
        "login_url": org.sandbox.url,
        "client_id": "sandbox-client",
        "client_secret": "sandbox-secret",
        "username": "api@acme.example",
        "password": "sandbox",
        "security_token": "TOKEN",
    }
    return UsernamePassword(**{**parts, **changed})


def test_nothing_is_sent_before_it_is_asked_for(org: Org):
    assert org.client.api_usage is None
    assert org.exchanges == []


def test_one_login_serves_all_calls(org: Org):
    for _ in range(3):
        org.client.count("SELECT COUNT() FROM Lead")
    assert len(org.calls("POST", TOKEN)) == 1


def test_threads_that_start_together_log_in_once(org: Org):
    together = threading.Barrier(4)

    def ask() -> None:
        together.wait()
        org.client.count("SELECT COUNT() FROM Lead")

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(org.calls("POST", TOKEN)) == 1
    assert len(org.calls("GET", "query")) == 4


def test_every_grant_gets_in(org: Org):
    url = org.sandbox.url
    for grant in (
        ClientCredentials(url + "/", "sandbox-client", "sandbox-secret"),
        ClientCredentials(url, "sandbox-client", "sandbox-secret", in_body=True),
        password(org),
    ):
        with org.another(auth=grant) as client:
            assert client.count("SELECT COUNT() FROM Lead") == 0


def test_the_identity_is_that_of_the_credentials(org: Org):
    identity = org.client.identity()
    assert identity.username == "api@acme.example"
    assert (identity.user_id[:3], identity.organization_id[:3]) == ("005", "00D")
    assert "acme" not in repr(identity)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"client_id": "nobody"}, "invalid_client_id"),
        ({"client_secret": "sesame"}, "invalid_client"),
        ({"password": "sesame"}, "invalid_grant"),
    ],
)
def test_refused_credentials_are_told_once_and_never_shown(org: Org, changed, code):
    exchanges: list[Exchange] = []
    client = org.another(auth=password(org, **changed), observer=exchanges.append)
    with pytest.raises(CredentialsError) as caught:
        client.limits()
    assert caught.value.code == code
    assert "sesame" not in str(caught.value)
    assert caught.value.hint
    assert [one.path for one in exchanges] == [TOKEN]


def test_a_login_host_that_is_out_of_order_is_asked_again(org: Org):
    org.fault(action="status", path=TOKEN, status=503, times=2)
    assert org.client.count("SELECT COUNT() FROM Lead") == 0
    assert [one.status for one in org.calls("POST", TOKEN)] == [503, 503, 200]


def test_a_login_host_that_stays_out_of_order_is_unavailable_not_refused(org: Org):
    org.fault(action="status", path=TOKEN, status=503, times=None)
    with pytest.raises(UnavailableError):
        org.client.limits()


def test_a_token_that_somebody_else_got_is_used_and_never_renewed(org: Org):
    login = org.grant.login
    with org.another() as other:
        token = login(other._login)
    client = org.another(auth=AccessToken(token.instance_url, token.access_token))
    assert client.count("SELECT COUNT() FROM Lead") == 0
    org.fault(action="expire-session", path="query")
    with pytest.raises(CredentialsError) as caught:
        client.count("SELECT COUNT() FROM Lead")
    assert caught.value.code == "INVALID_SESSION_ID"


def test_a_session_that_is_refused_twice_ends_in_an_error(org: Org):
    org.fault(action="expire-session", path="query", times=None)
    with pytest.raises(CredentialsError) as caught:
        org.client.count("SELECT COUNT() FROM Lead")
    assert caught.value.code == "INVALID_SESSION_ID"
    assert len(org.calls("GET", "query")) == 2
    assert len(org.calls("POST", TOKEN)) == 2


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"access_token": "x"}', b'{"access_token": "x", "instance_url": "acme"}']
)
def test_a_login_that_answers_nonsense_is_an_error(body):
    with ScriptedServer().then(reply(200, body)) as server:
        client = SalesforceClient(auth=ClientCredentials(server.url, "id", "secret"), retry=quick())
        with pytest.raises(DataError):
            client.limits()


def test_blank_credentials_are_a_fault_of_the_configuration():
    with pytest.raises(ConfigError, match="client_secret is blank"):
        ClientCredentials("https://acme.my.salesforce.com", "id", "")
    with pytest.raises(ConfigError, match="password is blank"):
        UsernamePassword("https://login.salesforce.com", "id", "secret", "user", "")


@pytest.mark.parametrize("version", ["v62.0", "62", "", "62.1", "latest"])
def test_a_version_that_is_none_is_a_fault_of_the_configuration(version):
    with pytest.raises(ConfigError, match="version"):
        SalesforceClient(auth=AccessToken("https://acme.example", "x"), version=version)


def test_no_secret_is_shown_when_printed():
    url = "https://login.salesforce.com"
    grants = [
        ClientCredentials(url, "key", "secret"),
        UsernamePassword(url, "key", "secret", "user", "password", "token"),
        JwtBearer(url, "key", "user", "private"),
        SoapLogin(url, "user", "password", "token"),
        AccessToken(url, "token"),
    ]
    for grant in grants:
        for word in ("key", "secret", "user", "password", "token", "private"):
            assert f"{word}'" not in repr(grant)


def test_the_daily_calls_are_told_with_every_answer(org: Org):
    org.client.count("SELECT COUNT() FROM Lead")
    usage = org.client.api_usage
    assert usage is not None
    assert (usage.used, usage.max) == (1, 100_000)
