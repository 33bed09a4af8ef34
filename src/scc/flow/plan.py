"""Plan: run a pipeline's query over its datasets and write the change set down."""

from __future__ import annotations

from scc.core.changes import SCHEMA, PlanSummary, number_changes
from scc.engines.base import Engine, Query
from scc.flow.progress import Progress
from scc.store.dataset import Dataset, DatasetWriter

__all__ = ["read_summary", "write_plan"]


def write_plan(engine: Engine, query: Query, target: Dataset, progress: Progress) -> None:
    """Write the change set; the same datasets always give the same bytes."""
    progress.start("plan", None)
    summary = PlanSummary()
    with DatasetWriter(target.folder, SCHEMA) as writer:
        for batch in number_changes(engine.run(query), summary):
            writer.write(batch)
            progress.advance("plan", batch.num_rows)
        writer.meta["summary"] = summary.to_json()
    progress.finish("plan", f"{summary.changes:,} changes, {summary.skipped:,} left alone")


def read_summary(plan: Dataset) -> PlanSummary:
    return PlanSummary.from_json(plan.manifest.meta["summary"])  # type: ignore[arg-type]  # our own manifest
