"""Bulk 2.0 query jobs (sandbox-salesforce.md 3)."""

from __future__ import annotations

import pyarrow as pa
import pytest


def start(api, soql, **settings):
    answer = api.post("jobs/query", {"operation": "query", "query": soql, **settings})
    assert answer.status == 200, answer.data
    return answer.json()


def finished(api, soql, **settings):
    job = start(api, soql, **settings)
    assert api.get(f"jobs/query/{job['id']}").json()["state"] == "JobComplete"
    return job["id"]


def people(count):
    return pa.table({"LastName": [f"L{n:05}" for n in range(count)], "Company": ["Acme"] * count})


def test_a_job_begins_as_the_vendor_shows_it(api):
    job = start(api, "SELECT Id FROM Account")

    assert job.pop("id").startswith("750")
    assert job.pop("createdDate") == job.pop("systemModstamp")
    assert job == {
        "operation": "query",
        "object": "Account",
        "createdById": "0055e0000000001AAA",
        "state": "UploadComplete",
        "concurrencyMode": "Parallel",
        "contentType": "CSV",
        "apiVersion": 62.0,
        "lineEnding": "LF",
        "columnDelimiter": "COMMA",
    }


def test_results_are_csv_with_every_field_quoted(api, load):
    lead, bare = load(
        "Lead",
        {
            "LastName": 'O"Hara',
            "FirstName": "Ann",
            "Company": "A, B",
            "NumberOfEmployees": 5,
            "AnnualRevenue": 10.0,
        },
        {"LastName": "Low", "Company": "line\nbreak"},
    )
    job = finished(
        api,
        "SELECT Id, Name, Company, NumberOfEmployees, AnnualRevenue, IsConverted, Owner.Name FROM Lead ORDER BY AnnualRevenue DESC NULLS LAST",
    )

    answer = api.get(f"jobs/query/{job}/results")

    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/csv"
    assert answer.headers["Sforce-NumberOfRecords"] == "2"
    assert answer.headers["Sforce-Locator"] == "null"
    assert answer.data.decode() == (
        '"Id","Name","Company","NumberOfEmployees","AnnualRevenue","IsConverted","Owner.Name"\n'
        f'"{lead}","Ann O""Hara","A, B","5","10.0","false","API User"\n'
        f'"{bare}","Low","line\nbreak","","","false","API User"\n'
    )


def test_datetimes_end_in_z(api, load):
    load("Campaign", {"Name": "C"})
    job = finished(api, "SELECT CreatedDate FROM Campaign")

    (line,) = api.get(f"jobs/query/{job}/results").data.decode().splitlines()[1:]

    assert line.endswith('.000Z"')


def test_pages_by_locator_repeat_the_header_and_can_be_read_again(api, store):
    store.load("Lead", people(25))
    job = finished(api, "SELECT LastName FROM Lead")

    lines, counts, locator = [], [], ""
    while locator != "null":
        answer = api.get(f"jobs/query/{job}/results?maxRecords=10{locator and '&locator=' + locator}")
        again = api.get(f"jobs/query/{job}/results?maxRecords=10{locator and '&locator=' + locator}")
        assert again.data == answer.data
        header, *rows = answer.data.decode().splitlines()
        assert header == '"LastName"'
        lines += rows
        counts.append(answer.headers["Sforce-NumberOfRecords"])
        locator = answer.headers["Sforce-Locator"]

    assert counts == ["10", "10", "5"]
    assert lines == [f'"L{n:05}"' for n in range(25)]


def test_no_rows_are_a_header(api):
    job = finished(api, "SELECT Id FROM Lead")

    answer = api.get(f"jobs/query/{job}/results")

    assert answer.data == b'"Id"\n'
    assert (answer.headers["Sforce-NumberOfRecords"], answer.headers["Sforce-Locator"]) == ("0", "null")


def test_delimiter_and_line_ending_are_the_jobs(api, load):
    load("Account", {"Name": "a|b", "Phone": "1"})
    job = finished(api, "SELECT Name, Phone FROM Account", columnDelimiter="PIPE", lineEnding="CRLF")

    assert api.get(f"jobs/query/{job}/results").data == b'"Name"|"Phone"\r\n"a|b"|"1"\r\n'


def test_queryall_finds_what_is_deleted(api, load):
    load("Lead", {"LastName": "Gone", "Company": "x", "IsDeleted": True})
    job = api.post("jobs/query", {"operation": "queryAll", "query": "SELECT LastName FROM Lead"}).json()["id"]

    assert api.get(f"jobs/query/{job}").json()["numberRecordsProcessed"] == 1


@pytest.mark.parametrize(
    ("soql", "code", "words"),
    [
        ("SELECT COUNT() FROM Lead", "API_ERROR", "Aggregate Relationships not supported in Bulk Query"),
        (
            "SELECT Id, (SELECT Id FROM Contacts) FROM Account",
            "API_ERROR",
            "Aggregate Relationships not supported in Bulk Query",
        ),
        ("SELECT Address FROM Lead", "API_ERROR", "Selecting compound data not supported in Bulk Query"),
        ("SELECT Id FROM Lead WHERE x", "MALFORMED_QUERY", "unexpected token: '<EOF>'"),
    ],
)
def test_what_bulk_does_not_take(api, soql, code, words):
    answer = api.post("jobs/query", {"operation": "query", "query": soql})

    assert answer.status == 400
    assert answer.json()[0]["errorCode"] == code
    assert answer.json()[0]["message"].endswith(words)


def test_a_job_moves_with_the_looks_at_it(api, load):
    load("Lead", {"LastName": "A", "Company": "x"})
    api.control("/transitions", {"mode": "polls", "polls": 3})
    job = start(api, "SELECT Id FROM Lead")

    early = api.get(f"jobs/query/{job['id']}/results")
    states = [api.get(f"jobs/query/{job['id']}").json()["state"] for _ in range(3)]

    assert early.status == 400
    assert states[1:] == ["InProgress", "JobComplete"]
    assert states[0] != "JobComplete"
    assert api.get(f"jobs/query/{job['id']}/results").status == 200


def test_a_job_told_to_fail_does(api):
    api.control("/faults", [{"action": "job-failed", "path": "/jobs/query/", "message": "out of luck"}])
    job = start(api, "SELECT Id FROM Lead")

    found = api.get(f"jobs/query/{job['id']}").json()

    assert (found["state"], found["errorMessage"]) == ("Failed", "out of luck")


def test_a_finished_job_can_be_deleted_and_not_aborted(api):
    job = finished(api, "SELECT Id FROM Lead")

    aborted = api.patch(f"jobs/query/{job}", {"state": "Aborted"})

    assert aborted.status == 400
    assert aborted.json() == [
        {"message": "Aborting already Completed Job not allowed", "errorCode": "INVALIDJOBSTATE"}
    ]
    assert api.delete(f"jobs/query/{job}").status == 204
    assert api.get(f"jobs/query/{job}").json() == [
        {"message": "The requested resource does not exist", "errorCode": "NOT_FOUND"}
    ]


def test_an_aborted_job_stays_so(api):
    api.control("/transitions", {"mode": "polls", "polls": 3})
    job = start(api, "SELECT Id FROM Lead")["id"]

    assert api.patch(f"jobs/query/{job}", {"state": "Aborted"}).json()["state"] == "Aborted"
    assert [api.get(f"jobs/query/{job}").json()["state"] for _ in range(3)] == ["Aborted"] * 3


def test_pages_side_by_side(api, store):
    store.load("Lead", people(270_000))
    job = finished(api, "SELECT LastName FROM Lead")

    first = api.get(f"jobs/query/{job}/resultPages").json()
    last = api.get(first["nextRecordsUrl"]).json()
    pages = [api.get(page["resultUrl"]) for each in (first, last) for page in each["resultPages"]]

    assert (len(first["resultPages"]), first["done"]) == (5, False)
    assert (len(last["resultPages"]), last["done"], last["nextRecordsUrl"]) == (1, True, None)
    assert [page.headers["Sforce-NumberOfRecords"] for page in pages] == ["50000"] * 5 + ["20000"]
    assert len({line for page in pages for line in page.data.splitlines()}) == 270_001
