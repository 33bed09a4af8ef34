"""When a pipeline is expected to run: a cron string in a time zone, and how long a run may take.

What is accepted is what Kubernetes' CronJobs and cronsim read in the same way; the rest is refused, so that
whoever starts the runs and whoever waits for them never differ.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

__all__ = ["Schedule", "check_cron", "check_zone"]

_MONTHS = "JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC"
_DAYS = "SUN|MON|TUE|WED|THU|FRI|SAT"
_REFERENCE = datetime(2026, 1, 1, tzinfo=UTC)
"""Where gaps are looked for from: any fixed moment, so that equal schedules give equal alert rules."""
_SHORTEST, _LONGEST, _ENOUGH = timedelta(days=8), timedelta(days=3653), 400
"""Gaps are looked for over a week at least, ten years at most, and else until so many were seen."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """`zone` is an IANA name; `deadline` the time within which a run has ended, counted from its moment."""

    cron: str
    zone: str
    deadline: timedelta

    def next_after(self, moment: datetime) -> datetime:
        """The first scheduled moment after this one, in UTC."""
        return next(self._moments(moment))

    def due_after(self, moment: datetime) -> datetime:
        """By when the run after this moment has ended well, if all is well."""
        return self.next_after(moment) + self.deadline

    def longest_gap(self) -> timedelta:
        """The longest time between two scheduled moments: from Friday to Monday for a run on working days."""
        longest, count = timedelta(), 0
        for one, two in pairwise(self._moments(_REFERENCE)):
            longest, count = max(longest, two - one), count + 1
            seen = two - _REFERENCE
            if seen > _LONGEST or (seen > _SHORTEST and count >= _ENOUGH):
                break
        return longest

    def _moments(self, after: datetime) -> Iterator[datetime]:
        for moment in CronSim(self.cron, after.astimezone(ZoneInfo(self.zone))):
            yield moment.astimezone(UTC)


def check_cron(text: str) -> str:
    """The text, if it is a cron string that Kubernetes takes and that comes true; else ValueError in words."""
    fields = text.split()
    kinds = (r"\d+", r"\d+", r"\d+", rf"(?:\d+|{_MONTHS})", rf"(?:[0-6]|{_DAYS})")
    good = len(fields) == len(kinds) and all(
        _field(kind).fullmatch(one.upper()) for kind, one in zip(kinds, fields, strict=True)
    )
    try:
        if good:
            next(CronSim(text, _REFERENCE))
            return text
    except (CronSimError, StopIteration):
        pass
    raise ValueError(
        'five fields of cron (minute, hour, day, month, day of the week from 0 for Sunday), such as "15 2 * * 1-5"'
    )


def check_zone(name: str) -> str:
    """The name, if it is one of a time zone; else ValueError in words."""
    try:
        ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        raise ValueError('a time zone by its IANA name, such as "Europe/Berlin" or "UTC"') from None
    return name


def _field(kind: str) -> re.Pattern[str]:
    """A star, a value, a range or a list of these, each perhaps with a step."""
    term = rf"(?:\*|{kind}(?:-{kind})?)(?:/[1-9]\d*)?"
    return re.compile(rf"{term}(?:,{term})*")
