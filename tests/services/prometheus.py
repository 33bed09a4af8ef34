"""A Pushgateway, a Prometheus and an Alertmanager of the tests' own: Debian's programs on free loopback ports.

    with Pushgateway(folder) as gateway, Prometheus(folder, scrape={"pushgateway": gateway.address}) as prometheus:
        prometheus.query("scc_run_state")        # [{"metric": {...}, "value": [time, "1"]}]

Tests that use them are marked `e2e`; `.ci/packages e2e` installs what they need.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import urllib3
import yaml

__all__ = ["Alertmanager", "Prometheus", "Pushgateway", "promtool", "wait_for"]

_STARTS_WITHIN_S = 60.0


def wait_for(happened: Callable[[], Any], what: str, within_s: float = 60.0) -> Any:
    """What `happened` gives once that is true; AssertionError where it never is."""
    until = time.monotonic() + within_s
    while True:
        if found := happened():
            return found
        assert time.monotonic() < until, f"{what} did not happen within {within_s:g} s"
        time.sleep(0.1)


def promtool(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [_program("promtool"), *arguments], capture_output=True, text=True, timeout=60, check=False
    )


class _Program:
    """One program for as long as the `with` block lasts. `folder` takes its configuration, data and log."""

    name = ""
    ready = "/-/ready"

    def __init__(self, folder: Path) -> None:
        self.folder = folder / self.name
        self.folder.mkdir(parents=True)
        with socket.socket() as one:
            one.bind(("127.0.0.1", 0))
            self.port: int = one.getsockname()[1]
        self.http = urllib3.PoolManager(retries=False)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.address}"

    def arguments(self) -> Sequence[str]:
        raise NotImplementedError

    def get(self, path: str, **query: str) -> Any:
        answer = self.http.request("GET", self.url + path, fields=query)
        assert answer.status == 200, answer.data
        return answer.json()

    def __enter__(self) -> Self:
        self._log = (self.folder / "log").open("wb")
        self._process = subprocess.Popen(
            [_program(self.name), *self.arguments()], stdout=self._log, stderr=self._log, cwd=self.folder
        )
        try:
            wait_for(self._is_ready, f"{self.name}'s start", _STARTS_WITHIN_S)
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def _is_ready(self) -> bool:
        assert self._process.poll() is None, (self.folder / "log").read_text(encoding="utf-8")
        try:
            return self.http.request("GET", self.url + self.ready).status == 200
        except urllib3.exceptions.HTTPError:
            return False

    def _end(self) -> None:
        self._process.terminate()
        self._process.wait(timeout=30)
        self._log.close()
        self.http.clear()


class Pushgateway(_Program):
    name = "prometheus-pushgateway"

    def arguments(self) -> Sequence[str]:
        # Debian's has a file of its own for all that run on the machine, unless it is told another.
        store = self.folder / "store"
        return [f"--web.listen-address={self.address}", f"--persistence.file={store}"]

    def groups(self) -> list[dict[str, Any]]:
        """Each group with its labels and metrics."""
        data: list[dict[str, Any]] = self.get("/api/v1/metrics")["data"]
        return data


class Alertmanager(_Program):
    """Sends all alerts at once to the Slack webhook `slack_url`, and their ends too."""

    name = "prometheus-alertmanager"

    def __init__(self, folder: Path, slack_url: str) -> None:
        super().__init__(folder)
        route = {"receiver": "slack", "group_by": ["alertname", "pipeline"], "group_wait": "0s"}
        slack = {"api_url": slack_url, "channel": "#ops", "send_resolved": True}
        config = {
            "route": route | {"group_interval": "1s", "repeat_interval": "1h"},
            "receivers": [{"name": "slack", "slack_configs": [slack]}],
        }
        (self.folder / "config.yml").write_text(yaml.safe_dump(config), encoding="utf-8")

    def arguments(self) -> Sequence[str]:
        return [
            f"--config.file={self.folder / 'config.yml'}",
            f"--web.listen-address={self.address}",
            f"--storage.path={self.folder / 'data'}",
            "--cluster.listen-address=",
        ]

    def alerts(self) -> list[dict[str, Any]]:
        data: list[dict[str, Any]] = self.get("/api/v2/alerts")
        return data


class Prometheus(_Program):
    """Scrapes each address of `scrape` every second, under its job's name; judges the rules every second."""

    name = "prometheus"

    def __init__(
        self,
        folder: Path,
        *,
        scrape: Mapping[str, str],
        groups: Sequence[Mapping[str, Any]] = (),
        alertmanager: str | None = None,
        honor_labels: bool = True,
    ) -> None:
        super().__init__(folder)
        jobs = [
            {"job_name": job, "honor_labels": honor_labels, "static_configs": [{"targets": [address]}]}
            for job, address in scrape.items()
        ]
        managers = [{"static_configs": [{"targets": [alertmanager]}]}] if alertmanager else []
        config = {
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": ["rules.yml"],
            "scrape_configs": jobs,
            "alerting": {"alertmanagers": managers},
        }
        (self.folder / "config.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
        (self.folder / "rules.yml").write_text(yaml.safe_dump({"groups": list(groups)}), encoding="utf-8")

    def arguments(self) -> Sequence[str]:
        return [
            f"--config.file={self.folder / 'config.yml'}",
            f"--web.listen-address={self.address}",
            f"--storage.tsdb.path={self.folder / 'data'}",
        ]

    def query(self, expression: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.get("/api/v1/query", query=expression)["data"]["result"]
        return found

    def firing(self) -> set[str]:
        """The names of the alerts that fire now."""
        alerts = self.get("/api/v1/alerts")["data"]["alerts"]
        return {one["labels"]["alertname"] for one in alerts if one["state"] == "firing"}


def _program(name: str) -> str:
    path = shutil.which(name)
    assert path, f"there is no {name}: run `.ci/packages e2e`"
    return path
