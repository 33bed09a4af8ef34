"""Faults on order: what they do to a request, and which requests they meet."""

from __future__ import annotations

import threading

import pytest
import urllib3

PATH = "//API/Bulk/2.0/contacts/fields"
AUTH = urllib3.make_headers(basic_auth="Acme\\api.user:sandbox")


def order(control, *rules):
    answer = control.post("/faults", list(rules))
    assert answer.status == 200, answer.data


def ask(control, path=PATH, method="GET"):
    return control.call(method, path, headers=AUTH)


def statuses(control, times, path=PATH):
    return [ask(control, path).status for _ in range(times)]


def test_a_status_is_answered_in_place_of_the_vendor(control):
    order(
        control, {"action": "status", "status": 429, "headers": {"Retry-After": "7"}, "body": {"wait": True}}
    )

    answer = ask(control)

    assert (answer.status, answer.headers["retry-after"], answer.json()) == (429, "7", {"wait": True})
    assert ask(control).status == 200


def test_a_faulted_request_with_a_body_is_read_to_its_end(control):
    order(control, {"action": "status", "status": 503, "body": "later"})
    body = b"x" * 5_000_000

    answer = control.pool.request("POST", control.sandbox.url + "/API/Bulk/2.0/syncs", body=body)

    assert (answer.status, answer.data) == (503, b"later")
    assert control.get("/requests").json()["requests"][0]["request_bytes"] == len(body)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"times": 2}, [500, 500, 200]),
        ({"times": None}, [500, 500, 500]),
        ({"after": 1}, [200, 500, 200]),
        ({"system": "eloqua"}, [500, 200, 200]),
        ({"system": "salesforce"}, [200, 200, 200]),
        ({"method": "get"}, [500, 200, 200]),
        ({"method": "POST"}, [200, 200, 200]),
        ({"path": "bulk/2.0/CONTACTS/fields$"}, [500, 200, 200]),
        ({"path": "^/accounts"}, [200, 200, 200]),
        ({"probability": 0}, [200, 200, 200]),
    ],
)
def test_a_rule_meets_the_requests_that_it_names(control, rule, expected):
    order(control, {"action": "status", "status": 500, **rule})

    assert statuses(control, 3) == expected


def test_chance_is_the_same_for_the_same_seed(control):
    def run():
        control.sandbox.state.reset(seed=7)
        order(control, {"action": "status", "status": 500, "probability": 0.5, "times": None})
        return statuses(control, 20)

    first = run()

    assert run() == first
    assert set(first) == {200, 500}


def test_the_first_rule_that_fires_wins_and_the_next_waits(control):
    order(control, {"action": "status", "status": 500}, {"action": "status", "status": 503})

    assert statuses(control, 3) == [500, 503, 200]


def test_our_own_interface_is_never_met(control):
    order(control, {"action": "status", "status": 500, "times": None})

    assert control.get("/state").status == 200


@pytest.mark.parametrize("after", [0, 1, 100, 10**9])
def test_an_answer_is_cut_in_its_body(control, after):
    order(control, {"action": "drop", "after_bytes": after})

    with pytest.raises(urllib3.exceptions.ProtocolError, match="Connection broken") as cut:
        ask(control)

    whole = ask(control).data
    assert cut.value.args[1].partial == whole[: min(after, len(whole) - 1)]


def test_without_a_count_the_connection_closes_before_any_answer(control):
    order(control, {"action": "drop"})

    with pytest.raises(urllib3.exceptions.ProtocolError, match="without response"):
        ask(control)


def test_a_dropped_request_was_processed(control):
    order(control, {"action": "drop", "method": "POST"})
    body = {"name": "x", "fields": {"a": "{{Contact.Id}}"}}
    url = control.sandbox.url + "/API/Bulk/2.0/contacts/exports"

    with pytest.raises(urllib3.exceptions.ProtocolError):
        control.pool.request("POST", url, json=body, headers=AUTH)

    assert control.pool.request("GET", url, headers=AUTH).json()["totalResults"] == 1


@pytest.mark.parametrize(("when", "processed"), [("before", 0), ("after", 1)])
def test_a_hanging_request_waits_for_its_release(control, when, processed):
    order(control, {"action": "hang", "when": when, "method": "POST"})
    url = control.sandbox.url + "/API/Bulk/2.0/contacts/exports"
    ended = []

    def hang():
        with urllib3.PoolManager(retries=False) as pool:
            try:
                pool.request("POST", url, json={"name": "x", "fields": {"a": "{{Contact.Id}}"}}, headers=AUTH)
            except urllib3.exceptions.ProtocolError as error:
                ended.append(error)

    thread = threading.Thread(target=hang)
    thread.start()
    while control.get("/held").json() == {"held": 0}:
        pass

    count = control.pool.request("GET", url, headers=AUTH).json()["totalResults"]
    released = control.post("/release").json()
    thread.join(10)

    assert (count, released, len(ended)) == (processed, {"released": 1}, 1)
    assert control.get("/held").json() == {"held": 0}


def test_a_hanging_request_is_let_go_when_its_client_gives_up(control):
    order(control, {"action": "hang"})

    with pytest.raises(urllib3.exceptions.ReadTimeoutError):
        control.pool.request("GET", control.sandbox.url + "/id", timeout=0.2)

    while control.get("/held").json() != {"held": 0}:
        pass
    assert control.post("/release").json() == {"released": 0}


def test_slow_answers_are_whole(control):
    order(control, {"action": "slow", "seconds": 0.01})

    assert ask(control).status == 200
    assert control.get("/requests").json()["requests"][0]["fault"] == "slow"


def test_rules_are_listed_with_what_they_did_and_cleared(control):
    order(control, {"action": "status", "status": 500, "times": 3})
    ask(control)

    listed = control.get("/faults").json()["faults"]

    assert [(rule["times"], rule["fired"], rule["status"]) for rule in listed] == [(2, 1, 500)]
    assert control.call("DELETE", "/faults").json() == {"faults": []}
    assert statuses(control, 1) == [200]


@pytest.mark.parametrize(
    ("rule", "named"),
    [
        ("x", "faults[0]"),
        ({}, "faults[0].action"),
        ({"action": "explode"}, "faults[0].action"),
        ({"action": "status"}, "faults[0].status"),
        ({"action": "status", "status": 99}, "faults[0].status"),
        ({"action": "status", "status": "500"}, "faults[0].status"),
        ({"action": "drop", "after_bytes": -1}, "faults[0].after_bytes"),
        ({"action": "drop", "seconds": 1}, "'seconds'"),
        ({"action": "slow", "seconds": True}, "faults[0].seconds"),
        ({"action": "hang", "when": "never"}, "faults[0].when"),
        ({"action": "hang", "system": "hubspot"}, "faults[0].system"),
        ({"action": "hang", "path": "("}, "faults[0].path"),
        ({"action": "hang", "path": 5}, "faults[0].path"),
        ({"action": "hang", "times": 0}, "faults[0].times"),
        ({"action": "hang", "after": -1}, "faults[0].after"),
        ({"action": "hang", "after": "1"}, "faults[0].after"),
        ({"action": "hang", "probability": 2}, "faults[0].probability"),
        ({"action": "hang", "method": 1}, "faults[0].method"),
    ],
)
def test_a_wrong_rule_is_refused_by_name_and_none_is_taken(control, rule, named):
    answer = control.post("/faults", [{"action": "hang"}, rule][::-1])

    assert answer.status == 400
    assert named in answer.json()["error"]
    assert control.get("/faults").json() == {"faults": []}
