"""The image, run as a restricted cluster runs it: a random user of group 0, no capability, a root that can't be
written to, an empty /tmp; by the very pods that are rendered, against a sandbox on the host."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.deploy.conftest import pods, rendered
from tests.e2e import images
from tests.e2e.cluster import free_port
from tests.flows.conftest import World, refill
from urllib3.exceptions import HTTPError

from scc.sandbox.app import Sandbox

pytestmark = [pytest.mark.containers, pytest.mark.timeout(1200), pytest.mark.xdist_group("containers")]

USER = 1000650000
LIMIT = 450_000_000
RESTRICTED = (
    "podman", "--runtime=runc", "run", "--rm", "--network=host", "--ulimit=nofile=1024:1024",
    "--ulimit=nproc=1000:1000", f"--user={USER}:0", f"--group-add={USER}", "--cap-drop=ALL",
    "--security-opt=no-new-privileges", "--read-only", "--read-only-tmpfs=false",
)  # fmt: skip
TOKEN, PASSWORD = "token-of-the-tests-1", "password-of-the-tests-1"
CONFIG = """
[eloqua]
login_url = "{url}"

[salesforce]
login_url = "{url}"

[flow]
batch_rows = 40
retry_budget_s = {budget}

[monitoring]
pushgateway_url = "http://127.0.0.1:1"
wait_s = 0.5

[deploy]
database = "none"

{more}
"""


@pytest.fixture(scope="module", params=["containerfile", "s2i"])
def image(request, tmp_path_factory):
    if request.param == "containerfile":
        return images.from_containerfile()
    return images.from_source(tmp_path_factory.mktemp("s2i"))


@pytest.fixture(scope="module")
def server():
    with Sandbox(database=":memory:", seed=1) as sandbox:
        yield sandbox


@dataclass
class Pods:
    """Starts the containers of rendered pods; what a cluster mounts are folders of the test's.

    Its containers' names are nobody else's: one that a killed test left behind is in nobody's way.
    """

    image: str
    world: World
    tag: str = field(default_factory=lambda: secrets.token_hex(4))
    started: dict[str, subprocess.Popen[str]] = field(default_factory=dict)

    @property
    def data(self) -> Path:
        return self.world.folder / "data"

    def configure(self, more: str = "", *, url: str | None = None, budget: float = 20.0) -> None:
        folder, credentials = self.world.folder, self.world.sandbox.credentials
        values = {
            "eloqua.company": credentials.eloqua.company,
            "eloqua.user": credentials.eloqua.user,
            "eloqua.password": credentials.eloqua.password,
            "salesforce.client_id": credentials.salesforce.client_id,
            "salesforce.client_secret": credentials.salesforce.client_secret,
            "scheduler.token": TOKEN,
            "scheduler.password": PASSWORD,
        }
        for name in ("config", "secrets", "data", "state"):
            (folder / name).mkdir(exist_ok=True)
        for name in ("data", "state"):  # as a kubelet does for fsGroup
            os.chown(folder / name, -1, USER)
            (folder / name).chmod(0o2775)
        for key, value in values.items():
            (folder / "secrets" / key).write_text(value, encoding="utf-8")
        text = CONFIG.format(url=url or self.world.sandbox.url, budget=budget, more=more)
        (folder / "config/scc.toml").write_text(text, encoding="utf-8")

    def command(self, owner: str, name: str, *, job: str = "by-hand", **environ: str) -> list[str]:
        """How podman starts the pod that this object makes."""
        spec = self.spec(owner)
        (one,) = spec["containers"]
        given = {
            "SCC_JOB_NAME": job,
            "SCC_JOB_UID": job,
            **{item["name"]: item["value"] for item in one["env"] if "value" in item},
            **environ,
        }
        return [
            *RESTRICTED, f"--name={name}", f"--stop-timeout={spec['terminationGracePeriodSeconds']}",
            *(f"--env={key}={value}" for key, value in given.items()),
            *(flag for mount in one["volumeMounts"] for flag in self.mount(mount)),
            *([f"--workdir={one['workingDir']}"] if "workingDir" in one else []),
            f"--entrypoint={json.dumps(one['command'])}", self.image, *one["args"],
        ]  # fmt: skip

    def spec(self, owner: str) -> dict[str, Any]:
        text = (self.world.folder / "config/scc.toml").read_text(encoding="utf-8")
        spec = pods(rendered("openshift", text))[owner]
        assert spec["securityContext"]["runAsNonRoot"]
        return {**spec, "containers": [one for one in spec["containers"] if one["name"] != "proxy"]}

    def mount(self, mount: dict[str, Any]) -> list[str]:
        if mount["name"] == "tmp":
            return [f"--mount=type=tmpfs,destination={mount['mountPath']},notmpcopyup"]
        mode = ":ro" if mount.get("readOnly") else ""
        return [f"--volume={self.world.folder / mount['name']}:{mount['mountPath']}{mode}"]

    def start(self, owner: str, **more: Any) -> subprocess.Popen[str]:
        name = f"scc-e2e-{self.tag}-{len(self.started)}"
        self.started[name] = subprocess.Popen(
            self.command(owner, name, **more), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        return self.started[name]

    def stop(self, process: subprocess.Popen[str]) -> str:
        """SIGTERM to a container that was started, and what it said."""
        (name,) = (name for name, one in self.started.items() if one is process)
        subprocess.run(["podman", "stop", name], check=False, capture_output=True)
        said, _ = process.communicate(timeout=90)
        return said

    def remove(self) -> None:
        subprocess.run(
            ["podman", "rm", "--force", "--time=0", "--ignore", *self.started],
            check=False,
            capture_output=True,
        )

    def run(self, pipeline: str, **more: Any) -> tuple[int, str]:
        """Exit code and log of a job."""
        with self.start(f"CronJob/scc-{pipeline}", **more) as process:
            said, _ = process.communicate(timeout=180)
        return process.returncode, said

    def inside(self, *command: str) -> str:
        """What a command prints in the image, as the same user."""
        done = subprocess.run(
            [*RESTRICTED, f"--entrypoint={command[0]}", self.image, *command[1:]],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        return done.stdout + done.stderr


@pytest.fixture
def cluster(image, server, tmp_path):
    world = World(server, tmp_path)
    refill(world)
    for path in ("requests", "faults"):
        world.control("DELETE", path)
    one = Pods(image, world)
    one.configure()
    try:
        yield one
    finally:
        one.remove()


def job(pipeline, minutes=0):
    """The name that a CronJob's controller would give."""
    return f"scc-{pipeline}-{int(datetime.now(UTC).timestamp()) // 60 - minutes}"


def test_the_image_is_small(image):
    assert images.size(image) < LIMIT


def test_the_image_has_no_tools_to_build_with_and_names_no_root(image, cluster):
    found = cluster.inside(
        "python", "-c", "import importlib.util as u; print(*map(u.find_spec, ('pip', 'setuptools')))"
    )
    user = subprocess.run(
        ["podman", "image", "inspect", image, "--format={{.Config.User}}"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    compilers = cluster.inside("sh", "-c", "command -v gcc cc make pip pip3; true")

    assert found.split() == ["None", "None"]
    assert user.strip().split(":")[0] == "1001"
    assert "/opt" not in compilers
    assert not {"gcc", "cc", "make"} & {Path(line).name for line in compilers.split()}


def test_byte_code_is_kept(cluster):
    code = "import scc.flow.run as m, pathlib; print(pathlib.Path(m.__cached__).exists())"

    assert cluster.inside("python", "-c", code).strip() == "True"


def test_two_jobs_and_the_scheduler_work_on_one_volume(cluster):
    port = free_port()
    url = {"SCC_SCHEDULER__URL": f"http://127.0.0.1:{port}"}
    scheduler = cluster.start(
        "Deployment/scc-scheduler",
        **url,
        SCC_SCHEDULER__ADDRESS="127.0.0.1",
        SCC_SCHEDULER__PORT=str(port),
    )
    try:
        wait_for_health(cluster, scheduler, port)
        running = [
            cluster.start(f"CronJob/scc-{name}", job=job(name), **url)
            for name in ("enrich-campaign-members", "hard-bounces")
        ]
        said = [one.communicate(timeout=240)[0] for one in running]
        counted = cluster.world.http.request("GET", f"http://127.0.0.1:{port}/metrics").data.decode()
    finally:
        said_by_it = cluster.stop(scheduler)

    assert [one.returncode for one in running] == [0, 0], said
    assert scheduler.returncode in {0, 143}, said_by_it
    assert 'luigi_task_done_total{family="' in counted
    receipts = sorted(cluster.data.glob("*/*/receipt/manifest.json"))
    assert [path.parts[-4] for path in receipts] == ["enrich-campaign-members", "hard-bounces"]
    assert {path.stat().st_uid for path in receipts} == {USER}
    assert (cluster.world.folder / "state/state").exists()


def wait_for_health(cluster, process, port):
    end = time.monotonic() + 60
    while True:
        assert process.poll() is None, process.stdout.read()
        assert time.monotonic() < end, "the scheduler does not answer"
        try:
            if (
                cluster.world.http.request("GET", f"http://127.0.0.1:{port}/healthz", retries=False).status
                == 200
            ):
                return
        except HTTPError:
            time.sleep(0.1)


def test_what_ends_a_job_is_in_its_exit_code(cluster):
    alone = {"SCC_SCHEDULER__URL": ""}
    name = "enrich-campaign-members"

    cluster.configure("[pipelines.enrich-campaign-members]\nmax_changes = 1")
    assert cluster.run(name, job=job(name, 1), **alone)[0] == 5
    (cluster.world.folder / "secrets/eloqua.password").write_text("wrong", encoding="utf-8")
    assert cluster.run(name, job=job(name, 2), **alone)[0] == 3
    (cluster.world.folder / "secrets/eloqua.password").unlink()
    assert cluster.run(name, job=job(name, 3), **alone)[0] == 2
    cluster.configure(url="http://127.0.0.1:1", budget=0.1)
    assert cluster.run(name, job=job(name, 4), **alone)[0] == 75


def test_a_pod_that_is_told_to_go_leaves_at_once_and_the_next_goes_on(cluster):
    name, alone = "enrich-campaign-members", {"SCC_SCHEDULER__URL": ""}
    hang = {
        "system": "eloqua",
        "method": "GET",
        "path": "/data",
        "times": 1,
        "action": "hang",
        "when": "before",
    }
    cluster.world.control("POST", "faults", [hang])

    process = cluster.start(f"CronJob/scc-{name}", job="scc-one", **alone)
    end = time.monotonic() + 90
    while not cluster.world.control("GET", "held")["held"]:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.1)
    said = cluster.stop(process)
    cluster.world.control("POST", "release")

    assert process.returncode == 143, said
    assert cluster.run(name, job="scc-one", **alone)[0] == 0
    (run,) = (cluster.data / name).glob("*Z")
    assert json.loads((run / "run.json").read_text())["tries"] == 2
