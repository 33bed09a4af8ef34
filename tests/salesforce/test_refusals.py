"""What Salesforce refuses by itself, each provoked once: the error a caller gets, and how often it was asked."""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa
import pytest
from tests.salesforce.org import Org

from scc.errors import ConflictError, NotFoundError, QuotaError, RefusedError
from scc.salesforce import Outcome

LEE = {"LastName": "Lee", "Company": "Acme"}


@pytest.fixture
def unique(org: Org) -> str:
    org.store.add_field("Lead", "Ext__c", "string", external_id=True, unique=True)
    return "Ext__c"


def refused(org: Org, kind: type[Exception], call) -> str | None:
    """Say the code of the refusal, which must have been asked for once."""
    org.exchanges.clear()
    with pytest.raises(kind) as caught:
        call()
    assert len([one for one in org.exchanges if "token" not in one.path]) == 1
    error = caught.value
    assert isinstance(error, RefusedError)
    assert error.hint
    return error.code


def test_the_days_calls_used_up(org: Org):
    org.client.rest.create("Lead", LEE)
    org.store.options = replace(org.store.options, daily_api_limit=1)
    for call in (
        lambda: list(org.client.query("SELECT Id FROM Lead")),
        lambda: list(org.client.bulk.query("SELECT Id FROM Lead")),
        lambda: list(org.client.bulk.ingest("Lead", "insert", pa.table({"LastName": ["x"]}))),
        lambda: org.client.describe("Lead"),
        lambda: org.client.rest.create("Lead", LEE),
    ):
        assert refused(org, QuotaError, call) == "REQUEST_LIMIT_EXCEEDED"


@pytest.mark.parametrize(("version", "code"), [("20.0", "GONE"), ("99.0", "NOT_FOUND")])
def test_an_api_version_that_is_retired_or_does_not_exist(org: Org, version, code):
    client = org.another(version=version, observer=org.exchanges.append)
    assert refused(org, RefusedError, lambda: list(client.query("SELECT Id FROM Lead"))) == code


def test_a_value_that_must_be_unique(org: Org, unique):
    org.client.rest.create("Lead", {**LEE, unique: "A"})
    assert (
        refused(org, ConflictError, lambda: org.client.rest.create("Lead", {**LEE, unique: "A"}))
        == "DUPLICATE_VALUE"
    )
    (result,) = org.client.bulk.ingest(
        "Lead", "insert", pa.table({"LastName": ["x"], "Company": ["x"], unique: ["A"]})
    )
    assert [one.code for one in result] == ["DUPLICATE_VALUE"]


def test_a_member_who_is_one_already(org: Org):
    lead = org.client.rest.create("Lead", LEE)
    campaign = org.client.rest.create("Campaign", {"Name": "Spring"})
    member = {"CampaignId": campaign, "LeadId": lead}
    org.client.rest.create("CampaignMember", member)
    assert (
        refused(org, ConflictError, lambda: org.client.rest.create("CampaignMember", member))
        == "DUPLICATE_VALUE"
    )


def test_a_record_that_was_deleted(org: Org):
    lead = org.client.rest.create("Lead", LEE)
    org.client.rest.delete("Lead", lead)
    gone = refused(org, NotFoundError, lambda: org.client.rest.update("Lead", lead, {"City": "Oslo"}))
    assert gone == "ENTITY_IS_DELETED"
    rows = pa.table({"Id": [lead], "City": ["Oslo"]})
    (result,) = org.client.bulk.ingest("Lead", "update", rows)
    assert [(one.outcome, one.code) for one in result] == [(Outcome.FAILED, "ENTITY_IS_DELETED")]


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"OwnerId": "005000000000000AAA"}, "INVALID_CROSS_REFERENCE_KEY"),
        ({"OwnerId": "not an id"}, "MALFORMED_ID"),
        ({"CleanStatus": "Terrible"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"),
        ({"NumberOfEmployees": "many"}, "JSON_PARSER_ERROR"),
        ({"Ext__r.Code__c": "x"}, "INVALID_FIELD"),
    ],
)
def test_a_value_that_can_not_be(org: Org, values, code):
    assert refused(org, RefusedError, lambda: org.client.rest.create("Lead", {**LEE, **values})) == code


def test_an_external_id_field_that_is_none(org: Org):
    assert (
        refused(org, NotFoundError, lambda: org.client.rest.upsert("Lead", "City", "Oslo", LEE))
        == "NOT_FOUND"
    )
    rows = pa.table({**{name: [value] for name, value in LEE.items()}, "City": ["Oslo"]})
    with pytest.raises(RefusedError):
        list(org.client.bulk.ingest("Lead", "upsert", rows, external_id="City"))


def test_a_query_asked_for_too_long_an_address_by_another_way_is_told(org: Org):
    fields = ["Id"] * 6_000
    assert (
        refused(org, RefusedError, lambda: org.client.rest.get("Lead", "00Q5e0000000001EAA", fields)) is None
    )
