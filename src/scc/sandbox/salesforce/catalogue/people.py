"""Lead, Contact and Account (sandbox-salesforce.md 6)."""

from __future__ import annotations

from scc.sandbox.salesforce.catalogue.kinds import (
    Field,
    SObject,
    address,
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

FULL_NAME = "nullif(concat_ws(' ', {FirstName}, {LastName}), '')"
SOURCES = ("Web", "Phone Inquiry", "Partner Referral", "Purchased List", "Other")
INDUSTRIES = (
    "Agriculture",
    "Banking",
    "Biotechnology",
    "Chemicals",
    "Construction",
    "Consulting",
    "Education",
    "Electronics",
    "Energy",
    "Engineering",
    "Finance",
    "Government",
    "Healthcare",
    "Insurance",
    "Manufacturing",
    "Media",
    "Retail",
    "Technology",
    "Telecommunications",
    "Transportation",
    "Other",
)
RATINGS = ("Hot", "Warm", "Cold")


def person_name() -> list[Field]:
    """Return the name fields of a person; Name itself is read-only and put together from them."""
    return [
        text("LastName", 80, nillable=False, compound="Name"),
        text("FirstName", 40, compound="Name"),
        picklist("Salutation", "Mr.", "Ms.", "Mrs.", "Dr.", "Prof.", length=40, compound="Name"),
        read_only(text("Name", 121, label="Full Name", nillable=False, name_field=True, formula=FULL_NAME)),
    ]


def consent() -> list[Field]:
    return [
        flag("HasOptedOutOfEmail", label="Email Opt Out"),
        flag("HasOptedOutOfFax", label="Fax Opt Out"),
        flag("DoNotCall"),
    ]


_LAST_ACTIVITY = (
    "greatest("
    '(SELECT max(t.ActivityDate) FROM sf."Task" t '
    "WHERE t.WhoId = {Id} AND t.Status = 'Completed' AND NOT t.IsDeleted), "
    '(SELECT max(e.ActivityDate) FROM sf."Event" e WHERE e.WhoId = {Id} AND NOT e.IsDeleted))'
)


def activity_dates() -> list[Field]:
    return [
        read_only(day("LastActivityDate", label="Last Activity", formula=_LAST_ACTIVITY)),
        read_only(moment("LastViewedDate")),
        read_only(moment("LastReferencedDate")),
    ]


def lead() -> SObject:
    fields: list[Field | list[Field]] = [
        read_only(reference("MasterRecordId", "Lead")),
        person_name(),
        text("Title", 128),
        text("Company", 255, nillable=False),
        address("Address"),
        text("Phone", 40, type="phone"),
        text("MobilePhone", 40, type="phone"),
        text("Fax", 40, type="phone"),
        text("Email", 80, type="email", id_lookup=True),
        text("Website", 255, type="url"),
        read_only(text("PhotoUrl", 255, type="url")),
        long_text("Description"),
        picklist("LeadSource", *SOURCES),
        picklist(
            "Status",
            "Open - Not Contacted",
            "Working - Contacted",
            "Closed - Converted",
            "Closed - Not Converted",
            nillable=False,
            defaulted=True,
            default="Open - Not Contacted",
        ),
        picklist("Industry", *INDUSTRIES),
        picklist("Rating", *RATINGS),
        number("AnnualRevenue", type="currency"),
        whole("NumberOfEmployees", label="Employees"),
        reference("OwnerId", "Group", "User", nillable=False, defaulted=True, child_relationship=None),
        flag("IsConverted", label="Converted", updateable=False),
        read_only(day("ConvertedDate")),
        read_only(reference("ConvertedAccountId", "Account")),
        read_only(reference("ConvertedContactId", "Contact")),
        read_only(reference("ConvertedOpportunityId", "Opportunity")),
        flag("IsUnreadByOwner"),
        activity_dates(),
        text("Jigsaw", 20, label="Data.com Key"),
        read_only(text("JigsawContactId", 20)),
        picklist(
            "CleanStatus", "Matched", "Different", "Acknowledged", "NotFound", "Inactive", restricted=True
        ),
        text("CompanyDunsNumber", 9),
        text("EmailBouncedReason", 255, createable=False),
        moment("EmailBouncedDate", createable=False),
        consent(),
        read_only(day("LastTransferDate")),
    ]
    return sobject("Lead", "00Q", fields)


def contact() -> SObject:
    fields: list[Field | list[Field]] = [
        read_only(reference("MasterRecordId", "Contact")),
        reference("AccountId", "Account", child_relationship="Contacts", cascade_delete=True),
        person_name(),
        address("OtherAddress", "Other"),
        address("MailingAddress", "Mailing"),
        *(
            text(name, 40, type="phone")
            for name in ("Phone", "Fax", "MobilePhone", "HomePhone", "OtherPhone", "AssistantPhone")
        ),
        reference("ReportsToId", "Contact", child_relationship=None),
        text("Email", 80, type="email", id_lookup=True),
        text("Title", 128),
        text("Department", 80),
        text("AssistantName", 40),
        picklist("LeadSource", *SOURCES),
        day("Birthdate"),
        long_text("Description"),
        reference("OwnerId", "User", nillable=False, defaulted=True),
        consent(),
        activity_dates(),
        read_only(moment("LastCURequestDate")),
        read_only(moment("LastCUUpdateDate")),
        text("EmailBouncedReason", 255),
        moment("EmailBouncedDate"),
        read_only(flag("IsEmailBounced", formula="({EmailBouncedDate} IS NOT NULL)")),
        text("Jigsaw", 20, label="Data.com Key"),
        read_only(text("JigsawContactId", 20)),
        picklist(
            "CleanStatus", "Matched", "Different", "Acknowledged", "NotFound", "Inactive", restricted=True
        ),
    ]
    return sobject("Contact", "003", fields)


def account() -> SObject:
    fields: list[Field | list[Field]] = [
        read_only(reference("MasterRecordId", "Account")),
        text("Name", 255, label="Account Name", nillable=False, name_field=True),
        picklist(
            "Type",
            "Prospect",
            "Customer - Direct",
            "Customer - Channel",
            "Channel Partner / Reseller",
            "Other",
        ),
        reference("ParentId", "Account", child_relationship="ChildAccounts"),
        address("BillingAddress", "Billing"),
        address("ShippingAddress", "Shipping"),
        text("Phone", 40, type="phone"),
        text("Fax", 40, type="phone"),
        text("AccountNumber", 40),
        text("Website", 255, type="url"),
        read_only(text("PhotoUrl", 255, type="url")),
        text("Sic", 20, label="SIC Code"),
        picklist("Industry", *INDUSTRIES),
        number("AnnualRevenue", type="currency"),
        whole("NumberOfEmployees", label="Employees"),
        picklist("Ownership", "Public", "Private", "Subsidiary", "Other"),
        text("TickerSymbol", 20),
        long_text("Description"),
        picklist("Rating", *RATINGS),
        text("Site", 80),
        reference("OwnerId", "User", nillable=False, defaulted=True),
        activity_dates(),
        text("Jigsaw", 20, label="Data.com Key"),
        picklist("AccountSource", *SOURCES),
        text("DunsNumber", 9, label="D-U-N-S Number"),
        text("SicDesc", 80, label="SIC Description"),
    ]
    return sobject("Account", "001", fields)


PEOPLE = (lead, contact, account)
