"""Syncs: started once, looked for again where the answer was lost, waited for with growing pauses."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from scc.eloqua.errors import SYSTEM
from scc.eloqua.models import Reject, Sync, SyncLog
from scc.eloqua.paging import bulk_items
from scc.eloqua.reading import as_object, as_objects
from scc.errors import SccError, ThrottledError, UnavailableError
from scc.transport import Response, RetryPolicy

__all__ = ["Syncs"]

FIRST_POLL_S = 0.5
LAST_POLL_S = 20.0
POLL_FACTOR = 1.5


class Syncs:
    """`call(method, path, **options)` sends to the Bulk API."""

    def __init__(self, call: Callable[..., Response], retry: RetryPolicy) -> None:
        self._call = call
        self._retry = retry
        self._own: set[str] = set()
        self._seen: set[str] = set()
        self._lock = threading.Lock()

    def own(self, definition_uri: str) -> None:
        """Note a definition that was made here: whatever sync it has, was started here too."""
        with self._lock:
            self._own.add(definition_uri)

    def start(self, definition_uri: str) -> Sync:
        try:
            # a second sync while one is active on the same definition may fail or lose data
            response = self._call(
                "POST", "/syncs", json={"syncedInstanceUri": definition_uri}, idempotent=False
            )
            sync = Sync.read(as_object(response.json()))
        except ThrottledError:
            raise
        except UnavailableError as lost:
            found = self._started(definition_uri)
            if found is None:
                lost.hint = "Whether the sync was started is unknown; make a new definition and start that."
                raise
            sync = found
        with self._lock:
            self._seen.add(sync.uri)
        return sync

    def get(self, uri: str) -> Sync:
        return Sync.read(as_object(self._call("GET", uri).json()))

    def wait(self, sync: Sync, timeout_s: float, on_poll: Callable[[Sync], None] | None) -> Sync:
        clock, pause_s = self._retry.clock, FIRST_POLL_S
        deadline = clock() + timeout_s
        while True:
            if on_poll is not None:
                on_poll(sync)
            if sync.is_finished:
                return sync
            left_s = deadline - clock()
            if left_s <= 0:
                raise UnavailableError(
                    f"eloqua: {sync.uri} is still {sync.status} after {timeout_s:g} s",
                    hint="It goes on in Eloqua; wait for the same sync again later.",
                    system=SYSTEM,
                )
            self._retry.sleep(min(pause_s, left_s))
            pause_s = min(pause_s * POLL_FACTOR, LAST_POLL_S)
            sync = self.get(sync.uri)

    def logs(self, uri: str) -> list[SyncLog]:
        return [SyncLog.read(item) for item in self._items(uri, "logs")]

    def rejects(self, uri: str) -> Iterator[Reject]:
        return (Reject.read(item) for item in self._items(uri, "rejects"))

    def _items(self, uri: str, what: str) -> Iterator[Mapping[str, Any]]:
        return bulk_items(
            lambda offset, limit: self._call(
                "GET", f"{uri}/{what}", params={"offset": offset, "limit": limit}
            ).json(),
            what,
        )

    def _started(self, definition_uri: str) -> Sync | None:
        """Find the sync whose answer was lost; None where it can't be told from another's."""
        with self._lock:
            if definition_uri not in self._own:
                return None
        try:
            page = self._call("GET", "/syncs", params={"limit": 1000, "orderBy": "createdAt DESC"})
            syncs = [Sync.read(item) for item in as_objects(as_object(page.json()).get("items") or [])]
        except SccError:
            return None
        fresh = [one for one in syncs if one.definition_uri == definition_uri and one.uri not in self._seen]
        return fresh[0] if len(fresh) == 1 else None
