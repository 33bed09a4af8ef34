"""A sign of life to a service outside: it notices also when the whole cluster is gone, and Prometheus with it."""

from __future__ import annotations

import urllib3

from scc.monitoring.web import request
from scc.store.runs import RunRecord

__all__ = ["Heartbeat"]

TIMEOUT_S = 3.0


class Heartbeat:
    """A RunObserver that calls `url`, with {pipeline} filled in: /start, nothing, or /fail at its end."""

    def __init__(self, url: str) -> None:
        self._url = url

    def lost(self, record: RunRecord) -> None:
        self._beat(record, "/fail")

    def started(self, record: RunRecord) -> None:
        self._beat(record, "/start")

    def ended(self, record: RunRecord) -> None:
        self._beat(record, "" if record.state.good else "/fail")

    def _beat(self, record: RunRecord, end: str) -> None:
        url = self._url.format(pipeline=record.pipeline).rstrip("/")
        status, _ = request("GET", url + end, timeout_s=TIMEOUT_S)
        if status >= 300:
            raise urllib3.exceptions.HTTPError(f"the heartbeat was answered {status}")
