"""How the ledger stands, for people who look after it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from scc.errors import CorruptError
from scc.monitoring.ledger import schema
from scc.monitoring.ledger.ledger import FILE, Ledger
from scc.monitoring.ledger.spool import Spool
from scc.settings import Ledger as LedgerSettings
from scc.store.runs import Store

__all__ = ["Report", "report"]


@dataclass(frozen=True, slots=True)
class Report:
    """`tries` is None for a ledger that has no tables, or others than this SCC knows.

    `waiting` entries are still to be sent; of them, `unreadable` never will be by this SCC.
    """

    kind: Literal["PostgreSQL", "SQLite"]
    place: str
    tables: schema.SchemaState
    revision: str | None
    tries: int | None
    waiting: int
    unreadable: int


def report(settings: LedgerSettings, store: Store) -> Report:
    """Look, and change nothing. Raises what a failing connection raises."""
    spool = Spool(store.root)
    waiting = spool.entries()
    unreadable = sum(not _is_readable(spool, path) for path in waiting)
    ledger = Ledger.of(settings, store.root)
    tables, revision = schema.SchemaState.EMPTY, None
    if settings.url is not None or (store.root / FILE).exists():
        with ledger.database.reading() as connection:
            tables, revision = schema.state(connection), schema.revision(connection)
    return Report(
        "SQLite" if ledger.database.is_sqlite else "PostgreSQL",
        ledger.database.name,
        tables,
        revision,
        tries=ledger.count() if tables is schema.SchemaState.CURRENT else None,
        waiting=len(waiting),
        unreadable=unreadable,
    )


def _is_readable(spool: Spool, path: Path) -> bool:
    try:
        spool.read(path)
    except CorruptError:
        return False
    return True
