"""Which moment a run in a cluster stands for, where nobody names it: from its Job's name, or from what is on record.

A pod that is started again for the same Job must find the same moment, whatever the time is then.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from scc.core.runs import RunId, format_moment, parse_moment
from scc.flow import guard
from scc.store.files import read_json, write_json
from scc.store.runs import RunRecord, RunState, Store

__all__ = ["job_moment", "scheduled_moment"]

_SUFFIX = re.compile(r"-(\d{8,9})$")
_EARLIEST = timedelta(days=400)
_LATEST = timedelta(hours=1)
_UNFINISHED = {RunState.FAILED, RunState.INTERRUPTED, RunState.LOST, RunState.RUNNING}
_KEPT = timedelta(days=60)


def scheduled_moment(job: str, now: datetime) -> datetime | None:
    """The moment in the name that a CronJob gives its Job: minutes since 1970 behind the last hyphen.

    None for a name that holds none, or one too far from now to be meant as one (`rerun-20261123`).
    """
    found = _SUFFIX.search(job)
    if found is None:
        return None
    moment = datetime.fromtimestamp(int(found[1]) * 60, UTC)
    return moment if now - _EARLIEST < moment < now + _LATEST else None


def job_moment(store: Store, pipeline: str, digest: str, *, job: str, uid: str, now: datetime) -> datetime:
    """The moment for a Job, "" for none. `digest` is of the pipeline's configuration, `uid` the Job's own id.

    A Job of a CronJob's making names its moment. One that a person made goes on with what waits for
    that: a plan that was approved, or the newest run if it did not end well; else it is a run of now,
    to the minute. Its choice is kept beside the runs, for the next pod of the same Job.
    """
    if moment := scheduled_moment(job, now):
        return moment
    if not (job or uid):
        return _waiting(store, pipeline, digest) or _minute(now)
    name = re.sub(r"[^A-Za-z0-9.-]", "_", uid or job)
    note = store.root / pipeline / ".jobs" / f"{name}.json"
    if kept := _kept(note, store, pipeline):
        return kept
    moment = _waiting(store, pipeline, digest) or _minute(now)
    note.parent.mkdir(parents=True, exist_ok=True)
    _forget_old(note.parent, now)
    write_json(note, {"job": job, "moment": format_moment(moment)})
    return moment


def _kept(note: Path, store: Store, pipeline: str) -> datetime | None:
    """What an earlier pod of this Job chose; a Job whose run ended well is another one of the same name."""
    known = read_json(note)
    if known is None:
        return None
    moment = parse_moment(str(known["moment"]))
    record = store.read(RunId(pipeline, moment))
    return None if record and record.state.good else moment


def _waiting(store: Store, pipeline: str, digest: str) -> datetime | None:
    for record in _since_last_good(store, pipeline):
        if record.config_digest == digest and _is_approved(store, record):
            return record.run.moment
    newest = next(store.runs(pipeline), None)
    if newest and newest.state in _UNFINISHED and newest.config_digest == digest:
        return newest.run.moment
    return None


def _since_last_good(store: Store, pipeline: str) -> Iterator[RunRecord]:
    for record in store.runs(pipeline):
        if record.state.good:
            return
        yield record


def _is_approved(store: Store, record: RunRecord) -> bool:
    return record.state is RunState.STOPPED and guard.is_approved(store, record.run)


def _minute(now: datetime) -> datetime:
    return now.astimezone(UTC).replace(second=0, microsecond=0)


def _forget_old(folder: Path, now: datetime) -> None:
    for path in folder.glob("*.json"):
        if now.timestamp() - path.stat().st_mtime > _KEPT.total_seconds():
            path.unlink(missing_ok=True)
