"""Ids as sandbox-salesforce.md 6 gives them, and the SQL twin of the arithmetic."""

from __future__ import annotations

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scc.sandbox.salesforce import ids

RECORDED = ["00Q9H00000C6pycUAB", "0018Z00002rGc7YQAS"]


@pytest.fixture(scope="module")
def database():
    connection = duckdb.connect(":memory:")
    connection.execute("CREATE SCHEMA sf")
    for macro in ids.MACROS:
        connection.execute(macro)
    return connection


@pytest.mark.parametrize("recorded", RECORDED)
def test_the_check_characters_are_those_of_recorded_ids(recorded):
    assert ids.normalize(recorded[:15]) == recorded
    assert ids.normalize(recorded) == recorded


@pytest.mark.parametrize("text", ["", "00Q", "a00B000000FSjVUIB1", "00Q9H00000C6py!", "00Q9H00000C6pycUABX"])
def test_what_is_no_id_is_told_from_one(text, database):
    assert ids.normalize(text) is None
    assert database.execute("SELECT sf.id18(?)", [text]).fetchone() == (None,)


@given(st.integers(min_value=0, max_value=ids.MAX_NUMBER - 1))
def test_sql_and_python_make_the_same_ids(database, number):
    made = ids.make("00Q", number)

    assert database.execute(
        f"SELECT {ids.sql('00Q', '?::BIGINT')}".replace("?", "$1"), [number]
    ).fetchone() == (made,)
    assert database.execute("SELECT sf.id18(?)", [made[:15]]).fetchone() == (made,)
    assert ids.number_of(made) == number
