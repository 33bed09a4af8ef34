"""Move what waits in the spool into the ledger; entries are removed once they have arrived."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from scc.errors import DataError
from scc.monitoring.ledger.ledger import Ledger
from scc.monitoring.ledger.spool import Spool
from scc.store.runs import RunRecord, Store

__all__ = ["Sent", "catch_up", "send_all"]

_log = logging.getLogger(__name__)
_CHUNK = 100


@dataclass(frozen=True, slots=True)
class Sent:
    """`left` waits still: not an entry, of a newer SCC, or refused by the database."""

    sent: int = 0
    left: int = 0


def catch_up(spool: Spool, ledger: Ledger) -> Sent:
    """Send all that waits. Raises what `Ledger.write` raises; what has not arrived then still waits.

    Any number of processes may do so at once: an entry that two of them send is kept once.
    """
    waiting = spool.entries()
    if waiting:
        ledger.prepare()
    sent = 0
    for at in range(0, len(waiting), _CHUNK):
        entries = list(spool.readable(waiting[at : at + _CHUNK]))
        sent += _send(spool, ledger, entries)
    return Sent(sent, len(spool.entries()))


def send_all(store: Store, ledger: Ledger) -> int:
    """Send the record of every run in the store: after a database was lost, or when it is first used."""
    ledger.prepare()
    sent = 0
    some: list[RunRecord] = []
    for record in store.runs():
        some.append(record)
        if len(some) == _CHUNK:
            ledger.write(some)
            sent, some = sent + len(some), []
    ledger.write(some)
    return sent + len(some)


def _send(spool: Spool, ledger: Ledger, entries: list[tuple[Path, RunRecord]]) -> int:
    """Send some at once; where the database does not take one of them, each by itself."""
    try:
        ledger.write(record for _, record in entries)
    except DataError:
        return sum(_send_one(spool, ledger, path, record) for path, record in entries)
    spool.remove([path for path, _ in entries])
    return len(entries)


def _send_one(spool: Spool, ledger: Ledger, path: Path, record: RunRecord) -> bool:
    try:
        ledger.write([record])
    except DataError as error:
        _log.warning("%s stays in the spool: %s", path, error.message)
        return False
    spool.remove([path])
    return True
