"""Production on one machine, for three minutes: `make demo-cluster`.

A sandbox, PostgreSQL, the central scheduler, Pushgateway, Prometheus and Alertmanager, all real; five pipelines that
are started each minute as Kubernetes would start them; people who change and approve things; and what goes wrong in
real life, on purpose.
"""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias

import urllib3
from tests.services.postgres import Postgres
from tests.services.prometheus import Alertmanager, Prometheus, Pushgateway
from tests.services.scheduler import SchedulerProcess

TOKEN, PASSWORD = "the-demo-shows-its-token", "the-demo-shows-its-password"
WEBHOOK = "services/T00000000/B00000000/sandbox"
PIPELINES = ("enrich-campaign-members", "hard-bounces", "restore-contacts", "purge-contacts", "clean-outputs")
RETRY = {75, 137, 143, -9, -15}
"""Exit codes after which Kubernetes starts another pod of the same Job (see docs/jobs.md)."""
MEANINGS = {5: "waits for a person's approval", 75: "ended, a system is out of reach", -9: "was killed"}
TRIES = 3
ROUND_S = 60

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
    jobs: list[threading.Thread] = field(default_factory=list)
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

    def log(self, job: str) -> Path:
        (self.folder / "logs").mkdir(exist_ok=True)
        return self.folder / "logs" / f"{job}.log"

    def start_jobs(self, names: dict[str, str]) -> None:
        """A Job a pipeline, beside each other; `names` by pipeline."""
        for pipeline, name in names.items():
            self.jobs.append(threading.Thread(target=self.job, args=(pipeline, name)))
            self.jobs[-1].start()

    def job(self, pipeline: str, name: str) -> None:
        """A Kubernetes Job: its pod is started again where the exit code says that this is worth it."""
        for attempt in range(1, TRIES + 1):
            with self.log(name).open("ab") as log:
                pod = subprocess.Popen(
                    [sys.executable, "-m", "scc", "job", pipeline, "--job-name", name],
                    cwd=self.folder,
                    stdout=log,
                    stderr=log,
                )
            self.pods[pipeline] = pod
            code = pod.wait()
            if code:
                self.say(
                    f"  {name}: pod {attempt} {MEANINGS.get(code, f'ended, see {self.log(name)}')} ({code})"
                )
            if code not in RETRY:
                return
            time.sleep(1)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seconds", type=int, default=180, help="how long the pipelines are started")
    options.add_argument(
        "--keep",
        action="store_true",
        default=sys.stdin.isatty(),
        help="leave all running at the end, until Ctrl-C; by itself at a terminal",
    )
    wishes = options.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the servers end too
    with ExitStack() as stack:
        cluster = start(stack)
        work(cluster, wishes.seconds)
        tell(cluster)
        if wishes.keep:
            print("\nAll of it goes on running; Ctrl-C ends it.", flush=True)
            _until_interrupted()
        else:
            print("\nAll of it ends now; with `make demo-cluster ARGS=--keep` it goes on running.")


def start(stack: ExitStack) -> Cluster:
    """Start every server; all of them end with the stack."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="scc-cluster-")))
    print("Starting a sandbox, PostgreSQL, the scheduler, Pushgateway, Prometheus, Alertmanager ...")
    sandbox = _sandbox(stack, folder)
    postgres = stack.enter_context(Postgres())
    ledger = postgres.create_database("scc")
    keys = {
        "scheduler.token": TOKEN,
        "scheduler.password": PASSWORD,
        "scheduler.worker_timeout_s": 10,
        "scheduler.task_history": ledger,
    }
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
            scrape={
                "pushgateway": pushgateway.address,
                "scc-scheduler": scheduler.url.removeprefix("http://"),
            },
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
    """Start each pipeline each minute, and let people and troubles come in between."""
    cluster.started = time.monotonic()
    minute = int(time.time() // 60)
    rounds = [
        (number * ROUND_S, f"{len(PIPELINES)} CronJobs make a Job each", _round(cluster, minute + number))
        for number in range(seconds // ROUND_S + 1)
    ]
    events = sorted([*rounds, *_events(cluster, minute)], key=lambda event: event[0])
    for at, what, cause in (event for event in events if event[0] <= seconds):
        time.sleep(max(0.0, cluster.started + at - time.monotonic()))
        cluster.say(what)
        cause()
    for job in cluster.jobs:
        job.join()
    time.sleep(2 * 1.0)  # the last pushes are scraped and looked at


def _round(cluster: Cluster, minute: int) -> Callable[[], None]:
    return lambda: cluster.start_jobs({name: f"{name}-{minute}" for name in PIPELINES})


Event: TypeAlias = tuple[float, str, Callable[[], object]]


def _events(cluster: Cluster, minute: int) -> list[Event]:
    """Seconds after the start, what happens, and what makes it."""
    out_of_order = {
        "system": "salesforce",
        "path": "/query",
        "times": None,
        "action": "status",
        "status": 503,
    }
    throttled = {"system": "eloqua", "times": None, "probability": 0.2, "action": "status", "status": 429}
    sync_error = {"system": "eloqua", "path": "/imports", "times": 1, "action": "sync-error"}

    def well() -> None:
        cluster.control("DELETE", "faults")

    return [
        (0, "Eloqua answers every fifth call with 429", lambda: cluster.fault(**throttled)),
        (2, "a pod is killed as soon as it is at work", lambda: _kill(cluster, PIPELINES[0])),
        (40, "Eloqua is well again", well),
        (45, "marketing renames forty campaigns", lambda: _rename(cluster, 40)),
        (58, "the next sync of an import in Eloqua will end in error", lambda: cluster.fault(**sync_error)),
        (63, "the scheduler is killed, and started again two seconds later", lambda: _restart(cluster)),
        (66, "PostgreSQL is restarted", cluster.postgres.restart),
        (
            95,
            "a person approves the purge's plan, and makes a Job by hand",
            lambda: _approve(cluster, minute),
        ),
        (110, "marketing renames ten campaigns", lambda: _rename(cluster, 10)),
        (118, "Salesforce is out of order", lambda: cluster.fault(**out_of_order)),
        (165, "Salesforce is well again", well),
    ]


def _rename(cluster: Cluster, count: int) -> None:
    import pyarrow as pa

    from scc.salesforce import ClientCredentials, SalesforceClient, soql

    client = SalesforceClient(auth=ClientCredentials(cluster.sandbox, "sandbox-client", "sandbox-secret"))
    found = client.query(soql.select("Campaign", ["Id", "Name"]))
    campaigns = pa.Table.from_batches(found).slice(0, count).to_pylist()
    stamp = f"{time.monotonic() - cluster.started:.0f}"
    renamed = [{"Id": one["Id"], "Name": f"{one['Name'][:60]} ({stamp})"} for one in campaigns]
    for saved in client.rest.save("update", "Campaign", renamed):
        if saved.code:
            raise SystemExit(f"the sandbox did not rename a campaign: {saved.code}")


def _kill(cluster: Cluster, pipeline: str) -> None:
    while not list((cluster.folder / "scc-data" / pipeline).glob("*/run.json")):
        time.sleep(0.1)
    time.sleep(1)
    cluster.pods[pipeline].kill()


def _restart(cluster: Cluster) -> None:
    cluster.scheduler.kill()
    time.sleep(2)
    cluster.scheduler.start()


def _approve(cluster: Cluster, minute: int) -> None:
    run = f"purge-contacts@{datetime.fromtimestamp(minute * 60, UTC):%Y-%m-%dT%H:%MZ}"
    digest = json.loads(cluster.scc("show", run, "--json"))["plan_digest"]
    print(cluster.scc("approve", run, "--digest", digest[:12], "--by", "demo"), end="")
    cluster.start_jobs({"purge-contacts": "purge-by-hand"})


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
        "the scheduler": f"{_with_password(cluster.scheduler.url)}/static/visualiser/index.html",
        "Prometheus' alerts": f"{cluster.prometheus.url}/classic/alerts",
        "Alertmanager's alerts": f"{cluster.alertmanager.url}/api/v2/alerts",  # Debian's has no pages
        "the Pushgateway": f"{cluster.pushgateway.url}/metrics",
    }
    for what, address in pages.items():
        print(f"  {what:36} {address}")
    print(f"  {'configuration, runs, logs':36} {cluster.folder}")


def _with_password(url: str) -> str:
    return url.replace("://", f"://demo:{PASSWORD}@")


def _until_interrupted() -> None:
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        print()


if __name__ == "__main__":
    main()
