"""What lies in the store, how old it is, and what must stay whatever its age."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from scc.core.runs import parse_moment
from scc.store.runs import RunRecord, RunState, Store

__all__ = ["Kind", "Output", "inventory", "remove"]


class Kind(StrEnum):
    """The parts of a run that are kept for different times."""

    EXPORTS = "exports"
    PLANS = "plans"
    RECEIPTS = "receipts"


_FOLDERS = {Kind.EXPORTS: ("export",), Kind.PLANS: ("plan",), Kind.RECEIPTS: ("apply", "archive", "receipt")}


@dataclass(frozen=True, slots=True)
class Output:
    """One kind of a run's outputs. `key` is `pipeline/run-folder/kind`; `needed` is why it must stay, or ""."""

    key: str
    kind: Kind
    age_days: float
    bytes: int
    needed: str


def inventory(store: Store, *, now: datetime, undo_days: float) -> Iterator[Output]:
    """All outputs of all runs. `undo_days`: how long a run that wrote something can still be taken back."""
    for pipeline in sorted({record.pipeline for record in store.runs()}):
        last_good_seen = False
        for record in map(store.judged, store.runs(pipeline)):  # newest first
            needed = _needed(record, superseded=last_good_seen)
            last_good_seen = last_good_seen or record.state.good
            age = (now - parse_moment(record.ended_at or record.started_at)).total_seconds() / 86_400
            for kind, names in _FOLDERS.items():
                size = sum(_size(store.folder(record.run) / name) for name in names)
                if size:
                    undo = kind is not Kind.EXPORTS and age < undo_days and _has_written(store, record)
                    why = needed or ("undo may need it" if undo else "")
                    yield Output(f"{record.run.folder}/{kind}", kind, age, size, why)


def _needed(record: RunRecord, *, superseded: bool) -> str:
    """A run that did not end well is waited for, until a later one has ended well."""
    if record.state is RunState.RUNNING:
        return "the run is under way"
    if superseded:
        return ""
    if record.state.good:
        return "it is of the last good run"
    return "the run is not finished"


def _has_written(store: Store, record: RunRecord) -> bool:
    """One that was stopped while it wrote has no receipt, until it is gone on with: then it can be taken back."""
    is_stopped = not record.state.good and (store.folder(record.run) / "apply").is_dir()
    return bool(record.outcomes.get("applied")) or is_stopped


def remove(store: Store, key: str) -> int:
    """Remove one kind of a run's outputs and give the bytes gained; 0 where it was gone already."""
    folder, _, kind = key.rpartition("/")
    gained = 0
    for name in _FOLDERS[Kind(kind)]:
        path = store.root / folder / name
        gained += _size(path)
        # The manifests go first: nobody may read half of a dataset.
        for manifest in sorted(path.rglob("manifest.json")):
            manifest.unlink(missing_ok=True)
        for entry in sorted(path.rglob("*"), reverse=True):
            entry.rmdir() if entry.is_dir() else entry.unlink(missing_ok=True)
        if path.is_dir():
            path.rmdir()
    return gained


def _size(path: Path) -> int:
    """Bytes of all files below; what others remove or rename meanwhile counts for nothing."""
    found = 0
    for folder, _, names in os.walk(path):
        for name in names:
            with suppress(FileNotFoundError):
                found += (Path(folder) / name).stat().st_size
    return found
