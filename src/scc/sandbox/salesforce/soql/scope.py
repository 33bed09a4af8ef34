"""Look up the names of one query: field paths become SQL columns, relationships become joins.

Knows the catalogue and SQL, not conditions or results.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from scc.sandbox.salesforce.catalogue import NAME, Catalogue
from scc.sandbox.salesforce.catalogue.kinds import Field, SObject, read_only, text
from scc.sandbox.salesforce.soql.errors import at, no_such_column, no_such_relationship
from scc.sandbox.salesforce.soql.tree import Name

MAX_PARENTS = 5
Path = tuple[str, ...]

_PLACE = re.compile(r"\{([\w.]+)\}")
_NAME_FIELDS = ("Name", "FirstName", "LastName", "Email", "Phone", "Title", "Alias", "Username", "IsActive", "UserRoleId", "ProfileId")  # fmt: skip
_NAME_OBJECT = SObject(
    NAME,
    "",
    fields={
        "Id": Field("Id", "id", length=18),
        **{name: read_only(text(name, 255)) for name in _NAME_FIELDS},
        "IsActive": read_only(Field("IsActive", "boolean")),
        "Type": read_only(text("Type", 40)),
    },
)


@dataclass(frozen=True, slots=True)
class Column:
    """A field found: its SQL, the relationships that lead to it (canonical names), and the object it is on."""

    sql: str
    field: Field
    path: Path
    sobject: SObject


@dataclass(frozen=True, slots=True)
class _Joined:
    alias: str
    sobject: SObject


class Scope:
    """The object a query is FROM, and every parent that its paths reach, joined once each."""

    def __init__(
        self, catalogue: Catalogue, sobject: SObject, query_text: str, prefix: str, alias: str | None
    ) -> None:
        self.catalogue = catalogue
        self.sobject = sobject
        self._text = query_text
        self._prefix = prefix
        self._names = {sobject.name.lower(), (alias or sobject.name).lower()}
        self._joined: dict[Path, _Joined] = {(): _Joined(f"{prefix}0", sobject)}
        self._joins: list[str] = []

    @property
    def root(self) -> str:
        return self._joined[()].alias

    def source_sql(self) -> str:
        """Return the FROM clause; call it after every name has been looked up."""
        return f"{self.sobject.table} {self.root}{''.join(self._joins)}"

    def column(self, name: Name) -> Column:
        """Find a dotted path. Raises SoqlError (INVALID_FIELD) with the place shown."""
        path = self.path(name, name.parts[:-1])
        sobject = self._joined[path].sobject
        field = sobject.field(name.parts[-1])
        if field is None:
            raise no_such_column(self._text, name.at, name.parts[-1], sobject.name)
        return Column(self.sql(path, field), field, path, sobject)

    def path(self, name: Name, parts: tuple[str, ...]) -> Path:
        """Join the parents named by `parts` and return their canonical names."""
        if parts and parts[0].lower() in self._names and self.sobject.parent(parts[0]) is None:
            parts = parts[1:]
        if len(parts) > MAX_PARENTS:
            raise at(
                self._text,
                name.at,
                "INVALID_FIELD",
                f"Relationship paths are limited to {MAX_PARENTS} levels.",
            )
        path: Path = ()
        for part in parts:
            joined = self._joined[path].sobject
            field = joined.parent(part)
            if field is None:
                raise no_such_relationship(self._text, name.at, part)
            path = self._join(path, field)
        return path

    def object_at(self, path: Path) -> SObject:
        return self._joined[path].sobject

    def sql(self, path: Path, field: Field) -> str:
        """Return the SQL of a field of the object that `path` leads to."""
        if field.type in {"address", "location"}:
            return self._compound(path, field)
        if field.formula is not None:
            return f"({_PLACE.sub(lambda found: self._place(path, found.group(1)), field.formula)})"
        return f'{self._joined[path].alias}."{field.name}"'

    def join_type(self, path: Path, field: Field, target: SObject) -> Path:
        """Join one of the objects that a polymorphic reference may point to (TYPEOF)."""
        return self._join(path, field, target)

    def _compound(self, path: Path, field: Field) -> str:
        parts = self._joined[path].sobject.parts_of(field.name)
        columns = [self.sql(path, part) for part in parts]
        prefix = parts[0].name.removesuffix("Street")
        keys = [_lower_first(part.name.removeprefix(prefix)) for part in parts]
        packed = ", ".join(f'"{key}" := {column}' for key, column in zip(keys, columns, strict=True))
        present = " OR ".join(f"{column} IS NOT NULL" for column in columns)
        return f"(CASE WHEN {present} THEN struct_pack({packed}) END)"

    def _place(self, path: Path, dotted: str) -> str:
        *parents, last = dotted.split(".")
        for part in parents:
            field = self._joined[path].sobject.parent(part)
            assert field is not None, dotted
            path = self._join(path, field)
        target = self._joined[path].sobject.field(last)
        assert target is not None, dotted
        return self.sql(path, target)

    def _join(self, path: Path, field: Field, only: SObject | None = None) -> Path:
        assert field.relationship is not None
        further = (*path, field.relationship if only is None else f"{field.relationship}:{only.name}")
        if further in self._joined:
            return further
        key = self.sql(path, field)
        target, table = self._target(field) if only is None else (only, only.table)
        alias = f"{self._prefix}{len(self._joined)}"
        self._joined[further] = _Joined(alias, target)
        self._joins.append(f' LEFT JOIN {table} {alias} ON {alias}."Id" = {key}')
        return further

    def _target(self, field: Field) -> tuple[SObject, str]:
        targets = [found for found in map(self.catalogue.find, field.refers_to) if found is not None]
        if len(targets) == 1:
            return targets[0], targets[0].table
        return _NAME_OBJECT, "(" + " UNION ALL ".join(_as_name(target) for target in targets) + ")"


def _as_name(sobject: SObject) -> str:
    columns = [f'"Id", \'{sobject.name}\' AS "Type"']
    for name in _NAME_FIELDS:
        field = sobject.field(name)
        sql = "NULL"
        if field is not None and field.stored:
            sql = f'"{name}"'
        elif field is not None and field.formula is not None:
            sql = _PLACE.sub(r'"\1"', field.formula)
        columns.append(f'CAST({sql} AS {"BOOLEAN" if name == "IsActive" else "VARCHAR"}) AS "{name}"')
    return f"SELECT {', '.join(columns)} FROM {sobject.table}"


def _lower_first(name: str) -> str:
    return name[0].lower() + name[1:]
