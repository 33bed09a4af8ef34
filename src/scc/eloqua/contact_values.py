"""A whole contact as REST gives it, in the names and the spelling of Bulk.

REST has the standard fields as properties, all others by number, and dates in unix seconds; what is to be
imported again must be as an export would have given it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from scc.eloqua.models import Field
from scc.eloqua.rest_models import Contact
from scc.errors import DataError

__all__ = ["contact_values"]

PROPERTIES = {
    "C_EmailAddress": "emailAddress",
    "C_FirstName": "firstName",
    "C_LastName": "lastName",
    "C_Company": "accountName",
    "C_Title": "title",
    "C_Address1": "address1",
    "C_Address2": "address2",
    "C_Address3": "address3",
    "C_City": "city",
    "C_State_Prov": "province",
    "C_Zip_Postal": "postalCode",
    "C_Country": "country",
    "C_BusPhone": "businessPhone",
    "C_MobilePhone": "mobilePhone",
    "C_Fax": "fax",
    "C_Salesperson": "salesPerson",
}
"""Standard fields by internal name, and the property that each is."""


def contact_values(contact: Contact, fields: Iterable[Field]) -> dict[str, str]:
    """Every field that is not blank, by internal name; `contact` was read at depth "complete".

    `fields` are those that Bulk names. DataError where one that can be written is not in the answer:
    what is not told must not be taken for blank.
    """
    told = contact.field_values or {}
    values = {}
    for one in fields:
        if not one.statement.startswith("{{Contact.Field("):
            continue  # the state of its address, which is no field of the contact
        if one.internal_name in PROPERTIES:
            text = str(contact.raw.get(PROPERTIES[one.internal_name]) or "")
        elif (number := _number(one)) in told:
            text = told[number]
        elif one.is_read_only:
            continue
        else:
            raise DataError(
                f"Eloqua's answer about contact {contact.id} does not tell of {one.internal_name}"
            )
        if text:
            values[one.internal_name] = _moment(text) if one.data_type == "date" else text
    return values


def _number(one: Field) -> int:
    number = one.uri.rpartition("/")[2]
    return int(number) if number.isdigit() else -1


def _moment(text: str) -> str:
    """Unix seconds as an export writes a moment."""
    if not text.lstrip("-").isdigit():
        return text
    return datetime.fromtimestamp(int(text), UTC).strftime("%Y-%m-%d %H:%M:%S")
