"""Bulk 2.0 ingest jobs (sandbox-salesforce.md 3)."""

from __future__ import annotations

import csv
import io

import pytest


class Job:
    """One job, driven as clients do."""

    def __init__(self, api, operation, sobject="Lead", **settings):
        self.api = api
        body = {"object": sobject, "operation": operation, **settings}
        self.created = api.post("jobs/ingest", body)
        self.id = self.created.json()["id"] if self.created.status == 200 else None

    def upload(self, data: str):
        return self.api.call("PUT", f"jobs/ingest/{self.id}/batches", data.encode(), Content_Type="text/csv")

    def close(self):
        return self.api.patch(f"jobs/ingest/{self.id}", {"state": "UploadComplete"})

    def info(self):
        return self.api.get(f"jobs/ingest/{self.id}").json()

    def result(self, which):
        return self.api.get(f"jobs/ingest/{self.id}/{which}").data.decode()

    def rows(self, which, delimiter=","):
        return list(csv.DictReader(io.StringIO(self.result(which), newline=""), delimiter=delimiter))

    def run(self, data):
        assert self.upload(data).status == 201
        assert self.close().status == 200
        return self.info()


@pytest.fixture
def external(store):
    store.add_field("Lead", "Ext__c", "string", length=40, external_id=True, unique=True)


def test_a_job_begins_open_with_a_content_url(api):
    job = Job(api, "insert", "Account")

    body = job.created.json()
    assert body["contentUrl"] == f"services/data/v62.0/jobs/ingest/{job.id}/batches"
    assert {
        name: body[name]
        for name in ("operation", "object", "state", "contentType", "lineEnding", "columnDelimiter")
    } == {
        "operation": "insert",
        "object": "Account",
        "state": "Open",
        "contentType": "CSV",
        "lineEnding": "LF",
        "columnDelimiter": "COMMA",
    }


def test_good_rows_are_written_and_bad_ones_told(api):
    job = Job(api, "insert")

    upload = job.upload('Company,LastName,Email\n"Acme, Inc",Lee,LEE@Example.com\nBolt,,\n')
    closed = job.close()
    info = job.info()

    assert (upload.status, upload.data) == (201, b"")
    assert closed.json()["state"] == "UploadComplete"
    assert (info["state"], info["numberRecordsProcessed"], info["numberRecordsFailed"]) == (
        "JobComplete",
        2,
        1,
    )
    assert info["jobType"] == "V2Ingest"
    (lead,) = api.rows("SELECT Id, Company, Email FROM Lead")
    assert (lead["Company"], lead["Email"]) == ("Acme, Inc", "lee@example.com")
    assert job.result("successfulResults") == (
        f'"sf__Id","sf__Created",Company,LastName,Email\n"{lead["Id"]}","true","Acme, Inc","Lee","LEE@Example.com"\n'
    )
    assert job.result("failedResults") == (
        '"sf__Id","sf__Error",Company,LastName,Email\n'
        '"","REQUIRED_FIELD_MISSING:Required fields are missing: [LastName]:LastName --","Bolt","",""\n'
    )
    assert job.result("unprocessedRecords") == "Company,LastName,Email\n"
    assert job.result("unprocessedrecords/") == "Company,LastName,Email\n"


def test_an_empty_cell_leaves_a_value_and_na_clears_it(api, load):
    one, two = load(
        "Lead",
        {"LastName": "A", "Company": "x", "Title": "old", "Phone": "1"},
        {"LastName": "B", "Company": "x", "Title": "old", "Phone": "1"},
    )
    Job(api, "update").run(f"Id,Title,Phone\n{one},,#N/A\n{two[:15]},new,\n")

    assert api.rows("SELECT Title, Phone FROM Lead ORDER BY LastName") == [
        {"Title": "old", "Phone": None},
        {"Title": "new", "Phone": "1"},
    ]


def test_upsert_tells_created_from_updated(api, load, external):
    (known,) = load("Lead", {"LastName": "A", "Company": "x", "Ext__c": "e1"})
    job = Job(api, "upsert", externalIdFieldName="Ext__c")

    info = job.run("Ext__c,LastName,Company\nE1,New,y\nE2,Other,z\n")

    assert info["numberRecordsFailed"] == 0
    assert [(row["sf__Id"] == known, row["sf__Created"]) for row in job.rows("successfulResults")] == [
        (True, "false"),
        (False, "true"),
    ]
    assert api.rows("SELECT Ext__c, LastName FROM Lead ORDER BY Ext__c") == [
        {"Ext__c": "E1", "LastName": "New"},
        {"Ext__c": "E2", "LastName": "Other"},
    ]


def test_a_key_twice_in_a_chunk_of_200_fails_and_in_two_chunks_is_written_twice(api, external):
    filler = "".join(f"F{n},n,c\n" for n in range(200))
    job = Job(api, "upsert", externalIdFieldName="Ext__c")

    job.run(f"Ext__c,LastName,Company\nE1,first,x\nE1,second,x\n{filler}E1,third,x\n")

    assert [row["sf__Error"] for row in job.rows("failedResults")] == [
        "DUPLICATE_VALUE:Duplicate external id specified: E1:Ext__c --"
    ]
    assert api.rows("SELECT LastName FROM Lead WHERE Ext__c = 'E1'") == [{"LastName": "third"}]


def test_an_external_id_of_several_records_is_an_error_of_the_row(api, store, load):
    store.add_field("Lead", "Code__c", "string", external_id=True)
    ids = load("Lead", *({"LastName": str(n), "Company": "x", "Code__c": "c"} for n in range(2)))
    job = Job(api, "upsert", externalIdFieldName="Code__c")

    job.run("Code__c,Title\nC,t\n")

    assert job.rows("failedResults")[0]["sf__Error"] == (
        f"DUPLICATE_EXTERNAL_ID:Code__c: more than one record found for external id field: [{', '.join(ids)}]:Code__c --"
    )


def test_delete_hides_and_hard_delete_removes(api, load):
    soft, hard, gone = load("Lead", *({"LastName": str(n), "Company": "x"} for n in range(3)))
    api.delete(f"sobjects/Lead/{gone}")
    job = Job(api, "delete")
    job.run(f"Id\n{soft}\n{gone}\n00Q5e00000000zzEAA\n00Qxx\n")
    Job(api, "hardDelete").run(f"Id\n{hard}\n")

    assert [row["sf__Id"] for row in job.rows("successfulResults")] == [soft]
    assert [row["sf__Error"] for row in job.rows("failedResults")] == [
        "ENTITY_IS_DELETED:entity is deleted:--",
        "INVALID_CROSS_REFERENCE_KEY:invalid cross reference id:--",
        "MALFORMED_ID:Record ID: id value of incorrect type: 00Qxx:Id --",
    ]
    assert {row["Id"] for row in api.rows("SELECT Id FROM Lead", "queryAll")} == {soft, gone}


def test_members_are_told_apart_within_an_upload_too(api, load):
    (campaign,) = load("Campaign", {"Name": "C"})
    old, new = load("Lead", *({"LastName": str(n), "Company": "x"} for n in range(2)))
    load("CampaignMember", {"CampaignId": campaign, "LeadId": old})
    job = Job(api, "insert", "CampaignMember")

    job.run(
        f"CampaignId,LeadId,Status\n{campaign},{old},Sent\n{campaign},{new},Responded\n{campaign},{new},Sent\n"
    )

    assert [row["LeadId"] for row in job.rows("successfulResults")] == [new]
    assert {row["sf__Error"] for row in job.rows("failedResults")} == {
        "DUPLICATE_VALUE:Already a campaign member.:--"
    }
    assert len(job.rows("failedResults")) == 2
    assert api.rows("SELECT HasResponded FROM CampaignMember WHERE LeadId = '" + new + "'") == [
        {"HasResponded": True}
    ]


def test_a_bad_row_does_not_stand_in_the_way_of_a_good_one(api, external):
    """The first row with E1 fails, so that the second is no duplicate."""
    job = Job(api, "insert")

    job.run("Ext__c,LastName,Company\nE1,,x\nE1,Lee,x\n")

    assert len(job.rows("successfulResults")) == 1
    assert job.rows("failedResults")[0]["sf__Error"].startswith("REQUIRED_FIELD_MISSING")


def test_values_in_all_their_spellings(api):
    job = Job(api, "insert", "Contact")
    rows = [
        ("yes", "2024-01-31", "2024-01-31T10:00:00.500+01:00"),
        ("1", "", "2024-01-31T10:00:00Z"),
        ("FALSE", "", "2024-01-31T10:00:00+0100"),
    ]
    text = "".join(f"n{n},{','.join(row)}\n" for n, row in enumerate(rows))

    info = job.run(f"LastName,DoNotCall,Birthdate,EmailBouncedDate\n{text}")

    assert info["numberRecordsFailed"] == 0
    assert api.rows("SELECT DoNotCall, Birthdate, EmailBouncedDate FROM Contact ORDER BY LastName") == [
        {"DoNotCall": True, "Birthdate": "2024-01-31", "EmailBouncedDate": "2024-01-31T09:00:00.000+0000"},
        {"DoNotCall": True, "Birthdate": None, "EmailBouncedDate": "2024-01-31T10:00:00.000+0000"},
        {"DoNotCall": False, "Birthdate": None, "EmailBouncedDate": "2024-01-31T09:00:00.000+0000"},
    ]


@pytest.mark.parametrize(
    "value",
    ["2024-01-02 03:04:05", "31/01/2024", "2024-13-01", "nan"],
    ids=["blank", "slashes", "month", "nan"],
)
def test_values_of_no_type_are_row_errors(api, value):
    job = Job(api, "insert", "Contact")

    job.run(f"LastName,EmailBouncedDate\nLee,{value}\n")

    assert job.rows("failedResults")[0]["sf__Error"] == (
        f"INVALID_TYPE_ON_FIELD_IN_RECORD:Email Bounced Date: value not of required type: {value}:EmailBouncedDate --"
    )


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("LastName,Industryy\nLee,x\n", "InvalidBatch : Field name not found : Industryy"),
        ("LastName,Company\r\nLee,x\r\n", "ClientInputError : LineEnding is invalid on user data. Current LineEnding setting is LF"),
        ("LastName,Company\nLee\n", "InvalidBatch : Number of cells in line 2 is 1, the header has 2"),
        ("LastName,lastname\nLee,x\n", "InvalidBatch : Duplicate column in header : lastname"),
    ],
)  # fmt: skip
def test_what_fails_a_whole_job_writes_nothing(api, data, message):
    job = Job(api, "insert")

    info = job.run(data)

    assert (info["state"], info["errorMessage"]) == ("Failed", message)
    assert api.rows("SELECT Id FROM Lead") == []
    assert job.result("unprocessedrecords") == data


def test_no_data_is_a_job_with_no_records(api):
    job = Job(api, "insert")
    job.close()

    info = job.info()

    assert (info["state"], info["numberRecordsProcessed"]) == ("JobComplete", 0)


def test_quoted_line_breaks_and_other_delimiters(api):
    job = Job(api, "insert", columnDelimiter="SEMICOLON", lineEnding="CRLF")

    job.run('LastName;Company\r\n"Lee\r\nRoy";"A;""B"""\r\n')

    assert api.rows("SELECT LastName, Company FROM Lead") == [{"LastName": "Lee\r\nRoy", "Company": 'A;"B"'}]
    assert job.result("successfulResults").endswith('"true";"Lee\r\nRoy";"A;""B"""\r\n')


def test_one_upload_a_job_and_none_after_closing(api):
    job = Job(api, "insert")
    job.upload("LastName,Company\nA,x\n")

    assert job.upload("LastName,Company\nA,x\n").status == 400
    job.close()
    assert job.close().json()[0]["errorCode"] == "INVALIDJOBSTATE"
    assert api.rows("SELECT COUNT() FROM Lead") == []


def test_a_job_nobody_looks_at_is_done_all_the_same(api):
    job = Job(api, "insert")
    job.upload("LastName,Company\nA,x\n")
    job.close()

    assert api.rows("SELECT LastName FROM Lead") == [{"LastName": "A"}]


def test_an_aborted_job_writes_nothing_and_gives_its_rows_back(api):
    api.control("/transitions", {"mode": "polls", "polls": 2})
    job = Job(api, "insert")
    job.upload("LastName,Company\nA,x\n")
    job.close()

    aborted = api.patch(f"jobs/ingest/{job.id}", {"state": "Aborted"})

    assert aborted.json()["state"] == "Aborted"
    assert job.info()["state"] == job.info()["state"] == "Aborted"
    assert job.result("unprocessedrecords") == "LastName,Company\nA,x\n"
    assert api.rows("SELECT Id FROM Lead") == []


def test_both_parts_in_one_request_start_the_job(api):
    boundary = "XX"
    parts = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="job"\r\nContent-Type: application/json\r\n\r\n'
        '{"object":"Lead","operation":"insert"}\r\n'
        f'--{boundary}\r\nContent-Disposition: form-data; name="content"; filename="c.csv"\r\nContent-Type: text/csv\r\n\r\n'
        f"LastName,Company\nLee,Acme\n\r\n--{boundary}--\r\n"
    )
    answer = api.call(
        "POST", "jobs/ingest", parts.encode(), Content_Type=f"multipart/form-data; boundary={boundary}"
    )

    assert answer.json()["state"] == "UploadComplete"
    assert api.rows("SELECT LastName FROM Lead") == [{"LastName": "Lee"}]


def test_rows_and_jobs_told_to_fail_do(api):
    api.control(
        "/faults",
        [
            {"action": "row-error", "path": "/jobs/ingest", "rows": 1},
            {"action": "job-failed", "path": "/jobs/ingest", "after": 1, "message": "out of luck"},
        ],
    )
    first, second = Job(api, "insert"), Job(api, "insert")
    first.run("LastName,Company\nA,x\nB,x\n")
    info = second.run("LastName,Company\nC,x\n")

    assert first.rows("failedResults")[0]["sf__Error"].startswith(
        "UNABLE_TO_LOCK_ROW:unable to obtain exclusive access"
    )
    assert (info["state"], info["errorMessage"]) == ("Failed", "out of luck")
    assert api.rows("SELECT LastName FROM Lead") == [{"LastName": "B"}]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"object": "Nope", "operation": "insert"}, "Unable to find object: Nope"),
        ({"object": "Lead", "operation": "upsert"}, "externalIdFieldName is required for upsert"),
        (
            {"object": "Lead", "operation": "upsert", "externalIdFieldName": "Title"},
            "does not match an External ID",
        ),
        ({"object": "Lead", "operation": "frobnicate"}, "Invalid value for operation"),
        ({"object": "User", "operation": "delete"}, "entity type cannot be deleted: User"),
    ],
)
def test_jobs_that_cannot_be(api, settings, words):
    answer = api.post("jobs/ingest", settings)

    assert answer.status == 400
    assert words in answer.json()[0]["message"]


def test_jobs_are_listed_and_deleted(api):
    job = Job(api, "insert")
    job.run("LastName,Company\nA,x\n")

    assert [each["id"] for each in api.get("jobs/ingest").json()["records"]] == [job.id]
    assert api.delete(f"jobs/ingest/{job.id}").status == 204
    assert api.get(f"jobs/ingest/{job.id}").status == 404


def test_a_large_upload_goes_through_a_file(api):
    rows = "".join(f"L{n},{'x' * 100}\n" for n in range(20_000))
    job = Job(api, "insert")

    info = job.run(f"LastName,Company\n{rows}")

    assert info["numberRecordsProcessed"] == 20_000
    assert len(job.rows("successfulResults")) == 20_000
