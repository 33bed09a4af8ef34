"""What an object and a field are, and short ways to write them down.

Knows no particular object. `type` is the vendor's type name; flags carry the vendor's meaning
(createable, updateable, nillable, defaultedOnCreate): sandbox-salesforce.md 2 and 6.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

STORED_AS: Mapping[str, str] = {
    "boolean": "BOOLEAN",
    "int": "INTEGER",
    "long": "BIGINT",
    "double": "DOUBLE",
    "currency": "DOUBLE",
    "percent": "DOUBLE",
    "date": "DATE",
    "datetime": "TIMESTAMP",
    "time": "TIME",
}
"""DuckDB column types; every type that is not here is text. Datetimes are kept in UTC."""

TEXT_TYPES = frozenset(
    {
        "string",
        "textarea",
        "email",
        "phone",
        "url",
        "picklist",
        "multipicklist",
        "combobox",
        "encryptedstring",
    }
)
NUMBER_TYPES = frozenset({"int", "long", "double", "currency", "percent"})
COMPOUND_TYPES = frozenset({"address", "location"})


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an object.

    `formula` is SQL over `{Field}` and `{Relationship.Field}` for what is derived when read; such a field has
    no column. `default` is the value, as text, that a new record gets when none is sent.
    `compound` names the address or name field that this one is a part of.
    """

    name: str
    type: str
    label: str = ""
    length: int = 0
    precision: int = 0
    scale: int = 0
    createable: bool = True
    updateable: bool = True
    nillable: bool = True
    default: str | None = None
    defaulted: bool = False
    refers_to: tuple[str, ...] = ()
    relationship: str | None = None
    values: tuple[str, ...] = ()
    restricted: bool = False
    external_id: bool = False
    unique: bool = False
    case_sensitive: bool = False
    id_lookup: bool = False
    name_field: bool = False
    compound: str | None = None
    formula: str | None = None
    filterable: bool = True
    cascade_delete: bool = False
    child_relationship: str | None = None

    @property
    def custom(self) -> bool:
        return self.name.endswith("__c")

    @property
    def stored(self) -> bool:
        return self.formula is None and self.type not in COMPOUND_TYPES

    @property
    def column_type(self) -> str:
        return STORED_AS.get(self.type, "VARCHAR")

    @property
    def required(self) -> bool:
        """Must be sent with a new record: not nillable, and nothing fills it in."""
        return self.createable and not self.nillable and not self.defaulted and self.type != "boolean"

    @property
    def sortable(self) -> bool:
        return self.filterable and self.type not in {"multipicklist", *COMPOUND_TYPES}

    @property
    def is_text(self) -> bool:
        return self.type in TEXT_TYPES

    @property
    def is_id(self) -> bool:
        return self.type in {"id", "reference"}


@dataclass
class SObject:
    """One object: its name, the first three characters of its ids, and its fields in describe order."""

    name: str
    prefix: str
    label: str = ""
    plural: str = ""
    fields: dict[str, Field] = field(default_factory=dict)
    createable: bool = True
    updateable: bool = True
    deletable: bool = True
    undeletable: bool = True
    searchable: bool = True
    queryable: bool = True
    custom: bool = False

    def __post_init__(self) -> None:
        self.label = self.label or label_of(self.name)
        self.plural = self.plural or _plural(self.label)
        self._by_lower = {name.lower(): name for name in self.fields}

    def field(self, name: str) -> Field | None:
        """Find a field by its API name, whatever the case."""
        canonical = self._by_lower.get(name.lower())
        return None if canonical is None else self.fields[canonical]

    def parent(self, relationship: str) -> Field | None:
        """Find the reference field behind a relationship name such as `Owner` or `Region__r`."""
        wanted = relationship.lower()
        return next(
            (each for each in self.fields.values() if (each.relationship or "").lower() == wanted), None
        )

    def add(self, new: Field) -> None:
        self.fields[new.name] = new
        self._by_lower[new.name.lower()] = new.name

    @property
    def table(self) -> str:
        return f'sf."{self.name}"'

    @property
    def stored(self) -> list[Field]:
        return [each for each in self.fields.values() if each.stored]

    @property
    def name_field(self) -> Field | None:
        return next((each for each in self.fields.values() if each.name_field), None)

    def parts_of(self, compound: str) -> list[Field]:
        return [each for each in self.fields.values() if each.compound == compound]


def label_of(name: str) -> str:
    """Return the label the vendor would show for an API name: `LastName` is `Last Name`, `OwnerId` is `Owner ID`."""
    words = re.sub(r"__c$", "", name).replace("_", " ")
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", words)
    return re.sub(r"\bId$", "ID", words)


def _plural(label: str) -> str:
    if label.endswith(("s", "ss")):
        return label + "es"
    return label[:-1] + "ies" if label.endswith("y") else label + "s"


def text(name: str, length: int, **flags: Any) -> Field:
    return _labelled(Field(name, flags.pop("type", "string"), length=length, **flags))


def number(name: str, precision: int = 18, scale: int = 0, **flags: Any) -> Field:
    return _labelled(Field(name, flags.pop("type", "double"), precision=precision, scale=scale, **flags))


def whole(name: str, **flags: Any) -> Field:
    return _labelled(Field(name, "int", **flags))


def flag(name: str, **flags: Any) -> Field:
    return _labelled(Field(name, "boolean", nillable=False, defaulted=True, default="false", **flags))


def moment(name: str, **flags: Any) -> Field:
    return _labelled(Field(name, "datetime", **flags))


def day(name: str, **flags: Any) -> Field:
    return _labelled(Field(name, "date", **flags))


def picklist(name: str, *values: str, **flags: Any) -> Field:
    return _labelled(Field(name, "picklist", length=flags.pop("length", 255), values=values, **flags))


def reference(name: str, *targets: str, **flags: Any) -> Field:
    relationship = flags.pop("relationship", name.removesuffix("Id"))
    return _labelled(
        Field(name, "reference", length=18, refers_to=targets, relationship=relationship or None, **flags)
    )


def read_only(made: Field) -> Field:
    return replace(made, createable=False, updateable=False)


def long_text(name: str, **flags: Any) -> Field:
    return text(name, 32000, type="textarea", filterable=False, **flags)


def address(name: str, prefix: str = "") -> list[Field]:
    """Return an address field and its parts, each part named with `prefix` (`MailingStreet` of `MailingAddress`)."""
    parts = [
        text(f"{prefix}Street", 255, type="textarea"),
        text(f"{prefix}City", 40),
        text(f"{prefix}State", 80),
        text(f"{prefix}PostalCode", 20),
        text(f"{prefix}Country", 80),
        number(f"{prefix}Latitude", 18, 15),
        number(f"{prefix}Longitude", 18, 15),
        picklist(
            f"{prefix}GeocodeAccuracy", "Address", "NearAddress", "Block", "Street", "Zip", "City", length=40
        ),
    ]
    compound = _labelled(Field(name, "address", filterable=False))
    return [*(replace(part, compound=name) for part in parts), read_only(compound)]


def system_fields() -> list[Field]:
    """Return the audit fields that nearly every object has, Id first."""
    return [
        read_only(Field("IsDeleted", "boolean", "Deleted", nillable=False, defaulted=True, default="false")),
        read_only(moment("CreatedDate", nillable=False, defaulted=True)),
        read_only(reference("CreatedById", "User", nillable=False, defaulted=True)),
        read_only(moment("LastModifiedDate", nillable=False, defaulted=True)),
        read_only(reference("LastModifiedById", "User", nillable=False, defaulted=True)),
        read_only(moment("SystemModstamp", nillable=False, defaulted=True)),
    ]


def sobject(
    name: str,
    prefix: str,
    fields: Iterable[Field | Iterable[Field]],
    *,
    without: Iterable[str] = (),
    **flags: Any,
) -> SObject:
    """Return an object with Id and the audit fields (but `without`) added to those given; lists are flattened."""
    flat: list[Field] = [
        read_only(Field("Id", "id", f"{label_of(name)} ID", length=18, nillable=False, defaulted=True))
    ]
    for each in fields:
        flat.extend([each] if isinstance(each, Field) else each)
    names = {*(each.name for each in flat), *without}
    flat.extend(each for each in system_fields() if each.name not in names)
    return SObject(name, prefix, fields={each.name: each for each in flat}, **flags)


def _labelled(made: Field) -> Field:
    return made if made.label else replace(made, label=label_of(made.name))
