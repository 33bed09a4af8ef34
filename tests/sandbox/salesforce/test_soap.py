"""SOAP login (sandbox-salesforce.md 1)."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

ENVELOPE = (
    '<?xml version="1.0"?><env:Envelope xmlns:env="http://schemas.xmlsoap.org/soap/envelope/"><env:Body>'
    '<n1:login xmlns:n1="urn:partner.soap.sforce.com"><n1:username>{}</n1:username><n1:password>{}</n1:password>'
    "</n1:login></env:Body></env:Envelope>"
)


def login(api, username="api@acme.example", password="sandboxTOKEN", version="62.0"):
    body = ENVELOPE.format(username, password).encode()
    return api.call("POST", f"/services/Soap/u/{version}", body, Content_Type="text/xml", SOAPAction="login")


def test_a_login_answers_what_every_client_looks_for(api):
    answer = login(api)

    text = answer.data.decode()
    assert answer.status == 200
    assert text.count("<sessionId>") == text.count("<serverUrl>") == 1
    root = ET.fromstring(text)
    result = root.find(".//{urn:partner.soap.sforce.com}result")
    assert result is not None
    found = {each.tag.partition("}")[2]: each.text for each in result}
    assert found["serverUrl"] == f"{api.url}/services/Soap/u/62.0/00D5e0000000001"
    assert (found["userId"], found["passwordExpired"]) == ("0055e0000000001AAA", "false")
    assert result.findtext(".//{urn:partner.soap.sforce.com}organizationId") == "00D5e0000000001EAA"
    api.headers = {"Authorization": f"Bearer {found['sessionId']}"}
    assert api.query("SELECT Id FROM Lead").status == 200


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"password": "wrong"}, "INVALID_LOGIN"),
        ({"username": "who"}, "INVALID_LOGIN"),
        ({"version": "65.0"}, "UNSUPPORTED_API_VERSION"),
        ({"version": "20.0"}, "UNSUPPORTED_API_VERSION"),
        ({"password": "a<b"}, "UNKNOWN_EXCEPTION"),
    ],
)
def test_a_refused_login_is_a_fault_of_status_500(api, given, code):
    answer = login(api, **given)

    text = answer.data.decode()
    assert answer.status == 500
    assert f"<sf:exceptionCode>{code}</sf:exceptionCode>" in text
    assert f"<faultcode>sf:{code}</faultcode>" in text


def test_an_organization_may_have_soap_login_disabled(api):
    api.control("/options", {"salesforce": {"soap_login": False}})
    try:
        answer = login(api)
    finally:
        api.control("/options", {"salesforce": {"soap_login": True}})

    assert (answer.status, b"INVALID_OPERATION" in answer.data) == (500, True)


def test_logout_ends_the_session(api):
    token = api.headers["Authorization"].split()[1]
    body = (
        '<se:Envelope xmlns:se="http://schemas.xmlsoap.org/soap/envelope/"><se:Header>'
        f'<SessionHeader xmlns="urn:partner.soap.sforce.com"><sessionId>{token}</sessionId></SessionHeader></se:Header>'
        '<se:Body><logout xmlns="urn:partner.soap.sforce.com"/></se:Body></se:Envelope>'
    )

    assert api.call("POST", "/services/Soap/u/62.0", body.encode()).status == 200
    assert api.query("SELECT Id FROM Lead").status == 401
