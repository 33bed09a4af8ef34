"""What Salesforce documents, or was recorded, to refuse calls with: its own words, and the error that is made of them.

Where it quotes a value, the value is Smithson: no error may say it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.salesforce.calls import CURSOR, JOB, QUERY, RECORD, SPAN

from scc.errors import (
    ConflictError,
    CredentialsError,
    NotFoundError,
    QuotaError,
    RefusedError,
    RemoteError,
    ThrottledError,
    UnavailableError,
)

__all__ = ["DOCUMENTED", "SECRET", "Said"]

SECRET = "smithson"


@dataclass(frozen=True)
class Said:
    """A refusal. `words` are what must be left of `message`, all of it unless told; `about` nothing: any call meets it."""

    status: int
    code: str | None
    message: str
    kind: type[RemoteError]
    words: str | None = None
    about: str = ""
    fields: tuple[str, ...] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: str = ""

    def __str__(self) -> str:
        return f"{self.status} {self.code or ''} {self.message[:40]}".strip()

    @property
    def kept(self) -> str:
        return self.message if self.words is None else self.words

    def fault(self) -> dict[str, object]:
        error: dict[str, object] = {"message": self.message, "errorCode": self.code}
        body = self.raw or [error if self.fields is None else error | {"fields": self.fields}]
        return {"action": "status", "status": self.status, "body": body, "headers": dict(self.headers)}


def _html(status: int, words: str, kind: type[RemoteError]) -> Said:
    """What stands before Salesforce answers in HTML."""
    return Said(status, None, "", kind, raw=f"<h1>Bad Message {status}</h1><pre>reason: {words}</pre>")


_ANY = (
    Said(401, "INVALID_SESSION_ID", "Session expired or invalid", CredentialsError),
    Said(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", QuotaError),
    Said(403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentPerOrgLongTxn Limit exceeded.", UnavailableError),
    Said(403, "API_DISABLED_FOR_ORG", "API is not enabled for this Organization or Partner", CredentialsError),
    Said(403, "API_CURRENTLY_DISABLED", "API is currently disabled", CredentialsError),
    Said(403, "INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id", CredentialsError),
    Said(404, "NOT_FOUND", "The requested resource does not exist", NotFoundError),
    Said(405, "METHOD_NOT_ALLOWED", "HTTP Method not allowed. Allowed are HEAD,GET,PATCH,DELETE", RefusedError),
    Said(409, "API_ERROR", "The API version differs from that of the job", ConflictError),
    Said(410, "GONE", "The requested resource is no longer available", RefusedError),
    Said(412, "PRECONDITION_FAILED", "A precondition of the headers is not satisfied", ConflictError),
    _html(414, "URI Too Long", RefusedError),
    Said(415, "UNSUPPORTED_MEDIA_TYPE", "Content type not supported", RefusedError),
    _html(420, "no route", UnavailableError),
    Said(428, "PRECONDITION_REQUIRED", "The request was not conditional", RefusedError),
    _html(429, "Too Many Requests", ThrottledError),
    _html(431, "Request Header Fields Too Large", RefusedError),
    Said(500, "UNKNOWN_EXCEPTION", "An unexpected error occurred. Please include this ErrorId", UnavailableError),
    _html(502, "Smithson is out of order", UnavailableError),
    Said(503, "SERVER_UNAVAILABLE", "Server temporarily unavailable", UnavailableError),
    _html(504, "Gateway Timeout", UnavailableError),
)  # fmt: skip

_AT = "\nWHERE Name = 'Joe Smithson'\n             ^\nERROR at Row:1:Column:78\n"
_QUERY = tuple(
    Said(400, code, message, kind, words, QUERY)
    for code, message, kind, words in (
        ("MALFORMED_QUERY", "unexpected token: 'FRM'", RefusedError, "unexpected token"),
        ("MALFORMED_QUERY", f"{_AT}unexpected token: 'Smithson'", RefusedError, "ERROR at Row:1:Column:78"),
        ("MALFORMED_QUERY", "Field must be grouped or aggregated: Name", RefusedError, None),
        ("INVALID_FIELD", f"{_AT}No such column 'Bacon__c' on entity 'Lead'.", RefusedError, "'Bacon__c' on entity 'Lead'"),
        ("INVALID_FIELD", "Didn't understand relationship 'Foo' in field path.", RefusedError, "in field path"),
        ("INVALID_FIELD", "value of filter criterion for field 'CreatedDate' must be of type dateTime", RefusedError, None),
        ("INVALID_TYPE", f"{_AT}sObject type 'XYZZY' is not supported.", RefusedError, "sObject type 'XYZZY' is not supported."),
        ("INVALID_QUERY_FILTER_OPERATOR", "invalid ID field: Smithson", RefusedError, "invalid ID field: ***"),
        ("INVALID_TYPE_FOR_OPERATION", "entity type ActivityHistory does not support query", RefusedError, None),
        ("NUMBER_OUTSIDE_VALID_RANGE", "Maximum SOQL offset allowed is 2000", RefusedError, None),
        ("OPERATION_TOO_LARGE", "exceeded 100000 distinct who/what's", RefusedError, "exceeded 100000 distinct"),
        ("QUERY_TIMEOUT", "Your query request was running for too long.", RefusedError, None),
        ("QUERY_TOO_COMPLICATED", "Query is too complicated", RefusedError, None),
        ("EXCEEDED_ID_LIMIT", "Aggregate query does not support queryMore()", RefusedError, None),
    )
)  # fmt: skip


def _record(
    code: str, message: str, words: str | None = None, kind: type[RemoteError] = RefusedError, *fields: str
) -> Said:
    return Said(400, code, message, kind, words, RECORD, fields)


# the key was recorded with this spelling
_DUPLICATES = json.dumps([{
    "duplicateResut": {"duplicateRule": "Standard_Lead_Duplicate_Rule", "matchResults": [{"matchRecords": [
        {"matchConfidence": 100.0, "record": {"Id": "00Q5e0000000001", "Name": "Joe Smithson"}}
    ]}]},
    "errorCode": "DUPLICATES_DETECTED", "message": "Use one of these records?",
}])  # fmt: skip

_RECORD = (
    Said(300, None, "", ConflictError, about=RECORD, raw='["/services/data/v62.0/sobjects/Lead/00Q1"]'),
    Said(404, "NOT_FOUND", "Provided external ID field does not exist or is not accessible: Smithson", NotFoundError,
         "is not accessible: ***", RECORD),
    Said(404, "ENTITY_IS_DELETED", "entity is deleted", NotFoundError, about=RECORD, fields=()),
    Said(404, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", NotFoundError, about=RECORD, fields=()),
    _record("CANNOT_EXECUTE_FLOW_TRIGGER", "We can't save this record because the “Score” process failed.",
            "We can't save this record"),
    _record("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "LeadTrigger: execution of BeforeInsert"),
    _record("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead"),
    _record("DELETE_FAILED", "Your attempt to delete Joe Smithson could not be completed because it is associated "
            "with the following cases: Smithson", "Your attempt to delete *** could not be completed"),
    Said(400, "DUPLICATES_DETECTED", "Use one of these records?", ConflictError, about=RECORD, raw=_DUPLICATES),
    _record("DUPLICATE_VALUE", "duplicate value found: Ext__c duplicates value on record with id: 00Q5e0000000001",
            None, ConflictError),
    _record("DUPLICATE_EXTERNAL_ID", "Duplicate external id specified: Smithson", "external id specified: ***"),
    _record("FIELD_CUSTOM_VALIDATION_EXCEPTION", "The fax number of 'Joe Smithson' is missing", "The fax number of '***'"),
    _record("FIELD_INTEGRITY_EXCEPTION", "field integrity exception: WhatId (must be null for a lead)", None,
            RefusedError, "WhatId"),
    _record("INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", "insufficient access rights on cross-reference id: 0015e",
            None, CredentialsError),
    _record("INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id", None, CredentialsError),
    _record("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id"),
    _record("INVALID_EMAIL_ADDRESS", "Email: invalid email address: Smithson", "Email: invalid email address: *** (Email)",
            RefusedError, "Email"),
    _record("INVALID_FIELD", "No such column 'FavoritePet__c' on sobject of type Account"),
    _record("INVALID_FIELD", "Foreign key external ID: smithson not found for field Ext__c in entity Account",
            "external ID: *** not found for field Ext__c"),
    _record("INVALID_FIELD_FOR_INSERT_UPDATE", "Unable to create/update fields: IsDeleted.", None, RefusedError, "IsDeleted"),
    _record("INVALID_ID_FIELD", "invalid ID field: Smithson", "invalid ID field: ***"),
    _record("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", "Rating: bad value for restricted picklist field: Smithson",
            "restricted picklist field: *** (Rating)", RefusedError, "Rating"),
    _record("JSON_PARSER_ERROR", "Unexpected character ('}' (code 125)) at [line:1, column:2]", "Unexpected character"),
    _record("JSON_PARSER_ERROR", "Cannot deserialize instance of date from VALUE_STRING value Smithson or request may "
            "be missing a required field at [line:1, column:1]", "Cannot deserialize instance of date from ***"),
    _record("MALFORMED_ID", "Record ID: id value of incorrect type: Smithson", "of incorrect type: *** (Id)",
            RefusedError, "Id"),
    _record("REQUIRED_FIELD_MISSING", "Required fields are missing: [LastName, Company]", None, RefusedError, "LastName"),
    _record("STORAGE_LIMIT_EXCEEDED", "storage limit exceeded", None, QuotaError),
    _record("STRING_TOO_LONG", "Last Name: data value too large: Smithson\nSmithson (max length=80)",
            "data value too large: *** (max length=80)", RefusedError, "LastName"),
    _record("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record or 1 records: 0013", None,
            UnavailableError),
)  # fmt: skip

_JOB = tuple(
    Said(status, code, message, kind, None, JOB)
    for status, code, message, kind in (
        (400, "API_ERROR", "Selecting compound data not supported in Bulk Query", RefusedError),
        (400, "API_ERROR", "Max bulk v2 query jobs (10000) per 24 hrs has been reached", QuotaError),
        (400, "API_ERROR", "Max bulk v2 query result size stored (1000000000) kb per 24 hrs has been exceeded", QuotaError),
        (400, "INVALIDENTITY", "Entity 'Foo' is not supported by the Bulk API.", RefusedError),
        (400, "INVALIDJOB", "InvalidJob : Unable to find object: Bacon__c", RefusedError),
        (400, "INVALIDJOBSTATE", "Aborting already Completed Job not allowed", RefusedError),
        (412, "JOB_NOT_COMPLETE", "The job is not complete", ConflictError),
        (413, "REQUEST_ENTITY_TOO_LARGE", "Job data is limited", QuotaError),
    )
)  # fmt: skip

_PLACE = (
    Said(400, "INVALID_QUERY_LOCATOR", "invalid query locator", NotFoundError, None, CURSOR),
    Said(400, "INVALID_REPLICATION_DATE", "startDate cannot be more than 15 days ago", RefusedError, None, SPAN),
    Said(400, "EXCEEDED_ID_LIMIT", "More than 600000 ids in the span of time", RefusedError, None, SPAN),
)  # fmt: skip

DOCUMENTED = (*_ANY, *_QUERY, *_RECORD, *_JOB, *_PLACE)
