"""Where records from a file may go: Eloqua's contacts, accounts and custom objects, and any sObject.

A target knows its fields and hands tables to its store; it knows nothing of files.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import pyarrow as pa

from scc.sandbox.eloqua.entities import Entity
from scc.sandbox.eloqua.store import EloquaStore
from scc.sandbox.problems import UnreadableError
from scc.sandbox.salesforce.catalogue import SObject
from scc.sandbox.salesforce.store import SalesforceStore
from scc.sandbox.state import State

__all__ = ["Target", "TargetField", "find_target", "near"]

CUSTOM_OBJECT = "customobject/"
_SOBJECTS = {
    "leads": "Lead",
    "campaigns": "Campaign",
    "campaign-members": "CampaignMember",
    "opportunities": "Opportunity",
    "users": "User",
}
KNOWN = (
    "contacts",
    "accounts",
    "customObject/NAME",
    *_SOBJECTS,
    "salesforce/SOBJECT",
)
"""What can be asked for, as a person writes it."""


@dataclass(frozen=True)
class TargetField:
    """`kind` is text, number, boolean, date (a day) or datetime; `length` 0 is no limit."""

    name: str
    kind: str = "text"
    length: int = 0
    required: bool = False


@dataclass(frozen=True)
class Target:
    """`unique` names the field whose values differ, whatever the case, from each other and from those `taken`.

    `taken` is SQL that gives the values there are, in lower case, as one column.
    """

    title: str
    fields: Mapping[str, TargetField]
    unique: str
    taken: str
    load: Callable[[pa.Table], object]

    def field(self, name: str) -> TargetField | None:
        """Find a field, whatever the case."""
        wanted = name.lower()
        return next((field for field in self.fields.values() if field.name.lower() == wanted), None)


def find_target(state: State, what: str) -> Target:
    """Raises UnreadableError for what is none of `KNOWN`, or has no such object."""
    lower = what.lower()
    if lower in ("contacts", "accounts"):
        return _eloqua_target(state, lower)
    if lower.startswith(CUSTOM_OBJECT):
        return _custom_object_target(state, what[len(CUSTOM_OBJECT) :])
    if lower in _SOBJECTS:
        return _salesforce_target(state, _SOBJECTS[lower])
    if lower.startswith("salesforce/"):
        return _salesforce_target(state, what[len("salesforce/") :])
    raise UnreadableError(f"there is no {what!r} to load into; known are {', '.join(KNOWN)}")


def near(name: str, known: Iterable[str]) -> str:
    """Say which names are like this one, as the end of a sentence."""
    names = list(known)
    close = difflib.get_close_matches(name.lower(), [each.lower() for each in names], n=3)
    found = [each for each in names if each.lower() in close]
    return f"near it: {', '.join(found)}" if found else f"it has {', '.join(sorted(names)[:40])}"


def _eloqua_target(state: State, kind: str) -> Target:
    store = state.store(EloquaStore)
    entity = store.catalogue.standard(kind)
    name = {"contacts": "C_EmailAddress", "accounts": "M_CompanyName"}[kind]
    load = {"contacts": store.load_contacts, "accounts": store.load_accounts}[kind]
    return Target(
        kind, _eloqua_fields(entity, {name}), name, f'SELECT lower("{name}") FROM {entity.table}', load
    )


def _custom_object_target(state: State, wanted: str) -> Target:
    store = state.store(EloquaStore)
    names: dict[str, int] = {}
    for entity in store.catalogue.custom_objects():
        document = store.custom_object(entity.id)[1]
        names[document["name"]] = entity.id
    found = [number for name, number in names.items() if wanted.lower() in (name.lower(), str(number))]
    if not found:
        raise UnreadableError(f"there is no custom object {wanted!r}; {near(wanted, names)}")
    number = found[0]
    entity = store.custom_object(number)[0]
    fields = _eloqua_fields(entity, set()) | {"externalId": TargetField("externalId")}
    return Target(
        f"records of {wanted}",
        fields,
        "externalId",
        f'SELECT lower("externalId") FROM {entity.table}',
        lambda table: store.load_custom_object(number, table),
    )


def _eloqua_fields(entity: Entity, required: set[str]) -> dict[str, TargetField]:
    kinds = {"number": "number", "boolean": "boolean", "date": "datetime"}
    fields = {
        field.internal_name: TargetField(
            field.internal_name, kinds.get(field.data_type, "text"), required=field.internal_name in required
        )
        for field in entity.fields
        if field.derived is None
    }
    times = {name: TargetField(name, "datetime") for name in ("createdAt", "updatedAt")}
    return {**fields, **times}


def _salesforce_target(state: State, wanted: str) -> Target:
    store = state.store(SalesforceStore)
    sobject = store.catalogue.find(wanted)
    if sobject is None:
        names = [each.name for each in store.catalogue]
        raise UnreadableError(f"there is no sObject {wanted!r}; {near(wanted, names)}")
    return Target(
        f"{sobject.name} records",
        _salesforce_fields(sobject),
        "Id",
        f'SELECT lower("Id") FROM {sobject.table}',
        lambda table: store.load(sobject.name, table),
    )


def _salesforce_fields(sobject: SObject) -> dict[str, TargetField]:
    kinds = {"boolean": "boolean", "date": "date", "datetime": "datetime"}
    kinds |= dict.fromkeys(("int", "long", "double", "currency", "percent"), "number")
    return {
        field.name: TargetField(field.name, kinds.get(field.type, "text"), field.length, field.required)
        for field in sobject.stored
    }
