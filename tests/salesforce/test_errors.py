"""Refusals: which error each becomes, and that no value of a record stands in one."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scc.errors import (
    ConflictError,
    CredentialsError,
    NotFoundError,
    QuotaError,
    RefusedError,
    RemoteError,
    UnavailableError,
)
from scc.salesforce.errors import explain, explain_login, reason, without_values
from scc.transport import Response


def refusal(status, body=b"", code=None, message="", **more):
    if code is not None:
        body = json.dumps([{"errorCode": code, "message": message, **more}]).encode()
    return Response(
        status, {"X-Request-Id": "r-1"}, body, "https://acme.example/services/data/v62.0/query?q=x"
    )


@pytest.mark.parametrize(
    ("status", "code", "message", "kind"),
    [
        (400, "MALFORMED_QUERY", "unexpected token: 'FRM'", RefusedError),
        (400, "INVALID_FIELD", "No such column 'X__c' on entity 'Lead'.", RefusedError),
        (400, "INVALID_TYPE", "sObject type 'X' is not supported.", RefusedError),
        (400, "QUERY_TIMEOUT", "Your query request was running for too long.", RefusedError),
        (400, "INVALID_QUERY_LOCATOR", "invalid query locator", NotFoundError),
        (400, "DUPLICATE_VALUE", "duplicate value found", ConflictError),
        (400, "DUPLICATES_DETECTED", "Use one of these records?", ConflictError),
        (400, "UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access", UnavailableError),
        (400, "STORAGE_LIMIT_EXCEEDED", "storage limit exceeded", QuotaError),
        (400, "API_ERROR", "Max bulk v2 query jobs (10000) per 24 hrs has been reached", QuotaError),
        (401, "INVALID_SESSION_ID", "Session expired or invalid", CredentialsError),
        (403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", QuotaError),
        (403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentPerOrgLongTxn Limit exceeded.", UnavailableError),
        (403, "API_DISABLED_FOR_ORG", "API is not enabled", CredentialsError),
        (403, "INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights", CredentialsError),
        (404, "NOT_FOUND", "The requested resource does not exist", NotFoundError),
        (404, "ENTITY_IS_DELETED", "entity is deleted", NotFoundError),
        (410, "GONE", "This API version is retired", RefusedError),
        (500, "UNKNOWN_EXCEPTION", "An unexpected error occurred.", UnavailableError),
        (503, "SERVER_UNAVAILABLE", "Server temporarily unavailable", UnavailableError),
    ],
)
def test_a_refusal_becomes_the_error_that_says_what_to_do(status, code, message, kind):
    error = explain(refusal(status, code=code, message=message))
    assert isinstance(error, kind)
    assert (error.system, error.status, error.code, error.request_id) == ("salesforce", status, code, "r-1")
    assert code in str(error)
    assert error.hint
    assert "?q=" not in str(error)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (300, b'["/services/data/v62.0/sobjects/X/1"]', ConflictError),
        (400, b"", RefusedError),
        (400, b"[]", RefusedError),
        (400, b'"words"', RefusedError),
        (414, b"<h1>Bad Message 414</h1><pre>reason: URI Too Long</pre>", RefusedError),
        (431, b"<h1>Bad Message 431</h1><pre>reason: Request Header Fields Too Large</pre>", RefusedError),
        (502, b"<html><body>maintenance<br></body></html>", UnavailableError),
        (400, b"{not json", RefusedError),
    ],
)
def test_a_refusal_without_salesforces_own_shape_goes_by_its_status(status, body, kind):
    error = explain(refusal(status, body))
    assert type(error) is kind
    assert error.code is None
    assert error.hint


def test_several_reasons_are_all_told_and_the_first_decides():
    rule = {"errorCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "fields": []}
    said = [{**rule, "message": "Give a city"}, {**rule, "message": "Give a street"}]
    said.append({"errorCode": "DUPLICATE_VALUE", "message": "of 'Joe Smith'", "fields": ["Name"]})
    error = explain(refusal(400, json.dumps([*said, *said]).encode()))
    assert (type(error), error.code) == (RefusedError, "FIELD_CUSTOM_VALIDATION_EXCEPTION")
    assert str(error).endswith("EXCEPTION: Give a city; Give a street; of '***' (Name)")


def test_a_refused_login_is_the_credentials_fault_an_outage_is_not():
    refused = explain_login(
        refusal(400, b'{"error":"invalid_grant","error_description":"authentication failure"}')
    )
    assert isinstance(refused, CredentialsError)
    assert refused.code == "invalid_grant"
    assert isinstance(explain_login(refusal(503)), UnavailableError)


@pytest.mark.parametrize(
    ("code", "message", "expected"),
    [
        (
            "INVALID_EMAIL_ADDRESS",
            "Email: invalid email address: joe at home",
            "Email: invalid email address: ***",
        ),
        (
            "STRING_TOO_LONG",
            "Last Name: data value too large: Smith\nSmith (max length=80)",
            "Last Name: data value too large: *** (max length=80)",
        ),
        (
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
            "Rating: bad value for restricted picklist field: Terrible",
            "Rating: bad value for restricted picklist field: ***",
        ),
        (
            "INVALID_FIELD",
            "Foreign key external ID: joe smith not found for field Ext__c in entity Account",
            "Foreign key external ID: *** not found for field Ext__c in entity Account",
        ),
        (
            "JSON_PARSER_ERROR",
            "Cannot deserialize instance of date from VALUE_STRING value 31/01/2024 or request may be missing a field",
            "Cannot deserialize instance of date from *** or request may be missing a field",
        ),
        (
            "MALFORMED_QUERY",
            "\nWHERE Name = 'Joe' Smith\n                ^\nERROR at Row:1:Column:41\nunexpected token: 'Smith'",
            "ERROR at Row:1:Column:41 unexpected token: ***",
        ),
        ("MALFORMED_QUERY", "unexpected token: ''Joe' Smith'", "unexpected token: ***"),
        (
            "MALFORMED_QUERY",
            "ERROR at Row:1:Column:9\nunexpected token: 'From'",
            "ERROR at Row:1:Column:9 unexpected token: 'From'",
        ),
        ("X", "sent by joe.smith@example.com (twice)", "sent by *** (twice)"),
        ("X", "it says 'joe smith' and \"x y\" of 'Name'", "it says '***' and '***' of 'Name'"),
        ("INVALID_ID_FIELD", "invalid ID field: joe", "invalid ID field: ***"),
        (
            "REQUIRED_FIELD_MISSING",
            "Required fields are missing: [LastName]",
            "Required fields are missing: [LastName]",
        ),
        ("X", "y" * 400, "y" * 300 + "..."),
    ],
)
def test_salesforces_words_are_kept_without_the_values_in_them(code, message, expected):
    assert without_values(code, message) == expected


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (
            "InvalidBatch : Field name not found : Industryy",
            ("InvalidBatch", "Field name not found : Industryy"),
        ),
        (None, (None, "")),
        ("out of order", (None, "out of order")),
        ("joe@example.com : odd", (None, "*** : odd")),
    ],
)
def test_a_jobs_reason_is_cut_into_code_and_words(error, expected):
    assert reason(error) == expected


@given(
    st.sampled_from([200, 300, 400, 401, 403, 404, 429, 500, 503]),
    st.binary(max_size=80)
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["errorCode", "message", "fields", "error"]), inner, max_size=3)
        ),
    ).map(lambda value: json.dumps(value).encode()),
)
def test_any_body_becomes_an_error(status, body):
    assert isinstance(explain(refusal(status, body)), RemoteError)
