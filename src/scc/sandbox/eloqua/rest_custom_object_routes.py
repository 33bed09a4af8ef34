"""REST custom objects: their descriptions and their records (sources.md E3.6)."""

from __future__ import annotations

from typing import Any

from scc.sandbox.eloqua.documents import Document
from scc.sandbox.eloqua.entities import Entity
from scc.sandbox.eloqua.errors import RestValidationError, not_found
from scc.sandbox.eloqua.fields import custom_internal_name
from scc.sandbox.eloqua.http import Call, Endpoint, Reply
from scc.sandbox.eloqua.records import Record
from scc.sandbox.eloqua.rest_pages import RestPage, depth_of, list_assets, rest_id, rest_object
from scc.sandbox.eloqua.rest_queries import order_sql, query_sql
from scc.sandbox.eloqua.rest_search import parse_search
from scc.sandbox.eloqua.rest_values import field_values, parse_flag, read_field_values, shown_value
from scc.sandbox.eloqua.wire_times import bulk_time, parse_bulk_time, unix_time

__all__ = ["endpoints"]

_REST = "/API/REST/{version}"
_SOURCE = "sources.md E3.6"
_TYPES = {"text": "string", "largeText": "string", "number": "number", "numeric": "number", "date": "date"}


def endpoints() -> list[Endpoint]:
    asset, data = f"{_REST}/assets/customObject", f"{_REST}/data/customObject/{{parent}}"
    return [
        Endpoint("GET", f"{_REST}/assets/customObjects", custom_objects, _SOURCE),
        Endpoint("POST", asset, create_object, _SOURCE),
        Endpoint("GET", f"{asset}/{{parent}}", custom_object, _SOURCE),
        Endpoint("PUT", f"{asset}/{{parent}}", change_object, _SOURCE),
        Endpoint("DELETE", f"{asset}/{{parent}}", delete_object, _SOURCE),
        Endpoint("GET", f"{data}/instances", records, _SOURCE),
        Endpoint("GET", data, records, _SOURCE),
        Endpoint("POST", f"{data}/instance", create, _SOURCE),
        Endpoint("POST", data, create, _SOURCE),
        Endpoint("GET", f"{data}/instance/{{id}}", record, _SOURCE),
        Endpoint("PUT", f"{data}/instance/{{id}}", change, _SOURCE),
        Endpoint("DELETE", f"{data}/instance/{{id}}", delete, _SOURCE),
    ]


def custom_objects(call: Call) -> object:
    """Descriptions of custom objects."""
    return list_assets(call, _shown_object, "customObjects")


def custom_object(call: Call) -> object:
    """The description of one custom object."""
    return _shown_object(_parent(call)[1], depth_of(call, "complete"))


def create_object(call: Call) -> Reply:
    """Make a custom object: 201. Its special fields may point at new ones by their negative ids."""
    body = rest_object(call)
    name = _name(body)
    fields, given = _read_fields(body, None)
    now, user = bulk_time(call.store.state.clock.now()), call.store.state.credentials.eloqua.user
    stamps = {"createdBy": user, "createdAt": now, "updatedBy": user, "updatedAt": now}
    entity = call.store.catalogue.add_custom_object({"name": name, "fields": fields, **stamps})
    document = call.store.custom_object(entity.id)[1]
    _set_specials(document, body, given)
    call.store.documents.put("customObjects", entity.id, document)
    return Reply(201, _shown_object(document, "complete"))


def change_object(call: Call) -> object:
    """Put a custom object's description; fields that are left out go, with their values."""
    entity, document = _parent(call)
    body = rest_object(call)
    if str(body.get("id", "")) != str(entity.id):
        raise RestValidationError("CustomObject", "id", "IdRequirement", object_id=str(entity.id))
    fields, given = _read_fields(body, document)
    changed = {
        **document,
        "name": _name(body),
        "fields": fields,
        "updatedAt": bulk_time(call.store.state.clock.now()),
    }
    call.store.catalogue.change_custom_object(changed)
    _set_specials(changed, body, given)
    call.store.documents.put("customObjects", entity.id, changed)
    return _shown_object(changed, "complete")


def delete_object(call: Call) -> Reply:
    """Delete a custom object with its records."""
    entity, _ = _parent(call)
    call.store.catalogue.remove_custom_object(entity.id)
    return Reply(call.store.options.rest_delete_status)


def records(call: Call) -> object:
    """Records that meet ?search=, a page of them."""
    entity, _ = _parent(call)
    page = RestPage(call.query)
    names = {field.name: field.internal_name for field in entity.fields}
    query = query_sql(
        entity, names, parse_search(call.query.get("search", "")), join=call.store.options.search_terms_join
    )
    total = call.store.records.count(entity, query.sql, query.parameters)
    found = call.store.records.select(
        entity,
        query.sql,
        query.parameters,
        order=order_sql(entity, names, call.query.get("orderBy", "")),
        limit=page.count,
        offset=page.offset,
    )
    return page.envelope([_shown(call, entity, one) for one in found], total)


def record(call: Call) -> object:
    """One record."""
    entity, _ = _parent(call)
    return _shown(call, entity, _find(call, entity))


def create(call: Call) -> Reply:
    """Make a record: 201."""
    entity, document = _parent(call)
    body = rest_object(call)
    with call.store.state.write_lock:
        values = _values(call, entity, document, body, None)
        number = call.store.records.insert(entity, values)
        _name_record(call, entity, document, number)
    return Reply(201, _shown(call, entity, call.store.records.get(entity, number) or {}))


def change(call: Call) -> object:
    """Put a record's field values; fields that are left out stay."""
    entity, document = _parent(call)
    body = rest_object(call)
    number = int(_find(call, entity)["id"])
    with call.store.state.write_lock:
        call.store.records.update(entity, number, _values(call, entity, document, body, number))
        if document.get("uniqueField"):
            _name_record(call, entity, document, number)
    return _shown(call, entity, call.store.records.get(entity, number) or {})


def delete(call: Call) -> Reply:
    """Delete a record."""
    entity, _ = _parent(call)
    if not call.store.records.delete(entity, rest_id(call)):
        raise not_found()
    return Reply(call.store.options.rest_delete_status)


def _parent(call: Call) -> tuple[Entity, Document]:
    try:
        return call.store.custom_object(rest_id(call, "parent"))
    except KeyError:
        raise not_found() from None


def _find(call: Call, entity: Entity) -> Record:
    found = call.store.records.get(entity, rest_id(call))
    if found is None:
        raise not_found()
    return found


def _name(body: dict[str, Any]) -> str:
    name = body.get("name")
    if not isinstance(name, str) or not 1 <= len(name) <= 100:
        raise RestValidationError("CustomObject", "name", "ValidTextLengthRequirement")
    return name


def _read_fields(body: dict[str, Any], document: Document | None) -> tuple[list[Document], dict[str, str]]:
    """Return the fields as the catalogue takes them, and which given id is which internal name."""
    known = {str(field["id"]): field for field in document["fields"]} if document else {}
    fields: list[Document] = []
    given: dict[str, str] = {}
    raw = body.get("fields") or []
    for entry in raw if isinstance(raw, list) else []:
        if not isinstance(entry, dict) or not str(entry.get("name") or "").strip():
            raise RestValidationError("CustomObject", "fields", "NotNullRequirement")
        old = known.get(str(entry.get("id", "")))
        field = dict(old) if old else {"internal_name": custom_internal_name(str(entry["name"]), "")}
        field |= {"name": str(entry["name"]), "display_type": str(entry.get("displayType") or "text")}
        field.setdefault("data_type", _TYPES.get(str(entry.get("dataType") or "text"), "string"))
        fields.append(field)
        given[str(entry.get("id", ""))] = field["internal_name"]
    names = [field["internal_name"].lower() for field in fields]
    if len(set(names)) < len(names):
        raise RestValidationError("CustomObject", "fields", "NoDuplicatesRequirement")
    return fields, given


def _set_specials(document: Document, body: dict[str, Any], given: dict[str, str]) -> None:
    numbers = {field["internal_name"]: field["id"] for field in document["fields"]}
    for key, name in (
        ("uniqueField", "uniqueCodeFieldId"),
        ("emailField", "emailAddressFieldId"),
        ("displayField", "displayNameFieldId"),
    ):
        document[key] = numbers.get(given.get(str(body.get(name, "")), ""))
    document["deleteLinked"] = parse_flag(body.get("deleteLinkedCustomObjectData")) is True


def _shown_object(document: Document, depth: str) -> dict[str, Any]:
    item: dict[str, Any] = {
        "type": "CustomObject",
        "id": str(document["id"]),
        "createdAt": unix_time(parse_bulk_time(document["createdAt"])),
        "createdBy": document["createdBy"],
        "depth": depth,
        "name": document["name"],
        "updatedAt": unix_time(parse_bulk_time(document["updatedAt"])),
        "updatedBy": document["updatedBy"],
    }
    if depth == "minimal":
        return item
    item["fields"] = [
        {
            "type": "CustomObjectField",
            "id": str(field["id"]),
            "name": field["name"],
            "internalName": field["internal_name"],
            "dataType": {"string": "text", "emailAddress": "text", "boolean": "text"}.get(
                field["data_type"], field["data_type"]
            ),
            "displayType": field.get("display_type") or "text",
        }
        for field in document["fields"]
    ]
    for key, name in (
        ("uniqueField", "uniqueCodeFieldId"),
        ("emailField", "emailAddressFieldId"),
        ("displayField", "displayNameFieldId"),
    ):
        if document.get(key):
            item[name] = str(document[key])
    return {**item, "deleteLinkedCustomObjectData": "true" if document.get("deleteLinked") else "false"}


def _values(
    call: Call, entity: Entity, document: Document, body: dict[str, Any], number: int | None
) -> dict[str, object]:
    """Return the stored columns that a body sets. Raises 400, and 409 for a unique value in use."""
    values = read_field_values("CustomObjectData", entity, body.get("fieldValues"))
    for name in ("contactId", "accountId"):
        if name in body:
            text = str(body[name] or "")
            values[name] = int(text) if text.isdigit() and len(text) < 19 else None
    unique = document.get("uniqueField")
    wanted = values.get(f"f{unique}") if unique else None
    if wanted is not None:
        taken = call.store.records.select(
            entity,
            f"lower(CAST(r.f{unique} AS VARCHAR)) = lower(CAST(? AS VARCHAR)) AND r.id <> ?",
            [wanted, number or 0],
        )
        if taken:
            requirement = "UniquenessRequirement"
            raise RestValidationError(
                "CustomObjectData", "uniqueCode", requirement, value=str(wanted), status=409
            )
    return values


def _name_record(call: Call, entity: Entity, document: Document, number: int) -> None:
    made = call.store.external_id_sql(document)
    with call.store.state.cursor() as cursor:
        cursor.run(f'UPDATE {entity.table} SET "externalId" = {made} WHERE id = ?', [number])


def _shown(call: Call, entity: Entity, one: Record) -> dict[str, Any]:
    columns = {field.id: entity.column_of(field) for field in entity.fields}
    display = call.store.custom_object(entity.id)[1].get("displayField")
    item = {
        "type": "CustomObjectData",
        "id": str(one["id"]),
        "createdAt": shown_value(one["createdAt"]),
        "updatedAt": shown_value(one["updatedAt"]),
        "name": shown_value(one[f"f{display}"]) if display else one["externalId"],
        "uniqueCode": one["externalId"],
        "contactId": shown_value(one["contactId"]),
        "accountId": shown_value(one["accountId"]),
        "isMapped": "Yes" if one["contactId"] or one["accountId"] else "No",
        "customObjectRecordStatus": "Registered",
    }
    shown = {name: value for name, value in item.items() if value is not None}
    return {**shown, "fieldValues": field_values(entity.fields, one, columns)}
