"""REST assets that are kept as they come: campaigns, e-mails, forms, e-mail groups ...; users (sources.md E3.7)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from scc.sandbox.eloqua.dependencies import check_free
from scc.sandbox.eloqua.documents import Document
from scc.sandbox.eloqua.errors import RestValidationError, not_found
from scc.sandbox.eloqua.http import Call, Endpoint, Handler, Reply
from scc.sandbox.eloqua.rest_pages import (
    RestPage,
    as_text,
    depth_of,
    find_document,
    list_assets,
    rest_id,
    rest_object,
)
from scc.sandbox.eloqua.wire_times import bulk_time, parse_bulk_time, unix_time

__all__ = ["endpoints"]

_REST = "/API/REST/{version}"
_SOURCE = "sources.md E3.7"
_INNER = frozenset({"id", "name", "createdAt", "createdBy", "updatedAt", "updatedBy", "type", "depth"})
_DEEP = frozenset({"elements", "fields", "htmlContent", "layout", "fieldValues"})
"""What only depth complete shows."""


@dataclass(frozen=True)
class _Kind:
    """`many` and `one` are the paths of search and single asset; `many` is also the kind of document."""

    many: str
    one: str
    type: str
    what: str
    has_status: bool = True


_KINDS = (
    _Kind("campaigns", "campaign", "Campaign", "campaigns"),
    # before e-mails, whose single path would take "groups" for an id
    _Kind("email/groups", "email/group", "EmailGroup", "e-mail groups", has_status=False),
    _Kind("emails", "email", "Email", "e-mails"),
    _Kind("forms", "form", "Form", "forms"),
    _Kind("externals", "external", "ExternalAsset", "external assets"),
    _Kind("optionLists", "optionList", "OptionList", "option lists", has_status=False),
    _Kind("landingPages", "landingPage", "LandingPage", "landing pages"),
    _Kind("microsites", "microsite", "Microsite", "microsites"),
    _Kind("programs", "program", "Program", "programs"),
    _Kind("images", "image", "ImageFile", "images", has_status=False),
)


def endpoints() -> list[Endpoint]:
    table = [
        Endpoint("GET", f"{_REST}/system/users", users, _SOURCE),
        Endpoint("GET", f"{_REST}/system/user/current", current_user, _SOURCE),
        Endpoint("GET", f"{_REST}/system/user/{{id}}", user, _SOURCE),
        Endpoint("GET", f"{_REST}/data/visitors", visitors, _SOURCE),
        Endpoint("POST", f"{_REST}/assets/campaign/active/{{id}}", _moved("Active"), _SOURCE),
        Endpoint("POST", f"{_REST}/assets/campaign/draft/{{id}}", _moved("Draft"), _SOURCE),
    ]
    for kind in _KINDS:
        single = f"{_REST}/assets/{kind.one}"
        table += [
            Endpoint("GET", f"{_REST}/assets/{kind.many}", _listed(kind), _SOURCE),
            Endpoint("POST", single, _created(kind), _SOURCE),
            Endpoint("GET", f"{single}/{{id}}", _shown_one(kind), _SOURCE),
            Endpoint("PUT", f"{single}/{{id}}", _changed(kind), _SOURCE),
            Endpoint("DELETE", f"{single}/{{id}}", _deleted(kind), _SOURCE),
        ]
    return table


def users(call: Call) -> object:
    """The one user there is."""
    page = RestPage(call.query)
    return page.envelope([_user(call, depth_of(call, "minimal"))][page.offset : page.offset + page.count], 1)


def current_user(call: Call) -> object:
    """The user who asks."""
    return _user(call, depth_of(call, "complete"))


def user(call: Call) -> object:
    """One user."""
    if rest_id(call) != 1:
        raise not_found()
    return _user(call, depth_of(call, "complete"))


def visitors(call: Call) -> object:
    """Visitors: the sandbox has none."""
    return RestPage(call.query).envelope([], 0)


def _listed(kind: _Kind) -> Handler:
    def handle(call: Call) -> object:
        return list_assets(call, lambda one, depth: _shown(kind, one, depth), kind.many)

    return _named(handle, f"Search {kind.what}.")


def _shown_one(kind: _Kind) -> Handler:
    def handle(call: Call) -> object:
        return _shown(kind, find_document(call, kind.many), depth_of(call, "complete"))

    return _named(handle, f"One of the {kind.what}.")


def _created(kind: _Kind) -> Handler:
    def handle(call: Call) -> Reply:
        body = rest_object(call)
        number = call.store.create_asset(kind.many, **_kept(kind, body))
        return Reply(201, _shown(kind, call.store.documents.get(kind.many, number) or {}, "complete"))

    return _named(handle, f"Make one of the {kind.what}: 201; it is kept as it comes.")


def _changed(kind: _Kind) -> Handler:
    def handle(call: Call) -> object:
        document = find_document(call, kind.many)
        body = rest_object(call)
        if "id" in body and str(body["id"]) != str(document["id"]):
            raise RestValidationError(kind.type, "id", "IdRequirement", value=str(body["id"]))
        inner = {name: document[name] for name in ("id", "createdAt", "createdBy", "updatedBy")}
        changed = {**_kept(kind, body), **inner, "updatedAt": bulk_time(call.store.state.clock.now())}
        call.store.documents.put(kind.many, document["id"], changed)
        return _shown(kind, changed, "complete")

    return _named(handle, f"Put one of the {kind.what}; what is left out is gone.")


def _deleted(kind: _Kind) -> Handler:
    def handle(call: Call) -> Reply:
        document = find_document(call, kind.many)
        check_free(call.store.documents, kind.many, document["id"])
        call.store.documents.delete(kind.many, document["id"])
        return Reply(call.store.options.rest_delete_status)

    return _named(handle, f"Delete one of the {kind.what}; 412 where a campaign needs it.")


def _moved(status: str) -> Handler:
    def handle(call: Call) -> Reply:
        document = find_document(call, "campaigns")
        document |= {"currentStatus": status, "updatedAt": bulk_time(call.store.state.clock.now())}
        call.store.documents.put("campaigns", document["id"], document)
        return Reply(201, _shown(_KINDS[0], document, "complete"))

    return _named(handle, f"Make a campaign {status.lower()}.")


def _kept(kind: _Kind, body: dict[str, Any]) -> dict[str, Any]:
    name = body.get("name")
    if not isinstance(name, str) or not name.strip():
        raise RestValidationError(kind.type, "name", "NotNullRequirement")
    return {"name": name, **{key: value for key, value in body.items() if key not in _INNER}}


def _shown(kind: _Kind, document: Document, depth: str) -> dict[str, Any]:
    head = {
        "type": kind.type,
        "currentStatus": document.get("currentStatus", "Draft") if kind.has_status else None,
        "id": document["id"],
        "createdAt": unix_time(parse_bulk_time(document["createdAt"])),
        "createdBy": document["createdBy"],
        "depth": depth,
        "name": document["name"],
        "updatedAt": unix_time(parse_bulk_time(document["updatedAt"])),
        "updatedBy": document["updatedBy"],
    }
    hidden = _INNER if depth == "complete" else _INNER | _DEEP
    rest = {} if depth == "minimal" else {key: value for key, value in document.items() if key not in hidden}
    return dict(as_text({**head, **rest}))


def _user(call: Call, depth: str) -> dict[str, Any]:
    known = call.store.state.credentials.eloqua
    item = {"type": "User", "id": "1", "depth": depth, "name": known.user, "loginName": known.user}
    if depth == "minimal":
        return item
    return {**item, "emailAddress": f"{known.user}@{known.company.lower()}.example", "isDisabled": "false"}


def _named(handler: Handler, summary: str) -> Handler:
    handler.__doc__ = summary
    return handler
