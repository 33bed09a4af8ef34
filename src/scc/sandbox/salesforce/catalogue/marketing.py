"""Campaign, CampaignMember and CampaignMemberStatus (sandbox-salesforce.md 6).

A member's name and address fields are those of its contact, else of its lead, and whether it has responded
follows from its status: formulas, so that no write can let them drift. The figures of a campaign likewise.
"""

from __future__ import annotations

from scc.sandbox.salesforce.catalogue.kinds import (
    Field,
    SObject,
    day,
    flag,
    long_text,
    moment,
    number,
    picklist,
    read_only,
    reference,
    sobject,
    text,
    whole,
)

RESPONDED = (
    'EXISTS (SELECT 1 FROM sf."CampaignMemberStatus" s WHERE s.CampaignId = {CampaignId} '
    "AND lower(s.Label) = lower({Status}) AND s.HasResponded AND NOT s.IsDeleted)"
)
_MEMBERS = (
    '(SELECT count(*) FROM sf."CampaignMember" m{} WHERE m.CampaignId = {{Id}} AND NOT m.IsDeleted AND {})'
)
_DEALS = '(SELECT {} FROM sf."Opportunity" o WHERE o.CampaignId = {{Id}} AND NOT o.IsDeleted{})'
_WON = " AND o.StageName = 'Closed Won'"
_CONVERTED = ' JOIN sf."Lead" l ON l.Id = m.LeadId AND l.IsConverted'
_RESPONSES = (
    ' JOIN sf."CampaignMemberStatus" s ON s.CampaignId = m.CampaignId AND lower(s.Label) = lower(m.Status)'
    " AND s.HasResponded AND NOT s.IsDeleted"
)


def _figure(name: str, formula: str, **flags: str) -> Field:
    return read_only(whole(name, nillable=False, formula=formula, **flags))


def campaign() -> SObject:
    fields: list[Field | list[Field]] = [
        text("Name", 80, label="Name", nillable=False, name_field=True),
        reference("ParentId", "Campaign", label="Parent Campaign ID", child_relationship="ChildCampaigns"),
        picklist(
            "Type",
            "Conference",
            "Webinar",
            "Trade Show",
            "Public Relations",
            "Partners",
            "Referral Program",
            "Advertisement",
            "Banner Ads",
            "Direct Mail",
            "Email",
            "Telemarketing",
            "Other",
            length=40,
        ),
        picklist("Status", "Planned", "In Progress", "Completed", "Aborted", length=40),
        day("StartDate"),
        day("EndDate"),
        number("ExpectedRevenue", type="currency"),
        number("BudgetedCost", type="currency"),
        number("ActualCost", type="currency"),
        number("ExpectedResponse", 10, 2, type="percent"),
        number("NumberSent", label="Num Sent"),
        flag("IsActive", label="Active"),
        long_text("Description"),
        _figure("NumberOfLeads", _MEMBERS.format("", "m.ContactId IS NULL AND m.LeadId IS NOT NULL")),
        _figure("NumberOfConvertedLeads", _MEMBERS.format(_CONVERTED, "true")),
        _figure("NumberOfContacts", _MEMBERS.format("", "m.ContactId IS NOT NULL")),
        _figure("NumberOfResponses", _MEMBERS.format(_RESPONSES, "true")),
        _figure("NumberOfOpportunities", _DEALS.format("count(*)", "")),
        _figure("NumberOfWonOpportunities", _DEALS.format("count(*)", _WON)),
        read_only(
            number(
                "AmountAllOpportunities",
                type="currency",
                formula=_DEALS.format("coalesce(sum(o.Amount), 0)", ""),
            )
        ),
        read_only(
            number(
                "AmountWonOpportunities",
                type="currency",
                formula=_DEALS.format("coalesce(sum(o.Amount), 0)", _WON),
            )
        ),
        reference("OwnerId", "User", nillable=False, defaulted=True),
        read_only(day("LastActivityDate")),
        read_only(moment("LastViewedDate")),
        read_only(moment("LastReferencedDate")),
    ]
    return sobject("Campaign", "701", fields)


def _mirror(name: str, length: int, *, kind: str = "string", lead_field: str | None = None) -> Field:
    formula = f"coalesce({{Contact.{name}}}, {{Lead.{lead_field or name}}})"
    return read_only(text(name, length, type=kind, formula=formula))


def _mirrored_address(name: str, length: int, kind: str = "string") -> Field:
    formula = f"CASE WHEN {{ContactId}} IS NULL THEN {{Lead.{name}}} ELSE {{Contact.Mailing{name}}} END"
    return read_only(text(name, length, type=kind, formula=formula))


def _mirrored_flag(name: str) -> Field:
    return read_only(flag(name, formula=f"coalesce({{Contact.{name}}}, {{Lead.{name}}}, false)"))


def campaign_member() -> SObject:
    fields: list[Field | list[Field]] = [
        reference(
            "CampaignId",
            "Campaign",
            nillable=False,
            updateable=False,
            child_relationship="CampaignMembers",
            cascade_delete=True,
        ),
        reference(
            "LeadId", "Lead", updateable=False, child_relationship="CampaignMembers", cascade_delete=True
        ),
        reference(
            "ContactId",
            "Contact",
            updateable=False,
            child_relationship="CampaignMembers",
            cascade_delete=True,
        ),
        picklist("Status", "Sent", "Responded", length=40, defaulted=True),
        read_only(flag("HasResponded", label="Responded", formula=RESPONDED)),
        read_only(day("FirstRespondedDate")),
        _mirror("Salutation", 40, kind="picklist"),
        _mirror("Name", 121),
        _mirror("FirstName", 40),
        _mirror("LastName", 80),
        _mirror("Title", 128),
        _mirrored_address("Street", 255, "textarea"),
        _mirrored_address("City", 40),
        _mirrored_address("State", 80),
        _mirrored_address("PostalCode", 20),
        _mirrored_address("Country", 80),
        _mirror("Email", 80, kind="email"),
        _mirror("Phone", 40, kind="phone"),
        _mirror("Fax", 40, kind="phone"),
        _mirror("MobilePhone", 40, kind="phone"),
        read_only(long_text("Description", formula="coalesce({Contact.Description}, {Lead.Description})")),
        _mirrored_flag("DoNotCall"),
        _mirrored_flag("HasOptedOutOfEmail"),
        _mirrored_flag("HasOptedOutOfFax"),
        _mirror("LeadSource", 255, kind="picklist"),
        read_only(text("CompanyOrAccount", 255, formula="coalesce({Contact.Account.Name}, {Lead.Company})")),
        read_only(
            text(
                "Type",
                40,
                type="picklist",
                values=("Lead", "Contact"),
                formula="CASE WHEN {ContactId} IS NULL THEN 'Lead' ELSE 'Contact' END",
            )
        ),
        read_only(
            reference(
                "LeadOrContactId",
                "Contact",
                "Lead",
                relationship="",
                formula="coalesce({ContactId}, {LeadId})",
            )
        ),
        read_only(
            reference(
                "LeadOrContactOwnerId",
                "Group",
                "User",
                relationship="",
                formula="coalesce({Contact.OwnerId}, {Lead.OwnerId})",
            )
        ),
    ]
    return sobject("CampaignMember", "00v", fields, undeletable=False, searchable=False)


def campaign_member_status() -> SObject:
    fields: list[Field | list[Field]] = [
        reference(
            "CampaignId",
            "Campaign",
            nillable=False,
            updateable=False,
            child_relationship="CampaignMemberStatuses",
            cascade_delete=True,
        ),
        text("Label", 765, nillable=False, name_field=True),
        whole("SortOrder", defaulted=True),
        flag("IsDefault", label="Default"),
        flag("HasResponded", label="Responded"),
    ]
    return sobject("CampaignMemberStatus", "01Y", fields, searchable=False)


MARKETING = (campaign, campaign_member, campaign_member_status)
