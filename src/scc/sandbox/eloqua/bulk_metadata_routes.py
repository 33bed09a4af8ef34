"""Bulk's metadata: fields, custom objects, lists, segments, scoring models, e-mail groups (sources.md E2.3)."""

from __future__ import annotations

from typing import Any

from scc.sandbox.eloqua.activity_fields import ACTIVITY_FIELDS
from scc.sandbox.eloqua.bulk_lists import page_of
from scc.sandbox.eloqua.documents import Document
from scc.sandbox.eloqua.entities import Entity
from scc.sandbox.eloqua.errors import not_found
from scc.sandbox.eloqua.fields import Field
from scc.sandbox.eloqua.http import Call, Endpoint
from scc.sandbox.eloqua.membership import count_members

__all__ = ["endpoints"]

_BULK = "/API/Bulk/2.0"
_LISTS = {
    "/contacts/lists": ("contacts/lists", "ContactList"),
    "/contacts/segments": ("contacts/segments", "ContactSegment"),
    "/contacts/filters": ("contacts/filters", "ContactFilter"),
    "/accounts/lists": ("accounts/lists", "AccountList"),
}
_CONTACT_SPECIALS = (
    ("Id", "number", "{{Contact.Id}}"),
    ("CreatedAt", "date", "{{Contact.CreatedAt}}"),
    ("UpdatedAt", "date", "{{Contact.UpdatedAt}}"),
    ("IsSubscribed", "boolean", "{{Contact.Email.IsSubscribed}}"),
    ("IsBounced", "boolean", "{{Contact.Email.IsBounced}}"),
    ("EmailFormat", "string", "{{Contact.Email.Format}}"),
)


def endpoints() -> list[Endpoint]:
    table = [
        Endpoint("GET", f"{_BULK}/contacts/fields", contact_fields, "sources.md E2.3"),
        Endpoint("GET", f"{_BULK}/contacts/fields/{{id}}", contact_field, "sources.md E2.3"),
        Endpoint("GET", f"{_BULK}/accounts/fields", account_fields, "sources.md E2.3"),
        Endpoint("GET", f"{_BULK}/accounts/fields/{{id}}", account_field, "sources.md E2.3"),
        Endpoint("GET", f"{_BULK}/activities/fields", activity_fields, "sources.md E2.5"),
        Endpoint("GET", f"{_BULK}/customObjects", custom_objects, "sources.md E2.3"),
        Endpoint("GET", f"{_BULK}/customObjects/{{parent}}", custom_object, "sources.md E2.3"),
        Endpoint("GET", f"{_BULK}/customObjects/{{parent}}/fields", custom_object_fields, "sources.md E2.3"),
        Endpoint(
            "GET", f"{_BULK}/customObjects/{{parent}}/fields/{{id}}", custom_object_field, "sources.md E2.3"
        ),
        Endpoint("GET", f"{_BULK}/contacts/scoring/models", scoring_models, "sources.md E2.3"),
        Endpoint("GET", f"{_BULK}/contacts/scoring/models/{{id}}", scoring_model, "sources.md E2.3"),
        Endpoint("GET", f"{_BULK}/emailGroups", email_groups, "sources.md E2.1"),
        Endpoint("GET", f"{_BULK}/emailGroups/{{id}}", email_group, "sources.md E2.1"),
    ]
    for path in _LISTS:
        table.append(Endpoint("GET", f"{_BULK}{path}", lists, "sources.md E2.3"))
        table.append(Endpoint("GET", f"{_BULK}{path}/{{id}}", one_list, "sources.md E2.3"))
    return table


def contact_fields(call: Call) -> object:
    """Contact fields, standard ones first."""
    specials = _specials(call) if call.store.options.special_contact_fields else []
    return page_of([*specials, *_fields(call.store.catalogue.standard("contacts"))], call.query)


def contact_field(call: Call) -> object:
    """One contact field."""
    return _one_field(call, call.store.catalogue.standard("contacts"))


def account_fields(call: Call) -> object:
    """Account fields, standard ones first."""
    return page_of(_fields(call.store.catalogue.standard("accounts")), call.query)


def account_field(call: Call) -> object:
    """One account field."""
    return _one_field(call, call.store.catalogue.standard("accounts"))


def activity_fields(call: Call) -> object:
    """Activity fields, of one type where ?activityType= asks for it."""
    wanted = call.query.get("activityType", "").lower()
    items = [
        {
            "name": field.name,
            "internalName": field.name,
            "dataType": {"id": "number"}.get(field.data_type, field.data_type),
            "hasReadOnlyConstraint": False,
            "hasNotNullConstraint": False,
            "hasUniquenessConstraint": False,
            "statement": f"{{{{{field.statement}}}}}",
            "activityTypes": list(field.types),
            "uri": "",
        }
        for field in ACTIVITY_FIELDS
        if not wanted or wanted in (name.lower() for name in field.types)
    ]
    return page_of(items, call.query)


def custom_objects(call: Call) -> object:
    """Custom objects with the addresses of their special fields."""
    items = [_custom_object(document) for document in call.store.documents.all("customObjects")]
    return page_of(items, call.query)


def custom_object(call: Call) -> object:
    """One custom object."""
    _, document = _parent(call)
    return _custom_object(document)


def custom_object_fields(call: Call) -> object:
    """A custom object's fields, and what every record of it has (Id, ExternalId, CreatedAt, UpdatedAt)."""
    entity, _ = _parent(call)
    specials = []
    if call.store.options.special_custom_object_fields:
        root = f"CustomObject[{entity.id}]"
        specials = [
            _special(name, kind, f"{{{{{root}.{name}}}}}")
            for name, kind in (
                ("Id", "number"),
                ("ExternalId", "string"),
                ("CreatedAt", "date"),
                ("UpdatedAt", "date"),
            )
        ]
    return page_of([*_fields(entity), *specials], call.query)


def custom_object_field(call: Call) -> object:
    """One field of a custom object."""
    return _one_field(call, _parent(call)[0])


def lists(call: Call) -> object:
    """Shared lists, segments or filters, each with its count as of now."""
    kind, root = _list_kind(call)
    items = [_list(call, kind, root, document) for document in call.store.documents.all(kind)]
    return page_of(items, call.query)


def one_list(call: Call) -> object:
    """One shared list, segment or filter."""
    kind, root = _list_kind(call)
    document = call.store.documents.get(kind, call.number("id"))
    if document is None:
        raise not_found()
    return _list(call, kind, root, document)


def scoring_models(call: Call) -> object:
    """Lead scoring models."""
    return page_of([_model(one) for one in call.store.documents.all("scoring/models")], call.query)


def scoring_model(call: Call) -> object:
    """One lead scoring model."""
    document = call.store.documents.get("scoring/models", call.number("id"))
    if document is None:
        raise not_found()
    return _model(document)


def email_groups(call: Call) -> object:
    """E-mail groups."""
    return page_of([_group(one) for one in call.store.documents.all("email/groups")], call.query)


def email_group(call: Call) -> object:
    """One e-mail group."""
    document = call.store.documents.get("email/groups", call.number("id"))
    if document is None:
        raise not_found()
    return _group(document)


def _parent(call: Call) -> tuple[Entity, Document]:
    try:
        return call.store.custom_object(call.number("parent"))
    except KeyError:
        raise not_found() from None


def _fields(entity: Entity) -> list[dict[str, Any]]:
    return [_field(entity, field) for field in entity.fields]


def _one_field(call: Call, entity: Entity) -> object:
    field = entity.field_numbered(call.number("id"))
    if field is None:
        raise not_found()
    return _field(entity, field)


def _field(entity: Entity, field: Field) -> dict[str, Any]:
    if entity.kind == "customObjects":
        statement = f"{{{{CustomObject[{entity.id}].Field[{field.id}]}}}}"
    else:
        statement = f"{{{{{entity.root.name}.Field({field.internal_name})}}}}"
    item: dict[str, Any] = {
        "name": field.name,
        "internalName": field.internal_name,
        "dataType": field.data_type,
        "hasReadOnlyConstraint": field.is_read_only,
        "hasNotNullConstraint": field.is_required,
        "hasUniquenessConstraint": field.is_unique,
        "statement": statement,
        "uri": f"{entity.prefix}/fields/{field.id}",
    }
    if not field.is_standard:
        item |= {"createdBy": "API.User", "updatedBy": "API.User"}
    return {**item, "createdAt": field.created_at, "updatedAt": field.created_at}


def _specials(call: Call) -> list[dict[str, Any]]:
    known = call.store.catalogue.standard("contacts")
    return [_special(*special) for special in _CONTACT_SPECIALS if known.field_named(special[0]) is None]


def _special(name: str, data_type: str, statement: str) -> dict[str, Any]:
    return {
        "name": name,
        "internalName": name,
        "dataType": data_type,
        "hasReadOnlyConstraint": not name.startswith("Is") and name != "ExternalId",
        "hasNotNullConstraint": False,
        "hasUniquenessConstraint": name in ("Id", "ExternalId"),
        "statement": statement,
        "uri": "",
    }


def _custom_object(document: Document) -> dict[str, Any]:
    uri = f"/customObjects/{document['id']}"
    item: dict[str, Any] = {"name": document["name"]}
    for name, key in (
        ("displayNameFieldUri", "displayField"),
        ("emailAddressFieldUri", "emailField"),
        ("uniqueFieldUri", "uniqueField"),
    ):
        if document.get(key):
            item[name] = f"{uri}/fields/{document[key]}"
    return {**item, "uri": uri, **_stamps(document)}


def _list_kind(call: Call) -> tuple[str, str]:
    path = call.request.url.path.lower()
    return next(found for prefix, found in _LISTS.items() if path.startswith(f"{_BULK.lower()}{prefix}"))


def _list(call: Call, kind: str, root: str, document: Document) -> dict[str, Any]:
    item: dict[str, Any] = {
        "name": document["name"],
        "count": count_members(call.store, kind, document["id"]),
    }
    if kind == "contacts/segments":
        item["lastCalculatedAt"] = document["updatedAt"]
    item |= {"statement": f"{{{{{root}[{document['id']}]}}}}", "uri": f"/{kind}/{document['id']}"}
    return {**item, **_stamps(document)}


def _model(document: Document) -> dict[str, Any]:
    number = document["id"]
    parts = (("Rating", "string"), ("ProfileScore", "number"), ("EngagementScore", "number"))
    return {
        "name": document["name"],
        "status": document.get("status", "Active"),
        "id": number,
        "fields": [
            {"name": part, "statement": f"{{{{Contact.LeadScore.Model[{number}].{part}}}}}", "dataType": kind}
            for part, kind in parts
        ],
        "uri": f"/contacts/scoring/models/{number}",
        **_stamps(document),
    }


def _group(document: Document) -> dict[str, Any]:
    number = document["id"]
    return {
        "name": document["name"],
        "statement": f"{{{{EmailGroup[{number}]}}}}",
        "uri": f"/emailGroups/{number}",
        **_stamps(document),
    }


def _stamps(document: Document) -> dict[str, Any]:
    return {name: document[name] for name in ("createdBy", "createdAt", "updatedBy", "updatedAt")}
