"""Faults on order: which of the next requests or pieces of work go wrong, and how.

Says only *that* a rule fires; what the wire or a system then does is their own part.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import asdict, dataclass, field
from random import Random
from threading import Lock
from typing import Any

from scc.sandbox.problems import UnreadableError

__all__ = ["WIRE_ACTIONS", "WORK_ACTIONS", "Fault", "Faults"]

WIRE_ACTIONS = frozenset({"status", "slow", "drop", "hang", "expire-session"})
"""Actions that meet a request."""
WORK_ACTIONS = frozenset({"sync-warning", "sync-error", "job-failed", "row-error"})
"""Actions that meet a piece of work (a sync, a job, its rows); a system asks for them by `take`."""

_FIELDS: dict[str, dict[str, type | tuple[type, ...]]] = {
    "status": {"status": int, "headers": dict, "body": object},
    "slow": {"seconds": (int, float)},
    "drop": {"after_bytes": (int, type(None))},
    "hang": {"when": str},
    "expire-session": {},
    "sync-warning": {"rejects": int, "status_code": str, "message": str},
    "sync-error": {"rejects": int, "status_code": str, "message": str},
    "job-failed": {"message": str, "rejects": int},
    "row-error": {"rows": int, "rejects": int, "status_code": str, "message": str},
}


@dataclass
class Fault:
    """One rule. `details` are the action's own fields; `times` counts down, None is for ever."""

    action: str
    system: str = "*"
    method: str = "*"
    path: str = ""
    times: int | None = 1
    after: int = 0
    probability: float = 1.0
    details: dict[str, Any] = field(default_factory=dict)
    fired: int = 0

    @classmethod
    def parse(cls, raw: object, where: str) -> Fault:
        """Raises UnreadableError, naming the rule and the field, for what is no fault."""
        if not isinstance(raw, dict):
            raise UnreadableError(f"{where}: expected an object with an action")
        action = raw.get("action")
        if action not in _FIELDS:
            raise UnreadableError(f"{where}.action: {action!r} is none of {', '.join(sorted(_FIELDS))}")
        common = {"action", "system", "method", "path", "times", "after", "probability"}
        unknown = sorted(set(raw) - common - set(_FIELDS[action]))
        if unknown:
            known = ", ".join(sorted(common | set(_FIELDS[action])))
            raise UnreadableError(f"{where}: unknown field {unknown[0]!r}; {action} knows {known}")
        fault = cls(**{key: value for key, value in raw.items() if key in common})
        fault.details = {key: raw[key] for key in _FIELDS[action] if key in raw}
        fault._check(where)
        return fault

    def _check(self, where: str) -> None:
        if self.system not in ("eloqua", "salesforce", "slack", "*"):
            raise UnreadableError(f"{where}.system: {self.system!r} is none of eloqua, salesforce, slack, *")
        try:
            re.compile(self.path)
        except (re.error, TypeError) as error:
            raise UnreadableError(f"{where}.path: no regular expression ({error})") from None
        if self.times is not None and (not _is_int(self.times) or self.times < 1):
            raise UnreadableError(
                f"{where}.times: {self.times!r} is neither a count from 1 nor null (for ever)"
            )
        if not _is_int(self.after) or self.after < 0:
            raise UnreadableError(f"{where}.after: {self.after!r} is no count from 0")
        if not isinstance(self.probability, int | float) or not 0 <= self.probability <= 1:
            raise UnreadableError(f"{where}.probability: {self.probability!r} is not between 0 and 1")
        if not isinstance(self.method, str):
            raise UnreadableError(f"{where}.method: {self.method!r} is no method")
        for key, value in self.details.items():
            if not isinstance(value, _FIELDS[self.action][key]) or isinstance(value, bool):
                raise UnreadableError(f"{where}.{key}: {value!r} is of the wrong type")
        self._check_details(where)

    def _check_details(self, where: str) -> None:
        if self.action == "status" and not 200 <= self.details.get("status", 0) <= 599:
            raise UnreadableError(f"{where}.status: an HTTP status from 200 to 599 is needed")
        if self.details.get("when", "before") not in ("before", "after"):
            raise UnreadableError(f"{where}.when: {self.details['when']!r} is neither before nor after")
        for key in ("seconds", "after_bytes", "rejects", "rows"):
            if (self.details.get(key) or 0) < 0:
                raise UnreadableError(f"{where}.{key}: {self.details[key]!r} is below 0")

    def matches(self, system: str, method: str, path: str) -> bool:
        return (
            self.system in ("*", system)
            and self.method.upper() in ("*", method.upper())
            and re.search(self.path, path, re.IGNORECASE) is not None
        )

    def to_dict(self) -> dict[str, Any]:
        raw = asdict(self)
        return {**{key: value for key, value in raw.items() if key != "details"}, **self.details}


class Faults:
    """The rules in force, and the requests that are held. The first rule that fires wins."""

    def __init__(self, seed: int = 1) -> None:
        self._lock = Lock()
        self._random = Random(seed)
        self._rules: list[Fault] = []
        self._held: dict[asyncio.Event, asyncio.AbstractEventLoop] = {}

    def add(self, raw: object) -> list[Fault]:
        """Take a list of rules as the control interface sends them; all or, with UnreadableError, none."""
        if not isinstance(raw, list):
            raise UnreadableError("faults: expected a list of rules")
        rules = [Fault.parse(rule, f"faults[{index}]") for index, rule in enumerate(raw)]
        with self._lock:
            self._rules.extend(rules)
        return rules

    def list(self) -> list[Fault]:
        with self._lock:
            return list(self._rules)

    def clear(self) -> None:
        with self._lock:
            self._rules.clear()

    def reset(self, seed: int) -> None:
        """Drop the rules, and let chance begin anew."""
        with self._lock:
            self._rules.clear()
            self._random.seed(seed)

    def take_wire(self, system: str, method: str, path: str) -> Fault | None:
        """Return the fault that meets this request, and count it as fired."""
        return self._take(WIRE_ACTIONS, system, method, path)

    def take(self, action: str | frozenset[str], system: str, path: str) -> Fault | None:
        """Return the fault of this action that meets this work (`path` is its address), and count it as fired."""
        actions = frozenset({action}) if isinstance(action, str) else action
        return self._take(actions, system, "*", path)

    def _take(self, actions: frozenset[str], system: str, method: str, path: str) -> Fault | None:
        with self._lock:
            for rule in self._rules:
                wanted = rule.action in actions and rule.times != 0
                if wanted and rule.matches(system, method, path) and self._fires(rule):
                    return rule
        return None

    def _fires(self, rule: Fault) -> bool:
        if rule.after > 0:
            rule.after -= 1
            return False
        if rule.probability < 1 and self._random.random() >= rule.probability:
            return False
        rule.fired += 1
        if rule.times is not None:
            rule.times -= 1
        return True

    def hold(self) -> asyncio.Event:
        """Return an event that `release` sets; to be called, and given back by `let_go`, in an event loop."""
        event = asyncio.Event()
        with self._lock:
            self._held[event] = asyncio.get_running_loop()
        return event

    def let_go(self, event: asyncio.Event) -> None:
        with self._lock:
            self._held.pop(event, None)

    def held(self) -> int:
        """Return how many requests hang now."""
        with self._lock:
            return len(self._held)

    def release(self) -> int:
        """End every hanging request: its connection is closed without an answer. From any thread."""
        with self._lock:
            held = dict(self._held)
            self._held.clear()
        for event, loop in held.items():
            if not loop.is_closed():
                loop.call_soon_threadsafe(event.set)
        return len(held)


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
