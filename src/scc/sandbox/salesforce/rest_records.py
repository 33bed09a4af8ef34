"""REST: one record at a time, by id or by external id (sandbox-salesforce.md 2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scc.sandbox.salesforce import ids
from scc.sandbox.salesforce.calls import Answer, Call
from scc.sandbox.salesforce.catalogue.kinds import SObject
from scc.sandbox.salesforce.errors import ApiError, not_found, refused
from scc.sandbox.salesforce.faulty_rows import forced_rows
from scc.sandbox.salesforce.records import Written, external_field, unknown_field
from scc.sandbox.salesforce.services import Services
from scc.sandbox.salesforce.soql.shape import Record

_ROOT = "/services/data/v{version}/sobjects/{sobject}"
_NO_CONTENT_BEFORE = 46.0


class RestRecords:
    def __init__(self, services: Services) -> None:
        self._services = services
        self._records = services.records

    def add_routes(self) -> None:
        add = self._services.router.add
        single = "REST: sObject Rows; sandbox-salesforce.md 2"
        external = "REST: sObject Rows by External ID; sandbox-salesforce.md 2"
        add("POST", _ROOT, self.create, "REST: sObject Basic Information (POST); sandbox-salesforce.md 2")
        add("GET", _ROOT + "/{id}", self.read, single)
        add("PATCH", _ROOT + "/{id}", self.update, single)
        add("DELETE", _ROOT + "/{id}", self.delete, single)
        add("POST", _ROOT + "/Id", self.create, external)
        add("GET", _ROOT + "/{key}/{value*}", self.read_related, external + "; sObject Relationships")
        add("PATCH", _ROOT + "/{key}/{value*}", self.upsert, external)
        add("DELETE", _ROOT + "/{key}/{value*}", self.delete_by_key, external)

    def create(self, call: Call) -> Answer:
        sobject = self._records.sobject(call["sobject"])
        forced = forced_rows(self._services.state, call.path)
        (written,) = self._records.write(sobject, "insert", [call.json_object()], call.user_id, forced=forced)
        _raise_problem(written)
        location = {"Location": f"{call.root}/sobjects/{sobject.name}/{written.id}"}
        return Answer(201, {"id": written.id, "success": True, "errors": []}, location)

    def read(self, call: Call) -> Answer:
        sobject = self._records.sobject(call["sobject"])
        if ids.normalize(call["id"]) is None:
            raise not_found(f"Provided external ID field does not exist or is not accessible: {call['id']}")
        return Answer(200, self._read(call, sobject, call["id"]))

    def _read(self, call: Call, sobject: SObject, record_id: str) -> Record:
        names = _wanted(sobject, call.query.get("fields"))
        soql = f"SELECT {', '.join(names)} FROM {sobject.name} WHERE Id = '{record_id}'"
        found = self._services.queries.run(soql, call.root).records
        if found:
            return found[0]
        if self._records.is_deleted(sobject, record_id):
            raise refused(404, "ENTITY_IS_DELETED", "entity is deleted", ())
        raise not_found()

    def update(self, call: Call) -> Answer:
        sobject = self._records.sobject(call["sobject"])
        record = _without_id(call.json_object())
        self._write_one(call, sobject, record | {"Id": call["id"]})
        return Answer(204)

    def _write_one(self, call: Call, sobject: SObject, record: Mapping[str, Any]) -> Written:
        forced = forced_rows(self._services.state, call.path)
        (written,) = self._records.write(sobject, "update", [record], call.user_id, forced=forced)
        _raise_problem(written)
        return written

    def delete(self, call: Call) -> Answer:
        return self._delete(call, self._records.sobject(call["sobject"]), call["id"])

    def _delete(self, call: Call, sobject: SObject, record_id: str) -> Answer:
        forced = forced_rows(self._services.state, call.path)
        (written,) = self._records.write(sobject, "delete", [{"Id": record_id}], call.user_id, forced=forced)
        _raise_problem(written, unknown=self._services.store.options.unknown_delete_status)
        return Answer(204)

    def read_related(self, call: Call) -> Answer:
        sobject = self._records.sobject(call["sobject"])
        if ids.normalize(call["key"]) is not None and sobject.field(call["key"]) is None:
            return self._related(call, sobject, call["key"], call["value"])
        key = external_field(sobject, call["key"])
        found = self._records.find(sobject, key, call["value"])
        if len(found) > 1:
            return self._several(call, sobject, found)
        if not found:
            raise not_found()
        return Answer(200, self._read(call, sobject, found[0]))

    def _related(self, call: Call, sobject: SObject, record_id: str, relationship: str) -> Answer:
        """Answer the parent or the children that a relationship leads to."""
        if self._records.is_deleted(sobject, record_id) is not False:
            raise not_found()
        child = self._services.store.catalogue.child(sobject, relationship)
        if child is not None:
            owner, field = child
            soql = f"SELECT {', '.join(_wanted(owner, call.query.get('fields')))} FROM {owner.name} WHERE {field.name} = '{record_id}'"
            page = self._services.queries.run(soql, call.root)
            more = {} if page.locator is None else {"nextRecordsUrl": f"{call.root}/query/{page.locator}"}
            return Answer(
                200, {"totalSize": page.total, "done": page.locator is None, **more, "records": page.records}
            )
        reference = sobject.parent(relationship)
        if reference is None:
            raise not_found()
        found = self._services.queries.run(
            f"SELECT {reference.name} FROM {sobject.name} WHERE Id = '{record_id}'", call.root
        )
        parent_id = found.records[0][reference.name]
        parent = None if parent_id is None else self._services.store.catalogue.by_prefix(parent_id)
        if parent is None:
            raise not_found()
        return Answer(200, self._read(call, parent, parent_id))

    def upsert(self, call: Call) -> Answer:
        sobject = self._records.sobject(call["sobject"])
        key = external_field(sobject, call["key"])
        record = _without_id(call.json_object())
        if any(name.lower() == key.name.lower() for name in record):
            words = f"The {key.name} field should not be specified in the sobject data."
            raise refused(400, "INVALID_FIELD", words)
        if key.name == "Id":
            return self._updated(call, self._write_one(call, sobject, record | {"Id": call["value"]}))
        found = self._records.find(sobject, key, call["value"])
        if len(found) > 1:
            return self._several(call, sobject, found)
        if found:
            return self._updated(call, self._write_one(call, sobject, record | {"Id": found[0]}))
        if call.query.get("updateOnly", "").lower() == "true":
            raise not_found()
        forced = forced_rows(self._services.state, call.path)
        record |= {key.name: call["value"]}
        (written,) = self._records.write(sobject, "insert", [record], call.user_id, forced=forced)
        _raise_problem(written)
        location = {"Location": f"{call.root}/sobjects/{sobject.name}/{written.id}"}
        return Answer(201, {"id": written.id, "success": True, "errors": [], "created": True}, location)

    def _updated(self, call: Call, written: Written) -> Answer:
        if float(call.version) < _NO_CONTENT_BEFORE:
            return Answer(204)
        return Answer(200, {"id": written.id, "success": True, "errors": [], "created": False})

    def delete_by_key(self, call: Call) -> Answer:
        sobject = self._records.sobject(call["sobject"])
        key = external_field(sobject, call["key"])
        found = self._records.find(sobject, key, call["value"])
        if len(found) > 1:
            return self._several(call, sobject, found)
        if not found:
            raise not_found()
        return self._delete(call, sobject, found[0])

    def _several(self, call: Call, sobject: SObject, found: list[str]) -> Answer:
        return Answer(300, [f"{call.root}/sobjects/{sobject.name}/{each}" for each in found])


def _wanted(sobject: SObject, fields: str | None) -> list[str]:
    if fields is None:
        return list(sobject.fields)
    names = [name.strip() for name in fields.split(",") if name.strip()]
    for name in names:
        if "." not in name and sobject.field(name) is None:
            raise unknown_field(name, sobject)
    return names if any(name.lower() == "id" for name in names) else [*names, "Id"]


def _without_id(record: dict[str, Any]) -> dict[str, Any]:
    if any(name.lower() == "id" for name in record):
        raise refused(400, "INVALID_FIELD", "The Id field should not be specified in the sobject data.")
    return record


_STATUSES = {"ENTITY_IS_DELETED": 404, "NOT_FOUND": 404}


def _raise_problem(written: Written, *, unknown: int | None = None) -> None:
    problem = written.problem
    if problem is None:
        return
    status = _STATUSES.get(problem.code, 400)
    if problem.code == "INVALID_CROSS_REFERENCE_KEY" and unknown is not None:
        status = unknown
    raise ApiError(status, problem)
