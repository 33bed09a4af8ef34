"""All pipelines by name. Only the one that is asked for is imported."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from importlib import import_module
from typing import Protocol, cast

from scc.errors import ConfigError
from scc.flow.pipeline import Pipeline

__all__ = ["SUMMARIES", "build", "module"]

SUMMARIES: Mapping[str, str] = {
    "clean-outputs": "Delete SCC's own old outputs",
    "enrich-campaign-members": "Fill Eloqua campaign member records from Salesforce campaigns",
    "hard-bounces": "Mark contacts whose address bounced hard, in Eloqua and in Salesforce",
    "purge-contacts": "Delete invalid and inactive contacts, as many as the database's limit asks for",
    "restore-contacts": "Give contacts who come back the profile they had",
}


class PipelineModule(Protocol):
    """What a pipeline's module offers: its configuration's model, and the pipeline for a configuration."""

    Config: type

    def pipeline(self, config: object) -> Pipeline: ...


def module(name: str) -> PipelineModule:
    """The pipeline's module; ConfigError, with the nearest name, where there is none."""
    if name not in SUMMARIES:
        near = difflib.get_close_matches(name, SUMMARIES, n=1)
        raise ConfigError(
            f"there is no pipeline {name!r}",
            hint=f"Did you mean {near[0]}?" if near else f"There are: {', '.join(SUMMARIES)}.",
        )
    return cast("PipelineModule", import_module(f"scc.pipelines.{name.replace('-', '_')}"))


def build(name: str, tables: Mapping[str, Mapping[str, object]]) -> Pipeline:
    """The pipeline for its part of the configuration: `tables` is `[pipelines]`, by pipeline."""
    from scc.settings import parse_section

    found = module(name)
    return found.pipeline(parse_section(found.Config, tables.get(name, {}), where=f"pipelines.{name}"))
