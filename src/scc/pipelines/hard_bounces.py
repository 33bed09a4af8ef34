"""Clean up after a hard bounce: mark the contact, move it between lists, and tell Salesforce."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import timedelta
from importlib.resources import files

from pydantic import Field, field_validator

from scc.core.changes import Operation
from scc.core.conditions import Compare
from scc.core.limits import Limits
from scc.engines.base import Query, Table, identifier, literal
from scc.flow.activities_source import Activities
from scc.flow.bounce_rules import BounceRule, hard_rule_sql, read_bounce_rules
from scc.flow.carried_source import CarriedRecords
from scc.flow.lists_source import ListMembers
from scc.flow.pipeline import Pipeline, PlanStep, Source
from scc.flow.salesforce_source import SalesforceReferred
from scc.flow.values import value_map
from scc.settings import FilePath, PipelineSection
from scc.store.dataset import Dataset

__all__ = ["Config", "pipeline"]

NAME = "hard-bounces"
CODES = ("SmtpErrorCode", "SmtpStatusCode", "SmtpMessage")
PEOPLE = {"Lead": "leads", "Contact": "sf-contacts"}
"""The sources of those who have an address in Salesforce."""
PRESENT = "Contact.C_EmailAddress"
"""The address that the contact has now, which need not be the one that bounced."""
MOST_MARKS = 9
"""An export of activities takes ten fields of the contact; the address is one of them."""
OF_THE_BOUNCE = {
    "{moment}": "%Y-%m-%dT%H:%M:%S.000Z",
    "{day}": "%Y-%m-%d",
    "{reason}": "",
}
"""What stands for a bounce's own values in Salesforce fields, and how moments are written."""
BOUNCE_FIELDS = {"EmailBouncedDate": "{moment}", "EmailBouncedReason": "{reason}"}


class Config(PipelineSection):
    """`[pipelines.hard-bounces]`: what a hard bounce changes."""

    rules: FilePath | None = Field(
        None,
        description="A file of rules in place of SCC's own (rules/bounces.toml); a relative one lies beside the configuration file.",
    )
    look_back_hours: int = Field(
        72, ge=1, description="Bounces arrive late: each run reads so many hours before the last one again."
    )
    history_days: int = Field(
        365, ge=1, description="Days of bounces, clicks and form submits that the first run reads."
    )
    marks: dict[str, str] = Field(
        {},
        max_length=MOST_MARKS,
        description='Contact fields to set, "" to blank; nine at most.',
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
    salesforce: bool = Field(True, description="Whether to set fields of leads and contacts in Salesforce.")
    lead_fields: dict[str, str] = Field(
        BOUNCE_FIELDS,
        description="Fields of Salesforce leads to set, Salesforce's own for bounces or the team's. {moment}, {day} and {reason} are "
        'the bounce\'s, for fields that are blank; any other text is set wherever another stands, "" blanks.',
    )
    contact_fields: dict[str, str] = Field(
        BOUNCE_FIELDS, description="The same of Salesforce contacts; without any, they are left alone."
    )
    max_changes: int = Field(5_000, ge=0, description="A plan of more changes waits for an approval.")

    @field_validator("lead_fields", "contact_fields")
    @classmethod
    def _are_texts_or_the_bounces(cls, value: dict[str, str]) -> dict[str, str]:
        for text in value.values():
            if re.search(r"[{}]", text) and text not in OF_THE_BOUNCE:
                raise ValueError(f"plain texts, or one of {', '.join(OF_THE_BOUNCE)}")
        return value

    @property
    def by_sobject(self) -> dict[str, dict[str, str]]:
        """The fields to set, by the sObjects that have any."""
        fields = {"Lead": self.lead_fields, "Contact": self.contact_fields} if self.salesforce else {}
        return {sobject: found for sobject, found in fields.items() if found}


def pipeline(config: Config) -> Pipeline:
    """Raises ConfigError for rules that can't be read."""
    rules = read_bounce_rules(config.rules, where=f"pipelines.{NAME}.rules")
    late = timedelta(hours=config.look_back_hours)

    def activities(name: str, kind: str, *fields: str) -> Activities:
        columns = ("ContactId", "ActivityDate", *fields)
        return Activities(name, kind, columns, config.history_days, late)

    of_contact = dict.fromkeys([PRESENT, *(f"Contact.{one}" for one in config.marks)])
    bounces = activities("bounces", "Bounceback", "EmailAddress", *CODES, *of_contact)
    lists = [*([config.invalid_list] if config.invalid_list else []), *config.nurture_lists]
    sources: list[Source] = [
        bounces,
        CarriedRecords("carried", of="bounces", by="evidence"),
        activities("clicks", "EmailClickthrough"),
        activities("forms", "FormSubmit"),
        ListMembers("members", tuple(lists), key=f"pipelines.{NAME}.invalid_list or nurture_lists"),
    ]
    for sobject, fields in config.by_sobject.items():
        where = Compare("IsConverted", "=", value=False) if sobject == "Lead" else None
        columns = ("Id", "Email", *fields)
        referred_by = ("bounces", "carried")
        sources.append(
            SalesforceReferred(PEOPLE[sobject], sobject, columns, "EmailAddress", referred_by, where=where)
        )
    return Pipeline(
        NAME,
        tuple(sources),
        plan=lambda read: _plan(config, rules, read),
        config_digest=config.digest("max_changes", "rules", more=json.dumps([asdict(one) for one in rules])),
    )


def _plan(config: Config, rules: Sequence[BounceRule], read: Mapping[str, Dataset]) -> PlanStep:
    ids: Mapping[str, str] = read["members"].manifest.meta["lists"]  # type: ignore[assignment]  # our own manifest
    at = 'CAST("ActivityDate" AS TIMESTAMP) AS happened_at'
    query = Query(
        files("scc.pipelines").joinpath("hard_bounces.sql").read_text(encoding="utf-8"),
        {
            "bounces": _bounces(config, rules, read),
            "engaged": Table([read["clicks"], read["forms"]], f'"ContactId" AS contact_id, {at}'),
            "members": Table([read["members"]], "list, contact_id"),
            "people": _people(config, read),
        },
        {
            "marks": json.dumps({"map": config.marks}),
            "invalid_list": ids[config.invalid_list] if config.invalid_list else "",
            "leads": json.dumps({"map": config.by_sobject.get("Lead", {})}),
            "contacts": json.dumps({"map": config.by_sobject.get("Contact", {})}),
            "as_moment": OF_THE_BOUNCE["{moment}"],
            "as_day": OF_THE_BOUNCE["{day}"],
        },
    )
    operations = {Operation.UPDATE, Operation.LIST_ADD, Operation.LIST_REMOVE}
    fields = {
        "contact": frozenset(config.marks),
        **{sobject: frozenset(found) for sobject, found in config.by_sobject.items()},
        **{f"contactList/{number}": frozenset[str]() for number in ids.values()},
    }
    return PlanStep(
        query, Limits(max_changes=config.max_changes, operations=frozenset(operations), fields=fields)
    )


def _bounces(config: Config, rules: Sequence[BounceRule], read: Mapping[str, Dataset]) -> Table:
    types: Mapping[str, str] = read["bounces"].manifest.meta["types"]  # type: ignore[assignment]  # our own manifest
    current = (
        value_map({mark: f"Contact.{mark}" for mark in config.marks}, types)
        if config.marks
        else "MAP {}::MAP(VARCHAR, VARCHAR)"
    )
    codes = [_code("SmtpErrorCode"), _code("SmtpStatusCode"), identifier("SmtpMessage")]
    has_carried = bool(read["carried"].manifest.rows)
    return Table(
        [read["bounces"], *([read["carried"]] if has_carried else [])],
        f'"Id" AS id, "ContactId" AS contact_id, {_plain("EmailAddress")} AS address, {_plain(PRESENT)} AS present, '
        f'CAST("ActivityDate" AS TIMESTAMP) AS happened_at, {codes[0]} AS error, {codes[1]} AS status, '
        f"{hard_rule_sql(rules, *codes)} AS rule, {current} AS current, "
        f"{'left_over' if has_carried else 'NULL::VARCHAR AS left_over'}",
    )


def _people(config: Config, read: Mapping[str, Dataset]) -> Table:
    """Leads and contacts as one table; told apart by the key prefix of their ids."""
    found = {sobject: read[PEOPLE[sobject]] for sobject in config.by_sobject}
    if not found:
        nobody = "NULL::VARCHAR AS sobject, NULL::VARCHAR AS id, NULL::VARCHAR AS address, NULL::MAP(VARCHAR, VARCHAR) AS current"
        return Table([read["members"]], nobody)
    names = sorted({name for sobject in found for name in config.by_sobject[sobject]})
    current = ", ".join(f"{literal(name)}: coalesce({identifier(name)}, '')" for name in names)
    sobject = "CASE WHEN starts_with(\"Id\", '00Q') THEN 'Lead' ELSE 'Contact' END"
    return Table(
        list(found.values()),
        f'{sobject} AS sobject, "Id" AS id, {_plain("Email")} AS address, MAP {{{current}}} AS current',
    )


def _plain(column: str) -> str:
    return f"lower(trim(coalesce({identifier(column)}, '')))"


def _code(column: str) -> str:
    return f"trim({identifier(column)})"
