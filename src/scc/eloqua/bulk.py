"""Eloqua's Bulk API 2.0: definitions, syncs, records in and out as Arrow.

The order of things: a definition is created, filled (imports), synced, waited for, read, deleted.
Every step is a method here, and `export` does all of them for one export.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from scc.eloqua import definitions
from scc.eloqua.bulk_exports import DataFormat, Export, ExportData, PageDone, exported_count
from scc.eloqua.bulk_imports import UploadFormat, poster, upload
from scc.eloqua.bulk_syncs import Syncs
from scc.eloqua.client import EloquaClient
from scc.eloqua.fields import BulkObject
from scc.eloqua.filters import Filter
from scc.eloqua.models import (
    CustomObjectInfo,
    ExportDefinition,
    Field,
    ImportDefinition,
    ListInfo,
    Reject,
    Sync,
    SyncAction,
    SyncActionDefinition,
    SyncLog,
    SyncStatus,
)
from scc.eloqua.paging import bulk_items
from scc.eloqua.reading import acknowledged, as_object, whole
from scc.eloqua.sync_ends import explain_end
from scc.errors import NotFoundError, SccError
from scc.transport import Params, Response

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Bulk"]

_logger = logging.getLogger("scc.eloqua")

RETENTION = timedelta(days=3)
"""How long exported data may be read; Eloqua's own 12 hours have run out before long downloads ended."""
AUTO_DELETE = timedelta(days=7)
"""When Eloqua deletes a definition that nobody has deleted."""


class Bulk:
    """Reached as `client.bulk`; safe for threads."""

    def __init__(self, client: EloquaClient) -> None:
        self._client = client
        self._syncs = Syncs(self._call, client.retry)

    # What the instance has

    def custom_objects(self) -> list[CustomObjectInfo]:
        return [CustomObjectInfo.read(item) for item in self._list("/customObjects")]

    def fields(self, obj: BulkObject) -> list[Field]:
        params = {"activityType": obj.activity_type} if obj.activity_type else None
        return [Field.read(item) for item in self._list(f"{obj.path}/fields", params)]

    def lists(self, obj: BulkObject) -> list[ListInfo]:
        """The shared lists of contacts or accounts."""
        return [ListInfo.read(item) for item in self._list(f"{obj.path}/lists")]

    def segments(self) -> list[ListInfo]:
        return [ListInfo.read(item) for item in self._list("/contacts/segments")]

    def shared_filters(self) -> list[ListInfo]:
        return [ListInfo.read(item) for item in self._list("/contacts/filters")]

    # Definitions

    def create_export(
        self,
        obj: BulkObject,
        fields: Mapping[str, str],
        *,
        filter: Filter | None = None,  # noqa: A002  # Eloqua's own word
        name: str = "scc export",
        max_records: int | None = None,
        retention: timedelta = RETENTION,
        auto_delete: timedelta = AUTO_DELETE,
        sync_actions: Sequence[SyncAction] = (),
    ) -> ExportDefinition:
        """Define an export of `fields` (alias -> statement); times are in UTC, both ways."""
        body = definitions.export_body(
            obj,
            fields,
            name=name,
            filter=filter,
            filter_limit=self._client.filter_limit,
            max_records=max_records,
            retention=retention,
            auto_delete=auto_delete,
            sync_actions=sync_actions,
        )
        return ExportDefinition.read(self._define(f"{obj.path}/exports", body))

    def create_import(
        self,
        obj: BulkObject,
        fields: Mapping[str, str],
        *,
        identifier: str | None,
        name: str = "scc import",
        update_rule: str = "always",
        retention: timedelta = AUTO_DELETE,
        auto_delete: timedelta = AUTO_DELETE,
        sync_actions: Sequence[SyncAction] = (),
        **options: Any,
    ) -> ImportDefinition:
        """Define an import; `identifier` is an alias. `options` go into the definition as they are."""
        body = definitions.import_body(
            obj,
            fields,
            identifier=identifier,
            name=name,
            update_rule=update_rule,
            retention=retention,
            auto_delete=auto_delete,
            sync_actions=sync_actions,
            options=options,
        )
        return ImportDefinition.read(self._define(f"{obj.path}/imports", body))

    def create_sync_actions(
        self,
        obj: BulkObject,
        fields: Mapping[str, str],
        *,
        sync_actions: Sequence[SyncAction],
        name: str = "scc sync actions",
        retention: timedelta = AUTO_DELETE,
        auto_delete: timedelta = AUTO_DELETE,
    ) -> SyncActionDefinition:
        """Define sync actions by themselves, on existing records named by the one field."""
        body = definitions.sync_action_body(
            obj, fields, name=name, sync_actions=sync_actions, retention=retention, auto_delete=auto_delete
        )
        return SyncActionDefinition.read(self._define(f"{obj.path}/syncActions", body))

    def delete(self, uri: str) -> None:
        """Delete a definition; one that is gone already counts as done."""
        self._gone(uri)

    def delete_data(self, uri: str) -> None:
        """Delete what a definition has staged, or what a sync has exported."""
        self._gone(f"{uri}/data")

    # Syncs

    def start_sync(self, definition_uri: str) -> Sync:
        """Start a sync, once: where the answer is lost it is looked for, not started again."""
        return self._syncs.start(definition_uri)

    def sync(self, uri: str) -> Sync:
        return self._syncs.get(uri)

    def wait(
        self,
        sync: Sync | str,
        *,
        timeout_s: float | None = None,
        on_poll: Callable[[Sync], None] | None = None,
    ) -> Sync:
        """Wait for a sync's end, good or bad; UnavailableError after `timeout_s` (by default the client's)."""
        limit_s = self._client.sync_timeout_s if timeout_s is None else timeout_s
        return self._syncs.wait(sync if isinstance(sync, Sync) else self.sync(sync), limit_s, on_poll)

    def check(self, sync: Sync) -> None:
        """Raise what a finished sync's end means, by the codes of its log; a good end passes.

        RefusedError where the same sync would fail again, UnavailableError where it may not. Also for a
        warning that says that staged data was left unprocessed. Rejected records are no error: ask `rejects`.
        """
        if sync.is_finished and sync.status is not SyncStatus.SUCCESS:
            problem = explain_end(sync, self.logs(sync.uri))
            if problem is not None:
                raise problem

    def logs(self, sync_uri: str) -> list[SyncLog]:
        return self._syncs.logs(sync_uri)

    def rejects(self, sync_uri: str) -> Iterator[Reject]:
        """Give the records that a sync did not take, a page at a time."""
        return self._syncs.rejects(sync_uri)

    # Records out

    def count(self, sync_uri: str) -> int:
        """Say how many records a finished export has: by its log, or else by its data's own count."""
        count = exported_count(self.logs(sync_uri))
        if count is None:
            page = self._call("GET", f"{sync_uri}/data", params={"limit": 1, "offset": 0})
            count = whole(as_object(page.json()), "totalResults")
        return count

    def data(
        self,
        sync_uri: str,
        columns: Sequence[str],
        *,
        offset: int = 0,
        page_size: int = 50_000,
        format: DataFormat | None = None,  # noqa: A002  # the plain word
        expected: int | None = None,
        on_page: Callable[[PageDone], None] | None = None,
    ) -> Iterator[pa.RecordBatch]:
        """Read an export's records, one batch a page; all columns text, "" for blank.

        `expected` is the number of records of the whole sync (by default asked for). `on_page` is told
        of each page once its records were taken: `offset` can be its `next_offset` in a later process.
        Raises IncompleteError where records are missing or too many; those handed out before are good.
        """
        total = self.count(sync_uri) if expected is None else expected
        yield from ExportData(
            partial(self._call, "GET", f"{sync_uri}/data"),
            columns,
            total=total,
            offset=offset,
            page_size=page_size,
            format=format or self._client.pages,
            on_page=on_page,
        ).batches()

    @contextmanager
    def export(
        self, obj: BulkObject, fields: Mapping[str, str], *, timeout_s: float | None = None, **options: Any
    ) -> Iterator[Export]:
        """Define, sync and wait; hand out an `Export`, and delete in Eloqua what was made for it.

        `options` are those of `create_export`. A definition whose sync has not ended is left for
        Eloqua to delete by itself: deleting it now would break the sync (ELQ-00143).
        """
        definition = self.create_export(obj, fields, **options)
        sync = self.wait(self.start_sync(definition.uri), timeout_s=timeout_s)
        try:
            self.check(sync)
            yield Export(sync, self.count(sync.uri), partial(self.data, sync.uri, list(fields)))
        finally:
            self._tidy(definition.uri)

    # Records in

    def upload(
        self,
        definition: ImportDefinition,
        batches: Iterable[pa.RecordBatch],
        *,
        format: UploadFormat = "csv",  # noqa: A002  # the plain word
    ) -> int:
        """Stage records and give their number; null is sent as "", which clears under `always`.

        Either all are staged, once, or none. A plain iterator can't be sent again after a cut
        connection: give a list, or anything that can be read twice.
        """
        return upload(
            batches,
            poster(self._call, definition.uri, format),
            partial(self.delete_data, definition.uri),
            columns=list(definition.fields),
            format=format,
        )

    # The way there

    def _call(self, method: str, path: str, **options: Any) -> Response:
        return self._client.call("bulk", method, path, **options)

    def _list(self, path: str, params: Params | None = None) -> Iterator[Mapping[str, Any]]:
        def fetch(offset: int, limit: int) -> object:
            paged = {**(params or {}), "offset": offset, "limit": limit}
            return self._call("GET", path, params=paged).json()

        return bulk_items(fetch, path)

    def _define(self, path: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        # Idempotent in effect: a definition made twice holds no records, and Eloqua deletes it in time.
        made = as_object(self._call("POST", path, json=body, idempotent=True).json())
        self._syncs.own(str(made.get("uri")))
        return made

    def _gone(self, uri: str) -> None:
        try:
            acknowledged(self._call("DELETE", uri))
        except NotFoundError:
            _logger.debug("%s was gone already", uri)

    def _tidy(self, uri: str) -> None:
        try:
            self.delete(uri)
        except SccError as exc:
            _logger.warning("%s could not be deleted (%s); Eloqua will, in time", uri, exc)
