"""Query jobs: every record once, in bounded memory, and the job gone afterwards."""

from __future__ import annotations

import json
from collections.abc import Generator
from contextlib import closing
from typing import Any, cast

import pyarrow as pa
import pytest
from tests.salesforce.org import Org, quick
from tests.scripted import ScriptedServer, Seen, reply

from scc.errors import (
    ConfigError,
    DataError,
    IncompleteError,
    NotFoundError,
    QuotaError,
    RefusedError,
    UnavailableError,
)
from scc.salesforce import AccessToken, JobState, QueryJob, SalesforceClient

QUERY = "SELECT Name FROM Campaign"
SORTED = f"{QUERY} ORDER BY Id"


def rows(batches) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pa.Table.from_batches(list(batches)).to_pylist()
    return found


def campaigns(org: Org, count: int = 3, **columns) -> list[str]:
    names = [f"Campaign {at}" for at in range(count)]
    org.store.load("Campaign", pa.table({"Name": names, **columns}))
    return names


def test_all_records_come_in_pages_and_the_job_is_deleted(org: Org):
    names = campaigns(org, 2_500, Type=["a\nb", 'c"d', "e,f", "", "ü"] * 500)
    batches = list(org.client.bulk.query("SELECT name, Type FROM Campaign ORDER BY Id", page_rows=1_000))
    assert [batch.num_rows for batch in batches] == [1_000, 1_000, 500]
    assert [row["name"] for row in rows(batches)] == names
    assert [row["Type"] for row in rows(batches)][:5] == ["a\nb", 'c"d', "e,f", None, "ü"]
    assert len(org.calls("GET", "/results")) == 3
    assert org.jobs("query") == []


def test_rest_and_bulk_give_the_same_columns_and_values(org: Org):
    campaigns(
        org, 3, IsActive=[True, False, None], NumberSent=[1.0, 2.5, None], Description=["x\r\ny", "'", None]
    )
    query = "SELECT iD, Owner.name, Parent.Name, IsActive, NumberSent, Description FROM Campaign ORDER BY Id"
    assert rows(org.client.query(query)) == rows(org.client.bulk.query(query))


def test_a_query_that_finds_nothing_gives_an_empty_batch(org: Org):
    (batch,) = org.client.bulk.query("SELECT Id, Name FROM Campaign")
    assert (batch.num_rows, batch.schema.names) == (0, ["Id", "Name"])


def test_deleted_records_come_only_when_asked_for(org: Org):
    campaigns(org, 2, IsDeleted=[True, False])
    assert rows(org.client.bulk.query(QUERY)) == [{"Name": "Campaign 1"}]
    assert len(rows(org.client.bulk.query(QUERY, include_deleted=True))) == 2


def test_a_job_can_be_recorded_waited_for_and_read_by_another_process(org: Org):
    names = campaigns(org, 30)
    org.slow_jobs(3)
    job = org.client.bulk.create_query(SORTED)
    assert not job.state.is_terminal
    polls: list[QueryJob] = []
    with org.another() as other:
        ended = other.bulk.wait_query(job.id, on_poll=polls.append)
        assert (ended.state, ended.records) == (JobState.JOB_COMPLETE, 30)
        assert len(polls) > 1
        for _ in range(2):
            assert [row["Name"] for row in rows(other.bulk.results(job.id))] == names
        other.bulk.delete_query(job.id)
        other.bulk.delete_query(job.id)
        with pytest.raises(NotFoundError):
            other.bulk.query_job(job.id)


def test_the_jobs_id_is_told_before_it_is_waited_for(org: Org):
    campaigns(org, 1)
    seen: list[QueryJob] = []
    batches = org.client.bulk.query(QUERY, on_job=seen.append)
    assert seen == []
    list(batches)
    assert org.calls("GET", seen[0].id)


def test_a_reader_who_has_had_enough_leaves_no_job_behind(org: Org):
    campaigns(org, 3_000)
    with closing(cast("Generator[object]", org.client.bulk.query(QUERY, page_rows=1_000))) as batches:
        next(batches)
    assert org.jobs("query") == []


def test_a_failure_of_the_reader_leaves_no_job_behind(org: Org):
    campaigns(org, 10)
    with pytest.raises(ZeroDivisionError):
        [batch.num_rows // 0 for batch in org.client.bulk.query(QUERY)]
    assert org.jobs("query") == []


def test_a_job_that_failed_is_an_error_with_salesforces_words(org: Org):
    campaigns(org, 1)
    org.fault(action="job-failed", path="jobs/query", message="QUERY_TIMEOUT : of joe@example.com")
    with pytest.raises(RefusedError) as caught:
        list(org.client.bulk.query(QUERY))
    assert "Failed" in str(caught.value)
    assert "joe" not in str(caught.value)
    assert org.jobs("query") == []


def test_a_job_that_was_aborted_is_an_error(org: Org):
    campaigns(org, 1)
    org.slow_jobs(2)
    job = org.client.bulk.create_query(QUERY)
    org.client.bulk.abort_query(job)
    with pytest.raises(RefusedError, match="Aborted"):
        list(org.client.bulk.results(job))


def test_a_job_that_does_not_end_is_given_up_and_cleaned_away(org: Org):
    campaigns(org, 1)
    org.slow_jobs(10_000)
    with pytest.raises(UnavailableError, match="still"):
        list(org.client.bulk.query(QUERY, timeout_s=30))
    assert org.jobs("query") == []


@pytest.mark.parametrize(
    ("query", "kind"),
    [
        ("SELECT COUNT(Id) FROM Campaign", RefusedError),
        ("SELECT Address FROM Lead", RefusedError),
        ("SELECT Id, (SELECT Id FROM CampaignMembers) FROM Campaign", ConfigError),
        ("SELECT COUNT() FROM Campaign", ConfigError),
    ],
)
def test_what_a_job_can_not_query_is_refused_at_once(org: Org, query, kind):
    with pytest.raises(kind):
        list(org.client.bulk.query(query))
    assert org.jobs("query") == []


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "jobs/query$"), ("GET", "jobs/query/[^/]+$"), ("GET", "/results"), ("DELETE", "jobs/query/")],
)
def test_a_session_that_ends_anywhere_is_renewed_without_a_trace(org: Org, method, path):
    names = campaigns(org, 2_500)
    org.fault(action="expire-session", method=method, path=path, after=1 if path == "/results" else 0)
    assert [row["Name"] for row in rows(org.client.bulk.query(SORTED, page_rows=1_000))] == names
    assert len(org.calls("POST", "token")) == 2
    assert org.jobs("query") == []


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "jobs/query$"), ("GET", "jobs/query/[^/]+$"), ("GET", "/results"), ("DELETE", "jobs/query/")],
)
@pytest.mark.parametrize(
    "fault", [{"action": "status", "status": 503}, {"action": "drop", "after_bytes": 20}]
)
def test_an_outage_anywhere_is_sat_out(org: Org, method, path, fault):
    names = campaigns(org, 2_500)
    org.fault(method=method, path=path, after=1 if path == "/results" else 0, **fault)
    assert [row["Name"] for row in rows(org.client.bulk.query(SORTED, page_rows=1_000))] == names


def test_an_outage_that_lasts_ends_in_unavailable(org: Org):
    campaigns(org, 2_500)
    org.fault(action="status", status=503, path="/results", after=1, times=None)
    with pytest.raises(UnavailableError):
        list(org.client.bulk.query(QUERY, page_rows=1_000))
    assert org.jobs("query") == []


def test_a_clean_up_that_fails_does_not_hide_what_was_read(org: Org, caplog):
    campaigns(org, 3)
    org.fault(action="status", status=403, method="DELETE", path="jobs/query", times=None)
    assert len(rows(org.client.bulk.query(QUERY))) == 3
    assert "left behind" in caplog.text


def test_a_job_that_can_not_be_deleted_is_an_error_to_who_asked_for_that(org: Org):
    job = org.client.bulk.create_query(QUERY)
    org.fault(action="status", status=403, method="DELETE", path="jobs/query", times=None)
    with pytest.raises(RefusedError):
        org.client.bulk.delete_query(job)
    assert org.calls("PATCH") == []


def test_a_job_that_has_ended_and_can_not_be_deleted_says_why_not(org: Org):
    job = org.client.bulk.wait_query(org.client.bulk.create_query(QUERY))
    refusal = [{"errorCode": "API_ERROR", "message": "not now"}]
    org.fault(action="status", status=400, body=refusal, method="DELETE", path="jobs/query")
    with pytest.raises(RefusedError, match="not now"):
        org.client.bulk.delete_query(job)


def test_a_version_that_is_retired_is_no_job_that_is_gone(org: Org):
    with org.another(version="20.0") as client, pytest.raises(RefusedError, match="GONE") as caught:
        client.bulk.delete_query("750A")
    assert not isinstance(caught.value, NotFoundError)


def test_the_days_query_jobs_used_up_are_a_quota(org: Org):
    refusal = [
        {"errorCode": "API_ERROR", "message": "Max bulk v2 query jobs (10000) per 24 hrs has been reached"}
    ]
    org.fault(action="status", status=400, method="POST", path="jobs/query", body=refusal)
    with pytest.raises(QuotaError):
        list(org.client.bulk.query(QUERY))


JOB = {
    "id": "750A",
    "operation": "query",
    "object": "Lead",
    "createdDate": "2026-01-27T15:10:12.000+0000",
    "state": "JobComplete",
    "numberRecordsProcessed": 3,
}


def scripted(pages: dict[str, tuple[bytes, dict[str, str]]], job=JOB):
    """Read a job's results from a server that answers each locator as told."""

    def route(seen: Seen):
        if seen.path.endswith("/results"):
            locator = dict(part.partition("=")[::2] for part in seen.query.split("&")).get("locator", "")
            body, headers = pages[locator]
            return reply(200, body, headers)
        return reply(200, json.dumps(job).encode())

    with ScriptedServer(route=route) as server:
        client = SalesforceClient(auth=AccessToken(server.url, "x"), retry=quick())
        return rows(client.bulk.results("750A"))


def page(count: int, locator: str | None = "null", announced: int | None = None):
    headers = {} if locator is None else {"Sforce-Locator": locator}
    if announced != -1:
        headers["Sforce-NumberOfRecords"] = str(count if announced is None else announced)
    return b'"Id"\n' + b'"x"\n' * count, headers


def test_pages_are_read_to_the_one_without_a_locator():
    assert len(scripted({"": page(2, "MQ"), "MQ": page(1)})) == 3


def test_a_page_that_announces_no_number_is_counted_with_the_rest():
    assert len(scripted({"": page(2, "MQ", announced=-1), "MQ": page(1, announced=-1)})) == 3


@pytest.mark.parametrize(
    ("pages", "kind", "words"),
    [
        ({"": page(2)}, IncompleteError, "counted 3 records and sent 2"),
        ({"": page(3, announced=4)}, IncompleteError, "4 records were announced, 3 came"),
        ({"": page(2, "MQ"), "MQ": page(1, "MQ")}, DataError, "do not advance"),
        ({"": page(3, None)}, DataError, "whether another follows"),
        ({"": (b"<html>", {"Sforce-Locator": "null"})}, IncompleteError, "sent 0"),
        ({"": (b'"Id"\n"x\n', {"Sforce-Locator": "null"})}, DataError, "quoted value"),
    ],
)
def test_pages_that_do_not_add_up_are_an_error(pages, kind, words):
    with pytest.raises(kind, match=words):
        scripted(pages)


@pytest.mark.parametrize(
    "change",
    [
        {"state": "Dreaming"},
        {"state": None},
        {"id": 5},
        {"createdDate": "today"},
        {"numberRecordsProcessed": "x"},
    ],
)
def test_a_job_told_in_other_words_is_an_error(change):
    with pytest.raises(DataError):
        scripted({"": page(3)}, {**JOB, **change})


def test_a_wide_query_takes_smaller_pages(org: Org):
    from scc.salesforce.bulk_queries import PAGE_ROWS, _page_rows

    assert _page_rows(["Id"] * 12) == PAGE_ROWS == 250_000
    assert _page_rows(["Id"] * 500) == 10_000
