"""The days that named dates stand for (`TODAY`, `LAST_N_MONTHS:3`), as half-open ranges.

Days are those of the user's time zone; weeks begin on Sunday, as in the en_US locale; fiscal years are
calendar years. Source: sandbox-salesforce.md 5. Knows nothing of fields or SQL.
"""

from __future__ import annotations

import datetime as dt
import re

from scc.sandbox.salesforce.soql.tree import DateLiteral

DateRange = tuple[dt.date, dt.date]
_STEP_MONTHS = {"MONTH": 1, "QUARTER": 3, "YEAR": 12}


def date_range(literal: DateLiteral, today: dt.date) -> DateRange:
    """Return the first day of a named date and the day after its last.

    Raises OverflowError when the calendar ends first.
    """
    name = literal.name.replace("FISCAL_", "")
    count = literal.count
    if name in {"YESTERDAY", "TODAY", "TOMORROW"}:
        first = _days(today, {"YESTERDAY": -1, "TODAY": 0, "TOMORROW": 1}[name])
        return first, _days(first, 1)
    if name in {"LAST_90_DAYS", "NEXT_90_DAYS"}:
        name, count = name.replace("90", "N"), 90
    if count is None:
        when, unit = name.split("_")
        distance = {"LAST": -1, "THIS": 0, "NEXT": 1}[when]
        return _unit_start(today, unit, distance), _unit_start(today, unit, distance + 1)
    return _counted(name, count, today)


def _counted(name: str, count: int, today: dt.date) -> DateRange:
    found = re.fullmatch(r"(?:(LAST|NEXT)_)?N_([A-Z]+)S(?:_AGO)?", name)
    assert found is not None
    when, unit = found.groups()
    if when is None:
        return _unit_start(today, unit, -count), _unit_start(today, unit, 1 - count)
    if when == "NEXT":
        return _unit_start(today, unit, 1), _unit_start(today, unit, count + 1)
    # Of the LAST_N family only days reach to and include the current one.
    end = 1 if unit == "DAY" else 0
    return _unit_start(today, unit, -count), _unit_start(today, unit, end)


def _unit_start(today: dt.date, unit: str, distance: int) -> dt.date:
    if unit == "DAY":
        return _days(today, distance)
    if unit == "WEEK":
        return _days(today, -((today.weekday() + 1) % 7) + 7 * distance)
    step = _STEP_MONTHS[unit]
    months = today.year * 12 + (today.month - 1) // step * step + step * distance
    if not 12 <= months < 9999 * 12:
        raise OverflowError("the calendar has no such year")
    return dt.date(months // 12, months % 12 + 1, 1)


def _days(start: dt.date, distance: int) -> dt.date:
    return start + dt.timedelta(days=distance)
