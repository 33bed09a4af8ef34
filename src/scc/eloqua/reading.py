"""Parts of Eloqua's JSON, read strictly: what is wrong is a DataError that names the property, never its value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from scc.errors import DataError
from scc.transport import Response

__all__ = ["acknowledged", "as_object", "as_objects", "moment", "part", "text", "trailing_id", "whole"]


def text(body: Mapping[str, Any], name: str, default: str | None = None) -> str:
    """Read a string; DataError names the property, not what stands there."""
    value = body.get(name, default)
    if value is None and default is not None:
        return default
    if not isinstance(value, str):
        raise DataError(f"Eloqua's answer has no text in {name!r}")
    return value


def whole(body: Mapping[str, Any], name: str) -> int:
    """Read a number, which may come as a string of digits."""
    value = body.get(name)
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise DataError(f"Eloqua's answer has no whole number in {name!r}")
    return value


def part(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = body.get(name)
    if not isinstance(value, dict):
        raise DataError(f"Eloqua's answer has no object in {name!r}")
    return value


def as_object(parsed: object) -> Mapping[str, Any]:
    """Check that an answer is a JSON object."""
    if not isinstance(parsed, dict):
        raise DataError(f"Eloqua answered with a {type(parsed).__name__} where an object was to come")
    return parsed


def as_objects(parsed: object) -> Sequence[Mapping[str, Any]]:
    """Check that a part of an answer is a list of JSON objects."""
    if not isinstance(parsed, list) or not all(isinstance(item, dict) for item in parsed):
        raise DataError("Eloqua answered with something else where a list of objects was to come")
    return parsed


def acknowledged(response: Response) -> None:
    """Check that an answer of which only its coming counts is Eloqua's: a proxy's page, with 200, did nothing.

    Eloqua says nothing then, or JSON.
    """
    if response.body:
        response.json()


def trailing_id(uri: str) -> int:
    """Read the id at the end of a uri such as `/customObjects/12`."""
    tail = uri.rstrip("/").rpartition("/")[2]
    if not (tail.isascii() and tail.isdigit()):
        raise DataError(f"Eloqua's answer has a uri without an id at its end: {uri!r}")
    return int(tail)


def moment(value: object) -> datetime:
    """Read an aware time."""
    try:
        # seven digits of a second ("...11.9471264Z"): fromisoformat drops the last
        at = datetime.fromisoformat(str(value))
    except ValueError:
        raise DataError("Eloqua's answer has a time that can't be read") from None
    if at.tzinfo is None:
        raise DataError("Eloqua's answer has a time without a zone")
    return at
