"""Runs on record, made by the doors that a run itself writes through."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa

from scc.core import changes, receipts
from scc.core.runs import RunId, format_moment
from scc.store.dataset import Dataset, DatasetWriter
from scc.store.runs import RunRecord, RunState, Store

PIPELINE = "enrich-campaign-members"
RUN = RunId(PIPELINE, datetime(2026, 11, 22, 10, 15, tzinfo=UTC))

PLAN = [
    (
        "update",
        "C1",
        {"Campaign_Name": "", "Campaign_Owner": "x"},
        {"Campaign_Name": "Spring", "Campaign_Owner": ""},
    ),
    ("update", "C2", {"Campaign_Owner": "jane@example.com"}, {"Campaign_Owner": "joe@example.com"}),
    ("skip", "C3", {}, {}),
]
OUTCOMES = [
    ("applied", "", ""),
    ("rejected", "ELQ-00040", "Invalid data for jane@example.com."),
    ("skipped", "", "the campaign is gone"),
]


def make_run(root: Path, run: RunId = RUN, state: RunState = RunState.DONE, **more: object) -> Store:
    """A run with a plan of three rows and the receipt of each."""
    store = Store(root)
    plan = _write(store.plan(run), changes.SCHEMA, _plan_rows(), changes.PlanSummary())
    _write(store.receipt(run), receipts.SCHEMA, _receipt_rows(), receipts.ReceiptSummary())
    record = RunRecord.start(run, run.moment, full=False, config_digest="c")
    outcomes = {outcome: 1 for outcome, _, _ in OUTCOMES}
    told = {"plan_digest": plan.manifest.digest, "changes": 2, "outcomes": outcomes, "seconds": {"all": 1.5}}
    ended = format_moment(run.moment)
    store.write(replace(record, state=state, ended_at=ended, **{**told, **more}))  # type: ignore[arg-type]  # names are checked by replace
    return store


def _plan_rows() -> list[dict[str, object]]:
    return [
        {
            "change": at,
            "system": "eloqua",
            "object": "customObject/1",
            "operation": operation,
            "key": key,
            "before": list(before.items()),
            "after": list(after.items()),
            "evidence": f"Campaign 701{at}",
            "reason": "lacks campaign data" if operation == "update" else "the campaign is gone",
        }
        for at, (operation, key, before, after) in enumerate(PLAN)
    ]


def _receipt_rows() -> list[dict[str, object]]:
    return [
        {
            "change": at,
            "system": "eloqua",
            "object": "customObject/1",
            "operation": operation,
            "key": key,
            "outcome": outcome,
            "code": code,
            "message": message,
            "job": "/syncs/7" if operation == "update" else "",
        }
        for at, ((operation, key, _, _), (outcome, code, message)) in enumerate(
            zip(PLAN, OUTCOMES, strict=True)
        )
    ]


def _write(
    dataset: Dataset,
    schema: pa.Schema,
    rows: list[dict[str, object]],
    summary: changes.PlanSummary | receipts.ReceiptSummary,
) -> Dataset:
    batch = pa.RecordBatch.from_pylist(rows, schema)
    summary.add(batch)
    with DatasetWriter(dataset.folder, schema) as writer:
        writer.write(batch)
        writer.meta["summary"] = summary.to_json()
    return dataset
