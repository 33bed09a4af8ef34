"""The sandbox's one DuckDB database and the cursors on it. Knows nothing of either vendor."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Self

import duckdb
import pyarrow as pa

__all__ = ["Cursor", "Database", "identifier", "literal"]

Parameters = Sequence[object] | None


def identifier(name: str) -> str:
    """Quote a name for SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: str) -> str:
    """Quote a text for SQL, for the places that take no parameters."""
    return "'" + value.replace("'", "''") + "'"


class Cursor:
    """One connection of its own to the database, for one thread at a time; temporary tables are its own too."""

    def __init__(self, raw: duckdb.DuckDBPyConnection) -> None:
        self.raw = raw

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.raw.close()

    def run(self, sql: str, parameters: Parameters = None) -> None:
        """Run a statement to its end, without looking at what it returns."""
        self.raw.execute(sql, parameters)
        self.raw.complete()

    def rows(self, sql: str, parameters: Parameters = None) -> list[tuple[Any, ...]]:
        return self.raw.execute(sql, parameters).fetchall()

    def row(self, sql: str, parameters: Parameters = None) -> tuple[Any, ...] | None:
        rows = self.rows(sql, parameters)
        return rows[0] if rows else None

    def value(self, sql: str, parameters: Parameters = None) -> Any:  # as SQL has it
        """Return the first column of the first row, None without a row."""
        row = self.row(sql, parameters)
        return row[0] if row else None

    def arrow(self, sql: str, parameters: Parameters = None) -> pa.Table:
        return self.raw.sql(sql, params=parameters).to_arrow_table()

    def batches(
        self, sql: str, parameters: Parameters = None, *, rows: int = 50_000
    ) -> Iterator[pa.RecordBatch]:
        """Read a result in pieces; the cursor is busy until the last one is read."""
        yield from self.raw.sql(sql, params=parameters).to_arrow_reader(rows)

    @contextmanager
    def table(self, name: str, data: pa.Table) -> Iterator[None]:
        """Let SQL read an Arrow table under `name`, for the length of the block."""
        self.raw.register(name, data)
        try:
            yield
        finally:
            self.raw.unregister(name)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing: what the block writes is undone when it raises."""
        self.raw.begin()
        try:
            yield
        except BaseException:
            self.raw.rollback()
            raise
        self.raw.commit()


class Database:
    """`path` is a file or ":memory:"; raises duckdb.IOException when another process holds the file."""

    def __init__(self, path: str = ":memory:", *, memory_limit: str | None = None) -> None:
        config: dict[str, Any] = {"python_enable_replacements": False}
        if memory_limit:
            config["memory_limit"] = memory_limit
        self.path = path
        self._root = duckdb.connect(path, config=config)

    def cursor(self) -> Cursor:
        return Cursor(self._root.cursor())

    def tables(self) -> list[str]:
        with self.cursor() as cursor:
            return [
                name for (name,) in cursor.rows("SELECT table_name FROM duckdb_tables() WHERE NOT temporary")
            ]

    def drop(self, prefix: str) -> None:
        """Remove every table of the main schema whose name begins so; nobody else may be writing."""
        names = [name for name in self.tables() if name.startswith(prefix)]
        if names:
            with self.cursor() as cursor:
                cursor.run(";".join(f"DROP TABLE IF EXISTS {identifier(name)}" for name in names))

    def close(self) -> None:
        self._root.close()
