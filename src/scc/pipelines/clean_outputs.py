"""Delete SCC's own outputs past their retention; never what a later run or an undo may need."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.resources import files
from typing import Annotated, Literal

from pydantic import Field, field_validator

from scc.core.changes import Operation
from scc.core.limits import Limits
from scc.engines.base import Query, Table
from scc.flow.outputs_source import StoreOutputs
from scc.flow.pipeline import Pipeline, PlanStep
from scc.pipelines.registry import SUMMARIES
from scc.settings import PipelineSection
from scc.store.dataset import Dataset

__all__ = ["Config", "pipeline"]


class Config(PipelineSection):
    """`[pipelines.clean-outputs]`: how many days each kind of output is kept. The archive is never touched."""

    exports_days: int = Field(14, ge=1, description="Days that what was read is kept.")
    plans_days: int = Field(180, ge=1, description="Days that change sets are kept.")
    receipts_days: int = Field(400, ge=1, description="Days that receipts are kept.")
    days_of: dict[str, dict[Literal["exports", "plans", "receipts"], Annotated[int, Field(ge=1)]]] = Field(
        {},
        description="Other days for single pipelines, by kind of output.",
        examples=[{"purge-contacts": {"plans": 400, "receipts": 2_000}}],
    )
    undo_days: int = Field(
        90, ge=0, description="Days in which a run can be taken back: its plan and receipt stay."
    )
    max_changes: int = Field(2_000, ge=0, description="A plan of more deletions waits for an approval.")

    @field_validator("days_of")
    @classmethod
    def _are_pipelines(cls, value: dict[str, dict[str, int]]) -> dict[str, dict[str, int]]:
        known = [*SUMMARIES, "undo"]
        if set(value) - set(known):
            raise ValueError(f"tables named after pipelines: {', '.join(known)}")
        return value


def pipeline(config: Config) -> Pipeline:
    return Pipeline(
        "clean-outputs",
        (StoreOutputs("outputs", config.undo_days),),
        plan=lambda read: _plan(config, read),
        config_digest=config.digest(),
    )


def _plan(config: Config, read: Mapping[str, Dataset]) -> PlanStep:
    query = Query(
        files("scc.pipelines").joinpath("clean_outputs.sql").read_text(encoding="utf-8"),
        {"outputs": Table([read["outputs"]])},
        {
            "exports": config.exports_days,
            "plans": config.plans_days,
            "receipts": config.receipts_days,
            "days_of": json.dumps(
                {
                    "map": {
                        f"{name}/{kind}": days
                        for name, kinds in config.days_of.items()
                        for kind, days in kinds.items()
                    }
                }
            ),
        },
    )
    limits = Limits(max_changes=config.max_changes, operations=frozenset({Operation.DELETE}))
    return PlanStep(query, limits)
