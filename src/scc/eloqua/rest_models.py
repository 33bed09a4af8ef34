"""Eloqua's REST entities as frozen values. On the wire all is text: ids, booleans, times in unix seconds.

What an entity has beyond the attributes here is kept in `raw` and goes back unchanged: Eloqua blanks
what a PUT leaves out. An attribute that is None was absent and is not sent; "" blanks it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Self

from scc.errors import DataError

__all__ = [
    "Account",
    "Campaign",
    "Contact",
    "ContactList",
    "CustomObject",
    "CustomObjectField",
    "CustomObjectRecord",
    "Email",
    "Entity",
    "Form",
    "FormData",
    "FormField",
    "Membership",
]


class _Kind(Enum):
    TEXT = "text"
    WHOLE = "whole number"
    FLAG = "boolean"
    MOMENT = "time"
    VALUES = "field values"
    NESTED = "list"


def _wire(name: str, kind: _Kind = _Kind.TEXT, *, of: type[Entity] | None = None) -> dict[str, Any]:
    """Name an attribute as Eloqua spells it, and say how its text is to be read."""
    return {"wire": name, "kind": kind, "of": of}


@dataclass(frozen=True, kw_only=True)
class Entity:
    """What all have; `raw` is the entity as it came."""

    id: int | None = field(default=None, metadata=_wire("id", _Kind.WHOLE))
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def read(cls, item: Mapping[str, Any]) -> Self:
        """DataError names the property that is of another kind than it should be."""
        known: dict[str, Any] = {}
        for one in fields(cls):
            if "wire" in one.metadata and (value := item.get(one.metadata["wire"])) is not None:
                known[one.name] = _read(value, one.metadata)
        return cls(**known, raw=item)

    def wire(self) -> dict[str, Any]:
        """Give the body that writes this entity whole."""
        body = dict(self.raw)
        for one in fields(self):
            value = getattr(self, one.name)
            if "wire" in one.metadata and value is not None:
                body[one.metadata["wire"]] = _write(value, one.metadata["kind"])
        return body


@dataclass(frozen=True, kw_only=True)
class _Dated(Entity):
    created_at: datetime | None = field(default=None, metadata=_wire("createdAt", _Kind.MOMENT))
    updated_at: datetime | None = field(default=None, metadata=_wire("updatedAt", _Kind.MOMENT))


@dataclass(frozen=True, kw_only=True)
class _Asset(_Dated):
    """What is made by marketers: its name is no personal value."""

    name: str | None = field(default=None, metadata=_wire("name"))
    description: str | None = field(default=None, metadata=_wire("description"))
    folder_id: int | None = field(default=None, metadata=_wire("folderId", _Kind.WHOLE))


@dataclass(frozen=True, kw_only=True)
class Contact(_Dated):
    """`field_values` holds custom fields by their id; they come at depth "complete"."""

    email_address: str | None = field(default=None, repr=False, metadata=_wire("emailAddress"))
    first_name: str | None = field(default=None, repr=False, metadata=_wire("firstName"))
    last_name: str | None = field(default=None, repr=False, metadata=_wire("lastName"))
    title: str | None = field(default=None, repr=False, metadata=_wire("title"))
    account_name: str | None = field(default=None, repr=False, metadata=_wire("accountName"))
    city: str | None = field(default=None, repr=False, metadata=_wire("city"))
    country: str | None = field(default=None, repr=False, metadata=_wire("country"))
    business_phone: str | None = field(default=None, repr=False, metadata=_wire("businessPhone"))
    mobile_phone: str | None = field(default=None, repr=False, metadata=_wire("mobilePhone"))
    is_bounceback: bool | None = field(default=None, metadata=_wire("isBounceback", _Kind.FLAG))
    is_subscribed: bool | None = field(default=None, metadata=_wire("isSubscribed", _Kind.FLAG))
    bounceback_at: datetime | None = field(default=None, metadata=_wire("bouncebackDate", _Kind.MOMENT))
    subscription_at: datetime | None = field(default=None, metadata=_wire("subscriptionDate", _Kind.MOMENT))
    unsubscription_at: datetime | None = field(
        default=None, metadata=_wire("unsubscriptionDate", _Kind.MOMENT)
    )
    field_values: Mapping[int, str] | None = field(
        default=None, repr=False, metadata=_wire("fieldValues", _Kind.VALUES)
    )


@dataclass(frozen=True, kw_only=True)
class Account(_Dated):
    """A company; `field_values` as a contact's."""

    name: str | None = field(default=None, metadata=_wire("name"))
    address1: str | None = field(default=None, metadata=_wire("address1"))
    city: str | None = field(default=None, metadata=_wire("city"))
    country: str | None = field(default=None, metadata=_wire("country"))
    business_phone: str | None = field(default=None, metadata=_wire("businessPhone"))
    field_values: Mapping[int, str] | None = field(
        default=None, repr=False, metadata=_wire("fieldValues", _Kind.VALUES)
    )


@dataclass(frozen=True, kw_only=True)
class CustomObjectField(Entity):
    """`data_type`: text, number, numeric, date, largeText."""

    name: str | None = field(default=None, metadata=_wire("name"))
    internal_name: str | None = field(default=None, metadata=_wire("internalName"))
    data_type: str | None = field(default=None, metadata=_wire("dataType"))
    display_type: str | None = field(default=None, metadata=_wire("displayType"))


@dataclass(frozen=True, kw_only=True)
class CustomObject(_Asset):
    """The asset: its fields, and which of them are the e-mail address, the name, the unique code."""

    fields: Sequence[CustomObjectField] | None = field(
        default=None, metadata=_wire("fields", _Kind.NESTED, of=CustomObjectField)
    )
    email_address_field_id: int | None = field(
        default=None, metadata=_wire("emailAddressFieldId", _Kind.WHOLE)
    )
    display_name_field_id: int | None = field(default=None, metadata=_wire("displayNameFieldId", _Kind.WHOLE))
    unique_code_field_id: int | None = field(default=None, metadata=_wire("uniqueCodeFieldId", _Kind.WHOLE))


@dataclass(frozen=True, kw_only=True)
class CustomObjectRecord(_Dated):
    """One record; its `unique_code` is what Bulk calls ExternalId."""

    name: str | None = field(default=None, repr=False, metadata=_wire("name"))
    unique_code: str | None = field(default=None, repr=False, metadata=_wire("uniqueCode"))
    contact_id: int | None = field(default=None, metadata=_wire("contactId", _Kind.WHOLE))
    account_id: int | None = field(default=None, metadata=_wire("accountId", _Kind.WHOLE))
    field_values: Mapping[int, str] | None = field(
        default=None, repr=False, metadata=_wire("fieldValues", _Kind.VALUES)
    )


@dataclass(frozen=True, kw_only=True)
class ContactList(_Asset):
    """A shared list; who is in it is read and written in bulk, or by `ContactLists.change`."""

    count: int | None = field(default=None, metadata=_wire("count", _Kind.WHOLE))


@dataclass(frozen=True, kw_only=True)
class Membership(Entity):
    """A list that a contact is in."""

    name: str | None = field(default=None, metadata=_wire("name"))


@dataclass(frozen=True, kw_only=True)
class Campaign(_Asset):
    """`crm_id` is the Salesforce campaign's id; a PUT without it blanks it."""

    current_status: str | None = field(default=None, metadata=_wire("currentStatus"))
    campaign_type: str | None = field(default=None, metadata=_wire("campaignType"))
    crm_id: str | None = field(default=None, metadata=_wire("crmId"))
    start_at: datetime | None = field(default=None, metadata=_wire("startAt", _Kind.MOMENT))
    end_at: datetime | None = field(default=None, metadata=_wire("endAt", _Kind.MOMENT))


@dataclass(frozen=True, kw_only=True)
class Email(_Asset):
    """An e-mail as designed; `subject` may hold field merges."""

    subject: str | None = field(default=None, metadata=_wire("subject"))
    email_group_id: int | None = field(default=None, metadata=_wire("emailGroupId", _Kind.WHOLE))


@dataclass(frozen=True, kw_only=True)
class FormField(Entity):
    """One element of a form; `html_name` is what a browser posts."""

    name: str | None = field(default=None, metadata=_wire("name"))
    html_name: str | None = field(default=None, metadata=_wire("htmlName"))


@dataclass(frozen=True, kw_only=True)
class Form(_Asset):
    """`elements` come at depth "complete"."""

    html_name: str | None = field(default=None, metadata=_wire("htmlName"))
    elements: Sequence[FormField] | None = field(
        default=None, metadata=_wire("elements", _Kind.NESTED, of=FormField)
    )


@dataclass(frozen=True, kw_only=True)
class FormData(Entity):
    """What one visitor filled in: values by the form field's id."""

    submitted_at: datetime | None = field(default=None, metadata=_wire("submittedAt", _Kind.MOMENT))
    submitted_by_contact_id: int | None = field(
        default=None, metadata=_wire("submittedByContactId", _Kind.WHOLE)
    )
    field_values: Mapping[int, str] | None = field(
        default=None, repr=False, metadata=_wire("fieldValues", _Kind.VALUES)
    )


def _read(value: object, metadata: Mapping[str, Any]) -> object:
    kind, of = metadata["kind"], metadata["of"]
    try:
        match kind:
            case _Kind.WHOLE:
                return int(str(value)) if str(value) else None
            case _Kind.FLAG:
                return {"true": True, "false": False, "": None}[str(value).lower()]
            case _Kind.MOMENT:
                return datetime.fromtimestamp(int(str(value)), UTC) if str(value) else None
            case _Kind.VALUES:
                # an entry without a value has no "value"
                return {int(one["id"]): str(one.get("value") or "") for one in _listed(value)}
            case _Kind.NESTED:
                return tuple(of.read(one) for one in _listed(value))
            case _:
                return str(value)
    except (ValueError, KeyError, TypeError, OverflowError, OSError):
        raise DataError(f"Eloqua's answer has no {kind.value} in {metadata['wire']!r}") from None


def _listed(value: object) -> Sequence[Mapping[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise TypeError
    return value


def _write(value: Any, kind: _Kind) -> object:
    match kind:
        case _Kind.FLAG:
            return str(value).lower()
        case _Kind.MOMENT:
            return str(int(value.timestamp()))
        case _Kind.VALUES:
            return [
                {"type": "FieldValue", "id": str(number), "value": text} for number, text in value.items()
            ]
        case _Kind.NESTED:
            return [one.wire() for one in value]
        case _:
            return str(value)
