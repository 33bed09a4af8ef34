"""What Salesforce refuses by itself, each provoked once: the error a caller gets, and how often it was asked."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest
from tests.salesforce.org import Org

from scc.errors import ConflictError, NotFoundError, QuotaError, RefusedError
from scc.salesforce import Outcome, Subrequest

LEE = {"LastName": "Lee", "Company": "Acme"}
LEE_TABLE = {name: [value] for name, value in LEE.items()}


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


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("SELECT Id FROM Lead WHERE Id = 'Smithson'", "INVALID_QUERY_FILTER_OPERATOR"),
        ("SELECT Id FROM Lead WHERE Id LIKE '00Q%'", "INVALID_QUERY_FILTER_OPERATOR"),
        ("SELECT Id FROM Lead WHERE Description = 'Smithson'", "INVALID_FIELD"),
        ("SELECT Id FROM Lead WHERE CreatedDate = '2026-01-01T00:00:00Z'", "INVALID_FIELD"),
        ("SELECT Id FROM Lead LIMIT 10 OFFSET 2001", "NUMBER_OUTSIDE_VALID_RANGE"),
        ("SELECT Id FROM Lead WHERE " + "(" * 600 + "Id = null" + ")" * 600, "QUERY_TOO_COMPLICATED"),
        ("SELECT Id FROM Lead WHERE Name = Smithson", "MALFORMED_QUERY"),
        ("SELECT FIELDS(ALL) FROM Lead", "MALFORMED_QUERY"),
        ("SELECT Name, MAX(CreatedDate) FROM Lead", "MALFORMED_QUERY"),
        ("SELECT Id FROM Smithson__c", "INVALID_TYPE"),
    ],
)
def test_a_query_that_can_not_be_is_told_without_its_values(org: Org, query, code):
    assert refused(org, RefusedError, lambda: list(org.client.query(query))) == code
    if "Smithson__c" not in query:  # the name of an object is no value
        assert "Smithson" not in words_of(lambda: list(org.client.query(query)))


def words_of(call) -> str:
    """Say what a refusal says."""
    with pytest.raises(RefusedError) as error:
        call()
    return str(error.value)


def test_a_value_of_two_thousand_groups_is_too_many(org: Org):
    org.store.load("Campaign", pa.table({"Name": [f"Campaign {at}" for at in range(2_001)]}))
    query = "SELECT Name, COUNT(Id) FROM Campaign GROUP BY Name"
    assert refused(org, RefusedError, lambda: list(org.client.query(query))) == "EXCEEDED_ID_LIMIT"


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("SELECT Id, Address FROM Lead", "compound data"),
        ("SELECT COUNT(Id) FROM Lead", "Aggregate"),
        ("SELECT Company FROM Lead GROUP BY Company", "Aggregate"),
        ("SELECT Id FROM Lead LIMIT 10 OFFSET 5", "OFFSET"),
    ],
)
def test_what_a_job_can_not_query_is_told_when_it_is_made(org: Org, query, words):
    call = lambda: org.client.bulk.create_query(query)  # noqa: E731  # asked twice
    assert refused(org, RefusedError, call) == "API_ERROR"
    assert words in words_of(call)


def test_a_job_that_is_over_can_not_be_ended_again(org: Org):
    bulk = org.client.bulk
    query = bulk.wait_query(bulk.create_query("SELECT Id FROM Lead"))
    assert refused(org, RefusedError, lambda: bulk.abort_query(query)) == "INVALIDJOBSTATE"
    ingest = bulk.create_ingest("Lead", "insert")
    bulk.upload(ingest, pa.table(LEE_TABLE))
    bulk.wait_ingest(ingest)
    assert refused(org, RefusedError, lambda: bulk.abort_ingest(ingest)) == "INVALIDJOBSTATE"


def test_a_job_takes_one_upload(org: Org):
    job = org.client.bulk.create_ingest("Lead", "insert")
    org.client.bulk.upload(job, pa.table(LEE_TABLE))
    assert (
        refused(org, RefusedError, lambda: org.client.bulk.upload(job, pa.table(LEE_TABLE)))
        == "INVALIDJOBSTATE"
    )


@pytest.mark.parametrize("kind", ["query", "ingest"])
def test_a_job_that_never_was_is_not_found(org: Org, kind):
    bulk, rows = org.client.bulk, pa.table(LEE_TABLE)
    never = "7505e00000000zzAAA"
    calls = {
        "query": [bulk.query_job, bulk.wait_query, bulk.abort_query, lambda job: list(bulk.results(job))],
        "ingest": [
            bulk.ingest_job,
            bulk.wait_ingest,
            bulk.abort_ingest,
            lambda job: bulk.ingest_result(job, rows),
            lambda job: bulk.resume_ingest(job, rows),
        ],
    }
    for call in calls[kind]:
        assert refused(org, NotFoundError, lambda call=call: call(never)) == "NOT_FOUND"


@pytest.mark.parametrize(
    ("sobject", "operation", "external_id", "code"),
    [
        ("Bacon__c", "insert", None, "INVALIDJOB"),
        ("Lead", "upsert", "City", "INVALIDJOB"),
        ("User", "delete", None, "INVALID_TYPE_FOR_OPERATION"),
    ],
)
def test_a_job_that_can_not_be(org: Org, sobject, operation, external_id, code):
    def call():
        return org.client.bulk.create_ingest(sobject, operation, external_id=external_id)

    assert refused(org, RefusedError, call) == code


@pytest.mark.parametrize("days", [(20, 0), (1, 1)])
def test_a_span_of_time_that_salesforce_does_not_look_back_on(org: Org, days):
    now = datetime.now(UTC)
    start, end = (now - timedelta(days=each) for each in days)
    assert (
        refused(org, RefusedError, lambda: org.client.rest.deleted("Lead", start, end))
        == "INVALID_REPLICATION_DATE"
    )


def test_a_composite_call_with_too_many_queries(org: Org):
    parts = [Subrequest("GET", "query?q=SELECT+Id+FROM+Lead", f"q{at}") for at in range(6)]
    assert refused(org, RefusedError, lambda: org.client.rest.composite(parts)) == "LIMIT_EXCEEDED"


def test_a_method_that_a_resource_does_not_take_is_told_by_part(org: Org):
    (answer,) = org.client.rest.composite([Subrequest("PUT", "sobjects/Lead", "put", LEE)])
    assert answer.status == 405
    assert isinstance(answer.body, list)
    assert answer.body[0]["errorCode"] == "METHOD_NOT_ALLOWED"


@pytest.mark.parametrize("name", ["Bacon__c", "Lead/../User"])
def test_an_sobject_that_salesforce_lacks_is_not_found(org: Org, name):
    rest = org.client.rest
    for call in (
        lambda: org.client.describe(name),
        lambda: rest.get(name, "00Q5e0000000001EAA", ["Id"]),
        lambda: rest.create(name, LEE),
        lambda: rest.update(name, "00Q5e0000000001EAA", LEE),
    ):
        assert refused(org, NotFoundError, call) == "NOT_FOUND"


def test_a_field_that_salesforce_lacks_is_named(org: Org):
    lead = org.client.rest.create("Lead", LEE)
    for call in (
        lambda: org.client.rest.get("Lead", lead, ["Bacon__c"]),
        lambda: org.client.rest.update("Lead", lead, {"Bacon__c": "x"}),
        lambda: list(org.client.rest.save("insert", "Lead", [{**LEE, "Bacon__c": "x"}])),
    ):
        assert refused(org, RefusedError, call) == "INVALID_FIELD"
        assert "Bacon__c" in words_of(call)
