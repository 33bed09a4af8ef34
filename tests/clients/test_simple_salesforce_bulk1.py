"""simple-salesforce, unmodified: Bulk API 1.0, as its `sf.bulk` speaks it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from tests.clients.org import leads

pytestmark = pytest.mark.usefixtures("sandbox")


def test_rows_are_inserted_updated_upserted_and_deleted(org, sf):
    org.add_field("Lead", "Key__c", "string", length=40, external_id=True)
    made = sf.bulk.Lead.insert(
        [{**lead, "Key__c": str(number)} for number, lead in enumerate(leads(5))], batch_size=2
    )
    assert [result["success"] for result in made] == [True] * 5
    ids = [result["id"] for result in made]
    assert len(set(ids)) == 5
    updated = sf.bulk.Lead.update([{"Id": record, "Company": "New"} for record in ids], use_serial=True)
    assert [result["created"] for result in updated] == [False] * 5
    upserted = sf.bulk.Lead.upsert(
        [
            {"Key__c": "0", "Company": "Up", "LastName": "x"},
            {"Key__c": "x", "Company": "Up", "LastName": "x"},
        ],
        "Key__c",
    )
    assert [result["created"] for result in upserted] == [False, True]
    sf.bulk.Lead.delete([{"Id": record} for record in ids])
    assert sf.query("SELECT count() FROM Lead")["totalSize"] == 1


def test_failed_rows_tell_their_reason_in_place(sf):
    results = sf.bulk.Lead.insert([leads(1)[0], {"LastName": "Lee"}, leads(1)[0]])
    assert [result["success"] for result in results] == [True, False, True]
    assert results[1]["errors"][0]["statusCode"] == "REQUIRED_FIELD_MISSING"


def test_queries_give_records_with_times_as_numbers(sandbox, sf):
    sf.bulk.Lead.insert(leads(3))
    records = sf.bulk.Lead.query("SELECT Id, LastName, CreatedDate FROM Lead")
    assert sorted(record["LastName"] for record in records) == ["L0", "L1", "L2"]
    created = datetime.fromtimestamp(records[0]["CreatedDate"] / 1000, UTC)
    assert abs((sandbox.state.clock.now() - created).total_seconds()) < 120


def test_deleted_records_are_asked_for_lazily(sf):
    [made] = sf.bulk.Lead.insert(leads(1))
    sf.bulk.Lead.delete([{"Id": made["id"]}])
    assert list(sf.bulk.Lead.query("SELECT Id FROM Lead")) == []
    pages = list(sf.bulk.Lead.query_all("SELECT Id FROM Lead", lazy_operation=True))
    assert [record["Id"] for page in pages for record in page] == [made["id"]]
