"""From `podman run` of a job's pod to its first request: the image as a cluster would start it, and Python alone.

    python -m benchmarks.container_start          (once `make e2e-containers` has built the image)

The pod is the one that `scc deploy render` writes, run as a restricted cluster runs it. The first start of all
reads the image from disk, and is not counted.
"""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from tests.e2e.pods import Pods, job
from tests.flows.conftest import World, refill

from benchmarks.measure import table
from scc.sandbox.app import Sandbox

IMAGE = "localhost/scc-e2e:containerfile"
PIPELINE = "enrich-campaign-members"
RUNS = 7


@contextmanager
def pods() -> Iterator[Pods]:
    with Sandbox(database=":memory:", seed=1) as server, tempfile.TemporaryDirectory() as folder:
        world = World(server, Path(folder))
        refill(world)
        one = Pods(IMAGE, world)
        one.configure()
        try:
            yield one
        finally:
            one.remove()


def first_request(one: Pods, at: int) -> float:
    one.world.control("DELETE", "requests")
    begun = time.time()
    code, said = one.run(PIPELINE, job=job(PIPELINE, at), SCC_SCHEDULER__URL="")
    if code:
        raise RuntimeError(said)
    first = one.world.requests(system="eloqua")[0]["at"]
    return datetime.fromisoformat(str(first)).timestamp() - begun


def python_alone(one: Pods) -> float:
    begun = time.time()
    one.inside("python", "-c", "pass")
    return time.time() - begun


def main() -> int:
    podman = shutil.which("podman")
    if not podman or subprocess.run([podman, "image", "exists", IMAGE], check=False).returncode:
        print(f"there is no image {IMAGE}: `make e2e-containers` builds it", file=sys.stderr)
        return 1
    with pods() as one:
        first_request(one, RUNS)
        taken = [(python_alone(one), first_request(one, at)) for at in range(RUNS)]
    rows = [
        [name, f"{statistics.median(all_of_it):.2f}", f"{min(all_of_it):.2f}"]
        for name, all_of_it in zip(
            ("`python -c pass` in the container, to its end", "a job's pod, to its first request"),
            zip(*taken, strict=True),
            strict=True,
        )
    ]
    print(table(["", "median s", "least s"], rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
