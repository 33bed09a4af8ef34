"""Records one by one and by the two hundred: sObject resources, collections, composite calls.

It knows no CSV and no jobs. What may be sent twice is repeated after a cut connection; a create is
not: an upsert by external id lands on the same record however often it is sent.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Literal, TypeAlias

from scc.errors import ConfigError, DataError, NotFoundError, RefusedError
from scc.salesforce import answers
from scc.salesforce.answers import Object
from scc.salesforce.door import Door, segment
from scc.salesforce.errors import without_values
from scc.salesforce.models import Limit, Outcome, RowResult
from scc.transport import Params

__all__ = ["Operation", "Rest", "Saved", "Subrequest", "Subresponse"]

COLLECTION = 200
"""Records that Salesforce takes in one call."""
COMPOSITE = 25
"""Requests that Salesforce takes in one composite call."""

Operation: TypeAlias = Literal["insert", "update", "upsert", "delete"]


@dataclass(frozen=True)
class Saved:
    """The record that an upsert landed on; `created` is False where it was there already."""

    id: str
    created: bool


@dataclass(frozen=True)
class Subrequest:
    """One request of a composite call; `path` lies under the API version (`sobjects/Lead`)."""

    method: str
    path: str
    reference_id: str
    body: object = field(default=None, repr=False)


@dataclass(frozen=True)
class Subresponse:
    """The answer to one subrequest; a refusal is a status of 400 and more, not an exception."""

    reference_id: str
    status: int
    body: object = field(repr=False)


class Rest:
    """The REST API's calls for single records and small numbers of them."""

    def __init__(self, door: Door) -> None:
        self._door = door

    def get(self, sobject: str, id: str, fields: Sequence[str]) -> Object:  # noqa: A002  # Salesforce's word
        """Read `fields` of one record; NotFoundError where it is not there or deleted."""
        return self._record(_path(sobject, id), fields)

    def get_by(self, sobject: str, external_id: str, value: str, fields: Sequence[str]) -> Object:
        """Read a record by an external id field; ConflictError where several carry the value."""
        return self._record(_path(sobject, external_id, value), fields)

    def create(self, sobject: str, values: Mapping[str, object]) -> str:
        """Create a record and give its id. Never repeated: after UnavailableError it may be there or not."""
        response = self._door.call("POST", _path(sobject), json=_body(values))
        return answers.text(answers.record(response.json(), "create"), "id")

    def update(self, sobject: str, id: str, values: Mapping[str, object]) -> None:  # noqa: A002  # as above
        """Set the fields given; None clears one."""
        self._door.call("PATCH", _path(sobject, id), json=_body(values), idempotent=True)

    def upsert(
        self,
        sobject: str,
        external_id: str,
        value: str,
        values: Mapping[str, object],
        *,
        update_only: bool = False,
    ) -> Saved:
        """Create or update the record that carries `value` in the field `external_id`."""
        response = self._door.call(
            "PATCH",
            _path(sobject, external_id, value),
            params={"updateOnly": update_only or None},
            json=_body(values),
            idempotent=True,
        )
        raw = answers.record(response.json(), "upsert")
        return Saved(answers.text(raw, "id"), answers.flag(raw, "created"))

    def delete(self, sobject: str, id: str) -> bool:  # noqa: A002  # as above
        """Delete a record; False where it was gone already (also where a first answer was lost)."""
        try:
            self._door.call("DELETE", _path(sobject, id))
        except RefusedError as error:
            # the code for an id that never was; with which status it comes is not documented
            if isinstance(error, NotFoundError) or error.code == "INVALID_CROSS_REFERENCE_KEY":
                return False
            raise
        return True

    def save(
        self,
        operation: Operation,
        sobject: str,
        rows: Iterable[Mapping[str, object]],
        *,
        external_id: str | None = None,
        all_or_none: bool = False,
    ) -> Iterator[RowResult]:
        """Write rows, 200 a call, and give one result a row in their order.

        `update` and `delete` need a value under `Id`, `upsert` one under `external_id`. With
        `all_or_none` a failed row takes back those of its call, not those of other calls.
        """
        if (operation == "upsert") != (external_id is not None):
            raise ConfigError("an external id field goes with an upsert, and only with one")
        first = 0
        remaining = iter(rows)
        while chunk := list(itertools.islice(remaining, COLLECTION)):
            raw = self._collection(operation, sobject, chunk, external_id, all_or_none=all_or_none)
            results = answers.objects(raw, "results")
            if len(results) != len(chunk):
                raise DataError(f"salesforce: {len(chunk)} rows were sent and {len(results)} answered")
            yield from (_result(first + at, one, operation) for at, one in enumerate(results))
            first += len(chunk)

    def _collection(
        self,
        operation: Operation,
        sobject: str,
        chunk: Sequence[Mapping[str, object]],
        external_id: str | None,
        *,
        all_or_none: bool,
    ) -> object:
        if operation == "delete":
            ids = ",".join(str(row["Id"]) for row in chunk)
            params: Params = {"ids": ids, "allOrNone": all_or_none}
            return self._door.call("DELETE", "composite/sobjects", params=params).json()
        path = (
            f"composite/sobjects/{segment(sobject)}/{segment(external_id)}"
            if external_id
            else "composite/sobjects"
        )
        records = [{"attributes": {"type": sobject}, **_body(row)} for row in chunk]
        return self._door.call(
            "POST" if operation == "insert" else "PATCH",
            path,
            json={"allOrNone": all_or_none, "records": records},
            idempotent=operation != "insert",
        ).json()

    def composite(
        self, requests: Sequence[Subrequest], *, all_or_none: bool = False
    ) -> tuple[Subresponse, ...]:
        """Send up to 25 requests as one; a later one may refer to an earlier one's answer (`@{ref.id}`)."""
        if len(requests) > COMPOSITE:
            raise ConfigError(f"a composite call holds up to {COMPOSITE} requests, not {len(requests)}")
        listed = [
            {"method": one.method, "url": self._door.base + one.path, "referenceId": one.reference_id}
            | ({} if one.body is None else {"body": one.body})
            for one in requests
        ]
        response = self._door.call(
            "POST", "composite", json={"allOrNone": all_or_none, "compositeRequest": listed}
        )
        raw = answers.record(response.json(), "composite")
        return tuple(
            Subresponse(
                answers.text(one, "referenceId"), answers.number(one, "httpStatusCode"), one.get("body")
            )
            for one in answers.objects(raw.get("compositeResponse"), "compositeResponse")
        )

    def deleted(self, sobject: str, start: datetime, end: datetime) -> dict[str, datetime]:
        """Ids of records deleted between two moments, with when; Salesforce looks back 15 days."""
        span: Params = {"start": _instant(start), "end": _instant(end)}
        response = self._door.call("GET", f"{_path(sobject)}/deleted", params=span)
        raw = answers.record(response.json(), "deleted")
        return {
            answers.text(one, "id"): answers.when(one, "deletedDate")
            for one in answers.objects(raw.get("deletedRecords"), "deletedRecords")
        }

    def limits(self) -> dict[str, Limit]:
        """The organisation's limits by Salesforce's names (`DailyApiRequests`)."""
        raw = answers.record(self._door.call("GET", "limits").json(), "limits")
        found = {name: answers.record(one, name) for name, one in raw.items()}
        return {
            name: Limit(answers.number(one, "Max"), answers.number(one, "Remaining"))
            for name, one in found.items()
        }

    def _record(self, path: str, fields: Sequence[str]) -> Object:
        response = self._door.call("GET", path, params={"fields": ",".join(fields)})
        raw = answers.record(response.json(), "record")
        return {key: value for key, value in raw.items() if key != "attributes"}


def _path(*names: str) -> str:
    return "sobjects/" + "/".join(segment(name) for name in names)


def _body(values: Mapping[str, object]) -> dict[str, object]:
    """Write a row as JSON; a dotted name (`Account.Ext__c`) refers to a parent by external id."""
    body: dict[str, object] = {}
    for name, value in values.items():
        parent, dot, child = name.partition(".")
        if not dot:
            body[name] = _json(value)
        elif value is None:
            raise ConfigError(f"{name} can't be cleared", hint="Clear the reference field itself.")
        else:
            body[parent] = {child: _json(value)}
    return body


def _json(value: object) -> object:
    match value:
        case datetime():
            return _instant(value)
        case time():
            return value.isoformat(timespec="milliseconds") + "Z"
        case date():
            return value.isoformat()
        case Decimal():
            return f"{value:f}"
        case float() if not math.isfinite(value):
            raise ConfigError(f"{value} is no number to Salesforce")
        case _:
            return value


def _instant(value: datetime) -> str:
    if value.tzinfo is None:
        raise ConfigError("a datetime without a time zone can't be sent to Salesforce")
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def _result(row: int, raw: Object, operation: Operation) -> RowResult:
    row_id = answers.maybe_text(raw, "id")
    if answers.flag(raw, "success"):
        created = operation == "insert" or answers.flag(raw, "created")
        return RowResult(row, Outcome.SUCCESSFUL, row_id, created)
    errors = answers.objects(raw.get("errors"), "errors")
    error = errors[0] if errors else {}
    code = answers.maybe_text(error, "statusCode")
    message = without_values(code, answers.maybe_text(error, "message") or "")
    return RowResult(
        row, Outcome.FAILED, row_id, code=code, message=message, fields=answers.items(error, "fields")
    )
