"""Give a contact who comes back the profile that it had when it was deleted."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files

from pydantic import Field

from scc.core.changes import Operation
from scc.core.limits import Limits
from scc.engines.base import Query, Table
from scc.flow.archive_source import ADDRESS, ArchivedProfiles, CreatedContacts
from scc.flow.carried_source import CarriedRecords
from scc.flow.pipeline import Pipeline, PlanStep
from scc.flow.values import value_map
from scc.settings import PipelineSection
from scc.store.dataset import Dataset

__all__ = ["NEVER", "Config", "pipeline"]

NEVER = [
    "*OptIn*",
    "*Opt?In*",
    "*OptOut*",
    "*Opt?Out*",
    "*Consent*",
    "*Permission*",
    "*Privacy*",
    "*GDPR*",
    "*Subscri*",
    "*DoNot*",
    "*Do?Not*",
    "*Bounce*",
    "*Score*",
    "Rating*",
    "*[!a-z]Rating*",
    "*Lead?Status*",
    "*SFDC*",
    "*ExtIntegrate*",
]
"""Consent and opt-out, scores and states, and what only the CRM's own integration may write."""


class Config(PipelineSection):
    """`[pipelines.restore-contacts]`: which fields come back."""

    never_restore: list[str] = Field(
        NEVER,
        description="Contact fields that never come back, by name or internal name; * stands for anything, and case does not matter. "
        "A list of your own replaces this one. Read-only and system fields and the address never come back in any case.",
    )
    fields: list[str] = Field(
        [],
        description="Only these contact fields, by internal name; empty: all but those that never come back.",
        examples=[["C_FirstName", "C_LastName", "C_Company"]],
    )
    max_changes: int = Field(
        5_000, ge=0, description="A plan that fills more contacts waits for an approval."
    )


def pipeline(config: Config) -> Pipeline:
    return Pipeline(
        "restore-contacts",
        (
            CreatedContacts("created", tuple(config.never_restore), tuple(config.fields)),
            CarriedRecords("carried", of="created"),
            ArchivedProfiles("archived", of=("created", "carried")),
        ),
        plan=lambda read: _plan(config, read),
        config_digest=config.digest("max_changes"),
    )


def _plan(config: Config, read: Mapping[str, Dataset]) -> PlanStep:
    types: Mapping[str, str] = read["created"].manifest.meta["types"]  # type: ignore[assignment]  # our own manifest
    fields = [name for name in types if name not in {"Id", ADDRESS}]
    current = value_map({name: name for name in fields}, types) if fields else "map {}::MAP(VARCHAR, VARCHAR)"
    contacts = [dataset for dataset in (read["created"], read["carried"]) if dataset.manifest.rows]
    query = Query(
        files("scc.pipelines").joinpath("restore_contacts.sql").read_text(encoding="utf-8"),
        {
            "contacts": Table(contacts or [read["created"]], f'"Id" AS id, {current} AS current'),
            "archived": Table(
                [read["archived"]], '"Id" AS id, contact_id AS entry, run, archived_at, fields'
            ),
        },
    )
    limits = Limits(
        max_by_operation={Operation.FILL: config.max_changes},
        operations=frozenset({Operation.FILL, Operation.UPDATE}),
        fields={"contact": frozenset(fields), "archive": frozenset({"restored_to"})},
    )
    return PlanStep(query, limits)
