"""The configuration: read once, judged at once, and nobody else reads files or environment for it.

    settings = load()                      # ./scc.toml, SCC_CONFIG, or load(Path("other.toml"))
    settings.eloqua.require().company      # ConfigError names what is missing, where, with an example

One TOML file; above it environment variables (`SCC_ELOQUA__PASSWORD`); above those secret files
(`eloqua.password` in SCC_SECRETS_DIR, by default /run/secrets/scc).
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, Field, PrivateAttr, ValidationError

from scc.core.schedules import Schedule
from scc.settings.central import Scheduler
from scc.settings.deploying import Deploy
from scc.settings.origin import Origin
from scc.settings.problems import explain, nearest
from scc.settings.scheduled import PipelineSection
from scc.settings.sections import (
    Archive,
    Engine,
    FilePath,
    Flow,
    Ledger,
    Log,
    Section,
    Store,
)
from scc.settings.sources import CONFIG_NAME, gather
from scc.settings.systems import Eloqua, EloquaLogin, Salesforce, SalesforceLogin
from scc.settings.watching import Alerts, Monitoring, Slack

__all__ = [
    "CONFIG_NAME",
    "Alerts",
    "Archive",
    "Deploy",
    "Eloqua",
    "EloquaLogin",
    "Engine",
    "FilePath",
    "Flow",
    "Ledger",
    "Log",
    "Monitoring",
    "PipelineSection",
    "RawTable",
    "Salesforce",
    "SalesforceLogin",
    "Scheduler",
    "Section",
    "Settings",
    "Slack",
    "Store",
    "load",
    "nearest",
    "parse_section",
]

_Model = TypeVar("_Model", bound=BaseModel)


class RawTable(dict[str, object]):
    """A pipeline's table as it came, where it came from, and the folder that its relative paths start from."""

    origin = Origin()
    base = Path()


class Settings(Section):
    """`pipelines` holds each pipeline's table as it came; `parse_section` judges it by the pipeline's model."""

    eloqua: Eloqua = Field(default_factory=Eloqua)
    salesforce: Salesforce = Field(default_factory=Salesforce)
    store: Store = Field(default_factory=Store)
    archive: Archive = Field(default_factory=Archive)
    engine: Engine = Field(default_factory=Engine)
    flow: Flow = Field(default_factory=Flow)
    scheduler: Scheduler = Field(default_factory=Scheduler)
    ledger: Ledger = Field(default_factory=Ledger)
    monitoring: Monitoring = Field(default_factory=Monitoring)
    alerts: Alerts = Field(default_factory=Alerts)
    slack: Slack = Field(default_factory=Slack)
    log: Log = Field(default_factory=Log)
    deploy: Deploy = Field(default_factory=Deploy)
    pipelines: dict[str, dict[str, object]] = Field(
        default_factory=dict, description="A table for each pipeline, by its name."
    )

    _origin: Origin = PrivateAttr(default_factory=Origin)
    _worker: str = PrivateAttr("")

    @property
    def worker(self) -> str:
        """Who runs here: the Kubernetes Job's name (SCC_JOB_NAME), which outlives its pods, else this machine's."""
        return self._worker

    @property
    def file(self) -> Path | None:
        """The TOML file that was read, if there was one."""
        return self._origin.file

    def schedules(self) -> dict[str, Schedule]:
        """When each pipeline runs that has a schedule; ConfigError for one that can't be read."""
        found = {}
        for name, raw in self.pipelines.items():
            table = RawTable({key: raw[key] for key in PipelineSection.model_fields if key in raw})
            table.origin = raw.origin if isinstance(raw, RawTable) else Origin()
            if when := parse_section(PipelineSection, table, where=f"pipelines.{name}").when:
                found[name] = when
        return found


def parse_section(model: type[_Model], raw: Mapping[str, object], *, where: str) -> _Model:
    """Judge a table by its own model; ConfigError names all faults with file and line.

    `raw` is one of `Settings.pipelines`, `where` its key: "pipelines.enrich-campaign-members". Relative
    paths start at the configuration's folder.
    """
    try:
        found = model.model_validate(dict(raw))
    except ValidationError as error:
        origin = raw.origin if isinstance(raw, RawTable) else Origin()
        raise explain(error, model, origin, tuple(where.split("."))) from None
    base = raw.base if isinstance(raw, RawTable) else Path()
    return _based(found, base, *(key for key, value in found if isinstance(value, Path)))


def load(config: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """Read the configuration; ConfigError tells of every fault at once.

    Without a file the defaults hold, with the environment and secret files above them. Relative
    paths start at the file's folder, without a file at the current one.
    """
    environ = os.environ if environ is None else environ
    found = gather(Settings, config, environ)
    try:
        settings = Settings.model_validate(found.tree)
    except ValidationError as error:
        raise explain(error, Settings, found.origin) from None
    store = settings.store.model_copy(update={"path": found.base / settings.store.path})
    archive = _based(settings.archive, found.base, "address_rules")
    eloqua = _based(settings.eloqua, found.base, "ca_file", "token_file")
    salesforce = _based(settings.salesforce, found.base, "ca_file", "key_file")
    scheduler = settings.scheduler.model_copy(update={"state": found.base / settings.scheduler.state})
    pipelines = {name: RawTable(table) for name, table in settings.pipelines.items()}
    settings = settings.model_copy(
        update={
            "eloqua": eloqua,
            "salesforce": salesforce,
            "store": store,
            "archive": archive,
            "scheduler": scheduler,
            "pipelines": pipelines,
        }
    )
    settings._worker = environ.get("SCC_JOB_NAME") or socket.gethostname()  # noqa: SLF001 - as below
    for table in pipelines.values():
        table.origin, table.base = found.origin, found.base
    parts: tuple[Any, ...] = (settings, settings.eloqua, settings.salesforce)
    for part in parts:
        part._origin = found.origin  # noqa: SLF001 - private to readers, not to the loader
    return settings


def _based(section: _Model, base: Path, *keys: str) -> _Model:
    """Let relative paths start at the configuration's folder."""
    given = {key: base / getattr(section, key) for key in keys if getattr(section, key) is not None}
    return section.model_copy(update=given) if given else section
