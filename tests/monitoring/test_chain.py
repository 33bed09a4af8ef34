"""The whole way with the real programs: a job's push, the scrape, the alert, Alertmanager, Slack; and back."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from tests.flows.conftest import World, refill
from tests.monitoring.test_dashboard import DASHBOARD, expressions
from tests.services.prometheus import Alertmanager, Prometheus, Pushgateway, wait_for
from tests.services.scheduler import SchedulerProcess

from scc.core.runs import RunId, format_moment
from scc.monitoring.alerts import groups
from scc.monitoring.metrics import PushedMetrics
from scc.monitoring.names import Metric
from scc.sandbox.app import Sandbox
from scc.sandbox.slack.plain import plain
from scc.sandbox.slack.store import SlackStore
from scc.settings import load
from scc.store.runs import RunRecord, RunState, Store

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("prometheus")]

PIPELINE = "enrich-campaign-members"
SCHEDULE = f'\n[pipelines.{PIPELINE}]\nschedule = "*/5 * * * *"\ndeadline_minutes = 2\n'


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(database=":memory:", seed=1) as sandbox:
        yield sandbox


@pytest.fixture
def gateway(tmp_path):
    with Pushgateway(tmp_path) as gateway:
        yield gateway


@pytest.fixture
def world(sandbox, gateway, tmp_path):
    world = World(sandbox, tmp_path)
    refill(world)
    world.configure(f'\n[monitoring]\npushgateway_url = "{gateway.url}"\n{SCHEDULE}')
    return world


def job(world, name, code=0):
    """Run a job as a container of that name does."""
    done = subprocess.run(
        world.command("job", PIPELINE),
        env=world.environment | {"SCC_JOB_NAME": name},
        cwd=world.folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == code, done.stderr


def names(minutes_ago):
    """The name of the Job that a CronJob made so many minutes ago."""
    moment = int(datetime.now(UTC).timestamp()) // 60 - minutes_ago
    return f"scc-{PIPELINE}-{moment}"


def test_what_a_job_pushes_is_scraped_as_one_series_a_pipeline(world, gateway, tmp_path):
    with (
        SchedulerProcess(tmp_path) as scheduler,
        Prometheus(
            tmp_path,
            scrape={"pushgateway": gateway.address, "scc-scheduler": scheduler.url.removeprefix("http://")},
        ) as prometheus,
    ):
        config = world.folder / "scc.toml"
        config.write_text(config.read_text() + f'\n[scheduler]\nurl = "{scheduler.url}"\n')
        job(world, names(minutes_ago=9))
        wait_for(lambda: prometheus.query(Metric.SUCCESS), "the scrape of the good run")
        wait_for(lambda: prometheus.query("scc_scheduler_tasks"), "the scrape of the scheduler")
        for expression in expressions(json.loads(DASHBOARD.read_text(encoding="utf-8"))):
            assert prometheus.query(expression) or "outcome=" in expression, (
                f"nothing to draw for {expression}"
            )
        world.control(
            "POST", "faults", [{"system": "eloqua", "path": "/exports$", "action": "status", "status": 400}]
        )
        job(world, names(minutes_ago=4), code=3)
        failed = f'{Metric.STATE}{{state="failed"}} == 1'
        wait_for(lambda: prometheus.query(failed), "the scrape of the failed run")

        (success,) = prometheus.query(Metric.SUCCESS)
        labels = {"__name__": str(Metric.SUCCESS), "job": "scc", "pipeline": PIPELINE}
        assert success["metric"] == labels, "honor_labels keeps job and pipeline, and adds no other"
        (completed,) = prometheus.query(Metric.COMPLETED)
        assert float(completed["value"][1]) > float(success["value"][1])
        assert prometheus.query(Metric.FAILED_TRIES)[0]["value"][1] == "1"
        (group,) = gateway.groups()
        assert {name for name in group if name.startswith("scc_")} == {str(one) for one in Metric}


def test_without_honor_labels_the_alerts_would_find_nothing(world, gateway, tmp_path):
    """Why the deployment must say it, seen once."""
    job(world, names(minutes_ago=9))
    with Prometheus(tmp_path, scrape={"pushgateway": gateway.address}, honor_labels=False) as prometheus:
        (success,) = wait_for(lambda: prometheus.query(Metric.SUCCESS), "the scrape")

    assert success["metric"]["job"] == "pushgateway"
    assert success["metric"]["exported_job"] == "scc"


def test_a_late_run_and_a_waiting_plan_reach_slack_and_so_does_their_end(sandbox, world, gateway, tmp_path):
    sandbox.state.store(SlackStore).reset()
    settings = load(world.folder / "scc.toml", {})
    rules = groups(settings)
    for rule in (rule for group in rules for rule in group["rules"]):
        rule["for"] = "0s"  # nobody waits half an hour for a test
    metrics = PushedMetrics(settings.monitoring, Store(tmp_path / "store"), settings.schedules())
    long_ago = datetime.now(UTC) - timedelta(hours=3)
    begun = RunRecord.start(
        RunId(PIPELINE, long_ago.replace(second=0)), long_ago, full=False, config_digest="c"
    )
    good = replace(begun, state=RunState.DONE, ended_at=format_moment(long_ago))
    slack = f"{sandbox.url}/services/T00000000/B00000000/sandbox"

    def told(words):
        return [one for one in sandbox.state.store(SlackStore).messages() if words in plain(one)]

    with (
        Alertmanager(tmp_path, slack) as alertmanager,
        Prometheus(
            tmp_path,
            scrape={"scc-pushgateway": gateway.address},
            groups=rules,
            alertmanager=alertmanager.address,
        ) as prometheus,
    ):
        metrics.ended(good)
        metrics.ended(replace(begun, state=RunState.STOPPED, ended_at=format_moment(long_ago)))
        wait_for(lambda: {"SccRunOverdue", "SccRunStopped"} <= prometheus.firing(), "the alerts")
        wait_for(
            lambda: told("[FIRING:1]") and told("SccRunOverdue") and told("SccRunStopped"), "the messages"
        )
        assert {one["labels"]["alertname"] for one in alertmanager.alerts()} == {
            "SccRunOverdue",
            "SccRunStopped",
        }
        runbooks = {one["annotations"]["runbook_url"] for one in alertmanager.alerts()}
        assert runbooks == {"docs/runbooks/SccRunOverdue.md", "docs/runbooks/SccRunStopped.md"}

        now = datetime.now(UTC)
        metrics.ended(replace(good, started_at=format_moment(now), ended_at=format_moment(now)))

        wait_for(lambda: len(told("[RESOLVED]")) == 2, "the messages of their end")
        assert prometheus.firing() == set()
