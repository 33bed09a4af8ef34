"""The main pipeline over 100,000 and 1,000,000 campaign member records, beside the same work called straight.

Both contestants meet a sandbox of their own, in a process of its own, with the same data. "straight" makes
the same calls with the same clients and the same SQL, and keeps nothing: no datasets, no guard, no receipt,
no Luigi. What the run costs beyond it is what plan, record and recovery cost.

    python -m benchmarks.pipeline [RECORDS ...]
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import urllib3

from benchmarks.measure import Measured, measure, table

SCC = [sys.executable, "-m", "scc"]
PIPELINE = "enrich-campaign-members"
TABLE = "[pipelines.enrich-campaign-members]\n"


@contextmanager
def sandbox(folder: Path, records: int) -> Iterator[dict[str, str]]:
    """A sandbox in its own process; gives the environment that points SCC at it."""
    config, ready = folder / "scc.toml", folder / "ready"
    process = subprocess.Popen(
        [
            *SCC,
            "sandbox",
            "--port=0",
            f"--contacts={records // 2}",
            f"--campaign-members={records}",
            f"--write-config={config}",
            f"--ready-file={ready}",
        ],
        stdout=subprocess.DEVNULL,
    )
    try:
        while not ready.exists():
            if process.poll() is not None:
                raise RuntimeError("the sandbox did not start")
            time.sleep(0.05)
        config.write_text(config.read_text().replace(TABLE, TABLE + "max_changes = 2_000_000\n"))
        yield {**os.environ, "SCC_CONFIG": str(config)}
    finally:
        process.terminate()
        process.wait()


def run(records: int) -> list[list[object]]:
    rows: list[list[object]] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with sandbox(folder, records) as env:
            straight = measure([sys.executable, "-m", "benchmarks.straight"], env=env)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with sandbox(folder, records) as env:
            first = measure([*SCC, "run", PIPELINE], env=env, cwd=folder)
            second = measure([*SCC, "run", PIPELINE, "--full"], env=env, cwd=folder)
            # Records written within the last minutes are read once more; an hour later they are not.
            urllib3.request("POST", f"{_address(folder)}/_sandbox/clock", json={"advance_s": 3600})
            measure([*SCC, "run", PIPELINE], env=env, cwd=folder)
            urllib3.request("POST", f"{_address(folder)}/_sandbox/clock", json={"advance_s": 3600})
            third = measure([*SCC, "run", PIPELINE], env=env, cwd=folder)
    for name, one in (
        ("straight, nothing kept", straight),
        ("scc run", first),
        ("scc run --full, nothing to do", second),
        ("scc run, nothing changed", third),
    ):
        rows.append([f"{records:,}: {name}", *_figures(one), f"{one.wall_s / straight.wall_s:.2f}"])
    return rows


def _address(folder: Path) -> str:
    return str(tomllib.loads((folder / "scc.toml").read_text())["eloqua"]["login_url"])


def _figures(one: Measured) -> tuple[str, str, str]:
    return f"{one.wall_s:.1f}", f"{one.cpu_s:.1f}", f"{one.peak_mb:.0f}"


def main(arguments: list[str]) -> None:
    rows = [row for records in arguments or ["100000", "1000000"] for row in run(int(records))]
    print(table(["campaign member records", "wall s", "CPU s", "peak MiB", "wall / straight"], rows))


if __name__ == "__main__":
    main(sys.argv[1:])
