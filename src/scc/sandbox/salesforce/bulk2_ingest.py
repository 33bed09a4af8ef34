"""Bulk API 2.0 ingest jobs (sandbox-salesforce.md 3)."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from email.parser import BytesParser
from email.policy import HTTP
from pathlib import Path
from weakref import WeakKeyDictionary

from scc.sandbox.salesforce import bulk2, results
from scc.sandbox.salesforce.calls import Answer, Body, Call
from scc.sandbox.salesforce.catalogue.kinds import SObject
from scc.sandbox.salesforce.errors import ApiError, JobFailedError, refused
from scc.sandbox.salesforce.faulty_rows import forced_rows
from scc.sandbox.salesforce.ingest import Ingested, Upload, ingest, outcome_sql, tables_of
from scc.sandbox.salesforce.jobs import Job, JobState
from scc.sandbox.salesforce.records import check_operation, external_field
from scc.sandbox.salesforce.services import Services
from scc.sandbox.salesforce.soql.csv_text import DELIMITERS, LINE_ENDINGS
from scc.sandbox.salesforce.store import USER_ID
from scc.sandbox.salesforce.writes.request import Operation

KIND = "V2Ingest"
MAX_UPLOAD = 150_000_000
_ROOT = "/services/data/v{version}/jobs/ingest"
_OPERATIONS: tuple[Operation, ...] = ("insert", "update", "upsert", "delete", "hardDelete")


@dataclass(slots=True)
class _Data:
    """What a job holds: the file that was uploaded, and what came of it."""

    path: Path | None = None
    ingested: Ingested | None = None


class Bulk2Ingest:
    def __init__(self, services: Services) -> None:
        self._services = services
        self._store = services.store
        self._jobs = services.jobs
        self._data: WeakKeyDictionary[Job, _Data] = WeakKeyDictionary()

    def add_routes(self) -> None:
        add = self._services.router.add
        source = "Bulk API 2.0: ingest jobs; sandbox-salesforce.md 3"
        add("POST", _ROOT, self.create, source)
        add("GET", _ROOT, self.list, source)
        add("GET", _ROOT + "/{job}", self.info, source)
        add("PATCH", _ROOT + "/{job}", self.close, source)
        add("DELETE", _ROOT + "/{job}", self.delete, source)
        add("PUT", _ROOT + "/{job}/batches", self.upload, source)
        add("GET", _ROOT + "/{job}/successfulResults", self.successful, source)
        add("GET", _ROOT + "/{job}/failedResults", self.failed, source)
        add("GET", _ROOT + "/{job}/unprocessedrecords", self.unprocessed, source)

    def create(self, call: Call) -> Answer:
        wish, content = _parts(call)
        sobject = self._store.catalogue.find(str(wish.get("object", "")))
        if sobject is None:
            raise refused(400, "INVALIDJOB", f"InvalidJob : Unable to find object: {wish.get('object')}")
        operation = bulk2.choice(wish, "operation", _OPERATIONS, None)
        check_operation(sobject, next(each for each in _OPERATIONS if each == operation))
        settings = {
            "contentType": bulk2.choice(wish, "contentType", ("CSV",), "CSV"),
            "columnDelimiter": bulk2.choice(wish, "columnDelimiter", tuple(DELIMITERS), "COMMA"),
            "lineEnding": bulk2.choice(wish, "lineEnding", tuple(LINE_ENDINGS), "LF"),
        }
        if operation == "upsert":
            name = wish.get("externalIdFieldName")
            if not isinstance(name, str):
                raise refused(400, "INVALIDJOB", "InvalidJob : externalIdFieldName is required for upsert")
            settings["externalIdFieldName"] = _external(sobject, name)
        if isinstance(wish.get("assignmentRuleId"), str):
            settings["assignmentRuleId"] = str(wish["assignmentRuleId"])
        job = self._jobs.add(KIND, operation, sobject.name, call.version, JobState.OPEN, settings)
        self._data[job] = _Data()
        if content is not None:
            path = self._services.scratch.new()
            path.write_bytes(content)
            self._data[job].path = path
            self._start(job)
        return Answer(200, self._short(job))

    def list(self, call: Call) -> Answer:
        jobs = [] if call.query.get("jobType", KIND) != KIND else self._jobs.all(KIND)
        return Answer(
            200, {"done": True, "records": [self._long(job) for job in jobs], "nextRecordsUrl": None}
        )

    def info(self, call: Call) -> Answer:
        job = self._job(call)
        self._jobs.look(job)
        return Answer(200, self._long(job))

    def upload(self, call: Call) -> Answer:
        job = self._job(call)
        data = self._data[job]
        with job.lock:
            if job.state is not JobState.OPEN or data.path is not None:
                raise refused(
                    400, "INVALIDJOBSTATE", f"Uploading to a Job in state {job.state} is not allowed"
                )
            path = self._services.scratch.new()
            if call.body.path is not None:
                shutil.move(call.body.path, path)
            else:
                path.write_bytes(call.body.data)
            if path.stat().st_size > MAX_UPLOAD:
                path.unlink()
                raise refused(413, "REQUEST_ENTITY_TOO_LARGE", f"Job data is limited to {MAX_UPLOAD} bytes")
            data.path = path
        return Answer(201)

    def close(self, call: Call) -> Answer:
        job = self._job(call)
        state = bulk2.choice(call.json_object(), "state", ("UploadComplete", "Aborted"), None)
        with job.lock:
            if state == "Aborted":
                bulk2.refuse_if_over(job)
                self._jobs.move(job, JobState.ABORTED)
            elif job.state is not JobState.OPEN:
                raise refused(400, "INVALIDJOBSTATE", f"Closing a Job in state {job.state} is not allowed")
            else:
                self._start(job)
        return Answer(200, self._short(job))

    def delete(self, call: Call) -> Answer:
        job = self._job(call)
        if job.under_way:
            raise refused(400, "INVALIDJOBSTATE", f"Deleting a Job in state {job.state} is not allowed")
        self._jobs.remove(job)
        data = self._data.pop(job)
        if data.path is not None:
            data.path.unlink(missing_ok=True)
        results.drop(self._store, *tables_of(job.id))
        return Answer(204)

    def successful(self, call: Call) -> Answer:
        return self._results(call, '"sf__Id"', '"sf__Created"', failed=False)

    def failed(self, call: Call) -> Answer:
        return self._results(call, '"sf__Id"', '"sf__Error"', failed=True)

    def unprocessed(self, call: Call) -> Answer:
        job = self._job(call)
        data = self._data[job]
        if job.state is JobState.JOB_COMPLETE:
            return Answer(200, self._header(job).encode(), media_type="text/csv")
        return Answer(200, _file(data.path) if data.path else b"", media_type="text/csv")

    def _results(self, call: Call, *names: str, failed: bool) -> Answer:
        job = self._job(call)
        self._jobs.advance(job)
        if not job.state.terminal:
            status = self._store.options.early_results_status
            raise refused(
                status, "INVALIDJOBSTATE", f"Results are not available for a Job in state {job.state}"
            )
        ingested = self._data[job].ingested
        header = self._header(job, *names).encode()
        if ingested is None or not ingested.rows:
            return Answer(200, header, media_type="text/csv")
        sql = outcome_sql(job.id, len(ingested.header), _delimiter(job), _ending(job), failed=failed)
        return Answer(200, results.lines(self._services.state, header, sql), media_type="text/csv")

    def _header(self, job: Job, *names: str) -> str:
        """Return a header line: our names in quotes, those of the upload as they came (sandbox-salesforce.md 3)."""
        ingested = self._data[job].ingested
        return _delimiter(job).join([*names, *([] if ingested is None else ingested.header)]) + _ending(job)

    def _start(self, job: Job) -> None:
        self._jobs.start(job, lambda: self._run(job))

    def _run(self, job: Job) -> None:
        state = self._services.state
        address = bulk2.address(job)
        fault = state.faults.take("job-failed", "salesforce", address)
        if fault is not None:
            raise JobFailedError(
                fault.details.get("message", "InternalServerError : Retried more than ten times")
            )
        data = self._data[job]
        upload = Upload(
            name=job.id,
            path=data.path,
            sobject=self._store.sobject(job.sobject),
            operation=next(each for each in _OPERATIONS if each == job.operation),
            key=job.settings.get("externalIdFieldName", "Id"),
            delimiter=_delimiter(job),
            ending=job.settings["lineEnding"],
            user_id=USER_ID,
            forced=forced_rows(state, address),
        )
        data.ingested = ingest(self._store, upload)
        job.processed, job.failed = data.ingested.rows, data.ingested.failed
        if data.path is not None:
            data.path.unlink(missing_ok=True)
            data.path = None

    def _job(self, call: Call) -> Job:
        return bulk2.find(self._jobs, KIND, call)

    def _short(self, job: Job) -> dict[str, object]:
        own = {
            name: value
            for name, value in job.settings.items()
            if name in {"externalIdFieldName", "assignmentRuleId"}
        }
        content = f"services/data/v{job.version}/jobs/ingest/{job.id}/batches"
        open_only = {"contentUrl": content} if job.state is JobState.OPEN else {}
        ends = {"lineEnding": job.settings["lineEnding"], "columnDelimiter": job.settings["columnDelimiter"]}
        return bulk2.short(job, USER_ID) | own | open_only | ends

    def _long(self, job: Job) -> dict[str, object]:
        known: dict[str, object] = {
            "jobType": KIND,
            "numberRecordsProcessed": job.processed,
            "numberRecordsFailed": job.failed,
            "retries": 0,
            "totalProcessingTime": 0,
            "apiActiveProcessingTime": 0,
            "apexProcessingTime": 0,
        }
        return self._short(job) | known | ({"errorMessage": job.error} if job.error else {})


def _parts(call: Call) -> tuple[dict[str, object], bytes | None]:
    """Return what a job is to be, and its data when both came in one multipart request."""
    kind = call.headers.get("content-type", "")
    if not kind.lower().startswith("multipart/"):
        return call.json_object(), None
    head = f"Content-Type: {kind}\r\n\r\n".encode()
    parsed = BytesParser(policy=HTTP).parsebytes(head + call.body.bytes())
    parts: dict[str, bytes] = {}
    for part in parsed.iter_parts():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(content, bytes):
            parts[name] = content
    if "job" not in parts or "content" not in parts:
        raise refused(400, "INVALIDJOB", "A multipart request needs the parts job and content")
    return Call("POST", call.path, call.base, body=Body(parts["job"])).json_object(), parts["content"]


def _external(sobject: SObject, name: str) -> str:
    try:
        return external_field(sobject, name).name
    except ApiError:
        words = f"InvalidJob : Field name provided, {name} does not match an External ID for {sobject.name}"
        raise refused(400, "INVALIDJOB", words) from None


def _file(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            yield chunk


def _delimiter(job: Job) -> str:
    return DELIMITERS[job.settings["columnDelimiter"]]


def _ending(job: Job) -> str:
    return LINE_ENDINGS[job.settings["lineEnding"]]
