"""REST fields of contacts and accounts (sources.md E3.7)."""

from __future__ import annotations

from typing import Any

from scc.sandbox.eloqua.entities import Entity
from scc.sandbox.eloqua.errors import RestValidationError, not_found
from scc.sandbox.eloqua.fields import Field, custom_internal_name
from scc.sandbox.eloqua.http import Call, Endpoint, Reply
from scc.sandbox.eloqua.rest_pages import RestPage, rest_id, rest_object
from scc.sandbox.eloqua.rest_search import holds, parse_search

__all__ = ["endpoints"]

_SOURCE = "sources.md E3.7"
_KINDS = {"contact": "contacts", "account": "accounts"}


def endpoints() -> list[Endpoint]:
    table = []
    for name in _KINDS:
        base = f"/API/REST/{{version}}/assets/{name}"
        table += [
            Endpoint("GET", f"{base}/fields", fields, _SOURCE),
            Endpoint("POST", f"{base}/field", create, _SOURCE),
            Endpoint("GET", f"{base}/field/{{id}}", field, _SOURCE),
            Endpoint("PUT", f"{base}/field/{{id}}", change, _SOURCE),
            Endpoint("DELETE", f"{base}/field/{{id}}", delete, _SOURCE),
        ]
    return table


def fields(call: Call) -> object:
    """Fields that meet ?search=, standard ones first."""
    entity, page = _entity(call), RestPage(call.query)
    shown = [_shown(entity, one) for one in entity.fields]
    terms = parse_search(call.query.get("search", ""))
    found = [one for one in shown if holds(one, terms, join=call.store.options.search_terms_join)]
    return page.envelope(found[page.offset : page.offset + page.count], len(found))


def field(call: Call) -> object:
    """One field."""
    entity = _entity(call)
    return _shown(entity, _find(call, entity))


def create(call: Call) -> Reply:
    """Make a custom field: 201; 409 for a name in use."""
    entity, body = _entity(call), rest_object(call)
    name = _name(entity, body)
    kind = {"numeric": "number", "number": "number", "date": "date"}.get(str(body.get("dataType")), "string")
    internal = custom_internal_name(name, "C_" if entity.kind == "contacts" else "M_")
    try:
        made = call.store.catalogue.add_field(entity, name, internal, kind, **_looks(body))
    except ValueError:
        problem = RestValidationError(_type(entity), "name", "UniquenessRequirement", value=name, status=409)
        raise problem from None
    return Reply(201, _shown(entity, made))


def change(call: Call) -> object:
    """Rename a custom field, or change how it looks and updates; a standard one stays as it is (412)."""
    entity = _entity(call)
    found, body = _find(call, entity), rest_object(call)
    name = _name(entity, body)
    changed = call.store.catalogue.change_field(entity, found.id, name=name, **_looks(body))
    if changed is None:
        raise RestValidationError(
            _type(entity), "id", "ImmutabilityRequirement", value=str(found.id), status=412
        )
    return _shown(entity, changed)


def delete(call: Call) -> Reply:
    """Delete a custom field with its values; a standard one stays (412)."""
    entity = _entity(call)
    found = _find(call, entity)
    if not call.store.catalogue.remove_field(entity, found.id):
        raise RestValidationError(
            _type(entity), "id", "ImmutabilityRequirement", value=str(found.id), status=412
        )
    return Reply(call.store.options.rest_delete_status)


def _entity(call: Call) -> Entity:
    name = call.request.url.path.lower().partition("/assets/")[2].partition("/")[0]
    return call.store.catalogue.standard(_KINDS[name])


def _find(call: Call, entity: Entity) -> Field:
    found = entity.field_numbered(rest_id(call))
    if found is None:
        raise not_found()
    return found


def _name(entity: Entity, body: dict[str, Any]) -> str:
    name = body.get("name")
    if not isinstance(name, str) or not name.strip():
        raise RestValidationError(_type(entity), "name", "NotNullRequirement")
    return name


def _looks(body: dict[str, Any]) -> dict[str, str]:
    return {
        "display_type": str(body.get("displayType") or "text"),
        "update_type": str(body.get("updateType") or "always"),
    }


def _type(entity: Entity) -> str:
    return "ContactField" if entity.kind == "contacts" else "AccountField"


def _shown(entity: Entity, one: Field) -> dict[str, Any]:
    return {
        "type": _type(entity),
        "id": str(one.id),
        "depth": "complete",
        "name": one.name,
        "dataType": one.rest_type,
        "displayType": one.display_type,
        "internalName": one.internal_name,
        "isReadOnly": "true" if one.is_read_only else "false",
        "isRequired": "true" if one.is_required else "false",
        "isStandard": "true" if one.is_standard else "false",
        "showTrustedVisitorsOnly": "true",
        "updateType": one.update_type,
    }
