"""Run identity: a run is a pipeline and the scheduled moment that it stands for.

A retry of the same moment is the same run and finds its finished steps; a new moment is a new run.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

from scc.errors import ConfigError

__all__ = ["RunId", "format_moment", "parse_moment"]

_EXAMPLE = "for example 2026-11-22T10:15Z"
_PIPELINE = re.compile(r"[a-z][a-z0-9-]*")
# No colons: HDFS and some object stores refuse them in names.
_FOLDER = "%Y%m%dT%H%M%SZ"


def parse_moment(text: str) -> datetime:
    """Read an ISO 8601 moment with a time zone; the result is in UTC, cut to whole seconds."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ConfigError(f"{text!r} is not a moment", hint=f"Write it in ISO 8601, {_EXAMPLE}.") from None
    if moment.tzinfo is None:
        raise ConfigError(
            f"the moment {text!r} names no time zone", hint=f"Add Z for UTC or an offset, {_EXAMPLE}."
        )
    return moment.astimezone(UTC).replace(microsecond=0)


def format_moment(moment: datetime) -> str:
    """Write a moment the way people type it: `2026-11-22T10:15Z`, with seconds only if there are any."""
    utc = moment.astimezone(UTC)
    return utc.strftime("%Y-%m-%dT%H:%M:%SZ" if utc.second else "%Y-%m-%dT%H:%MZ")


@dataclass(frozen=True, order=True, slots=True)
class RunId:
    """A pipeline at a moment; `str()` gives `pipeline@moment`, the form that commands take and print."""

    pipeline: str
    moment: datetime

    def __str__(self) -> str:
        return f"{self.pipeline}@{format_moment(self.moment)}"

    @property
    def folder(self) -> str:
        """The run's path below the store: `pipeline/20261122T101500Z`."""
        return f"{self.pipeline}/{self.moment.astimezone(UTC).strftime(_FOLDER)}"

    @classmethod
    def parse(cls, text: str) -> Self:
        pipeline, at, moment = text.partition("@")
        if not at or not _PIPELINE.fullmatch(pipeline):
            raise ConfigError(
                f"{text!r} is not a run",
                hint="Write PIPELINE@MOMENT, for example enrich-campaign-members@2026-11-22T10:15Z; "
                "`scc runs` lists those there are.",
            )
        return cls(pipeline, parse_moment(moment))

    @classmethod
    def from_folder(cls, pipeline: str, name: str) -> Self | None:
        """The run whose folder this is, or None where the folder is not a run's."""
        try:
            moment = datetime.strptime(name, _FOLDER).replace(tzinfo=UTC)
        except ValueError:
            return None
        return cls(pipeline, moment)
