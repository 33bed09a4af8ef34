"""What Salesforce answers with, as plain typed data. The wire's own names are spelt here only."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Self

from scc.errors import DataError
from scc.salesforce import answers
from scc.salesforce.answers import Object

__all__ = [
    "ApiUsage",
    "FieldInfo",
    "Identity",
    "IngestJob",
    "JobState",
    "Limit",
    "Outcome",
    "QueryJob",
    "RowResult",
    "SObjectInfo",
]

_RETRYABLE = frozenset(
    {
        "ALL_OR_NONE_OPERATION_ROLLED_BACK",
        "PROCESSING_HALTED",
        "QUERY_TIMEOUT",
        "SERVER_UNAVAILABLE",
        "UNABLE_TO_LOCK_ROW",
    }
)


class JobState(StrEnum):
    """Where a bulk job stands. Rows that failed do not make a job `Failed`."""

    OPEN = "Open"
    UPLOAD_COMPLETE = "UploadComplete"
    IN_PROGRESS = "InProgress"
    JOB_COMPLETE = "JobComplete"
    FAILED = "Failed"
    ABORTED = "Aborted"

    @property
    def is_terminal(self) -> bool:
        return self in {JobState.JOB_COMPLETE, JobState.FAILED, JobState.ABORTED}

    @classmethod
    def parse(cls, raw: Object) -> JobState:
        said = answers.text(raw, "state")
        try:
            return cls(said)
        except ValueError:
            raise DataError(f"salesforce: a bulk job is in the unknown state {said[:40]!r}") from None


@dataclass(frozen=True)
class QueryJob:
    """A Bulk API 2.0 query job; `records` is what Salesforce counted, None until it does."""

    id: str
    state: JobState
    operation: str
    sobject: str | None
    created_at: datetime
    records: int | None
    error: str | None = field(repr=False)

    @classmethod
    def parse(cls, value: object) -> Self:
        raw = answers.record(value, "query job")
        return cls(
            id=answers.text(raw, "id"),
            state=JobState.parse(raw),
            operation=answers.text(raw, "operation"),
            sobject=answers.maybe_text(raw, "object"),
            created_at=answers.when(raw, "createdDate"),
            records=_count(raw, "numberRecordsProcessed"),
            error=answers.maybe_text(raw, "errorMessage"),
        )


@dataclass(frozen=True)
class IngestJob:
    """A Bulk API 2.0 ingest job; `processed` counts all rows dealt with, `failed` those among them."""

    id: str
    state: JobState
    operation: str
    sobject: str
    external_id: str | None
    created_at: datetime
    processed: int | None
    failed: int | None
    error: str | None = field(repr=False)

    @classmethod
    def parse(cls, value: object) -> Self:
        raw = answers.record(value, "ingest job")
        return cls(
            id=answers.text(raw, "id"),
            state=JobState.parse(raw),
            operation=answers.text(raw, "operation"),
            sobject=answers.text(raw, "object"),
            external_id=answers.maybe_text(raw, "externalIdFieldName"),
            created_at=answers.when(raw, "createdDate"),
            processed=_count(raw, "numberRecordsProcessed"),
            failed=_count(raw, "numberRecordsFailed"),
            error=answers.maybe_text(raw, "errorMessage"),
        )


class Outcome(StrEnum):
    SUCCESSFUL = "successful"
    FAILED = "failed"
    UNPROCESSED = "unprocessed"


@dataclass(frozen=True)
class RowResult:
    """What became of one row sent; `row` counts from 0 in the order of sending.

    `message` is Salesforce's own, with values taken out. `fields` are those it names as the cause.
    """

    row: int
    outcome: Outcome
    id: str | None = None
    created: bool = False
    code: str | None = None
    message: str | None = None
    fields: tuple[str, ...] = ()

    @property
    def is_retryable(self) -> bool:
        """Whether sending the same row again may succeed: a lock held by others, a row taken back with others or never looked at."""
        return self.outcome is Outcome.UNPROCESSED or self.code in _RETRYABLE


@dataclass(frozen=True)
class Limit:
    """One of the organisation's limits: what it is, and what is left of it."""

    max: int
    remaining: int


@dataclass(frozen=True)
class ApiUsage:
    """Calls used of the daily allowance, as told with every answer."""

    used: int
    max: int


@dataclass(frozen=True)
class Identity:
    """Who the credentials belong to."""

    user_id: str
    organization_id: str
    username: str = field(repr=False)

    @classmethod
    def parse(cls, value: object) -> Self:
        raw = answers.record(value, "identity")
        return cls(
            user_id=answers.text(raw, "user_id"),
            organization_id=answers.text(raw, "organization_id"),
            username=answers.text(raw, "username"),
        )


@dataclass(frozen=True)
class FieldInfo:
    """A field as described. `type` is Salesforce's word (`string`, `reference`, `datetime`, ...)."""

    name: str
    label: str
    type: str
    length: int
    precision: int
    scale: int
    nillable: bool
    createable: bool
    updateable: bool
    defaulted_on_create: bool
    external_id: bool
    id_lookup: bool
    unique: bool
    custom: bool
    calculated: bool
    filterable: bool
    reference_to: tuple[str, ...]
    relationship_name: str | None
    compound_field_name: str | None
    picklist_values: tuple[str, ...]

    @classmethod
    def parse(cls, raw: Object) -> Self:
        choices = answers.objects(raw.get("picklistValues") or [], "picklistValues")
        return cls(
            name=answers.text(raw, "name"),
            label=answers.text(raw, "label"),
            type=answers.text(raw, "type"),
            length=_count(raw, "length") or 0,
            precision=_count(raw, "precision") or 0,
            scale=_count(raw, "scale") or 0,
            nillable=answers.flag(raw, "nillable"),
            createable=answers.flag(raw, "createable"),
            updateable=answers.flag(raw, "updateable"),
            defaulted_on_create=answers.flag(raw, "defaultedOnCreate"),
            external_id=answers.flag(raw, "externalId"),
            id_lookup=answers.flag(raw, "idLookup"),
            unique=answers.flag(raw, "unique"),
            custom=answers.flag(raw, "custom"),
            calculated=answers.flag(raw, "calculated"),
            filterable=answers.flag(raw, "filterable"),
            reference_to=answers.items(raw, "referenceTo"),
            relationship_name=answers.maybe_text(raw, "relationshipName"),
            compound_field_name=answers.maybe_text(raw, "compoundFieldName"),
            picklist_values=tuple(
                answers.text(one, "value") for one in choices if answers.flag(one, "active")
            ),
        )


@dataclass(frozen=True)
class SObjectInfo:
    """An sObject as described: only what this user may see of it."""

    name: str
    label: str
    key_prefix: str | None
    custom: bool
    createable: bool
    updateable: bool
    deletable: bool
    queryable: bool
    fields: tuple[FieldInfo, ...] = field(repr=False)

    @classmethod
    def parse(cls, value: object) -> Self:
        raw = answers.record(value, "describe")
        return cls(
            name=answers.text(raw, "name"),
            label=answers.text(raw, "label"),
            key_prefix=answers.maybe_text(raw, "keyPrefix"),
            custom=answers.flag(raw, "custom"),
            createable=answers.flag(raw, "createable"),
            updateable=answers.flag(raw, "updateable"),
            deletable=answers.flag(raw, "deletable"),
            queryable=answers.flag(raw, "queryable"),
            fields=tuple(FieldInfo.parse(one) for one in answers.objects(raw.get("fields"), "fields")),
        )

    def field(self, name: str) -> FieldInfo | None:
        """Find a field by its API name, whatever the case."""
        return next((one for one in self.fields if one.name.lower() == name.lower()), None)


def _count(raw: Object, key: str) -> int | None:
    return None if raw.get(key) is None else answers.number(raw, key)
