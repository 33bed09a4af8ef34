"""The scheduler's doors: who gets in, and what a page of somebody else's can't do."""

from __future__ import annotations

import base64

import pytest
from tests.services.scheduler import SchedulerProcess, scheduled

TOKEN, PASSWORD = "a-token-for-the-jobs", "a-password-for-people"
SECRETS = {"scheduler.token": TOKEN, "scheduler.password": PASSWORD}
JOB = {"Authorization": f"Bearer {TOKEN}"}


def person(password=PASSWORD, name="anybody"):
    return {"Authorization": f"Basic {base64.b64encode(f'{name}:{password}'.encode()).decode()}"}


@pytest.fixture(scope="module")
def closed(tmp_path_factory):
    with SchedulerProcess(tmp_path_factory.mktemp("closed"), **SECRETS) as running:
        yield running


@pytest.fixture(scope="module")
def open_(tmp_path_factory):
    with SchedulerProcess(tmp_path_factory.mktemp("open")) as running:
        yield running


def status(scheduler, method, path, *headers):
    merged = {name: value for some in headers for name, value in some.items()}
    return scheduler.request(method, path, merged).status


@pytest.mark.parametrize("path", ["/", "/static/visualiser/index.html", "/api/task_list", "/history", "/no"])
@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="none"),
        pytest.param({"Authorization": f"Bearer {TOKEN}x"}, id="wrong token"),
        pytest.param({"Authorization": "Bearer "}, id="empty token"),
        pytest.param({"Authorization": f"Bearer {PASSWORD}"}, id="password as token"),
        pytest.param(person("wrong-password-of-all"), id="wrong password"),
        pytest.param(person(TOKEN), id="token as password"),
        pytest.param(person(""), id="empty password"),
        pytest.param({"Authorization": "Basic ?"}, id="no base64"),
        pytest.param({"Authorization": "Basic /w=="}, id="no text"),
    ],
)
def test_without_a_good_credential_nothing_is_served(closed, path, headers):
    answer = closed.request("GET", path, headers)

    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"].startswith("Basic realm=")


@pytest.mark.parametrize("path", ["/healthz", "/metrics"])
def test_signs_of_life_need_no_credential(closed, path):
    assert status(closed, "GET", path) == 200
    assert status(closed, "POST", path) == 405


def test_health_changes_nothing_and_says_ok(closed):
    before = closed.call("worker_list", token=TOKEN)

    assert closed.request("GET", "/healthz").data == b"ok\n"
    assert closed.call("worker_list", token=TOKEN) == before


def test_jobs_may_call_what_workers_call(closed):
    closed.call("add_task", token=TOKEN, **scheduled("w", "T"))

    assert closed.call("get_work", token=TOKEN, worker="w", host="h")["task_id"] == "T"


def test_people_may_read_and_press_buttons_but_are_no_workers(closed):
    assert status(closed, "GET", "/static/visualiser/index.html", person()) == 200
    assert status(closed, "GET", "/api/resource_list", person(name="another")) == 200
    assert status(closed, "POST", "/api/is_paused", person()) == 200
    assert status(closed, "POST", "/api/forgive_failures", person()) == 200
    assert status(closed, "POST", "/api/add_task", person()) == 403
    assert status(closed, "POST", "/api/get_work", person()) == 403


@pytest.mark.parametrize(
    "name", ["pause", "add_task", "get_work", "ping", "update_resource", "prune", "mark_as_done"]
)
def test_nothing_changes_by_get(closed, name):
    assert status(closed, "GET", f"/api/{name}", JOB) == 405


@pytest.mark.parametrize("name", ["set_worker_processes", "send_scheduler_message"])
def test_nobody_commands_a_worker_from_afar(closed, name):
    assert status(closed, "POST", f"/api/{name}", JOB) == 403


FOREIGN = [
    pytest.param({"Origin": "https://evil.example"}, id="origin"),
    pytest.param({"Origin": "null"}, id="sandboxed frame"),
    pytest.param({"Referer": "https://evil.example/page"}, id="referer"),
    pytest.param({"Sec-Fetch-Site": "cross-site"}, id="cross-site"),
    pytest.param({"Sec-Fetch-Site": "same-site"}, id="a sister's page"),
]


@pytest.mark.parametrize("page", FOREIGN)
@pytest.mark.parametrize("running", ["closed", "open_"])
def test_another_sites_page_changes_nothing(request, running, page):
    scheduler = request.getfixturevalue(running)
    credential = person() if running == "closed" else {}

    assert status(scheduler, "POST", "/api/pause", credential, page) == 403
    assert scheduler.call("is_paused", token=TOKEN) == {"paused": False}


def test_the_pages_own_buttons_work(closed):
    own = {"Origin": closed.url, "Sec-Fetch-Site": "same-origin", "Referer": f"{closed.url}/static/"}

    assert status(closed, "POST", "/api/pause", person(), own) == 200
    assert closed.call("is_paused", token=TOKEN) == {"paused": True}
    assert status(closed, "POST", "/api/unpause", person(), own) == 200


def test_the_pages_script_calls_by_post_only(closed):
    script = closed.request("GET", "/static/visualiser/js/luigi.js", person()).data.decode()

    assert 'method: "POST"' in script
    assert '"GET"' not in script


def test_the_pages_can_not_be_framed(closed):
    page = closed.request("GET", "/static/visualiser/index.html", person())

    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]


def test_on_this_machine_alone_no_credential_is_needed(open_):
    assert status(open_, "GET", "/api/resource_list") == 200
    assert open_.call("ping", worker="w") == {"rpc_messages": []}


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8082", "[::1", ""])
def test_a_name_that_was_led_here_opens_nothing(open_, host):
    assert status(open_, "GET", "/api/resource_list", {"Host": host}) in {400, 403}


def test_paths_that_are_no_calls_take_no_post(open_):
    assert status(open_, "POST", "/static/visualiser/index.html") == 405


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({}, "scheduler.token and scheduler.password"),
        ({"scheduler.token": TOKEN}, "scheduler.password"),
        ({"scheduler.password": PASSWORD}, "scheduler.token"),
    ],
)
def test_it_does_not_listen_for_others_without_both_credentials(tmp_path, given, missing):
    code, said = SchedulerProcess(tmp_path, **given).refusal("--address", "0.0.0.0")

    assert code == 2
    assert f"without {missing}\n" in said
    assert TOKEN not in said
    assert PASSWORD not in said


def test_it_listens_for_others_with_both(tmp_path):
    with SchedulerProcess(tmp_path, **SECRETS, **{"scheduler.address": "0.0.0.0"}) as scheduler:
        scheduler.url = scheduler.url.replace("0.0.0.0", "127.0.0.1")

        assert status(scheduler, "GET", "/api/resource_list") == 401
        assert status(scheduler, "GET", "/api/resource_list", JOB) == 200


def test_a_credential_shows_in_no_log(closed):
    status(closed, "GET", "/api/task_list", {"Authorization": "Bearer guessed-and-wrong"})

    told = closed.log.read_text()
    assert "'/api/task_list': 401" in told
    assert not any(secret in told for secret in (TOKEN, PASSWORD, "guessed-and-wrong"))
