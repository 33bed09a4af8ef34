"""The organization: its objects and their tables, loading and dumping of records.

Never sees HTTP. What acts on records (queries, writes, jobs) is built on `state`, `catalogue` and the tables.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from threading import local
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pyarrow as pa

from scc.sandbox.database import Cursor
from scc.sandbox.salesforce import ids, loading, tables
from scc.sandbox.salesforce.catalogue import Catalogue, SObject
from scc.sandbox.salesforce.catalogue.custom import custom_field, custom_object
from scc.sandbox.salesforce.catalogue.kinds import Field
from scc.sandbox.salesforce.jobs import Jobs
from scc.sandbox.salesforce.options import SalesforceOptions
from scc.sandbox.state import State

ORGANIZATION_ID = ids.make("00D", 1)
USER_ID = ids.make("005", 1)
PROFILE_ID = ids.make("00e", 1)

VOLATILE = frozenset(
    {"CreatedDate", "LastModifiedDate", "SystemModstamp", "LastViewedDate", "LastReferencedDate"}
)
"""Times that differ from run to run; a dump leaves them out."""
_NOT_BUSINESS = frozenset({"User", "Profile", "UserRole", "Group", "RecordType", "Organization"})


class _UndoneError(Exception):
    """Rolls a transaction back without being an error to anybody."""


class SalesforceStore:
    """Records of the organization in `state`'s database."""

    system = "salesforce"

    def __init__(self, state: State) -> None:
        self.state = state
        self.options = SalesforceOptions()
        self.catalogue = Catalogue()
        self.jobs = Jobs(state)
        self._thread = local()
        self.changed = self.now()
        """When an object last got another field."""
        self._when_reset: list[Callable[[], None]] = []
        self._open()

    def when_reset(self, forget: Callable[[], None]) -> None:
        """Have `forget` called at every reset."""
        self._when_reset.append(forget)

    def reset(self) -> None:
        """Start with nothing but the organization and its one user; options stay."""
        with self.state.write_lock, self.state.cursor() as cursor:
            self.catalogue = tables.empty(cursor, self.catalogue)
        self.jobs.clear()
        for forget in self._when_reset:
            forget()
        self._found_organization()

    def _open(self) -> None:
        with self.state.write_lock, self.state.cursor() as cursor:
            fresh = tables.create(cursor, self.catalogue)
            for sobject in self.catalogue:
                self.state.counters.at_least(
                    f"salesforce.{sobject.name}", tables.highest_number(cursor, sobject) + 1
                )
        if fresh:
            self._found_organization()

    def _found_organization(self) -> None:
        name = self.state.credentials.salesforce.username
        rows: dict[str, dict[str, object]] = {
            "Organization": {"Id": ORGANIZATION_ID, "Name": "Acme", "OrganizationType": "Enterprise Edition", "InstanceName": "SBX1", "IsSandbox": False, "DefaultLocaleSidKey": "en_US", "TimeZoneSidKey": "GMT", "LanguageLocaleKey": "en_US"},
            "Profile": {"Id": PROFILE_ID, "Name": "System Administrator", "UserType": "Standard"},
            "User": {"Id": USER_ID, "Username": name, "FirstName": "API", "LastName": "User", "Email": name, "Alias": "api", "CommunityNickname": "api", "IsActive": True, "TimeZoneSidKey": "GMT", "LocaleSidKey": "en_US", "EmailEncodingKey": "UTF-8", "LanguageLocaleKey": "en_US", "ProfileId": PROFILE_ID, "UserPermissionsMarketingUser": True},
        }  # fmt: skip
        stamps = {"CreatedDate": self.now(), "LastModifiedDate": self.now(), "SystemModstamp": self.now(), "CreatedById": USER_ID, "LastModifiedById": USER_ID, "IsDeleted": False}  # fmt: skip
        with self.state.cursor() as cursor:
            for sobject, row in rows.items():
                tables.insert_row(cursor, self.sobject(sobject), row | stamps)
                self.state.counters.at_least(f"salesforce.{sobject}", 2)

    @contextmanager
    def writing(self) -> Iterator[Cursor]:
        """Give a cursor in a transaction, alone; inside another `writing` of this thread, its cursor."""
        held: Cursor | None = getattr(self._thread, "cursor", None)
        if held is not None:
            yield held
            return
        with self.state.write_lock, self.state.cursor() as cursor, suppress(_UndoneError):
            self._thread.cursor, self._thread.undone = cursor, False
            try:
                with cursor.transaction():
                    yield cursor
                    if self._thread.undone:
                        raise _UndoneError
            finally:
                self._thread.cursor = None

    def undo(self) -> None:
        """Have all that was written in this thread's `writing` undone at its end."""
        self._thread.undone = True

    @contextmanager
    def reading(self) -> Iterator[Cursor]:
        """Give a cursor; inside `writing` of this thread its own, which sees what is not committed yet."""
        held: Cursor | None = getattr(self._thread, "cursor", None)
        if held is not None:
            yield held
            return
        with self.state.cursor() as cursor:
            yield cursor

    def sobject(self, name: str) -> SObject:
        """Return an object by name, whatever the case. Raises KeyError."""
        found = self.catalogue.find(name)
        if found is None:
            raise KeyError(f"no sObject {name!r}; add_sobject makes custom ones")
        return found

    def add_field(self, sobject: str, name: str, kind: str = "string", **properties: Any) -> Field:
        """Add a custom field, such as `add_field("Lead", "Score__c", "double", precision=4)`.

        `properties` are those of `catalogue.kinds.Field` (length, values, external_id, unique, refers_to ...).
        Raises KeyError for an unknown object and ValueError for a name, type or property that cannot be.
        """
        owner = self.sobject(sobject)
        field = custom_field(owner, name, kind, self.catalogue, properties)
        with self.writing() as cursor:
            tables.add_custom_field(cursor, owner, field)
            owner.add(field)
        self.changed = self.now()
        return field

    def add_sobject(self, name: str, *, label: str = "") -> SObject:
        """Add a custom object (`Region__c`), with a Name; further fields by `add_field`. Raises ValueError."""
        with self.writing() as cursor:
            made, fields = custom_object(self.catalogue, name, label)
            tables.add_custom_object(cursor, made, fields)
            self.catalogue.add(made)
        return made

    def load(self, sobject: str, table: pa.Table) -> pa.ChunkedArray:
        """Put records in as they are, without the API's validation; returns their ids in order.

        Columns are field API names; Id, system fields, owner and defaults are filled in where they are missing.
        A campaign gets its usual member statuses; statuses loaded for it take their place.
        Raises KeyError for an object or column that does not exist.
        """
        owner = self.sobject(sobject)
        with self.writing() as cursor:
            return loading.load(cursor, self.state, owner, table, user_id=USER_ID)

    def counts(self) -> Mapping[str, int]:
        """Return the number of live records of each object that has any."""
        self.jobs.settle()
        with self.state.cursor() as cursor:
            counted = {
                each.name: cursor.value(f'SELECT count(*) FROM {each.table} WHERE NOT "IsDeleted"')
                for each in self.catalogue
            }
        return {name: count for name, count in counted.items() if count}

    def under_way(self) -> Mapping[str, Any]:
        """Return how many jobs run now, and the most that ever did."""
        return {"jobs": self.jobs.under_way(), "max_concurrent": self.jobs.max_concurrent}

    def dump(self) -> Iterator[bytes]:
        """Yield every live business record as a line of JSON, sorted by object and Id, without volatile times."""
        self.jobs.settle()
        for sobject in self.catalogue:
            if sobject.name not in _NOT_BUSINESS:
                yield from self._dump_object(sobject)

    def _dump_object(self, sobject: SObject) -> Iterator[bytes]:
        kept = [field for field in sobject.stored if field.name not in VOLATILE]
        columns = ", ".join(f'"{field.name}"' for field in kept)
        head = json.dumps({"system": self.system, "object": sobject.name})[:-1]
        sql = f'SELECT to_json(r)::VARCHAR AS line FROM (SELECT {columns} FROM {sobject.table} WHERE NOT "IsDeleted") r'
        with self.state.cursor() as cursor:
            for batch in cursor.batches(f'{sql} ORDER BY r."Id"'):
                for line in batch.column("line").to_pylist():
                    yield f'{head}, "record": {line}}}\n'.encode()

    def now(self) -> dt.datetime:
        """Return the time in UTC, without zone, in whole seconds, as records keep it (sandbox-salesforce.md 6)."""
        return self.state.clock.naive().replace(microsecond=0)

    def zone(self) -> dt.tzinfo:
        """Return the time zone of the running user, whose midnights named dates mean."""
        with self.reading() as cursor:
            name = cursor.value('SELECT "TimeZoneSidKey" FROM sf."User" WHERE "Id" = ?', [USER_ID])
        if name in {None, "GMT", "UTC"}:
            return dt.UTC
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError):
            return dt.UTC
