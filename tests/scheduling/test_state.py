"""What the scheduler knows outlives any end of it, and a damaged file stops nobody."""

from __future__ import annotations

import os
import pickle
import signal
import stat

import pytest
from tests.services.scheduler import SchedulerProcess, scheduled

SLOW = {"scheduler.save_interval_s": 60}
"""Nothing is saved because time passes."""


@pytest.fixture
def scheduler(tmp_path):
    with SchedulerProcess(tmp_path, **SLOW) as running:
        yield running


def hold(scheduler, worker="w1", task="T1"):
    scheduler.call("add_task", **scheduled(worker, task, resources={"eloqua_bulk": 1}))
    return scheduler.call("get_work", worker=worker, host="h", current_tasks=[])["task_id"]


def test_a_granted_quota_is_known_after_a_sigkill_that_came_at_once(scheduler):
    assert hold(scheduler) == "T1"

    scheduler.kill()
    scheduler.start()

    assert scheduler.tasks(status="RUNNING")["T1"]["worker_running"] == "w1"
    assert scheduler.metrics()['scc_scheduler_resource_used{resource="eloqua_bulk"}'] == 1


def test_a_quota_that_was_given_back_is_free_after_a_sigkill_that_came_at_once(scheduler):
    hold(scheduler)
    scheduler.call("add_task", **scheduled("w1", "T1", status="DONE", resources={"eloqua_bulk": 1}))

    scheduler.kill()
    scheduler.start()

    assert scheduler.metrics()['scc_scheduler_resource_used{resource="eloqua_bulk"}'] == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_saves_and_ends_well(scheduler, number):
    scheduler.call("add_task", **scheduled("w1", "T1"))

    assert scheduler.end(number) == 0
    scheduler.start()

    assert list(scheduler.tasks()) == ["T1"]


def test_sighup_saves_and_goes_on(scheduler):
    scheduler.call("add_task", **scheduled("w1", "T1"))
    before = scheduler.state.read_bytes()

    os.kill(scheduler.pid, signal.SIGHUP)
    while scheduler.state.read_bytes() == before:
        assert scheduler.request("GET", "/healthz").status == 200
    scheduler.kill()
    scheduler.start()

    assert list(scheduler.tasks()) == ["T1"]


def test_time_passing_saves(tmp_path):
    with SchedulerProcess(tmp_path, **{"scheduler.save_interval_s": 0.05}) as scheduler:
        scheduler.call("add_task", **scheduled("w1", "T1"))
        while b"T1" not in scheduler.state.read_bytes():
            pass
        scheduler.kill()
        scheduler.start()

        assert list(scheduler.tasks()) == ["T1"]


def test_who_was_silent_while_the_scheduler_was_away_is_not_taken_for_dead(tmp_path):
    patient = {**SLOW, "scheduler.worker_timeout_s": 60}
    with SchedulerProcess(tmp_path, **patient) as scheduler:
        hold(scheduler)
        scheduler.kill()
        tasks, workers, batchers = pickle.loads(scheduler.state.read_bytes())
        workers["w1"].last_active -= 3600
        scheduler.state.write_bytes(pickle.dumps((tasks, workers, batchers)))

        scheduler.start()

        assert list(scheduler.tasks(status="RUNNING")) == ["T1"]


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\x80\x04}", id="cut"),
        pytest.param(pickle.dumps({"no": "state"}), id="something else"),
        pytest.param(pickle.dumps(os.system), id="a pickle that would call something"),
    ],
)
def test_a_damaged_state_is_set_aside_and_told(tmp_path, damage):
    state = tmp_path / "scc-scheduler" / "state"
    state.parent.mkdir()
    state.write_bytes(damage)

    with SchedulerProcess(tmp_path) as scheduler:
        assert scheduler.tasks() == {}
        (aside,) = state.parent.glob("state.damaged-*")
        assert aside.read_bytes() == damage
        assert f"can't be read ({'' if damage else 'EOFError'}" in scheduler.log.read_text()
        assert aside.name in scheduler.log.read_text()


def test_a_disk_that_takes_nothing_stops_no_run(tmp_path):
    (tmp_path / "file").write_text("")
    broken = {**SLOW, "scheduler.state": tmp_path / "file" / "state"}
    with SchedulerProcess(tmp_path, **broken) as scheduler:
        assert hold(scheduler) == "T1"

        assert scheduler.metrics()["scc_scheduler_state_save_failures_total"] >= 2
        assert "the state can't be saved" in scheduler.log.read_text()


def test_the_state_can_be_taken_over_by_a_pod_of_another_user(scheduler):
    assert stat.S_IMODE(scheduler.state.stat().st_mode) == 0o664
