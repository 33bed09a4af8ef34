"""REST: what was deleted or changed in a span of time (sandbox-salesforce.md 2)."""

from __future__ import annotations

import datetime as dt

from scc.sandbox.salesforce.calls import Answer, Call
from scc.sandbox.salesforce.errors import refused
from scc.sandbox.salesforce.services import Services, zulu

DELETED_DAYS, UPDATED_DAYS = 15, 30
MAX_IDS = 600_000


class Replication:
    def __init__(self, services: Services) -> None:
        self._services = services
        self._store = services.store

    def add_routes(self) -> None:
        root = "/services/data/v{version}/sobjects/{sobject}"
        add = self._services.router.add
        add("GET", root + "/deleted", self.deleted, "REST: sObject Get Deleted; sandbox-salesforce.md 2")
        add("GET", root + "/updated", self.updated, "REST: sObject Get Updated; sandbox-salesforce.md 2")

    def deleted(self, call: Call) -> Answer:
        rows, end = self._rows(call, DELETED_DAYS, deleted=True)
        earliest = self._store.now() - dt.timedelta(days=DELETED_DAYS)
        return Answer(
            200,
            {
                "deletedRecords": [
                    {"deletedDate": zulu(moment), "id": record_id} for record_id, moment in rows
                ],
                "earliestDateAvailable": zulu(earliest),
                "latestDateCovered": zulu(end),
            },
        )

    def updated(self, call: Call) -> Answer:
        rows, end = self._rows(call, UPDATED_DAYS, deleted=False)
        return Answer(200, {"ids": [record_id for record_id, _ in rows], "latestDateCovered": zulu(end)})

    def _rows(
        self, call: Call, days: int, *, deleted: bool
    ) -> tuple[list[tuple[str, dt.datetime]], dt.datetime]:
        sobject = self._services.records.sobject(call["sobject"])
        start, end = _moment(call, "start"), _moment(call, "end")
        if end - start <= dt.timedelta(minutes=1):
            raise refused(
                400, "INVALID_REPLICATION_DATE", "endDate must be at least one minute greater than startDate"
            )
        if start < self._store.now() - dt.timedelta(days=days):
            words = f"startDate cannot be more than {days} days ago"
            raise refused(400, "INVALID_REPLICATION_DATE", words)
        with self._store.reading() as cursor:
            rows = cursor.rows(
                f'SELECT "Id", "SystemModstamp" FROM {sobject.table} WHERE "IsDeleted" = ? '
                'AND "SystemModstamp" >= ? AND "SystemModstamp" < ? ORDER BY 2, 1 '
                f"LIMIT {MAX_IDS + 1}",
                [deleted, start, end],
            )
        if len(rows) > MAX_IDS:
            raise refused(400, "EXCEEDED_ID_LIMIT", f"More than {MAX_IDS} ids in the span of time")
        return [(row[0], row[1]) for row in rows], end


def _moment(call: Call, name: str) -> dt.datetime:
    """Read a time; a blank in it is a plus sign that was not encoded."""
    text = call.query.get(name, "").replace(" ", "+")
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise refused(400, "INVALID_REPLICATION_DATE", f"{name}: {text} is no date and time with its zone")
    return moment.astimezone(dt.UTC).replace(tzinfo=None)
