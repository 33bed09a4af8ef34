"""Who is told what, and when: one message for a trouble, a count for its repetitions, silence when all is well."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from scc.core.runs import format_moment, parse_moment
from scc.monitoring.messages.channel import Channel, NotSentError
from scc.monitoring.messages.compose import Composer, Earlier
from scc.monitoring.messages.memory import Memory, Told
from scc.settings import Slack
from scc.store.runs import RunRecord, RunState

__all__ = ["Notices"]

_log = logging.getLogger(__name__)
_EVENTS = {
    RunState.FAILED: "failed",
    RunState.STOPPED: "stopped",
    RunState.INTERRUPTED: "interrupted",
    RunState.DONE: "done",
    RunState.NOTHING_TO_DO: "nothing-to-do",
}


class Notices:
    """A RunObserver that sends messages over one channel. What can't be sent is logged, and told with the next."""

    def __init__(
        self,
        channel: Channel,
        composer: Composer,
        memory: Memory,
        settings: Slack,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._channel = channel
        self._composer = composer
        self._memory = memory
        self._settings = settings
        self._now = now

    def lost(self, record: RunRecord) -> None:
        if "lost" in self._settings.events:
            self._bad(record, "lost")

    def started(self, record: RunRecord) -> None:
        """Nobody wants to know."""

    def ended(self, record: RunRecord) -> None:
        event = _EVENTS.get(record.state)
        if event is None:
            return
        if record.state.good:
            self._good(record, event)
        elif event in self._settings.events:
            self._bad(record, event)

    def _good(self, record: RunRecord, event: str) -> None:
        with self._memory.of(record.pipeline) as told:
            earlier = Earlier(told.held, told.held_since)
            if told.event and "recovered" in self._settings.events:
                event = "recovered"
            told.event = told.run = told.digest = told.at = told.held_since = ""
            told.held = 0
        if event in self._settings.events:
            self._send(record, event, earlier)

    def _bad(self, record: RunRecord, event: str) -> None:
        now = self._now()
        with self._memory.of(record.pipeline) as told:
            earlier = Earlier(told.held, told.held_since)
            silent = self._is_known(told, record, event, now)
            # Held until it is sent: a message that fails is told of by the next.
            told.held, told.held_since = told.held + 1, told.held_since or format_moment(now)
        if silent or not self._send(record, event, earlier):
            return
        with self._memory.of(record.pipeline) as told:
            told.event, told.run, told.at = event, str(record.run), format_moment(now)
            told.digest = record.plan_digest or ""
            told.held, told.held_since = 0, ""

    def _is_known(self, told: Told, record: RunRecord, event: str, now: datetime) -> bool:
        """Whether a message has told of this already, or so lately that a count with the next will do."""
        if event != told.event:
            return False
        if event == "stopped" and (told.run, told.digest) == (str(record.run), record.plan_digest):
            return True
        return now - parse_moment(told.at) < timedelta(minutes=self._settings.group_minutes)

    def _send(self, record: RunRecord, event: str, earlier: Earlier) -> bool:
        if not self._memory.take_place(self._now(), self._settings.per_hour):
            _log.warning("no message about %s: there were %d in an hour", record.run, self._settings.per_hour)
            return False
        try:
            self._channel.send(self._composer.message(record, event, earlier))
        except NotSentError as error:
            _log.warning("no message about %s: %s", record.run, error)
            return False
        return True
