"""What ordering the work costs: 1,000 tasks through a scheduler, a run beside the same work called straight, memory.

    python -m benchmarks.orchestration [TASKS [RECORDS]]

The tasks do nothing. "straight" is benchmarks.straight: the same calls and the same SQL, nothing kept.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

import luigi
import urllib3

from benchmarks.measure import Measured, measure, table
from benchmarks.pipeline import PIPELINE, SCC, sandbox
from scc.flow.scheduling import Scheduling
from scc.settings import Scheduler

HELD = {"eloqua_bulk": 1}


class Nothing(luigi.Task):
    """A task that does nothing, and is done then; one that holds a quota is saved at each change of hands."""

    number: int = luigi.IntParameter()
    holds: bool = luigi.BoolParameter()
    done: ClassVar[set[int]] = set()

    def process_resources(self) -> dict[str, int]:
        return HELD if self.holds else {}

    def complete(self) -> bool:
        return self.number in self.done

    def run(self) -> None:
        self.done.add(self.number)


class Everything(luigi.Task):
    tasks: int = luigi.IntParameter()
    holds: bool = luigi.BoolParameter()

    def requires(self) -> list[Nothing]:
        return [Nothing(number=number, holds=self.holds) for number in range(self.tasks)]

    def complete(self) -> bool:
        return len(Nothing.done) == self.tasks

    def run(self) -> None:
        pass


@contextmanager
def process(command: Sequence[str], folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    with (folder / "log").open("wb") as log:
        running = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
    try:
        yield running
    finally:
        running.terminate()
        running.wait()


@contextmanager
def scheduler() -> Iterator[tuple[str, int]]:
    """`scc scheduler`: its address and its process."""
    with tempfile.TemporaryDirectory() as name:
        ready = Path(name) / "ready"
        with process([*SCC, "scheduler", "--port=0", f"--ready-file={ready}"], Path(name)) as running:
            while not ready.exists():
                time.sleep(0.02)
            yield json.loads(ready.read_text())["url"], running.pid


@contextmanager
def luigis_own(port: int = 18_982) -> Iterator[tuple[str, int]]:
    """The luigid that comes with Luigi."""
    url = f"http://127.0.0.1:{port}"
    start = "import sys; from luigi.cmdline import luigid; sys.exit(luigid())"
    with tempfile.TemporaryDirectory() as name:
        command = [
            sys.executable,
            "-c",
            start,
            f"--port={port}",
            "--address=127.0.0.1",
            f"--state-path={name}/state",
        ]
        with process(command, Path(name)) as running:
            while not _answers(url):
                time.sleep(0.02)
            yield url, running.pid


def _answers(url: str) -> bool:
    try:
        return urllib3.request("HEAD", url, retries=False).status == 204
    except urllib3.exceptions.HTTPError:
        return False


def _memory_mb(pid: int) -> float:
    (line,) = (one for one in Path(f"/proc/{pid}/status").read_text().splitlines() if one.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def ordered(name: str, tasks: int, url: str | None, pid: int | None, *, holds: bool = False) -> list[object]:
    """Bring the tasks about; the row of figures."""
    Nothing.done.clear()
    before, own = _cpu_s(pid) if pid else 0.0, time.process_time()
    started = time.monotonic()
    central = Scheduler(url=url) if url else None
    root = Everything(tasks=tasks, holds=holds)
    Scheduling({"eloqua_bulk": 2}, central, f"bench/{name}").work([root], [])
    seconds = time.monotonic() - started
    if not root.complete():
        raise RuntimeError(f"{name}: not all was done")
    return [
        name,
        f"{seconds:.1f}",
        f"{tasks / seconds:,.0f}",
        f"{time.process_time() - own:.1f}",
        *((f"{_cpu_s(pid) - before:.1f}", f"{_memory_mb(pid):.0f}") if pid else ("", "")),
    ]


def throughput(tasks: int) -> list[list[object]]:
    rows = [ordered(f"{tasks:,} tasks, in this process", tasks, None, None)]
    with luigis_own() as (url, pid):
        rows.append(ordered(f"{tasks:,} tasks, luigid as it comes", tasks, url, pid))
    with scheduler() as (url, pid):
        rows.append(ordered(f"{tasks:,} tasks, scc scheduler", tasks, url, pid))
    with scheduler() as (url, pid):
        rows.append(ordered(f"{tasks:,} tasks that hold a quota, scc scheduler", tasks, url, pid, holds=True))
    return rows


def runs(records: int) -> list[list[object]]:
    found: list[tuple[str, Measured]] = []
    with tempfile.TemporaryDirectory() as name, sandbox(Path(name), records) as env:
        found.append(("straight", measure([sys.executable, "-m", "benchmarks.straight"], env=env)))
    with tempfile.TemporaryDirectory() as name, sandbox(Path(name), records) as env:
        found.append(("scc run, alone", measure([*SCC, "run", PIPELINE], env=env, cwd=Path(name))))
    with (
        scheduler() as (url, _),
        tempfile.TemporaryDirectory() as name,
        sandbox(Path(name), records) as env,
    ):
        central = {**env, "SCC_SCHEDULER__URL": url}
        found.append(
            ("scc run, central scheduler", measure([*SCC, "run", PIPELINE], env=central, cwd=Path(name)))
        )
    return [
        [f"{records:,} records: {name}", f"{one.wall_s:.1f}", f"{one.cpu_s:.1f}", f"{one.peak_mb:.0f}"]
        for name, one in found
    ]


def idle() -> list[list[object]]:
    rows: list[list[object]] = []
    for name, start in (("luigid as it comes", luigis_own), ("scc scheduler", scheduler)):
        with start() as (_, pid):
            rows.append([f"idle: {name}", f"{_memory_mb(pid):.0f}"])
    return rows


def main(arguments: list[str]) -> int:
    tasks, records = (int(one) for one in (*arguments, *("1000", "20000")[len(arguments) :]))
    print(
        table(["", "seconds", "tasks/s", "CPU s", "scheduler's CPU s", "scheduler's MiB"], throughput(tasks))
    )
    print()
    print(table(["", "wall s", "CPU s", "peak MiB"], runs(records)))
    print()
    print(table(["", "MiB"], idle()))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
