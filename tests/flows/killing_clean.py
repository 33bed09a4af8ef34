"""Clean a copy of a store's outputs again and again, each time killed one write later; then once more, whole.

    killing_clean.py FOLDER MOMENT PART PARTS

FOLDER/data is the store. Ends with 1 and tells where the end differs from that of a run that nobody killed;
prints how often it was killed. Only the writes number PART, PART + PARTS, ... are tried.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from datetime import datetime
from pathlib import Path

from scc.engines.duckdb import DuckDBEngine
from scc.flow.run import Runner
from scc.flow.systems import Systems
from scc.pipelines.clean_outputs import Config, pipeline
from scc.settings import Settings
from scc.store.runs import Store

EVENTS = {"os.rename", "os.remove", "os.rmdir"}


def left(root: Path) -> list[str]:
    """What is kept, but for the run's own notes."""
    paths = (path.relative_to(root) for path in root.rglob("*") if path.name != ".lock")
    return sorted(str(path) for path in paths if path.parts[0] != "clean-outputs")


def run(root: Path, moment: datetime, kill_at: int | None) -> bool:
    """Run it in a process of its own; False where it was killed before the write `kill_at`."""
    child = os.fork()
    if child == 0:
        to_go = kill_at

        def count(event: str, arguments: tuple[object, ...]) -> None:
            nonlocal to_go
            if to_go is not None and event in EVENTS and str(root) in str(arguments[0]):
                if to_go == 0:
                    os.kill(os.getpid(), signal.SIGKILL)
                to_go -= 1

        sys.addaudithook(count)
        runner = Runner(store=Store(root), systems=Systems(Settings()), engine=DuckDBEngine())
        result = runner.run(pipeline(Config()), moment)
        os._exit(0 if result.receipt else 3)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in {0, -signal.SIGKILL}, code
    return code == 0


def main(folder: Path, moment: datetime, part: int, parts: int) -> int:
    pristine, root = folder / "data", folder / "copy"
    shutil.copytree(pristine, root)
    assert run(root, moment, None)
    expected = left(root)
    assert expected != left(pristine)
    at = part
    while True:
        shutil.rmtree(root)
        shutil.copytree(pristine, root)
        if run(root, moment, at):
            break
        assert run(root, moment, None)
        if left(root) != expected:
            sys.stderr.write(f"killed before write {at}, the end is another\n")
            return 1
        at += parts
    sys.stdout.write(str(at))
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), datetime.fromisoformat(sys.argv[2]), *map(int, sys.argv[3:])))
