"""What the scheduler tells Prometheus."""

from __future__ import annotations

import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.services.scheduler import SchedulerProcess, scheduled


def test_tasks_workers_and_quotas_are_counted(tmp_path):
    with SchedulerProcess(tmp_path, **{"flow.eloqua_bulk": 3}) as scheduler:
        for name in ("T1", "T2"):
            scheduler.call("add_task", **scheduled("w1", name, family="Export", resources={"eloqua_bulk": 1}))
        scheduler.call("get_work", worker="w1", host="h", current_tasks=[])
        scheduler.call("add_task", **scheduled("w2", "T3", family="Plan", status="DONE"))

        told = scheduler.metrics()

    assert told['scc_scheduler_tasks{family="Export",status="RUNNING"}'] == 1
    assert told['scc_scheduler_tasks{family="Export",status="PENDING"}'] == 1
    assert told['scc_scheduler_tasks{family="Plan",status="DONE"}'] == 1
    assert told["scc_scheduler_workers"] == 2
    assert told['scc_scheduler_resource_used{resource="eloqua_bulk"}'] == 1
    assert told['scc_scheduler_resource_limit{resource="eloqua_bulk"}'] == 3
    assert told['scc_scheduler_resource_limit{resource="salesforce_bulk"}'] == 2
    assert told["scc_scheduler_longest_wait_seconds"] > 0
    assert 0 <= told["scc_scheduler_state_age_seconds"] < 60
    assert told["scc_scheduler_paused"] == 0
    assert told['luigi_task_started_total{family="Export"}'] == 1
    assert told['luigi_task_done_total{family="Plan"}'] == 1


@pytest.mark.parametrize("status", ["DISABLED", "FAILED"])
def test_a_task_that_never_started_may_end(tmp_path, status):
    """Luigi's own collector fails on it, and the call with it."""
    with SchedulerProcess(tmp_path) as scheduler:
        scheduler.call("add_task", **scheduled("w1", "T1", status=status))

        told = scheduler.metrics()

    assert told[f'scc_scheduler_tasks{{family="Made",status="{status}"}}'] == 1
    assert told[f'luigi_task_{status.lower()}_total{{family="Made"}}'] == 1


def test_the_page_is_in_the_format_that_prometheus_reads(tmp_path):
    with SchedulerProcess(tmp_path) as scheduler:
        answer = scheduler.request("GET", "/metrics")

    assert answer.headers["Content-Type"].startswith("text/plain")
    assert {one.name for one in text_string_to_metric_families(answer.data.decode())} >= {
        "scc_scheduler_workers",
        "scc_scheduler_resource_used",
    }
