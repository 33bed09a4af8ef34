"""Move what waits in the spool into the ledger; entries are removed once they have arrived."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from scc.core.runs import RunId
from scc.errors import CorruptError, DataError
from scc.monitoring.ledger.ledger import Ledger
from scc.monitoring.ledger.spool import Spool
from scc.store.runs import RunRecord, Store

__all__ = ["Sent", "catch_up", "on_record", "send_all"]

_log = logging.getLogger(__name__)
_CHUNK = 100


@dataclass(frozen=True, slots=True)
class Sent:
    """`left` waits still: not an entry, of a newer SCC, or refused by the database."""

    sent: int = 0
    left: int = 0


def catch_up(store: Store, ledger: Ledger) -> Sent:
    """Send all that waits; a ledger that is new gets what the store holds as well.

    Raises what `Ledger.write` raises; what has not arrived then still waits. Any number of processes
    may do so at once: an entry that two of them send is kept once.
    """
    spool = Spool(store.root)
    waiting = spool.entries()
    ledger.prepare(lambda: on_record(store))
    sent = 0
    for at in range(0, len(waiting), _CHUNK):
        entries = list(spool.readable(waiting[at : at + _CHUNK]))
        sent += _send(spool, ledger, entries)
    return Sent(sent, len(spool.entries()))


def send_all(store: Store, ledger: Ledger) -> int:
    """Send the record of every run in the store: after a backup was restored that lacks some."""
    sent, records = 0, on_record(store)
    while some := list(islice(records, _CHUNK)):
        ledger.write(some)
        sent += len(some)
    return sent


def on_record(store: Store) -> Iterator[RunRecord]:
    """The store's records; a damaged one is told in the log and left out."""
    for path in sorted(store.root.glob("*/*/run.json")):
        run = RunId.from_folder(path.parts[-3], path.parts[-2])
        try:
            record = store.read(run) if run else None
        except CorruptError as error:
            _log.warning("%s", error.message, extra={"hint": error.hint})
            continue
        if record is not None:
            yield record


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
