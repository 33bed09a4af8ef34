"""Clean up after a hard bounce: mark the contact, move it between lists, and tell Salesforce."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from importlib.resources import files

from pydantic import Field

from scc.core.changes import Operation
from scc.core.conditions import Compare, Condition
from scc.core.limits import Limits
from scc.engines.base import Query, Table, identifier
from scc.flow.bounce_rules import BounceRule, hard_rule_sql, read_bounce_rules
from scc.flow.carried_source import CarriedRecords
from scc.flow.eloqua_source import EloquaRecords
from scc.flow.lists_source import ListMembers
from scc.flow.pipeline import Pipeline, PlanStep, Source
from scc.flow.salesforce_source import SalesforceReferred
from scc.flow.values import value_map
from scc.settings import PipelineSection
from scc.store.dataset import Dataset

__all__ = ["Config", "pipeline"]

NAME = "hard-bounces"
CODES = ("SmtpErrorCode", "SmtpStatusCode", "SmtpMessage")


class Config(PipelineSection):
    """`[pipelines.hard-bounces]`: what a hard bounce changes."""

    rules: str | None = Field(
        None,
        description="A file of rules in place of SCC's own (rules/bounces.toml), from the current folder.",
    )
    look_back_hours: int = Field(
        72, ge=1, description="Bounces arrive late: each run reads so many hours before the last one again."
    )
    marks: dict[str, str] = Field(
        {},
        description='Contact fields to set, "" to blank.',
        examples=[{"C_Lead_Status1": "Invalid address"}],
    )
    invalid_list: str | None = Field(
        None,
        description="The shared list that invalid contacts go to, by name or id.",
        examples=["Invalid addresses"],
    )
    nurture_lists: list[str] = Field(
        [], description="Shared lists that invalid contacts leave.", examples=[["Newsletter"]]
    )
    salesforce: bool = Field(True, description="Whether to set the bounce fields of leads and contacts.")
    max_changes: int = Field(5_000, ge=0, description="A plan of more changes waits for an approval.")


def pipeline(config: Config) -> Pipeline:
    """Raises ConfigError for rules that can't be read."""
    rules = read_bounce_rules(config.rules, where=f"pipelines.{NAME}.rules")
    reach = timedelta(hours=config.look_back_hours)

    def recent(since: datetime | None) -> Condition | None:
        return None if since is None else Compare("ActivityDate", ">=", since - reach)

    engagement: list[Source] = [
        EloquaRecords(name, f"activity/{kind}", ("ContactId", "ActivityDate"), where=recent)
        for name, kind in (("clicks", "EmailClickthrough"), ("forms", "FormSubmit"))
    ]
    bounce_fields = (
        "ContactId",
        "EmailAddress",
        "ActivityDate",
        *CODES,
        *(f"Contact.{one}" for one in config.marks),
    )
    bounces = EloquaRecords("bounces", "activity/Bounceback", bounce_fields, where=recent)
    lists = [*([config.invalid_list] if config.invalid_list else []), *config.nurture_lists]
    people: list[Source] = []
    if config.salesforce:
        fields = ("Id", "Email", "EmailBouncedDate", "EmailBouncedReason")
        unconverted = Compare("IsConverted", "=", value=False)
        people = [
            SalesforceReferred(
                "leads", "Lead", fields, "EmailAddress", ("bounces", "carried"), where=unconverted
            ),
            SalesforceReferred("sf-contacts", "Contact", fields, "EmailAddress", ("bounces", "carried")),
        ]
    members: list[Source] = [ListMembers("members", tuple(lists))]
    return Pipeline(
        NAME,
        (bounces, CarriedRecords("carried", of="bounces", by="evidence"), *engagement, *members, *people),
        plan=lambda read: _plan(config, rules, read),
        config_digest=config.digest("max_changes", more=json.dumps([asdict(one) for one in rules])),
    )


def _plan(config: Config, rules: Sequence[BounceRule], read: Mapping[str, Dataset]) -> PlanStep:
    types: Mapping[str, str] = read["bounces"].manifest.meta["types"]  # type: ignore[assignment]  # our own manifest
    current = value_map({mark: f"Contact.{mark}" for mark in config.marks}, types)
    at = 'CAST("ActivityDate" AS TIMESTAMP) AS happened_at'
    ids: Mapping[str, str] = read["members"].manifest.meta["lists"]  # type: ignore[assignment]  # our own manifest
    codes = [_code("SmtpErrorCode"), _code("SmtpStatusCode"), identifier("SmtpMessage")]
    has_carried = bool(read["carried"].manifest.rows)
    query = Query(
        files("scc.pipelines").joinpath("hard_bounces.sql").read_text(encoding="utf-8"),
        {
            "bounces": Table(
                [read["bounces"], *([read["carried"]] if has_carried else [])],
                f'"Id" AS id, "ContactId" AS contact_id, "EmailAddress" AS address, {at}, {codes[0]} AS error, '
                f"{codes[1]} AS status, {hard_rule_sql(rules, *codes)} AS rule, "
                f"{current if config.marks else 'MAP {}::MAP(VARCHAR, VARCHAR)'} AS current, "
                f"{'left_over' if has_carried else 'NULL::VARCHAR AS left_over'}",
            ),
            "engaged": Table([read["clicks"], read["forms"]], f'"ContactId" AS contact_id, {at}'),
            "members": Table([read["members"]], "list, contact_id"),
            "people": _people(read),
        },
        {
            "marks": json.dumps({"map": config.marks}),
            "invalid_list": ids[config.invalid_list] if config.invalid_list else "",
        },
    )
    operations = {Operation.UPDATE, Operation.LIST_ADD, Operation.LIST_REMOVE}
    fields = {
        "contact": frozenset(config.marks),
        **dict.fromkeys(("Lead", "Contact"), frozenset({"EmailBouncedDate", "EmailBouncedReason"})),
        **{f"contactList/{number}": frozenset[str]() for number in ids.values()},
    }
    return PlanStep(
        query, Limits(max_changes=config.max_changes, operations=frozenset(operations), fields=fields)
    )


def _people(read: Mapping[str, Dataset]) -> Table:
    """Leads and contacts as one table; told apart by the key prefix of their ids."""
    found = [read[name] for name in ("leads", "sf-contacts") if name in read]
    columns = '"Email" AS address, "EmailBouncedDate" AS bounced_at, "EmailBouncedReason" AS reason'
    if not found:
        nobody = "NULL::VARCHAR AS sobject, NULL::VARCHAR AS id, NULL::VARCHAR AS address, NULL::VARCHAR AS bounced_at, NULL::VARCHAR AS reason"
        return Table([read["members"]], nobody)
    sobject = "CASE WHEN starts_with(\"Id\", '00Q') THEN 'Lead' ELSE 'Contact' END"
    return Table(found, f'{sobject} AS sobject, "Id" AS id, {columns}')


def _code(column: str) -> str:
    return f"trim({identifier(column)})"
