"""REST shared lists, segments and filters (sources.md E3.7)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from scc.sandbox.eloqua.dependencies import check_free
from scc.sandbox.eloqua.documents import Document
from scc.sandbox.eloqua.errors import EloquaError, RestValidationError
from scc.sandbox.eloqua.http import Call, Endpoint, Reply
from scc.sandbox.eloqua.membership import count_members
from scc.sandbox.eloqua.rest_pages import depth_of, find_document, list_assets, rest_object
from scc.sandbox.eloqua.wire_times import bulk_time, parse_bulk_time, unix_time

__all__ = ["endpoints"]

_ASSETS = "/API/REST/{version}/assets"
_SOURCE = "sources.md E3.7"
_LISTS, _SEGMENTS, _FILTERS = "contacts/lists", "contacts/segments", "contacts/filters"


def endpoints() -> list[Endpoint]:
    one_list, segment = f"{_ASSETS}/contact/list/{{id}}", f"{_ASSETS}/contact/segment/{{id}}"
    return [
        Endpoint("GET", f"{_ASSETS}/contact/lists", lists, _SOURCE),
        Endpoint("POST", f"{_ASSETS}/contact/list", create_list, _SOURCE),
        Endpoint("GET", one_list, shared_list, _SOURCE),
        Endpoint("PUT", one_list, change_list, _SOURCE),
        Endpoint("DELETE", one_list, delete_list, _SOURCE),
        Endpoint("GET", f"{_ASSETS}/contact/segments", segments, _SOURCE),
        Endpoint("POST", f"{_ASSETS}/contact/segment", create_segment, _SOURCE),
        Endpoint("GET", segment, segment_, _SOURCE),
        Endpoint("PUT", segment, change_segment, _SOURCE),
        Endpoint("POST", f"{segment}/copy", copy_segment, _SOURCE),
        Endpoint("DELETE", segment, delete_segment, _SOURCE),
        Endpoint("GET", f"{_ASSETS}/contact/filters", filters, _SOURCE),
        Endpoint("GET", f"{_ASSETS}/contact/filter/{{id}}", filter_, _SOURCE),
    ]


def lists(call: Call) -> object:
    """Shared contact lists."""
    return list_assets(call, lambda one, depth: _list(call, one, depth), _LISTS)


def shared_list(call: Call) -> object:
    """One shared list."""
    return _list(call, find_document(call, _LISTS), depth_of(call, "complete"))


def create_list(call: Call) -> Reply:
    """Make a shared list: 201; 400 without a name, 409 for a name in use."""
    body = rest_object(call)
    name = _name(call, body, "ContactList", _LISTS, None)
    number = call.store.create_list(name)
    _change_members(call, number, body)
    return Reply(201, _list(call, call.store.documents.get(_LISTS, number) or {}, "complete"))


def change_list(call: Call) -> object:
    """Rename a list, add to it by membershipAdditions, take from it by membershipDeletions."""
    document = find_document(call, _LISTS)
    body = rest_object(call)
    name = _name(call, body, "ContactList", _LISTS, document["id"])
    _change_members(call, document["id"], body)
    document |= {"name": name, "updatedAt": bulk_time(call.store.state.clock.now())}
    call.store.documents.put(_LISTS, document["id"], document)
    return _list(call, document, "complete")


def delete_list(call: Call) -> Reply:
    """Delete a list; its contacts stay. 412 where a segment, a filter or a campaign needs it."""
    document = find_document(call, _LISTS)
    check_free(call.store.documents, _LISTS, document["id"])
    call.store.remove_members("contacts", document["id"], None)
    call.store.documents.delete(_LISTS, document["id"])
    return Reply(call.store.options.rest_delete_status)


def segments(call: Call) -> object:
    """Segments."""
    return list_assets(call, lambda one, depth: _segment(call, one, depth), _SEGMENTS)


def segment_(call: Call) -> object:
    """One segment."""
    return _segment(call, find_document(call, _SEGMENTS), depth_of(call, "complete"))


def create_segment(call: Call) -> Reply:
    """Make a segment of one shared list's contacts: 201. Other elements than that are 501: no criteria here."""
    body = rest_object(call)
    name = _name(call, body, "ContactSegment", _SEGMENTS, None)
    number = call.store.create_segment(name, _criterion(call, body))
    return Reply(201, _segment(call, call.store.documents.get(_SEGMENTS, number) or {}, "complete"))


def change_segment(call: Call) -> object:
    """Rename a segment; with elements, put them in place of the old ones."""
    document, body = find_document(call, _SEGMENTS), rest_object(call)
    document["name"] = _name(call, body, "ContactSegment", _SEGMENTS, document["id"])
    if body.get("elements"):
        document["criterion"] = _criterion(call, body)
    document["updatedAt"] = bulk_time(call.store.state.clock.now())
    call.store.documents.put(_SEGMENTS, document["id"], document)
    return _segment(call, document, "complete")


def _criterion(call: Call, body: dict[str, Any]) -> str:
    """Return the filter text of a segment's elements. Raises 501 for what the sandbox can't tell."""
    elements = body.get("elements") or []
    if not elements:
        return "'{{Contact.Id}}' = '0'"
    lists = [str(one.get("list", {}).get("id", "")) for one in elements if isinstance(one, dict)]
    if len(lists) != 1 or not lists[0].isdigit() or len(lists[0]) > 18:
        raise EloquaError(
            501, {"error": "not implemented by the sandbox", "missing": "elements but one shared list"}
        )
    if call.store.documents.get(_LISTS, int(lists[0])) is None:
        raise RestValidationError("ContactSegment", "elements", "RelationshipRequirement", value=lists[0])
    return f"EXISTS('{{{{ContactList[{lists[0]}]}}}}')"


def copy_segment(call: Call) -> Reply:
    """Copy a segment: 201."""
    document = find_document(call, _SEGMENTS)
    number = call.store.create_segment(f"{document['name']} (copy)", document["criterion"])
    return Reply(201, _segment(call, call.store.documents.get(_SEGMENTS, number) or {}, "complete"))


def delete_segment(call: Call) -> Reply:
    """Delete a segment; its contacts stay. 412 where a campaign needs it."""
    document = find_document(call, _SEGMENTS)
    check_free(call.store.documents, _SEGMENTS, document["id"])
    call.store.documents.delete(_SEGMENTS, document["id"])
    return Reply(call.store.options.rest_delete_status)


def filters(call: Call) -> object:
    """Shared filters."""
    return list_assets(call, lambda one, depth: _filter(call, one, depth), _FILTERS)


def filter_(call: Call) -> object:
    """One shared filter (pyeloqua asks for it; it is in no documentation)."""
    return _filter(call, find_document(call, _FILTERS), depth_of(call, "complete"))


def _name(call: Call, body: dict[str, Any], object_type: str, kind: str, number: int | None) -> str:
    name = body.get("name")
    if not isinstance(name, str) or not 1 <= len(name) <= 100:
        raise RestValidationError(object_type, "name", "ValidTextLengthRequirement")
    for other in call.store.documents.all(kind):
        if other["name"].lower() == name.lower() and other["id"] != number:
            raise RestValidationError(object_type, "name", "UniquenessRequirement", value=name, status=409)
    return name


def _change_members(call: Call, number: int, body: dict[str, Any]) -> None:
    """Raises 400 for an id that is no contact's; then nothing is changed."""
    added, removed = (_ids(body.get(name)) for name in ("membershipAdditions", "membershipDeletions"))
    contacts = call.store.catalogue.standard("contacts")
    known = call.store.records.count(contacts, "r.id IN (SELECT unnest(?))", [added])
    if known < len(set(added)):
        raise RestValidationError("ContactList", "membershipAdditions", "RelationshipRequirement")
    call.store.add_members("contacts", number, added)
    if removed:
        call.store.remove_members("contacts", number, removed)


def _ids(raw: object) -> list[int]:
    entries = [str(one) for one in raw] if isinstance(raw, list) else []
    if not all(one.isdigit() and len(one) < 19 for one in entries):
        raise RestValidationError("ContactList", "membershipAdditions", "IdRequirement")
    return [int(one) for one in entries]


def _asset(document: Document, object_type: str, depth: str) -> dict[str, Any]:
    return {
        "type": object_type,
        "id": str(document["id"]),
        "createdAt": unix_time(parse_bulk_time(document["createdAt"])),
        "createdBy": document["createdBy"],
        "depth": depth,
        "folderId": "48",
        "name": document["name"],
        "permissions": "fullControl",
        "updatedAt": unix_time(parse_bulk_time(document["updatedAt"])),
        "updatedBy": document["updatedBy"],
    }


def _list(call: Call, document: Document, depth: str) -> dict[str, Any]:
    return {
        **_asset(document, "ContactList", depth),
        "count": str(count_members(call.store, _LISTS, document["id"])),
        "dataLookupId": str(UUID(int=document["id"])),
        "scope": "global",
    }


def _segment(call: Call, document: Document, depth: str) -> dict[str, Any]:
    item = {
        **_asset(document, "ContactSegment", depth),
        "count": str(count_members(call.store, _SEGMENTS, document["id"])),
        "lastCalculatedAt": unix_time(call.store.state.clock.now()),
    }
    if call.text("version") == "2.0":
        item["isStale"] = "false"
    return {**item, "elements": []} if depth == "complete" else item


def _filter(call: Call, document: Document, depth: str) -> dict[str, Any]:
    item = {
        **_asset(document, "ContactFilter", depth),
        "count": str(count_members(call.store, _FILTERS, document["id"])),
        "scope": "global",
    }
    return {**item, "statement": document["criterion"], "criteria": []} if depth == "complete" else item
