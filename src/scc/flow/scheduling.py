"""How the tasks of a run get their turn: from a scheduler in this process, or from the central one over HTTP.

Luigi's worker does the asking. What is mended here: a run that nobody schedules any more announces
itself again, one that must wait does wait, nothing runs that this run did not ask for, and no word of
an error leaves this process.
"""

from __future__ import annotations

import json
import logging
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, TypeAlias
from urllib.parse import urlencode

import luigi
import luigi.rpc
import luigi.scheduler
import luigi.worker
from luigi.task_status import FAILED

from scc.errors import BusyError, CredentialsError, SccError
from scc.settings import Scheduler
from scc.transport import Response, RetryPolicy, Transport
from scc.transport.explain import explain_status

__all__ = ["Scheduling", "quotas"]

log = logging.getLogger(__name__)

_PING_S = 5.0
_TELL_S = 60.0
_LOST = 5
"""How often in a row a run announces itself before it takes the scheduler for broken."""


Levels: TypeAlias = Callable[[Any], Mapping[str, int]]


class Scheduling:
    """`limits` bound what is under way at once within this process; a central scheduler has its own.

    `worker` outlives the process: whoever comes back under that name is given its own task at once.
    `levels` tells how much there is of quotas whose size changes, for a root that needs some.
    """

    def __init__(
        self,
        limits: Mapping[str, int],
        central: Scheduler | None,
        worker: str,
        levels: Levels = lambda _: {},
    ) -> None:
        self._limits = dict(limits)
        self._levels = levels
        self._central = central if central and central.url else None
        self._worker = worker

    def work(self, roots: Sequence[luigi.Task], failures: Sequence[object]) -> None:
        """Bring about one root after the other, until one is not there; `failures` fills as tasks fail.

        Raises BusyError where the wait was too long, CredentialsError and UnavailableError for the
        scheduler's own sake. Says nothing about success: that is for the outputs to tell.
        """
        scheduler = self._scheduler()
        try:
            with _Worker(scheduler, self._worker, failures, self._central, self._levels) as worker:
                for root in roots:
                    worker.bring_about(root)
                    if failures or not root.complete():
                        return
        finally:
            if isinstance(scheduler, _Remote):
                scheduler.close()

    def _scheduler(self) -> Any:
        if self._central:
            return _Remote(self._central)
        return luigi.scheduler.Scheduler(
            resources=self._limits,
            prune_on_get_work=True,
            record_task_history=False,
            stable_done_cooldown_secs=0,
        )


def quotas(central: Scheduler) -> dict[str, tuple[int, int]]:
    """What of each quota is held, and how much there is; raises as `Scheduling.work` does."""
    remote: Any = _Remote(central)
    try:
        return {one["name"]: (one["num_used"], one["num_total"]) for one in remote.resource_list()}
    finally:
        remote.close()


class _Remote(luigi.rpc.RemoteScheduler):
    """Luigi's client over SCC's own HTTP door: a token that is in no address, and patience without a flood."""

    def __init__(self, central: Scheduler) -> None:
        url = str(central.url).rstrip("/")
        super().__init__(url)
        token = central.token.get_secret_value() if central.token else None
        patient = RetryPolicy(budget_s=central.patience_minutes * 60, max_wait_s=5.0)
        self._door = _transport(token, patient, read_timeout_s=60.0)
        self._bell = _transport(token, RetryPolicy(budget_s=0.0), read_timeout_s=10.0)

    def close(self) -> None:
        super().close()
        self._door.close()
        self._bell.close()

    def release(self, worker: str, task_id: str) -> None:
        """Say that a task is no longer worked on, if the scheduler is there to hear it."""
        fields = {"worker": worker, "task_id": task_id, "status": FAILED, "runnable": False, "expl": '"left"'}
        with suppress(SccError):
            self._send(self._bell, "/api/add_task", {"data": json.dumps(fields)})

    def _fetch(self, url_suffix: str, body: Mapping[str, str]) -> str:
        # A sign of life that got lost is followed by another: only calls that matter are repeated.
        return self._send(self._bell if url_suffix == "/api/ping" else self._door, url_suffix, body)

    def _send(self, door: Transport, path: str, body: Mapping[str, str]) -> str:
        return door.request(
            "POST",
            f"{self._url}{path}",
            body=urlencode(body).encode(),
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            idempotent=True,  # as Luigi's own client has it: each call says what is, not what changes
        ).text


class _Token:
    def __init__(self, token: str | None) -> None:
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def headers(self) -> Mapping[str, str]:
        return self._headers

    def renew(self) -> bool:
        return False


def _transport(token: str | None, retry: RetryPolicy, *, read_timeout_s: float) -> Transport:
    return Transport(
        "scheduler",
        auth=_Token(token),
        retry=retry,
        connect_timeout_s=5.0,
        read_timeout_s=read_timeout_s,
        pool_size=2,
        explain=_explain,
    )


def _explain(response: Response) -> SccError:
    if response.status in {401, 403}:
        return CredentialsError(
            f"the scheduler answered {response.status}: it does not let this run in",
            hint="Let scheduler.token be the one that `scc scheduler` has.",
            system="scheduler",
            status=response.status,
        )
    return explain_status(response, "scheduler")


class _Worker(luigi.worker.Worker):
    """One run's worker. It works on its own tasks only, one at a time, in this process."""

    def __init__(
        self,
        scheduler: Any,
        worker_id: str,
        failures: Sequence[object],
        central: Scheduler | None,
        levels: Levels,
    ) -> None:
        super().__init__(
            scheduler=scheduler,
            worker_id=worker_id,
            worker_processes=1,
            ping_interval=min(_PING_S, central.worker_timeout_s / 4) if central else 3600.0,
            wait_interval=1.0,
            wait_jitter=1.0,
            timeout=0,
            check_complete_on_run=True,
            no_install_shutdown_handler=True,
            send_failure_email=False,
        )
        self._failures = failures
        self._central = central
        self._levels = levels
        self._root: luigi.Task
        self._waiting_since: float | None = None
        self._told_at = 0.0
        self._lost = 0

    def bring_about(self, root: luigi.Task) -> None:
        self._root, self._lost, self._waiting_since = root, 0, None
        try:
            self._tell_levels()
            self.add(root)
            self.run()
        except BaseException:
            self._leave()
            raise
        if self._central and not self._failures and not root.complete():
            raise BusyError(
                "the scheduler let this run go before its end",
                hint="Was its worker disabled on the scheduler's pages? Start the same run again.",
                system="scheduler",
            )

    def _leave(self) -> None:
        """Interrupted in the middle of a task: what it holds is free at once, not after a timeout."""
        if isinstance(self._scheduler, _Remote):
            for task_id in self._running_tasks:
                self._scheduler.release(self._id, task_id)
            self._running_tasks.clear()

    def _generate_worker_info(self) -> list[tuple[str, object]]:
        # Luigi would tell the user's name too.
        return [("workers", 1), ("host", socket.gethostname())]

    def _announce_scheduling_failure(self, task: luigi.Task, expl: str) -> None:
        """Nothing: a traceback may quote a record."""

    def _handle_rpc_message(self, message: object) -> None:
        """Nothing: whoever can reach the scheduler does not command this process."""

    def _get_work_task_id(self, get_work_response: Mapping[str, Any]) -> str | None:
        """The task to work on; Luigi would import and run whatever the scheduler names."""
        task_id = get_work_response.get("task_id")
        if task_id is None or task_id in self._scheduled_tasks:
            return task_id
        log.warning("the scheduler offers a task that is not of this run; it is left alone")
        self._scheduler.add_task(
            worker=self._id, task_id=task_id, status=FAILED, runnable=False, expl='"not of this run"'
        )
        return None

    def _run_task(self, task_id: str) -> None:
        self._waiting_since, self._lost = None, 0
        super()._run_task(task_id)

    def _keep_alive(self, get_work_response: Any) -> bool:
        """Whether to ask again, there being nothing to do now: others may hold a quota, or the task itself."""
        if self._central is None or self._failures or self._root.complete():
            return False
        now = time.monotonic()
        self._waiting_since = self._waiting_since or now
        if now - self._waiting_since > self._central.wait_minutes * 60:
            raise BusyError(
                f"waited {self._central.wait_minutes:g} minutes for a turn at the scheduler",
                hint="Its pages show who holds what; scheduler.wait_minutes says how long to wait.",
                system="scheduler",
            )
        if get_work_response.n_pending_tasks or get_work_response.running_tasks:
            self._lost = 0
            self._tell(now)
            return True
        return self._announce_again()

    def _tell(self, now: float) -> None:
        if now - self._told_at > _TELL_S:
            self._told_at = now
            log.info("waiting for a turn at the scheduler: others hold a quota, or this very task")
            self._tell_levels()
            # A scheduler that was killed while we announced ourselves came back knowing half of our tasks,
            # and would wait for the others' announcement for ever.
            self.add(self._root)

    def _tell_levels(self) -> None:
        """Say how much is left of the day's allowances: the scheduler shares it among all who want some."""
        for name, amount in self._levels(self._root).items():
            self._scheduler.update_resource(name, amount)

    def _announce_again(self) -> bool:
        """The scheduler no longer knows of this run: it lost its state, or took us for dead."""
        self._lost += 1
        if self._lost > _LOST or self._stop_requesting_work:
            return False
        log.info("the scheduler does not know this run; it is announced again")
        self.add(self._root)
        return True
