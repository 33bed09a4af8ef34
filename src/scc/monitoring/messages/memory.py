"""What was told of each pipeline, so that nobody is told the same ten times: small files in the store.

Runs of several pods come by here, so each file is changed under a lock.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from scc.errors import CorruptError
from scc.store.files import read_json, write_json

__all__ = ["Memory", "Told"]


@dataclass(slots=True)
class Told:
    """Of one pipeline. `event` and `run` are of the last message, "" where all was well since;
    `held` is what was not told after it."""

    event: str = ""
    run: str = ""
    digest: str = ""
    at: str = ""
    held: int = 0
    held_since: str = ""


class Memory:
    """`root` is the store's folder."""

    def __init__(self, root: Path) -> None:
        self._folder = root / ".messages"

    @contextmanager
    def of(self, pipeline: str) -> Iterator[Told]:
        """What is known of the pipeline; what the caller changes of it is kept."""
        path = self._folder / f"{pipeline}.json"
        with self._locked():
            known = _read(path)
            told = Told(**{name: known[name] for name in Told.__slots__ if name in known})
            before = asdict(told)
            yield told
            if asdict(told) != before:
                write_json(path, asdict(told))

    def take_place(self, now: datetime, per_hour: int) -> bool:
        """Count one more message of all pipelines; False, and none counted, where the hour is full."""
        path = self._folder / "sent.json"
        since = now - timedelta(hours=1)
        with self._locked():
            sent = [at for at in _read(path).get("at", []) if datetime.fromisoformat(at) > since]
            if len(sent) >= per_hour:
                return False
            write_json(path, {"at": [*sent, now.isoformat()]})
            return True

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / ".lock").open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _read(path: Path) -> dict[str, Any]:
    try:
        return read_json(path) or {}
    except CorruptError:
        return {}  # the worst that comes of it is a message too many
