"""REST: records with their children in one call (sandbox-salesforce.md 2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from scc.sandbox.salesforce.calls import Answer, Call
from scc.sandbox.salesforce.catalogue.kinds import Field, SObject
from scc.sandbox.salesforce.errors import Problem, refused
from scc.sandbox.salesforce.services import Services

MAX_RECORDS, MAX_TYPES, MAX_DEPTH = 200, 5, 5
Json = dict[str, Any]


class RestTree:
    def __init__(self, services: Services) -> None:
        self._services = services

    def add_routes(self) -> None:
        path = "/services/data/v{version}/composite/tree/{sobject}"
        self._services.router.add("POST", path, self.create, "REST: sObject Tree; sandbox-salesforce.md 2")

    def create(self, call: Call) -> Answer:
        """Save all the records or, when one is bad, none."""
        sobject = self._services.records.sobject(call["sobject"])
        records = _records(call.json_object())
        counted, types = self._measure(sobject, records, 1)
        if counted > MAX_RECORDS or len(types) > MAX_TYPES:
            words = f"A tree may hold {MAX_RECORDS} records of {MAX_TYPES} objects"
            raise refused(400, "LIMIT_EXCEEDED", words)
        store = self._services.store
        with store.writing():
            good, bad = self._save(call, sobject, records)
            if bad:
                store.undo()
        if bad:
            return Answer(400, {"hasErrors": True, "results": bad})
        return Answer(201, {"hasErrors": False, "results": good})

    def _measure(self, sobject: SObject, records: Sequence[Json], depth: int) -> tuple[int, set[str]]:
        if depth > MAX_DEPTH:
            raise refused(400, "LIMIT_EXCEEDED", f"A tree may be {MAX_DEPTH} levels deep")
        counted, types = len(records), {sobject.name}
        for record in records:
            for child, _, children in self._children(sobject, record):
                below, kinds = self._measure(child, children, depth + 1)
                counted, types = counted + below, types | kinds
        return counted, types

    def _children(
        self, sobject: SObject, record: Mapping[str, Any]
    ) -> list[tuple[SObject, Field, list[Json]]]:
        found = []
        for name, value in record.items():
            if isinstance(value, dict) and "records" in value:
                child = self._services.store.catalogue.child(sobject, name)
                if child is None:
                    words = f"No such relationship '{name}' on sobject of type {sobject.name}"
                    raise refused(400, "INVALID_FIELD", words)
                found.append((*child, _records(value)))
        return found

    def _save(self, call: Call, sobject: SObject, records: Sequence[Json]) -> tuple[list[Json], list[Json]]:
        own = [
            {name: value for name, value in record.items() if not _is_children(value)} for record in records
        ]
        written = self._services.records.write(sobject, "insert", own, call.user_id)
        good: list[Json] = []
        bad: list[Json] = []
        for record, result in zip(records, written, strict=True):
            reference = _reference(record)
            if result.problem is not None:
                bad.append({"referenceId": reference, "errors": [_error(result.problem)]})
                continue
            good.append({"referenceId": reference, "id": result.id})
            for child, key, children in self._children(sobject, record):
                below = [{**each, key.name: result.id} for each in children]
                more_good, more_bad = self._save(call, child, below)
                good, bad = good + more_good, bad + more_bad
        return good, bad


def _records(wish: Mapping[str, Any]) -> list[Json]:
    records = wish.get("records")
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise refused(400, "REQUIRED_FIELD_MISSING", "Required fields are missing: [records]")
    for record in records:
        _reference(record)
    return records


def _reference(record: Mapping[str, Any]) -> str:
    attributes = record.get("attributes")
    reference = attributes.get("referenceId") if isinstance(attributes, dict) else None
    if not isinstance(reference, str):
        raise refused(400, "INVALID_INPUT", "Include a reference ID for each record in the request.")
    return reference


def _is_children(value: object) -> bool:
    return isinstance(value, dict) and "records" in value


def _error(problem: Problem) -> Json:
    return {"statusCode": problem.code, "message": problem.message, "fields": list(problem.fields or ())}
