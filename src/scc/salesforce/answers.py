"""Reading fields out of JSON answers: each of the type that was promised, or a DataError that names the place.

No value ever stands in such an error: it may be personal.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NoReturn, TypeAlias

from scc.errors import DataError
from scc.transport import Response

__all__ = ["Object", "flag", "items", "loads", "maybe_text", "number", "objects", "record", "text", "when"]

Object: TypeAlias = Mapping[str, object]


def loads(response: Response) -> Any:
    """Parse a body, numbers as the text they came in (`12.50`, never `1.25E1`)."""
    try:
        return json.loads(response.body, parse_int=str, parse_float=_plain)
    except (ValueError, RecursionError):
        return response.json()  # raises the DataError that says where


def record(value: object, where: str) -> Object:
    if not isinstance(value, Mapping):
        _wrong(where, "an object", value)
    return value


def objects(value: object, where: str) -> Sequence[Object]:
    if not isinstance(value, list):
        _wrong(where, "a list", value)
    return [record(one, f"{where}[{at}]") for at, one in enumerate(value)]


def items(source: Object, key: str) -> tuple[str, ...]:
    """Read a list of texts; absent and null mean none."""
    value = source.get(key) or []
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        _wrong(key, "a list of texts", value)
    return tuple(value)


def text(source: Object, key: str) -> str:
    value = maybe_text(source, key)
    if value is None:
        _wrong(key, "a text", value)
    return value


def maybe_text(source: Object, key: str) -> str | None:
    value = source.get(key)
    if value is not None and not isinstance(value, str):
        _wrong(key, "a text", value)
    return value


def number(source: Object, key: str) -> int:
    value = source.get(key)
    if isinstance(value, bool) or not isinstance(value, int | str):
        _wrong(key, "a whole number", value)
    try:
        return int(value)
    except ValueError:
        _wrong(key, "a whole number", value)


def flag(source: Object, key: str) -> bool:
    """Read a boolean; absent means false."""
    value = source.get(key, False)
    if not isinstance(value, bool):
        _wrong(key, "true or false", value)
    return value


def when(source: Object, key: str) -> datetime:
    try:
        return datetime.fromisoformat(text(source, key))
    except ValueError:
        _wrong(key, "a date with its time", source.get(key))


def _plain(number: str) -> str:
    """Write a number without an exponent, but for one that no field holds: it would take gigabytes."""
    _, _, exponent = number.lower().partition("e")
    return f"{Decimal(number):f}" if exponent and len(exponent) <= 4 else number


def _wrong(where: str, wanted: str, value: object) -> NoReturn:
    raise DataError(
        f"salesforce: {where} in an answer is {_kind(value)} where {wanted} was promised",
        hint="A proxy may have answered in Salesforce's place, or this API version differs.",
    )


def _kind(value: object) -> str:
    return {type(None): "null or absent", dict: "an object", list: "a list", str: "a text"}.get(
        type(value), "a number or a boolean"
    )
