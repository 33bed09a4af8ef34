"""Luigi's own task history, in PostgreSQL, by a thread of its own: a database that is down delays nobody.

Luigi 3.8.1 writes it within the scheduler's one thread, and does not start without the database.
"""

from __future__ import annotations

import logging
import threading
import warnings
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from queue import Full, Queue
from typing import Any

import sqlalchemy
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import sessionmaker

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # luigi 3.8.1 takes names that SQLAlchemy has moved
    from luigi import db_task_history
    from luigi.db_task_history import DbTaskHistory, TaskEvent, TaskParameter, TaskRecord

__all__ = ["History"]

log = logging.getLogger(__name__)

SCHEMA = "luigi"
"""Luigi calls its tables `tasks` and the like; in a schema of their own they are in nobody's way."""
_WAITING = 10_000
_REMEMBERED = 10_000
_RETRY_S = 5.0


@dataclass(frozen=True, slots=True)
class _Event:
    task_id: str
    family: str
    parameters: dict[str, str]
    name: str
    host: str | None
    at: datetime


class History(DbTaskHistory):
    """Luigi's tables and pages. Events wait in memory while the database is away; `lost` counts those too many."""

    def __init__(self, url: str) -> None:
        # Not super's: it connects, and it is there that it crashes.
        self.engine = sqlalchemy.create_engine(
            sqlalchemy.make_url(url).set(drivername="postgresql+psycopg"),
            pool_pre_ping=True,
            pool_size=2,
            connect_args={"connect_timeout": 3, "options": f"-c search_path={SCHEMA}"},
        )
        self.session_factory = sessionmaker(bind=self.engine, expire_on_commit=False)
        self.tasks: dict[str, Any] = {}
        self.lost = 0
        self._events: Queue[_Event | None] = Queue(_WAITING)
        self._records: OrderedDict[str, int] = OrderedDict()
        self._ended = threading.Event()
        self._told = False
        self._thread = threading.Thread(target=self._work, name="task-history", daemon=True)
        self._thread.start()

    def task_scheduled(self, task: Any) -> None:
        self._put(task, "PENDING")

    def task_started(self, task: Any, worker_host: str | None) -> None:
        self._put(task, "RUNNING", worker_host)

    def task_finished(self, task: Any, successful: bool) -> None:
        self._put(task, "DONE" if successful else "FAILED")

    def close(self, timeout_s: float = 5.0) -> None:
        """Write what waits, as far as that is done in time."""
        try:
            self._events.put_nowait(None)
        except Full:
            self._ended.set()
        self._thread.join(timeout_s)
        self._ended.set()

    def _put(self, task: Any, name: str, host: str | None = None) -> None:
        at = datetime.now(UTC).replace(tzinfo=None)  # the column holds no zone
        try:
            self._events.put_nowait(_Event(task.id, task.family, dict(task.public_params), name, host, at))
        except Full:
            self.lost += 1

    def _work(self) -> None:
        while not self._ended.is_set() and not self._done(self._prepare):
            self._ended.wait(_RETRY_S)
        while not self._ended.is_set() and (event := self._events.get()) is not None:
            while not self._ended.is_set() and not self._done(lambda event=event: self._save(event)):  # type: ignore[misc]  # bound now
                self._ended.wait(_RETRY_S)

    def _done(self, work: Callable[[], None]) -> bool:
        """Whether the database has it; False while it is away."""
        try:
            work()
        except sqlalchemy.exc.OperationalError as error:
            if not self._told:  # its own words may quote the address
                log.warning("the task history waits for its database (%s); tasks go on", type(error).__name__)
            self._told = True
            return False
        except SQLAlchemyError as error:
            self.lost += 1
            log.warning("the task history could not be written: %s", type(error).__name__)
            return True
        if self._told:
            log.info("the task history is written again")
        self._told = False
        return True

    def _prepare(self) -> None:
        with self.engine.begin() as connection:
            connection.execute(sqlalchemy.schema.CreateSchema(SCHEMA, if_not_exists=True))
        db_task_history.Base.metadata.create_all(self.engine)

    def _save(self, event: _Event) -> None:
        with self.session_factory.begin() as session:
            known = self._records.get(event.task_id)
            record: Any = session.get(TaskRecord, known) if known else None
            if record is None:
                record = TaskRecord(task_id=event.task_id, name=event.family)
                for name, value in event.parameters.items():
                    record.parameters[name] = TaskParameter(name=name, value=value)
                session.add(record)
            if event.host:
                record.host = event.host
            session.flush()
            session.add(TaskEvent(task_id=record.id, event_name=event.name, ts=event.at))
            key = record.id
        self._records[event.task_id] = key
        self._records.move_to_end(event.task_id)
        if len(self._records) > _REMEMBERED:
            self._records.popitem(last=False)
