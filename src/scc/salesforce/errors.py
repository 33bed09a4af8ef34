"""From Salesforce's refusals to errors that say what to do.

Salesforce's own words are kept, but for the values that it quotes in them: they may be personal.
Three shapes of body are understood (REST's and Bulk 2.0's array, the token endpoint's object, SOAP's
fault) beside the HTML that its proxies answer with.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeAlias
from xml.etree import ElementTree as ET

from scc.errors import (
    ConflictError,
    CredentialsError,
    DataError,
    NotFoundError,
    QuotaError,
    RefusedError,
    RemoteError,
    UnavailableError,
)
from scc.transport import Response, explain_status

__all__ = ["SYSTEM", "explain", "explain_login", "reason", "without_values"]

SYSTEM = "salesforce"

_MEND_QUERY = "Mend the query; a field may also be hidden from this user."
_WAIT = "Salesforce frees itself of this; try again later."
_RETIRED = "Salesforce has retired this API version; configure a later one."
_BY_CODE: dict[str, tuple[type[RemoteError], str]] = {
    "API_CURRENTLY_DISABLED": (CredentialsError, "Ask the administrator to enable the API."),
    "API_DISABLED_FOR_ORG": (CredentialsError, "Ask the administrator to enable the API for this user."),
    "DUPLICATES_DETECTED": (ConflictError, "A duplicate rule of the organisation holds this record back."),
    "DUPLICATE_VALUE": (ConflictError, "A record with this unique value is there already."),
    "ENTITY_IS_DELETED": (NotFoundError, "The record was deleted."),
    "EXCEEDED_ID_LIMIT": (RefusedError, "Ask for a shorter span of time."),
    "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY": (
        CredentialsError,
        "The user may not use a record that this one refers to.",
    ),
    "INSUFFICIENT_ACCESS_OR_READONLY": (CredentialsError, "The user may not write this record."),
    "INVALIDENTITY": (RefusedError, "Query this object over REST instead."),
    "INVALID_FIELD": (RefusedError, _MEND_QUERY),
    "INVALID_QUERY_LOCATOR": (NotFoundError, "The cursor has expired; run the query again."),
    "INVALID_SESSION_ID": (CredentialsError, "The session was refused twice; check the app's policies."),
    "INVALID_TYPE": (RefusedError, _MEND_QUERY),
    "MALFORMED_QUERY": (
        RefusedError,
        "Mend the query at the place named; scc.salesforce.soql writes valid ones.",
    ),
    "QUERY_TIMEOUT": (RefusedError, "Narrow the query by an indexed field, or use the Bulk API."),
    "REQUEST_LIMIT_EXCEEDED": (
        QuotaError,
        "The day's API calls are used up; they free themselves over 24 hours.",
    ),
    "SERVER_UNAVAILABLE": (UnavailableError, _WAIT),
    "STORAGE_LIMIT_EXCEEDED": (QuotaError, "The organisation's storage is full; free some."),
    "UNABLE_TO_LOCK_ROW": (UnavailableError, "Somebody else holds the record; try again later."),
    "UNKNOWN_EXCEPTION": (UnavailableError, _WAIT),
    "UNSUPPORTED_API_VERSION": (
        RefusedError,
        "Salesforce has retired this API version, or it has no login by SOAP: 64.0 is the last.",
    ),
    "rate_limit_exceeded": (
        UnavailableError,
        "Too many logins within the hour; keep a client and its session.",
    ),
}
_BY_STATUS: dict[int, tuple[type[RemoteError], str]] = {
    300: (ConflictError, "Several records carry this external id."),
    409: (ConflictError, "Results are read with the API version that their job was made with."),
    410: (RefusedError, _RETIRED),
    412: (ConflictError, "It has changed since it was read."),
    420: (UnavailableError, _WAIT),  # its clients ask again (jsforce)
    414: (RefusedError, "The query is too long for an address; use the Bulk API or soql.chunks."),
    431: (RefusedError, "The query is too long for an address; use the Bulk API or soql.chunks."),
}
_DAILY = re.compile(r"per 24 hrs has been (?:reached|exceeded)")
_CONCURRENT = re.compile(r"^Concurrent\w* Limit exceeded")

_POSITION = re.compile(r".*?(?=ERROR at Row:)", re.DOTALL)
_VALUE_FOLLOWS = re.compile(
    r"(invalid email address: |data value too large: |restricted picklist field: |VALUE_STRING value "
    r"|invalid ID field: |external ID: |external id field value: |Cannot deserialize instance of \w+ from "
    r"|of incorrect type: |not of required type: |external id specified: |is not accessible: |Your attempt to delete "
    r"|associated with the following[^:]*: )"
    r".*?(?=$| \(max length| not found for field | or request may be missing| at \[line| could not be completed)",
    re.DOTALL | re.IGNORECASE,
)
_TOKEN = re.compile(r"(unexpected token: )(.*)", re.DOTALL | re.IGNORECASE)
_QUOTED = re.compile(r"""'([^']*)'|"([^"]*)\"""")
_NAME = re.compile(r"[A-Za-z]\w*(?:__[a-z]+)?(?:\.\w+)*", re.ASCII)
_KEYWORD = re.compile(
    r"(?:SELECT|FROM|WHERE|AND|OR|NOT|IN|LIKE|GROUP|BY|ORDER|HAVING|LIMIT|OFFSET|ASC|DESC|NULLS|FIRST|LAST|<EOF>|\W)",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"[^\s:'\"<>(),;]+@[^\s:'\"<>(),;]+")
_CODE = re.compile(r"[A-Za-z][\w.:]{1,79}", re.ASCII)
_MOST_WORDS = 300
_MOST_REASONS = 3

_Reason: TypeAlias = tuple[str | None, str, tuple[str, ...]]


def explain(response: Response) -> RemoteError:
    """Turn a refusal into an error; where Salesforce names several reasons its `code` is the first one's."""
    reasons = _reasons(response) or [(None, "", ())]
    code, message, _ = reasons[0]
    words = [_words(*each) for each in reasons[:_MOST_REASONS]]
    error = explain_status(response, SYSTEM, code=code, words="; ".join(filter(None, words)))
    kind, hint = _kind(response.status, code, message) or (type(error), error.hint)
    # a version that is gone is not a record that is gone: who deletes must not take it for done
    if isinstance(error, kind) and response.status != 410:
        error.hint = hint
        return error
    return kind(
        error.message, hint=hint, system=SYSTEM, status=error.status, code=code, request_id=error.request_id
    )


def explain_login(response: Response) -> RemoteError:
    """Turn a refused login into a CredentialsError; an outage stays what it is."""
    error = explain(response)
    if isinstance(error, CredentialsError | UnavailableError):
        return error
    return CredentialsError(
        error.message,
        hint="Check the app's key and secret, the user, and that the app allows this grant.",
        system=SYSTEM,
        status=error.status,
        code=error.code,
        request_id=error.request_id,
    )


def without_values(code: str | None, message: str) -> str:
    """Cut the values that Salesforce quotes out of one of its messages."""
    words = _POSITION.sub("", message, count=1)
    words = _VALUE_FOLLOWS.sub(r"\1***", words)
    words = _TOKEN.sub(
        lambda found: found[1] + (found[2] if _KEYWORD.fullmatch(found[2].strip("'\"")) else "***"), words
    )
    keep = _KEYWORD if code == "MALFORMED_QUERY" else _NAME
    words = _QUOTED.sub(
        lambda found: found[0] if keep.fullmatch(found[1] or found[2] or "") else "'***'", words
    )
    words = _ADDRESS.sub("***", " ".join(words.split()))
    return words if len(words) <= _MOST_WORDS else f"{words[:_MOST_WORDS]}..."


def reason(error: str | None) -> tuple[str | None, str]:
    """Cut a job's `Code : words` apart, values taken out of the words."""
    code, colon, words = (error or "").partition(":")
    known = _code(code.strip()) if colon else None
    return (
        (known, without_values(known, words.strip())) if known else (None, without_values(None, error or ""))
    )


def _kind(status: int, code: str | None, message: str) -> tuple[type[RemoteError], str] | None:
    if code == "REQUEST_LIMIT_EXCEEDED" and _CONCURRENT.search(message):
        return UnavailableError, "Too many long requests run at once; try again later."
    if _DAILY.search(message):
        return QuotaError, "The day's allowance is used up; it frees itself over 24 hours."
    return _BY_CODE.get(code or "") or _BY_STATUS.get(status)


def _words(code: str | None, message: str, fields: tuple[str, ...]) -> str:
    return without_values(code, message) + (f" ({', '.join(fields)})" if fields else "")


def _reasons(response: Response) -> list[_Reason]:
    """Find code, message and fields of each error in a body of any shape."""
    if response.body.lstrip().startswith(b"<"):
        return [(*_fault(response.body), ())]
    try:
        body = response.json() if response.body else None
    except DataError:
        return []
    listed = body if isinstance(body, list) else [body]
    return [_reason(each) for each in listed if isinstance(each, Mapping)]


def _reason(error: Mapping[str, object]) -> _Reason:
    code = error.get("errorCode") or error.get("error") or error.get("exceptionCode")
    message = error.get("message") or error.get("error_description") or error.get("exceptionMessage")
    fields = error.get("fields")
    return (
        _code(code),
        str(message) if message else "",
        tuple(str(one) for one in fields) if isinstance(fields, list) else (),
    )


def _code(said: object) -> str | None:
    return said if isinstance(said, str) and _CODE.fullmatch(said) else None


def _fault(body: bytes) -> tuple[str | None, str]:
    """Read a SOAP fault; HTML from a proxy says nothing worth repeating."""
    try:
        root = ET.fromstring(body)  # noqa: S314  # expat refuses entity bombs since 2.4.1
    except ET.ParseError:
        return None, ""
    said = {element.tag.rpartition("}")[2]: (element.text or "").strip() for element in root.iter()}
    code = _code((said.get("exceptionCode") or said.get("faultcode") or "").removeprefix("sf:"))
    return code, said.get("exceptionMessage") or said.get("faultstring") or ""
