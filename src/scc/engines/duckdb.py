"""DuckDB over Parquet: plans on one machine, in bounded memory, whatever the number of records."""

from __future__ import annotations

import fcntl
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir

import duckdb
import pyarrow as pa

from scc.engines.base import Query, Table, identifier, literal
from scc.errors import CorruptError, DataError

__all__ = ["DuckDBEngine", "sweep_spills"]

BATCH_ROWS = 16_384
_PREFIX, _LOCK = "scc-spill-", "in-use"


class DuckDBEngine:
    """`memory_limit` as DuckDB writes it ("2GB"); beyond it, work spills to `spill` (default: a temporary folder)."""

    def __init__(self, *, memory_limit: str = "2GB", threads: int = 2, spill: Path | None = None) -> None:
        self.memory_limit = memory_limit
        self.threads = threads
        self.spill = spill

    def run(self, query: Query) -> Iterator[pa.RecordBatch]:
        with _spill_folder(self.spill) as spill:
            config: dict[str, str | bool | int | float | list[str]] = {
                "memory_limit": self.memory_limit,
                "threads": self.threads,
                "temp_directory": spill,
            }
            with duckdb.connect(":memory:", config=config) as connection:
                try:
                    for name, table in query.tables.items():
                        connection.execute(f"CREATE VIEW {identifier(name)} AS {_select(table)}")
                    relation = connection.sql(query.sql, params=dict(query.parameters))
                    reader: pa.RecordBatchReader = relation.to_arrow_reader(BATCH_ROWS)
                    yield from reader
                except (duckdb.IOException, duckdb.InvalidInputException) as error:
                    # The parts were there a moment ago: what can't be read now is damaged inside.
                    raise CorruptError(
                        f"a dataset can't be read: {_first_line(error)}",
                        hint="Remove the folder that the message names and run that moment again.",
                    ) from error
                except duckdb.Error as error:
                    raise DataError(f"the plan's query failed: {_first_line(error)}") from error


def sweep_spills(folder: Path | None = None) -> int:
    """Remove the spill folders of processes that were killed, and give their number; those in use stay."""
    removed = 0
    for path in Path(folder or gettempdir()).glob(f"{_PREFIX}*"):
        with suppress(OSError), (path / _LOCK).open("r+") as lock:  # another user's, or held by a query
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(path)
            removed += 1
    return removed


@contextmanager
def _spill_folder(parent: Path | None) -> Iterator[str]:
    with (
        TemporaryDirectory(prefix=_PREFIX, dir=parent) as folder,
        (Path(folder) / f"{_LOCK}.new").open("a") as lock,
    ):
        # Held before it gets its name: whoever sees the lock finds it taken, until this process is gone.
        fcntl.flock(lock, fcntl.LOCK_EX)
        Path(lock.name).rename(Path(folder) / _LOCK)
        yield folder


def _select(table: Table) -> str:
    paths = [literal(str(path)) for dataset in table.datasets for path in dataset.paths()]
    # S608: names and paths are our own, quoted above; the select list is the pipeline's
    return f"SELECT {table.select} FROM read_parquet([{', '.join(paths)}], union_by_name = true)"  # noqa: S608


def _first_line(error: duckdb.Error) -> str:
    """What went wrong, without the values: DuckDB quotes them, and they may be personal."""
    return re.sub(r"'(?![^']*\.parquet)[^']*'", "'...'", str(error).splitlines()[0])[:300]
