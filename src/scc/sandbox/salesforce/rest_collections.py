"""REST: up to 200 records in one call (sandbox-salesforce.md 2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from scc.sandbox.salesforce import ids
from scc.sandbox.salesforce.calls import Answer, Call
from scc.sandbox.salesforce.catalogue.kinds import SObject
from scc.sandbox.salesforce.errors import Problem, refused
from scc.sandbox.salesforce.faulty_rows import forced_rows
from scc.sandbox.salesforce.records import Written, external_field, unknown_field
from scc.sandbox.salesforce.services import Services
from scc.sandbox.salesforce.writes.engine import ROLLED_BACK
from scc.sandbox.salesforce.writes.request import Operation

_UNDONE = Problem("ALL_OR_NONE_OPERATION_ROLLED_BACK", ROLLED_BACK, ())
MAX_RECORDS = 200
MAX_READ = 2000
_ROOT = "/services/data/v{version}/composite/sobjects"


class RestCollections:
    def __init__(self, services: Services) -> None:
        self._services = services
        self._records = services.records

    def add_routes(self) -> None:
        add = self._services.router.add
        source = "REST: sObject Collections; sandbox-salesforce.md 2"
        add("POST", _ROOT, self.create, source)
        add("PATCH", _ROOT, self.update, source)
        add("DELETE", _ROOT, self.delete, source)
        add("PATCH", _ROOT + "/{sobject}/{key}", self.upsert, source)
        add("GET", _ROOT + "/{sobject}", self.read, source)
        add("POST", _ROOT + "/{sobject}", self.read, source)

    def create(self, call: Call) -> Answer:
        return self._write_mixed(call, "insert")

    def update(self, call: Call) -> Answer:
        return self._write_mixed(call, "update")

    def upsert(self, call: Call) -> Answer:
        wish = call.json_object()
        sobject = self._records.sobject(call["sobject"])
        key = external_field(sobject, call["key"])
        records = [_with(record, key.name) for record in _records(wish)]
        written = self._write(
            call, sobject, "upsert", records, key.name, all_or_none=_flag(wish.get("allOrNone"))
        )
        return Answer(200, [_result(each, with_created=True) for each in written])

    def delete(self, call: Call) -> Answer:
        asked = [each.strip() for each in call.query.get("ids", "").split(",") if each.strip()]
        if not asked or len(asked) > MAX_RECORDS:
            raise refused(
                400,
                "EXCEEDED_ID_LIMIT",
                f"record limit reached. cannot submit more than {MAX_RECORDS} records in this call",
            )
        records = [{"attributes": {"type": self._type_of(each)}, "Id": each} for each in asked]
        all_or_none = _flag(call.query.get("allOrNone"))
        return Answer(200, self._by_type(call, records, "delete", all_or_none=all_or_none))

    def read(self, call: Call) -> Answer:
        sobject = self._records.sobject(call["sobject"])
        wish = (
            call.json_object()
            if call.method == "POST"
            else {name: text.split(",") for name, text in call.query.items()}
        )
        wanted, names = wish.get("ids"), wish.get("fields")
        if not isinstance(wanted, list) or not isinstance(names, list) or len(wanted) > MAX_READ:
            raise refused(400, "MALFORMED_QUERY", f"ids (at most {MAX_READ}) and fields are needed")
        for name in names:
            if "." not in str(name) and sobject.field(str(name)) is None:
                raise unknown_field(str(name), sobject)
        keys = [ids.normalize(str(each)) for each in wanted]
        listed = ", ".join(f"'{key}'" for key in keys if key is not None)
        chosen = dict.fromkeys(
            ["Id", *(str(name).strip() for name in names if str(name).strip().lower() != "id")]
        )
        if not listed:
            return Answer(200, [None for _ in keys])
        soql = f"SELECT {', '.join(chosen)} FROM {sobject.name} WHERE Id IN ({listed})"
        found = {record["Id"]: record for record in self._services.queries.run(soql, call.root).records}
        return Answer(200, [found.get(key or "") for key in keys])

    def _write_mixed(self, call: Call, operation: Operation) -> Answer:
        wish = call.json_object()
        records = _records(wish)
        return Answer(200, self._by_type(call, records, operation, all_or_none=_flag(wish.get("allOrNone"))))

    def _by_type(
        self, call: Call, records: Sequence[Mapping[str, Any]], operation: Operation, *, all_or_none: bool
    ) -> list[dict[str, object]]:
        """Write records of maybe several objects, in runs of the same one, as the vendor's chunks are."""
        written: list[Written] = []
        store = self._services.store
        with store.writing():
            for name, run in _runs(records):
                sobject = self._records.sobject(name)
                written += self._write(call, sobject, operation, run, "Id", all_or_none=all_or_none)
            if all_or_none and any(each.problem for each in written):
                store.undo()
                written = [
                    each if each.problem else Written(each.id, created=False, problem=_UNDONE)
                    for each in written
                ]
        return [_result(each) for each in written]

    def _write(
        self, call: Call, sobject: SObject, operation: Operation, records: Sequence[Mapping[str, Any]], key: str, *, all_or_none: bool
    ) -> list[Written]:  # fmt: skip
        forced = forced_rows(self._services.state, call.path)
        return self._records.write(
            sobject, operation, records, call.user_id, key=key, all_or_none=all_or_none, forced=forced
        )

    def _type_of(self, record_id: str) -> str:
        found = self._services.store.catalogue.by_prefix(record_id)
        if found is None:
            raise refused(400, "MALFORMED_ID", f"malformed id {record_id}", ("Id",))
        return found.name


def _records(wish: Mapping[str, Any]) -> list[dict[str, Any]]:
    records = wish.get("records")
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise refused(400, "REQUIRED_FIELD_MISSING", "Required fields are missing: [records]")
    if len(records) > MAX_RECORDS:
        words = f"record limit reached. cannot submit more than {MAX_RECORDS} records in this call"
        raise refused(400, "EXCEEDED_ID_LIMIT", words)
    return records


def _runs(records: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, list[Mapping[str, Any]]]]:
    run: list[Mapping[str, Any]] = []
    current = ""
    for record in records:
        attributes = record.get("attributes")
        name = str(attributes.get("type", "")) if isinstance(attributes, dict) else ""
        if not name:
            raise refused(400, "INVALID_TYPE", "Each record needs attributes with its type")
        if run and name.lower() != current.lower():
            yield current, run
            run = []
        current = name
        run.append(record)
    if run:
        yield current, run


def _with(record: dict[str, Any], key: str) -> dict[str, Any]:
    """Let every record mention its key, so that one without it is an error of its own."""
    return record if any(name.lower() == key.lower() for name in record) else {**record, key: None}


def _flag(value: object) -> bool:
    return value is True or str(value).lower() == "true"


def _result(written: Written, *, with_created: bool = False) -> dict[str, object]:
    """Write what became of a record; problems here say statusCode, not errorCode."""
    problem = written.problem
    if problem is None:
        made = {"created": written.created} if with_created else {}
        return {"id": written.id, "success": True, "errors": [], **made}
    error = {"statusCode": problem.code, "message": problem.message, "fields": list(problem.fields or ())}
    known = {} if written.id is None else {"id": written.id}
    made = {"created": False} if with_created else {}
    return {**known, "success": False, "errors": [error], **made}
