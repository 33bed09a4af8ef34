"""A sandbox, a configuration that points at it, and the central scheduler as a process of its own."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.flows.conftest import World, server, wait_until, world
from tests.services.scheduler import SchedulerProcess

__all__ = ["central", "job", "server", "wait_until", "world"]

TOKEN = "a-token-for-the-jobs"
PATIENT = {
    "scheduler.token": TOKEN,
    "scheduler.worker_timeout_s": 600,
    "scheduler.save_interval_s": 60,
}
"""Nothing happens here because time passes."""


@pytest.fixture
def central(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SchedulerProcess]:
    """A scheduler that the world's configuration leads to."""
    with SchedulerProcess(tmp_path_factory.mktemp("scheduler"), **PATIENT) as running:
        world.configure(f'[scheduler]\nurl = "{running.url}"\ntoken = "{TOKEN}"\nworker_timeout_s = 600\n')
        yield running


class Job:
    """`scc` as a pod of a Kubernetes Job runs it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.log = world.folder / "job.log"

    def start(self, *arguments: str, name: str = "job-1", **settings: object) -> subprocess.Popen[bytes]:
        given = {f"SCC_{key.replace('.', '__')}".upper(): str(value) for key, value in settings.items()}
        with self.log.open("ab") as log:
            return subprocess.Popen(
                self.world.command(*arguments),
                env={**self.world.environment, "SCC_JOB_NAME": name, **given},
                cwd=self.world.folder,
                stdout=log,
                stderr=log,
            )

    def run(self, *arguments: str, name: str = "job-1", **settings: object) -> tuple[int, str]:
        """To its end: its exit code, and all that jobs have said so far."""
        code = self.start(*arguments, name=name, **settings).wait(180)
        return code, self.said

    @property
    def said(self) -> str:
        return Path(os.fspath(self.log)).read_text(encoding="utf-8")


@pytest.fixture
def job(world: World) -> Job:
    return Job(world)
