"""Killed anywhere and started again for the same moment, a run ends like one that was never interrupted."""

from __future__ import annotations

import contextlib
import random
import shutil
import subprocess

import pytest
from tests.flows.conftest import refill
from tests.flows.killed import kill_at_request, run

RUN = ("run", "enrich-campaign-members", "--at", "2026-11-22T10:15Z")
FAULTS = [
    {"system": "*", "path": ".*", "times": None, "probability": 0.08, "action": "status", "status": 500},
    {
        "system": "*",
        "path": ".*",
        "times": None,
        "probability": 0.08,
        "action": "status",
        "status": 429,
        "headers": {"Retry-After": "0"},
    },
    {"system": "*", "path": "/data", "times": None, "probability": 0.08, "action": "drop", "after_bytes": 40},
    {"system": "eloqua", "path": "/imports/", "times": None, "probability": 0.2, "action": "sync-error"},
]


@pytest.fixture(scope="module")
def uninterrupted(server, tmp_path_factory):
    """The end state of a run that nobody disturbs, and the number of requests that it takes."""
    from tests.flows.conftest import World

    world = World(server, tmp_path_factory.mktemp("uninterrupted"))
    refill(world)
    world.configure()
    before = world.dump()
    world.control("DELETE", "requests")
    done = world.scc(*RUN)
    assert done.returncode == 0, done.stderr
    assert world.dump() != before
    return world.dump(), len(world.requests())


@pytest.mark.parametrize("part", range(4))
def test_killed_at_any_request_the_next_try_ends_as_if_nothing_had_happened(world, uninterrupted, part):
    """Every request of the run is once the last: in turn before it is served, and after, unanswered."""
    expected, requests = uninterrupted
    for number in range(part, requests, 4):
        refill(world)
        shutil.rmtree(world.folder / "scc-data", ignore_errors=True)

        assert kill_at_request(world, number, "before" if (number // 4) % 2 else "after", *RUN)
        code, said = run(world, *RUN)

        assert code == 0, said
        assert world.dump() == expected, f"killed at request {number}"


@pytest.mark.parametrize("seed", range(2))
def test_killed_again_and_again_under_faults_the_end_is_the_same(world, uninterrupted, seed):
    expected, _ = uninterrupted
    dice = random.Random(seed)
    world.control("POST", "faults", FAULTS)
    for attempt in range(8):
        process = world.start(*RUN)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=0.4 * (attempt + 1) + dice.uniform(0, 0.4))
        process.kill()
        process.wait()
    world.control("DELETE", "faults")
    last = world.scc(*RUN)

    assert last.returncode == 0, last.stderr
    assert world.dump() == expected
