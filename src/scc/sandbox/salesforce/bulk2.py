"""What query jobs and ingest jobs of Bulk API 2.0 have in common (sandbox-salesforce.md 3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scc.sandbox.salesforce.calls import Call
from scc.sandbox.salesforce.errors import not_found, refused
from scc.sandbox.salesforce.jobs import Job, Jobs, JobState
from scc.sandbox.salesforce.services import zulu

_PATHS = {"V2Query": "query", "V2Ingest": "ingest"}


def address(job: Job) -> str:
    """Return the path of a job, by which faults are aimed at it."""
    return f"/services/data/v{job.version}/jobs/{_PATHS[job.kind]}/{job.id}"


def find(jobs: Jobs, kind: str, call: Call) -> Job:
    """Return the job that a call names. Raises ApiError (404)."""
    job = jobs.find(kind, call["job"])
    if job is None:
        raise not_found()
    return job


def choice(wish: Mapping[str, Any], name: str, allowed: tuple[str, ...], default: str | None) -> str:
    """Return a setting of a job. Raises ApiError for one that is missing or none of those allowed."""
    value = wish.get(name)
    if value is None:
        if default is None:
            raise refused(400, "INVALIDJOB", f"The {name} field is required")
        return default
    if value not in allowed:
        raise refused(
            400, "API_ERROR", f"Invalid value for {name}: {value}. Allowed are {', '.join(allowed)}"
        )
    return str(value)


def refuse_if_over(job: Job) -> None:
    """Raises ApiError for a job that can't be aborted any more."""
    if job.state.terminal:
        which = "Completed" if job.state is JobState.JOB_COMPLETE else str(job.state)
        raise refused(400, "INVALIDJOBSTATE", f"Aborting already {which} Job not allowed")


def short(job: Job, user_id: str) -> dict[str, object]:
    """Return the fields of a job that every answer about it has."""
    return {
        "id": job.id,
        "operation": job.operation,
        "object": job.sobject,
        "createdById": user_id,
        "createdDate": zulu(job.created),
        "systemModstamp": zulu(job.modified),
        "state": str(job.state),
        "concurrencyMode": "Parallel",
        "contentType": "CSV",
        "apiVersion": float(job.version),
    }
