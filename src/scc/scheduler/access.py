"""Who may call what: a pure verdict over a request's method, path and headers.

Two kinds of callers: jobs show a bearer token and may call all of Luigi's RPC; people type a password
and may read, and do what the buttons of the pages do.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from ipaddress import ip_address
from urllib.parse import urlsplit

__all__ = ["Access", "Refusal", "is_loopback"]

OPEN = frozenset({"/healthz", "/metrics"})
"""Counts and a sign of life, for a kubelet and for Prometheus: no credential, and nothing worth one."""

_READING = frozenset(
    {
        "count_pending",
        "dep_graph",
        "fetch_error",
        "get_running_task_resources",
        "get_task_progress_percentage",
        "get_task_status_message",
        "graph",
        "has_task_history",
        "inverse_dep_graph",
        "is_pause_enabled",
        "is_paused",
        "resource_list",
        "task_list",
        "task_search",
        "worker_list",
    }
)
_BUTTONS = frozenset(
    {
        "disable_worker",
        "forgive_failures",
        "mark_as_done",
        "pause",
        "re_enable_task",
        "unpause",
        "update_resource",
    }
)
_NEVER = frozenset({"send_scheduler_message", "set_worker_processes", "update_metrics_task_started"})
"""What would make a worker do something else than its own run, or has no meaning over HTTP."""


class _Caller(Enum):
    JOB = "job"
    PERSON = "person"
    ANYBODY = "anybody"
    """On this machine's own address, where no credential is configured."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """`reason` is for the caller and for the log: no value that they sent."""

    status: int
    reason: str


@dataclass(frozen=True, slots=True)
class Access:
    """The credentials that open the doors; without any, callers must name this machine as the host."""

    token: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)

    def judge(self, method: str, path: str, headers: Mapping[str, str]) -> Refusal | None:
        """None where the request may pass. `headers` must ignore case, as Tornado's do."""
        if path in OPEN:
            return None if method in {"GET", "HEAD"} else Refusal(405, "only GET")
        caller = self._caller(headers)
        if caller is None:
            return Refusal(401, "a credential is needed")
        if caller is _Caller.ANYBODY and not is_loopback(_host(headers.get("Host", ""))):
            # A name that an attacker's DNS leads here would make their page ours.
            return Refusal(403, "without a credential only this machine's own names are served")
        if path.startswith("/api/"):
            return _judge_call(caller, method, path.removeprefix("/api/"), headers)
        return None if method in {"GET", "HEAD"} else Refusal(405, "only GET")

    def _caller(self, headers: Mapping[str, str]) -> _Caller | None:
        if self.token is None and self.password is None:
            return _Caller.ANYBODY
        scheme, _, value = headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer" and _same(value.strip(), self.token):
            return _Caller.JOB
        if scheme.lower() == "basic" and _same(_password(value.strip()), self.password):
            return _Caller.PERSON
        return None


def _judge_call(caller: _Caller, method: str, name: str, headers: Mapping[str, str]) -> Refusal | None:
    if name in _READING:
        return None if method in {"GET", "POST"} else Refusal(405, "GET or POST")
    if method != "POST":
        return Refusal(405, "what changes the scheduler's state takes POST")
    if not _own_page(headers):
        return Refusal(403, "the call comes from another site's page")
    if name in _NEVER:
        return Refusal(403, "this call is closed")
    if caller is _Caller.PERSON and name not in _BUTTONS:
        return Refusal(403, "only jobs make this call, with the token")
    return None


def _own_page(headers: Mapping[str, str]) -> bool:
    """Whether a browser that sent this shows a page of ours, or no browser did."""
    if headers.get("Sec-Fetch-Site", "none") not in {"same-origin", "none"}:
        return False
    page = headers.get("Origin") or headers.get("Referer")
    return page is None or urlsplit(page).netloc.lower() == headers.get("Host", "").lower()


def is_loopback(host: str) -> bool:
    """Whether a host's name or address means this machine alone."""
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _host(header: str) -> str:
    try:
        return urlsplit(f"//{header}").hostname or ""
    except ValueError:
        return ""


def _password(encoded: str) -> str:
    try:
        return base64.b64decode(encoded, validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _same(given: str, wanted: str | None) -> bool:
    return wanted is not None and hmac.compare_digest(given.encode(), wanted.encode())
