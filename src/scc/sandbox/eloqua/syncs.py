"""Syncs: created, moved on by polls or by the clock, carried out, expired (sources.md E2.8).

What a sync does is in `exporting` and `importing`; here is only its life.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Lock, RLock
from typing import TYPE_CHECKING, Any

import duckdb

from scc.sandbox.eloqua import callbacks, exporting, importing
from scc.sandbox.eloqua.definitions import uri_of
from scc.sandbox.eloqua.documents import Document
from scc.sandbox.eloqua.errors import BulkValidationError, EloquaError, failure, gone, not_found
from scc.sandbox.eloqua.filters import FilterError
from scc.sandbox.eloqua.statements import StatementError
from scc.sandbox.eloqua.sync_logs import Outcome, log_line
from scc.sandbox.eloqua.wire_times import bulk_time, duration, parse_bulk_time
from scc.sandbox.transitions import Progress

if TYPE_CHECKING:
    from scc.sandbox.eloqua.store import EloquaStore

__all__ = ["Syncs"]

_log = logging.getLogger(__name__)
_ENDED = ("success", "warning", "error")


@dataclass
class _Running:
    progress: Progress
    lock: Lock = field(default_factory=Lock)


class Syncs:
    """A sync is a document; what a running one waits for is in memory. After a restart the running ones end at once."""

    def __init__(self, store: EloquaStore) -> None:
        self._store = store
        self._lock = RLock()
        self._running: dict[int, _Running] = {}
        self.max_concurrent = 0

    def clear(self) -> None:
        with self._lock:
            self._running.clear()
            self.max_concurrent = 0

    def resume(self) -> None:
        """Take up the syncs that a database file shows as running."""
        for document in self._store.documents.all("syncs"):
            if document["status"] not in _ENDED:
                self._running[document["id"]] = _Running(
                    Progress(self._store.state.transitions, parse_bulk_time(document["createdAt"]))
                )

    def create(self, uri: str, callback_url: str | None) -> Document:
        """Start a sync. Raises 404 or 410 for the definition, 400 when it is no longer valid, 409 when it is in use."""
        definition = self._store.definitions.at(uri)
        self._revalidate(definition)
        self._check_limit()
        self._sweep()
        with self._lock:
            self._check_idle(uri_of(definition))
            now = self._store.state.clock.now()
            document: Document = {
                "syncedInstanceUri": uri_of(definition),
                "status": "pending",
                "createdAt": bulk_time(now, precise=True),
                "createdBy": self._store.state.credentials.eloqua.user,
                "callbackUrl": callback_url,
                "definition": definition["id"],
                "kind": definition["kind"],
                "retention": definition["body"].get("dataRetentionDuration"),
                "logs": [],
            }
            number = self._store.documents.add("syncs", document)
            running = _Running(Progress(self._store.state.transitions, now))
            # Held until the staged data is taken over: nobody else may carry the sync out before.
            running.lock.acquire()
            self._running[number] = running
            self.max_concurrent = max(self.max_concurrent, len(self._running))
        try:
            if definition["kind"] != "exports":
                document["table"], document["files"] = self._store.staging.take(definition, number)
                self._store.documents.put("syncs", number, document)
        finally:
            running.lock.release()
        answer = dict(document)
        self.settle()
        return answer

    def _revalidate(self, definition: Document) -> None:
        """Since release 20D a definition is checked again when its sync is created (sources.md E2.8)."""
        entity = self._store.definitions.entity(definition)
        self._store.definitions.check(entity, definition["kind"], definition["body"])

    def _check_idle(self, uri: str) -> None:
        status = self._store.options.active_definition_status
        for number in self._running:
            other = self._store.documents.get("syncs", number)
            if status != 201 and other is not None and other["syncedInstanceUri"] == uri:
                constraint = "Must not be in use by a sync that has not ended."
                raise BulkValidationError([failure("syncedInstanceUri", constraint, uri)], status)

    def _check_limit(self) -> None:
        limit = self._store.options.daily_syncs
        since = self._store.state.clock.now() - timedelta(days=1)
        if limit:
            recent = [
                one for one in self._store.documents.all("syncs") if parse_bulk_time(one["createdAt"]) > since
            ]
            if len(recent) >= limit:
                raise EloquaError(429)

    def find(self, number: int) -> Document:
        """Raises 404."""
        document = self._store.documents.get("syncs", number)
        if document is None:
            raise not_found()
        return document

    def poll(self, number: int) -> Document:
        """Return a sync, as a client that waits for it sees it. Raises 404."""
        document = self.find(number)
        running = self._running.get(number)
        if running is not None:
            running.progress.look()
            self._move(number, running)
        return document

    def settle(self) -> None:
        """Carry out every sync whose time has come."""
        for number, running in list(self._running.items()):
            self._move(number, running)

    def _move(self, number: int, running: _Running) -> None:
        """Whoever comes while another request carries the sync out goes on: it is active then."""
        if not running.lock.acquire(blocking=False):
            return
        try:
            now = self._store.state.clock.now()
            document = self._store.documents.get("syncs", number)
            if document is None or document["status"] in _ENDED:
                self._forget(number)
                return
            if document["status"] == "pending" and running.progress.is_active(now):
                document |= {"status": "active", "syncStartedAt": bulk_time(now)}
                self._store.documents.put("syncs", number, document)
            if running.progress.is_done(now):
                self._carry_out(document)
                self._forget(number)
        finally:
            running.lock.release()

    def _forget(self, number: int) -> None:
        with self._lock:
            self._running.pop(number, None)

    def _carry_out(self, document: Document) -> None:
        outcome = self._outcome(document)
        ended = self._store.state.clock.now()
        status_word = outcome.status.capitalize()
        logs = [
            *outcome.logs,
            log_line("ELQ-00101", f"Sync processed for sync , resulting in {status_word} status."),
        ]
        stamp = bulk_time(ended)
        document["logs"] = [
            {"syncUri": f"/syncs/{document['id']}", **line, "createdAt": stamp} for line in logs
        ]
        document |= {"rows": outcome.rows, "aliases": outcome.aliases, "rejects": outcome.rejects}
        document |= {"status": outcome.status, "syncEndedAt": stamp}
        document.pop("table", None)
        document.pop("files", None)
        self._store.documents.put("syncs", document["id"], document)
        if document.get("callbackUrl"):
            callbacks.call(document["callbackUrl"], self.shown(document))

    def _outcome(self, document: Document) -> Outcome:
        definition = self._store.documents.get(f"definitions/{document['kind']}", document["definition"])
        if definition is None:
            return Outcome.failed("ELQ-00143", "The definition was deleted before the sync ended.")
        work = exporting.run if document["kind"] == "exports" else importing.run
        try:
            return work(self._store, document, definition)
        except (EloquaError, FilterError, StatementError):
            # what the definition names was there when the sync was created, and is gone now
            return Outcome.failed("ELQ-00107", f"There was an error processing the {document['kind'][:-1]}.")
        except duckdb.Error as error:
            # its text may quote values of records, its kind does not
            _log.error("sync %d could not be carried out: %s", document["id"], type(error).__name__)
            return Outcome.failed("ELQ-00107", f"There was an error processing the {document['kind'][:-1]}.")

    def data_table(self, document: Document) -> str:
        """Return the table of an export's rows. Raises 400 for an import, 404/410 when it is gone, 404/409 when early."""
        if document["kind"] != "exports":
            raise BulkValidationError([failure("uri", "Must be the sync of an export.")])
        if document["status"] not in _ENDED:
            raise EloquaError(self._store.options.early_data_status)
        if document.get("isDeleted"):
            raise not_found()
        if self._is_expired(document):
            raise gone(self._store.options.expired_status)
        if document["status"] == "error":
            raise not_found()
        return exporting.result_table(document["id"])

    def _is_expired(self, document: Document) -> bool:
        life = duration(document.get("retention") or "") or timedelta(hours=12)
        return parse_bulk_time(document["syncEndedAt"]) + life <= self._store.state.clock.now()

    def delete_data(self, document: Document) -> None:
        """Drop what a sync left: an export's rows."""
        self._drop(document)
        document["isDeleted"] = True
        self._store.documents.put("syncs", document["id"], document)

    def _drop(self, document: Document) -> None:
        with self._store.state.write_lock, self._store.state.cursor() as cursor:
            cursor.run(f"DROP TABLE IF EXISTS {exporting.result_table(document['id'])}")

    def _sweep(self) -> None:
        """Free what exports left whose time is over."""
        for document in self._store.documents.all("syncs"):
            if document.get("rows") and self._is_expired(document):
                document["rows"] = 0
                self._drop(document)

    def of_definition(self, uri: str) -> list[Document]:
        """Return the syncs of a definition, oldest first."""
        return [one for one in self._store.documents.all("syncs") if one["syncedInstanceUri"] == uri]

    def under_way(self) -> dict[str, Any]:
        with self._lock:
            running = sorted(self._running)
        return {"syncs": [f"/syncs/{number}" for number in running], "max_concurrent": self.max_concurrent}

    @staticmethod
    def shown(document: Document) -> dict[str, Any]:
        """Return a sync as the interface shows it."""
        names = (
            "syncedInstanceUri",
            "syncStartedAt",
            "syncEndedAt",
            "status",
            "createdAt",
            "createdBy",
            "callbackUrl",
        )
        return {
            **{name: document[name] for name in names if document.get(name)},
            "uri": f"/syncs/{document['id']}",
        }
