"""The central scheduler as a process of its own: `scc scheduler`, in a folder that outlives its ends.

with SchedulerProcess(folder) as scheduler:
    scheduler.call("task_list", status="", upstream_status="")
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import urllib3

__all__ = ["SchedulerProcess", "scheduled"]


class SchedulerProcess:
    """`settings` are keys of [scheduler] and [flow], as section.key; it keeps its port over restarts."""

    def __init__(self, folder: Path, **settings: object) -> None:
        self.folder = folder
        self.state = folder / "scc-scheduler" / "state"
        self.log = folder / "scheduler.log"
        self.url = ""
        self._port = _free_port()
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None
        self.http = urllib3.PoolManager(retries=False)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self.kill()

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self, *arguments: str) -> None:
        """Start it and wait until it listens."""
        ready = self.folder / "scheduler.json"
        ready.unlink(missing_ok=True)
        self._process = self._spawn("--ready-file", str(ready), *arguments)
        while not ready.exists():
            assert self._process.poll() is None, self.log.read_text()
            time.sleep(0.01)
        self.url = json.loads(ready.read_text())["url"]

    def refusal(self, *arguments: str) -> tuple[int, str]:
        """Start it where it can't start: its exit code and what it said."""
        self.log.unlink(missing_ok=True)
        return self._spawn(*arguments).wait(30), self.log.read_text()

    def kill(self) -> None:
        """SIGKILL: nothing of it has a say in its end."""
        self.end(signal.SIGKILL)

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Its exit code."""
        assert self._process is not None
        self._process.send_signal(number)
        code = self._process.wait(30)
        self._process = None
        self.http.clear()
        return code

    def request(
        self, method: str, path: str, headers: dict[str, str] | None = None
    ) -> urllib3.BaseHTTPResponse:
        return self.http.request(method, self.url + path, headers=headers, redirect=False)

    def call(self, name: str, *, token: str | None = None, **arguments: object) -> Any:
        """One call of Luigi's RPC, as Luigi's own client makes it."""
        answer = self.http.request(
            "POST",
            f"{self.url}/api/{name}",
            fields={"data": json.dumps(arguments)},
            encode_multipart=False,
            headers={"Authorization": f"Bearer {token}"} if token else None,
        )
        assert answer.status == 200, answer.data
        return answer.json()["response"]

    def tasks(self, **query: str) -> dict[str, Any]:
        found: dict[str, Any] = self.call("task_list", **{"status": "", "upstream_status": "", **query})
        return found

    def metrics(self) -> dict[str, float]:
        lines = self.request("GET", "/metrics").data.decode().splitlines()
        return {name: float(value) for name, _, value in (_split(one) for one in lines if one[0] != "#")}

    def _spawn(self, *arguments: str) -> subprocess.Popen[bytes]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("SCC_")}
        given = {
            f"SCC_{key.replace('.', '__')}".upper(): str(value)
            for key, value in {"scheduler.port": self._port, **self._settings}.items()
        }
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "scc", "scheduler", *arguments],
                env={**kept, **given},
                cwd=self.folder,
                stdout=log,
                stderr=log,
            )


def scheduled(worker: str, task_id: str, **more: object) -> dict[str, Any]:
    """What Luigi's worker sends to announce a task."""
    fields = {
        "status": "PENDING",
        "runnable": True,
        "deps": [],
        "family": "Made",
        "params": {},
        "module": "x",
    }
    return {"worker": worker, "task_id": task_id, "resources": {}, **fields, **more}


def _split(line: str) -> tuple[str, str, str]:
    return line.rpartition(" ")


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port
