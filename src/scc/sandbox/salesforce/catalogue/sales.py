"""Opportunity and what hangs on it: products, price books, line items, contact roles (sandbox-salesforce.md 6)."""

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
from scc.sandbox.salesforce.catalogue.people import SOURCES

STAGES = {
    "Prospecting": 10,
    "Qualification": 10,
    "Needs Analysis": 20,
    "Value Proposition": 50,
    "Id. Decision Makers": 60,
    "Perception Analysis": 70,
    "Proposal/Price Quote": 75,
    "Negotiation/Review": 90,
    "Closed Won": 100,
    "Closed Lost": 0,
}
"""Stage and its probability in percent."""

_FORECAST = (
    "CASE {StageName} WHEN 'Closed Won' THEN 'Closed' WHEN 'Closed Lost' THEN 'Omitted' ELSE 'Pipeline' END"
)


def opportunity() -> SObject:
    fields: list[Field | list[Field]] = [
        reference("AccountId", "Account", child_relationship="Opportunities", cascade_delete=True),
        flag("IsPrivate", label="Private"),
        text("Name", 120, label="Name", nillable=False, name_field=True),
        long_text("Description"),
        picklist("StageName", *STAGES, label="Stage", nillable=False),
        number("Amount", 18, 2, type="currency"),
        number("Probability", 3, 0, type="percent", defaulted=True),
        read_only(
            number(
                "ExpectedRevenue", 18, 2, type="currency", formula="round({Amount} * {Probability} / 100, 2)"
            )
        ),
        number("TotalOpportunityQuantity", 18, 2, label="Quantity"),
        day("CloseDate", nillable=False),
        picklist("Type", "Existing Business", "New Business", label="Opportunity Type"),
        text("NextStep", 255),
        picklist("LeadSource", *SOURCES),
        read_only(flag("IsClosed", label="Closed", formula="{StageName} IN ('Closed Won', 'Closed Lost')")),
        read_only(flag("IsWon", label="Won", formula="{StageName} = 'Closed Won'")),
        read_only(
            picklist(
                "ForecastCategory", "Omitted", "Pipeline", "BestCase", "Forecast", "Closed", formula=_FORECAST
            )
        ),
        picklist("ForecastCategoryName", "Omitted", "Pipeline", "Best Case", "Commit", "Closed"),
        reference("CampaignId", "Campaign", child_relationship="Opportunities"),
        read_only(
            flag(
                "HasOpportunityLineItem",
                formula='EXISTS (SELECT 1 FROM sf."OpportunityLineItem" i'
                " WHERE i.OpportunityId = {Id} AND NOT i.IsDeleted)",
            )
        ),
        reference("Pricebook2Id", "Pricebook2", relationship="Pricebook2"),
        reference("OwnerId", "User", nillable=False, defaulted=True),
        read_only(day("LastActivityDate")),
        read_only(moment("LastStageChangeDate")),
        read_only(whole("FiscalYear", formula="year({CloseDate})")),
        read_only(whole("FiscalQuarter", formula="quarter({CloseDate})")),
        read_only(
            text(
                "Fiscal", 6, label="Fiscal Period", formula="year({CloseDate}) || ' ' || quarter({CloseDate})"
            )
        ),
        reference("ContactId", "Contact", updateable=False),
        read_only(moment("LastViewedDate")),
        read_only(moment("LastReferencedDate")),
    ]
    return sobject("Opportunity", "006", fields)


def line_item() -> SObject:
    fields: list[Field | list[Field]] = [
        reference(
            "OpportunityId",
            "Opportunity",
            nillable=False,
            updateable=False,
            child_relationship="OpportunityLineItems",
            cascade_delete=True,
        ),
        whole("SortOrder"),
        reference("PricebookEntryId", "PricebookEntry", updateable=False),
        reference("Product2Id", "Product2", updateable=False, relationship="Product2"),
        text("ProductCode", 255),
        text("Name", 376, name_field=True),
        number("Quantity", 12, 2, nillable=False),
        number("TotalPrice", 18, 2, type="currency"),
        number("UnitPrice", 18, 2, type="currency"),
        number("ListPrice", 18, 2, type="currency"),
        day("ServiceDate"),
        text("Description", 255),
    ]
    return sobject("OpportunityLineItem", "00k", fields, searchable=False)


def contact_role() -> SObject:
    fields: list[Field | list[Field]] = [
        reference(
            "OpportunityId",
            "Opportunity",
            nillable=False,
            updateable=False,
            child_relationship="OpportunityContactRoles",
            cascade_delete=True,
        ),
        reference(
            "ContactId",
            "Contact",
            nillable=False,
            child_relationship="OpportunityContactRoles",
            cascade_delete=True,
        ),
        picklist(
            "Role", "Business User", "Decision Maker", "Economic Buyer", "Evaluator", "Influencer", "Other"
        ),
        flag("IsPrimary", label="Primary"),
    ]
    return sobject("OpportunityContactRole", "00K", fields, searchable=False)


def product() -> SObject:
    fields: list[Field | list[Field]] = [
        text("Name", 255, label="Product Name", nillable=False, name_field=True),
        text("ProductCode", 255),
        text("Description", 4000, type="textarea", filterable=False),
        flag("IsActive", label="Active"),
        picklist("Family", "None"),
    ]
    return sobject("Product2", "01t", fields, label="Product")


def pricebook() -> SObject:
    fields: list[Field | list[Field]] = [
        text("Name", 255, label="Price Book Name", nillable=False, name_field=True),
        flag("IsActive", label="Active"),
        text("Description", 255),
        read_only(flag("IsStandard")),
    ]
    return sobject("Pricebook2", "01s", fields, label="Price Book")


def pricebook_entry() -> SObject:
    fields: list[Field | list[Field]] = [
        read_only(text("Name", 255, label="Product Name", name_field=True, formula="{Product2.Name}")),
        reference(
            "Pricebook2Id",
            "Pricebook2",
            nillable=False,
            updateable=False,
            relationship="Pricebook2",
            child_relationship="PricebookEntries",
        ),
        reference(
            "Product2Id",
            "Product2",
            nillable=False,
            updateable=False,
            relationship="Product2",
            child_relationship="PricebookEntries",
        ),
        number("UnitPrice", 18, 2, type="currency", nillable=False, label="List Price"),
        flag("IsActive", label="Active"),
        flag("UseStandardPrice"),
        read_only(text("ProductCode", 255, formula="{Product2.ProductCode}")),
    ]
    return sobject("PricebookEntry", "01u", fields, label="Price Book Entry", searchable=False)


SALES = (opportunity, line_item, contact_role, product, pricebook, pricebook_entry)
