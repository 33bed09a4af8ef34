from __future__ import annotations

from collections import Counter

import pytest

from scc.core.changes import Operation, PlanSummary
from scc.core.limits import Limits, check


def plan(*, update=0, delete=0, skip=0, fields=("A",)):
    counts = {"update": update, "delete": delete, "skip": skip}
    return PlanSummary(
        Counter({("eloqua", "contact", operation, "why"): n for operation, n in counts.items() if n}),
        {("eloqua", "contact"): set(fields)},
    )


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        (Limits(max_changes=9), "10 changes, and at most 9 go unasked"),
        (Limits(max_share=0.05), "10 changes are 10.0% of 100 records, and at most 5.0% go unasked"),
        (Limits(max_by_operation={Operation.DELETE: 3}), "4 times delete, and at most 3 go unasked"),
    ],
)
def test_amounts_over_a_limit_wait_for_an_approval(limits, message):
    (violation,) = check(plan(update=6, delete=4), limits, population=100)

    assert violation.message == message
    assert violation.approvable


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        (Limits(operations=frozenset({Operation.UPDATE})), "the plan wants to delete"),
        (Limits(fields={"contact": frozenset({"B"})}), "the plan writes A of contact"),
        (Limits(fields={}), "the plan writes A of contact"),
    ],
)
def test_forbidden_things_cannot_be_approved(limits, message):
    (violation,) = check(plan(update=1, delete=1), limits, population=None)

    assert message in violation.message
    assert not violation.approvable


def test_rows_left_alone_count_towards_no_limit():
    limits = Limits(max_changes=1, max_share=0.01, operations=frozenset({Operation.UPDATE}))

    assert check(plan(update=1, skip=1000), limits, population=100) == []


def test_any_change_to_an_empty_population_is_over_its_share():
    assert check(plan(update=1), Limits(max_share=0.5), population=0)
    assert not check(plan(), Limits(max_share=0.5), population=0)


def test_a_share_of_nothing_named_is_a_mistake_of_the_pipeline():
    with pytest.raises(ValueError, match="population"):
        check(plan(update=1), Limits(max_share=0.5), population=None)


def test_the_first_change_of_all_waits_for_an_approval_where_it_must():
    limits = Limits(approve_first=True)

    (violation,) = check(plan(delete=1), limits, population=None, is_first=True)

    assert violation.approvable
    assert "the first must be approved" in violation.message
    assert check(plan(skip=9), limits, population=None, is_first=True) == []
    assert check(plan(delete=1), limits, population=None) == []
