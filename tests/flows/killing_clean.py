"""`killing_clean FOLDER MOMENT PART PARTS`: clean a store's outputs, killed before each write."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

from tests.killing import main

from scc.engines.duckdb import DuckDBEngine
from scc.flow.run import Runner
from scc.flow.systems import Systems
from scc.pipelines.clean_outputs import Config, pipeline
from scc.settings import Settings
from scc.store.runs import Store


def left(root: Path) -> list[str]:
    """What is kept, but for the run's own notes."""
    paths = (path.relative_to(root) for path in root.rglob("*") if path.name != ".lock")
    return sorted(str(path) for path in paths if path.parts[0] != "clean-outputs")


def clean(root: Path, moment: datetime) -> None:
    runner = Runner(store=Store(root), systems=Systems(Settings()), engine=DuckDBEngine())
    assert runner.run(pipeline(Config()), moment).receipt


if __name__ == "__main__":
    given, at, part, parts = sys.argv[1:]
    moment = datetime.fromisoformat(at)
    sys.exit(main(Path(given), lambda root: clean(root, moment), left, part=int(part), parts=int(parts)))
