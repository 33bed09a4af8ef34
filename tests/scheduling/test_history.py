"""Luigi's own task history in PostgreSQL, which may be away when the scheduler starts, and later."""

from __future__ import annotations

import psycopg
import pytest
from tests.services.scheduler import SchedulerProcess, scheduled

pytestmark = pytest.mark.e2e

EVENTS = """
SELECT t.task_id, t.name, t.host, e.event_name, p.value FROM luigi.tasks t
JOIN luigi.task_events e ON e.task_id = t.id
LEFT JOIN luigi.task_parameters p ON p.task_id = t.id AND p.name = 'pipeline'
ORDER BY e.id
"""


def ready(connection):
    return connection.execute("SELECT to_regclass('luigi.task_events') IS NOT NULL").fetchall()[0][0]


def events(url):
    with psycopg.connect(url) as connection:
        return connection.execute(EVENTS).fetchall() if ready(connection) else []


def work(scheduler, task):
    announced = scheduled("w1", task, family="scc.Plan", params={"pipeline": "p"})
    scheduler.call("add_task", **announced)
    scheduler.call("get_work", worker="w1", host="pod-1", current_tasks=[])
    scheduler.call("add_task", **{**announced, "status": "DONE"})


def told(task):
    return [(task, "scc.Plan", "pod-1", name, "p") for name in ("PENDING", "RUNNING", "DONE")]


def test_events_are_in_the_ledgers_database_and_on_the_page(tmp_path, postgres, wait_until):
    with SchedulerProcess(tmp_path, **{"ledger.url": postgres}) as scheduler:
        work(scheduler, "T1")
        wait_until(lambda: len(events(postgres)) == 3)

        assert events(postgres) == told("T1")
        assert scheduler.call("has_task_history") is True
        assert b"scc.Plan" in scheduler.request("GET", "/history").data
        assert b"DONE" in scheduler.request("GET", "/history/by_task_id/T1").data
        assert scheduler.request("GET", "/tasklist").status == 404


def test_a_database_that_is_away_at_the_start_delays_nothing(tmp_path, postgres_server, postgres, wait_until):
    postgres_server.stop()
    try:
        with SchedulerProcess(tmp_path, **{"scheduler.task_history": postgres}) as scheduler:
            work(scheduler, "T1")
            assert list(scheduler.tasks(status="DONE")) == ["T1"]
            wait_until(lambda: "the task history waits for its database" in scheduler.log.read_text())
            postgres_server.start()
            wait_until(lambda: len(events(postgres)) == 3)

            assert events(postgres) == told("T1")
            assert postgres not in scheduler.log.read_text()
    finally:
        postgres_server.restart()


def test_a_database_that_restarts_loses_no_event(tmp_path, postgres_server, postgres, wait_until):
    with SchedulerProcess(tmp_path, **{"scheduler.task_history": postgres}) as scheduler:
        work(scheduler, "T1")
        wait_until(lambda: len(events(postgres)) == 3)
        postgres_server.restart()
        work(scheduler, "T2")
        wait_until(lambda: len(events(postgres)) == 6)

        assert events(postgres) == told("T1") + told("T2")


def test_an_end_by_a_signal_writes_what_waits(tmp_path, postgres, wait_until):
    with SchedulerProcess(tmp_path, **{"scheduler.task_history": postgres}) as scheduler:
        with psycopg.connect(postgres, autocommit=True) as connection:
            wait_until(lambda: ready(connection))
        work(scheduler, "T1")
        scheduler.end()

    assert events(postgres) == told("T1")
