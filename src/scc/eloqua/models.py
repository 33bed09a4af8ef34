"""Eloqua's Bulk answers as plain frozen values; the vendor's spelling of names ends here.

Reading is strict about what a client relies on and blind to the rest. Values of records are kept out
of every repr.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from scc.eloqua.reading import moment, part, text, trailing_id, whole
from scc.errors import DataError

__all__ = [
    "CustomObjectInfo",
    "ExportDefinition",
    "Field",
    "Identity",
    "ImportDefinition",
    "ListInfo",
    "Reject",
    "Sync",
    "SyncAction",
    "SyncActionDefinition",
    "SyncLog",
    "SyncStatus",
]


class SyncStatus(StrEnum):
    """pending -> active -> success, warning or error. `warning` says little: the rejects decide."""

    PENDING = "pending"
    ACTIVE = "active"
    SUCCESS = "success"
    WARNING = "warning"
    ERROR = "error"

    @classmethod
    def read(cls, text: str) -> Self:
        # one page of Oracle's help spells the last one "errored"
        word = "error" if text.lower() == "errored" else text.lower()
        try:
            return cls(word)
        except ValueError:
            raise DataError(f"Eloqua reports a sync status {text!r} that is not known here") from None


@dataclass(frozen=True)
class Identity:
    """Who the credentials belong to and where that instance lives.

    `rest_url` holds a literal `{version}`; `bulk_url` is ready to use. Neither ends with a slash.
    """

    site_id: int
    site_name: str
    user_name: str = field(repr=False)
    base_url: str
    rest_url: str
    bulk_url: str

    @classmethod
    def read(cls, body: Mapping[str, Any]) -> Self:
        site, user, urls = (part(body, name) for name in ("site", "user", "urls"))
        rest = part(part(urls, "apis"), "rest")
        return cls(
            site_id=whole(site, "id"),
            site_name=text(site, "name"),
            user_name=text(user, "username"),
            base_url=text(urls, "base").rstrip("/"),
            rest_url=text(rest, "standard").rstrip("/"),
            bulk_url=text(rest, "bulk").rstrip("/").replace("{version}", "2.0"),
        )


@dataclass(frozen=True)
class Field:
    """One field as Bulk describes it; `data_type` is string, number, date, boolean or emailAddress."""

    name: str
    internal_name: str
    data_type: str
    statement: str
    uri: str = ""
    is_read_only: bool = False
    is_required: bool = False
    is_unique: bool = False
    default_value: str | None = None
    activity_types: tuple[str, ...] = ()

    @classmethod
    def read(cls, item: Mapping[str, Any]) -> Self:
        return cls(
            name=text(item, "name"),
            internal_name=text(item, "internalName"),
            data_type=text(item, "dataType"),
            statement=text(item, "statement"),
            uri=text(item, "uri", ""),
            is_read_only=item.get("hasReadOnlyConstraint") is True,
            is_required=item.get("hasNotNullConstraint") is True,
            is_unique=item.get("hasUniquenessConstraint") is True,
            default_value=item.get("defaultValue"),
            activity_types=tuple(item.get("activityTypes") or ()),
        )


@dataclass(frozen=True)
class CustomObjectInfo:
    """A custom object (CDO); the `..._field_uri` are None where no such field is chosen."""

    id: int
    name: str
    uri: str
    unique_field_uri: str | None = None
    email_address_field_uri: str | None = None
    display_name_field_uri: str | None = None

    @classmethod
    def read(cls, item: Mapping[str, Any]) -> Self:
        uri = text(item, "uri")
        return cls(
            id=trailing_id(uri),
            name=text(item, "name"),
            uri=uri,
            unique_field_uri=item.get("uniqueFieldUri"),
            email_address_field_uri=item.get("emailAddressFieldUri"),
            display_name_field_uri=item.get("displayNameFieldUri"),
        )


@dataclass(frozen=True)
class ListInfo:
    """A shared list, segment or filter: its `statement` serves in `exists` and as a destination."""

    id: int
    name: str
    statement: str
    uri: str
    count: int | None = None

    @classmethod
    def read(cls, item: Mapping[str, Any]) -> Self:
        uri = text(item, "uri")
        return cls(trailing_id(uri), text(item, "name"), text(item, "statement"), uri, item.get("count"))


@dataclass(frozen=True)
class SyncAction:
    """What a sync does to each record besides: list membership, subscription, status.

    `destination` is a statement: `{{ContactList[5]}}`, `{{EmailGroup[2]}}`, `{{GlobalSubscribe}}` ...
    """

    destination: str
    action: str = "add"
    status: str | None = None
    update_all: bool | None = None

    def wire(self) -> dict[str, Any]:
        full = {
            "action": self.action,
            "destination": self.destination,
            "status": self.status,
            "updateAll": self.update_all,
        }
        return {name: value for name, value in full.items() if value is not None}


@dataclass(frozen=True)
class ExportDefinition:
    """What an export asks for; `uri` is relative to the Bulk base."""

    uri: str
    name: str
    fields: Mapping[str, str]
    filter: str | None = None

    @classmethod
    def read(cls, body: Mapping[str, Any]) -> Self:
        return cls(text(body, "uri"), text(body, "name", ""), part(body, "fields"), body.get("filter"))


@dataclass(frozen=True)
class ImportDefinition:
    """What an import will take; the keys of `fields` are the columns of the upload."""

    uri: str
    name: str
    fields: Mapping[str, str]
    identifier: str | None = None

    @classmethod
    def read(cls, body: Mapping[str, Any]) -> Self:
        return cls(
            text(body, "uri"), text(body, "name", ""), part(body, "fields"), body.get("identifierFieldName")
        )


@dataclass(frozen=True)
class SyncActionDefinition(ImportDefinition):
    """A definition that changes no field: it runs sync actions on records that exist already."""


@dataclass(frozen=True)
class Sync:
    """One run of a definition; times are aware UTC."""

    uri: str
    definition_uri: str
    status: SyncStatus
    created_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def is_finished(self) -> bool:
        return self.status not in {SyncStatus.PENDING, SyncStatus.ACTIVE}

    @classmethod
    def read(cls, body: Mapping[str, Any]) -> Self:
        return cls(
            uri=text(body, "uri"),
            definition_uri=text(body, "syncedInstanceUri"),
            status=SyncStatus.read(text(body, "status")),
            created_at=moment(text(body, "createdAt")),
            started_at=moment(body["syncStartedAt"]) if body.get("syncStartedAt") else None,
            ended_at=moment(body["syncEndedAt"]) if body.get("syncEndedAt") else None,
        )


@dataclass(frozen=True)
class SyncLog:
    """One line of a sync's log: counts, never single records. `severity`: information, warning, error."""

    severity: str
    status_code: str
    message: str
    count: int
    created_at: datetime | None = None

    @classmethod
    def read(cls, item: Mapping[str, Any]) -> Self:
        return cls(
            severity=text(item, "severity"),
            status_code=text(item, "statusCode", ""),
            message=text(item, "message", ""),  # absent with ELQ-00071
            count=item.get("count") or 0,
            created_at=moment(item["createdAt"]) if item.get("createdAt") else None,
        )


@dataclass(frozen=True)
class Reject:
    """A record that a sync did not take, or took without some fields.

    `record_index` counts from 1 over the upload; `field_values` holds every column of the definition
    and is left out of the repr, being personal.
    """

    record_index: int
    status_code: str
    message: str
    field_values: Mapping[str, str] = field(repr=False)
    invalid_fields: tuple[str, ...] = ()

    @classmethod
    def read(cls, item: Mapping[str, Any]) -> Self:
        return cls(
            record_index=item.get("recordIndex") or 0,
            status_code=text(item, "statusCode", ""),
            message=text(item, "message", ""),
            field_values=part(item, "fieldValues") if item.get("fieldValues") else {},
            invalid_fields=tuple(item.get("invalidFields") or ()),
        )
