"""The old way to log in, with everything after it over REST."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.salesforce.org import Org, quick
from tests.scripted import ScriptedServer, reply

from scc.errors import CredentialsError, DataError, UnavailableError
from scc.salesforce import SalesforceClient, SoapLogin


def count(org: Org, grant) -> int:
    with org.another(auth=grant) as client:
        return client.count("SELECT COUNT() FROM Lead")


def soap(org: Org, password: str = "sandbox", **changed) -> SoapLogin:
    return SoapLogin(**{
        "login_url": org.sandbox.url, "username": "api@acme.example", "password": password,
        "security_token": "TOKEN", **changed,
    })  # fmt: skip


def test_a_soap_login_gives_a_session_for_rest(org: Org):
    assert count(org, soap(org)) == 0


def test_a_refused_soap_login_is_told_once_without_the_password(org: Org):
    exchanges: list[object] = []
    client = org.another(auth=soap(org, "<sesame> & co"), observer=exchanges.append)
    with pytest.raises(CredentialsError) as caught:
        client.limits()
    assert caught.value.code == "INVALID_LOGIN"
    assert "sesame" not in str(caught.value)
    assert len(exchanges) == 1


def test_a_soap_login_that_the_organisation_has_disabled_is_refused(org: Org):
    org.store.options = replace(org.store.options, soap_login=False)
    with pytest.raises(CredentialsError):
        count(org, soap(org))


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (reply(200, b"<html><br></html>"), DataError),
        (reply(200, b"<a/>"), DataError),
        (reply(500, b"<html>out of order</html>"), UnavailableError),
        (reply(500, b"<f><exceptionCode>SERVER_UNAVAILABLE</exceptionCode></f>"), UnavailableError),
        (reply(503), UnavailableError),
    ],
)
def test_a_soap_login_that_answers_nonsense_is_an_error(answer, kind):
    with ScriptedServer().then(answer) as server:
        client = SalesforceClient(auth=SoapLogin(server.url, "user", "password"), retry=quick())
        with pytest.raises(kind):
            client.limits()
