"""What a new record has where nothing was given."""

from __future__ import annotations

from scc.sandbox.database import literal
from scc.sandbox.salesforce.catalogue.kinds import Field, SObject
from scc.sandbox.salesforce.catalogue.sales import STAGES


def default_sql(sobject: SObject, field: Field, user_id: str, now: str) -> str:
    """Return SQL for the value; `now` is SQL for the time."""
    if field.name in {"CreatedDate", "LastModifiedDate", "SystemModstamp"}:
        return now
    if field.name in {"CreatedById", "LastModifiedById", "OwnerId"}:
        return literal(user_id)
    if field.name == "IsDeleted":
        return "false"
    if sobject.name == "CampaignMember" and field.name == "Status":
        return "'Sent'"
    return "NULL" if field.default is None else f"CAST({literal(field.default)} AS {field.column_type})"


def derived_sql(sobject: SObject, field: Field, value_of: dict[str, str]) -> str | None:
    """Return SQL for a default that depends on the record's other values; None where there is none."""
    if sobject.name == "CampaignMember" and field.name == "Status":
        return (
            '(SELECT max(s."Label") FROM sf."CampaignMemberStatus" s '
            f'WHERE s."CampaignId" = {value_of["CampaignId"]} AND s."IsDefault" AND NOT s."IsDeleted")'
        )
    if sobject.name == "CampaignMemberStatus" and field.name == "SortOrder":
        return (
            '(SELECT coalesce(max(s."SortOrder"), 0) + 1 FROM sf."CampaignMemberStatus" s '
            f'WHERE s."CampaignId" = {value_of["CampaignId"]})'
        )
    if sobject.name == "Opportunity" and field.name == "Probability" and "StageName" in value_of:
        cases = " ".join(f"WHEN {literal(stage)} THEN {percent}" for stage, percent in STAGES.items())
        return f"(CASE {value_of['StageName']} {cases} ELSE 0 END)"
    return None
