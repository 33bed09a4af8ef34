"""Which moment a Job stands for: the one in its name, else what waits for a hand, else now; and it stays so."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from tests.cli.runs import PIPELINE, RUN, make_run

from scc.core.runs import RunId
from scc.flow import guard
from scc.flow.moments import job_moment, scheduled_moment
from scc.store.runs import RunRecord, RunState, Store

NOW = datetime(2026, 11, 23, 8, 0, 42, tzinfo=UTC)
MINUTE = NOW.replace(second=0)
DIGEST = "c"


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path)


@pytest.fixture
def chosen(store):
    def chosen(job="by-hand", uid="", now=NOW, digest=DIGEST):
        return job_moment(store, PIPELINE, digest, job=job, uid=uid, now=now)

    return chosen


def put(store, at, state):
    record = RunRecord.start(RunId(PIPELINE, at), at, full=False, config_digest=DIGEST)
    store.write(replace(record, state=state))


def suffix(moment):
    return int(moment.timestamp()) // 60


@pytest.mark.parametrize("back", [timedelta(), timedelta(minutes=15), timedelta(days=30)])
def test_a_cronjobs_job_names_its_moment_in_minutes(back):
    assert scheduled_moment(f"scc-purge-{suffix(MINUTE - back)}", NOW) == MINUTE - back


@pytest.mark.parametrize(
    "name",
    [
        "",
        "by-hand",
        "rerun-20261123",
        "scc-purge-1",
        f"scc-purge-{suffix(MINUTE)}-retry",
        f"scc-purge-{suffix(MINUTE + timedelta(days=3))}",
        f"scc-purge{suffix(MINUTE)}",
    ],
)
def test_another_name_names_none(name):
    assert scheduled_moment(name, NOW) is None


def test_a_cronjobs_job_is_a_run_of_its_moment_whatever_failed_before(store, chosen):
    put(store, MINUTE - timedelta(hours=1), RunState.FAILED)

    assert chosen(f"scc-{PIPELINE}-{suffix(MINUTE)}") == MINUTE


@pytest.mark.parametrize(
    "state", [None, RunState.DONE, RunState.NOTHING_TO_DO, RunState.STOPPED, RunState.PLANNED]
)
def test_a_job_by_hand_is_a_run_of_now_where_nothing_is_to_be_gone_on_with(store, chosen, state):
    if state:
        put(store, MINUTE - timedelta(hours=1), state)

    assert chosen() == MINUTE
    assert chosen(job="") == MINUTE


@pytest.mark.parametrize("state", [RunState.FAILED, RunState.INTERRUPTED, RunState.RUNNING])
def test_a_job_by_hand_goes_on_with_the_newest_run_that_did_not_end_well(store, chosen, state):
    put(store, MINUTE - timedelta(hours=2), RunState.FAILED)
    put(store, MINUTE - timedelta(hours=1), state)

    assert chosen() == MINUTE - timedelta(hours=1)
    assert chosen("other", digest="another configuration") == MINUTE


def test_a_job_by_hand_goes_on_with_a_plan_that_was_approved(store, chosen):
    make_run(store.root, state=RunState.STOPPED)
    put(store, RUN.moment + timedelta(hours=1), RunState.STOPPED)
    assert chosen("before") == MINUTE

    guard.approve(store, RUN, by="Ann", now=NOW)

    assert chosen("after") == RUN.moment


def test_the_next_pod_of_a_job_finds_the_same_moment(store, chosen):
    first = chosen("by-hand", "uid-1")
    put(store, first, RunState.FAILED)
    put(store, first + timedelta(minutes=5), RunState.FAILED)

    assert chosen("by-hand", "uid-1", NOW + timedelta(hours=3)) == first
    assert chosen("by-hand", "uid-2", NOW + timedelta(hours=3)) == first + timedelta(minutes=5)


def test_a_name_that_is_used_again_is_another_job_once_its_run_has_ended_well(store, chosen):
    put(store, chosen(), RunState.DONE)

    assert chosen(now=NOW + timedelta(hours=3)) == MINUTE + timedelta(hours=3)


def test_a_name_that_is_no_file_name_stays_in_its_folder(store, chosen):
    chosen("../../escape")

    assert [path.name for path in (store.root / PIPELINE / ".jobs").iterdir()] == [".._.._escape.json"]
