"""Ingest jobs: every row written once, and told of once, whatever happens on the way."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa
import pytest
from tests.salesforce.org import Org, quick
from tests.scripted import ScriptedServer, reply

from scc.errors import (
    ConfigError,
    CredentialsError,
    IncompleteError,
    QuotaError,
    RefusedError,
    UnavailableError,
)
from scc.salesforce import AccessToken, IngestJob, JobState, Outcome, RowResult, SalesforceClient

SUCCESSFUL, FAILED, UNPROCESSED = Outcome


def people(count: int = 3, **columns) -> pa.Table:
    return pa.table(
        {"LastName": [f"Lee {at}" for at in range(count)], "Company": ["Acme"] * count, **columns}
    )


def leads(org: Org, *fields: str, typed: bool = False) -> list[dict[str, Any]]:
    query = f"SELECT {', '.join(fields)} FROM Lead ORDER BY LastName"
    types = org.client.types(query) if typed else None
    return [row for batch in org.client.query(query, types=types) for row in batch.to_pylist()]


def written(org: Org) -> list[str]:
    return [row["LastName"] for row in leads(org, "LastName")]


def insert(org: Org, rows, **options) -> list[RowResult]:
    return [row for result in org.client.bulk.ingest("Lead", "insert", rows, **options) for row in result]


def test_every_row_is_written_and_told_of_in_its_order(org: Org):
    results = insert(org, people(30))
    assert [(one.row, one.outcome, one.created) for one in results] == [
        (at, SUCCESSFUL, True) for at in range(30)
    ]
    by_name = {row["LastName"]: row["Id"] for row in leads(org, "LastName", "Id")}
    assert [by_name[f"Lee {at}"] for at in range(30)] == [one.id for one in results]


def test_rows_that_fail_say_why_and_the_others_are_written(org: Org):
    rows = people(4, Email=["a@x.example", "not one", None, "b@x.example"])
    rows = rows.set_column(0, "LastName", pa.array(["Lee 0", "Lee 1", None, "Lee 3"]))
    (result,) = org.client.bulk.ingest("Lead", "insert", rows)
    assert result.job.state is JobState.JOB_COMPLETE
    assert result.counts() == {SUCCESSFUL: 2, FAILED: 2, UNPROCESSED: 0}
    _, email, missing, _ = result
    assert (email.code, email.fields) == ("INVALID_EMAIL_ADDRESS", ("Email",))
    assert email.message == "Email: invalid email address: ***"
    assert (missing.code, missing.fields) == ("REQUIRED_FIELD_MISSING", ("LastName",))
    assert [one.row for one in result.failures()] == [1, 2]
    assert not email.is_retryable
    assert written(org) == ["Lee 0", "Lee 3"]


def test_rows_that_are_equal_get_a_result_each(org: Org):
    org.fault(action="row-error", path="jobs/ingest", rows=2)
    results = insert(org, pa.table({"LastName": ["Lee"] * 5, "Company": ["Acme"] * 5}))
    assert [one.row for one in results] == list(range(5))
    assert sorted(one.outcome for one in results) == [FAILED] * 2 + [SUCCESSFUL] * 3
    assert len({one.id for one in results if one.id}) == 3
    assert {one.code for one in results} == {None, "UNABLE_TO_LOCK_ROW"}
    assert all(one.is_retryable for one in results if one.outcome is FAILED)


def test_every_type_arrives_as_what_it_was(org: Org):
    moment = datetime(2026, 1, 31, 10, 30, tzinfo=UTC)
    org.store.add_field("Lead", "Seen__c", "datetime")
    org.store.add_field("Lead", "Born__c", "date")
    org.store.add_field("Lead", "Score__c", "double", precision=18, scale=6)
    rows = people(2, Seen__c=[moment, None], Born__c=[date(1970, 1, 2), None], Score__c=[12.5, None], DoNotCall=[True, False], NumberOfEmployees=[7, None])  # fmt: skip
    assert {one.outcome for one in insert(org, rows)} == {SUCCESSFUL}
    assert leads(org, "Seen__c", "Born__c", "Score__c", "DoNotCall", "NumberOfEmployees", typed=True) == [
        {
            "Seen__c": moment,
            "Born__c": date(1970, 1, 2),
            "Score__c": 12.5,
            "DoNotCall": True,
            "NumberOfEmployees": 7,
        },
        {"Seen__c": None, "Born__c": None, "Score__c": None, "DoNotCall": False, "NumberOfEmployees": None},
    ]


def test_on_insert_null_leaves_the_default(org: Org):
    insert(org, people(1, Status=pa.array([None], pa.string()), City=[""]))
    assert leads(org, "Status", "City") == [{"Status": "Open - Not Contacted", "City": None}]


@pytest.mark.parametrize(("nulls", "expected"), [("clear", [None, None]), ("unchanged", ["Oslo", None])])
def test_on_update_null_clears_or_leaves_and_the_empty_text_clears(org: Org, nulls, expected):
    ids = [one.id for one in insert(org, people(2, City=["Oslo", "Oslo"]))]
    rows = pa.table({"Id": ids, "City": pa.array([None, ""], pa.string())})
    (result,) = org.client.bulk.ingest("Lead", "update", rows, nulls=nulls)
    assert [(one.outcome, one.created, one.id) for one in result] == [(SUCCESSFUL, False, key) for key in ids]
    assert [row["City"] for row in leads(org, "City")] == expected


def test_an_upsert_lands_on_the_same_records_however_often(org: Org):
    org.store.add_field("Lead", "Ext__c", "string", external_id=True, unique=True)
    rows = people(3, ext__C=["A", "B/ü", "C"])
    (first,) = org.client.bulk.ingest("Lead", "upsert", rows, external_id="Ext__c")
    (second,) = org.client.bulk.ingest("Lead", "upsert", rows, external_id="Ext__c")
    assert [one.created for one in first] == [True] * 3
    assert [one.created for one in second] == [False] * 3
    assert [one.id for one in first] == [one.id for one in second]


def test_a_delete_is_told_row_by_row(org: Org):
    ids = [one.id for one in insert(org, people(3))]
    (first,) = org.client.bulk.ingest("Lead", "delete", pa.table({"Id": ids[:2]}))
    assert [one.id for one in first] == ids[:2]
    (second,) = org.client.bulk.ingest("Lead", "delete", pa.table({"Id": ids}))
    assert [one.code for one in second] == ["ENTITY_IS_DELETED", "ENTITY_IS_DELETED", None]
    assert written(org) == []


def test_many_rows_go_into_several_jobs_and_are_counted_through(org: Org):
    started: list[tuple[str, range]] = []
    results = list(
        org.client.bulk.ingest(
            "Lead",
            "insert",
            people(1_000).to_batches(150),
            max_bytes=5_000,
            on_job=lambda job, rows: started.append((job.id, rows)),
        )
    )
    assert len(results) > 3
    assert [(result.job.id, [one.row for one in result]) for result in results] == [
        (job_id, list(numbers)) for job_id, numbers in started
    ]
    assert [one.row for result in results for one in result] == list(range(1_000))
    assert len(written(org)) == 1_000


def test_the_jobs_id_is_told_before_any_data_is_sent(org: Org):
    puts: list[int] = []
    insert(org, people(1), on_job=lambda _job, _rows: puts.append(len(org.calls("PUT"))))
    assert (puts, len(org.calls("PUT"))) == ([0], 1)


def test_no_rows_are_no_job(org: Org):
    assert insert(org, []) == []
    assert insert(org, people(0)) == []
    assert org.calls("POST", "jobs/ingest") == []


@pytest.mark.parametrize(
    ("operation", "external_id", "rows"),
    [
        ("upsert", None, people(1)),
        ("insert", "Ext__c", people(1)),
        ("upsert", "Ext__c", people(1)),
        ("update", None, people(1)),
        ("delete", None, people(1)),
        ("insert", None, people(1, lastname=["x"])),
    ],
)
def test_rows_that_can_not_be_meant_so_are_refused_before_anything_is_sent(
    org: Org, operation, external_id, rows
):
    with pytest.raises(ConfigError):
        list(org.client.bulk.ingest("Lead", operation, rows, external_id=external_id))
    assert org.exchanges == []


def test_a_column_that_salesforce_lacks_is_an_error_and_writes_nothing(org: Org):
    with pytest.raises(RefusedError, match="Bacon__c") as caught:
        insert(org, people(2, Bacon__c=["a", "b"]))
    assert caught.value.code == "InvalidBatch"
    assert written(org) == []


def test_an_object_that_salesforce_lacks_is_refused(org: Org):
    with pytest.raises(RefusedError):
        list(org.client.bulk.ingest("Bacon__c", "insert", people(1)))


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("InvalidBatch : by joe@example.com", RefusedError),
        ("ClientInputError : by joe@example.com", RefusedError),
        ("InternalServerError : by joe@example.com", UnavailableError),
        ("Timeout : by joe@example.com", UnavailableError),
        ("TooManyLockFailure : by joe@example.com", UnavailableError),
        ("ExceededQuota : by joe@example.com", QuotaError),
    ],
)
def test_a_job_that_failed_with_nothing_done_is_an_error(org: Org, words, kind):
    org.fault(action="job-failed", path="jobs/ingest", message=words)
    with pytest.raises(kind, match=r"Failed: \w+: by \*\*\*") as caught:
        insert(org, people(10))
    assert caught.value.code == words.partition(" ")[0]
    assert written(org) == []


def test_a_job_that_failed_half_way_tells_of_every_row_in_whatever_order():
    job = {"id": "750A", "operation": "insert", "object": "Lead", "createdDate": "2026-01-27T15:10:12.000+0000", "state": "Failed", "errorMessage": "TooManyLockFailure : by joe@example.com"}  # fmt: skip
    files = {
        "successfulResults": b'"sf__Id","sf__Created",LastName,Company\n"00Q1","true","Lee 2","Acme"\n"00Q2","true","Lee 0","Acme"\n',
        "failedResults": b'"sf__Id","sf__Error",LastName,Company\n"","DUPLICATES_DETECTED:Use one of these records?:--","Lee 3","Acme"\n',
        "unprocessedrecords": b'LastName,Company\n"Lee 1","Acme"\n',
        "750A": json.dumps(job).encode(),
    }
    with ScriptedServer(route=lambda seen: reply(200, files[seen.path.rpartition("/")[2]])) as server:
        client = SalesforceClient(auth=AccessToken(server.url, "x"), retry=quick())
        result = client.bulk.ingest_result("750A", people(4))
    assert [(one.row, one.outcome, one.id, one.code) for one in result] == [
        (0, SUCCESSFUL, "00Q2", None),
        (1, UNPROCESSED, None, "TooManyLockFailure"),
        (2, SUCCESSFUL, "00Q1", None),
        (3, FAILED, None, "DUPLICATES_DETECTED"),
    ]
    assert [one.is_retryable for one in result] == [False, True, False, False]
    assert [one.message for one in result] == [None, "by ***", None, "Use one of these records?"]


def test_a_job_that_tells_of_fewer_rows_than_it_dealt_with_is_an_error():
    job = {"id": "750A", "operation": "insert", "object": "Lead", "createdDate": "2026-01-27T15:10:12.000+0000", "state": "JobComplete", "numberRecordsProcessed": 3, "numberRecordsFailed": 0}  # fmt: skip
    files = {
        "successfulResults": b'"sf__Id","sf__Created",LastName,Company\n"00Q1","true","Lee 0","Acme"\n',
        "failedResults": b'"sf__Id","sf__Error",LastName,Company\n',
        "unprocessedrecords": b'LastName,Company\n"Lee 1","Acme"\n',
        "750A": json.dumps(job).encode(),
    }
    with ScriptedServer(route=lambda seen: reply(200, files[seen.path.rpartition("/")[2]])) as server:
        client = SalesforceClient(auth=AccessToken(server.url, "x"), retry=quick())
        with pytest.raises(IncompleteError, match="dealt with 3 rows and told of 1"):
            client.bulk.ingest_result("750A", people(2))


ANYWHERE = [
    ("POST", "jobs/ingest$"),
    ("PUT", "/batches"),
    ("PATCH", "jobs/ingest/"),
    ("GET", "jobs/ingest/[^/]+$"),
    ("GET", "/successfulResults"),
    ("GET", "/failedResults"),
    ("GET", "/unprocessedrecords"),
]


@pytest.mark.parametrize(("method", "path"), ANYWHERE)
def test_a_session_that_ends_anywhere_is_renewed_without_a_trace(org: Org, method, path):
    org.fault(action="expire-session", method=method, path=path)
    assert [one.outcome for one in insert(org, people(5))] == [SUCCESSFUL] * 5
    assert len(written(org)) == 5


@pytest.mark.parametrize(("method", "path"), ANYWHERE)
@pytest.mark.parametrize(
    "fault",
    [
        {"action": "status", "status": 503},
        {"action": "status", "status": 429, "headers": {"Retry-After": "1"}},
        {"action": "drop", "after_bytes": 0},
    ],
)
def test_an_outage_anywhere_neither_loses_nor_doubles_a_row(org: Org, method, path, fault):
    org.fault(method=method, path=path, **fault)
    assert [one.outcome for one in insert(org, people(5))] == [SUCCESSFUL] * 5
    assert len(written(org)) == 5


@pytest.mark.parametrize(("method", "path"), [("PUT", "/batches"), ("PATCH", "jobs/ingest/")])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_request_that_is_never_answered_neither_loses_nor_doubles_a_row(org: Org, method, path, when):
    org.fault(action="hang", method=method, path=path, when=when)
    with org.another(read_timeout_s=1) as client:
        (result,) = client.bulk.ingest("Lead", "insert", people(3))
    assert [one.outcome for one in result] == [SUCCESSFUL] * 3
    assert len(written(org)) == 3


def test_an_upload_that_never_succeeds_is_unavailable_and_writes_nothing(org: Org):
    org.fault(action="status", status=503, method="PUT", path="/batches", times=None)
    jobs: list[IngestJob] = []
    with pytest.raises(UnavailableError):
        insert(org, people(2), on_job=lambda job, _rows: jobs.append(job))
    assert len(jobs) == 3
    assert org.jobs("ingest") == []
    assert written(org) == []


def test_an_upload_that_is_refused_leaves_no_job_behind(org: Org):
    org.fault(action="status", status=413, method="PUT", path="/batches", times=None)
    with pytest.raises(QuotaError):
        insert(org, people(2))
    assert (len(org.calls("PUT")), org.jobs("ingest")) == (1, [])


def test_a_job_closed_by_a_request_whose_answer_was_lost_goes_on(org: Org):
    org.fault(action="drop", method="PATCH", path="jobs/ingest/", after_bytes=0, times=2)
    assert [one.outcome for one in insert(org, people(2))] == [SUCCESSFUL] * 2
    assert written(org) == ["Lee 0", "Lee 1"]


def test_a_close_that_is_refused_is_an_error(org: Org):
    refusal = [{"errorCode": "API_DISABLED_FOR_ORG", "message": "no"}]
    org.fault(action="status", status=403, body=refusal, method="PATCH", path="jobs/ingest/")
    with pytest.raises(CredentialsError):
        insert(org, people(2))


def test_a_job_can_be_taken_up_by_another_process(org: Org):
    org.slow_jobs(3)
    rows = people(4)
    job = org.client.bulk.create_ingest("Lead", "insert")
    assert org.client.bulk.upload(job, rows) == 4
    with org.another() as other:
        for _ in range(2):
            result = other.bulk.resume_ingest(job.id, rows, first_row=100)
            assert result is not None
            assert [(one.row, one.outcome) for one in result] == [(at, SUCCESSFUL) for at in range(100, 104)]
    assert len(written(org)) == 4


def test_a_job_that_was_never_closed_is_ended_and_its_rows_must_go_again(org: Org):
    job = org.client.bulk.create_ingest("Lead", "insert")
    assert org.client.bulk.resume_ingest(job.id, people(2)) is None
    assert org.jobs("ingest") == []
    assert written(org) == []


def test_results_are_told_of_the_rows_sent_and_no_others(org: Org):
    job = org.client.bulk.create_ingest("Lead", "insert")
    org.client.bulk.upload(job, people(2))
    for others in (people(3), pa.table({"LastName": ["Lee 0", "Ray"], "Company": ["Acme"] * 2})):
        with pytest.raises(IncompleteError, match=job.id) as caught:
            org.client.bulk.ingest_result(job, others)
        assert "Ray" not in str(caught.value)


def test_a_job_that_was_aborted_is_an_error(org: Org):
    org.slow_jobs(5)
    job = org.client.bulk.create_ingest("Lead", "insert")
    org.client.bulk.upload(job, people(2))
    org.client.bulk.abort_ingest(job)
    with pytest.raises(RefusedError, match="Aborted"):
        org.client.bulk.ingest_result(job, people(2))
    assert written(org) == []


def test_a_job_can_be_deleted_more_than_once(org: Org):
    job = org.client.bulk.create_ingest("Lead", "insert")
    org.client.bulk.delete_ingest(job)
    org.client.bulk.delete_ingest(job.id)
    assert org.jobs("ingest") == []


def test_an_upload_takes_what_one_job_takes(org: Org):
    job = org.client.bulk.create_ingest("Lead", "insert")
    with pytest.raises(ConfigError, match="no rows"):
        org.client.bulk.upload(job, people(0))
    with pytest.raises(ConfigError, match=r"bulk\.ingest|more than"):
        org.client.bulk.upload(job, pa.table({"LastName": ["x" * 100_000] * 1_010, "Company": ["x"] * 1_010}))
    with pytest.raises(ConfigError, match="100,000,000"):
        insert(org, people(1), max_bytes=100_000_001)
