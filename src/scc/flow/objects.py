"""How SCC names Eloqua's objects ("contact", "customObject/12", "activity/Bounceback"), and what is known of their fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from scc.errors import ConfigError

if TYPE_CHECKING:
    from scc.eloqua import BulkObject, EloquaClient

__all__ = [
    "EloquaField",
    "EloquaFields",
    "address_states",
    "eloqua_fields",
    "eloqua_object",
    "resolve_object",
]


@dataclass(frozen=True, slots=True)
class EloquaField:
    """`data_type` as Eloqua names it: string, number, date, boolean, emailAddress."""

    statement: str
    data_type: str


EloquaFields: TypeAlias = Mapping[str, EloquaField]

_SYSTEM_TYPES = {"Id": "string", "ExternalId": "string", "CreatedAt": "date", "UpdatedAt": "date"}


def eloqua_object(name: str) -> BulkObject:
    """The bulk object behind a change set's name."""
    from scc import eloqua

    kind, _, number = name.partition("/")
    if kind == "activity":
        return eloqua.activities(number)
    if name == "contact":
        return eloqua.contacts()
    if name == "account":
        return eloqua.accounts()
    if kind == "customObject" and number.isdigit():
        return eloqua.custom_object(int(number))
    raise ConfigError(f"{name!r} is no object of Eloqua's that SCC works with")


def eloqua_fields(client: EloquaClient, name: str) -> dict[str, EloquaField]:
    """Fields by internal name, the system's own (Id, UpdatedAt ...) among them.

    An activity's are its type's columns (ActivityDate, SmtpStatusCode ...), and `Contact.C_X` for the
    fields of the contact it belongs to.
    """
    obj = eloqua_object(name)
    if obj.activity_type is not None:
        return _activity_fields(client, obj.activity_type)
    prefix = f"CustomObject[{name.partition('/')[2]}]" if "/" in name else name.capitalize()
    fields = {
        system: EloquaField(f"{{{{{prefix}.{system}}}}}", kind)
        for system, kind in _SYSTEM_TYPES.items()
        if "/" in name or system != "ExternalId"
    }
    for one in client.bulk.fields(obj):
        fields.setdefault(one.internal_name, EloquaField(one.statement, one.data_type))
    return fields


def address_states(name: str) -> dict[str, EloquaField]:
    """What Eloqua tells with a contact, and keeps of its address: it outlives the contact and is no field of it."""
    if name != "contact":
        return {}
    states = ("Email.IsBounced", "Email.IsSubscribed")
    return {state: EloquaField(eloqua_object(name).statement(state), "boolean") for state in states}


def _activity_fields(client: EloquaClient, kind: str) -> dict[str, EloquaField]:
    from scc import eloqua

    obj = eloqua.activities(kind)
    columns = eloqua.activity_fields(kind)
    # Asked for under two names, one statement gives shuffled rows: the id is Id, and nothing else.
    fields = {"Id": EloquaField(columns.pop("ActivityId"), "string")}
    for column, statement in columns.items():
        fields[column] = EloquaField(statement, "date" if column == "ActivityDate" else "string")
    for one in client.bulk.fields(eloqua.contacts()):
        statement = obj.statement(f"Contact.Field({one.internal_name})")
        fields[f"Contact.{one.internal_name}"] = EloquaField(statement, one.data_type)
    return fields


def resolve_object(client: EloquaClient, wanted: str) -> str:
    """The name by id of an object that people name by name: "customObject/Campaign Members".

    Names may differ in case only; ConfigError where none or several fit.
    """
    kind, _, name = wanted.partition("/")
    if kind != "customObject":
        return wanted
    name = name.strip()
    objects = client.bulk.custom_objects()
    found = [one.id for one in objects if name in {one.name, str(one.id)}]
    found = found or [one.id for one in objects if one.name.casefold() == name.casefold()]
    if len(found) == 1:
        return f"customObject/{found[0]}"
    if found:
        raise ConfigError(
            f"{len(found)} custom objects in Eloqua are called {name!r}",
            hint=f"Write the id instead of the name: {', '.join(map(str, sorted(found)))}.",
        )
    known = ", ".join(sorted(one.name for one in objects)[:10]) or "none at all"
    raise ConfigError(f"Eloqua has no custom object {name!r}", hint=f"It has: {known}.")
