"""Bulk API 1.0, as far as clients still speak it (sandbox-salesforce.md 4): jobs of CSV and JSON, queries and PK chunking."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from scc.sandbox.salesforce import bulk1_text as text
from scc.sandbox.salesforce import ids
from scc.sandbox.salesforce.bulk1_jobs import KIND, Batch, BulkJob, batch_state, fields_of, new_job
from scc.sandbox.salesforce.bulk1_work import BatchWork
from scc.sandbox.salesforce.calls import Answer, Call
from scc.sandbox.salesforce.errors import BulkError
from scc.sandbox.salesforce.jobs import JobState
from scc.sandbox.salesforce.services import Services

MAX_BATCH_BYTES = 10_000_000
_ROOT = "/services/async/{version}/job"


class Bulk1:
    def __init__(self, services: Services) -> None:
        self._services = services
        self._store = services.store
        self._jobs = services.jobs
        self._work = BatchWork(services.store, services.queries)

    def add_routes(self) -> None:
        def add(method: str, path: str, handler: Callable[[Call], Answer]) -> None:
            self._services.router.add(
                method, _ROOT + path, handler, "Bulk API 1.0; sandbox-salesforce.md 4", "bulk1"
            )

        add("POST", "", self.create)
        add("GET", "/{job}", self.info)
        add("POST", "/{job}", self.close)
        add("POST", "/{job}/batch", self.add_batch)
        add("GET", "/{job}/batch", self.batches)
        add("GET", "/{job}/batch/{batch}", self.batch_info)
        add("GET", "/{job}/batch/{batch}/request", self.request)
        add("GET", "/{job}/batch/{batch}/result", self.result)
        add("GET", "/{job}/batch/{batch}/result/{result}", self.query_result)

    def create(self, call: Call) -> Answer:
        as_json = text.wants_json(call)
        wish = fields_of(call, as_json=as_json)
        job = new_job(self._jobs.new_id(), call, wish, self._store.catalogue, self._store.now())
        self._services.bulk_jobs[job.id] = job
        return text.info_answer("jobInfo", job.info(), as_json=as_json, status=201)

    def info(self, call: Call) -> Answer:
        return text.info_answer("jobInfo", self._job(call).info(), as_json=text.wants_json(call))

    def close(self, call: Call) -> Answer:
        job = self._job(call)
        as_json = text.wants_json(call)
        state = fields_of(call, as_json=as_json).get("state", "")
        if state not in {"Closed", "Aborted"}:
            raise BulkError("InvalidJob", f"Invalid job state: {state}")
        if job.state != "Open":
            raise BulkError("InvalidJobState", f"Job is not open: {job.state}")
        job.state = state
        if state == "Aborted":
            for batch in job.batches:
                if batch.job.under_way:
                    self._jobs.move(batch.job, JobState.ABORTED)
        return text.info_answer("jobInfo", job.info(), as_json=as_json)

    def add_batch(self, call: Call) -> Answer:
        job = self._job(call)
        if job.state != "Open":
            raise BulkError("InvalidJobState", f"Job is not open: {job.state}")
        path = self._services.scratch.new()
        if call.body.path is not None:
            shutil.move(call.body.path, path)
        else:
            path.write_bytes(call.body.data)
        if path.stat().st_size > MAX_BATCH_BYTES:
            raise BulkError("ClientInputError", "Request data size exceeds the limit of 10000000 bytes")
        batch = self._new_batch(job, path)
        queued = job.batch_info(batch) | {"state": "Queued", "stateMessage": None}
        if job.chunk is None:
            self._start(job, batch)
        else:
            batch.split = True
            for span in self._work.ranges(job):
                part = self._new_batch(job, path)
                part.within = span
                self._start(job, part)
        return text.info_answer("batchInfo", queued, as_json=job.as_json, status=201)

    def batches(self, call: Call) -> Answer:
        job = self._job(call)
        for batch in job.batches:
            self._jobs.look(batch.job)
        return text.list_answer([job.batch_info(batch) for batch in job.batches], as_json=job.as_json)

    def batch_info(self, call: Call) -> Answer:
        job, batch = self._batch(call)
        self._jobs.look(batch.job)
        return text.info_answer("batchInfo", job.batch_info(batch), as_json=job.as_json)

    def request(self, call: Call) -> Answer:
        job, batch = self._batch(call)
        kind = text.JSON_TYPE if job.as_json else text.CSV_TYPE
        return Answer(200, batch.path.read_bytes(), media_type=kind)

    def result(self, call: Call) -> Answer:
        job, batch = self._completed(call)
        if job.is_query:
            found = [batch.result_id] if batch.result_id else []
            return text.result_list_answer(found, as_json=job.as_json)
        if job.as_json:
            return Answer(200, self._work.write_json(batch), media_type=text.JSON_TYPE)
        return Answer(200, self._work.write_csv(batch), media_type=text.CSV_TYPE)

    def query_result(self, call: Call) -> Answer:
        job, batch = self._completed(call)
        if batch.result_id is None or call["result"][:15] != batch.result_id:
            raise BulkError("InvalidUrl", "Invalid result id")
        body: Iterator[bytes] = (
            self._work.query_json(job, batch) if job.as_json else self._work.query_csv(batch)
        )
        return Answer(200, body, media_type=text.JSON_TYPE if job.as_json else text.CSV_TYPE)

    def _new_batch(self, job: BulkJob, path: Path) -> Batch:
        added = self._jobs.add(KIND, job.operation, job.sobject, job.version, JobState.OPEN, {}, prefix="751")
        batch = Batch(added, path)
        job.batches.append(batch)
        return batch

    def _start(self, job: BulkJob, batch: Batch) -> None:
        self._jobs.start(batch.job, lambda: self._work.run(job, batch))

    def _job(self, call: Call) -> BulkJob:
        job = self._services.bulk_jobs.get(ids.normalize(call["job"]) or "")
        if job is None:
            raise BulkError("InvalidJob", f"Unable to find job: {call['job']}")
        return job

    def _batch(self, call: Call) -> tuple[BulkJob, Batch]:
        job = self._job(call)
        wanted = ids.normalize(call["batch"])
        for batch in job.batches:
            if batch.job.id == wanted:
                return job, batch
        raise BulkError("InvalidBatch", f"Unable to find batch: {call['batch']}")

    def _completed(self, call: Call) -> tuple[BulkJob, Batch]:
        job, batch = self._batch(call)
        self._jobs.advance(batch.job)
        if batch_state(batch) != "Completed":
            raise BulkError("InvalidBatch", "Batch not completed")
        return job, batch
