"""Definitions of exports, imports and sync actions as Eloqua takes them, held to its limits beforehand.

Pure: it sends nothing. What one instance's fields are is Eloqua's to check.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from scc.eloqua.fields import BulkObject
from scc.eloqua.filters import And, Comparison, Filter, check_filter
from scc.eloqua.models import SyncAction
from scc.errors import ConfigError

__all__ = ["UPDATE_RULES", "duration", "export_body", "import_body", "sync_action_body"]

UPDATE_RULES = ("always", "ifNewIsNotNull", "ifExistingIsNull", "useFieldRule")
_ACTIONS = ("add", "remove", "setStatus")
_HOUR = timedelta(hours=1)


def export_body(
    obj: BulkObject,
    fields: Mapping[str, str],
    *,
    name: str,
    filter: Filter | None,  # noqa: A002  # Eloqua's own word
    filter_limit: int,
    max_records: int | None,
    retention: timedelta,
    auto_delete: timedelta,
    sync_actions: Sequence[SyncAction],
) -> dict[str, Any]:
    if not obj.can_export:
        raise ConfigError(f"Eloqua can't export {obj.path}: it takes imports alone")
    _check_fields(fields, obj.max_export_fields, "an export")
    if obj.activity_type is not None:
        _check_activity_fields(fields)
        of_type = Comparison("{{Activity.Type}}", "=", obj.activity_type)
        filter = of_type if filter is None else And((of_type, *_terms(filter)))  # noqa: A001  # Eloqua's own word
    body: dict[str, Any] = {
        "name": _checked_name(name),
        "fields": dict(fields),
        # else Eloqua writes and compares times as US Eastern, with its changes of summer time
        "areSystemTimestampsInUTC": True,
        "dataRetentionDuration": duration(retention, most=timedelta(days=14)),
        "autoDeleteDuration": duration(auto_delete),
    }
    if filter is not None:
        body["filter"] = check_filter(filter, limit=filter_limit)
        if obj.activity_type is not None and "{{Activity.Contact.Field" in body["filter"]:
            raise ConfigError("Eloqua takes no contact field in the filter of an activity export")
    if max_records is not None:
        if max_records < 1:
            raise ConfigError(f"max_records is {max_records}, it must be 1 or more")
        body["maxRecords"] = max_records
    if sync_actions:
        body["syncActions"] = _actions(obj, sync_actions)
    return body


def import_body(
    obj: BulkObject,
    fields: Mapping[str, str],
    *,
    identifier: str | None,
    name: str,
    update_rule: str,
    retention: timedelta,
    auto_delete: timedelta,
    sync_actions: Sequence[SyncAction],
    options: Mapping[str, Any],
) -> dict[str, Any]:
    _check_fields(fields, obj.max_import_fields, "an import")
    if update_rule not in UPDATE_RULES:
        raise ConfigError(f"{update_rule!r} is no update rule", hint=f"One of: {', '.join(UPDATE_RULES)}.")
    body: dict[str, Any] = {
        "name": _checked_name(name),
        "fields": dict(fields),
        "updateRule": update_rule,
        # its default is true in the documentation: a sync would start before all data is there
        "isSyncTriggeredOnImport": False,
        "dataRetentionDuration": duration(retention, most=timedelta(days=14)),
        "autoDeleteDuration": duration(auto_delete),
        **options,
    }
    if identifier is not None:
        body["identifierFieldName"] = _checked_identifier(identifier, fields)
    elif obj.path != "/activities":
        raise ConfigError(
            f"an import of {obj.path} needs an identifier", hint=f"One of: {', '.join(fields)}."
        )
    if sync_actions:
        body["syncActions"] = _actions(obj, sync_actions)
    return body


def sync_action_body(
    obj: BulkObject,
    fields: Mapping[str, str],
    *,
    name: str,
    sync_actions: Sequence[SyncAction],
    retention: timedelta,
    auto_delete: timedelta,
) -> dict[str, Any]:
    """A definition of its own for sync actions: one field, which identifies, and nothing is created."""
    if len(fields) != 1:
        raise ConfigError(f"sync actions by themselves take exactly one field, not {len(fields)}")
    if not sync_actions:
        raise ConfigError("no sync action is given")
    return {
        "name": _checked_name(name),
        "fields": dict(fields),
        "identifierFieldName": next(iter(fields)),
        "syncActions": _actions(obj, sync_actions),
        "isSyncTriggeredOnImport": False,
        "dataRetentionDuration": duration(retention, most=timedelta(days=14)),
        "autoDeleteDuration": duration(auto_delete),
    }


def duration(length: timedelta, *, most: timedelta | None = None) -> str:
    """Write whole hours as ISO 8601, which Eloqua takes from PT1H on."""
    hours, rest = divmod(length, _HOUR)
    if rest or hours < 1 or (most is not None and length > most):
        upto = f" to {most.days} days" if most is not None else ""
        raise ConfigError(f"Eloqua keeps data for whole hours from 1 hour{upto}, not for {length}")
    days, hours = divmod(hours, 24)
    return "P" + (f"{days}D" if days else "") + (f"T{hours}H" if hours else "")


def _check_fields(fields: Mapping[str, str], most: int, what: str) -> None:
    if not fields:
        raise ConfigError(f"{what} needs at least one field")
    if len(fields) > most:
        raise ConfigError(
            f"{what} takes {most} fields in Eloqua, not {len(fields)}",
            hint="Ask for the rest in a second one.",
        )
    aliases: dict[str, str] = {}
    for alias, statement in fields.items():
        if not alias:
            raise ConfigError(f"a field of {what} has a blank alias: {statement}")
        if statement in aliases:
            # seen in the field: rows come back shuffled between pages (tap-eloqua, pull request 19)
            raise ConfigError(
                f"{what} asks for {statement} twice, as {aliases[statement]!r} and {alias!r}",
                hint="Ask for it once and copy the column.",
            )
        aliases[statement] = alias


def _check_activity_fields(fields: Mapping[str, str]) -> None:
    of_contact = sum(statement.startswith("{{Activity.Contact.Field") for statement in fields.values())
    if of_contact > 10:
        raise ConfigError(f"an activity export takes 10 contact fields in Eloqua, not {of_contact}")


def _checked_identifier(identifier: str, fields: Mapping[str, str]) -> str:
    if identifier not in fields:
        raise ConfigError(
            f"the identifier {identifier!r} is not among the import's fields",
            hint=f"It is named by its alias, one of: {', '.join(fields)}.",
        )
    if len(identifier) > 100:
        raise ConfigError(f"the alias of the identifier has {len(identifier)} characters, Eloqua takes 100")
    return identifier


def _checked_name(name: str) -> str:
    if not 1 <= len(name) <= 100:
        raise ConfigError(f"the name of a definition has {len(name)} characters, Eloqua takes 1 to 100")
    return name


def _actions(obj: BulkObject, actions: Sequence[SyncAction]) -> list[dict[str, Any]]:
    if not obj.can_sync_actions:
        raise ConfigError(f"Eloqua runs no sync actions on {obj.path}")
    if len(actions) > 10:
        raise ConfigError(f"Eloqua takes 10 sync actions in a definition, not {len(actions)}")
    for one in actions:
        if one.action not in _ACTIONS:
            raise ConfigError(f"{one.action!r} is no sync action", hint=f"One of: {', '.join(_ACTIONS)}.")
        if (one.action == "setStatus") != (one.status is not None):
            raise ConfigError(
                f"sync action {one.action} on {one.destination}: setStatus alone goes with a status"
            )
    return [one.wire() for one in actions]


def _terms(filter: Filter) -> tuple[Filter, ...]:  # noqa: A002  # Eloqua's own word
    return filter.parts if isinstance(filter, And) else (filter,)
