"""Runs that are killed at a request, and tried again: hundreds of them.

Each is a process of its own. It is forked from one that has imported SCC already, since importing would be most of
its work; that one has no threads.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
from collections.abc import Mapping
from functools import cache
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path

from tests.flows.conftest import World

__all__ = ["kill_at_request", "run"]

IMPORTED = ["tests.flows.killed", "scc.cli.run", "scc.engines.duckdb", "scc.flow.run", "scc.flow.tasks"]


def kill_at_request(world: World, number: int, when: str, *command: str) -> bool:
    """Kill `scc COMMAND` while its request `number` (from 0) hangs, not served yet or unanswered; False where
    it ended before."""
    hang = {"system": "*", "path": ".*", "after": number, "times": 1, "action": "hang", "when": when}
    world.control("POST", "faults", [hang])
    process = _start(world, *command)
    while process.is_alive() and world.control("GET", "held")["held"] != 1:
        time.sleep(0.01)
    ended = not process.is_alive()
    process.kill()
    process.join()
    world.control("DELETE", "faults")
    world.control("POST", "release")
    return not ended


def run(world: World, *command: str) -> tuple[int | None, str]:
    """`scc COMMAND` to its end: its exit code, and what it said."""
    process = _start(world, *command)
    process.join()
    return process.exitcode, (world.folder / "said").read_text(encoding="utf-8")


def _start(world: World, *command: str) -> ForkServerProcess:
    process = _context().Process(
        target=_scc, args=(command, world.environment, world.folder, world.folder / "said")
    )
    process.start()
    return process


@cache
def _context() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(IMPORTED)
    return context


def _scc(command: tuple[str, ...], environment: Mapping[str, str], folder: Path, said: Path) -> None:
    from scc.cli.main import main

    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    with said.open("w", encoding="utf-8") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    sys.exit(main(list(command)))
