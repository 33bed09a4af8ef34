"""REST contacts: searched, shown, made, changed, deleted, and who they belong with (sources.md E3.2)."""

from __future__ import annotations

from typing import Any

from scc.sandbox.eloqua.entities import Entity
from scc.sandbox.eloqua.errors import EloquaError, RestValidationError, not_found
from scc.sandbox.eloqua.http import Call, Endpoint, Reply
from scc.sandbox.eloqua.records import Record
from scc.sandbox.eloqua.rest_pages import RestPage, depth_of, rest_id, rest_object
from scc.sandbox.eloqua.rest_queries import order_sql, query_sql
from scc.sandbox.eloqua.rest_search import parse_search
from scc.sandbox.eloqua.rest_values import (
    field_values,
    parse_flag,
    parse_value,
    read_field_values,
    shown_value,
)
from scc.sandbox.eloqua.tables import MEMBERS

__all__ = ["PROPERTIES", "endpoints"]

_REST = "/API/REST/{version}"
_SOURCE = "sources.md E3.2"
PROPERTIES = {
    "emailAddress": "C_EmailAddress",
    "name": "C_EmailAddress",
    "firstName": "C_FirstName",
    "lastName": "C_LastName",
    "accountName": "C_Company",
    "title": "C_Title",
    "address1": "C_Address1",
    "address2": "C_Address2",
    "address3": "C_Address3",
    "city": "C_City",
    "province": "C_State_Prov",
    "postalCode": "C_Zip_Postal",
    "country": "C_Country",
    "businessPhone": "C_BusPhone",
    "mobilePhone": "C_MobilePhone",
    "fax": "C_Fax",
    "salesPerson": "C_Salesperson",
}
"""REST's properties of a contact, and the fields that they are."""


def endpoints() -> list[Endpoint]:
    one = f"{_REST}/data/contact/{{id}}"
    return [
        Endpoint("GET", f"{_REST}/data/contacts", contacts, _SOURCE),
        Endpoint("SEARCH", f"{_REST}/data/contacts", contacts_by_id, _SOURCE),
        Endpoint("POST", f"{_REST}/data/contact", create, _SOURCE),
        Endpoint("GET", one, contact, _SOURCE),
        Endpoint("PUT", one, change, _SOURCE),
        Endpoint("DELETE", one, delete, _SOURCE),
        Endpoint("GET", f"{one}/membership", membership, _SOURCE),
        Endpoint("GET", f"{_REST}/data/contacts/list/{{id}}", contacts_of_list, _SOURCE),
        Endpoint("GET", f"{_REST}/data/contacts/segment/{{id}}", contacts_of_segment, _SOURCE),
        Endpoint("GET", f"{_REST}/data/contacts/filter/{{id}}", contacts_of_filter, _SOURCE),
    ]


def contacts(call: Call) -> object:
    """Contacts that meet ?search=, a page of them."""
    return _page(call, "TRUE")


def contacts_of_list(call: Call) -> object:
    """Contacts in a shared list."""
    return _members(call, "contacts/lists")


def contacts_of_segment(call: Call) -> object:
    """Contacts in a segment."""
    return _members(call, "contacts/segments")


def contacts_of_filter(call: Call) -> object:
    """Contacts that meet a filter."""
    return _members(call, "contacts/filters")


def contacts_by_id(call: Call) -> object:
    """Up to 200 contacts by id (POST with X-HTTP-Method-Override: SEARCH), as a bare array."""
    body = rest_object(call)
    raw = body.get("ids")
    ids = [str(one) for one in raw] if isinstance(raw, list) else []
    if (
        not ids
        or len(ids) > 200
        or len(set(ids)) < len(ids)
        or not all(one.isdigit() and len(one) < 19 for one in ids)
    ):
        raise RestValidationError("Contact", "ids", "NoDuplicatesRequirement")
    depth = str(body.get("depth") or "complete")
    entity = _entity(call)
    found = call.store.records.select(entity, "r.id IN (SELECT unnest(?))", [[int(one) for one in ids]])
    return [shown(entity, record, depth) for record in found]


def contact(call: Call) -> object:
    """One contact."""
    entity = _entity(call)
    return shown(entity, _find(call, entity), depth_of(call, "complete"))


def create(call: Call) -> Reply:
    """Make a contact: 201; 400 without a good address, 409 where the address has a contact already."""
    body = rest_object(call)
    entity = _entity(call)
    values = _values(call, entity, body, None)
    with call.store.state.write_lock:
        _check_address(call, values, None)
        number = call.store.records.insert(entity, values)
        _set_state(call, str(values["C_EmailAddress"]), body)
    return Reply(201, shown(entity, call.store.records.get(entity, number) or {}, "complete"))


def change(call: Call) -> object:
    """Put a contact's properties; standard ones that are left out go blank, other fields stay."""
    body = rest_object(call)
    entity = _entity(call)
    number = int(_find(call, entity)["id"])
    if "id" in body and str(body["id"]) != str(number):
        raise RestValidationError(
            "Contact", "id", "IdRequirement", value=str(body["id"]), object_id=str(number)
        )
    values = _values(call, entity, body, number)
    with call.store.state.write_lock:
        _check_address(call, values, number)
        if not call.store.records.update(entity, number, values):
            raise not_found()
        _set_state(call, str(values["C_EmailAddress"]), body)
    return shown(entity, call.store.records.get(entity, number) or {}, "complete")


def delete(call: Call) -> Reply:
    """Delete a contact: an empty answer, 200 as recorded or 204 as documented; 404 where there is none."""
    if not call.store.records.delete(_entity(call), rest_id(call)):
        raise not_found()
    return Reply(call.store.options.rest_delete_status)


def membership(call: Call) -> object:
    """The shared lists that a contact is in, as a bare array."""
    number = int(_find(call, _entity(call))["id"])
    with call.store.state.cursor() as cursor:
        sql = f"SELECT list FROM {MEMBERS} WHERE kind = 'contacts' AND member = ? ORDER BY list"
        lists = [call.store.documents.get("contacts/lists", one) for (one,) in cursor.rows(sql, [number])]
    return [{"type": "ContactList", "id": str(one["id"]), "name": one["name"]} for one in lists if one]


def shown(entity: Entity, record: Record, depth: str) -> dict[str, Any]:
    """Return a contact as REST shows it; every scalar is text, what is blank is left out."""
    address = record.get("C_EmailAddress")
    item: dict[str, Any] = {
        "type": "Contact",
        "currentStatus": "Awaiting action",
        "id": str(record["id"]),
        "createdAt": shown_value(record["createdAt"]),
        "depth": depth,
        "name": address,
        "updatedAt": shown_value(record["updatedAt"]),
    }
    if depth != "minimal":
        item |= _partial(record)
    if depth == "complete":
        used = set(PROPERTIES.values())
        rest = [field for field in entity.fields if field.internal_name not in used]
        item["accessedAt"] = shown_value(record["updatedAt"])
        item["createdBy"], item["updatedBy"] = record.get("createdBy"), record.get("updatedBy")
        item["permissions"] = "fullControl"
        item["fieldValues"] = field_values(rest, record, {field.id: field.internal_name for field in rest})
    return {name: value for name, value in {**item, "emailAddress": address}.items() if value is not None}


def _partial(record: Record) -> dict[str, Any]:
    bounced, subscribed = record.get("isBounced"), record.get("isSubscribed")
    item = {name: shown_value(record.get(field)) for name, field in PROPERTIES.items() if name != "name"}
    item |= {
        "accountId": shown_value(record.get("accountId")),
        "emailFormatPreference": record.get("format") or "unspecified",
        "isBounceback": shown_value(bounced),
        "isSubscribed": shown_value(subscribed),
        "subscriptionDate": shown_value(record.get("subscriptionDate")),
    }
    if bounced:
        item["bouncebackDate"] = shown_value(record.get("bouncebackDate"))
    if not subscribed:
        item["unsubscriptionDate"] = shown_value(record.get("unsubscriptionDate"))
    return item


def _page(call: Call, where: str) -> object:
    entity, page = _entity(call), RestPage(call.query)
    terms = parse_search(call.query.get("search", ""))
    query = query_sql(entity, PROPERTIES, terms, join=call.store.options.search_terms_join)
    order = order_sql(entity, PROPERTIES, call.query.get("orderBy", ""))
    condition, parameters = f"({where}) AND ({query.sql})", query.parameters
    total = call.store.records.count(entity, condition, parameters)
    records = call.store.records.select(
        entity, condition, parameters, order=order, limit=page.count, offset=page.offset
    )
    depth = depth_of(call, "minimal")
    return page.envelope([shown(entity, record, depth) for record in records], total)


def _members(call: Call, kind: str) -> object:
    number = rest_id(call)
    if call.store.documents.get(kind, number) is None:
        raise not_found()
    return _page(call, f"r.id IN ({call.store.filters.members_sql(kind, number)})")


def _entity(call: Call) -> Entity:
    return call.store.catalogue.standard("contacts")


def _find(call: Call, entity: Entity) -> Record:
    record = call.store.records.get(entity, rest_id(call))
    if record is None:
        raise not_found()
    return record


def _values(call: Call, entity: Entity, body: dict[str, Any], number: int | None) -> dict[str, object]:
    """Return the stored columns that a body sets. Raises 400."""
    values: dict[str, object] = {}
    for name, internal in PROPERTIES.items():
        field = entity.field_named(internal)
        if name != "name" and field is not None:
            values[internal] = parse_value("Contact", field, body.get(name), name)
    if values["C_EmailAddress"] is None:
        object_id = None if number is None else str(number)
        raise RestValidationError("Contact", "emailAddress", "EmailAddressRequirement", object_id=object_id)
    values |= read_field_values("Contact", entity, body.get("fieldValues"))
    account = str(body.get("accountId") or "")
    if account:
        accounts = call.store.catalogue.standard("accounts")
        if not account.isdigit() or call.store.records.get(accounts, int(account[:18])) is None:
            raise RestValidationError("Contact", "accountId", "RelationshipRequirement", value=account)
        values["accountId"] = int(account)
    return values


def _check_address(call: Call, values: dict[str, object], number: int | None) -> None:
    """Raises 409 when another contact has the address, 403 when the instance is full."""
    address = str(values["C_EmailAddress"])
    holder = call.store.records.holder_of(address)
    if holder is not None and holder != number:
        requirement = call.store.options.duplicate_contact_requirement
        raise RestValidationError("Contact", "emailAddress", requirement, value=address, status=409)
    limit = call.store.options.max_contacts
    if number is None and limit and call.store.records.count(_entity(call)) >= limit:
        raise EloquaError(403)


def _set_state(call: Call, address: str, body: dict[str, Any]) -> None:
    subscribed, bounced = (
        parse_flag(body[name]) if name in body else None for name in ("isSubscribed", "isBounceback")
    )
    call.store.records.set_email_state(address, subscribed=subscribed, bounced=bounced)
