"""Fill Eloqua custom object records, which hold a campaign's id, with what Salesforce knows of the campaign."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from importlib.resources import files
from typing import Annotated, Literal

from pydantic import Field

from scc.core.changes import Operation
from scc.core.conditions import All, AnyOf, Compare, Condition, parse
from scc.core.limits import Limits
from scc.engines.base import Query, Table, identifier
from scc.flow.carried_source import CarriedRecords
from scc.flow.eloqua_source import EloquaRecords
from scc.flow.pipeline import Pipeline, PlanStep, Source
from scc.flow.salesforce_source import SalesforceReferred
from scc.flow.values import value_map
from scc.settings import PipelineSection
from scc.store.dataset import Dataset

__all__ = ["Config", "pipeline"]

NAME = "enrich-campaign-members"


class Config(PipelineSection):
    """`[pipelines.enrich-campaign-members]`: what to fill, from where, and for which records."""

    custom_object: str = Field("Campaign Members", description="Name or id of the custom object in Eloqua.")
    campaign_id_field: str = Field(
        "CRM_Campaign_Id", description="Its field that holds the Salesforce campaign's id."
    )
    fields: Annotated[dict[str, str], Field(min_length=1)] = Field(
        {
            "Campaign_Name": "Name",
            "Campaign_Type": "Type",
            "Campaign_Status": "Status",
            "Campaign_Start_Date": "StartDate",
            "Campaign_End_Date": "EndDate",
            "Campaign_Owner": "Owner.Name",
            "Parent_Campaign": "Parent.Name",
        },
        description="Fields to fill: the record's field, and the campaign's field that goes there.",
    )
    records_where: dict[str, object] | None = Field(
        None,
        description="Only these records of the custom object, as a condition.",
        examples=[{"field": "Member_Status", "op": "!=", "value": "Removed"}],
    )
    campaigns_where: dict[str, object] | None = Field(
        None,
        description="Only records whose campaign meets this condition.",
        examples=[{"any": [{"field": "Type", "op": "in", "value": ["Webinar", "Conference"]}]}],
    )
    when_blank: Literal["clear", "keep"] = Field(
        "clear", description="What to do with a filled field where the campaign's is blank."
    )
    max_changes: int = Field(100_000, ge=0, description="A plan of more changes waits for an approval.")


def pipeline(config: Config) -> Pipeline:
    """Raises ConfigError for a condition that can't be read."""
    records_where = _condition(config.records_where, "records_where")
    campaigns_where = _condition(config.campaigns_where, "campaigns_where")
    by_name = [field for field, source in config.fields.items() if source == "Name"]
    marker = by_name[0] if by_name else next(iter(config.fields))

    def changed_or_lacking(since: datetime | None) -> Condition | None:
        if since is None:
            return records_where
        news = AnyOf((Compare("UpdatedAt", ">=", since), Compare(marker, "=", "")))
        return All((news, records_where)) if records_where else news

    campaign_fields = tuple(dict.fromkeys(("Id", "IsDeleted", *config.fields.values())))
    campaigns = partial(
        SalesforceReferred,
        sobject="Campaign",
        column=config.campaign_id_field,
        referred_by=("records", "carried"),
        prefix="701",
        with_deleted=True,
    )
    sources: list[Source] = [
        EloquaRecords(
            "records",
            f"customObject/{config.custom_object}",
            (config.campaign_id_field, *config.fields),
            where=changed_or_lacking,
        ),
        CarriedRecords("carried", of="records"),
        campaigns("campaigns", fields=campaign_fields),
    ]
    if campaigns_where:
        sources.append(campaigns("chosen", fields=("Id",), where=campaigns_where))
    return Pipeline(
        NAME,
        tuple(sources),
        plan=lambda read: _plan(config, read),
        config_digest=config.digest("max_changes"),
    )


def _plan(config: Config, read: Mapping[str, Dataset]) -> PlanStep:
    meta = read["records"].manifest.meta
    name = str(meta["object"])
    types: Mapping[str, str] = meta["types"]  # type: ignore[assignment]  # our own manifest
    current = value_map({field: field for field in config.fields}, types)
    wanted = value_map(config.fields, types)
    campaign_id = f"trim({identifier(config.campaign_id_field)})"
    fresh_and_carried = [read["records"], *([read["carried"]] if read["carried"].manifest.rows else [])]
    query = Query(
        files("scc.pipelines").joinpath("enrich_campaign_members.sql").read_text(encoding="utf-8"),
        {
            "records": Table(
                fresh_and_carried, f'"Id" AS id, {campaign_id} AS campaign_id, {current} AS current'
            ),
            "campaigns": Table(
                [read["campaigns"]], f'"Id" AS id, "IsDeleted" = \'true\' AS is_deleted, {wanted} AS wanted'
            ),
            "chosen": Table([read.get("chosen", read["campaigns"])], '"Id" AS id'),
        },
        {"object": name, "keep_when_blank": config.when_blank == "keep"},
    )
    limits = Limits(
        max_changes=config.max_changes,
        operations=frozenset({Operation.UPDATE}),
        fields={name: frozenset(config.fields)},
    )
    return PlanStep(query, limits)


def _condition(raw: dict[str, object] | None, key: str) -> Condition | None:
    return None if raw is None else parse(raw, where=f"pipelines.{NAME}.{key}")
