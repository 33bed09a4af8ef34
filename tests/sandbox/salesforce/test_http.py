"""What holds for every call: compression, methods, spellings of paths (sandbox-salesforce.md 1 and 2)."""

from __future__ import annotations

import gzip
import json

import pyarrow as pa
import pytest

from scc.sandbox.salesforce.routes import route_list


def test_answers_are_packed_for_who_accepts_it(api, store):
    store.load("Lead", pa.table({"LastName": ["x"] * 100, "Company": ["y"] * 100}))

    packed = api.get("query?q=SELECT+Id+FROM+Lead", Accept_Encoding="gzip")
    plain = api.get("query?q=SELECT+Id+FROM+Lead")

    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert packed.json() == plain.json()


def test_bulk_results_are_packed_as_they_stream(api, store):
    store.load("Lead", pa.table({"LastName": [f"L{n}" for n in range(50_000)], "Company": ["y"] * 50_000}))
    job = api.post("jobs/query", {"operation": "query", "query": "SELECT LastName FROM Lead"}).json()["id"]
    api.get(f"jobs/query/{job}")

    packed = api.get(f"jobs/query/{job}/results", Accept_Encoding="gzip")

    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.data.count(b"\n") == 50_001


def test_bodies_may_be_packed(api):
    body = gzip.compress(json.dumps({"LastName": "Lee", "Company": "Acme"}).encode())

    assert api.call("POST", "sobjects/Lead", body, Content_Encoding="gzip").status == 201


def test_pretty_answers(api):
    answer = api.get("query?q=SELECT+Id+FROM+Lead", X_PrettyPrint="1")

    assert answer.data == b'{\n  "totalSize" : 0,\n  "done" : true,\n  "records" : []\n}'


def test_a_post_may_stand_for_a_patch(api, load):
    (lead,) = load("Lead", {"LastName": "A", "Company": "x"})

    assert api.post(f"sobjects/Lead/{lead}?_HttpMethod=PATCH", {"Company": "y"}).status == 204
    assert api.rows("SELECT Company FROM Lead") == [{"Company": "y"}]


def test_head_answers_without_a_body(api):
    answer = api.call("HEAD", "limits")

    assert (answer.status, answer.data) == (200, b"")


def test_headers_over_16_kilobytes_are_refused_as_the_web_server_does(api):
    answer = api.get("limits", X_Padding="x" * 17_000)

    assert answer.status == 431
    assert answer.data == b"<h1>Bad Message 431</h1><pre>reason: Request Header Fields Too Large</pre>"


@pytest.mark.parametrize("version", ["31.0", "34.0", "40.0", "59.0", "67.0"])
def test_every_supported_version_is_served(api, version):
    assert api.get(f"/services/data/v{version}/query?q=SELECT+Id+FROM+Lead").status == 200


def test_a_job_under_way_is_counted(api):
    api.control("/transitions", {"mode": "time", "seconds": 30})
    for _ in range(3):
        job = api.post("jobs/query", {"operation": "query", "query": "SELECT Id FROM Lead"}).json()["id"]
    before = api.get("/_sandbox/state").json()["salesforce"]["under_way"]
    api.control("/clock", {"advance_s": 31})

    assert before == {"jobs": 3, "max_concurrent": 3}
    assert api.get(f"jobs/query/{job}").json()["state"] == "JobComplete"
    assert api.get("/_sandbox/state").json()["salesforce"]["under_way"] == {"jobs": 0, "max_concurrent": 3}


def test_every_route_names_its_source(sandbox):
    routes = route_list(sandbox.state)

    assert all("salesforce.md" in route["source"] for route in routes)
    assert len({(route["method"], route["path"]) for route in routes}) == len(routes) > 60
