"""Undo: a receipt turned back into a change set, which goes through guard and apply like any other."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from importlib.resources import files

from scc.core.changes import Operation
from scc.core.conditions import Compare
from scc.core.limits import Limits
from scc.core.receipts import Outcome
from scc.core.runs import RunId
from scc.engines.base import Query, Table, literal
from scc.errors import ConfigError
from scc.flow.apply import read_receipt_summary
from scc.flow.eloqua_source import OVERLAP, EloquaRecords
from scc.flow.pipeline import Pipeline, PlanStep, Source
from scc.flow.plan import read_summary
from scc.flow.store_source import StoredDataset
from scc.flow.values import value_map
from scc.store.dataset import Dataset
from scc.store.runs import Store

__all__ = ["undo"]

REVERSIBLE = frozenset({Operation.UPDATE})


def undo(store: Store, run: RunId) -> Pipeline:
    """The pipeline that takes a run back: each value that is still as the run wrote it becomes what it was.

    ConfigError where the run has no receipt, or did something that can't be taken back.
    """
    store.require(run)
    plan, receipt = store.plan(run), store.receipt(run)
    if not receipt.exists():
        raise ConfigError(
            f"{run} has no receipt, so nothing is known to take back",
            hint=f"Look at it with `scc show {run}`.",
        )
    final = sorted(op for op in read_summary(plan).by_operation() if op.writes and op not in REVERSIBLE)
    if final:
        raise ConfigError(f"{run} did {final[0]}, which can't be taken back this way")
    objects = read_summary(plan).fields
    # What the run wrote has been updated since it read.
    since = datetime.fromisoformat(str(plan.manifest.meta["read_at"])) - OVERLAP
    current: list[Source] = [
        EloquaRecords(
            _current(at), name, tuple(sorted(fields)), where=lambda _: Compare("UpdatedAt", ">=", since)
        )
        for at, ((_, name), fields) in enumerate(sorted(objects.items()))
        if fields
    ]
    applied = read_receipt_summary(receipt).by_outcome()[Outcome.APPLIED]
    limits = Limits(
        max_changes=applied,
        operations=REVERSIBLE,
        fields={name: frozenset(f) for (_, name), f in objects.items()},
    )
    return Pipeline(
        "undo",
        (StoredDataset("plan", plan), StoredDataset("receipt", receipt), *current),
        plan=lambda read: PlanStep(_query(read, [source.name for source in current]), limits),
        config_digest=str(run),
    )


def _current(at: int) -> str:
    return f"current-{at}"


def _query(read: Mapping[str, Dataset], current: list[str]) -> Query:
    tables = {"plan": Table([read["plan"]]), "receipt": Table([read["receipt"]])}
    for name in current:
        meta = read[name].manifest.meta
        types: Mapping[str, str] = meta["types"]  # type: ignore[assignment]  # our own manifest
        values = value_map({field: field for field in types if field != "Id"}, types)
        tables[name] = Table(
            [read[name]], f'{literal(str(meta["object"]))} AS object, "Id" AS key, {values} AS now'
        )
    union = " UNION ALL ".join(f'SELECT object, key, now FROM "{name}"' for name in current)  # noqa: S608  # our own names
    sql = files("scc.flow").joinpath("undo.sql").read_text(encoding="utf-8")
    return Query(f"WITH current AS ({union}), {sql}", tables)
