"""Fills an empty sandbox with demonstration data: both systems, overlapping as they do in life."""

from __future__ import annotations

from datetime import datetime

from scc.sandbox.demo.generator import AS_OF, Size, email_names, form_names, pieces
from scc.sandbox.eloqua.store import EloquaStore
from scc.sandbox.salesforce.store import SalesforceStore
from scc.sandbox.state import State

__all__ = ["AS_OF", "CUSTOM_OBJECT", "CUSTOM_OBJECT_FIELDS", "create_campaign_members", "fill"]

CUSTOM_OBJECT = "Campaign Members"
CUSTOM_OBJECT_FIELDS: dict[str, str] = {
    "Email_Address": "string",
    "CRM_Campaign_Id": "string",
    "Member_Status": "string",
    "Responded_At": "date",
    "Campaign_Name": "string",
    "Campaign_Type": "string",
    "Campaign_Status": "string",
    "Campaign_Start_Date": "date",
    "Campaign_End_Date": "date",
    "Campaign_Owner": "string",
    "Parent_Campaign": "string",
}
"""Internal names of the fields, and their Bulk data types."""

_ELOQUA_CAMPAIGNS = 40


def fill(
    state: State,
    contacts: int = 50_000,
    campaign_members: int | None = None,
    seed: int | None = None,
    as_of: datetime = AS_OF,
) -> None:
    """Put the data of `seed` (the state's own, when None) into both stores, which must be empty of records.

    `campaign_members` is the number of custom object records, 40 for every 100 contacts when None.
    """
    eloqua, salesforce = state.store(EloquaStore), state.store(SalesforceStore)
    with state.write_lock:
        _create_assets(eloqua)
        custom_object = create_campaign_members(eloqua)
        size = Size(contacts, campaign_members)
        for system, entity, table in pieces(size, state.seed if seed is None else seed, as_of):
            if system == "salesforce":
                salesforce.load(entity, table)
            elif entity == "contacts":
                eloqua.load_contacts(table)
            elif entity == "accounts":
                eloqua.load_accounts(table)
            elif entity == "campaign_members":
                eloqua.load_custom_object(custom_object, table)
            else:
                eloqua.load_activities(table)


def create_campaign_members(eloqua: EloquaStore) -> int:
    """Make the custom object `Campaign Members` and return its id."""
    fields = [(name.replace("_", " "), name, kind) for name, kind in CUSTOM_OBJECT_FIELDS.items()]
    return eloqua.create_custom_object(
        CUSTOM_OBJECT, fields, email_field="Email_Address", display_field="Email_Address"
    )


def _create_assets(eloqua: EloquaStore) -> None:
    """Make what activities refer to by id: e-mails, forms and Eloqua's own campaigns, each numbered from 1."""
    for name in email_names():
        eloqua.create_asset("emails", name=name, subject=name)
    for name in form_names():
        eloqua.create_asset("forms", name=name)
    for number in range(1, _ELOQUA_CAMPAIGNS + 1):
        eloqua.create_asset("campaigns", name=f"Nurture {number:02}", currentStatus="Active")
