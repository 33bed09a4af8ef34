"""The database that the ledger lies in: connections that wait a few seconds at most, errors in our words.

PostgreSQL by psycopg, or one SQLite file. It must not know what is in the tables.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy
from pydantic import SecretStr
from sqlalchemy import Connection, Engine, event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError

from scc.monitoring.ledger.faults import told

__all__ = ["Database"]

CONNECT_S = 3
STATEMENT_S = 30
"""A statement takes milliseconds; one that is held up so long by others is given up."""
LOCK_S = 15


class Database:
    """`name` says where it is, without user and password; so does every error."""

    def __init__(self, url: URL) -> None:
        self.name = _name(url)
        self.is_sqlite = url.get_backend_name() == "sqlite"
        self._engine = _sqlite(url) if self.is_sqlite else _postgres(url)

    @classmethod
    def postgres(cls, url: SecretStr, password: SecretStr | None = None) -> Database:
        """`password` is taken where the address holds none."""
        parsed = make_url(url.get_secret_value()).set(drivername="postgresql+psycopg")
        if password and parsed.password is None:
            parsed = parsed.set(password=password.get_secret_value())
        return cls(parsed)

    @classmethod
    def file(cls, path: Path) -> Database:
        return cls(URL.create("sqlite", database=str(path)))

    def __repr__(self) -> str:
        return f"Database({self.name!r})"

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one state of the database. Raises as `writing`."""
        with self._begin(self._engine) as connection:
            if not self.is_sqlite:
                connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that is kept when the block ends well.

        Raises UnavailableError, RefusedError, DataError or ConfigError, whatever the driver raised.
        """
        with self._begin(self._engine.execution_options(scc_writes=True)) as connection:
            yield connection

    @contextmanager
    def _begin(self, engine: Engine) -> Iterator[Connection]:
        try:
            with engine.begin() as connection:
                if not self.is_sqlite:
                    # For this transaction only, so that it holds behind a pooler too.
                    connection.exec_driver_sql(f"SET LOCAL statement_timeout = '{STATEMENT_S}s'")
                    connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{LOCK_S}s'")
                yield connection
        except (SQLAlchemyError, ImportError, OSError) as error:
            raise told(error, self.name) from None


def _name(url: URL) -> str:
    if url.get_backend_name() == "sqlite":
        return str(url.database)
    return f"{url.host}{f':{url.port}' if url.port else ''}/{url.database}"


def _postgres(url: URL) -> Engine:
    arguments: dict[str, Any] = {
        "application_name": "scc",
        "connect_timeout": CONNECT_S,
        "prepare_threshold": None,  # a pooler hands the next transaction to another session
    }
    # What the address itself says goes first.
    arguments = {name: value for name, value in arguments.items() if name not in url.query}
    return sqlalchemy.create_engine(
        url, connect_args=arguments, poolclass=sqlalchemy.NullPool, hide_parameters=True
    )


def _sqlite(url: URL) -> Engine:
    engine = sqlalchemy.create_engine(
        url,
        connect_args={"timeout": LOCK_S, "isolation_level": None},
        poolclass=sqlalchemy.NullPool,
        hide_parameters=True,
    )

    def connect(connection: Any, _record: object) -> None:
        connection.execute("PRAGMA foreign_keys = ON")

    def begin(connection: Connection) -> None:
        # Python's driver begins late and ends a transaction at its own times; a writer that begins
        # as a reader may find the file taken halfway.
        writes = connection.get_execution_options().get("scc_writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    event.listen(engine, "connect", connect)
    event.listen(engine, "begin", begin)
    return engine
