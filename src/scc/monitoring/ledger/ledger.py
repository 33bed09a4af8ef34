"""The ledger itself: entries go in, in any order and as often as they come; records of runs come out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Executable, Select, Table, and_, bindparam, delete, func, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import CompileError

from scc.core.runs import RunId
from scc.errors import ConfigError, DataError
from scc.monitoring.ledger import schema
from scc.monitoring.ledger.database import Database
from scc.monitoring.ledger.places import network_file_system
from scc.monitoring.ledger.rows import Row, count_rows, duration_rows, export_rows, record_of, run_row
from scc.monitoring.ledger.tables import counts, durations, exports, runs
from scc.settings import Ledger as LedgerSettings
from scc.store.runs import RunRecord

__all__ = ["FILE", "Ledger"]

FILE = "ledger.sqlite"
"""Beside the pipelines' folders, where no address is set."""
_CHUNK = 500
_UNFIT = (ArithmeticError, AttributeError, CompileError, LookupError, TypeError, ValueError)
"""What a record raises that was not written by SCC, or not by this one."""
_CHILDREN = (counts, durations, exports)


class Ledger:
    """Reads and writes one database. Errors are those of `Database.writing`."""

    def __init__(self, database: Database) -> None:
        self.database = database

    @classmethod
    def of(cls, settings: LedgerSettings, store: Path) -> Ledger:
        """The ledger of a configuration: PostgreSQL where it names an address, else a file in the store.

        Raises ConfigError where such a file could not be trusted.
        """
        if settings.url is not None:
            return cls(Database.postgres(settings.url, settings.password))
        kind = network_file_system(store)
        if kind:
            raise ConfigError(
                f"there is no ledger: {store} lies on a network ({kind}), where SQLite can't be trusted",
                hint="Set ledger.url to a PostgreSQL. Until then, its entries wait in the store.",
            )
        return cls(Database.file(store / FILE))

    def prepare(self, history: Callable[[], Iterable[RunRecord]] = tuple) -> None:
        """Make the tables where there are none, and fill them with the history; bring a file's to today's.

        The tables of a database that several machines use are changed by `scc ledger upgrade` alone.
        """
        with self.database.reading() as connection:
            state = schema.state(connection)
        if state is schema.SchemaState.EMPTY or (
            state is schema.SchemaState.OLDER and self.database.is_sqlite
        ):
            self.upgrade(history)

    def upgrade(self, history: Callable[[], Iterable[RunRecord]] = tuple) -> tuple[str | None, str]:
        """Bring the tables to today's, and fill new ones; gives the revisions before and after."""
        return schema.upgrade(self.database, fill=lambda connection: _put_all(connection, history()))

    def write(self, records: Iterable[RunRecord]) -> None:
        """Keep entries, all or none. Of two for one try the later one stays, in whatever order they come."""
        with self.database.writing() as connection:
            schema.require(connection, self.database.name)
            _put_all(connection, records)

    def runs(
        self, pipeline: str | None = None, *, since: datetime | None = None, limit: int | None = None
    ) -> list[RunRecord]:
        """The last try of each run, the newest moment first; `since` is when that try started."""
        chosen = _last_tries().order_by(runs.c.moment.desc(), runs.c.pipeline)
        if pipeline is not None:
            chosen = chosen.where(runs.c.pipeline == pipeline)
        if since is not None:
            chosen = chosen.where(runs.c.started_at >= since)
        return self._read(chosen.limit(limit) if limit is not None else chosen)

    def find(self, run: RunId) -> RunRecord | None:
        """A run's last try."""
        return next(iter(self.tries(run)[-1:]), None)

    def tries(self, run: RunId) -> list[RunRecord]:
        """All tries of a run, the first one first."""
        same = and_(runs.c.pipeline == run.pipeline, runs.c.moment == run.moment)
        return self._read(select(runs).where(same).order_by(runs.c["try"]))

    def count(self) -> int:
        """How many tries it holds."""
        with self.database.reading() as connection:
            schema.require(connection, self.database.name)
            return connection.execute(select(func.count()).select_from(runs)).scalar_one()

    def _read(self, chosen: Select[Any]) -> list[RunRecord]:
        with self.database.reading() as connection:
            schema.require(connection, self.database.name)
            rows = connection.execute(chosen).mappings().all()
            found = []
            for some in _chunks(rows):
                below = [_children(connection, table, [row["id"] for row in some]) for table in _CHILDREN]
                found += [record_of(row, *(one[row["id"]] for one in below)) for row in some]
            return found


def _last_tries() -> Select[Any]:
    other = runs.alias()
    newest = (
        select(func.max(other.c["try"]))
        .where(other.c.pipeline == runs.c.pipeline, other.c.moment == runs.c.moment)
        .scalar_subquery()
    )
    return select(runs).where(runs.c["try"] == newest)


def _put_all(connection: Connection, records: Iterable[RunRecord]) -> None:
    for record in records:
        try:
            _put(connection, record)
        except _UNFIT as error:
            raise DataError(f"{record.run} can't be kept: {type(error).__name__}") from None


def _put(connection: Connection, record: RunRecord) -> None:
    run_id = connection.execute(_upsert(connection.dialect.name), run_row(record)).scalar()
    if run_id is None:
        return  # a later entry of this try is there
    rows = (count_rows(record), duration_rows(record), export_rows(record))
    for table, below in zip(_CHILDREN, rows, strict=True):
        connection.execute(_delete(table), {"of": run_id})
        if below:
            connection.execute(table.insert(), [{"run_id": run_id, **one} for one in below])


@cache
def _upsert(dialect: str) -> Executable:
    """Insert a try, or replace it by a later entry of itself; gives its id unless what is there is later."""
    insert: Any = {"postgresql": postgresql.insert, "sqlite": sqlite.insert}[dialect]
    statement = insert(runs)
    new = statement.excluded
    # A try is known by its number in its store; a store that was made anew counts from one again.
    later = or_(
        runs.c.started_at < new.started_at,
        and_(runs.c.started_at == new.started_at, or_(runs.c.ended_at.is_(None), new.ended_at.is_not(None))),
    )
    key = ("pipeline", "moment", "try")
    replaced = {column.name: new[column.name] for column in runs.c if column.name not in {"id", *key}}
    upsert: Executable = statement.on_conflict_do_update(
        index_elements=[runs.c[name] for name in key], set_=replaced, where=later
    ).returning(runs.c.id)
    return upsert


@cache
def _delete(table: Table) -> Executable:
    return delete(table).where(table.c.run_id == bindparam("of"))


def _children(connection: Connection, table: Table, ids: list[int]) -> dict[int, list[Row]]:
    """The table's rows by run, in the order of their keys."""
    found: dict[int, list[Row]] = defaultdict(list)
    chosen = select(table).where(table.c.run_id.in_(ids)).order_by(*table.primary_key.columns)
    for row in connection.execute(chosen).mappings():
        found[row["run_id"]].append(row)
    return found


def _chunks(rows: Sequence[Row]) -> Iterator[list[Row]]:
    left = iter(rows)
    while some := list(islice(left, _CHUNK)):
        yield some
