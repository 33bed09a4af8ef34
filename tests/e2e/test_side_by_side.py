"""Three workers, five pipelines, one scheduler, one database: and all of them fail in the middle."""

from __future__ import annotations

import re
import subprocess
import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, cast

import psycopg
import pyarrow as pa
import pytest
from tests.flows.bounce_world import MARKS, forget_bounces
from tests.flows.conftest import World, server, wait_until
from tests.services.scheduler import SchedulerProcess

from scc.core.runs import RunId
from scc.sandbox import demo
from scc.sandbox.eloqua.store import EloquaStore

__all__ = ["server", "wait_until"]

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

AT = "2026-11-22T10:15Z"
# What one worker runs stands in the order that its effects need: a purge sees which addresses bounced.
WORKERS = {
    "job-bounces": ["hard-bounces", "purge-contacts"],
    "job-members": ["enrich-campaign-members", "clean-outputs"],
    "job-restore": ["restore-contacts"],
}
TOKEN = "a-token-for-the-jobs"
AGES = 3600
WAITS = "waiting for a turn at the scheduler"
WHEN_WRITING = {
    "system": "eloqua",
    "method": "POST",
    "path": "/customObjects/[0-9]+/imports$",
    "times": 1,
    "action": "hang",
    "when": "after",
}
JUNK = 8
WAITS_FOR_A_PERSON = 5
WRITES = re.compile(r"^(POST .*/imports/N/data|DELETE .*/data/contact/N|(PATCH|POST|PUT) /services/data/.*)$")
CONFIG = """
[ledger]
url = "{database}"

[scheduler]
url = "{scheduler}"
token = "{token}"

[pipelines.purge-contacts]
target_contacts = {target}
margin = 0.0
max_share = 1.0
"""


@dataclass
class Worker:
    """What Kubernetes does with a Job: start its pod, and start it again when it ended badly; and a person,
    who approves what waits for that."""

    world: World
    name: str
    pipelines: list[str]
    pods: list[int] = field(default_factory=list)
    process: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        self.thread = threading.Thread(target=self._work)

    def _work(self) -> None:
        for pipeline in self.pipelines:
            while not self._pod(pipeline):
                pass

    def _pod(self, pipeline: str) -> bool:
        """Whether this pod brought the run to its end. Four tries, as a Job's backoff limit has it."""
        with (self.world.folder / f"{self.name}.log").open("ab") as log:
            self.process = subprocess.Popen(
                self.world.command("job", pipeline, "--at", AT),
                env={**self.world.environment, "SCC_JOB_NAME": f"{self.name}-{pipeline}"},
                cwd=self.world.folder,
                stdout=log,
                stderr=log,
            )
            self.pods.append(self.process.wait())
        if self.pods[-1] == WAITS_FOR_A_PERSON:
            approve(self.world, pipeline)
        return self.pods[-1] == 0 or len(self.pods) > 4 + len(self.pipelines)

    @property
    def said(self) -> str:
        log = self.world.folder / f"{self.name}.log"
        return log.read_text(encoding="utf-8") if log.exists() else ""


def approve(world: World, pipeline: str) -> None:
    """The first plan that deletes is always for a person to judge."""
    done = world.approve(f"{pipeline}@{AT}")
    assert done.returncode == 0, done.stderr


def fill(world: World, config: str) -> None:
    world.sandbox.state.reset(1)
    demo.fill(world.sandbox.state, contacts=100, campaign_members=120, seed=1)
    junk = [f"somebody-{number}@mailinator.com" for number in range(JUNK)]
    world.sandbox.state.store(EloquaStore).load_contacts(
        pa.table({"C_EmailAddress": junk, "createdAt": ["2020-03-01 00:00:00"] * JUNK})
    )
    forget_bounces(world)
    world.configure(config + MARKS)


def undisturbed(server, folder) -> tuple[list[str], Counter[str]]:
    """The end state of the same runs, one after the other, each in peace; and what was written for it."""
    world = World(server, folder)
    fill(world, CONFIG_ALONE)
    before = world.dump()
    for pipelines in WORKERS.values():
        for pipeline in pipelines:
            done = world.scc("run", pipeline, "--at", AT)
            if done.returncode == WAITS_FOR_A_PERSON:
                approve(world, pipeline)
                done = world.scc("run", pipeline, "--at", AT)
            assert done.returncode == 0, done.stderr
    assert len(world.dump()) < len(before)
    return world.dump(), written(world)


def written(world: World) -> Counter[str]:
    """How often records were sent to be written, or deleted, by the kind of call: ids are those of a run."""
    calls = (f"{one['method']} {one['path']}" for one in world.requests() if one["status"] in range(200, 300))
    kinds = Counter(re.sub(r"/(\d+|7[0-9A-Za-z]{17})(?=/|$)", "/N", one) for one in calls)
    return Counter({kind: kinds[kind] for kind in kinds if WRITES.search(kind)})


CONFIG_ALONE = CONFIG[CONFIG.index("[pipelines") :].format(target=100 + JUNK // 2)


def most_syncs(world: World) -> int:
    """The most Eloqua syncs that ever were under way at once."""
    eloqua = cast("Any", world.control("GET", "state")["eloqua"])
    found: int = eloqua["under_way"]["max_concurrent"]
    return found


def test_five_pipelines_end_well_whatever_is_killed(server, wait_until, postgres_server, tmp_path_factory):
    expected, once = undisturbed(server, tmp_path_factory.mktemp("alone"))
    world = World(server, tmp_path_factory.mktemp("together"))
    database = postgres_server.create_database()
    places = {"scheduler.token": TOKEN, "flow.eloqua_bulk": 2, "ledger.url": database}
    with SchedulerProcess(tmp_path_factory.mktemp("scheduler"), **places) as scheduler:
        text = CONFIG.format(database=database, scheduler=scheduler.url, token=TOKEN, target=100 + JUNK // 2)
        fill(world, text)
        world.control("POST", "transitions", {"mode": "time", "seconds": AGES})
        world.control("POST", "faults", [WHEN_WRITING])
        workers = [Worker(world, name, pipelines) for name, pipelines in WORKERS.items()]
        *first, third = workers

        # Two syncs that do not end, and then a third worker that waits for one of them: over the scheduler's death too.
        for worker in first:
            worker.thread.start()
        wait_until(lambda: most_syncs(world) == 2)
        third.thread.start()
        wait_until(lambda: WAITS in third.said)
        scheduler.kill()
        scheduler.start()
        world.control("POST", "transitions", {"mode": "time", "seconds": 0.2})
        world.control("POST", "clock", {"advance_s": AGES})
        wait_until(lambda: world.control("GET", "held")["held"] == 1)
        members = workers[1]
        assert members.process is not None
        members.process.kill()
        world.control("DELETE", "faults")
        world.control("POST", "release")
        postgres_server.restart()
        for worker in workers:
            worker.thread.join()

        assert [worker.pods[-1] for worker in workers] == [0, 0, 0], "".join(one.said for one in workers)
        assert -9 in members.pods
        most = most_syncs(world)
        held = scheduler.metrics()['scc_scheduler_resource_used{resource="eloqua_bulk"}']
    assert most == 2
    assert held == 0
    assert world.dump() == expected
    assert len(once) > 1
    assert written(world) == once, "what a killed worker or scheduler had sent was not sent again"
    records = [world.store.read(RunId.parse(f"{one}@{AT}")) for name in WORKERS for one in WORKERS[name]]
    assert all(record is not None and record.state.good for record in records)
    check_ledger(database, {one.pipeline: one for one in records if one})
    check_history(database)


def check_ledger(database, records) -> None:
    """Each run is there with its end, and each of its tries."""
    with psycopg.connect(database) as connection:
        found = connection.execute(
            "SELECT pipeline, try, state, worker, ended_at IS NOT NULL FROM scc_runs ORDER BY pipeline, try"
        ).fetchall()
    last = {row[0]: row for row in found}
    assert {name: row[1:] for name, row in last.items()} == {
        name: (record.tries, str(record.state), record.worker, True) for name, record in records.items()
    }
    assert len(found) == sum(record.tries for record in records.values())
    assert [row[0] for row in found if row[2] == "lost"] == ["enrich-campaign-members"]
    assert {row[2] for row in found} <= {"done", "nothing-to-do", "stopped", "lost"}


def check_history(database) -> None:
    """Luigi's own history has the tasks of every pipeline, and that they were done."""
    with psycopg.connect(database) as connection:
        done = connection.execute(
            "SELECT DISTINCT p.value FROM luigi.tasks t JOIN luigi.task_events e ON e.task_id = t.id "
            "JOIN luigi.task_parameters p ON p.task_id = t.id AND p.name = 'pipeline' "
            "WHERE t.name = 'scc.Apply' AND e.event_name = 'DONE'"
        ).fetchall()
    assert {row[0] for row in done} == {one for several in WORKERS.values() for one in several}
