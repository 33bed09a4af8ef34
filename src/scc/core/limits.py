"""Limits that a plan must keep to before it may touch a live system.

The rules are pure: a plan's summary and the number of records that it was made from go in,
sentences that a person can act on come out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from scc.core.changes import Operation, PlanSummary

__all__ = ["Limits", "Violation", "check"]


@dataclass(frozen=True, slots=True)
class Limits:
    """None means no such limit.

    `max_changes`: rows that write, in all. `max_by_operation`: the same by operation; operations
    that are not in it are limited by `max_changes` only. `max_share`: writing rows as a share
    (0 to 1) of the population. `operations`: all that may occur. `fields`: all that may be written,
    by object ("customObject/12"). `approve_first`: until a run of the pipeline has changed something,
    a person must approve the plan, whatever its size.
    """

    max_changes: int | None = None
    max_by_operation: Mapping[Operation, int] = field(default_factory=dict)
    max_share: float | None = None
    operations: frozenset[Operation] | None = None
    fields: Mapping[str, frozenset[str]] | None = None
    approve_first: bool = False


@dataclass(frozen=True, slots=True)
class Violation:
    """One limit that a plan breaks: its name, a sentence, and whether an approval may lift it.

    Amounts are a matter of judgement and can be approved. A forbidden field or operation is a
    mistake in the pipeline and can't.
    """

    limit: str
    message: str
    approvable: bool = True


def check(
    summary: PlanSummary, limits: Limits, *, population: int | None, is_first: bool = False
) -> list[Violation]:
    """All limits that the plan breaks, forbidden things first.

    `is_first`: no earlier run of the pipeline has changed anything.

    `population` is the number of records that `max_share` is a share of; None where the pipeline
    names none, and then `max_share` may not be set.
    """
    first = []
    if limits.approve_first and is_first and summary.changes:
        words = "no run of this pipeline has changed anything yet, and the first must be approved"
        first = [Violation("approve_first", words)]
    return [*_forbidden(summary, limits), *first, *_amounts(summary, limits, population)]


def _forbidden(summary: PlanSummary, limits: Limits) -> list[Violation]:
    found = []
    if limits.operations is not None:
        planned = {operation for operation in summary.by_operation() if operation.writes}
        found += [f"the plan wants to {operation}" for operation in sorted(planned - limits.operations)]
    if limits.fields is not None:
        for (_, name), written in sorted(summary.fields.items()):
            allowed = limits.fields.get(name, frozenset())
            found += [f"the plan writes {extra} of {name}" for extra in sorted(written - allowed)]
    return [
        Violation("forbidden", f"{what}, which this pipeline must not", approvable=False) for what in found
    ]


def _amounts(summary: PlanSummary, limits: Limits, population: int | None) -> list[Violation]:
    found = []
    if limits.max_changes is not None and summary.changes > limits.max_changes:
        found.append(
            Violation(
                "max_changes", f"{summary.changes:,} changes, and at most {limits.max_changes:,} go unasked"
            )
        )
    planned = summary.by_operation()
    for operation, most in sorted(limits.max_by_operation.items()):
        if planned[operation] > most:
            found.append(
                Violation(
                    f"max_by_operation.{operation}",
                    f"{planned[operation]:,} times {operation}, and at most {most:,} go unasked",
                )
            )
    if limits.max_share is not None:
        if population is None:
            raise ValueError("max_share needs a population")
        share = summary.changes / population if population else float(summary.changes > 0)
        if share > limits.max_share:
            found.append(
                Violation(
                    "max_share",
                    f"{summary.changes:,} changes are {share:.1%} of {population:,} records, "
                    f"and at most {limits.max_share:.1%} go unasked",
                )
            )
    return found
