"""luigi.contrib.salesforce, unmodified: the one client here that speaks Bulk API 1.0 in XML, and version 34.0."""

from __future__ import annotations

import pytest
from luigi.contrib.salesforce import SalesforceAPI

pytestmark = pytest.mark.usefixtures("sandbox")


@pytest.fixture
def api(sandbox):
    made = SalesforceAPI("api@acme.example", "sandbox", "TOKEN")
    made.start_session()
    return made


def work(api, operation, sobject, data, file_type="csv"):
    """Run one batch in one job, and return the job, the batch and its counts."""
    job = api.create_operation_job(operation, sobject, content_type="CSV")
    batch = api.create_batch(job, data, file_type)
    api.close_job(job)
    ended = api.block_on_batch(job, batch, sleep_time_seconds=0)
    assert ended["state"] == "Completed"
    return job, batch, (ended["num_processed"], ended["num_failed"])


def test_it_logs_in_and_queries(api):
    assert api.hostname == "login.salesforce.com"
    assert api.query("SELECT Name FROM User")["records"][0]["Name"] == "API User"


def test_it_refuses_a_wrong_password(sandbox):
    with pytest.raises(Exception, match="500"):
        SalesforceAPI("api@acme.example", "wrong", "TOKEN").start_session()


def test_it_loads_rows_and_reads_them_back(api):
    rows = "LastName,Company\n" + "".join(f"L{number},Acme\n" for number in range(2500)) + ",Nobody\n"
    _, _, counts = work(api, "insert", "Lead", rows)
    assert counts == ("2501", "1")
    first = api.query("SELECT Id FROM Lead")  # its query_all can't run on Python 3.11 and later
    second = api.query_more(first["nextRecordsUrl"], identifier_is_url=True)
    assert [len(page["records"]) for page in (first, second)] == [2000, 500]

    job, batch, counts = work(api, "query", "Lead", "SELECT LastName FROM Lead")
    assert counts == ("2500", "0")
    [result] = api.get_batch_result_ids(job, batch)
    lines = api.get_batch_result(job, batch, result).decode().splitlines()
    assert lines[0] == '"LastName"'
    assert len(set(lines)) == 2501
