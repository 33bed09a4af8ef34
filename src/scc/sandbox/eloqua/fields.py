"""Eloqua's fields: what metadata says of each, and the standard ones of contacts and accounts.

Ids and internal names of contact fields are from a recording (sources.md E2.3); those of account fields beyond
M_CompanyName and M_Country are of the sandbox's own making.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ACCOUNT_FIELDS", "CONTACT_FIELDS", "CUSTOM_FIELD_START", "Field", "custom_internal_name"]

CUSTOM_FIELD_START = 100_300
"""Custom contact and account fields are numbered from here."""


@dataclass(frozen=True)
class Field:
    """`data_type` is Bulk's; `derived` is an SQL expression over the record's alias `{r}` in place of a column."""

    id: int
    name: str
    internal_name: str
    data_type: str = "string"
    is_read_only: bool = False
    is_required: bool = False
    is_unique: bool = False
    is_standard: bool = True
    derived: str | None = None
    is_system_time: bool = False
    display_type: str = "text"
    update_type: str = "always"
    checked_value: str | None = None
    created_at: str = "1900-01-01T05:00:00.0000000Z"

    @property
    def rest_type(self) -> str:
        """The data type as REST calls it."""
        return {"string": "text", "emailAddress": "text", "number": "numeric", "boolean": "text"}.get(
            self.data_type, self.data_type
        )


def custom_internal_name(name: str, prefix: str) -> str:
    """Return the internal name that Eloqua makes of a custom field's name."""
    cleaned = "".join(char if char.isascii() and char.isalnum() else "_" for char in name)
    return f"{prefix}{cleaned}1"


def _derived(number: int, name: str, internal: str, sql: str, data_type: str = "string") -> Field:
    is_time = data_type == "date"
    return Field(number, name, internal, data_type, is_read_only=True, derived=sql, is_system_time=is_time)


CONTACT_FIELDS = (
    Field(100001, "Email Address", "C_EmailAddress", "emailAddress", is_required=True, is_unique=True),
    Field(100002, "First Name", "C_FirstName"),
    Field(100003, "Last Name", "C_LastName"),
    Field(100004, "Company", "C_Company"),
    Field(100005, "Email Display Name", "C_EmailDisplayName"),
    Field(100006, "Address 1", "C_Address1"),
    Field(100007, "Address 2", "C_Address2"),
    Field(100008, "Address 3", "C_Address3"),
    Field(100009, "City", "C_City"),
    Field(100010, "State or Province", "C_State_Prov"),
    Field(100011, "Zip or Postal Code", "C_Zip_Postal"),
    Field(100012, "Country", "C_Country"),
    Field(100013, "Business Phone", "C_BusPhone"),
    Field(100014, "Mobile Phone", "C_MobilePhone"),
    Field(100015, "Fax", "C_Fax"),
    Field(100016, "Title", "C_Title"),
    Field(100017, "Salutation", "C_Salutation"),
    Field(100022, "Salesperson", "C_Salesperson"),
    Field(100023, "SFDC Contact ID", "C_SFDCContactID"),
    Field(100024, "SFDC Lead ID", "C_SFDCLeadID"),
    _derived(100026, "Date Created", "C_DateCreated", '{r}."createdAt"', "date"),
    _derived(100027, "Date Modified", "C_DateModified", '{r}."updatedAt"', "date"),
    _derived(100032, "Eloqua Contact ID", "ContactIDExt", "'CELQ' || lpad(CAST({r}.id AS VARCHAR), 12, '0')"),
    Field(100033, "SFDC Account ID", "C_SFDCAccountID"),
    Field(100034, "Last Modified by CRM System", "C_LastModifiedByExtIntegrateSystem", "date"),
    Field(100041, "Annual Revenue Range", "C_Company_Revenue1"),
    Field(100046, "Industry", "C_Industry1"),
    Field(100047, "Annual Revenue", "C_Annual_Revenue1"),
    Field(100048, "Lead Status", "C_Lead_Status1"),
    Field(100049, "Job Role", "C_Job_Role1"),
    _derived(
        100171, "Email Address Domain", "C_EmailAddressDomain", """split_part({r}."C_EmailAddress", '@', 2)"""
    ),
    _derived(
        100172,
        "First and Last Name",
        "C_FirstAndLastName",
        """concat_ws(' ', {r}."C_FirstName", {r}."C_LastName")""",
    ),
    Field(100174, "Company Size", "C_Company_Size1"),
    Field(100184, "Employees", "C_Employees1", "number"),
    Field(100187, "Territory", "C_Territory"),
    _derived(100188, "MD5 Hashed Email Address", "C_MD5HashedEmailAddress", 'md5({r}."C_EmailAddress")'),
    _derived(
        100189, "SHA256 Hashed Email Address", "C_SHA256HashedEmailAddress", 'sha256({r}."C_EmailAddress")'
    ),
    _derived(
        100194,
        "PURL Name",
        "C_ElqPURLName",
        """concat({r}."C_FirstName", {r}."C_LastName", CAST({r}.id AS VARCHAR))""",
    ),
)

ACCOUNT_FIELDS = (
    Field(100085, "Company Name", "M_CompanyName", is_required=True),
    Field(100086, "Address 1", "M_Address1"),
    Field(100087, "City", "M_City"),
    Field(100088, "Country", "M_Country"),
    Field(100089, "State or Province", "M_State_Prov"),
    Field(100090, "Zip or Postal Code", "M_Zip_Postal"),
    Field(100091, "Business Phone", "M_BusPhone"),
    _derived(100092, "Eloqua Company ID", "CompanyIDExt", "'AELQ' || lpad(CAST({r}.id AS VARCHAR), 12, '0')"),
    Field(100093, "SFDC Account ID", "M_SFDCAccountID"),
    Field(100094, "Industry", "M_Industry1"),
    Field(100095, "Website", "M_Website1"),
    Field(100096, "Employees", "M_Employees1", "number"),
    _derived(100097, "Date Created", "M_DateCreated", '{r}."createdAt"', "date"),
    _derived(100098, "Date Modified", "M_DateModified", '{r}."updatedAt"', "date"),
)
