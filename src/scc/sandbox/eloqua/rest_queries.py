"""A REST search on records as a condition in SQL. Terms are internal field names or the record's properties."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scc.sandbox.database import identifier
from scc.sandbox.eloqua.entities import Entity
from scc.sandbox.eloqua.rest_search import Term, grouped, moment_of, wildcard

__all__ = ["RecordQuery", "order_sql", "query_sql"]


@dataclass(frozen=True)
class RecordQuery:
    sql: str
    parameters: tuple[object, ...]


def query_sql(
    entity: Entity, properties: Mapping[str, str], terms: Sequence[Term], *, join: str
) -> RecordQuery:
    """`properties` maps REST's names to internal ones. An unknown term matches nothing."""
    parts: list[str] = []
    parameters: list[object] = []
    for group in grouped(terms):
        sqls = []
        for term in group:
            sql, values = _term(entity, properties, term)
            sqls.append(sql)
            parameters += values
        parts.append(f"({' OR '.join(sqls)})")
    return RecordQuery((" AND " if join == "and" else " OR ").join(parts) or "TRUE", tuple(parameters))


def order_sql(entity: Entity, properties: Mapping[str, str], order: str) -> str:
    """Return what follows ORDER BY; an unknown name orders by id."""
    name, _, direction = order.strip().partition(" ")
    column = _column(entity, properties, name) if name else None
    down = " DESC" if direction.strip().upper() == "DESC" else ""
    return f"{column[0]}{down} NULLS LAST, r.id" if column else "r.id"


def _term(entity: Entity, properties: Mapping[str, str], term: Term) -> tuple[str, list[object]]:
    column = _column(entity, properties, term.name or "name")
    if column is None:
        return "FALSE", []
    sql, data_type = column
    if data_type in ("date", "number", "id") and term.value != "":
        return _typed_term(sql, data_type, term)
    text = f"coalesce(CAST({sql} AS VARCHAR), '')"
    if term.operator in ("=", "!="):
        denied = "NOT " if term.operator == "!=" else ""
        if "*" in term.value:
            return f"{denied}regexp_full_match({text}, ?, 'is')", [wildcard(term.value)]
        return f"{denied}lower({text}) = lower(?)", [term.value]
    return f"lower({text}) {term.operator} lower(?)", [term.value]


def _typed_term(sql: str, data_type: str, term: Term) -> tuple[str, list[object]]:
    value: object
    if data_type == "date":
        moment = moment_of(term.value)
        value = moment.replace(tzinfo=None) if moment else None
        # The interface shows whole seconds, and clients ask for what they were shown.
        sql = f"date_trunc('second', {sql})"
    else:
        try:
            value = float(term.value) if data_type == "number" else int(term.value)
        except ValueError:
            value = None
    if value is None:
        return "FALSE", []
    operator = "IS DISTINCT FROM" if term.operator == "!=" else term.operator
    return f"{sql} {operator} ?", [value]


def _column(entity: Entity, properties: Mapping[str, str], name: str) -> tuple[str, str] | None:
    """Return the SQL and the data type of a term."""
    wanted = name.lower()
    if wanted == "id":
        return "r.id", "id"
    if wanted in ("createdat", "updatedat"):
        return f'r."{"createdAt" if wanted == "createdat" else "updatedAt"}"', "date"
    if entity.kind == "customObjects" and wanted in ("uniquecode", "contactid", "accountid"):
        stored, kind = {"uniquecode": ("externalId", "string")}.get(wanted, (f"{wanted[:-2]}Id", "id"))
        return f"r.{identifier(stored)}", kind
    internal = next((value for key, value in properties.items() if key.lower() == wanted), name)
    field = entity.field_named(internal)
    if field is None:
        return None
    if field.derived is not None:
        return field.derived.replace("{r}", "r"), field.data_type
    return f"r.{identifier(entity.column_of(field))}", field.data_type
