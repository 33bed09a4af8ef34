"""simple-salesforce, unmodified: every way in that it knows, and sessions that end."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import SalesforceAuthenticationFailed, SalesforceExpiredSession
from simple_salesforce.login import SalesforceLogin
from tests.clients.org import APP, LOGIN

pytestmark = pytest.mark.usefixtures("sandbox")


def test_by_client_credentials(sf):
    assert sf.auth_type == "client-credentials"
    assert sf.sf_instance == "acme.my.salesforce.com"
    assert sf.query("SELECT Id FROM Organization")["done"] is True


def test_client_credentials_refuse_a_wrong_secret(org):
    with pytest.raises(SalesforceAuthenticationFailed) as refused:
        Salesforce(**{**APP, "consumer_secret": "wrong"})
    assert refused.value.code == "invalid_client"


def test_by_password_and_app(org):
    sf = Salesforce(username=LOGIN["username"], password="sandboxTOKEN", **APP)
    assert sf.query("SELECT Id FROM Organization")["totalSize"] == 1


def test_by_a_signed_assertion(org):
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    sf = Salesforce(
        username=LOGIN["username"],
        consumer_key="sandbox-client",
        privatekey=pem,
        instance_url="acme.my",
        domain="login",
    )
    assert sf.query("SELECT Id FROM Organization")["totalSize"] == 1


def test_an_expired_session_is_renewed_by_itself(sandbox, sf):
    sandbox.state.faults.add([{"action": "expire-session", "system": "salesforce"}])
    before = sf.session_id
    assert sf.query("SELECT Id FROM Organization")["totalSize"] == 1
    assert sf.session_id != before


def test_a_session_from_elsewhere_that_expires_is_told(sf):
    direct = Salesforce(session_id="expired", instance=sf.sf_instance)
    with pytest.raises(SalesforceExpiredSession):
        direct.query("SELECT Id FROM Organization")


def test_by_soap_with_a_security_token(org):
    sf = Salesforce(**LOGIN)
    assert sf.auth_type == "password"
    assert sf.query("SELECT Id FROM User WHERE Username = 'api@acme.example'")["totalSize"] == 1


def test_by_soap_at_a_sandbox_host(org):
    assert Salesforce(**LOGIN, domain="test").sf_instance == "test.salesforce.com"


def test_by_soap_with_an_organization(org):
    login = {
        "username": LOGIN["username"],
        "password": "sandbox",
        "organizationId": "00D5e0000000001",
    }
    assert Salesforce(**login).query("SELECT Id FROM Organization")["totalSize"] == 1


def test_soap_refuses_a_wrong_token(org):
    with pytest.raises(SalesforceAuthenticationFailed) as refused:
        Salesforce(**{**LOGIN, "security_token": "WRONG"})
    assert refused.value.code == "INVALID_LOGIN"


def test_with_a_session_from_elsewhere(org):
    session, instance = SalesforceLogin(**LOGIN)
    sf = Salesforce(session_id=session, instance=instance)
    assert sf.limits()["DailyApiRequests"]["Max"] > 0
