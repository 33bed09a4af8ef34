"""From Eloqua's refusals to errors that say what to do, quoting its codes and words but no values.

What the refused values were is kept on the error (`failures`), out of its message and repr.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from scc.errors import ConflictError, DataError, RefusedError, RemoteError
from scc.transport import Response, explain_status

__all__ = ["Failure", "InvalidError", "explain"]

SYSTEM = "eloqua"
_WORDS = {
    words.rstrip(".").lower(): words
    for words in (
        "Not authenticated.",
        "Login required",
        "There was a parsing error.",
        "There was a missing reference.",
        "There was a serialization error.",
        "There was a validation error.",
        "You are not authorized to make this request",
        "This service has not been enabled for your site.",
        "XSRF Protection Failure",
        "The requested resource was not found.",
        "There was a conflict.",
        "The resource you are attempting to delete has dependencies, and cannot be deleted",
        "Storage space exceeded.",
        "The service has encountered an error.",
        "There was a timeout processing the request",
    )
}
"""What Oracle's page of status codes says, by the words in lower case."""


@dataclass(frozen=True)
class Failure:
    """One point of a refusal. `value` may be personal and stays out of the repr."""

    where: str
    requirement: str
    value: str | None = field(default=None, repr=False)

    def __str__(self) -> str:
        return f"{self.where}: {self.requirement}" if self.where else self.requirement


class InvalidError(RefusedError):
    """400: Eloqua found fault with the request; `failures` has each point."""

    failures: tuple[Failure, ...] = ()


class InvalidConflictError(ConflictError):
    """409, with the points that Eloqua named."""

    failures: tuple[Failure, ...] = ()


def explain(response: Response) -> RemoteError:
    """Read the body of a refusal: Bulk's `failures`, REST's array or object, the token endpoint's error."""
    try:
        body = response.json() if response.body else None
    except DataError:
        body = None
    failures = _failures(body)
    code, words = _token_code(body), ""
    if failures:
        code = next((item["type"] for item in _items(body) if isinstance(item.get("type"), str)), None)
        words = "; ".join(str(one) for one in failures)
    else:
        words = _known_words(response.text if body is None else body)
    error = explain_status(response, SYSTEM, code=code, words=words)
    if response.status == 400:
        error = _as(InvalidError, error, failures)
    elif response.status == 409 and failures:
        error = _as(InvalidConflictError, error, failures)
    return error


def _known_words(said: object) -> str:
    """Quote a body of plain words only where they are Oracle's own: others may hold a value."""
    return _WORDS.get(said.strip().rstrip(".").lower(), "") if isinstance(said, str) else ""


def _as(
    kind: type[InvalidError | InvalidConflictError], error: RemoteError, failures: tuple[Failure, ...]
) -> RemoteError:
    better = kind(
        error.message,
        hint="Mend what Eloqua names and ask again." if failures else error.hint,
        system=error.system,
        status=error.status,
        code=error.code,
        request_id=error.request_id,
    )
    better.failures = failures
    return better


def _items(body: object) -> list[Mapping[str, Any]]:
    if isinstance(body, dict):
        listed = body.get("failures")
        body = listed if isinstance(listed, list) else [body]
    return [item for item in body if isinstance(item, dict)] if isinstance(body, list) else []


def _failures(body: object) -> tuple[Failure, ...]:
    found = []
    for item in _items(body):
        requirement = item.get("constraint") or item.get("requirement")
        if isinstance(requirement, dict):
            requirement = requirement.get("type")
        where = item.get("field") or item.get("property") or item.get("parameter") or ""
        value = item.get("value")
        if isinstance(requirement, str):
            found.append(Failure(str(where), requirement, None if value is None else str(value)))
    return tuple(found)


def _token_code(body: object) -> str | None:
    """RFC 6749 5.2, with Eloqua's numeric `error_code` beside it since 21C."""
    if not isinstance(body, dict) or not isinstance(body.get("error"), str):
        return None
    number = body.get("error_code")
    return f"{body['error']} {number}" if isinstance(number, int) else str(body["error"])
