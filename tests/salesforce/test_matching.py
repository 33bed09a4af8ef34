"""Results come in any order, with nothing but the content of a row to tell it by."""

from __future__ import annotations

import random

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scc.errors import IncompleteError
from scc.salesforce.matching import keys, match

CELL = st.sampled_from(["", None, "#N/A", "a", "b", "A", "a,b", '"', "\n"])
ROWS = st.lists(st.tuples(CELL, CELL), max_size=12)


def table(rows):
    return pa.table({name: pa.array([row[at] for row in rows], pa.string()) for at, name in enumerate("XY")})


@given(ROWS, st.randoms())
def test_every_row_gets_a_result_with_its_own_content(rows, dice: random.Random):
    shuffled = list(rows)
    dice.shuffle(shuffled)
    positions = match(table(rows), table(shuffled), what="job").to_pylist()
    assert sorted(positions) == list(range(len(rows)))
    blank = {None: "", "#N/A": ""}
    for position, row in zip(positions, shuffled, strict=True):
        assert [blank.get(cell, cell) for cell in rows[position]] == [blank.get(cell, cell) for cell in row]


@pytest.mark.parametrize("answered", [[("a", "b")], [("a", "b"), ("a", "c")], [("a", "b")] * 3])
def test_results_of_other_rows_are_an_error_without_their_values(answered):
    with pytest.raises(IncompleteError, match="job 750") as caught:
        match(table([("a", "b"), ("secret", "b")]), table(answered), what="job 750")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("values", "expected"),
    [(["1", "2"], ["X"]), (["1", "1"], ["X", "Y"]), (["1", None], ["X", "Y"]), (["1", ""], ["X", "Y"])],
)
def test_the_column_that_names_the_record_is_enough_where_it_tells_all_rows_apart(values, expected):
    sent = pa.table({"X": pa.array(values, pa.string()), "Y": ["a", "b"]})
    assert keys(sent, "x") == expected


def test_an_insert_goes_by_all_columns():
    assert keys(table([("1", "2")]), None) == ["X", "Y"]
