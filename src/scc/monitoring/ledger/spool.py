"""Entries on their way to the ledger: a file each, in `<store>/.spool/`. It must not know any database.

An entry lies here before anybody tries to send it, and goes when it has arrived. So a database that is
down loses none, and a process that is killed between the two only sends an entry again.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from scc.core.runs import parse_moment
from scc.errors import CorruptError, SccError
from scc.store.files import read_json, write_json
from scc.store.runs import RunRecord, RunState

__all__ = ["Spool"]

_log = logging.getLogger(__name__)


class Spool:
    """One for a store. Any number of processes may put, read and remove at the same time."""

    def __init__(self, store: Path) -> None:
        self.folder = store / ".spool"

    def put(self, record: RunRecord) -> Path:
        """Keep an entry. A try has two, of its start and of its end: none ever takes another's place."""
        self.folder.mkdir(parents=True, exist_ok=True)
        pipeline, _, moment = record.run.folder.partition("/")
        what = "ended" if record.ended_at else "started"
        path = self.folder / f"{pipeline}.{moment}.{record.tries:04d}.{what}.json"
        write_json(path, asdict(record))
        return path

    def entries(self) -> list[Path]:
        """What waits, the newest first: after a long outage, today's run must not queue behind last week's."""
        found = []
        for path in self.folder.glob("[!.]*.json"):
            try:
                found.append((path.stat().st_mtime, path))
            except FileNotFoundError:
                continue  # sent by another process meanwhile
        return [path for _, path in sorted(found, reverse=True)]

    def read(self, path: Path) -> RunRecord | None:
        """The entry; None where another process has sent it meanwhile.

        Raises CorruptError for what is not an entry, or is one of a newer SCC, which alone can send it whole.
        """
        data = read_json(path)
        if data is None:
            return None
        try:
            record = RunRecord(**{**data, "state": RunState(str(data["state"]))})  # type: ignore[arg-type]  # checked by the except
            for moment in (record.moment, record.started_at, record.ended_at or record.started_at):
                parse_moment(moment)
        except (KeyError, TypeError, ValueError, AttributeError, SccError) as error:
            raise CorruptError(
                f"{path} is not an entry of the ledger: {error}",
                hint="Send it with the newest SCC in use, or remove it: `scc ledger catch-up --all` "
                "sends the run's record from the store.",
            ) from error
        return record

    def readable(self, paths: list[Path]) -> Iterator[tuple[Path, RunRecord]]:
        """The entries that can be sent; the others stay where they are, and are told in the log."""
        for path in paths:
            try:
                record = self.read(path)
            except CorruptError as error:
                _log.warning("%s", error.message, extra={"hint": error.hint})
                continue
            if record is not None:
                yield path, record

    @staticmethod
    def remove(paths: list[Path]) -> None:
        for path in paths:
            path.unlink(missing_ok=True)
