"""Custom fields and objects as a user asks for them, checked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields as dataclass_fields
from dataclasses import replace
from typing import Any

from scc.sandbox.salesforce.catalogue import Catalogue
from scc.sandbox.salesforce.catalogue.kinds import (
    NUMBER_TYPES,
    TEXT_TYPES,
    Field,
    SObject,
    label_of,
    sobject,
    text,
)

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)*__c")
_TYPES = TEXT_TYPES | NUMBER_TYPES | {"boolean", "date", "datetime", "time", "reference"}
_PROPERTIES = frozenset(each.name for each in dataclass_fields(Field)) - {
    "name",
    "type",
    "formula",
    "compound",
}
_LENGTHS = {
    "email": 80,
    "phone": 40,
    "textarea": 255,
    "picklist": 255,
    "multipicklist": 4099,
    "reference": 18,
}


def custom_field(
    owner: SObject, name: str, kind: str, catalogue: Catalogue, properties: Mapping[str, Any]
) -> Field:
    """Return the field. Raises ValueError, naming what cannot be."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name of a custom field; those look like Score__c")
    if owner.field(name) is not None:
        raise ValueError(f"{owner.name} has a field {name} already")
    if kind not in _TYPES:
        raise ValueError(f"{kind!r} is no type of a custom field; known are {', '.join(sorted(_TYPES))}")
    unknown = sorted(set(properties) - _PROPERTIES)
    if unknown:
        raise ValueError(
            f"{unknown[0]!r} is no property of a field; known are {', '.join(sorted(_PROPERTIES))}"
        )
    plain: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in properties.items()
    }
    made = replace(Field(name, kind), **plain)
    made = replace(made, label=made.label or label_of(name), length=made.length or _length(kind))
    if kind in NUMBER_TYPES and not made.precision:
        made = replace(made, precision=18)
    if kind == "boolean":
        made = replace(made, nillable=False, defaulted=True, default=made.default or "false")
    return _reference(made, catalogue) if kind == "reference" else made


def _length(kind: str) -> int:
    return _LENGTHS.get(kind, 255) if kind in TEXT_TYPES or kind == "reference" else 0


def _reference(made: Field, catalogue: Catalogue) -> Field:
    for target in made.refers_to:
        if catalogue.find(target) is None:
            raise ValueError(f"{made.name} refers to {target!r}, which does not exist")
    if not made.refers_to:
        raise ValueError(f"{made.name} is a reference: refers_to names the object, such as ['Account']")
    return replace(made, relationship=made.relationship or made.name.removesuffix("__c") + "__r")


def custom_object(catalogue: Catalogue, name: str, label: str) -> tuple[SObject, list[Field]]:
    """Return the object, and its fields beside Id and the audit fields. Raises ValueError."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name of a custom object; those look like Region__c")
    if catalogue.find(name) is not None:
        raise ValueError(f"there is an object {name} already")
    taken = sum(each.custom for each in catalogue)
    fields = [
        text("Name", 80, name_field=True),
        Field(
            "OwnerId",
            "reference",
            "Owner ID",
            18,
            nillable=False,
            defaulted=True,
            refers_to=("Group", "User"),
            relationship="Owner",
        ),
    ]
    return sobject(name, f"a{taken:02d}", fields, custom=True, label=label), fields
