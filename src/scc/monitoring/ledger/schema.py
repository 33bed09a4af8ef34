"""Which tables a ledger has, and how it gets today's: Alembic's migrations under a lock.

Alembic itself is imported only where something is to be migrated.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from sqlalchemy import Connection, inspect, text

from scc.errors import ConfigError
from scc.monitoring.ledger.database import Database

__all__ = ["HEAD", "VERSION_TABLE", "SchemaState", "require", "revision", "state", "upgrade"]

HEAD = "0002"
VERSION_TABLE = "scc_ledger_version"
_LOCK = 0x5CC1ED6E
"""PostgreSQL's advisory lock of whoever changes the tables. Any number will do that nobody else takes."""


class SchemaState(StrEnum):
    EMPTY = "empty"
    OLDER = "older"
    CURRENT = "current"
    NEWER = "newer"
    """A newer SCC has been here."""


def revision(connection: Connection) -> str | None:
    """The revision that the database is at; None where it has no ledger."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    found = connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()  # noqa: S608 - a constant
    return str(found) if found else None


def state(connection: Connection) -> SchemaState:
    now = revision(connection)
    if now is None:
        return SchemaState.EMPTY
    if now == HEAD:
        return SchemaState.CURRENT
    return SchemaState.OLDER if now < HEAD else SchemaState.NEWER


def require(connection: Connection, name: str) -> None:
    """ConfigError where the ledger's tables are not those that this SCC knows."""
    now = state(connection)
    if now in {SchemaState.EMPTY, SchemaState.OLDER}:
        raise ConfigError(
            f"the ledger {name} "
            + ("is empty" if now is SchemaState.EMPTY else "has the tables of an older SCC"),
            hint="Run `scc ledger upgrade`. Until then, what runs would have written waits.",
        )
    if now is SchemaState.NEWER:
        raise ConfigError(
            f"the ledger {name} has the tables of a newer SCC (revision {revision(connection)})",
            hint=f"This SCC knows revisions up to {HEAD}. What its runs would have written waits for a newer one.",
        )


def upgrade(
    database: Database, *, to: str = HEAD, fill: Callable[[Connection], None] | None = None
) -> tuple[str | None, str]:
    """Bring the ledger to a revision; gives the revisions before and after.

    All in one transaction, `fill` included, which is called where there was no ledger before. Whoever
    comes at the same time waits, and finds it done. A newer ledger is left alone.
    """
    with database.writing() as connection:
        if not database.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        before = revision(connection)
        if before is not None and before >= to:
            return before, before
        _migrate(connection, to)
        if before is None and fill:
            fill(connection)
        return before, to


def _migrate(connection: Connection, to: str) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", "scc.monitoring.ledger:migrations")
    config.set_main_option("path_separator", "os")
    command.upgrade(config, to)
