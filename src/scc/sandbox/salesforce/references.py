"""References from one part of a composite call to the answer of an earlier one: `@{ref.records[0].Id}`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_REFERENCE = re.compile(r"@\{(\w+)((?:\[\d+\]|\.\w+)*)\}")
_STEP = re.compile(r"\[(\d+)\]|\.(\w+)")


class UnresolvedError(Exception):
    """A reference that leads nowhere; the text says which."""


def resolve(value: Any, known: Mapping[str, Any]) -> Any:
    """Return `value` with every reference in its texts replaced. Raises UnresolvedError."""
    if isinstance(value, dict):
        return {name: resolve(each, known) for name, each in value.items()}
    if isinstance(value, list):
        return [resolve(each, known) for each in value]
    if isinstance(value, str):
        return _REFERENCE.sub(lambda found: _look_up(found, known), value)
    return value


def _look_up(found: re.Match[str], known: Mapping[str, Any]) -> str:
    name, path = found.groups()
    if name not in known:
        raise UnresolvedError(f"Invalid reference specified. No value for {name} found")
    value = known[name]
    for index, key in _STEP.findall(path):
        try:
            value = value[int(index)] if index else _field(value, key)
        except (KeyError, IndexError, TypeError):
            raise UnresolvedError(
                f"Invalid reference specified. No value for {name}{path} found in {name}"
            ) from None
    return str(value)


def _field(value: Mapping[str, Any], key: str) -> Any:
    """Find a key whatever its case: answers say `id`, records say `Id`."""
    for name, each in value.items():
        if name.lower() == key.lower():
            return each
    raise KeyError(key)
