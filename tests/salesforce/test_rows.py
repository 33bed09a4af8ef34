"""Rows on their way out: every Arrow type as Salesforce takes it, cut into uploads that fit."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scc.errors import ConfigError, DataError
from scc.salesforce.rows import CLEAR, as_text, batches_of, check_names, loads, mark


def text_of(values, type_=None):
    batch = pa.RecordBatch.from_arrays([pa.array(values, type_)], names=["A"])
    return as_text(batch)["A"].to_pylist()


@pytest.mark.parametrize(
    ("values", "type_", "expected"),
    [
        (["x", "", None], None, ["x", "", None]),
        (["x", None], pa.large_string(), ["x", None]),
        (["x", None, "x"], pa.dictionary(pa.int32(), pa.string()), ["x", None, "x"]),
        ([True, False, None], None, ["true", "false", None]),
        ([1, -2, None], None, ["1", "-2", None]),
        ([1.5, 1e20, 1e-7, None], None, ["1.5", "100000000000000000000", "0.0000001", None]),
        ([Decimal("12.50"), None], None, ["12.50", None]),
        ([date(2026, 1, 31), None], None, ["2026-01-31", None]),
        (
            [datetime(2026, 1, 31, 10, 0, 0, 999_999, tzinfo=UTC), None],
            None,
            ["2026-01-31T10:00:00.999Z", None],
        ),
        (
            [datetime(2026, 1, 31, 1, tzinfo=timezone(timedelta(hours=2)))],
            pa.timestamp("s", "+02:00"),
            ["2026-01-30T23:00:00.000Z"],
        ),
        ([time(10, 30), None], None, ["10:30:00.000Z", None]),
        ([None, None], pa.null(), [None, None]),
    ],
)
def test_a_column_is_written_as_salesforce_takes_it(values, type_, expected):
    assert text_of(values, type_) == expected


@pytest.mark.parametrize(
    ("values", "type_", "reason"),
    [
        ([datetime(2026, 1, 31)], None, "without a time zone"),  # noqa: DTZ001  # the very case
        ([float("nan")], None, "NaN"),
        ([float("inf")], None, "NaN"),
        ([["x"]], None, "can't be sent"),
        ([{"a": 1}], None, "can't be sent"),
        ([b"x"], None, "can't be sent"),
    ],
)
def test_a_column_that_salesforce_can_not_take_is_named(values, type_, reason):
    with pytest.raises(DataError, match=rf"'A'.*{reason}"):
        text_of(values, type_)


def marked(nulls, plain=()):
    batch = pa.RecordBatch.from_pydict({"Id": ["1", "", None], "A": ["x", "", None]})
    return mark(batch, nulls, plain=plain).to_pydict()


def test_null_clears_a_field_or_leaves_it_as_it_is():
    assert marked("clear", ["id"]) == {"Id": ["1", None, None], "A": ["x", CLEAR, CLEAR]}
    assert marked("unchanged", ["Id"]) == {"Id": ["1", None, None], "A": ["x", CLEAR, None]}


def test_columns_that_are_not_to_be_cleared_stay_empty():
    assert marked("clear", ["Id", "A"])["A"] == ["x", None, None]


def read_csv(body):
    return list(csv.reader(io.StringIO(b"".join(body).decode(), newline=""), strict=True))


@given(
    st.lists(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30), max_size=60
    ),
    st.integers(120, 400),
    st.integers(1, 20),
)
def test_rows_are_cut_into_uploads_that_fit_and_all_of_them_are_there(values, max_bytes, batch_rows):
    table = pa.table({"Name": pa.array(values, pa.string())})
    cut = list(loads(table.to_batches(batch_rows), as_text, max_bytes=max_bytes))
    sent: list[str] = []
    for load in cut:
        assert load.size <= max_bytes
        assert load.first_row == len(sent)
        header, *rows = read_csv(load.body)
        assert header == ["Name"]
        assert [row[0] for row in rows] == load.sent["Name"].to_pylist()
        sent += load.sent["Name"].to_pylist()
    assert sent == values


def test_lines_end_in_lf_and_breaks_within_values_survive():
    (load,) = loads([pa.RecordBatch.from_pydict({"A": ["x\r\ny", None], "B": ["1", "2"]})], as_text)
    assert b"".join(load.body) == b'"A","B"\n"x\r\ny","1"\n,"2"\n'


def test_a_row_longer_than_an_upload_is_an_error():
    with pytest.raises(DataError, match="more than a job takes"):
        list(loads([pa.RecordBatch.from_pydict({"A": ["x" * 200]})], as_text, max_bytes=100))


def test_batches_with_other_columns_are_an_error():
    batches = [pa.RecordBatch.from_pydict({name: ["x"]}) for name in ("A", "B")]
    with pytest.raises(DataError, match="differ in their columns"):
        list(loads(batches, as_text))


def test_a_table_a_batch_and_batches_are_all_rows():
    batch = pa.RecordBatch.from_pydict({"A": ["x"]})
    for rows in (batch, pa.Table.from_batches([batch]), [batch], iter([batch])):
        assert list(batches_of(rows)) == [batch]


def test_columns_are_checked_before_anything_is_sent():
    check_names(["ID", "Name"], "Id")
    with pytest.raises(ConfigError, match="twice: name"):
        check_names(["Name", "NAME"], None)
    with pytest.raises(ConfigError, match="'Id'"):
        check_names(["Name"], "Id")
