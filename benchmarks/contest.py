"""Contestants for one piece of work: each in a fresh process, all against one static server, in one table.

Seconds are taken inside the process, after its imports, from the first request to the end of the work;
CPU and memory are the whole process's. Each contestant's function raises where it did not do all of it.
"""

from __future__ import annotations

import importlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import Measured, measure, table

__all__ = ["LARGE", "Contestant", "contest", "run_as_contestant"]

LARGE = 5_000_000
"""So many records are for ours alone: others take gigabytes and minutes."""


@dataclass(frozen=True)
class Contestant:
    """`work` gets the server's URL, a file to write to, and the number of records.

    `modules` are imported before its time begins; `is_peer` is another's, and not run at `LARGE`.
    """

    work: Callable[[str, Path, int], None]
    modules: str
    is_peer: bool = False


def contest(
    module: str, contestants: Mapping[str, Contestant], *, server: str, records: int, latency_ms: float = 0.0
) -> str:
    """Run all contestants of `module`, whose main must call `run_as_contestant`, and make the table.

    The middle one of three runs counts; peers, and all at `LARGE`, are run once.
    """
    results: list[tuple[str, float, Measured]] = []
    with _server(server, records, latency_ms) as url, tempfile.TemporaryDirectory() as folder:
        for name, one in contestants.items():
            if one.is_peer and records >= LARGE:
                continue
            command = [sys.executable, "-m", module, "--one", name, url, f"{folder}/file", str(records)]
            runs = []
            for _ in range(1 if one.is_peer or records >= LARGE else 3):
                done = measure(command)
                runs.append((float(done.output.split()[-1]), done))
            results.append((name, *sorted(runs, key=lambda run: run[0])[len(runs) // 2]))
    first = results[0][1]
    rows = [
        [
            name,
            f"{s:.2f}",
            f"{records / s:,.0f}",
            f"{done.cpu_s:.1f}",
            f"{done.peak_mb:,.0f}",
            f"{s / first:.1f}",
        ]
        for name, s, done in results
    ]
    return table(["", "seconds", "records/s", "CPU s", "peak MiB", "times ours"], rows)


def run_as_contestant(contestants: Mapping[str, Contestant]) -> bool:
    """Do the work that `contest` started this process for; False where a person did."""
    if sys.argv[1:2] != ["--one"]:
        return False
    _, _, name, url, file, records = sys.argv
    for module in contestants[name].modules.split():
        importlib.import_module(module)
    started = time.perf_counter()
    contestants[name].work(url, Path(file), int(records))
    print(time.perf_counter() - started)
    return True


@contextmanager
def _server(module: str, records: int, latency_ms: float) -> Iterator[str]:
    command = [sys.executable, "-m", module, str(records), str(latency_ms)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.stdin.close()
        process.wait()
