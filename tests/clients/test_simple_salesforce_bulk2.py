"""simple-salesforce, unmodified: Bulk API 2.0."""

from __future__ import annotations

import pytest
from tests.clients.org import leads, table

from scc.sandbox.transitions import Transitions

pytestmark = pytest.mark.usefixtures("sandbox")


def test_rows_are_inserted_updated_upserted_and_deleted(org, sf):
    org.add_field("Lead", "Key__c", "string", length=40, external_id=True)
    records = [{**lead, "Key__c": str(number)} for number, lead in enumerate(leads(300))]
    [made] = sf.bulk2.Lead.insert(records=records, wait=0)
    assert (made["numberRecordsProcessed"], made["numberRecordsFailed"]) == (300, 0)
    rows = table(sf.bulk2.Lead.get_successful_records(made["job_id"]))
    assert {row["sf__Created"] for row in rows} == {"true"}
    ids = [{"Id": row["sf__Id"], "Company": "Changed"} for row in rows]
    sf.bulk2.Lead.update(records=ids, wait=0)
    sf.bulk2.Lead.upsert(
        records=[
            {"Key__c": "0", "LastName": "Zero", "Company": "Z"},
            {"Key__c": "new", "LastName": "New", "Company": "N"},
        ],
        external_id_field="Key__c",
        wait=0,
    )
    companies = sf.query("SELECT Company, count(Id) n FROM Lead GROUP BY Company")["records"]
    assert {row["Company"]: row["n"] for row in companies} == {"Changed": 299, "Z": 1, "N": 1}
    sf.bulk2.Lead.delete(records=[{"Id": each["Id"]} for each in ids], wait=0)
    assert sf.query("SELECT count() FROM Lead")["totalSize"] == 1


def test_failed_rows_come_back_with_their_reason(sf):
    [made] = sf.bulk2.Lead.insert(
        records=[*leads(2), {"LastName": "", "Company": "Acme", "Email": ""}], wait=0
    )
    assert (made["numberRecordsProcessed"], made["numberRecordsFailed"]) == (3, 1)
    [failed] = table(sf.bulk2.Lead.get_failed_records(made["job_id"]))
    assert failed["sf__Error"].startswith(
        "REQUIRED_FIELD_MISSING:Required fields are missing: [LastName]:LastName --"
    )
    assert table(sf.bulk2.Lead.get_unprocessed_records(made["job_id"])) == []


def test_a_file_is_split_into_jobs(sf, tmp_path):
    path = tmp_path / "leads.csv"
    path.write_text("LastName,Company\n" + "".join(f"L{n},Acme\n" for n in range(100)), encoding="utf-8")
    jobs = sf.bulk2.Lead.insert(str(path), batch_size=40, wait=0)
    assert sorted(job["numberRecordsProcessed"] for job in jobs) == [20, 40, 40]


def test_a_query_comes_in_pages_with_their_own_headers(sf):
    sf.bulk2.Lead.insert(records=leads(250), wait=0)
    pages = list(sf.bulk2.Lead.query("SELECT Id, LastName, Owner.Name FROM Lead", max_records=100, wait=0))
    assert [len(table(page)) for page in pages] == [100, 100, 50]
    assert {row["Owner.Name"] for page in pages for row in table(page)} == {"API User"}


def test_an_empty_query_is_a_header(sf):
    assert [page.strip() for page in sf.bulk2.Lead.query("SELECT Id FROM Lead", wait=0)] == ['"Id"']


def test_a_query_goes_to_files(sf, tmp_path):
    sf.bulk2.Lead.insert(records=leads(30), wait=0)
    [found] = sf.bulk2.Lead.download("SELECT Id, LastName FROM Lead", path=str(tmp_path), wait=0)
    assert len(table((tmp_path / found["file"]).read_text(encoding="utf-8"))) == 30


def test_jobs_that_take_their_time_are_waited_for(sandbox, sf):
    sandbox.state.transitions = Transitions("polls", polls=4)
    [made] = sf.bulk2.Lead.insert(records=leads(3), wait=0)
    assert made["numberRecordsProcessed"] == 3
