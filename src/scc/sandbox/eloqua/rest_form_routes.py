"""REST form data: what people sent by a form (sources.md E3.8)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

from scc.sandbox.eloqua.documents import Document
from scc.sandbox.eloqua.errors import RestValidationError, not_found
from scc.sandbox.eloqua.http import Call, Endpoint, Reply
from scc.sandbox.eloqua.rest_pages import RestPage, find_document, rest_id, rest_object
from scc.sandbox.eloqua.tables import FORM_DATA
from scc.sandbox.eloqua.wire_times import unix_time

__all__ = ["endpoints"]

_DATA = "/API/REST/{version}/data/form/{id}"
_SOURCE = "sources.md E3.8"


def endpoints() -> list[Endpoint]:
    return [
        Endpoint("GET", _DATA, submissions, _SOURCE),
        Endpoint("POST", _DATA, submit, _SOURCE),
        Endpoint("DELETE", f"{_DATA}/datarow/{{row}}", delete, _SOURCE),
        Endpoint("POST", "/e/f2", public_submit, _SOURCE, is_open=True),
    ]


def submissions(call: Call) -> object:
    """Submissions between ?startAt= and ?endAt= (unix seconds), oldest first."""
    form, page = find_document(call, "forms"), RestPage(call.query)
    bounds = [("startAt", ">="), ("endAt", "<=")]
    given = [
        (operator, int(call.query[name])) for name, operator in bounds if call.query.get(name, "").isdigit()
    ]
    where = " AND ".join(["form = ?", *(f'"submittedAt" {operator} ?' for operator, _ in given)])
    moments = [datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None) for _, seconds in given]
    parameters = [form["id"], *moments]
    with call.store.state.cursor() as cursor:
        total = int(cursor.value(f"SELECT count(*) FROM {FORM_DATA} WHERE {where}", parameters))
        rows = cursor.rows(
            f'SELECT id, "submittedAt", "contactId", "values" FROM {FORM_DATA} WHERE {where} '
            f"ORDER BY id LIMIT {page.count} OFFSET {page.offset}",
            parameters,
        )
    return page.envelope([_shown(row) for row in rows], total)


def submit(call: Call) -> Reply:
    """Send a form: 201. The sandbox keeps the data and runs no processing step."""
    form = find_document(call, "forms")
    values = rest_object(call).get("fieldValues")
    if not isinstance(values, list) or not all(isinstance(one, dict) and "id" in one for one in values):
        raise RestValidationError("FormData", "fieldValues", "NotNullRequirement")
    known = {str(one.get("id")): one.get("name") for one in _elements(form)}
    unknown = next((str(one["id"]) for one in values if known and str(one["id"]) not in known), None)
    if unknown is not None:
        raise RestValidationError("FormData", "fieldValues", "RelationshipRequirement", value=unknown)
    kept = [
        {"id": str(one["id"]), "name": known.get(str(one["id"])), "value": one.get("value")} for one in values
    ]
    return Reply(201, _shown(_keep(call, form, kept)))


def public_submit(call: Call) -> Reply:
    """What a browser sends from a page (elqFormName names the form); answered by an empty line, whatever it was."""
    sent = {name: values[0] for name, values in parse_qs(call.body.decode("utf-8", "replace")).items()}
    wanted = (call.query.get("elqFormName") or sent.get("elqFormName", "")).lower()
    for form in call.store.documents.all("forms"):
        if wanted and wanted in (form["name"].lower(), str(form.get("htmlName", "")).lower()):
            fields = [one for one in _elements(form) if one.get("htmlName") in sent]
            kept = [
                {"id": str(one["id"]), "name": one.get("name"), "value": sent[one["htmlName"]]}
                for one in fields
            ]
            _keep(call, form, kept)
    return Reply(200, b"\r\n", "text/html")


def _elements(form: Document) -> list[dict[str, Any]]:
    return [one for one in form.get("elements", []) if isinstance(one, dict) and "id" in one]


def _keep(call: Call, form: Document, values: list[dict[str, Any]]) -> tuple[Any, ...]:
    """Keep a submission, linked to the contact whose address is in it."""
    number = call.store.state.counters.take("eloqua.formData")
    addresses = [str(one["value"]) for one in values if "@" in str(one["value"])]
    contact = next((call.store.records.holder_of(address) for address in addresses), None)
    row = (number, call.store.state.clock.naive(), contact, json.dumps(values))
    with call.store.state.write_lock, call.store.state.cursor() as cursor:
        cursor.run(f"INSERT INTO {FORM_DATA} VALUES (?, ?, ?, ?, ?)", [form["id"], *row])
    return row


def delete(call: Call) -> Reply:
    """Delete one submission."""
    form, row = find_document(call, "forms"), rest_id(call, "row")
    with call.store.state.write_lock, call.store.state.cursor() as cursor:
        where, parameters = "form = ? AND id = ?", [form["id"], row]
        if not cursor.value(f"SELECT count(*) FROM {FORM_DATA} WHERE {where}", parameters):
            raise not_found()
        cursor.run(f"DELETE FROM {FORM_DATA} WHERE {where}", parameters)
    return Reply(call.store.options.rest_delete_status)


def _shown(row: tuple[Any, ...]) -> dict[str, Any]:
    number, submitted, contact, values = row
    item = {"type": "FormData", "id": str(number), "submittedAt": unix_time(submitted)}
    if contact is not None:
        item["submittedByContactId"] = str(contact)
    entries = [
        {"type": "FieldValue", **{key: str(value) for key, value in one.items() if value not in (None, "")}}
        for one in json.loads(values)
    ]
    return {**item, "fieldValues": entries}
