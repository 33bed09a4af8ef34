"""The sandbox's own interface: state, reset, clock, transitions, options, requests, dump."""

from __future__ import annotations

import json

import pyarrow as pa
import pytest
import urllib3

from scc.sandbox.app import Sandbox
from scc.sandbox.eloqua.store import EloquaStore
from scc.sandbox.state import State

AUTH = urllib3.make_headers(basic_auth="Acme\\api.user:sandbox")


@pytest.fixture
def eloqua(control):
    return control.sandbox.state.store(EloquaStore)


def test_state_counts_records_by_entity(control, eloqua):
    eloqua.load_contacts(pa.table({"C_EmailAddress": ["a@example.com"]}))
    number = eloqua.create_custom_object("Orders", [("No", "No", "string")])
    eloqua.load_custom_object(number, pa.table({"No": ["1", "2"]}))

    state = control.get("/state").json()

    assert {name: state["eloqua"]["counts"][name] for name in ("contacts", "Orders", "syncs")} == {
        "contacts": 1,
        "Orders": 2,
        "syncs": 0,
    }
    assert state["eloqua"]["under_way"] == {"syncs": [], "max_concurrent": 0}
    assert state["transitions"] == {"mode": "immediate", "polls": 2, "seconds": 5.0}
    assert {"seed", "now", "requests", "held", "salesforce"} <= set(state)


def test_reset_leaves_nothing_but_the_credentials(control, eloqua):
    eloqua.load_contacts(pa.table({"C_EmailAddress": ["a@example.com"]}))
    control.post("/clock", {"freeze_at": "2020-01-01T00:00:00Z"})
    control.post("/transitions", {"mode": "polls"})
    control.post("/faults", [{"action": "hang", "path": "nothing"}])
    control.post("/options", {"eloqua": {"expired_status": 404}})
    control.get("//id")

    state = control.post("/reset", {"seed": 5}).json()

    assert state["eloqua"]["counts"]["contacts"] == 0
    assert (state["seed"], state["requests"], state["transitions"]["mode"]) == (5, 0, "immediate")
    assert not state["now"].startswith("2020")
    assert control.get("/faults").json() == {"faults": []}
    assert control.get("/options").json()["eloqua"]["expired_status"] == 410
    eloqua.load_contacts(pa.table({"C_EmailAddress": ["b@example.com"]}))
    assert json.loads(control.get("/dump?system=eloqua").data.splitlines()[0])["id"] == 1


def test_reset_fills_the_state_again_where_the_server_can():
    def reseed(state: State, contacts: int) -> None:
        table = pa.table({"C_EmailAddress": [f"{number}@example.com" for number in range(contacts)]})
        state.store(EloquaStore).load_contacts(table)

    with Sandbox(reseed=reseed) as sandbox:
        answer = urllib3.request("POST", f"{sandbox.url}/_sandbox/reset", json={"contacts": 3})

    assert answer.json()["eloqua"]["counts"]["contacts"] == 3


def test_the_clock_runs_is_moved_and_frozen(control):
    control.post("/clock", {"freeze_at": "2026-03-29T01:00:00+01:00"})
    assert control.get("/clock").json() == {"now": "2026-03-29T00:00:00+00:00"}

    assert control.post("/clock", {"advance_s": 90.5}).json() == {"now": "2026-03-29T00:01:30.500000+00:00"}
    assert control.post("/clock", {"reset": True}).json()["now"] > "2026-03-30"


@pytest.mark.parametrize(
    ("path", "body", "named"),
    [
        ("/clock", {"advance_s": "1"}, "advance_s"),
        ("/clock", {"freeze_at": "soon"}, "freeze_at"),
        ("/clock", {"freeze_at": "2026-01-01"}, "zone"),
        ("/clock", {"jump": 1}, "'jump'"),
        ("/clock", [], "object"),
        ("/transitions", {"mode": "slow"}, "transitions.mode"),
        ("/transitions", {"mode": "polls", "polls": 0}, "transitions.polls"),
        ("/transitions", {"mode": "time", "seconds": -1}, "transitions.seconds"),
        ("/transitions", {"polling": 1}, "'polling'"),
        ("/transitions", [], "transitions"),
        ("/options", {"eloqua": {"no_such": 1}}, "'no_such'"),
        ("/options", {"eloqua": {"expired_status": "404"}}, "eloqua.expired_status"),
        ("/options", {"hubspot": {}}, "'hubspot'"),
        ("/reset", {"seed": -1}, "seed"),
        ("/reset", {"contacts": 5}, "contacts"),
        ("/reset", {"contact": 5}, "'contact'"),
        ("/faults", {}, "list"),
    ],
)
def test_what_cannot_be_read_is_named_and_changes_nothing(control, path, body, named):
    before = (control.get("/transitions").json(), control.get("/options").json())

    answer = control.post(path, body)

    assert answer.status == 400
    assert named in answer.json()["error"]
    assert (control.get("/transitions").json(), control.get("/options").json()) == before


def test_a_body_that_is_no_json_is_refused(control):
    answer = control.pool.request("POST", f"{control.sandbox.url}/_sandbox/clock", body=b"{")

    assert (answer.status, "JSON" in answer.json()["error"]) == (400, True)


def test_requests_are_recorded_without_bodies_and_headers(control):
    control.pool.request(
        "POST", f"{control.sandbox.url}/API/Bulk//2.0/syncs?x=1", json={"secret": "body"}, headers=AUTH
    )
    control.get("//services/data", headers=AUTH)

    requests = control.get("/requests").json()["requests"]

    first = requests[0]
    assert {name: first[name] for name in ("n", "system", "method", "path", "query", "status", "fault")} == {
        "n": 1,
        "system": "eloqua",
        "method": "POST",
        "path": "/API/Bulk/2.0/syncs",
        "query": "x=1",
        "status": 400,
        "fault": None,
    }
    assert first["request_bytes"] == len('{"secret":"body"}')
    assert first["response_bytes"] > 0
    assert "secret" not in str(requests)
    assert AUTH["authorization"] not in str(requests)
    assert [one["n"] for one in control.get("/requests?system=salesforce").json()["requests"]] == [2]
    assert [one["n"] for one in control.get("/requests?path=SYNCS").json()["requests"]] == [1]
    assert control.call("DELETE", "/requests").json() == {"requests": []}
    assert control.get("/requests").json() == {"requests": []}


def test_the_dump_is_the_same_for_the_same_records_whenever_they_came(control, eloqua):
    def fill():
        eloqua.load_contacts(
            pa.table({"C_EmailAddress": ["b@example.com", "a@example.com"], "C_City": ["Oslo", ""]})
        )
        eloqua.create_list("L", [2, 1])
        number = eloqua.create_custom_object("Orders", [("Number", "No", "string"), ("At", "At", "date")])
        eloqua.load_custom_object(number, pa.table({"No": ["x"], "At": ["2026-01-01 01:02:03"]}))
        return control.get("/dump?system=eloqua").data

    first = fill()
    control.post("/clock", {"advance_s": 1000})
    control.sandbox.state.reset(system="eloqua")

    assert fill() == first
    lines = [json.loads(line) for line in first.splitlines()]
    assert {line["system"] for line in lines} == {"eloqua"}
    order = next(line for line in lines if line["entity"] == "Orders")
    assert order == {
        "system": "eloqua",
        "entity": "Orders",
        "id": 1,
        "externalId": "DCORD000000000001",
        "contactId": None,
        "accountId": None,
        "No": "x",
        "At": "2026-01-01 01:02:03",
    }
    contact = next(line for line in lines if line["entity"] == "contacts")
    assert (contact["C_EmailAddress"], contact["C_City"], "createdAt" in contact) == (
        "b@example.com",
        "Oslo",
        False,
    )


def test_unknown_paths_of_nobody_are_404_and_of_a_vendor_501(control):
    assert control.get("//nothing").status == 404
    assert control.get("//API/REST/2.0/nothing", headers=AUTH).status == 501
    assert control.get("//services/nothing").status == 501
    assert control.call("PATCH", "/state").status == 405


def test_a_database_file_keeps_its_records_over_a_restart(tmp_path):
    path = str(tmp_path / "sandbox.duckdb")
    url = "{}/API/Bulk/2.0/contacts/exports"
    body = {"name": "kept", "fields": {"e": "{{Contact.Field(C_EmailAddress)}}"}}
    with Sandbox(database=path) as sandbox:
        store = sandbox.state.store(EloquaStore)
        store.load_contacts(pa.table({"C_EmailAddress": ["a@example.com"]}))
        number = store.create_custom_object("Orders", [("No", "No", "string")])
        store.load_custom_object(number, pa.table({"No": ["1"]}))
        urllib3.request("POST", url.format(sandbox.url), json=body, headers=AUTH)

    with Sandbox(database=path) as sandbox:
        store = sandbox.state.store(EloquaStore)
        names = [
            one["name"]
            for one in urllib3.request("GET", url.format(sandbox.url), headers=AUTH).json()["items"]
        ]
        store.load_contacts(pa.table({"C_EmailAddress": ["b@example.com"]}))
        store.load_custom_object(number, pa.table({"No": ["2"]}))
        dump = [
            json.loads(line)
            for line in urllib3.request("GET", f"{sandbox.url}/_sandbox/dump").data.splitlines()
        ]

    assert names == ["kept"]
    assert [(one["id"], one["C_EmailAddress"]) for one in dump if one["entity"] == "contacts"] == [
        (1, "a@example.com"),
        (2, "b@example.com"),
    ]
    assert [(one["id"], one["No"]) for one in dump if one["entity"] == "Orders"] == [(1, "1"), (2, "2")]


def test_several_sandboxes_run_side_by_side():
    with Sandbox() as one, Sandbox() as other:
        one.state.store(EloquaStore).load_contacts(pa.table({"C_EmailAddress": ["a@example.com"]}))
        counts = [
            urllib3.request("GET", f"{sandbox.url}/_sandbox/state").json()["eloqua"]["counts"]["contacts"]
            for sandbox in (one, other)
        ]

    assert counts == [1, 0]
