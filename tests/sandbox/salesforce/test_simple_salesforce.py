"""simple-salesforce against the sandbox, unchanged but for an adapter that speaks plain HTTP (sandbox-salesforce.md 7)."""

from __future__ import annotations

import datetime as dt
from urllib.parse import urlsplit

import pytest
import requests
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import SalesforceAuthenticationFailed, SalesforceMalformedRequest
from simple_salesforce.format import format_external_id, format_soql


class ToLocal(requests.adapters.HTTPAdapter):
    """Sends what is meant for https://... to the sandbox."""

    def __init__(self, base):
        self.base = base
        super().__init__()

    def send(self, request, *args, **options):
        parts = urlsplit(request.url)
        request.url = self.base + parts.path + (f"?{parts.query}" if parts.query else "")
        return super().send(request, *args, **options)


@pytest.fixture
def http(sandbox, store):
    with requests.Session() as session:
        session.mount("https://", ToLocal(sandbox.url))
        yield session


@pytest.fixture
def sf(http):
    return Salesforce(username="api@acme.example", password="sandbox", security_token="TOKEN", session=http)


def test_login_by_password_and_token(sf):
    assert sf.session_id.startswith("00D")
    assert sf.query("SELECT Id FROM Organization")["totalSize"] == 1
    assert sf.is_sandbox() is False


def test_login_by_client_credentials(http):
    sf = Salesforce(
        consumer_key="sandbox-client", consumer_secret="sandbox-secret", domain="acme.my", session=http
    )

    assert sf.query("SELECT Name FROM Organization")["records"][0]["Name"] == "Acme"


def test_a_refused_login_carries_the_vendors_words(http):
    with pytest.raises(SalesforceAuthenticationFailed) as error:
        Salesforce(username="api@acme.example", password="wrong", security_token="", session=http)

    assert error.value.code == "INVALID_LOGIN"
    assert error.value.auth_message == "Invalid username, password, security token; or user locked out."


def test_single_records(sf, store):
    store.add_field("Lead", "Ext__c", "string", external_id=True, unique=True)
    made = sf.Lead.create({"LastName": "O'Hara", "Company": "Acme"})
    sf.Lead.update(made["id"], {"Company": "New"})
    upserted = sf.Lead.upsert(format_external_id("Ext__c", "a/1"), {"LastName": "Low", "Company": "x"})

    assert sf.Lead.get(made["id"])["Company"] == "New"
    assert upserted == 201
    assert sf.Lead.get_by_custom_id("Ext__c", "a/1")["LastName"] == "Low"
    assert sf.query(format_soql("SELECT Id FROM Lead WHERE LastName = {}", "O'Hara"))["totalSize"] == 1
    assert sf.Lead.delete(made["id"]) == 204
    with pytest.raises(SalesforceMalformedRequest):
        sf.Lead.create({"Company": "x"})


def test_all_pages(sf, load):
    load("Lead", *({"LastName": f"{n:05}", "Company": "x"} for n in range(4100)))

    assert sf.query_all("SELECT LastName FROM Lead")["totalSize"] == 4100
    assert len(list(sf.query_all_iter("SELECT LastName FROM Lead"))) == 4100


def test_an_expired_session_is_renewed(sf, sandbox):
    sandbox.state.faults.add([{"action": "expire-session", "system": "salesforce", "path": "/query"}])

    assert sf.query("SELECT Id FROM Lead")["totalSize"] == 0


def test_describe_limits_and_usage(sf):
    assert "Lead" in {each["name"] for each in sf.describe()["sobjects"]}
    assert sf.Lead.describe()["keyPrefix"] == "00Q"
    assert sf.limits()["DailyApiRequests"]["Max"] == 100_000
    assert sf.api_usage["api-usage"].total == 100_000


def test_deleted_and_updated(sf):
    made = sf.Lead.create({"LastName": "L", "Company": "x"})["id"]
    now = dt.datetime.now(dt.UTC)
    span = (now - dt.timedelta(minutes=5), now + dt.timedelta(minutes=5))

    assert sf.Lead.updated(*span)["ids"] == [made]
    sf.Lead.delete(made)
    assert [each["id"] for each in sf.Lead.deleted(*span)["deletedRecords"]] == [made]


def test_bulk2(sf, load):
    rows = [{"LastName": f"L{n}", "Company": "Acme"} for n in range(5)]
    (inserted,) = sf.bulk2.Lead.insert(records=[*rows, {"LastName": "", "Company": "x"}], wait=0)
    failed = sf.bulk2.Lead.get_failed_records(inserted["job_id"])
    pages = list(sf.bulk2.Lead.query("SELECT LastName FROM Lead ORDER BY LastName", max_records=3, wait=0))

    assert (inserted["numberRecordsTotal"], inserted["numberRecordsFailed"]) == (6, 1)
    assert "REQUIRED_FIELD_MISSING" in failed
    assert [len(page.strip().splitlines()) - 1 for page in pages] == [3, 2]


def test_bulk2_download(sf, load, tmp_path):
    load("Lead", *({"LastName": f"L{n}", "Company": "x"} for n in range(7)))

    files = sf.bulk2.Lead.download("SELECT LastName FROM Lead", str(tmp_path), max_records=5, wait=0)

    assert [each["number_of_records"] for each in files] == [5, 2]


def test_bulk1(sf):
    results = sf.bulk.Lead.insert([{"LastName": "A", "Company": "x"}, {"Company": "y"}])
    found = sf.bulk.Lead.query("SELECT Id, LastName FROM Lead")

    assert [each["success"] for each in results] == [True, False]
    assert [each["LastName"] for each in found] == ["A"]
    assert sf.bulk.Lead.delete([{"Id": found[0]["Id"]}])[0]["success"] is True


def test_search(sf, load):
    load("Lead", {"LastName": "Lee", "Company": "Zebra"})

    assert len(sf.quick_search("Zebra")["searchRecords"]) == 1
