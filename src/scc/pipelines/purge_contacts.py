"""Delete contacts that nobody is reached at any more, as many as it takes to stay below the database's limit."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from typing import Literal

from pydantic import Field, field_validator

from scc.core.changes import Operation
from scc.core.conditions import All, Compare, Condition, parse
from scc.core.limits import Limits
from scc.engines.base import Query, Table, identifier
from scc.errors import ConfigError
from scc.flow.activities_source import LatestActivities
from scc.flow.bounce_rules import BounceRule, hard_rule_sql, read_bounce_rules
from scc.flow.eloqua_source import EloquaRecords
from scc.flow.lists_source import ListMembers
from scc.flow.pipeline import Pipeline, PlanStep, Source
from scc.flow.salesforce_source import SalesforceRecords
from scc.flow.unwanted import UnwantedRule, read_unwanted_rules, unwanted_sql
from scc.settings import FilePath, PipelineSection
from scc.store.dataset import Dataset

__all__ = ["Config", "pipeline"]

NAME = "purge-contacts"
Kind = Literal["malformed", "junk domain", "role account", "hard bounced", "inactive"]
KINDS: Mapping[Kind, str] = {
    "malformed": "malformed",
    "junk domain": "junk",
    "role account": "role",
    "hard bounced": "bounced",
    "inactive": "inactive",
}
"""The kinds of candidates, and what the query calls them."""
CODES = ("SmtpErrorCode", "SmtpStatusCode", "SmtpMessage")
CONTACT_FIELDS = (
    "C_EmailAddress",
    "CreatedAt",
    "Email.IsBounced",
    "Email.IsSubscribed",
    "C_SFDCContactID",
    "C_SFDCLeadID",
    "C_SFDCAccountID",
)


class Config(PipelineSection):
    """`[pipelines.purge-contacts]`: which contacts go, which never do, and how many."""

    target_contacts: int | None = Field(
        None, ge=1, description="The number of contacts to stay below. Must be set.", examples=[500_000]
    )
    margin: float = Field(
        0.02,
        ge=0,
        lt=1,
        description="Once above the target: the share of it to go below it, as room to grow.",
    )
    priority: list[Kind] = Field(
        list(KINDS), min_length=1, description="Who goes first. Kinds that are left out never go."
    )
    rules: FilePath | None = Field(
        None,
        description="A file of address rules in place of SCC's own (rules/unwanted.toml); a relative one lies beside the configuration file.",
    )
    bounce_rules: FilePath | None = Field(
        None,
        description="A file of bounce rules in place of SCC's own (rules/bounces.toml); a relative one lies beside the configuration file.",
    )
    inactive_days: int = Field(730, ge=30, description="Days without activity that make a contact inactive.")
    history_days: int = Field(
        1_095, ge=30, description="Days of activities to read, to know who was inactive longest."
    )
    activities: list[str] = Field(
        ["EmailOpen", "EmailClickthrough", "WebVisit", "FormSubmit"],
        min_length=1,
        description="Eloqua's activity types that count as activity.",
    )
    look_back_hours: int = Field(
        72,
        ge=1,
        description="Activities arrive late: each run reads so many hours before the last one again.",
    )
    young_days: int = Field(90, ge=0, description="Contacts younger than so many days are protected.")
    keep_opted_out: bool = Field(
        True, description="Whether contacts who unsubscribed globally stay, so that they stay suppressed."
    )
    protected_lists: list[str] = Field(
        [], description="Shared lists whose members are protected, by name or id.", examples=[["Board"]]
    )
    customers_where: dict[str, object] | None = Field(
        None,
        description="Contacts that meet this condition are customers, and protected.",
        examples=[{"field": "C_Lead_Status1", "op": "=", "value": "Customer"}],
    )
    salesforce: bool = Field(
        True, description="Whether Salesforce is asked for opportunities, customers and activity."
    )
    customer_account_types: list[str] = Field(
        ["Customer - Direct", "Customer - Channel"],
        description="Types of Salesforce accounts whose contacts are customers, and protected.",
    )
    max_share: float = Field(
        0.05,
        ge=0,
        le=1,
        description="A plan that deletes a larger share of all contacts waits for an approval.",
    )
    max_changes: int = Field(5_000, ge=0, description="A plan of more deletes waits for an approval.")

    @field_validator("priority")
    @classmethod
    def _names_each_once(cls, value: list[Kind]) -> list[Kind]:
        if len(set(value)) < len(value):
            raise ValueError("a list that names each kind once at most")
        return value


@dataclass(frozen=True, slots=True)
class _Rules:
    unwanted: Sequence[UnwantedRule]
    bounces: Sequence[BounceRule]


def pipeline(config: Config) -> Pipeline:
    """Raises ConfigError for rules or a condition that can't be read, and where no target is set."""
    if config.target_contacts is None:
        raise ConfigError(
            f"pipelines.{NAME}.target_contacts is not set: nobody knows how many contacts are too many",
            hint="Set it to the number of contacts that your contract allows, for example target_contacts = 500_000.",
        )
    if config.history_days < config.inactive_days:
        raise ConfigError(
            f"pipelines.{NAME}.history_days is less than inactive_days: who was inactive would not be known",
            hint="Make it as large at least; larger, to know who was inactive longest.",
        )
    rules = _Rules(
        read_unwanted_rules(config.rules, where=f"pipelines.{NAME}.rules"),
        read_bounce_rules(config.bounce_rules, where=f"pipelines.{NAME}.bounce_rules"),
    )
    late = timedelta(hours=config.look_back_hours)
    sources: list[Source] = [
        EloquaRecords("contacts", "contact", CONTACT_FIELDS),
        LatestActivities("activity", tuple(config.activities), config.history_days, late),
        LatestActivities("bounces", ("Bounceback",), config.history_days, late, ("EmailAddress", *CODES)),
        ListMembers("members", tuple(config.protected_lists), key=f"pipelines.{NAME}.protected_lists"),
        *([] if config.customers_where is None else [_customers(config.customers_where)]),
        *(_salesforce(config) if config.salesforce else []),
    ]
    return Pipeline(
        NAME,
        tuple(sources),
        plan=lambda read: _plan(config, rules, read),
        config_digest=config.digest(
            "max_changes", "max_share", "rules", "bounce_rules", more=json.dumps(asdict(rules))
        ),
    )


def _customers(raw: dict[str, object]) -> Source:
    condition = parse(raw, where=f"pipelines.{NAME}.customers_where")
    return EloquaRecords("customers", "contact", (), where=lambda _: condition)


def _salesforce(config: Config) -> list[Source]:
    def lately_active(moment: datetime) -> Condition:
        first = (moment - timedelta(days=config.history_days)).date()
        return All((Compare("IsConverted", "=", value=False), Compare("LastActivityDate", ">=", first)))

    types = tuple(config.customer_account_types)
    customers = SalesforceRecords(
        "customer-accounts", "Account", ("Id",), where=lambda _: Compare("Type", "in", types)
    )
    return [
        SalesforceRecords(
            "opportunities",
            "Opportunity",
            ("Id", "AccountId"),
            where=lambda _: Compare("IsClosed", "=", value=False),
        ),
        SalesforceRecords(
            "opportunity-roles",
            "OpportunityContactRole",
            ("ContactId", "OpportunityId"),
            where=lambda _: Compare("Opportunity.IsClosed", "=", value=False),
        ),
        SalesforceRecords("sf-contacts", "Contact", ("Id", "AccountId", "Email", "LastActivityDate")),
        SalesforceRecords("sf-leads", "Lead", ("Id", "Email", "LastActivityDate"), where=lately_active),
        *([customers] if types else []),
    ]


def _plan(config: Config, rules: _Rules, read: Mapping[str, Dataset]) -> PlanStep:
    population = read["contacts"].manifest.rows
    activity = read["activity"].manifest.meta
    # Every activity dataset of a run begins at the same distance from its moment.
    start = datetime.fromisoformat(str(activity["start"]))
    now = (start + timedelta(days=config.history_days)).astimezone(UTC)
    places = {kind: place for place, kind in enumerate(config.priority, 1)}
    query = Query(
        files("scc.pipelines").joinpath("purge_contacts.sql").read_text(encoding="utf-8"),
        _tables(rules, read),
        {
            "now": now.replace(tzinfo=None).isoformat(sep=" "),
            "history_start": start.date().isoformat(),
            "inactive_days": config.inactive_days,
            "young_days": config.young_days,
            "keep_opted_out": config.keep_opted_out,
            "needed": _needed(config, population),
            "kinds": json.dumps(config.priority),
            "rules": json.dumps([rule.name for rule in rules.unwanted]),
            **{name: places.get(kind) for kind, name in KINDS.items()},
        },
    )
    limits = Limits(
        max_changes=config.max_changes,
        max_share=config.max_share,
        operations=frozenset({Operation.DELETE}),
        approve_first=True,
    )
    return PlanStep(query, limits, population)


def _needed(config: Config, population: int) -> int:
    """How many contacts must go: none up to the target, beyond it as many as the margin asks for."""
    target = config.target_contacts or 0
    return 0 if population <= target else population - int(target * (1 - config.margin))


def _tables(rules: _Rules, read: Mapping[str, Dataset]) -> dict[str, Table]:
    plain = _plain("C_EmailAddress")
    faults = ", ".join(
        f"{unwanted_sql(rules.unwanted, kind, plain)} AS {kind}" for kind in ("malformed", "junk", "role")
    )
    codes = [f"trim({identifier(name)})" for name in CODES]
    contact = (
        f'TRY_CAST("Id" AS BIGINT) AS id, "C_EmailAddress" AS address, {plain} AS plain, '
        'TRY_CAST("CreatedAt" AS TIMESTAMP) AS created_at, '
        f"{_flag('Email.IsBounced')} AS is_bounced, NOT {_flag('Email.IsSubscribed')} AS is_opted_out, "
        f"{_id('C_SFDCContactID')} AS sf_contact, {_id('C_SFDCLeadID')} AS sf_lead, {_id('C_SFDCAccountID')} AS sf_account, "
        f"{faults}"
    )
    bounce = (
        f"contact_id, {_plain('EmailAddress')} AS plain, happened_at, {hard_rule_sql(rules.bounces, *codes)} AS rule, "
        f"nullif(concat_ws(' ', nullif({codes[0]}, ''), nullif({codes[1]}, '')), '') AS codes"
    )
    person = {
        "id": _id("Id"),
        "plain": f"nullif({_plain('Email')}, '')",
        "active_on": 'TRY_CAST("LastActivityDate" AS TIMESTAMP)',
    }
    asked = {
        "sf_contacts": ("sf-contacts", {**person, "account": _id("AccountId")}),
        "sf_leads": ("sf-leads", person),
        "opportunities": ("opportunities", {"id": _id("Id"), "account": _id("AccountId")}),
        "roles": ("opportunity-roles", {"contact": _id("ContactId"), "opportunity": _id("OpportunityId")}),
        "customer_accounts": ("customer-accounts", {"id": _id("Id")}),
        "customers": ("customers", {"contact_id": 'TRY_CAST("Id" AS BIGINT)'}),
    }
    return {
        "contacts": Table([read["contacts"]], contact),
        "activity": Table([read["activity"]], "contact_id, happened_at"),
        "bounces": Table([read["bounces"]], bounce),
        "members": Table([read["members"]], "list, TRY_CAST(contact_id AS BIGINT) AS contact_id"),
        **{name: _asked(read, source, columns) for name, (source, columns) in asked.items()},
    }


def _asked(read: Mapping[str, Dataset], source: str, columns: Mapping[str, str]) -> Table:
    """The table of a source that not every configuration has; without it, all is null and joins nothing."""
    if source in read:
        return Table([read[source]], ", ".join(f"{sql} AS {name}" for name, sql in columns.items()))
    types = {"active_on": "TIMESTAMP", "contact_id": "BIGINT"}
    nothing = (f"CAST(NULL AS {types.get(name, 'VARCHAR')}) AS {name}" for name in columns)
    return Table([read["members"]], ", ".join(nothing))


def _plain(column: str) -> str:
    return f"lower(trim(coalesce({identifier(column)}, '')))"


def _flag(column: str) -> str:
    """Eloqua's booleans; how they are written is not sure."""
    return f"(lower({identifier(column)}) IN ('true', '1', 'yes'))"


def _id(column: str) -> str:
    """A Salesforce id by its first 15 characters, which are all of it: the other three are a check."""
    return f"nullif(left(trim({identifier(column)}), 15), '')"
