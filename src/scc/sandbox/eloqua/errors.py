"""Eloqua's error answers, raised wherever they are found out and turned into a response at one place.

Bulk's bodies follow sources.md E2.13, REST's 3.9. An answer without a body is empty.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

__all__ = ["BulkValidationError", "EloquaError", "RestValidationError", "failure", "gone", "not_found"]


class EloquaError(Exception):
    """`body` is what the answer's JSON says; None is an empty body."""

    def __init__(self, status: int, body: object = None) -> None:
        super().__init__(f"HTTP {status}")
        self.status = status
        self.body = body


class BulkValidationError(EloquaError):
    """400 with the list of what is wrong, as `failure` makes it."""

    def __init__(self, failures: Sequence[dict[str, str]], status: int = 400) -> None:
        super().__init__(status, {"failures": list(failures)})


class RestValidationError(EloquaError):
    """400 (or 409) with REST's array of one ObjectValidationError. `requirement` is the type's name."""

    def __init__(
        self,
        object_type: str,
        prop: str,
        requirement: str,
        *,
        value: str | None = None,
        object_id: str | None = None,
        status: int = 400,
    ) -> None:
        container = {"type": "ObjectKey", "objectType": object_type}
        if object_id is not None:
            container["objectId"] = object_id
        problem: dict[str, Any] = {
            "type": "ObjectValidationError",
            "container": container,
            "property": prop,
            "requirement": {"type": requirement},
            "value": "<null>" if value is None else value,
        }
        super().__init__(status, [problem])


def failure(field: str, constraint: str, value: str | None = None) -> dict[str, str]:
    """One entry of Bulk's `failures`."""
    entry = {"field": field}
    if value is not None:
        entry["value"] = value
    return {**entry, "constraint": constraint}


def not_found() -> EloquaError:
    return EloquaError(404)


def gone(status: int) -> EloquaError:
    """Answer for what had its time; `status` is the option `expired_status`."""
    return EloquaError(status)
