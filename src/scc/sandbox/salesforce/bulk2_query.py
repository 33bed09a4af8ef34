"""Bulk API 2.0 query jobs (sandbox-salesforce.md 3)."""

from __future__ import annotations

import base64
import binascii
from weakref import WeakKeyDictionary

from scc.sandbox.salesforce import bulk2, results
from scc.sandbox.salesforce.calls import Answer, Call, whole_number
from scc.sandbox.salesforce.errors import JobFailedError, refused
from scc.sandbox.salesforce.jobs import Job, JobState
from scc.sandbox.salesforce.services import Services
from scc.sandbox.salesforce.soql.csv_text import DELIMITERS, LINE_ENDINGS, header, lines_sql
from scc.sandbox.salesforce.soql.plan import Plan
from scc.sandbox.salesforce.store import USER_ID

KIND = "V2Query"
PAGE = 50_000
PAGES_AT_ONCE = 5
_ROOT = "/services/data/v{version}/jobs/query"


class Bulk2Query:
    def __init__(self, services: Services) -> None:
        self._services = services
        self._store = services.store
        self._jobs = services.jobs
        self._plans: WeakKeyDictionary[Job, Plan] = WeakKeyDictionary()

    def add_routes(self) -> None:
        add = self._services.router.add
        source = "Bulk API 2.0: query jobs; sandbox-salesforce.md 3"
        add("POST", _ROOT, self.create, source)
        add("GET", _ROOT, self.list, source)
        add("GET", _ROOT + "/{job}", self.info, source)
        add("PATCH", _ROOT + "/{job}", self.abort, source)
        add("DELETE", _ROOT + "/{job}", self.delete, source)
        add("GET", _ROOT + "/{job}/results", self.results, source)
        add("GET", _ROOT + "/{job}/resultPages", self.result_pages, source)

    def create(self, call: Call) -> Answer:
        wish = call.json_object()
        operation = bulk2.choice(wish, "operation", ("query", "queryAll"), None)
        settings = {
            "contentType": bulk2.choice(wish, "contentType", ("CSV",), "CSV"),
            "columnDelimiter": bulk2.choice(wish, "columnDelimiter", tuple(DELIMITERS), "COMMA"),
            "lineEnding": bulk2.choice(wish, "lineEnding", tuple(LINE_ENDINGS), "LF"),
        }
        soql = wish.get("query")
        if not isinstance(soql, str) or not soql.strip():
            raise refused(400, "INVALIDJOB", "The query field is required")
        plan = self._services.queries.plan(soql, include_deleted=operation == "queryAll")
        if plan.bulk_refusal is not None:
            raise refused(400, *plan.bulk_refusal)
        job = self._jobs.add(KIND, operation, plan.sobject.name, call.version, JobState.OPEN, settings)
        self._plans[job] = plan
        self._jobs.start(job, lambda: self._run(job, plan))
        return Answer(200, _short(job))

    def list(self, call: Call) -> Answer:
        jobs = [] if call.query.get("jobType", KIND) != KIND else self._jobs.all(KIND)
        return Answer(
            200, {"done": True, "records": [self._long(job) for job in jobs], "nextRecordsUrl": None}
        )

    def info(self, call: Call) -> Answer:
        job = self._job(call)
        self._jobs.look(job)
        return Answer(200, self._long(job))

    def abort(self, call: Call) -> Answer:
        job = self._job(call)
        bulk2.choice(call.json_object(), "state", ("Aborted",), None)
        with job.lock:
            bulk2.refuse_if_over(job)
            self._jobs.move(job, JobState.ABORTED)
        return Answer(200, _short(job))

    def delete(self, call: Call) -> Answer:
        job = self._job(call)
        if not job.state.terminal:
            raise refused(400, "INVALIDJOBSTATE", f"Deleting a Job in state {job.state} is not allowed")
        self._jobs.remove(job)
        results.drop(self._store, job.id)
        return Answer(204)

    def results(self, call: Call) -> Answer:
        job = self._complete(call)
        start = _start(call.query.get("locator"), job)
        size = whole_number(call.query["maxRecords"], "maxRecords") if "maxRecords" in call.query else PAGE
        end = min(start + max(size, 1), job.processed)
        head = header(self._plans[job], _delimiter(job), _ending(job)).encode()
        return Answer(
            200,
            results.stream(self._services.state, job.id, head, start, end),
            {
                "Sforce-NumberOfRecords": str(end - start),
                "Sforce-Locator": _locator(end) if end < job.processed else "null",
            },
            "text/csv",
        )

    def result_pages(self, call: Call) -> Answer:
        job = self._complete(call)
        address = f"{call.root}/jobs/query/{job.id}"
        start = _start(call.query.get("locator"), job)
        starts = list(range(start, max(job.processed, start + 1), PAGE))
        pages = [f"{address}/results" + (f"?locator={_locator(each)}" if each else "") for each in starts]
        after = starts[PAGES_AT_ONCE] if len(starts) > PAGES_AT_ONCE else None
        return Answer(
            200,
            {
                "resultPages": [{"resultUrl": page} for page in pages[:PAGES_AT_ONCE]],
                "nextRecordsUrl": None
                if after is None
                else f"{address}/resultPages?locator={_locator(after)}",
                "done": after is None,
            },
        )

    def _run(self, job: Job, plan: Plan) -> None:
        fault = self._services.state.faults.take("job-failed", "salesforce", bulk2.address(job))
        if fault is not None:
            raise JobFailedError(fault.details.get("message", "Failed to process query: QUERY_TIMEOUT"))
        job.processed = results.keep(
            self._store, job.id, lines_sql(plan, _delimiter(job), _ending(job)), plan.params
        )

    def _job(self, call: Call) -> Job:
        return bulk2.find(self._jobs, KIND, call)

    def _complete(self, call: Call) -> Job:
        job = self._job(call)
        self._jobs.advance(job)
        if job.state is not JobState.JOB_COMPLETE:
            status = self._store.options.early_results_status
            raise refused(
                status, "INVALIDJOBSTATE", f"Results are not available for a Job in state {job.state}"
            )
        return job

    def _long(self, job: Job) -> dict[str, object]:
        known: dict[str, object] = {
            "jobType": KIND,
            "numberRecordsProcessed": job.processed,
            "retries": 0,
            "totalProcessingTime": 0,
            "isPkChunkingSupported": True,
        }
        return _short(job) | known | ({"errorMessage": job.error} if job.error else {})


def _short(job: Job) -> dict[str, object]:
    return bulk2.short(job, USER_ID) | {
        "lineEnding": job.settings["lineEnding"],
        "columnDelimiter": job.settings["columnDelimiter"],
    }


def _delimiter(job: Job) -> str:
    return DELIMITERS[job.settings["columnDelimiter"]]


def _ending(job: Job) -> str:
    return LINE_ENDINGS[job.settings["lineEnding"]]


def _locator(start: int) -> str:
    return base64.urlsafe_b64encode(str(start).encode()).decode().rstrip("=")


def _start(locator: str | None, job: Job) -> int:
    if not locator:
        return 0
    try:
        start = int(base64.urlsafe_b64decode(locator + "=" * (-len(locator) % 4)).decode())
    except (binascii.Error, ValueError):
        start = -1
    if not 0 <= start < max(job.processed, 1):
        raise refused(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
    return start
