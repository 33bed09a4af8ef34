"""Records of runs to keep in a ledger."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from scc.core.runs import RunId, format_moment
from scc.store.runs import RunRecord, RunState

AT = datetime(2026, 11, 22, 10, 15, tzinfo=UTC)

COUNTS = [
    {
        "system": "eloqua",
        "object": "contact",
        "operation": "update",
        "outcome": "applied",
        "code": "",
        "records": 40,
    },
    {
        "system": "eloqua",
        "object": "contact",
        "operation": "update",
        "outcome": "rejected",
        "code": "ELQ-00040",
        "records": 2,
    },
    {
        "system": "salesforce",
        "object": "Lead",
        "operation": "update",
        "outcome": "applied",
        "code": "",
        "records": 3,
    },
]
ERROR = {
    "type": "RefusedError",
    "message": "Eloqua refused",
    "hint": None,
    "step": "apply",
    "exit_code": 3,
    "trace": ["apply.py:12 in send", "door.py:3 in call"],
}


def started(hours: float = 0, *, pipeline: str = "enrich", tries: int = 1, later_s: int = 0) -> RunRecord:
    """The entry of a try's start; a later try starts a minute after the one before."""
    moment = AT + timedelta(hours=hours)
    now = moment + timedelta(minutes=tries, seconds=later_s)
    return RunRecord.start(
        RunId(pipeline, moment), now, full=False, config_digest="c0ffee", tries=tries, worker="job-1"
    )


def ended(record: RunRecord, state: RunState = RunState.DONE, **more: object) -> RunRecord:
    """The entry of its end, with everything that a record may hold."""
    told: dict[str, object] = {
        "ended_at": format_moment(datetime.fromisoformat(record.started_at) + timedelta(seconds=30)),
        "plan_digest": "d16e57",
        "changes": 45,
        "outcomes": {"applied": 43, "rejected": 2},
        "seconds": {"export records": 4.5, "plan": 1.25, "apply": 20.125, "all": 27.5},
        "error": ERROR if state is RunState.FAILED else None,
        "exported": {"records": 100, "campaigns": 7},
        "counts": COUNTS,
        "approved_by": "ann",
        "requests": {"eloqua": {"200": 31, "429": 1}, "salesforce": {"200": 4}},
        "retries": {"eloqua": 1},
        "quota": {"salesforce_api_requests": {"used": 812, "limit": 15000}},
    }
    return replace(record, state=state, **{**told, **more})  # type: ignore[arg-type]  # names are checked by replace
