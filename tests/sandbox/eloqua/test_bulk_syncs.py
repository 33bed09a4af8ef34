"""The life of a sync: its states, its end, what is left of it and for how long (sources.md E2.8)."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from tests.sandbox.eloqua.conftest import CONTACT_FIELDS


@pytest.fixture
def export(api):
    return api.define("/contacts/exports", fields=CONTACT_FIELDS)["uri"]


def test_a_sync_begins_pending_and_looks_as_recorded(api, export):
    answer = api.post("/syncs", {"syncedInstanceUri": export})

    assert answer.status == 201
    begun = answer.json()
    assert (begun["status"], begun["uri"], begun["syncedInstanceUri"]) == ("pending", "/syncs/1", export)
    assert set(begun) == {"syncedInstanceUri", "status", "createdAt", "createdBy", "uri"}
    ended = api.get("/syncs/1").json()
    assert ended["status"] == "success"
    assert set(ended) == {*begun, "syncStartedAt", "syncEndedAt"}
    assert api.get("/syncs").json()["items"] == [ended]


def test_polls_move_a_sync_through_its_states(api, export):
    api.control("/transitions", {"mode": "polls", "polls": 3})
    uri = api.post("/syncs", {"syncedInstanceUri": export}).json()["uri"]

    looks = [api.get(uri).json() for _ in range(4)]

    assert [look["status"] for look in looks] == ["active", "active", "success", "success"]
    assert "syncEndedAt" not in looks[0]
    assert "syncStartedAt" in looks[0]


def test_the_clock_moves_a_sync_without_being_looked_at(api, export):
    api.control("/transitions", {"mode": "time", "seconds": 60})
    api.control("/clock", {"freeze_at": "2026-01-01T00:00:00+00:00"})
    uri = api.post("/syncs", {"syncedInstanceUri": export}).json()["uri"]
    assert api.get(uri).json()["status"] == "pending"

    api.control("/clock", {"advance_s": 30})
    assert api.get(uri).json()["status"] == "active"

    api.control("/clock", {"advance_s": 30})
    assert api.get(uri).json()["status"] == "success"


def test_work_waits_for_the_end_of_its_sync(api):
    api.control("/transitions", {"mode": "time", "seconds": 60})
    api.control("/clock", {"freeze_at": "2026-01-01T00:00:00+00:00"})
    uri = api.import_definition("/contacts", CONTACT_FIELDS, "email")
    api.run_import(uri, [{"email": "a@example.com", "first": "", "last": ""}])

    def contacts():
        return api.get("/_sandbox/state").json()["eloqua"]["counts"]["contacts"]

    assert contacts() == 0
    api.control("/clock", {"advance_s": 61})
    api.get("/syncs")
    assert contacts() == 1


@pytest.mark.parametrize("status", [404, 409])
def test_data_before_the_end_are_refused(api, export, status):
    api.options(early_data_status=status)
    api.control("/transitions", {"mode": "polls", "polls": 2})
    uri = api.post("/syncs", {"syncedInstanceUri": export}).json()["uri"]

    assert api.get(f"{uri}/data").status == status
    assert api.get(f"{uri}/logs").json()["items"] == []


def test_a_second_sync_of_a_busy_definition_is_refused_unless_let_in(api, export):
    api.control("/transitions", {"mode": "polls", "polls": 2})
    first = api.post("/syncs", {"syncedInstanceUri": export}).json()["uri"]

    refused = api.post("/syncs", {"syncedInstanceUri": export})
    api.options(active_definition_status=201)
    let_in = api.post("/syncs", {"syncedInstanceUri": export})

    assert (refused.status, let_in.status) == (409, 201)
    assert api.get("/_sandbox/state").json()["eloqua"]["under_way"] == {
        "syncs": [first, let_in.json()["uri"]],
        "max_concurrent": 2,
    }


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"syncedInstanceUri": ""}, 400),
        ({"syncedInstanceUri": 5}, 400),
        ([], 400),
        ({"syncedInstanceUri": "/contacts/exports/99"}, 404),
        ({"syncedInstanceUri": "/nothing"}, 404),
        ({"syncedInstanceUri": "/contacts/imports/1"}, 404),
    ],
)
def test_a_sync_of_nothing_is_refused(api, export, body, status):
    assert api.post("/syncs", body).status == status


def test_the_property_may_be_spelt_in_any_case(api, export):
    assert api.post("/syncs", {"syncedInstanceURI": export, "status": "pending"}).status == 201


def test_a_definition_is_checked_again_when_its_sync_is_created(api):
    api.store.create_list("L")
    uri = api.define("/contacts/exports", fields=CONTACT_FIELDS, filter="EXISTS('{{ContactList[1]}}')")["uri"]
    api.store.documents.delete("contacts/lists", 1)

    answer = api.post("/syncs", {"syncedInstanceUri": uri})

    assert (answer.status, answer.json()["failures"][0]["field"]) == (400, "filter")


def test_a_definition_deleted_under_its_sync_fails_it(api, export):
    api.control("/transitions", {"mode": "polls", "polls": 2})
    uri = api.post("/syncs", {"syncedInstanceUri": export}).json()["uri"]
    api.delete(export)
    api.get(uri)

    assert api.get(uri).json()["status"] == "error"
    assert "ELQ-00143" in api.logs({"uri": uri})


@pytest.mark.parametrize("status", [404, 410])
def test_data_end_with_their_retention(api, status):
    api.options(expired_status=status)
    api.contacts("a@example.com")
    uri = api.define("/contacts/exports", fields=CONTACT_FIELDS, dataRetentionDuration="PT1H")["uri"]
    sync = api.sync(uri)
    api.control("/clock", {"advance_s": 3590})
    assert api.get(f"{sync['uri']}/data").status == 200

    api.control("/clock", {"advance_s": 20})

    assert api.get(f"{sync['uri']}/data").status == status
    assert api.get(sync["uri"]).json()["status"] == "success"
    assert api.sync(uri)["status"] == "success"
    assert api.get(f"{sync['uri']}/data").status == status


def test_a_definition_ends_with_its_auto_delete(api):
    uri = api.define("/contacts/exports", fields=CONTACT_FIELDS, autoDeleteDuration="P1D")["uri"]
    api.control("/clock", {"advance_s": 86_401})

    assert api.get(uri).status == 410
    assert api.post("/syncs", {"syncedInstanceUri": uri}).status == 410
    assert api.get("/exports").json()["totalResults"] == 0


def test_data_are_deleted_on_request(api, export):
    sync = api.sync(export)

    assert api.delete(f"{sync['uri']}/data").status == 204
    assert api.get(f"{sync['uri']}/data").status == 404


def test_an_imports_sync_has_no_data(api):
    uri = api.import_definition("/contacts", CONTACT_FIELDS, "email")
    sync = api.sync(uri)

    assert api.get(f"{sync['uri']}/data").status == 400


@pytest.mark.parametrize(
    "path", ["/syncs/9", "/syncs/9/data", "/syncs/9/logs", "/syncs/9/rejects", "/syncs/x"]
)
def test_an_unknown_sync_is_404(api, path):
    assert api.get(path).status == 404


def test_a_limit_on_syncs_a_day_may_be_set(api, export):
    api.options(daily_syncs=1)
    api.sync(export)

    assert api.post("/syncs", {"syncedInstanceUri": export}).status == 429
    api.control("/clock", {"advance_s": 86_401})
    assert api.post("/syncs", {"syncedInstanceUri": export}).status == 201


def test_an_ordered_error_ends_an_export_without_data(api, export):
    fault = {
        "action": "sync-error",
        "path": "exports",
        "status_code": "ELQ-00107",
        "message": "There was an error.",
    }
    api.control("/faults", [fault])

    failed, next_one = api.sync(export), api.sync(export)

    assert (failed["status"], next_one["status"]) == ("error", "success")
    assert api.get(f"{failed['uri']}/data").status == 404
    line = api.get(f"{failed['uri']}/logs").json()["items"][0]
    assert (line["statusCode"], line["message"], line["severity"]) == (
        "ELQ-00107",
        "There was an error.",
        "error",
    )


def test_an_ordered_warning_ends_an_export_with_its_data(api, export):
    api.contacts("a@example.com")
    api.control("/faults", [{"action": "sync-warning", "system": "eloqua"}])

    sync = api.sync(export)

    assert sync["status"] == "warning"
    assert api.get(f"{sync['uri']}/data").json()["totalResults"] == 1


def test_a_callback_gets_the_sync_when_it_has_ended(api, export):
    got: list[dict[str, object]] = []
    arrived = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()
            arrived.set()

        def log_message(self, *args):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}/done"
        api.post("/syncs", {"syncedInstanceUri": export, "callbackUrl": url})
        assert arrived.wait(10)
        thread.join()

    assert (got[0]["uri"], got[0]["status"]) == ("/syncs/1", "success")


def test_syncs_side_by_side_carry_out_their_own_data_only(api):
    fields = {"email": CONTACT_FIELDS["email"], "first": CONTACT_FIELDS["first"]}

    def work(worker):
        for turn in range(5):
            uri = api.import_definition("/contacts", fields, "email")
            rows = [{"email": f"{worker}-{turn}-{n}@example.com", "first": str(worker)} for n in range(20)]
            sync = api.run_import(uri, rows)
            while sync["status"] in ("pending", "active"):
                sync = api.get(sync["uri"]).json()
            ended.append((sync["status"], api.logs(sync).get("ELQ-00004")))

    ended: list[tuple[str, int | None]] = []
    threads = [threading.Thread(target=work, args=(worker,)) for worker in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert ended == [("success", 20)] * 20
    assert api.store.counts()["contacts"] == 400


def test_a_sync_whose_list_or_object_is_gone_by_then_ends_in_error(api, members, member_fields):
    api.store.create_list("L")
    exists = "EXISTS('{{ContactList[1]}}')"
    api.control("/transitions", {"mode": "polls", "polls": 2})
    definitions = [
        api.define("/contacts/exports", fields=CONTACT_FIELDS, filter=exists)["uri"],
        api.define(f"/customObjects/{members}/exports", fields=member_fields)["uri"],
    ]
    syncs = [api.sync(uri)["uri"] for uri in definitions]
    api.delete("/API/REST/1.0/assets/contact/list/1")
    api.delete(f"/API/REST/2.0/assets/customObject/{members}")

    assert [api.get(uri).json()["status"] for uri in syncs] == ["error", "error"]
    assert "ELQ-00107" in api.logs({"uri": syncs[0]})
    assert api.get("/contacts/fields").status == 200
