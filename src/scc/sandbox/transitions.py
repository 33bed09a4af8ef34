"""How work that takes its time moves on: Eloqua's syncs and Salesforce's jobs.

A system asks a `Progress` whether its work is done; it decides by itself what to call the states between.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from scc.sandbox.problems import UnreadableError

__all__ = ["Progress", "Transitions"]

Mode = Literal["immediate", "polls", "time"]


@dataclass(frozen=True)
class Transitions:
    """How long work takes: no time (done at the first look), `polls` looks at it, or `seconds` by the clock."""

    mode: Mode = "immediate"
    polls: int = 2
    seconds: float = 5.0

    @classmethod
    def parse(cls, raw: object) -> Transitions:
        """Raises UnreadableError, with the field's name, for what is no transition."""
        if not isinstance(raw, dict):
            raise UnreadableError('transitions: expected an object such as {"mode": "polls", "polls": 3}')
        unknown = sorted(set(raw) - {"mode", "polls", "seconds"})
        if unknown:
            raise UnreadableError(
                f"transitions: unknown field {unknown[0]!r}; known are mode, polls, seconds"
            )
        mode = raw.get("mode", "immediate")
        if mode not in ("immediate", "polls", "time"):
            raise UnreadableError(f"transitions.mode: {mode!r} is none of immediate, polls, time")
        polls = raw.get("polls", 2)
        if not isinstance(polls, int) or isinstance(polls, bool) or polls < 1:
            raise UnreadableError(f"transitions.polls: {polls!r} is no whole number above 0")
        seconds = raw.get("seconds", 5.0)
        if not isinstance(seconds, int | float) or isinstance(seconds, bool) or seconds < 0:
            raise UnreadableError(f"transitions.seconds: {seconds!r} is no number of seconds")
        return cls(mode, polls, float(seconds))


@dataclass
class Progress:
    """One piece of work under way. `started` is the clock's time at its start."""

    transitions: Transitions
    started: datetime
    looks: int = 0

    def look(self) -> None:
        """Count one look of a client at the work."""
        self.looks += 1

    def is_active(self, now: datetime) -> bool:
        """Whether the work has left the queue."""
        return self.looks > 1 or now > self.started or self.is_done(now)

    def is_done(self, now: datetime) -> bool:
        match self.transitions.mode:
            case "immediate":
                return True
            case "polls":
                return self.looks >= self.transitions.polls
            case _:
                return now >= self.started + timedelta(seconds=self.transitions.seconds)
