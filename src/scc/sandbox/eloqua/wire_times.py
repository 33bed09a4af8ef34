"""Times as Eloqua's two interfaces write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

__all__ = ["bulk_time", "duration", "parse_bulk_time", "unix_time"]

_DURATION = re.compile(
    r"P(?:(?P<days>\d{1,5})D)?(?:T(?:(?P<hours>\d{1,6})H)?(?:(?P<minutes>\d{1,7})M)?(?:(?P<seconds>\d{1,8})S)?)?"
)


def bulk_time(moment: datetime, *, precise: bool = False) -> str:
    """Seven fractional digits; a fresh object shows them all (`precise`), a stored one milliseconds (sources.md E2.6)."""
    fraction = moment.microsecond if precise else moment.microsecond // 1000 * 1000
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{fraction:06d}0Z"


def parse_bulk_time(text: str) -> datetime:
    """Read back what `bulk_time` wrote."""
    return datetime.fromisoformat(f"{text[:-2]}+00:00")


def unix_time(moment: datetime) -> str:
    """Return REST's seconds since 1970 as text; a moment without a zone is UTC."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return str(int(aware.timestamp()))


def duration(text: str) -> timedelta | None:
    """Read an ISO 8601 duration such as PT12H or P3D; None for what is none."""
    match = _DURATION.fullmatch(text.strip().upper())
    if match is None or not any(match.groupdict().values()):
        return None
    return timedelta(**{unit: int(value) for unit, value in match.groupdict().items() if value})
