"""Production on one machine, for three minutes: `make demo-cluster`.

A sandbox, PostgreSQL, the central scheduler, Pushgateway, Prometheus and Alertmanager, all real; five pipelines that
are started each minute as Kubernetes would start them; and what goes wrong in real life, on purpose.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import urllib3
from tests.services.postgres import Postgres
from tests.services.prometheus import Alertmanager, Prometheus, Pushgateway
from tests.services.scheduler import SchedulerProcess

TOKEN = "the-demo-shows-its-token"
WEBHOOK = "services/T00000000/B00000000/sandbox"
PIPELINES = ("enrich-campaign-members", "hard-bounces", "restore-contacts", "purge-contacts", "clean-outputs")
RETRY = {75, 137, 143, -9, -15}
"""Exit codes after which Kubernetes starts another pod of the same Job (see docs/jobs.md)."""
TRIES = 3

CONFIG = """
[eloqua]
login_url = "{sandbox}"
company = "Acme"
user = "api.user"
password = "sandbox"

[salesforce]
login_url = "{sandbox}"
client_id = "sandbox-client"
client_secret = "sandbox-secret"

[flow]
retry_budget_s = 3.0
eloqua_bulk = 2

[ledger]
url = "{ledger}"

[scheduler]
url = "{scheduler}"
token = "{token}"
worker_timeout_s = 10

[monitoring]
pushgateway_url = "{pushgateway}"

[slack]
webhook_url = "{sandbox}/{webhook}"

[alerts]
failed_tries = 2
stopped_minutes = 1

[pipelines.enrich-campaign-members]
schedule = "* * * * *"
deadline_minutes = 1

[pipelines.hard-bounces]
schedule = "* * * * *"
deadline_minutes = 1
marks = {{ C_Lead_Status1 = "Invalid address" }}

[pipelines.restore-contacts]
schedule = "* * * * *"
deadline_minutes = 1

[pipelines.purge-contacts]
schedule = "* * * * *"
deadline_minutes = 1
target_contacts = 4900

[pipelines.clean-outputs]
schedule = "* * * * *"
deadline_minutes = 1
"""


@dataclass
class Cluster:
    """What runs, and where."""

    folder: Path
    sandbox: str
    scheduler: SchedulerProcess
    postgres: Postgres
    pushgateway: Pushgateway
    prometheus: Prometheus
    alertmanager: Alertmanager
    started: float = field(default_factory=time.monotonic)
    pods: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    http: urllib3.PoolManager = field(default_factory=lambda: urllib3.PoolManager(retries=False))

    def say(self, text: str) -> None:
        print(f"{time.monotonic() - self.started:5.0f} s  {text}", flush=True)

    def control(self, method: str, path: str, body: object = None) -> Any:
        answer = self.http.request(method, f"{self.sandbox}/_sandbox/{path}", json=body)
        return answer.json() if answer.data else None

    def fault(self, **rule: object) -> None:
        self.control("POST", "faults", [rule])

    def scc(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "scc", *arguments],
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout + done.stderr

    def job(self, pipeline: str, minute: int) -> None:
        """A Kubernetes Job: its pod is started again where the exit code says that this is worth it."""
        name = f"{pipeline}-{minute}"
        for attempt in range(1, TRIES + 1):
            with (self.folder / "jobs.log").open("ab") as log:
                pod = subprocess.Popen(
                    [sys.executable, "-m", "scc", "job", pipeline, "--job-name", name],
                    cwd=self.folder,
                    stdout=log,
                    stderr=log,
                )
            self.pods[pipeline] = pod
            code = pod.wait()
            if code:
                self.say(f"{name}: pod {attempt} ended with {code}")
            if code not in RETRY:
                return
            time.sleep(1)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seconds", type=int, default=180, help="how long the pipelines are started")
    options.add_argument("--keep", action="store_true", help="leave all running at the end, until Ctrl-C")
    wishes = options.parse_args()
    with ExitStack() as stack:
        cluster = start(stack)
        work(cluster, wishes.seconds)
        tell(cluster)
        if wishes.keep:
            print("\nCtrl-C ends it.")
            _until_interrupted()


def start(stack: ExitStack) -> Cluster:
    """Start every server; all of them end with the stack."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="scc-cluster-")))
    print("Starting a sandbox, PostgreSQL, the scheduler, Pushgateway, Prometheus, Alertmanager ...")
    sandbox = _sandbox(stack, folder)
    postgres = stack.enter_context(Postgres())
    ledger = postgres.create_database("scc")
    keys = {"scheduler.token": TOKEN, "scheduler.worker_timeout_s": 10, "scheduler.task_history": ledger}
    scheduler = stack.enter_context(SchedulerProcess(_made(folder / "scheduler"), **keys))
    pushgateway = stack.enter_context(Pushgateway(folder))
    text = CONFIG.format(
        sandbox=sandbox,
        ledger=ledger,
        scheduler=scheduler.url,
        token=TOKEN,
        pushgateway=pushgateway.url,
        webhook=WEBHOOK,
    )
    (folder / "scc.toml").write_text(text, encoding="utf-8")
    alertmanager = stack.enter_context(Alertmanager(folder, f"{sandbox}/{WEBHOOK}"))
    prometheus = stack.enter_context(
        Prometheus(
            folder,
            scrape={"pushgateway": pushgateway.address},
            groups=_rules(folder),
            alertmanager=alertmanager.address,
        )
    )
    return Cluster(folder, sandbox, scheduler, postgres, pushgateway, prometheus, alertmanager)


def _sandbox(stack: ExitStack, folder: Path) -> str:
    ready = folder / "sandbox.json"
    log = stack.enter_context((folder / "sandbox.log").open("wb"))
    process = subprocess.Popen(
        [sys.executable, "-m", "scc", "sandbox", "--port", "0", "--ready-file", str(ready)],
        stdout=log,
        stderr=log,
    )
    stack.callback(process.wait)
    stack.callback(process.terminate)
    while not ready.exists():
        if process.poll() is not None:
            sys.exit((folder / "sandbox.log").read_text(encoding="utf-8"))
        time.sleep(0.1)
    url: str = json.loads(ready.read_text(encoding="utf-8"))["url"]
    return url


def _rules(folder: Path) -> list[dict[str, Any]]:
    from scc.monitoring.alerts import groups
    from scc.settings import load

    return groups(load(folder / "scc.toml"))


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def work(cluster: Cluster, seconds: int) -> None:
    """Start each pipeline each minute, and let things go wrong in between."""
    ends = cluster.started + seconds
    trouble = threading.Thread(target=_cause, args=(cluster, ends))
    trouble.start()
    jobs: list[threading.Thread] = []
    minute = 0
    while time.monotonic() < ends:
        if (now := int(time.time() // 60)) != minute:
            minute = now
            cluster.say(f"{len(PIPELINES)} CronJobs make a Job each")
            some = [threading.Thread(target=cluster.job, args=(name, minute)) for name in PIPELINES]
            jobs += some
            for job in some:
                job.start()
        time.sleep(0.2)
    trouble.join()
    for job in jobs:
        job.join()


def _cause(cluster: Cluster, ends: float) -> None:
    for at, what, cause in _troubles(cluster):
        while time.monotonic() < cluster.started + at:
            if time.monotonic() > ends:
                return
            time.sleep(0.1)
        cluster.say(what)
        cause()


def _troubles(cluster: Cluster) -> list[tuple[float, str, Callable[[], object]]]:
    """Seconds after the start, what goes wrong, and what makes it."""
    out_of_order = {
        "system": "salesforce",
        "path": "/query",
        "times": None,
        "action": "status",
        "status": 503,
    }
    throttled = {"system": "eloqua", "times": None, "probability": 0.2, "action": "status", "status": 429}
    sync_error = {"system": "eloqua", "path": "/imports", "times": 2, "action": "sync-error"}
    return [
        (10, "Eloqua answers every fifth call with 429", lambda: cluster.fault(**throttled)),
        (25, "a pod is killed", lambda: _kill(cluster)),
        (30, "two of Eloqua's syncs will end in error", lambda: cluster.fault(**sync_error)),
        (40, "the scheduler is killed, and started again two seconds later", lambda: _restart(cluster)),
        (55, "Eloqua is well again", lambda: cluster.control("DELETE", "faults")),
        (58, "Salesforce is out of order", lambda: cluster.fault(**out_of_order)),
        (70, "PostgreSQL is restarted", cluster.postgres.restart),
        (125, "Salesforce is well again", lambda: cluster.control("DELETE", "faults")),
    ]


def _kill(cluster: Cluster) -> None:
    alive = [name for name, pod in cluster.pods.items() if pod.poll() is None]
    if alive:
        cluster.say(f"  it was that of {alive[0]}")
        cluster.pods[alive[0]].kill()


def _restart(cluster: Cluster) -> None:
    cluster.scheduler.kill()
    time.sleep(2)
    cluster.scheduler.start()


def tell(cluster: Cluster) -> None:
    """What came of it, and where to look."""
    print(f"\n$ scc history --since 1h\n{cluster.scc('history', '--since', '1h')}")
    fired = cluster.prometheus.query('max_over_time(ALERTS{alertstate="firing"}[10m])')
    print("Alerts that fired:")
    names = {(one["metric"]["alertname"], one["metric"].get("pipeline", "")) for one in fired}
    for alert, pipeline in sorted(names):
        print(f"  {alert:22} {pipeline}")
    messages = cluster.control("GET", "slack")["messages"]
    print(f"\n{len(messages)} messages in Slack. Where to look:")
    pages = {
        "the sandbox, with Slack's messages": f"{cluster.sandbox}/_sandbox/",
        "the scheduler": f"{cluster.scheduler.url}/static/visualiser/index.html",
        "Prometheus' alerts": f"{cluster.prometheus.url}/alerts",
        "Alertmanager": cluster.alertmanager.url,
        "the Pushgateway": cluster.pushgateway.url,
    }
    for what, address in pages.items():
        print(f"  {what:36} {address}")
    print(f"  {'configuration, runs, logs':36} {cluster.folder}")


def _until_interrupted() -> None:
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        print()


if __name__ == "__main__":
    main()
