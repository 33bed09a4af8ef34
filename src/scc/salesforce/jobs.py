"""What query and ingest jobs have in common: waiting for one, ending one, telling why one failed."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Protocol, TypeVar

from scc.errors import (
    CredentialsError,
    NotFoundError,
    QuotaError,
    RefusedError,
    RemoteError,
    SccError,
    UnavailableError,
)
from scc.salesforce import answers
from scc.salesforce.door import Door
from scc.salesforce.errors import SYSTEM, reason
from scc.salesforce.models import JobState

__all__ = ["Jobs", "abort", "failure", "remove", "wait"]

_logger = logging.getLogger(__name__)

_FIRST_POLL_S = 0.5
_LAST_POLL_S = 20.0
_GROWTH = 1.5
_AGAIN = (UnavailableError, "Salesforce gave up on it; the same job may succeed later.")
_KINDS: dict[str, tuple[type[RemoteError], str]] = {
    "ExceededQuota": (QuotaError, "The day's bulk allowance is used up; it frees itself over 24 hours."),
    "InternalServerError": _AGAIN,
    "Timeout": _AGAIN,
    "TooManyLockFailure": _AGAIN,
}


class Job(Protocol):
    @property
    def id(self) -> str: ...

    @property
    def state(self) -> JobState: ...

    @property
    def error(self) -> str | None: ...


class Jobs:
    """What the two kinds of jobs are built on."""

    def __init__(self, door: Door) -> None:
        self._door = door


_J = TypeVar("_J", bound=Job)


def wait(
    door: Door,
    ask: Callable[[], _J],
    *,
    timeout_s: float | None,
    on_poll: Callable[[_J], None] | None = None,
) -> _J:
    """Ask until the job has ended, ever less often; UnavailableError when `timeout_s` is over.

    None stands for the client's own `job_timeout_s`.

    A job that outlasts the wait goes on at Salesforce: it can be waited for again by its id.
    """
    timeout_s = door.job_timeout_s if timeout_s is None else timeout_s
    deadline = door.retry.clock() + timeout_s
    pause_s = _FIRST_POLL_S
    while True:
        job = ask()
        if on_poll is not None:
            on_poll(job)
        if job.state.is_terminal:
            return job
        if door.retry.clock() + pause_s > deadline:
            raise UnavailableError(
                f"salesforce: job {job.id} is still {job.state} after {timeout_s:,.0f} s",
                hint="It goes on; wait for it again by its id, or abort it.",
                system=SYSTEM,
            )
        door.retry.sleep(pause_s)
        pause_s = min(_LAST_POLL_S, pause_s * _GROWTH)


def failure(job: Job) -> RemoteError:
    """Make the error for a job that ended otherwise than complete, with nothing done."""
    code, words = reason(job.error)
    said = ": ".join(part for part in (code, words) if part)
    kind, hint = _KINDS.get(code or "", (RefusedError, "Mend what Salesforce names, and start anew."))
    return kind(
        f"salesforce: job {job.id} ended as {job.state}" + (f": {said}" if said else ""),
        hint=hint,
        system=SYSTEM,
        code=code,
    )


def abort(door: Door, path: str) -> None:
    """End a job before its time; RefusedError where it has ended already."""
    try:
        door.call("PATCH", path, json={"state": JobState.ABORTED}, idempotent=True)
    except RefusedError as error:
        # asked twice after a cut connection, the second time of a job that the first time ended
        if not error.in_doubt or _state(door, path) is not JobState.ABORTED:
            raise


def remove(door: Door, path: str, *, quietly: bool = False) -> None:
    """Delete a job, aborting it first where it has not ended; one that is gone counts as deleted.

    `quietly` is for cleaning up: a job left behind goes away by itself after seven days.
    """
    try:
        try:
            door.call("DELETE", path)
        except NotFoundError:
            return
        except (CredentialsError, QuotaError):
            raise  # nothing that a job's state could mend
        except RefusedError as refusal:
            _end(door, path, refusal)
            door.call("DELETE", path)
    except SccError as error:
        if not quietly:
            raise
        _logger.warning("a bulk job was left behind: %s", error)


def _end(door: Door, path: str, refusal: RefusedError) -> None:
    """Abort a job that was not to be deleted; where it has ended, that was not the reason."""
    try:
        abort(door, path)
    except RefusedError:
        raise refusal from None


def _state(door: Door, path: str) -> JobState:
    return JobState.parse(answers.record(door.call("GET", path).json(), "job"))
