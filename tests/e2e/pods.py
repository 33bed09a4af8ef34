"""The pods that are rendered, as containers: by podman, as a restricted cluster runs them."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.deploy.conftest import pods, rendered
from tests.flows.conftest import World

__all__ = ["USER", "Pods", "job"]

USER = 1000650000
RESTRICTED = (
    "podman", "--runtime=runc", "run", "--rm", "--network=host", "--ulimit=nofile=1024:1024",
    "--ulimit=nproc=1000:1000", f"--user={USER}:0", f"--group-add={USER}", "--cap-drop=ALL",
    "--security-opt=no-new-privileges", "--read-only", "--read-only-tmpfs=false",
)  # fmt: skip
BEGUN = int(datetime.now(UTC).timestamp()) // 60
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


def job(pipeline, minutes=0):
    """The name that a CronJob's controller gives the Job of so many minutes before the tests began.

    Other `minutes`, another Job: also where the clock goes from one minute to the next in a test.
    """
    return f"scc-{pipeline}-{BEGUN - minutes}"
