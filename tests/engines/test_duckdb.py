from __future__ import annotations

import pyarrow as pa
import pytest

from scc.engines.base import Query, Table, identifier, literal
from scc.engines.duckdb import DuckDBEngine
from scc.errors import CorruptError, DataError
from scc.store.dataset import write_dataset


@pytest.fixture
def engine():
    return DuckDBEngine(memory_limit="200MB", threads=1)


@pytest.fixture
def people(tmp_path):
    data = pa.RecordBatch.from_pydict({"id": ["1", "2"], "Owner.Name": ["Ann", None]})
    return write_dataset(tmp_path / "people", data.schema, [data])


def rows(engine, query):
    return [row for batch in engine.run(query) for row in batch.to_pylist()]


def test_a_query_sees_its_tables_through_their_select_list(engine, people):
    query = Query(
        "SELECT * FROM t WHERE id >= $least ORDER BY id",
        {"t": Table([people], f"id, coalesce({identifier('Owner.Name')}, '') AS owner")},
        {"least": "1"},
    )

    assert rows(engine, query) == [{"id": "1", "owner": "Ann"}, {"id": "2", "owner": ""}]


def test_datasets_one_after_the_other_are_joined_by_column_name(engine, people, tmp_path):
    more = pa.RecordBatch.from_pydict({"extra": ["x"], "id": ["3"]})
    both = Table([people, write_dataset(tmp_path / "more", more.schema, [more])])

    assert rows(engine, Query("SELECT id, extra FROM t ORDER BY id", {"t": both})) == [
        {"id": "1", "extra": None},
        {"id": "2", "extra": None},
        {"id": "3", "extra": "x"},
    ]


def test_a_damaged_part_is_a_corrupt_dataset(engine, people):
    (path,) = people.paths()
    path.write_bytes(b"x" * path.stat().st_size)

    with pytest.raises(CorruptError, match="can't be read"):
        rows(engine, Query("SELECT * FROM t", {"t": Table([people])}))


def test_an_error_never_quotes_values(engine, people):
    query = Query('SELECT CAST("Owner.Name" AS INTEGER) FROM t', {"t": Table([people])})

    with pytest.raises(DataError) as caught:
        rows(engine, query)

    assert "Ann" not in caught.value.message


@pytest.mark.parametrize("name", ["plain", "it's", 'say "x"', "Ünïcode", "a.b"])
def test_names_and_texts_are_quoted(engine, people, name):
    query = Query(f"SELECT {literal(name)} AS {identifier(name)} FROM t LIMIT 1", {"t": Table([people])})

    assert rows(engine, query) == [{name: name}]
