"""Bulk API 1.0, in the formats its clients use (sandbox-salesforce.md 4)."""

from __future__ import annotations

import json
from xml.etree import ElementTree as ET

import pytest

ASYNC = "/services/async/62.0"
SPACE = "{http://www.force.com/2009/06/asyncapi/dataload}"
XML_JOB = (
    '<?xml version="1.0"?><jobInfo xmlns="http://www.force.com/2009/06/asyncapi/dataload">'
    "<operation>{}</operation><object>Lead</object>{}<concurrencyMode>Parallel</concurrencyMode>"
    "<contentType>CSV</contentType></jobInfo>"
)
CLOSED = '<jobInfo xmlns="http://www.force.com/2009/06/asyncapi/dataload"><state>Closed</state></jobInfo>'


class Bulk:
    def __init__(self, api):
        self.api = api
        self.token = api.headers["Authorization"].split()[1]

    def call(self, method, path, body=None, kind="application/xml", **headers):
        sent = {"X_SFDC_Session": self.token, "Content_Type": kind, "Authorization": "", **headers}
        data = body.encode() if isinstance(body, str) else body
        return self.api.call(method, f"{ASYNC}/{path}", data, **sent)

    def xml(self, *args, **kwargs):
        answer = self.call(*args, **kwargs)
        assert answer.status in {200, 201}, answer.data
        return ET.fromstring(answer.data)

    def json(self, method, path, body=None):
        answer = self.call(method, path, None if body is None else json.dumps(body), "application/json")
        assert answer.status in {200, 201}, answer.data
        return answer.json()


def field(root, name):
    return root.find(f".//{SPACE}{name}").text


@pytest.fixture
def bulk(api):
    return Bulk(api)


@pytest.fixture
def leads(load):
    return load(
        "Lead", {"LastName": "A", "Company": "x", "AnnualRevenue": 1.5}, {"LastName": "B", "Company": "y"}
    )


def test_a_job_in_xml_with_csv(bulk, api):
    """As luigi and salesforce-bulk do it."""
    created = bulk.call("POST", "job", XML_JOB.format("insert", ""))
    job = field(ET.fromstring(created.data), "id")
    batch = bulk.xml("POST", f"job/{job}/batch", "LastName,Company\nLee,Acme\n,Bolt\n", "text/csv")
    closed = bulk.xml("POST", f"job/{job}", CLOSED)
    info = bulk.xml("GET", f"job/{job}/batch/{field(batch, 'id')}")
    result = bulk.call("GET", f"job/{job}/batch/{field(batch, 'id')}/result")

    (lead,) = api.rows("SELECT Id FROM Lead")
    assert created.status == 201
    assert created.headers["Content-Type"] == "application/xml"
    assert (field(batch, "state"), field(closed, "state")) == ("Queued", "Closed")
    assert [field(info, name) for name in ("state", "numberRecordsProcessed", "numberRecordsFailed")] == [
        "Completed",
        "2",
        "1",
    ]
    assert result.headers["Content-Type"] == "text/csv"
    assert result.data.decode() == (
        f'"Id","Success","Created","Error"\n"{lead["Id"]}","true","true",""\n'
        '"","false","false","REQUIRED_FIELD_MISSING:Required fields are missing: [LastName]:LastName --"\n'
    )


def test_a_job_in_json(bulk, api):
    """As simple-salesforce does it, whole numbers for the mode and all."""
    job = bulk.json(
        "POST", "job", {"operation": "insert", "object": "Lead", "contentType": "JSON", "concurrencyMode": 0}
    )
    batch = bulk.json(
        "POST", f"job/{job['id']}/batch", [{"LastName": "Lee", "Company": "Acme"}, {"Company": "Bolt"}]
    )
    info = bulk.json("GET", f"job/{job['id']}/batch/{batch['id']}")
    results = bulk.json("GET", f"job/{job['id']}/batch/{batch['id']}/result")

    (lead,) = api.rows("SELECT Id FROM Lead")
    assert (job["state"], job["concurrencyMode"], job["apiVersion"]) == ("Open", "Parallel", 62.0)
    assert (batch["state"], batch["stateMessage"]) == ("Queued", None)
    assert info["state"] == "Completed"
    assert results == [
        {"success": True, "created": True, "id": lead["Id"], "errors": []},
        {
            "success": False,
            "created": False,
            "id": None,
            "errors": [
                {
                    "message": "Required fields are missing: [LastName]",
                    "fields": ["LastName"],
                    "statusCode": "REQUIRED_FIELD_MISSING",
                    "extendedErrorDetails": None,
                }
            ],
        },
    ]


def query_job(bulk, kind, soql, operation="query"):
    job = bulk.json("POST", "job", {"operation": operation, "object": "Lead", "contentType": kind})["id"]
    answer = bulk.call("POST", f"job/{job}/batch", soql, "text/csv" if kind == "CSV" else "application/json")
    batch = answer.json()["id"] if kind == "JSON" else field(ET.fromstring(answer.data), "id")
    return f"job/{job}/batch/{batch}"


def test_a_json_job_of_csv_answers_its_batches_in_xml(bulk, leads):
    """tap-salesforce creates the job in JSON and reads batches as XML."""
    batch = query_job(bulk, "CSV", "SELECT LastName, AnnualRevenue FROM Lead", "queryAll")

    assert field(bulk.xml("GET", batch, kind="application/json"), "state") == "Completed"
    result = field(bulk.xml("GET", f"{batch}/result"), "result")
    data = bulk.call("GET", f"{batch}/result/{result}")

    assert (len(result), result[:3]) == (15, "752")
    assert data.headers["Content-Type"] == "text/csv"
    assert data.data == b'"LastName","AnnualRevenue"\n"A","1.5"\n"B",""\n'


def test_json_results_have_times_in_milliseconds(bulk, leads):
    batch = query_job(
        bulk, "JSON", "SELECT Id, AnnualRevenue, IsConverted, SystemModstamp FROM Lead WHERE LastName = 'A'"
    )
    (result,) = bulk.json("GET", f"{batch}/result")

    (record,) = bulk.json("GET", f"{batch}/result/{result}")

    assert record["attributes"]["type"] == "Lead"
    assert (record["Id"], record["AnnualRevenue"], record["IsConverted"]) == (leads[0], 1.5, False)
    assert record["SystemModstamp"] % 1000 == 0
    assert record["SystemModstamp"] > 1_500_000_000_000


def test_no_rows(bulk):
    as_csv = query_job(bulk, "CSV", "SELECT Id FROM Lead")
    as_json = query_job(bulk, "JSON", "SELECT Id FROM Lead")
    csv_result = field(bulk.xml("GET", f"{as_csv}/result"), "result")
    (json_result,) = bulk.json("GET", f"{as_json}/result")

    assert bulk.call("GET", f"{as_csv}/result/{csv_result}").data == b"Records not found for this query"
    assert bulk.json("GET", f"{as_json}/result/{json_result}") == []


@pytest.mark.parametrize(
    ("soql", "message"),
    [
        (
            "SELECT Nope FROM Lead",
            "InvalidBatch : Failed to process query: INVALID_FIELD: SELECT Nope FROM Lead",
        ),
        (
            "SELECT Address FROM Lead",
            "InvalidBatch : Failed to process query: FUNCTIONALITY_NOT_ENABLED: Selecting compound data not supported",
        ),
        (
            "SELECT Id FROM Contact",
            (
                "InvalidBatch : Failed to process query: INVALID_TYPE_FOR_OPERATION: The root entity of the requested "
                "query (Contact) does not match the entity of the requested Bulk API Job (Lead)."
            ),
        ),
    ],
)
def test_a_failed_query_says_why(bulk, soql, message):
    info = bulk.json("GET", query_job(bulk, "JSON", soql))

    assert info["state"] == "Failed"
    assert info["stateMessage"].startswith(message)


def test_an_unknown_column_fails_the_batch(bulk):
    job = bulk.json("POST", "job", {"operation": "insert", "object": "Lead", "contentType": "CSV"})["id"]
    batch = field(bulk.xml("POST", f"job/{job}/batch", "LastName,Nope\nA,b\n", "text/csv"), "id")

    info = bulk.xml("GET", f"job/{job}/batch/{batch}")

    assert (field(info, "state"), field(info, "stateMessage")) == (
        "Failed",
        "InvalidBatch : Field name not found : Nope",
    )


def test_chunks_are_batches_beside_one_that_is_not_processed(bulk, load):
    ids = load("Lead", *({"LastName": f"{n}", "Company": "x"} for n in range(5)))
    job = json.loads(
        bulk.call(
            "POST",
            "job",
            '{"operation":"query","object":"Lead","contentType":"JSON"}',
            "application/json",
            Sforce_Enable_PKChunking="chunkSize=2",
        ).data
    )["id"]
    bulk.call(
        "POST",
        f"job/{job}/batch",
        "SELECT Id FROM Lead WHERE LastName != '1' AND Company = 'x'",
        "application/json",
    )

    batches = bulk.json("GET", f"job/{job}/batch")["batchInfo"]
    found = []
    for batch in batches[1:]:
        (result,) = bulk.json("GET", f"job/{job}/batch/{batch['id']}/result")
        found.append(
            [record["Id"] for record in bulk.json("GET", f"job/{job}/batch/{batch['id']}/result/{result}")]
        )

    assert [each["state"] for each in batches] == ["NotProcessed", "Completed", "Completed", "Completed"]
    assert found == [[ids[0]], [ids[2], ids[3]], [ids[4]]]


def test_an_expired_session_is_a_400_here(bulk):
    bulk.token = "nonsense"
    as_xml, as_json = bulk.call("GET", "job/750"), bulk.call("GET", "job/750", kind="application/json")

    assert as_xml.status == as_json.status == 400
    assert as_xml.headers["Content-Type"] == "application/xml"
    assert (
        field(ET.fromstring(b"<e>" + as_xml.data.partition(b"?>")[2] + b"</e>"), "exceptionCode")
        == "InvalidSessionId"
    )
    assert as_json.headers["Content-Type"] == "application/json"
    assert as_json.json() == {"exceptionCode": "InvalidSessionId", "exceptionMessage": "Invalid session id"}


def test_elements_out_of_order_are_no_job(bulk):
    body = (
        XML_JOB.format("insert", "")
        .replace("<operation>insert</operation>", "")
        .replace("</contentType>", "</contentType><operation>insert</operation>")
    )
    answer = bulk.call("POST", "job", body)

    assert answer.status == 400
    assert (
        b"<exceptionCode>InvalidJob</exceptionCode><exceptionMessage>Unable to parse Job</exceptionMessage>"
        in answer.data
    )


def test_a_closed_job_takes_no_batch(bulk):
    job = field(bulk.xml("POST", "job", XML_JOB.format("insert", "")), "id")
    empty = bulk.call("GET", f"job/{job}/batch")
    bulk.call("POST", f"job/{job}", CLOSED)

    answer = bulk.call("POST", f"job/{job}/batch", "LastName\nA\n", "text/csv")

    assert b"batchInfo>" not in empty.data
    assert (answer.status, b"InvalidJobState" in answer.data) == (400, True)


def test_upsert_and_the_request_as_it_was_sent(bulk, api, store, load):
    store.add_field("Lead", "Ext__c", "string", external_id=True)
    load("Lead", {"LastName": "A", "Company": "x", "Ext__c": "1"})
    external = "<externalIdFieldName>Ext__c</externalIdFieldName>"
    job = field(bulk.xml("POST", "job", XML_JOB.format("upsert", external)), "id")
    data = "Ext__c,LastName,Company\r\n1,B,y\r\n2,C,z\r\n"
    batch = field(bulk.xml("POST", f"job/{job}/batch", data, "text/csv"), "id")

    assert bulk.call("GET", f"job/{job}/batch/{batch}/request").data.decode() == data
    assert api.rows("SELECT Ext__c, LastName FROM Lead ORDER BY Ext__c") == [
        {"Ext__c": "1", "LastName": "B"},
        {"Ext__c": "2", "LastName": "C"},
    ]


def test_a_batch_moves_with_the_looks_at_it(bulk, api, leads):
    api.control("/transitions", {"mode": "polls", "polls": 2})
    batch = query_job(bulk, "JSON", "SELECT Id FROM Lead")

    states = [bulk.json("GET", batch)["state"] for _ in range(2)]

    assert states[0] in {"Queued", "InProgress"}
    assert states[1] == "Completed"


@pytest.mark.parametrize(
    "body",
    ['{"operation":"x","object":"Lead","contentType":"CSV"}', '{"operation":"insert","object":"Nope"}'],
)
def test_jobs_that_cannot_be(bulk, body):
    answer = bulk.call("POST", "job", body, "application/json")

    assert (answer.status, answer.json()["exceptionCode"]) == (400, "InvalidJob")
