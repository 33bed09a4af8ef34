"""Contacts deleted from Eloqua one by one, since it has no bulk delete; each is on record as it happens."""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from scc.core.receipts import Outcome
from scc.core.runs import RunId
from scc.errors import CredentialsError, DataError, QuotaError, RefusedError, UnavailableError
from scc.flow.archive import verdicts
from scc.flow.batch import Batch
from scc.flow.systems import Systems
from scc.store.archive import Archive
from scc.store.runs import Store

__all__ = ["ContactDeletes", "Journal", "Pace", "Told"]

log = logging.getLogger(__name__)
_SHARE = 8
"""Contacts that each of those in flight gets, at most, before the journal is on the disk again."""


class Told(NamedTuple):
    """What became of one change."""

    outcome: Outcome
    code: str = ""
    message: str = ""


_CHANGED = Told(Outcome.SKIPPED, message="its address has changed since the plan was made")


class Journal:
    """What was sent and what came of it, a line at a time; a torn last line is as if it was never written.

    `sent` are contacts that an earlier try may have deleted without hearing of it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.sent: set[str] = set()
        self.told: dict[str, Told] = {}
        for line in self._lines():
            self.sent.update(line.get("sent", []))
            for key, (outcome, code, message) in line.get("told", {}).items():
                self.told[key] = Told(Outcome(outcome), code, message)
        self._file: IO[bytes] = path.open("ab")

    def _lines(self) -> Iterator[dict[str, dict[str, list[str]]]]:
        if not self._path.exists():
            return
        data = self._path.read_bytes()
        whole = data.rfind(b"\n") + 1
        if whole < len(data):
            os.truncate(self._path, whole)
        yield from map(json.loads, data[:whole].splitlines())

    def close(self) -> None:
        self._file.close()

    def send(self, keys: Sequence[str]) -> None:
        """Put on the disk what is about to be sent; what was told before goes with it."""
        self._write({"sent": list(keys)})
        self._file.flush()
        os.fsync(self._file.fileno())

    def tell(self, told: Mapping[str, Told]) -> None:
        self.told.update(told)
        self._write({"told": {key: list(one) for key, one in told.items()}})
        self._file.flush()

    def _write(self, line: object) -> None:
        self._file.write(json.dumps(line).encode() + b"\n")


class Pace:
    """Lets so many through in a second, or all where `per_second` is None."""

    def __init__(
        self,
        per_second: float | None,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._per_second = per_second
        self._clock, self._sleep = clock, sleep
        self._next = clock()

    def at_once(self, most: int) -> int:
        """How many may begin together without being a burst: no more than a second lets through, and one at least."""
        return most if not self._per_second else max(1, min(most, int(self._per_second)))

    def wait(self, count: int) -> None:
        """Wait until the next `count` may begin."""
        if not self._per_second:
            return
        now = self._clock()
        if self._next > now:
            self._sleep(self._next - now)
        self._next = max(self._next, now) + count / self._per_second


class ContactDeletes:
    """Deletes the contacts of a batch that the archive holds, a few in flight, at the pace that is set.

    A contact that is gone already is unchanged, unless a try of this very batch had sent it: then that try
    deleted it. One that the archive step found gone or with another address is not sent.
    """

    def __init__(self, systems: Systems, store: Store, run: RunId) -> None:
        self._contacts = systems.eloqua.rest.contacts
        self._in_flight = systems.deletes_in_flight
        self._pace = Pace(systems.deletes_per_second)
        self._store, self._run = store, run

    def write(self, batch: Batch, journal: Path) -> pa.RecordBatch:
        verdict = self._verdicts(batch.changes["key"])
        wanted = batch.changes["key"].to_pylist()
        if unknown := sum(key not in verdict for key in wanted):
            raise DataError(
                f"{self._run}: the archive step has no word on {unknown:,} contacts to be deleted"
            )
        left = {"gone": Told(Outcome.UNCHANGED, message="it was gone already"), "changed": _CHANGED}
        told = {key: left[verdict[key]] for key in wanted if verdict[key] != "archived"}
        notes = Journal(journal.with_suffix(".jsonl"))
        try:
            self._delete([key for key in wanted if key not in told and key not in notes.told], notes)
        finally:
            notes.close()
        return batch.told({**told, **notes.told})

    def _verdicts(self, wanted: pa.ChunkedArray) -> dict[str, str]:
        """What the archive step found of these; CorruptError where the archive is not what it was then."""
        Archive(self._store.root / "archive").entries(self._run).verify()
        return {
            row["contact_id"]: row["verdict"]
            for batch in verdicts(self._store, self._run).batches()
            for row in batch.filter(pc.is_in(batch["contact_id"], wanted)).to_pylist()
        }

    def _delete(self, keys: list[str], notes: Journal) -> None:
        earlier = frozenset(notes.sent)
        with ThreadPoolExecutor(self._in_flight) as pool:
            share = self._pace.at_once(self._in_flight * _SHARE)
            for some in (keys[at : at + share] for at in range(0, len(keys), share)):
                self._pace.wait(len(some))
                notes.send(some)
                ended = list(pool.map(lambda key: self._one(key, had_sent=key in earlier), some))
                notes.tell({key: one for key, one in zip(some, ended, strict=True) if isinstance(one, Told)})
                for one in ended:
                    if not isinstance(one, Told):
                        raise one

    def _one(self, key: str, *, had_sent: bool) -> Told | Exception:
        """Delete one contact; an error that all others would meet too is given back, for after the journal."""
        try:
            if self._contacts.delete(int(key)) or had_sent:
                return Told(Outcome.APPLIED)
            return Told(Outcome.UNCHANGED, message="it was gone already")
        except (QuotaError, UnavailableError, DataError) as error:
            return error
        except RefusedError as error:
            if (
                isinstance(error, CredentialsError) and error.status != 403
            ):  # 403: this contact may be out of bounds
                return error
            return Told(Outcome.REJECTED, error.code or str(error.status or ""), error.message)
