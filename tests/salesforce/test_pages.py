"""The reader of result pages: what Salesforce may send, and what it must never pass on."""

from __future__ import annotations

import csv
import io

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scc.errors import DataError
from scc.salesforce.pages import read_batches, read_page

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
TABLES = st.integers(1, 4).flatmap(
    lambda width: st.lists(st.lists(TEXT, min_size=width, max_size=width), max_size=8).map(
        lambda rows: ([f"C{at}" for at in range(width)], rows)
    )
)


def as_salesforce_writes(names, rows) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerows([names, *rows])
    return text.getvalue().encode()


@given(TABLES)
@example((["C0"], [[""], ["x"], [""]]))
@example((["C0", "C1"], [['"', ","], ["\n", "\r\n"], ["\u2028", "\x85"]]))
def test_any_text_is_read_as_it_was_and_the_empty_cell_as_null(table):
    names, rows = table
    read = read_page(as_salesforce_writes(names, rows), what="page")
    assert read.column_names == names
    assert [list(row.values()) for row in read.to_pylist()] == [
        [cell or None for cell in row] for row in rows
    ]
    assert set(read.schema.types) == {pa.string()}


@pytest.mark.parametrize(
    "body", [b'"Id","Name"\n', b'"Id","Name"', b'"Id","Name"\r\n', b'\xef\xbb\xbf"Id","Name"\n']
)
def test_a_header_alone_is_a_page_of_no_rows(body):
    read = read_page(body, what="page")
    assert (read.column_names, read.num_rows) == (["Id", "Name"], 0)


def test_columns_can_be_chosen_whatever_their_case():
    read = read_page(b'"sf__Id","EMAIL","Name"\n"1","2","3"\n', what="page", columns=["email", "SF__ID"])
    assert read.to_pylist() == [{"EMAIL": "2", "sf__Id": "1"}]


def test_a_record_of_the_greatest_length_is_read():
    value = "\u6f22" * 400_000
    read = read_page(as_salesforce_writes(["A", "B"], [[value, "x"]] * 3), what="page")
    assert read["A"].to_pylist() == [value] * 3


def test_long_records_among_short_ones_cost_none_of_them():
    short = [[str(row), "x\ny"] for row in range(400_000)]
    rows = [*short[:250_000], ["long", "\u6f22\n" * 600_000], *short[250_000:], ["longer", '"' * 2_000_000]]
    read = read_page(as_salesforce_writes(["A", "B"], rows), what="page")
    assert read["A"].to_pylist() == [a for a, _ in rows]
    assert read["B"].to_pylist() == [b for _, b in rows]


def test_what_was_read_before_a_fault_is_handed_out_bit_by_bit():
    body = as_salesforce_writes(["A"], [["x" * 98]] * 100_000) + b'"y","z"\n'
    batches = read_batches(body, what="page")
    assert 0 < next(batches).num_rows < 100_000
    with pytest.raises(DataError, match="Expected 1 columns, got 2"):
        list(batches)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "column names"),
        (b"\n", "column names"),
        (b'"Id","Id"\n', "column names"),
        (b'"Id",""\n', "column names"),
        (b'"\xff"\n', "column names"),
        (b'"Id","Name"\n"1","Smith\n', "within a quoted value"),
        (b'"Id","Name"\n"1","Smith"\n"2"\n', "Expected 2 columns, got 1"),
        (b'"Id","Name"\n"1","Smi\xffth"\n', "not UTF-8"),
        (b'"Id"\n"' + b"Smith" * 4_000_000 + b'"\n"2"\n', "longer than"),
    ],
)
def test_a_page_that_is_no_clean_csv_is_an_error_without_its_values(body, reason):
    with pytest.raises(DataError, match=reason) as caught:
        read_page(body, what="page 7")
    assert "page 7" in str(caught.value)
    assert "Smith" not in str(caught.value)


def test_a_column_that_is_missing_is_named():
    with pytest.raises(DataError, match="'sf__Id'"):
        read_page(b'"Id"\n"1"\n', what="page", columns=["sf__Id"])


@given(st.binary(max_size=200) | st.text('"\n\r,ab\0é', max_size=60).map(str.encode))
def test_any_bytes_give_a_table_or_a_data_error(body):
    try:
        read = read_page(body, what="page")
    except DataError:
        return
    assert set(read.schema.types) <= {pa.string()}
    read.validate(full=True)
