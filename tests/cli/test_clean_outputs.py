"""What the clean-up of SCC's own outputs tells a person."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from scc.core.runs import RunId
from scc.store.dataset import write_dataset
from scc.store.runs import RunRecord, RunState, Store

MOMENT = "2026-11-22T03:00Z"


@pytest.fixture
def outputs(folder):
    """The outputs of an old run that a later one has superseded; gives the bytes of the old one's export."""
    store, now = Store(folder / "scc-data"), datetime(2026, 11, 22, tzinfo=UTC)
    for days in (40, 1):
        run = RunId("hard-bounces", now - timedelta(days=days))
        record = RunRecord.start(run, run.moment, full=False, config_digest="c")
        store.write(replace(record, state=RunState.DONE))
        rows = pa.RecordBatch.from_pydict({"id": [f"{n:x}" * 9 for n in range(400_000)]})
        write_dataset(store.export(run, "bounces").folder, rows.schema, [rows])
    oldest = store.folder(RunId("hard-bounces", now - timedelta(days=40))) / "export"
    return sum(path.stat().st_size for path in oldest.rglob("*") if path.is_file())


def test_the_space_to_gain_and_the_space_gained_are_told(scc, outputs):
    assert outputs > 200_000
    said = f"{outputs / 1e6:,.1f} MB"

    planned = scc("plan", "clean-outputs", "--at", MOMENT)
    done = scc("run", "clean-outputs", "--at", MOMENT)

    assert f"Space to gain: {said}" in planned.out
    assert f"Space gained: {said}" in done.out


def test_a_machine_reads_the_bytes(scc, outputs):
    assert json.loads(scc("run", "clean-outputs", "--at", MOMENT, "--json").out)["bytes_freed"] == outputs
