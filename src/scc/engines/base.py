"""What every engine can do: SQL over datasets, Arrow out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import pyarrow as pa

from scc.store.dataset import Dataset

__all__ = ["Engine", "Query", "Table", "identifier", "literal"]


@dataclass(frozen=True, slots=True)
class Table:
    """A name in a query: datasets one after the other, seen through `select`.

    Several datasets are joined by column name; a column that one lacks is null there. `select` is
    the SELECT list (default all columns), for what depends on configuration; the query itself then
    never does.
    """

    datasets: Sequence[Dataset]
    select: str = "*"


@dataclass(frozen=True, slots=True)
class Query:
    """SQL with its tables by name and its parameters (`$name`)."""

    sql: str
    tables: Mapping[str, Table]
    parameters: Mapping[str, str | int | float | None] = field(default_factory=dict)


class Engine(Protocol):
    def run(self, query: Query) -> Iterator[pa.RecordBatch]:
        """The query's rows in its order. Raises CorruptError for a damaged part, DataError for the rest."""
        ...


def identifier(name: str) -> str:
    """Quote a column's name for SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: str) -> str:
    """Quote a text for SQL."""
    return "'" + value.replace("'", "''") + "'"
