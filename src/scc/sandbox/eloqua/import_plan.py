"""What an import definition means for the tables: its columns, its identifier, its rules. Pure description."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scc.sandbox.eloqua.documents import Document
from scc.sandbox.eloqua.entities import Column, Entity
from scc.sandbox.eloqua.statements import parse_statement

if TYPE_CHECKING:
    from scc.sandbox.eloqua.store import EloquaStore

__all__ = ["Plan", "Target", "plan_of"]


@dataclass(frozen=True)
class Target:
    """What differs between the kinds of entities. `required` and `unique` are stored columns."""

    created_code: str
    updated_code: str
    required: str | None = None
    unique: str | None = None
    unique_code: str = "ELQ-00026"


@dataclass(frozen=True)
class Plan:
    """`identifier` is an index into `aliases` and `columns`; `given` says which columns any file has."""

    entity: Entity
    body: dict[str, Any]
    aliases: tuple[str, ...]
    columns: tuple[Column, ...]
    given: tuple[bool, ...]
    identifier: int
    target: Target
    is_action: bool

    @property
    def key(self) -> Column:
        return self.columns[self.identifier]

    @property
    def matches_id(self) -> bool:
        """Whether records are named by what only Eloqua gives (Id, ExternalId, a derived field): they must exist."""
        return self.key.stored in (None, "externalId")

    @property
    def may_create(self) -> bool:
        return not self.is_action and self.body.get("importRule") != "updateOnly"

    @property
    def may_update(self) -> bool:
        return str(self.body.get("importRule")) != "createOnly"

    def index_of(self, stored: str | None) -> int | None:
        """Return which column writes a stored column, None when none does."""
        found = (index for index, column in enumerate(self.columns) if column.stored == stored)
        return None if stored is None else next(found, None)

    def rule(self, index: int) -> str:
        """Return the update rule of a column (sources.md E2.9)."""
        rules = self.body.get("updateRuleByField", {})
        rule = str(rules.get(self.aliases[index], self.body.get("updateRule", "always")))
        field = self.columns[index].field
        return rule if rule != "useFieldRule" else field.update_type if field else "always"


def plan_of(store: EloquaStore, definition: Document, files: Sequence[Document]) -> Plan:
    entity = store.definitions.entity(definition)
    body = definition["body"]
    aliases = tuple(body["fields"])
    columns = tuple(
        store.resolve(entity, parse_statement(statement)) for statement in body["fields"].values()
    )
    rows_with = {alias: any(alias not in file["missing"] for file in files) for alias in aliases}
    name = body.get("identifierFieldName")
    return Plan(
        entity,
        body,
        aliases,
        columns,
        tuple(rows_with[alias] for alias in aliases),
        aliases.index(name) if name in aliases else 0,
        _target(store, entity),
        is_action=definition["kind"] == "syncActions",
    )


def _target(store: EloquaStore, entity: Entity) -> Target:
    match entity.kind:
        case "contacts":
            return Target("ELQ-00004", "ELQ-00022", "C_EmailAddress", "C_EmailAddress", "ELQ-00011")
        case "accounts":
            return Target("ELQ-00005", "ELQ-00023", "M_CompanyName")
        case "emailAddresses":
            return Target("ELQ-00033", "ELQ-00035", "address")
        case "activities":
            return Target("ELQ-00069", "ELQ-00069")
        case _:
            unique = store.custom_object(entity.id)[1].get("uniqueField")
            return Target("ELQ-00007", "ELQ-00012", unique=f"f{unique}" if unique else None)
