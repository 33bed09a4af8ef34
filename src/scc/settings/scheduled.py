"""What every pipeline's table may say: when it runs, and how long it may take. `scc job`, the alert rules
and the rendered CronJobs all read it here."""

from __future__ import annotations

import hashlib
from datetime import timedelta

from pydantic import Field, field_validator

from scc.core.schedules import Schedule, check_cron, check_zone
from scc.settings.sections import Section

__all__ = ["PipelineSection"]


class PipelineSection(Section):
    """The part of a pipeline's table that all pipelines share; pipelines derive the models of theirs from it."""

    schedule: str | None = Field(
        None,
        description="When a cluster starts it, as a cron string; without one it is started by hand only.",
        examples=["15 2 * * *"],
    )
    time_zone: str = Field("UTC", description="The schedule's time zone.", examples=["Europe/Berlin"])
    deadline_minutes: int = Field(
        120,
        ge=1,
        description="Minutes after its scheduled moment by which a run has ended; an alert tells of one that has not.",
    )

    @field_validator("schedule")
    @classmethod
    def _is_cron(cls, value: str | None) -> str | None:
        return None if value is None else check_cron(value)

    @field_validator("time_zone")
    @classmethod
    def _is_a_zone(cls, value: str) -> str:
        return check_zone(value)

    @property
    def when(self) -> Schedule | None:
        """When it runs; None for a pipeline that nobody starts but by hand."""
        if self.schedule is None:
            return None
        return Schedule(self.schedule, self.time_zone, timedelta(minutes=self.deadline_minutes))

    def digest(self, *leave_out: str, more: str = "") -> str:
        """What a pipeline looks for, in 16 characters: of all keys but these, and but those about when it runs.

        `more` is what else it depends on, such as the text of its rules.
        """
        told = self.model_dump_json(exclude={*PipelineSection.model_fields, *leave_out})
        return hashlib.sha256((told + more).encode()).hexdigest()[:16]
