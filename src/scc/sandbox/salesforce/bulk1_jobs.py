"""Jobs and batches of Bulk API 1.0: what they are asked to be, and what is told of them (sandbox-salesforce.md 4)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree as ET

from scc.sandbox.salesforce.calls import Call
from scc.sandbox.salesforce.catalogue import Catalogue
from scc.sandbox.salesforce.errors import BulkError
from scc.sandbox.salesforce.jobs import Job, JobState
from scc.sandbox.salesforce.soql.plan import Plan

KIND = "ClassicBatch"
OPERATIONS = ("insert", "update", "upsert", "delete", "hardDelete", "query", "queryAll")
CONTENT_TYPES = ("CSV", "JSON")
_ELEMENT_ORDER = (
    "operation",
    "object",
    "externalIdFieldName",
    "concurrencyMode",
    "assignmentRuleId",
    "contentType",
)
_CHUNKING = re.compile(r"chunkSize\s*=\s*(\d{1,7})", re.IGNORECASE)
DEFAULT_CHUNK, MAX_CHUNK = 100_000, 250_000


@dataclass(eq=False)
class Batch:
    """One batch; its states are those of a job in the registry.

    `path` is the file of what was sent. `split` marks a query that became several, `within` the ids that one of
    those is about.
    """

    job: Job
    path: Path
    split: bool = False
    within: tuple[str, str | None] | None = None
    plan: Plan | None = None
    result_id: str | None = None
    header: list[str] = field(default_factory=list)


@dataclass(eq=False)
class BulkJob:
    id: str
    operation: str
    sobject: str
    content_type: str
    concurrency: str
    external: str | None
    version: str
    user_id: str
    created: dt.datetime
    state: str = "Open"
    chunk: int | None = None
    batches: list[Batch] = field(default_factory=list)

    @property
    def is_query(self) -> bool:
        return self.operation in {"query", "queryAll"}

    @property
    def as_json(self) -> bool:
        return self.content_type == "JSON"

    def info(self) -> dict[str, object]:
        """Return the fields of a jobInfo, in the order of the XML schema."""
        states = [batch_state(batch) for batch in self.batches]
        moved = max((batch.job.modified for batch in self.batches), default=self.created)
        return {
            "id": self.id,
            "operation": self.operation,
            "object": self.sobject,
            "createdById": self.user_id,
            "createdDate": self.created,
            "systemModstamp": moved,
            "state": self.state,
            "externalIdFieldName": self.external,
            "concurrencyMode": self.concurrency,
            "contentType": self.content_type,
            "numberBatchesQueued": states.count("Queued"),
            "numberBatchesInProgress": states.count("InProgress"),
            "numberBatchesCompleted": states.count("Completed"),
            "numberBatchesFailed": states.count("Failed"),
            "numberBatchesTotal": len(states),
            "numberRecordsProcessed": sum(batch.job.processed for batch in self.batches),
            "numberRetries": 0,
            "apiVersion": float(self.version),
            "numberRecordsFailed": sum(batch.job.failed for batch in self.batches),
            "totalProcessingTime": 0,
            "apiActiveProcessingTime": 0,
            "apexProcessingTime": 0,
        }

    def batch_info(self, batch: Batch) -> dict[str, object]:
        """Return the fields of a batchInfo, in the order of the XML schema."""
        message = "Batch was split by PK chunking" if batch.split else batch.job.error
        return {
            "id": batch.job.id,
            "jobId": self.id,
            "state": batch_state(batch),
            "stateMessage": message,
            "createdDate": batch.job.created,
            "systemModstamp": batch.job.modified,
            "numberRecordsProcessed": batch.job.processed,
            "numberRecordsFailed": batch.job.failed,
            "totalProcessingTime": 0,
            "apiActiveProcessingTime": 0,
            "apexProcessingTime": 0,
        }


def batch_state(batch: Batch) -> str:
    if batch.split:
        return "NotProcessed"
    return {
        JobState.JOB_COMPLETE: "Completed",
        JobState.FAILED: "Failed",
        JobState.IN_PROGRESS: "InProgress",
        JobState.ABORTED: "NotProcessed",
    }.get(batch.job.state, "Queued")


def fields_of(call: Call, *, as_json: bool) -> dict[str, str]:
    """Return the fields of a jobInfo in a request. Raises BulkError (InvalidJob) for what cannot be read."""
    if as_json:
        return {name: str(value) for name, value in call.json_object().items() if value is not None}
    try:
        root = ET.fromstring(call.body.bytes())  # noqa: S314  # its own clients' documents
    except ET.ParseError:
        raise BulkError("InvalidXML", "The request is not well-formed XML") from None
    found = {each.tag.rpartition("}")[2]: (each.text or "").strip() for each in root}
    known = [name for name in found if name in _ELEMENT_ORDER]
    if known != sorted(known, key=_ELEMENT_ORDER.index):
        raise BulkError("InvalidJob", "Unable to parse Job")
    return found


def new_job(
    job_id: str, call: Call, wish: Mapping[str, str], catalogue: Catalogue, now: dt.datetime
) -> BulkJob:
    """Return the job that a request describes. Raises BulkError."""
    operation = wish.get("operation", "")
    if operation not in OPERATIONS:
        raise BulkError("InvalidJob", f"Invalid operation: {operation}")
    sobject = catalogue.find(wish.get("object", ""))
    if sobject is None:
        raise BulkError("InvalidJob", f"Unable to find object: {wish.get('object')}")
    content_type = wish.get("contentType", "XML").upper()
    if content_type not in CONTENT_TYPES:
        raise BulkError("InvalidJob", f"The sandbox takes jobs of CSV and JSON, not of {content_type}", 501)
    external = wish.get("externalIdFieldName")
    if operation == "upsert" and not external:
        raise BulkError("InvalidJob", "External ID was blank for upsert")
    concurrency = {"0": "Parallel", "1": "Serial"}.get(
        wish.get("concurrencyMode", "0"), wish.get("concurrencyMode", "")
    )
    job = BulkJob(
        job_id, operation, sobject.name, content_type, concurrency, external, call.version, call.user_id, now
    )
    job.chunk = _chunk(call) if job.is_query else None
    return job


def _chunk(call: Call) -> int | None:
    header = call.headers.get("sforce-enable-pkchunking", "")
    size = _CHUNKING.search(header)
    if size:
        return min(max(int(size[1]), 1), MAX_CHUNK)
    return DEFAULT_CHUNK if header.strip().lower().startswith("true") else None
