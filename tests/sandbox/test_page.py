"""The page for people: what it shows is what there is, and its switches switch."""

from __future__ import annotations

import json
import re
from urllib.parse import urlencode

import pytest
import urllib3

from scc.sandbox import demo
from scc.sandbox.page_html import PRESETS
from scc.sandbox.route_table import vendor_routes
from scc.sandbox.whole import WholeSandbox


@pytest.fixture(scope="module")
def sandbox():
    with WholeSandbox() as running:
        demo.fill(running.state, 200)
        yield running


@pytest.fixture(scope="module")
def http():
    with urllib3.PoolManager(retries=False) as manager:
        yield manager


@pytest.fixture(autouse=True)
def quiet(sandbox):
    sandbox.state.faults.clear()
    sandbox.state.requests.clear()


def page(http, sandbox, path="/_sandbox/"):
    response = http.request("GET", f"{sandbox.url}{path}")
    assert response.status == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    return response.data.decode()


def press(http, sandbox, action, /, headers=None, **fields):
    response = http.request(
        "POST",
        f"{sandbox.url}/_sandbox/page/{action}",
        body=urlencode(fields),
        headers={"Content-Type": "application/x-www-form-urlencoded", **(headers or {})},
        redirect=False,
    )
    return response.status, response.headers.get("location", "")


def text_of(html):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def test_what_is_in_both_systems_is_shown(http, sandbox):
    counts = sandbox.state.stores()[1].counts()
    shown = text_of(page(http, sandbox))
    assert "200 contacts 80 campaign members" in shown
    assert f"{counts['Lead']} leads {counts['Contact']} contacts {counts['Campaign']} campaigns" in shown
    assert "username api@acme.example" in shown


def test_the_page_needs_nothing_from_elsewhere_and_no_script(http, sandbox):
    html = page(http, sandbox) + page(http, sandbox, "/_sandbox/routes")
    assert "<script" not in html
    assert re.findall(r"""(?:src|href|url)\s*[=(]\s*["']?(?:https?:)?//""", html) == []


def test_the_last_requests_are_shown_with_the_newest_first_and_the_fault_that_met_them(http, sandbox):
    http.request("GET", f"{sandbox.url}/API/Bulk/2.0/first")
    sandbox.state.faults.add([{"action": "status", "status": 503}])
    http.request("GET", f"{sandbox.url}/services/data/second")
    shown = text_of(page(http, sandbox))
    assert re.search(
        r"salesforce GET /services/data/second 503 status .* eloqua GET /API/Bulk/2.0/first 501", shown
    )


def test_text_from_requests_is_shown_as_text(http, sandbox):
    http.request("GET", f"{sandbox.url}/API/%3Cscript%3Ealert(1)%3C/script%3E/Bulk")
    http.request("GET", f"{sandbox.url}/services/%3Cscript%3E")
    html = page(http, sandbox, "/_sandbox/?problem=%3Cscript%3E")
    assert "<script" not in html
    assert "&lt;script&gt;" in html


@pytest.mark.parametrize("preset", PRESETS)
def test_each_fault_of_the_form_can_be_set_and_is_shown(http, sandbox, preset):
    assert press(http, sandbox, "faults", preset=preset, system="*", path="x", times="2", percent="50") == (
        303,
        "/_sandbox/",
    )
    [fault] = [fault.to_dict() for fault in sandbox.state.faults.list()]
    assert {**fault, **PRESETS[preset][1]} == fault
    assert (fault["path"], fault["times"], fault["probability"]) == ("x", 2, 0.5)
    assert "50% of the time x 2 more 0" in text_of(page(http, sandbox))


def test_a_fault_without_a_count_is_for_ever_and_all_can_be_removed(http, sandbox):
    press(http, sandbox, "faults", preset="error", system="eloqua", path="", times="")
    assert [http.request("GET", f"{sandbox.url}/id").status for _ in range(3)] == [500, 500, 500]
    assert "answers 500 any path for ever 3" in text_of(page(http, sandbox))
    press(http, sandbox, "faults/clear")
    assert http.request("GET", f"{sandbox.url}/id").status == 200


@pytest.mark.parametrize(
    ("action", "fields", "problem"),
    [
        ("faults", {"preset": "earthquake"}, "'earthquake' is none of throttled, error"),
        ("faults", {"preset": "error", "path": "("}, "faults[0].path: no regular expression"),
        ("faults", {"preset": "error", "times": "x"}, "times: 'x' is no number that makes sense here"),
        (
            "faults",
            {"preset": "error", "percent": "500"},
            "faults[0].probability: 5.0 is not between 0 and 1",
        ),
        ("transitions", {"mode": "never"}, "transitions.mode: 'never' is none of immediate, polls, time"),
        ("clock", {"advance_s": "1e300"}, "advance_s: '1e300' is no number that makes sense here"),
        ("clock", {"advance_s": "nan"}, "advance_s: 'nan' is no number that makes sense here"),
        ("reset", {"contacts": "-1"}, "contacts: -1 is below 0"),
    ],
)
def test_what_makes_no_sense_is_told_on_the_page_and_changes_nothing(http, sandbox, action, fields, problem):
    before = http.request("GET", f"{sandbox.url}/_sandbox/faults").data
    status, location = press(http, sandbox, action, **fields)
    assert status == 303
    told = re.search(r"role=\"alert\">(.*?)</p>", page(http, sandbox, location))
    assert told
    assert told[1].replace("&#x27;", "'").startswith(problem)
    assert http.request("GET", f"{sandbox.url}/_sandbox/faults").data == before


def test_transitions_and_clock_follow_their_forms(http, sandbox):
    before = sandbox.state.clock.now()
    press(http, sandbox, "transitions", mode="polls", polls="4", seconds="1.5")
    press(http, sandbox, "clock", advance_s="86400")
    state = json.loads(http.request("GET", f"{sandbox.url}/_sandbox/state").data)
    assert state["transitions"] == {"mode": "polls", "polls": 4, "seconds": 1.5}
    assert (sandbox.state.clock.now() - before).total_seconds() >= 86400
    assert "value='polls' selected" in page(http, sandbox)


def test_requests_can_be_forgotten(http, sandbox):
    http.request("GET", f"{sandbox.url}/id")
    assert press(http, sandbox, "requests/clear") == (303, "/_sandbox/")
    assert "No requests yet." in page(http, sandbox)


def test_a_page_from_another_site_can_not_press_the_buttons(http, sandbox):
    status, _ = press(http, sandbox, "reset", headers={"Sec-Fetch-Site": "cross-site"}, contacts="0")
    assert status == 403
    assert sandbox.has_records()


def test_refreshing_is_a_choice(http, sandbox):
    assert 'http-equiv="refresh"' not in page(http, sandbox)
    assert 'http-equiv="refresh" content="2"' in page(http, sandbox, "/_sandbox/?live=1")


def test_the_address_without_a_slash_leads_to_the_page(http, sandbox):
    response = http.request("GET", f"{sandbox.url}/_sandbox")
    assert (response.status, response.headers["location"]) == (307, "/_sandbox/")


def test_every_route_of_the_vendors_is_listed(http, sandbox):
    shown = text_of(page(http, sandbox, "/_sandbox/routes"))
    rows = vendor_routes(sandbox.state)
    assert {row.system for row in rows} == {"eloqua", "salesforce", "slack"}
    assert [row.path for row in rows if f"{' '.join(row.methods)} {row.path} " not in shown] == []


def test_start_anew_gives_the_data_of_the_seed(http, sandbox):
    before = http.request("GET", f"{sandbox.url}/_sandbox/dump").data
    press(http, sandbox, "reset", seed="7", contacts="50")
    state = json.loads(http.request("GET", f"{sandbox.url}/_sandbox/state").data)
    assert (state["seed"], state["eloqua"]["counts"]["contacts"]) == (7, 50)
    press(http, sandbox, "reset", seed="1", contacts="200")
    assert http.request("GET", f"{sandbox.url}/_sandbox/dump").data == before


def test_the_control_interface_starts_anew_with_contacts_too(http, sandbox):
    body = json.dumps({"seed": 1, "contacts": 200})
    answer = json.loads(http.request("POST", f"{sandbox.url}/_sandbox/reset", body=body).data)
    assert answer["eloqua"]["counts"]["contacts"] == 200


def test_messages_to_slack_are_shown_as_text(http, sandbox):
    hook = f"{sandbox.url}/services/T00000000/B00000000/sandbox"
    block = {"type": "section", "text": {"type": "mrkdwn", "text": "why <it> failed"}}
    http.request("POST", hook, json={"text": "a run failed", "blocks": [block]})

    shown = page(http, sandbox)

    assert "a run failed" in text_of(shown)
    assert "why &lt;it&gt; failed" in shown


def test_a_message_of_attachments_alone_is_shown_by_their_titles(http, sandbox):
    hook = f"{sandbox.url}/services/T00000000/B00000000/sandbox"
    attachments = [
        {"title": "[FIRING:1] it is late", "fallback": "[FIRING:1] it is late | a link", "text": ""}
    ]
    http.request("POST", hook, json={"text": "", "attachments": attachments})

    shown = page(http, sandbox)

    assert "[FIRING:1] it is late | a link" in text_of(shown)
    assert "(no text)" not in shown
