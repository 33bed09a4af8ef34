"""What a pipeline is: sources, one plan, limits. It has no HTTP, no retries, no paging, no files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from scc.core.limits import Limits
from scc.core.runs import RunId
from scc.engines.base import Engine, Query
from scc.flow.progress import Progress
from scc.flow.systems import Systems
from scc.store.dataset import Dataset
from scc.store.runs import Store

__all__ = ["Pipeline", "PlanStep", "Reading", "Source"]


@dataclass(frozen=True, slots=True)
class Reading:
    """What a source gets to read with.

    `previous` is the last good run to continue from, None for a full read. `target` is the folder
    of the dataset to write; a source may keep notes beside it for its next try.
    """

    run: RunId
    previous: RunId | None
    store: Store
    systems: Systems
    engine: Engine
    progress: Progress
    target: Path

    def dataset(self, source: str) -> Dataset:
        """What another source of this run has read."""
        return self.store.export(self.run, source)

    def since(self, source: str) -> datetime | None:
        """The vendor's own moment at which the previous run read this source, if there was one."""
        if self.previous is None:
            return None
        dataset = self.store.export(self.previous, source)
        as_of = dataset.manifest.meta.get("as_of") if dataset.exists() else None
        return datetime.fromisoformat(str(as_of)) if as_of else None


class Source(Protocol):
    """One dataset that a pipeline reads. `needs` names sources of the same run that come first."""

    @property
    def name(self) -> str: ...
    @property
    def system(self) -> str: ...
    @property
    def needs(self) -> tuple[str, ...]: ...
    def read(self, reading: Reading) -> None:
        """Write the dataset `reading.target`, or raise and leave none."""
        ...


@dataclass(frozen=True, slots=True)
class PlanStep:
    """A pure function from datasets to a change set, written as a query; and what the guard holds it against.

    `population`: the number of records that `limits.max_share` is a share of.
    """

    query: Query
    limits: Limits
    population: int | None = None


@dataclass(frozen=True, slots=True)
class Pipeline:
    """`plan` is given each source's dataset by name. `config_digest` changes when the configuration does:
    the next run then reads everything again, since what it looks for has changed."""

    name: str
    sources: tuple[Source, ...]
    plan: Callable[[Mapping[str, Dataset]], PlanStep]
    config_digest: str

    def source(self, name: str) -> Source:
        return next(source for source in self.sources if source.name == name)
