"""Values of fields between REST's text and the tables' types (sources.md E3.1, 3.2)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from scc.sandbox.eloqua.entities import Entity
from scc.sandbox.eloqua.errors import RestValidationError
from scc.sandbox.eloqua.fields import Field
from scc.sandbox.eloqua.rest_search import moment_of
from scc.sandbox.eloqua.values import EMAIL_PATTERN
from scc.sandbox.eloqua.wire_times import unix_time

__all__ = ["field_values", "parse_flag", "parse_value", "read_field_values", "shown_value"]


def shown_value(value: object) -> str | None:
    """Write a stored value: dates as unix seconds, whole numbers without a point; None stays None."""
    if value is None or value == "":
        return None
    if isinstance(value, datetime):
        return unix_time(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else str(value)
    return str(value)


def field_values(
    fields: Iterable[Field], record: Mapping[str, Any], columns: Mapping[int, str]
) -> list[dict[str, str]]:
    """Return `fieldValues`: an entry without a value has none."""
    entries = []
    for field in fields:
        entry = {"type": "FieldValue", "id": str(field.id)}
        value = shown_value(record.get(columns[field.id]))
        entries.append(entry if value is None else {**entry, "value": value})
    return entries


def read_field_values(object_type: str, entity: Entity, raw: object) -> dict[str, object]:
    """Turn `fieldValues` into stored columns. Raises 400 for an unknown or read-only field or a wrong value."""
    if raw is None:
        return {}
    if not isinstance(raw, list):
        raise RestValidationError(object_type, "fieldValues", "SyntaxRequirement")
    values: dict[str, object] = {}
    for entry in raw:
        number = str(entry.get("id", "")) if isinstance(entry, dict) else ""
        field = entity.field_numbered(int(number)) if number.isdigit() and len(number) < 19 else None
        if field is None:
            raise RestValidationError(object_type, "fieldValues", "RelationshipRequirement", value=number)
        if field.derived is None and not field.is_read_only:
            values[entity.column_of(field)] = parse_value(object_type, field, entry.get("value"))
    return values


def parse_value(object_type: str, field: Field, raw: object, prop: str | None = None) -> object:
    """Read one value by its field's type; blank is None. Raises 400."""
    text = "" if raw is None else str(raw)
    if not text.strip():
        return None
    requirement = {"date": "DateRequirement", "number": "IntegerRequirement"}.get(field.data_type)
    if field.data_type == "date":
        moment = moment_of(text)
        if moment is not None:
            return moment.replace(tzinfo=None)
    elif field.data_type == "number":
        try:
            return float(text)
        except ValueError:
            pass
    elif field.data_type == "boolean":
        return parse_flag(raw)
    elif field.data_type == "emailAddress":
        if re.fullmatch(EMAIL_PATTERN, text.strip()):
            return text.strip()
        requirement = "EmailAddressRequirement"
    else:
        return text
    raise RestValidationError(object_type, prop or field.internal_name, str(requirement), value=text)


def parse_flag(raw: object) -> bool | None:
    """Read a boolean given as one or as text; None for anything else."""
    if isinstance(raw, bool):
        return raw
    return {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}.get(
        str(raw).lower()
    )
