"""What is pushed of a run, and that nothing about pushing can hold a run up or fail it."""

from __future__ import annotations

import base64
import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.scripted import ScriptedServer, hang, reply
from tests.services.prometheus import wait_for

from scc.core.runs import RunId, format_moment
from scc.core.schedules import Schedule
from scc.monitoring.aside import Aside
from scc.monitoring.heartbeat import Heartbeat
from scc.monitoring.metrics import PushedMetrics
from scc.monitoring.names import HELP, Metric
from scc.settings import Monitoring
from scc.store.runs import RunRecord, RunState, Store

AT = datetime(2026, 11, 22, 2, 15, tzinfo=UTC)
DAILY = Schedule("15 2 * * *", "UTC", timedelta(hours=2))


@pytest.fixture
def gateway():
    with ScriptedServer().then(reply(202)) as server:
        yield server


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path)


@pytest.fixture
def metrics(gateway, store):
    def metrics(**more):
        settings = Monitoring.model_validate({"pushgateway_url": gateway.url, **more})
        return PushedMetrics(settings, store, {"purge": DAILY})

    return metrics


def record(state=RunState.DONE, at=AT, **more):
    begun = RunRecord.start(RunId("purge", at), at, full=False, config_digest="c")
    ended = format_moment(at + timedelta(minutes=10))
    return replace(begun, **{"state": state, "ended_at": ended, **more})


def pushed(gateway, at=-1):
    """{(name, labels): value} of a push."""
    families = text_string_to_metric_families(gateway.requests[at].body.decode())
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def test_a_group_is_a_pipeline_and_what_is_not_pushed_stays(gateway, metrics):
    metrics().started(record())

    (request,) = gateway.requests
    assert (request.method, request.path) == ("POST", "/metrics/job/scc/pipeline/purge")


def test_a_good_run_tells_all_there_is(gateway, metrics, store):
    done = record(
        seconds={"plan": 1.5, "all": 9.0},
        changes=7,
        exported={"contacts": 4000},
        counts=[
            {
                "system": "eloqua",
                "object": "contact",
                "operation": "delete",
                "outcome": "applied",
                "code": "",
                "records": 5,
            },
            {
                "system": "eloqua",
                "object": "contact",
                "operation": "delete",
                "outcome": "rejected",
                "code": "A",
                "records": 1,
            },
            {
                "system": "eloqua",
                "object": "contact",
                "operation": "delete",
                "outcome": "rejected",
                "code": "B",
                "records": 1,
            },
        ],
        requests={"eloqua": {"200": 30, "none": 1}},
        quota={"salesforce_api_requests": {"used": 90, "limit": 100}},
        tries=2,
    )
    store.write(done)

    metrics().ended(done)

    told = pushed(gateway)
    contact = (("object", "contact"), ("operation", "delete"))
    ended = (AT + timedelta(minutes=10)).timestamp()
    for name, labels, value in [
        (Metric.SUCCESS, (), ended),
        (Metric.COMPLETED, (), ended),
        (Metric.MOMENT, (), AT.timestamp()),
        (Metric.DUE, (), (AT + timedelta(days=1, hours=2)).timestamp()),
        (Metric.INTERVAL, (), 86_400),
        (Metric.STATE, (("state", "done"),), 1),
        (Metric.STATE, (("state", "failed"),), 0),
        (Metric.TRIES, (), 2),
        (Metric.FAILED_TRIES, (), 0),
        (Metric.DURATION, (("step", "plan"),), 1.5),
        (Metric.CHANGES, (), 7),
        (Metric.EXPORTED, (("source", "contacts"),), 4000),
        (Metric.RECORDS, (*contact, ("outcome", "applied"), ("system", "eloqua")), 5),
        (Metric.RECORDS, (*contact, ("outcome", "rejected"), ("system", "eloqua")), 2),
        (Metric.REQUESTS, (("status", "none"), ("system", "eloqua")), 1),
        (Metric.RETRIES, (("system", "eloqua"),), 0),
        (Metric.QUOTA_USED, (("quota", "salesforce_api_requests"),), 90),
        (Metric.QUOTA_LIMIT, (("quota", "salesforce_api_requests"),), 100),
    ]:
        assert told[str(name), labels] == value, name
    versions = tuple(sorted(done.versions.items()))
    assert told[str(Metric.INFO), versions] == 1


def test_every_name_is_pushed_by_some_run_and_has_a_help(gateway, metrics):
    metrics().started(record())
    test_a_good_run_tells_all_there_is(gateway, metrics, metrics()._store)

    names = {name for at in range(len(gateway.requests)) for name, _ in pushed(gateway, at)}
    assert names == {str(one) for one in Metric}
    assert set(HELP) == set(Metric)


def test_a_failed_run_leaves_the_last_success_as_it_was_and_counts_tries(gateway, metrics, store):
    store.write(record())
    for days, tries in ((1, 2), (2, 1)):
        store.write(record(RunState.FAILED, AT + timedelta(days=days), tries=tries))

    metrics().ended(record(RunState.FAILED, AT + timedelta(days=2)))

    told = pushed(gateway)
    assert (str(Metric.SUCCESS), ()) not in told
    assert (str(Metric.DUE), ()) not in told
    assert told[str(Metric.FAILED_TRIES), ()] == 3


def test_a_try_that_was_killed_counts_as_failed_and_moves_no_other_figure(gateway, metrics, store):
    store.write(record())
    killed = record(RunState.LOST, AT + timedelta(days=1), tries=2)
    store.write(killed)

    metrics().lost(killed)

    assert pushed(gateway) == {(str(Metric.FAILED_TRIES), ()): 2}


def test_an_old_moment_that_is_run_again_does_not_stand_for_the_runs_since(gateway, metrics, store):
    newest = record(at=AT + timedelta(days=3))
    again = record(ended_at=format_moment(AT + timedelta(days=5)))
    store.write(newest)
    store.write(again)

    metrics().ended(again)

    assert pushed(gateway)[str(Metric.DUE), ()] == (AT + timedelta(days=4, hours=2)).timestamp()


def test_a_pushgateway_may_ask_for_a_login(gateway, metrics):
    metrics(pushgateway_user="scc", pushgateway_password="secret").started(record())

    assert gateway.requests[0].headers["Authorization"] == f"Basic {base64.b64encode(b'scc:secret').decode()}"


def test_whoever_hangs_holds_a_run_up_by_a_bounded_time_only(store, caplog):
    with ScriptedServer().then(hang()) as server:
        settings = Monitoring.model_validate({"pushgateway_url": server.url})
        watch = Aside([PushedMetrics(settings, store, {}), Heartbeat(server.url)], wait_s=0.2)
        watch.started(record())
        watch.ended(record())

    assert "not all who watch purge@2026-11-22T02:15Z have taken notice within 0.2 s" in caplog.text
    # The thread goes on by itself, and its last words are none of the next test's.
    wait_for(lambda: caplog.text.count("could not be told") == 4, "the end of all that waited")


def test_a_gateway_that_is_away_or_refuses_is_logged_without_its_address(store, caplog):
    caplog.set_level(logging.WARNING)
    with ScriptedServer().then(reply(400, b"no")) as server:
        settings = Monitoring.model_validate({"pushgateway_url": server.url})
        watch = Aside([PushedMetrics(settings, store, {})], wait_s=30)
        watch.ended(record())
    watch.ended(record())

    told = [line.getMessage() for line in caplog.records]
    assert [text.partition(": ")[0] for text in told] == [
        "PushedMetrics could not be told of purge@2026-11-22T02:15Z"
    ] * 2
    assert server.url not in caplog.text


def test_a_heartbeat_tells_start_and_end(gateway):
    heart = Heartbeat(gateway.url + "/ping/{pipeline}")
    heart.started(record())
    heart.ended(record())
    heart.ended(record(RunState.FAILED))

    assert [one.path for one in gateway.requests] == ["/ping/purge/start", "/ping/purge", "/ping/purge/fail"]


def test_a_heartbeat_goes_by_the_proxy_of_the_environment(gateway, monkeypatch):
    monkeypatch.setenv("http_proxy", gateway.url)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)

    Heartbeat("http://heart.example/ping/{pipeline}").started(record())

    assert gateway.requests[0].headers["Host"] == "heart.example"
