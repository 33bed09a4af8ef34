"""Runs that take turns at the central scheduler: quotas, waiting, identity, and what never leaves a run."""

from __future__ import annotations

import json
import pickle
import signal
import threading

import luigi
import pytest
from pydantic import SecretStr
from tests.flows.bounce_world import MARKS, forget_bounces
from tests.scheduling.conftest import TOKEN
from tests.services.scheduler import scheduled

from scc.core.runs import RunId
from scc.flow import scheduling
from scc.flow.scheduling import Scheduling
from scc.settings import Scheduler

RUN = ("run", "enrich-campaign-members", "--at", "2026-11-22T10:15Z")
BOUNCES = ("hard-bounces", "--at", "2026-11-22T03:00Z")
ID = RunId.parse("enrich-campaign-members@2026-11-22T10:15Z")
HELD = 'scc_scheduler_resource_used{resource="eloqua_bulk"}'


def hang(world, path, *, when="after", after=0, system="eloqua"):
    rule = {"system": system, "method": "POST", "path": path, "times": 1, "after": after, "action": "hang"}
    world.control("POST", "faults", [{**rule, "when": when}])


def held(world):
    return world.control("GET", "held")["held"] == 1


def let_go(world):
    world.control("DELETE", "faults")
    world.control("POST", "release")


def take(central, worker, task, **resources):
    """Be somebody else who holds a quota."""
    central.call("add_task", token=TOKEN, **scheduled(worker, task, resources=resources))
    found = central.call("get_work", token=TOKEN, worker=worker, host="h", current_tasks=[])
    assert found["task_id"] == task


def give_back(central, worker, task, **resources):
    central.call("add_task", token=TOKEN, **scheduled(worker, task, status="DONE", resources=resources))


def good(world):
    record = world.store.read(ID)
    return record is not None and record.state.good


def test_a_run_ends_as_it_does_without_a_scheduler(world, central, job, tmp_path):
    code, said = job.run(*RUN)

    assert code == 0, said
    assert good(world)
    assert world.store.read(ID).worker == "job-1"
    assert central.metrics()[HELD] == 0


def test_only_family_pipeline_and_moment_reach_the_scheduler(world, central, job):
    job.run(*RUN)

    known = central.call("task_list", token=TOKEN, status="", upstream_status="")
    assert {name for task in known.values() for name in task["params"]} <= {"pipeline", "moment", "source"}
    workers = central.call("worker_list", token=TOKEN)
    assert {name for worker in workers for name in worker} & {"username", "pid", "salt"} == set()
    everything = central.state.read_bytes()
    addresses = [row["C_EmailAddress"] for row in world.contacts("C_EmailAddress")]
    assert len(addresses) == 100
    assert not any(address.encode() in everything for address in addresses)


def test_a_failed_runs_words_stay_with_the_run(world, central, job):
    world.control(
        "POST",
        "faults",
        [
            {
                "system": "eloqua",
                "path": "/exports",
                "times": None,
                "action": "status",
                "status": 400,
                "body": "a-secret",
            }
        ],
    )

    code, _ = job.run(*RUN)

    assert code == 3
    failed = central.call("task_list", token=TOKEN, status="FAILED", upstream_status="")
    (task,) = failed
    told = central.call("fetch_error", token=TOKEN, task_id=task)["error"]
    assert json.loads(told).isidentifier()


def test_a_killed_pods_successor_takes_its_task_back_at_once(world, central, job, wait_until):
    """The dead worker would count as alive for ten minutes; the Job's name makes them one."""
    hang(world, "/syncs")
    process = job.start(*RUN)
    wait_until(lambda: held(world))
    process.kill()
    process.wait()
    let_go(world)
    assert central.metrics()[HELD] == 1

    code, said = job.run(*RUN)

    assert code == 0, said
    assert "waiting for a turn" not in said
    assert world.store.read(ID).tries == 2
    assert central.metrics()[HELD] == 0


def test_a_pod_that_is_told_to_end_frees_its_share_at_once(world, central, job, wait_until):
    hang(world, "/syncs")
    process = job.start(*RUN)
    wait_until(lambda: held(world))
    process.send_signal(signal.SIGTERM)

    assert process.wait() == 143
    assert central.metrics()[HELD] == 0


def test_a_killed_pods_share_is_free_after_the_timeout(
    world, job, central, wait_until, tmp_path_factory, monkeypatch
):
    central.end()
    central._settings["scheduler.worker_timeout_s"] = 15  # longer than any other job takes to start
    central.start()
    hang(world, "/syncs")
    process = job.start(*RUN, **{"scheduler.worker_timeout_s": 15})
    wait_until(lambda: held(world))
    process.kill()
    process.wait()
    let_go(world)

    code, said = job.run(*RUN, name="another-job")

    assert code == 0, said
    assert said.count("waiting for a turn") == 1, "it is told once a minute"
    assert central.metrics()[HELD] == 0


def test_a_run_waits_while_others_hold_the_quota(world, central, job, wait_until):
    for number in ("1", "2"):
        take(central, f"other-{number}", f"T{number}", eloqua_bulk=1)
    world.control("DELETE", "requests")
    process = job.start(*RUN)
    wait_until(lambda: "waiting for a turn at the scheduler" in job.said)
    assert world.requests(path="/syncs") == []

    give_back(central, "other-1", "T1", eloqua_bulk=1)

    assert process.wait() == 0, job.said
    assert good(world)


def test_a_run_that_waits_too_long_says_so_and_may_be_tried_again(world, central, job):
    for number in ("1", "2"):
        take(central, f"other-{number}", f"T{number}", eloqua_bulk=1)

    code, said = job.run(*RUN, **{"scheduler.wait_minutes": 0})

    assert code == 75
    assert "waited 0 minutes for a turn at the scheduler" in said
    assert world.store.read(ID).error["step"] == "scheduler"


def test_a_pipeline_whose_run_is_under_way_is_waited_for_and_then_told_as_it_is(
    world, central, job, wait_until
):
    hang(world, "/syncs")
    first = job.start(*RUN)
    wait_until(lambda: held(world))
    second = job.start(*RUN, name="job-2")
    wait_until(lambda: "waiting for another run of enrich-campaign-members" in job.said)
    let_go(world)

    assert first.wait() == 0
    assert second.wait() == 0
    assert "This run had ended well before; nothing was done now." in job.said
    assert world.store.read(ID).tries == 1


def test_a_task_that_another_worker_runs_is_waited_for_and_the_store_is_believed(
    world, central, job, wait_until
):
    """As where two pods share a volume that knows no locks. The other one says DONE, and there is nothing."""
    job.run("plan", *RUN[1:])
    known = central.call("task_list", token=TOKEN, status="", upstream_status="")
    (plan,) = (task for task in known if task.startswith("scc.Plan"))
    for step in ("plan", "export/records"):
        world.store.folder(ID).joinpath(step, "manifest.json").unlink()
    take(central, "another", plan)

    process = job.start("plan", *RUN[1:], name="job-2")
    wait_until(lambda: "waiting for a turn at the scheduler" in job.said)
    give_back(central, "another", plan)

    assert process.wait() == 0, job.said
    assert world.store.plan(ID).exists()


def test_the_scheduler_may_be_away_in_the_middle_of_a_run(world, central, job, wait_until):
    hang(world, "/syncs")
    process = job.start(*RUN)
    wait_until(lambda: held(world))
    central.kill()
    let_go(world)
    wait_until(lambda: world.store.export(ID, "records").exists())
    central.start()

    assert process.wait() == 0, job.said
    assert good(world)
    assert central.metrics()[HELD] == 0


def test_a_scheduler_that_forgot_everything_is_told_again(world, central, job, wait_until):
    hang(world, "/syncs")
    process = job.start(*RUN)
    wait_until(lambda: held(world))
    central.kill()
    central.state.unlink()
    central.start()
    let_go(world)

    assert process.wait() == 0, job.said
    assert "it is announced again" in job.said
    assert good(world)


def test_a_scheduler_that_knows_half_of_a_run_is_told_the_rest(world, central, job, wait_until, monkeypatch):
    """It was killed, having saved, between two tasks of one announcement; a minute is too long for a test."""
    monkeypatch.setattr(scheduling, "_TELL_S", 0.5)
    path = world.folder / "done"

    class Leaf(luigi.Task):
        resources = {"eloqua_bulk": 2}  # noqa: RUF012 - as Luigi has it

        def output(self):
            return luigi.LocalTarget(path.with_name("leaf"))

        def run(self):
            path.with_name("leaf").touch()

    class Top(Leaf):
        resources = {}  # noqa: RUF012 - as above

        def requires(self):
            return Leaf()

        def output(self):
            return luigi.LocalTarget(path)

        def run(self):
            path.touch()

    take(central, "other", "T1", eloqua_bulk=1)
    settings = Scheduler(url=central.url, token=SecretStr(TOKEN), worker_timeout_s=600)
    turns = Scheduling({}, settings, "job-1")
    at_work = threading.Thread(target=turns.work, args=([Top()], []), daemon=True)
    at_work.start()
    wait_until(lambda: len(central.call("task_list", token=TOKEN, status="", upstream_status="")) == 3)
    central.end()
    tasks, workers, *rest = pickle.loads(central.state.read_bytes())
    leaf = tasks.pop(Leaf().task_id)
    for worker in workers.values():
        worker.tasks.discard(leaf)
    central.state.write_bytes(pickle.dumps((tasks, workers, *rest)))
    central.start()
    give_back(central, "other", "T1", eloqua_bulk=1)

    at_work.join()

    assert path.exists()


def test_work_that_is_done_counts_though_the_scheduler_is_gone(world, central, job, wait_until):
    hang(world, "/syncs", after=1)
    process = job.start(*RUN, **{"scheduler.patience_minutes": 0})
    wait_until(lambda: held(world))
    central.kill()
    let_go(world)

    assert process.wait() == 0, job.said
    assert "the work is done, but the scheduler could not be told" in job.said
    assert good(world)


def test_without_a_scheduler_nothing_is_begun(world, central, job):
    central.kill()
    world.control("DELETE", "requests")

    code, said = job.run(*RUN, **{"scheduler.patience_minutes": 0})

    assert code == 75
    assert "Error: scheduler: " in said
    assert world.requests() == []


def test_a_wrong_token_is_told_and_not_shown(world, central, job):
    code, said = job.run(*RUN, **{"scheduler.token": "another-token-of-somebody"})

    assert code == 3
    assert "the scheduler answered 401: it does not let this run in" in said
    assert "another-token" not in said + central.log.read_text()


def test_doctor_tells_whether_the_scheduler_lets_it_in(world, central):
    good = world.scc("doctor")
    central.kill()
    away = world.scc("doctor", "--json")

    assert f"scheduler: {central.url}, eloqua_bulk 0 of 2 held, salesforce_bulk 0 of 2 held" in good.stdout
    (check,) = (one for one in json.loads(away.stdout)["checks"] if one["name"] == "scheduler")
    assert (check["state"], check["exit_code"]) == ("failed", 75)


def test_a_task_that_the_run_did_not_ask_for_is_not_run(world, central, job):
    """Luigi's worker imports and runs what the scheduler names: here that would leave a file."""
    worker = f"job-1/{ID}"
    central.call(
        "add_task",
        token=TOKEN,
        **scheduled(worker, "planted", module="antigravity", family="Planted", priority=99),
    )

    code, said = job.run(*RUN)

    assert code == 0, said
    assert "offers a task that is not of this run" in said
    assert "planted" in central.call("task_list", token=TOKEN, status="FAILED", upstream_status="")


def test_a_plan_that_writes_to_both_systems_holds_a_share_in_both(world, central, job, wait_until):
    quotas = [
        HELD,
        'scc_scheduler_resource_used{resource="salesforce_bulk"}',
    ]
    forget_bounces(world)
    config = world.folder / "scc.toml"
    config.write_text(config.read_text() + MARKS)
    code, said = job.run("plan", *BOUNCES)
    assert code == 0, said
    assert [central.metrics()[one] for one in quotas] == [0, 0]
    hang(world, "/syncs")
    process = job.start("run", *BOUNCES)
    wait_until(lambda: held(world) or process.poll() is not None)

    assert [central.metrics()[one] for one in quotas] == [1, 1], job.said
    let_go(world)
    assert process.wait() == 0, job.said


@pytest.mark.parametrize("reserve", [1, 10_000_000])
def test_the_days_reserve_of_salesforce_requests_is_kept(world, job, reserve):
    before = world.dump()

    code, said = job.run(*RUN, **{"flow.salesforce_reserve": reserve})

    kept = reserve > 1
    assert code == (3 if kept else 0), said
    assert (f"and {reserve:,} are kept for others" in said) == kept
    assert (world.dump() == before) == kept


def test_the_days_requests_are_shared_by_steps_that_work_at_the_same_time(world, central, job, wait_until):
    """Of 100,000 a day somebody holds so many that the next step's share is not free."""
    central.call("update_resource", token=TOKEN, resource="salesforce_requests", amount=100_000)
    take(central, "other", "T1", salesforce_requests=99_000)
    reserved = {"flow.salesforce_reserve": 500, "flow.salesforce_step_requests": 1_000}
    process = job.start(*RUN, **reserved)
    wait_until(lambda: "waiting for a turn at the scheduler" in job.said or process.poll() is not None)
    assert world.requests(path="/jobs/query") == world.requests(path="/query") == []
    left = central.metrics()['scc_scheduler_resource_limit{resource="salesforce_requests"}']
    assert 99_000 < left < 99_500

    give_back(central, "other", "T1", salesforce_requests=99_000)

    assert process.wait() == 0, job.said
    assert good(world)
    assert central.metrics()['scc_scheduler_resource_used{resource="salesforce_requests"}'] == 0
