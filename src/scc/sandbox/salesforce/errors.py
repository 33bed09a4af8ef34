"""Refusals in the vendor's words. Raised where they are found, written out once, by the routes.

Source of codes and texts: sandbox-salesforce.md 2 and 5 and 6.
"""

from __future__ import annotations

from dataclasses import dataclass

NOT_FOUND_TEXT = "The requested resource does not exist"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a record or a call. `fields` is None where the vendor leaves the key out."""

    code: str
    message: str
    fields: tuple[str, ...] | None = None


class ApiError(Exception):
    """A refused call: an HTTP status and what is wrong, as REST and Bulk 2.0 answer it."""

    def __init__(self, status: int, *problems: Problem) -> None:
        super().__init__("; ".join(problem.message for problem in problems))
        self.status = status
        self.problems = problems


class BulkError(Exception):
    """A refused call of Bulk 1.0: an object with exceptionCode and exceptionMessage (sandbox-salesforce.md 4)."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


class OAuthError(Exception):
    """A refused token request: an object with error and error_description (sandbox-salesforce.md 1)."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.error = error
        self.description = description
        self.status = status


class JobFailedError(Exception):
    """A job that ends in state Failed; the text is its errorMessage."""


def refused(status: int, code: str, message: str, fields: tuple[str, ...] | None = None) -> ApiError:
    return ApiError(status, Problem(code, message, fields))


def not_found(message: str = NOT_FOUND_TEXT) -> ApiError:
    return refused(404, "NOT_FOUND", message)


def invalid_session() -> ApiError:
    return refused(401, "INVALID_SESSION_ID", "Session expired or invalid")


def malformed_json(message: str) -> ApiError:
    return refused(400, "JSON_PARSER_ERROR", message)
