"""Records one by one, limits, descriptions."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest
from tests.salesforce.org import Org, quick
from tests.scripted import ScriptedServer, reply

from scc.errors import ConfigError, ConflictError, DataError, NotFoundError, RefusedError, UnavailableError
from scc.salesforce import AccessToken, SalesforceClient

LEE = {"LastName": "Lee", "Company": "Acme"}


@pytest.fixture
def external(org: Org) -> str:
    org.store.add_field("Lead", "Ext__c", "string", external_id=True)
    return "Ext__c"


def test_a_record_is_created_read_changed_and_deleted(org: Org):
    rest = org.client.rest
    lead = rest.create("Lead", {**LEE, "DoNotCall": True, "NumberOfEmployees": 7})
    assert rest.get("Lead", lead, ["LastName", "DoNotCall"]) == {
        "LastName": "Lee",
        "DoNotCall": True,
        "Id": lead,
    }
    rest.update("Lead", lead, {"LastName": "Ray", "NumberOfEmployees": None})
    changed = rest.get("Lead", lead, ["LastName", "NumberOfEmployees"])
    assert (changed["LastName"], changed["NumberOfEmployees"]) == ("Ray", None)
    assert rest.delete("Lead", lead)
    assert not rest.delete("Lead", lead)
    with pytest.raises(NotFoundError):
        rest.get("Lead", lead, ["Id"])


def test_a_time_is_written_as_salesforce_takes_it(org: Org):
    org.store.add_field("Campaign", "Opens__c", "time")
    campaign = org.client.rest.create("Campaign", {"Name": "x", "Opens__c": time(10, 30)})
    assert org.client.rest.get("Campaign", campaign, ["Opens__c"])["Opens__c"] == "10:30:00.000Z"


def test_values_of_python_are_written_as_salesforce_takes_them(org: Org):
    moment = datetime(2026, 1, 31, 10, tzinfo=UTC)
    org.store.add_field("Campaign", "Seen__c", "datetime")
    campaign = org.client.rest.create(
        "Campaign",
        {"Name": "x", "StartDate": date(2026, 1, 31), "Seen__c": moment, "BudgetedCost": Decimal("12.5")},
    )
    read = org.client.rest.get("Campaign", campaign, ["StartDate", "Seen__c", "BudgetedCost"])
    assert (read["StartDate"], read["BudgetedCost"]) == ("2026-01-31", 12.5)
    assert datetime.fromisoformat(str(read["Seen__c"])) == moment


@pytest.mark.parametrize("value", [float("nan"), datetime(2026, 1, 31)])  # noqa: DTZ001  # the very case
def test_values_that_salesforce_lacks_are_refused(org: Org, value):
    with pytest.raises(ConfigError):
        org.client.rest.create("Lead", {**LEE, "X__c": value})
    assert org.exchanges == []


@pytest.mark.parametrize("value", ["A-1", "a/b c", "100%", "ü?&#", "x+y", "joe@example.com"])
def test_an_upsert_by_external_id_creates_once_whatever_the_value(org: Org, external, value):
    rest = org.client.rest
    first = rest.upsert("Lead", external, value, LEE)
    second = rest.upsert("Lead", external, value, {"City": "Oslo"})
    assert (first.created, second.created, first.id) == (True, False, second.id)
    assert rest.get_by("Lead", external, value, [external, "City"])[external] == value


@pytest.mark.parametrize("value", ["Joe Smith", "joe@example.com", "1/joe", "joe"])
def test_an_external_id_stands_in_no_error_and_no_log(org: Org, external, value, caplog):
    caplog.set_level("DEBUG", logger="scc")
    org.fault(action="status", path="sobjects/Lead/Ext__c/", status=500, times=2)
    with pytest.raises(NotFoundError) as caught:
        org.client.rest.get_by("Lead", external, value, ["Id"])
    assert "/sobjects/Lead/Ext__c/***" in str(caught.value)
    for told in (str(caught.value), caplog.text, repr(org.exchanges)):
        assert "joe" not in told.lower()


def test_an_upsert_can_be_kept_from_creating(org: Org, external):
    with pytest.raises(NotFoundError):
        org.client.rest.upsert("Lead", external, "A", LEE, update_only=True)


def test_an_external_id_that_several_records_carry_is_a_conflict(org: Org, external):
    for _ in range(2):
        org.client.rest.create("Lead", {**LEE, external: "A"})
    with pytest.raises(ConflictError):
        org.client.rest.upsert("Lead", external, "A", LEE)
    with pytest.raises(ConflictError):
        org.client.rest.get_by("Lead", external, "A", ["Id"])


@pytest.mark.parametrize(
    ("values", "code", "fields"),
    [
        ({"LastName": "Lee"}, "REQUIRED_FIELD_MISSING", "Company"),
        ({**LEE, "Email": "joe smith"}, "INVALID_EMAIL_ADDRESS", "Email"),
        ({**LEE, "LastName": "Smith" * 30}, "STRING_TOO_LONG", "LastName"),
        ({**LEE, "Bacon__c": "x"}, "INVALID_FIELD", "Bacon__c"),
        ({**LEE, "IsDeleted": True}, "INVALID_FIELD_FOR_INSERT_UPDATE", "IsDeleted"),
    ],
)
def test_a_refused_record_is_told_by_field_and_not_by_value(org: Org, values, code, fields):
    with pytest.raises(RefusedError) as caught:
        org.client.rest.create("Lead", values)
    assert caught.value.code == code
    assert fields in str(caught.value)
    assert "mith" not in str(caught.value)
    assert len(org.calls("POST", "sobjects")) == 1


@pytest.mark.parametrize(
    ("call", "sent"),
    [
        (lambda rest, lead: rest.create("Lead", LEE), 1),
        (lambda rest, lead: rest.update("Lead", lead, {"City": "Oslo"}), 2),
        (lambda rest, lead: rest.delete("Lead", lead), 2),
        (lambda rest, lead: rest.get("Lead", lead, ["Id"]), 2),
    ],
)
def test_only_what_may_be_sent_twice_is_repeated(org: Org, call, sent):
    lead = org.client.rest.create("Lead", LEE)
    org.exchanges.clear()
    org.fault(action="status", path="sobjects/Lead", status=503)
    if sent == 1:
        with pytest.raises(UnavailableError):
            call(org.client.rest, lead)
    else:
        call(org.client.rest, lead)
    assert len(org.exchanges) == sent


def test_limits_are_told_by_their_names(org: Org):
    limits = org.client.limits()
    assert limits["DailyApiRequests"].max == 100_000
    assert limits["DailyApiRequests"].remaining < 100_000


def test_an_sobject_is_described_once(org: Org):
    lead = org.client.describe("lead")
    assert org.client.describe("Lead") is lead
    assert len(org.calls("GET", "describe")) == 1
    assert (lead.name, lead.key_prefix, lead.createable) == ("Lead", "00Q", True)
    email = lead.field("EMAIL")
    assert email is not None
    assert (email.type, email.length, email.updateable) == ("email", 80, True)
    owner = lead.field("OwnerId")
    assert owner is not None
    assert (owner.relationship_name, "User" in owner.reference_to) == ("Owner", True)
    source = lead.field("LeadSource")
    assert source is not None
    assert "Web" in source.picklist_values
    assert lead.field("Bacon__c") is None


@pytest.mark.parametrize("change", [{"name": None}, {"fields": {}}, {"fields": [{}]}, {"fields": [{"name": "X", "label": "X", "type": "string", "referenceTo": "User"}]}])  # fmt: skip
def test_a_description_in_other_words_is_an_error(change):
    described = {"name": "Lead", "label": "Lead", "fields": [], **change}
    with ScriptedServer().then(reply(200, json.dumps(described).encode())) as server:
        client = SalesforceClient(auth=AccessToken(server.url, "x"), retry=quick())
        with pytest.raises(DataError):
            client.describe("Lead")


def test_an_unknown_sobject_is_not_found(org: Org):
    with pytest.raises(NotFoundError):
        org.client.describe("Bacon")
    with pytest.raises(ConfigError, match="Bacon__c"):
        org.client.types("SELECT Bacon__c FROM Lead")
    with pytest.raises(ConfigError, match="plain fields"):
        org.client.types("SELECT COUNT(Id) FROM Lead")
