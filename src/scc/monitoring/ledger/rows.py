"""Records of runs as rows of the ledger's tables, and back: what comes back equals what went in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from scc.core.runs import format_moment, parse_moment
from scc.store.runs import RunRecord, RunState

__all__ = ["Row", "count_rows", "duration_rows", "export_rows", "record_of", "run_row"]

Row: TypeAlias = Mapping[Any, Any]
"""A row as SQLAlchemy gives it: by column or by its name."""

_ERROR = {
    "type": "error_type",
    "message": "error_message",
    "hint": "error_hint",
    "step": "error_step",
    "exit_code": "exit_code",
    "trace": "error_trace",
}

_COUNT = ("system", "object", "operation", "outcome", "code", "records")


def run_row(record: RunRecord) -> dict[str, Any]:
    """The row of scc_runs, without its id."""
    error = record.error or {}
    row = {
        "pipeline": record.pipeline,
        "moment": record.run.moment,
        "try": record.tries,
        "state": str(record.state),
        "started_at": parse_moment(record.started_at),
        "ended_at": parse_moment(record.ended_at) if record.ended_at else None,
        "read_all": record.full,
        "config_digest": record.config_digest,
        "plan_digest": record.plan_digest,
        "changes": record.changes,
        "approved_by": record.approved_by,
        "worker": record.worker,
        "outcomes": dict(record.outcomes),
        "versions": dict(record.versions),
        "requests": {system: dict(by) for system, by in record.requests.items()},
        "retries": dict(record.retries),
        "quota": {name: dict(one) for name, one in record.quota.items()},
        **{column: error.get(key) for key, column in _ERROR.items()},
    }
    return {name: _storable(value) for name, value in row.items()}


def count_rows(record: RunRecord) -> list[dict[str, Any]]:
    """The rows of scc_counts. Raises ValueError for counts of another shape."""
    for one in record.counts:
        if set(one) != set(_COUNT):
            raise ValueError(f"a count of {', '.join(sorted(one))}")
    return [{name: _storable(value) for name, value in one.items()} for one in record.counts]


def duration_rows(record: RunRecord) -> list[dict[str, Any]]:
    return [
        {"position": at, "step": step, "seconds": seconds}
        for at, (step, seconds) in enumerate(record.seconds.items())
    ]


def export_rows(record: RunRecord) -> list[dict[str, Any]]:
    return [{"source": source, "records": n} for source, n in record.exported.items()]


def record_of(run: Row, counts: Sequence[Row], durations: Sequence[Row], exports: Sequence[Row]) -> RunRecord:
    """The record that a run's rows were made from."""
    return RunRecord(
        pipeline=run["pipeline"],
        moment=format_moment(run["moment"]),
        state=RunState(run["state"]),
        started_at=format_moment(run["started_at"]),
        ended_at=format_moment(run["ended_at"]) if run["ended_at"] else None,
        full=run["read_all"],
        config_digest=run["config_digest"],
        plan_digest=run["plan_digest"],
        changes=run["changes"],
        outcomes=run["outcomes"],
        seconds={one["step"]: one["seconds"] for one in sorted(durations, key=lambda row: row["position"])},
        versions=run["versions"],
        error=_error(run),
        tries=run["try"],
        worker=run["worker"],
        exported={one["source"]: one["records"] for one in exports},
        counts=[{name: one[name] for name in _COUNT} for one in counts],
        approved_by=run["approved_by"],
        requests=run["requests"],
        retries=run["retries"],
        quota=run["quota"],
    )


def _error(run: Row) -> dict[str, Any] | None:
    if run["error_type"] is None:
        return None
    told = {key: run[column] for key, column in _ERROR.items()}
    # A hint may be missing and is then told as such; the rest is there or was never known.
    return {key: value for key, value in told.items() if value is not None or key == "hint"}


def _storable(value: Any) -> Any:
    """PostgreSQL takes no NUL in a text, and a vendor's code or words may hold one."""
    return value.replace("\0", "") if isinstance(value, str) else value
