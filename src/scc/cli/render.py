"""Plans and receipts as tables and as JSON; addresses in samples are masked unless asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any

from scc.cli import output
from scc.core.changes import Operation, PlanSummary
from scc.core.limits import Violation
from scc.core.receipts import ReceiptSummary
from scc.store.dataset import Dataset

__all__ = ["counts_json", "limits", "plan", "receipt", "rows", "sample", "sample_table"]

BLANK = output.Styled("(blank)", "dim")
_PLAN = ("system", "object", "operation", "reason")
_RECEIPT = ("system", "object", "operation", "outcome", "code")


def counts_json(summary: PlanSummary | ReceiptSummary) -> list[dict[str, object]]:
    """One object a group of equal rows, with its number of records."""
    names = _PLAN if isinstance(summary, PlanSummary) else _RECEIPT
    return [dict(zip(names, key, strict=True)) | {"records": n} for key, n in sorted(summary.counts.items())]


def plan(summary: PlanSummary) -> None:
    """The plan's counts, what writes before what is left alone."""
    output.heading(f"Plan: {summary.changes:,} changes, {summary.skipped:,} records left alone")
    if not summary.counts:
        return
    groups = sorted(summary.counts.items(), key=lambda group: (not Operation(group[0][2]).writes, -group[1]))
    rows: list[list[output.Cell]] = [
        [
            f"{n:,}",
            output.Styled(operation, "" if Operation(operation).writes else "dim"),
            f"{system} {name}",
            reason,
        ]
        for (system, name, operation, reason), n in groups
    ]
    output.table(["Records", "Operation", "Object", "Why"], rows, right=["Records"])


def receipt(summary: ReceiptSummary) -> None:
    """The receipt's counts, the largest first."""
    total = sum(summary.counts.values())
    output.heading(f"Receipt: {total:,} records accounted for")
    if not total:
        return
    rows: list[list[output.Cell]] = [
        [f"{n:,}", output.state(outcome), operation, f"{system} {name}", code]
        for (system, name, operation, outcome, code), n in summary.counts.most_common()
    ]
    output.table(["Records", "Outcome", "Operation", "Object", "Code"], rows, right=["Records"])


def limits(violations: Sequence[Violation]) -> None:
    if violations:
        output.heading("Over its limits: `scc run` stops here until a person approves the plan")
        output.table(["Limit", "What"], [[output.Styled(v.limit, "yellow"), v.message] for v in violations])


def rows(
    dataset: Dataset, keep: Callable[[dict[str, Any]], bool], most: int, *, personal: bool
) -> list[dict[str, Any]]:
    """The first rows that `keep` wants, with maps as dictionaries."""
    return list(islice((_shown(row, personal=personal) for row in _rows(dataset) if keep(row)), most))


def sample(dataset: Dataset, most: int, *, personal: bool) -> list[dict[str, Any]]:
    """The first rows of a plan that would write."""
    return rows(dataset, lambda row: Operation(row["operation"]).writes, most, personal=personal)


def sample_table(chosen: Sequence[dict[str, Any]]) -> None:
    """Field by field, what is there now and what would be then."""
    lines: list[list[output.Cell]] = []
    for row in chosen:
        before, after = row["before"] or {}, row["after"] or {}
        names = sorted({**before, **after}) or [""]
        for at, name in enumerate(names):
            head = row["key"] if at == 0 else ""
            lines.append([head, name, before.get(name) or BLANK, after.get(name) or BLANK])
    output.table(["Record", "Field", "Now", "Then"], lines)


def _rows(dataset: Dataset) -> Iterator[dict[str, Any]]:
    for batch in dataset.batches():
        # A slice at a time: a sample of five rows must not turn a whole batch into Python objects.
        for start in range(0, batch.num_rows, 1024):
            yield from batch.slice(start, 1024).to_pylist()


def _shown(row: dict[str, Any], *, personal: bool) -> dict[str, Any]:
    def text(value: str) -> str:
        return value if personal else output.mask(value)

    shown: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, list):  # pyarrow gives a map as a list of pairs
            shown[name] = {key: text(one or "") for key, one in value}
        else:
            shown[name] = text(value) if isinstance(value, str) else value
    return shown
