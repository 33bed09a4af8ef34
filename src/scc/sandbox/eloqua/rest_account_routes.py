"""REST accounts (sources.md E3.7)."""

from __future__ import annotations

from typing import Any

from scc.sandbox.eloqua.entities import Entity
from scc.sandbox.eloqua.errors import RestValidationError, not_found
from scc.sandbox.eloqua.http import Call, Endpoint, Reply
from scc.sandbox.eloqua.records import Record
from scc.sandbox.eloqua.rest_pages import RestPage, depth_of, rest_id, rest_object
from scc.sandbox.eloqua.rest_queries import order_sql, query_sql
from scc.sandbox.eloqua.rest_search import parse_search
from scc.sandbox.eloqua.rest_values import field_values, parse_value, read_field_values, shown_value
from scc.sandbox.eloqua.tables import MEMBERS

__all__ = ["endpoints"]

_REST = "/API/REST/{version}"
_SOURCE = "sources.md E3.7"
_PROPERTIES = {
    "name": "M_CompanyName",
    "address1": "M_Address1",
    "city": "M_City",
    "province": "M_State_Prov",
    "postalCode": "M_Zip_Postal",
    "country": "M_Country",
    "businessPhone": "M_BusPhone",
}


def endpoints() -> list[Endpoint]:
    one = f"{_REST}/data/account/{{id}}"
    return [
        Endpoint("GET", f"{_REST}/data/accounts", accounts, _SOURCE),
        Endpoint("SEARCH", f"{_REST}/data/accounts", accounts_by_id, _SOURCE),
        Endpoint("POST", f"{_REST}/data/account", create, _SOURCE),
        Endpoint("GET", one, account, _SOURCE),
        Endpoint("PUT", one, change, _SOURCE),
        Endpoint("DELETE", one, delete, _SOURCE),
        Endpoint("GET", f"{one}/membership", membership, _SOURCE),
    ]


def accounts(call: Call) -> object:
    """Accounts that meet ?search=, a page of them."""
    entity, page = _entity(call), RestPage(call.query)
    terms = parse_search(call.query.get("search", ""))
    query = query_sql(entity, _PROPERTIES, terms, join=call.store.options.search_terms_join)
    order = order_sql(entity, _PROPERTIES, call.query.get("orderBy", ""))
    total = call.store.records.count(entity, query.sql, query.parameters)
    records = call.store.records.select(
        entity, query.sql, query.parameters, order=order, limit=page.count, offset=page.offset
    )
    depth = depth_of(call, "minimal")
    return page.envelope([shown(entity, record, depth) for record in records], total)


def accounts_by_id(call: Call) -> object:
    """Up to 200 accounts by id (POST with X-HTTP-Method-Override: SEARCH), as a bare array."""
    raw = rest_object(call).get("ids")
    ids = [str(one) for one in raw] if isinstance(raw, list) else []
    if (
        not ids
        or len(ids) > 200
        or len(set(ids)) < len(ids)
        or not all(one.isdigit() and len(one) < 19 for one in ids)
    ):
        raise RestValidationError("Account", "ids", "NoDuplicatesRequirement")
    entity = _entity(call)
    found = call.store.records.select(entity, "r.id IN (SELECT unnest(?))", [[int(one) for one in ids]])
    return [shown(entity, record, "complete") for record in found]


def account(call: Call) -> object:
    """One account."""
    entity = _entity(call)
    return shown(entity, _find(call, entity), depth_of(call, "complete"))


def create(call: Call) -> Reply:
    """Make an account: 201; 400 without a name."""
    entity = _entity(call)
    number = call.store.records.insert(entity, _values(entity, rest_object(call)))
    return Reply(201, shown(entity, call.store.records.get(entity, number) or {}, "complete"))


def change(call: Call) -> object:
    """Put an account's properties; standard ones that are left out go blank, other fields stay."""
    entity = _entity(call)
    number = int(_find(call, entity)["id"])
    call.store.records.update(entity, number, _values(entity, rest_object(call)))
    return shown(entity, call.store.records.get(entity, number) or {}, "complete")


def delete(call: Call) -> Reply:
    """Delete an account; its contacts stay, linked to none."""
    if not call.store.records.delete(_entity(call), rest_id(call)):
        raise not_found()
    return Reply(call.store.options.rest_delete_status)


def membership(call: Call) -> object:
    """The shared lists that an account is in, as a bare array."""
    number = int(_find(call, _entity(call))["id"])
    with call.store.state.cursor() as cursor:
        sql = f"SELECT list FROM {MEMBERS} WHERE kind = 'accounts' AND member = ? ORDER BY list"
        lists = [call.store.documents.get("accounts/lists", one) for (one,) in cursor.rows(sql, [number])]
    return [{"type": "AccountList", "id": str(one["id"]), "name": one["name"]} for one in lists if one]


def shown(entity: Entity, record: Record, depth: str) -> dict[str, Any]:
    """Return an account as REST shows it."""
    item: dict[str, Any] = {
        "type": "Account",
        "id": str(record["id"]),
        "createdAt": shown_value(record["createdAt"]),
        "depth": depth,
        "name": record.get("M_CompanyName"),
        "updatedAt": shown_value(record["updatedAt"]),
    }
    if depth != "minimal":
        item |= {name: shown_value(record.get(internal)) for name, internal in _PROPERTIES.items()}
    if depth == "complete":
        used = set(_PROPERTIES.values())
        rest = [field for field in entity.fields if field.internal_name not in used]
        item["fieldValues"] = field_values(rest, record, {field.id: field.internal_name for field in rest})
    return {name: value for name, value in item.items() if value is not None}


def _entity(call: Call) -> Entity:
    return call.store.catalogue.standard("accounts")


def _find(call: Call, entity: Entity) -> Record:
    record = call.store.records.get(entity, rest_id(call))
    if record is None:
        raise not_found()
    return record


def _values(entity: Entity, body: dict[str, Any]) -> dict[str, object]:
    values: dict[str, object] = {}
    for name, internal in _PROPERTIES.items():
        field = entity.field_named(internal)
        if field is not None:
            values[internal] = parse_value("Account", field, body.get(name), name)
    if values["M_CompanyName"] is None:
        raise RestValidationError("Account", "name", "NotNullRequirement")
    return {**values, **read_field_values("Account", entity, body.get("fieldValues"))}
