"""Plan: run a pipeline's query over its datasets and write the change set down."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from scc.core.changes import SCHEMA, PlanSummary, number_changes
from scc.engines.base import Engine, Query
from scc.flow.progress import Progress
from scc.store.dataset import Dataset, DatasetWriter

__all__ = ["read_summary", "write_plan"]

ROW_GROUP = 16_384
"""Small, since the rows of a plan are wide: a row group is held several times over while it is written."""


def write_plan(
    engine: Engine, query: Query, read: Iterable[Dataset], target: Dataset, progress: Progress
) -> None:
    """Write the change set; the same datasets always give the same bytes.

    Its meta has the summary, and `read_at`: the earliest moment, on a vendor's clock, at which what
    it was made from was read. An undo looks for what has changed since.
    """
    progress.start("plan", None)
    summary = PlanSummary()
    with DatasetWriter(target.folder, SCHEMA, row_group=ROW_GROUP) as writer:
        for batch in number_changes(engine.run(query), summary):
            writer.write(batch)
            progress.advance("plan", batch.num_rows)
        writer.meta["summary"] = summary.to_json()
        moments = [str(one.manifest.meta["as_of"]) for one in read if "as_of" in one.manifest.meta]
        writer.meta["read_at"] = min(moments, key=datetime.fromisoformat) if moments else None
    progress.finish("plan", f"{summary.changes:,} changes, {summary.skipped:,} left alone")


def read_summary(plan: Dataset) -> PlanSummary:
    return PlanSummary.from_json(plan.manifest.meta["summary"])  # type: ignore[arg-type]  # our own manifest
