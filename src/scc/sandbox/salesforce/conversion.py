"""Lead conversion: a lead becomes a contact of an account, with an opportunity (sandbox-salesforce.md 6).

Members of campaigns go along: they get the contact and keep the lead. Into records that exist, only what is empty
there is filled in.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from scc.sandbox.salesforce.errors import Problem
from scc.sandbox.salesforce.queries import Queries
from scc.sandbox.salesforce.records import Records
from scc.sandbox.salesforce.soql.shape import Record
from scc.sandbox.salesforce.store import SalesforceStore

CONVERTED_STATUS = "Closed - Converted"
_TO_CONTACT = ("LastName", "FirstName", "Salutation", "Title", "Phone", "MobilePhone", "Fax", "Email", "LeadSource", "Description", "HasOptedOutOfEmail", "HasOptedOutOfFax", "DoNotCall")  # fmt: skip
_TO_ACCOUNT = ("Phone", "Fax", "Website", "Industry", "AnnualRevenue", "NumberOfEmployees", "Rating")
_ADDRESS = ("Street", "City", "State", "PostalCode", "Country")
_READ = ("Id", "Company", "OwnerId", "IsConverted", *dict.fromkeys([*_TO_CONTACT, *_TO_ACCOUNT, *_ADDRESS]))


class ConversionError(Exception):
    """A lead that can't be converted."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Wish:
    """What a conversion is asked to do; the ids name records to merge into."""

    lead_id: str
    status: str = CONVERTED_STATUS
    account_id: str | None = None
    contact_id: str | None = None
    with_opportunity: bool = True
    opportunity_name: str | None = None
    owner_id: str | None = None


class Conversion:
    def __init__(self, store: SalesforceStore, queries: Queries, records: Records) -> None:
        self._store = store
        self._queries = queries
        self._records = records

    def convert(self, wish: Wish, user_id: str) -> dict[str, str | None]:
        """Convert a lead and return the ids of what it became. Raises ConversionError."""
        with self._store.writing():
            lead = self._lead(wish)
            owner = {"OwnerId": wish.owner_id or lead["OwnerId"]}
            address = {name: lead[name] for name in _ADDRESS}
            account = {
                "Name": lead["Company"],
                **_some(lead, _TO_ACCOUNT),
                **_prefixed("Billing", address),
                **owner,
            }
            account_id = self._merge("Account", wish.account_id, account, user_id)
            contact = {
                **_some(lead, _TO_CONTACT),
                **_prefixed("Mailing", address),
                **owner,
                "AccountId": account_id,
            }
            contact_id = self._merge("Contact", wish.contact_id, contact, user_id)
            opportunity_id = None
            if wish.with_opportunity:
                opportunity_id = self._merge(
                    "Opportunity", None, self._opportunity(wish, lead, account_id) | owner, user_id
                )
            self._close(lead["Id"], wish.status, account_id, contact_id, opportunity_id, user_id)
        found = {"accountId": account_id, "contactId": contact_id, "leadId": lead["Id"]}
        return {**found, "opportunityId": opportunity_id}

    def _lead(self, wish: Wish) -> Record:
        escaped = wish.lead_id.replace("\\", "").replace("'", "")
        rows = self._records.find(
            self._store.sobject("Lead"), self._store.sobject("Lead").fields["Id"], escaped
        )
        if not rows:
            raise ConversionError(Problem("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", ()))
        lead = self._queries.run(f"SELECT {', '.join(_READ)} FROM Lead WHERE Id = '{rows[0]}'", "").records[0]
        if lead["IsConverted"]:
            raise ConversionError(
                Problem("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead", ())
            )
        if wish.status != CONVERTED_STATUS:
            raise ConversionError(Problem("INVALID_STATUS", f"invalid convertedStatus: {wish.status}", ()))
        if lead["OwnerId"].startswith("00G") and not wish.owner_id:
            raise ConversionError(Problem("INVALID_OWNER", "owner must be a user, not a queue", ()))
        return lead

    def _opportunity(self, wish: Wish, lead: Record, account_id: str) -> dict[str, object]:
        closing = self._store.now().date() + dt.timedelta(days=30)
        return {
            "Name": wish.opportunity_name or f"{lead['Company']}-",
            "StageName": "Prospecting",
            "CloseDate": closing.isoformat(),
            "AccountId": account_id,
            "LeadSource": lead["LeadSource"],
        }

    def _merge(self, name: str, record_id: str | None, values: Mapping[str, object], user_id: str) -> str:
        """Create a record, or fill in what is empty in one that exists; returns its id."""
        sobject = self._store.sobject(name)
        given = {field: value for field, value in values.items() if value is not None}
        if record_id is None:
            (written,) = self._records.write(sobject, "insert", [given], user_id)
        else:
            known = self._records.find(sobject, sobject.fields["Id"], record_id)
            if not known:
                raise ConversionError(
                    Problem("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", ())
                )
            (held,) = self._queries.run(
                f"SELECT {', '.join(given)} FROM {name} WHERE Id = '{known[0]}'", ""
            ).records
            missing = {field: value for field, value in given.items() if held[field] is None}
            (written,) = self._records.write(sobject, "update", [{"Id": known[0], **missing}], user_id)
        if written.problem is not None or written.id is None:
            raise ConversionError(written.problem or Problem("UNKNOWN_EXCEPTION", "nothing was written", ()))
        return written.id

    def _close(
        self, lead_id: str, status: str, account_id: str, contact_id: str, opportunity_id: str | None, user_id: str
    ) -> None:  # fmt: skip
        """Mark the lead as converted, which no API write may do, and hand its memberships to the contact."""
        now = self._store.now()
        with self._store.writing() as cursor:
            cursor.run(
                'UPDATE sf."Lead" SET "IsConverted" = true, "ConvertedDate" = $2::TIMESTAMP::DATE, "Status" = $3, '
                '"ConvertedAccountId" = $4, "ConvertedContactId" = $5, "ConvertedOpportunityId" = $6, '
                '"LastModifiedDate" = $2::TIMESTAMP, "SystemModstamp" = $2::TIMESTAMP, "LastModifiedById" = $7 '
                'WHERE "Id" = $1',
                [lead_id, now, status, account_id, contact_id, opportunity_id, user_id],
            )
            cursor.run(
                'UPDATE sf."CampaignMember" SET "ContactId" = $2, "SystemModstamp" = $3::TIMESTAMP WHERE "LeadId" = $1',
                [lead_id, contact_id, now],
            )


def _some(record: Record, names: tuple[str, ...]) -> dict[str, object]:
    return {name: record[name] for name in names}


def _prefixed(prefix: str, values: Mapping[str, object]) -> dict[str, object]:
    return {f"{prefix}{name}": value for name, value in values.items()}
