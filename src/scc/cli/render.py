"""Plans and receipts as tables and as JSON; addresses in samples are masked unless asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from scc.cli import output
from scc.cli.output import ARROW, Styled, count
from scc.core.changes import Operation, PlanSummary
from scc.core.limits import Violation
from scc.core.receipts import ReceiptSummary
from scc.store.dataset import Dataset

__all__ = [
    "Row",
    "changes",
    "counts_json",
    "first",
    "limits",
    "outcome_table",
    "outcomes",
    "plan",
    "receipt",
    "rows",
    "sample",
    "space",
]

Row: TypeAlias = dict[str, Any]

_PLAN = ("system", "object", "operation", "reason")
_RECEIPT = ("system", "object", "operation", "outcome", "code")


def space(summary: PlanSummary, plan: Dataset) -> int | None:
    """The bytes that a plan frees in the store; None where it is about something else."""
    if not any((system, name) == ("store", "output") for system, name, *_ in summary.counts):
        return None
    freed = 0
    for batch in plan.batches(["operation", "before"]):
        rows = batch.filter(pc.equal(batch["operation"], str(Operation.DELETE)))
        sizes = pc.map_lookup(rows["before"], pa.scalar("bytes"), "first")
        freed += pc.sum(sizes.cast(pa.int64())).as_py() or 0
    return freed


def counts_json(summary: PlanSummary | ReceiptSummary) -> list[dict[str, object]]:
    """One object a group of equal rows, with its number of records."""
    names = _PLAN if isinstance(summary, PlanSummary) else _RECEIPT
    return [dict(zip(names, key, strict=True)) | {"records": n} for key, n in sorted(summary.counts.items())]


def plan(summary: PlanSummary) -> None:
    """The plan's counts, what writes before what is left alone."""
    alone = f", {count(summary.skipped, 'record')} left alone" if summary.skipped else ""
    output.heading(f"Plan: {count(summary.changes, 'change')}{alone}")
    if not summary.counts:
        return
    groups = sorted(summary.counts.items(), key=lambda group: (not Operation(group[0][2]).writes, -group[1]))
    rows: list[list[output.Cell]] = [
        [
            f"{n:,}",
            Styled(operation, "" if Operation(operation).writes else "dim"),
            f"{system} {name}",
            reason,
        ]
        for (system, name, operation, reason), n in groups
    ]
    output.table(["Records", "Operation", "Object", "Why"], rows, right=["Records"])


def receipt(summary: ReceiptSummary) -> None:
    """The receipt's counts, the largest first."""
    total = sum(summary.counts.values())
    output.heading(f"Receipt: {count(total, 'record')} accounted for")
    if not total:
        return
    rows: list[list[output.Cell]] = [
        [f"{n:,}", output.state(outcome), operation, f"{system} {name}", code]
        for (system, name, operation, outcome, code), n in sorted(
            summary.counts.items(), key=lambda group: (-group[1], *group[0])
        )
    ]
    output.table(["Records", "Outcome", "Operation", "Object", "Code"], rows, right=["Records"])


def limits(violations: Sequence[Violation]) -> None:
    if violations:
        output.heading("Over its limits: `scc run` stops here until a person approves the plan")
        output.table(["Limit", "What"], [[Styled(v.limit, "yellow"), v.message] for v in violations])


def rows(dataset: Dataset, column: str, values: Sequence[object], most: int, *, personal: bool) -> list[Row]:
    """The first rows that have one of the values, with maps as dictionaries."""
    found: list[Row] = []
    wanted = pa.array(values)
    for batch in dataset.batches():
        if len(found) >= most:
            break
        chosen = batch.filter(pc.is_in(batch[column], wanted)).slice(0, most - len(found))
        found += [_shown(row, personal=personal) for row in chosen.to_pylist()]
    return found


def sample(plan: Dataset, most: int, *, personal: bool) -> list[Row]:
    """The first rows of a plan that would write."""
    writing = [str(operation) for operation in Operation if operation.writes]
    return rows(plan, "operation", writing, most, personal=personal)


def outcomes(plan: Dataset, receipt: Dataset, outcome: str, most: int, *, personal: bool) -> list[Row]:
    """The first rows of a receipt with one outcome, with the evidence from the plan's rows."""
    chosen = rows(receipt, "outcome", [outcome], most, personal=personal)
    planned = rows(plan, "change", [row["change"] for row in chosen], len(chosen), personal=personal)
    evidence = {row["change"]: row["evidence"] for row in planned}
    return [{**row, "evidence": evidence.get(row["change"], "")} for row in chosen]


def changes(chosen: Sequence[Row]) -> None:
    """Each change with its reason and evidence; field by field what is there now and what would be then."""
    for row in chosen:
        why = ", ".join(filter(None, [row["reason"], row["evidence"]]))
        output.line(Styled(row["key"], "bold"), "  ", Styled(why, "dim"))
        before, after = row["before"] or {}, row["after"]
        if after is None:
            output.line(f"  {row['operation']} {row['object']}")
            continue
        names = sorted({**before, **after})
        width = max(map(len, names), default=0)
        for name in names:
            now, then = _value(before.get(name)), _value(after.get(name))
            output.line(f"  {name:<{width}}  ", now, f" {ARROW} ", then)


def first(number: int) -> str:
    return "The first change" if number == 1 else f"The first {number:,} changes"


def outcome_table(chosen: Sequence[Row]) -> None:
    """One line a row."""
    output.table(
        ["Record", "Operation", "Code", "What", "Evidence", "Job"],
        [
            [row[name] for name in ("key", "operation", "code", "message", "evidence", "job")]
            for row in chosen
        ],
    )


def _value(text: str | None) -> output.Cell:
    return text or Styled("(blank)", "dim")


def _shown(row: Row, *, personal: bool) -> Row:
    def text(value: str) -> str:
        return value if personal else output.mask(value)

    shown: Row = {}
    for name, value in row.items():
        if isinstance(value, list):  # pyarrow gives a map as a list of pairs
            shown[name] = {key: text(one or "") for key, one in value}
        else:
            shown[name] = text(value) if isinstance(value, str) else value
    return shown
