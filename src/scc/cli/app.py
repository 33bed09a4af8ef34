"""What one invocation carries: the shared options, and from them settings, log and progress, when asked for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from scc.errors import ConfigError

if TYPE_CHECKING:  # the start of every command pays for what is imported here
    from scc.cli.logs import LogContext
    from scc.flow.observers import RunObserver
    from scc.flow.progress import Progress
    from scc.flow.run import Runner
    from scc.settings import Settings
    from scc.store.runs import Store

__all__ = ["App"]


@dataclass
class App:
    """The shared options by their names; `settings` and what follows from it are read once."""

    config: Path | None = None
    log_format: Literal["auto", "plain", "json"] | None = None
    verbose: bool = False
    quiet: bool = False
    debug: bool = False
    log: LogContext | None = field(default=None, repr=False)

    @cached_property
    def settings(self) -> Settings:
        """The configuration, with the log set up as it says; ConfigError for all that is wrong with it."""
        from scc.settings import load

        settings = load(self.config)
        self.start_log(settings.log.format, settings.log.level)
        for name, table in settings.pipelines.items():
            check_name(name, table)
        return settings

    def start_log(self, log_format: str = "auto", level: str = "info") -> LogContext:
        from scc.cli.logs import start

        chosen = "debug" if self.verbose else "warning" if self.quiet else level
        self.log = start(self.log_format or log_format, chosen, debug=self.debug)
        return self.log

    @property
    def logs_json(self) -> bool:
        """Whether standard error is for a machine to read."""
        return (self.log.format if self.log else self.log_format) == "json"

    @contextmanager
    def watching(self, run: str) -> Iterator[Progress]:
        """Progress of a run, as bars or as log lines that carry the run's name."""
        from scc.cli.progress import make

        log = self.log or self.start_log()
        log.run = run
        progress = make(log, quiet=self.quiet)
        try:
            yield progress
        finally:
            progress.close()

    @cached_property
    def store(self) -> Store:
        from scc.store.runs import Store

        return Store(self.settings.store.path)

    def require_name(self, pipeline: str) -> None:
        """ConfigError, with the nearest name, for what is no pipeline and has no runs on record either."""
        from scc.pipelines import registry

        if not (self.store.root / pipeline).is_dir():
            registry.module(pipeline)

    def observers(self) -> list[RunObserver]:
        """Who is told of each run."""
        from scc.monitoring.ledger.recorder import Recorder

        return [Recorder(self.settings.ledger, self.store)]

    def runner(self, *more: RunObserver) -> Runner:
        """`more` watch the run beside the ledger."""
        from scc.engines.duckdb import DuckDBEngine
        from scc.flow.run import Runner
        from scc.flow.systems import Systems

        settings = self.settings
        return Runner(
            store=self.store,
            systems=Systems(settings),
            engine=DuckDBEngine(memory_limit=settings.engine.memory_limit, threads=settings.engine.threads),
            batch_rows=settings.flow.batch_rows,
            bulk_limits=settings.flow.limits,
            scheduler=settings.scheduler,
            worker=settings.worker,
            observers=[*self.observers(), *more],
        )


def check_name(name: str, table: dict[str, object]) -> None:
    """ConfigError where `[pipelines.NAME]` is for a pipeline that is not there."""
    from scc.pipelines import registry
    from scc.settings import RawTable

    try:
        registry.module(name)
    except ConfigError as error:
        origin = table.origin if isinstance(table, RawTable) else RawTable.origin
        raise ConfigError(f"{origin.where(('pipelines', name))}: {error.message}", hint=error.hint) from None
