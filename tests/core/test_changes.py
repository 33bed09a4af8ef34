from __future__ import annotations

import pyarrow as pa
import pytest

from scc.core.changes import SCHEMA, Operation, PlanSummary, number_changes, written_fields
from scc.errors import DataError

FIELDS = pa.map_(pa.string(), pa.string())


def rows(*changes, operation="update", reason="differs"):
    """Changes as a plan's query gives them: (key, after)."""
    return pa.RecordBatch.from_pydict(
        {
            "system": pa.array(["eloqua"] * len(changes)),
            "object": pa.array(["customObject/1"] * len(changes)),
            "operation": pa.array([operation] * len(changes)),
            "key": pa.array([key for key, _ in changes], pa.string()),
            "before": pa.array([list(dict.fromkeys(after, "").items()) for _, after in changes], FIELDS),
            "after": pa.array([list(after.items()) for _, after in changes], FIELDS),
            "reason": pa.array([reason] * len(changes), pa.string()),
            "evidence": pa.array([""] * len(changes)),
        }
    )


def test_rows_are_numbered_across_batches_and_counted():
    summary = PlanSummary()
    batches = [rows(("1", {"A": "x"}), ("2", {"B": "y"})), rows(), rows(("3", {"A": ""}))]

    numbered = list(number_changes(batches, summary))

    assert [n for batch in numbered for n in batch["change"].to_pylist()] == [0, 1, 2]
    assert all(batch.schema == SCHEMA for batch in numbered)
    assert summary.changes == 3
    assert summary.fields == {("eloqua", "customObject/1"): {"A", "B"}}
    assert PlanSummary.from_json(summary.to_json()) == summary


def test_rows_left_alone_are_no_changes():
    summary = PlanSummary()
    list(number_changes([rows(("1", {}), ("2", {}), operation="skip", reason="no campaign")], summary))

    assert (summary.changes, summary.skipped) == (0, 2)
    assert summary.by_operation() == {Operation.SKIP: 2}


@pytest.mark.parametrize(
    "batches",
    [
        [rows(("1", {"A": "x"}), ("1", {"A": "y"}))],
        [rows(("1", {"A": "x"})), rows(("1", {"A": "y"}))],
        [rows(("2", {"A": "x"}), ("1", {"A": "y"}))],
        [rows(("2", {"A": "x"})), rows(("1", {"A": "y"}))],
    ],
    ids=["twice", "twice across batches", "unsorted", "unsorted across batches"],
)
def test_two_changes_for_one_record_are_refused(batches):
    with pytest.raises(DataError, match="two changes for one record"):
        list(number_changes(batches, PlanSummary()))


def test_an_unknown_operation_is_refused():
    with pytest.raises(DataError, match="unknown operation 'merge'"):
        list(number_changes([rows(("1", {}), operation="merge")], PlanSummary()))


@pytest.mark.parametrize(("key", "reason"), [("", "why"), (None, "why"), ("1", ""), ("1", None)])
def test_a_row_without_key_or_reason_is_refused(key, reason):
    with pytest.raises(DataError, match="holds a row without"):
        list(number_changes([rows((key, {}), reason=reason)], PlanSummary()))


def test_a_missing_column_is_named():
    with pytest.raises(DataError, match="no column 'evidence'"):
        list(number_changes([rows(("1", {})).drop_columns(["evidence"])], PlanSummary()))


def test_the_fields_of_a_slice_are_its_own():
    batch = rows(("1", {"A": "x"}), ("2", {"B": "y"}), ("3", {"C": "z", "D": ""}))

    assert written_fields(batch.slice(1, 1)["after"]) == {"B"}
    assert written_fields(batch.slice(2)["after"]) == {"C", "D"}
