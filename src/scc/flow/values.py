"""One way to write a value, so that equal values compare equal whichever system they come from."""

from __future__ import annotations

from collections.abc import Mapping

from scc.engines.base import identifier, literal

__all__ = ["eloqua_value", "value_map"]


def eloqua_value(column: str, data_type: str) -> str:
    """SQL that writes a column's text as Eloqua exports a field of this type; null becomes "".

    Dates: `2026-01-31 00:00:00`, in the zone that they were given in. Text that is no date or number is
    left as it is: Eloqua will say so.
    """
    text = f"trim(coalesce({identifier(column)}, ''))"
    if data_type == "date":
        return f"coalesce(strftime(try_cast({text} AS TIMESTAMP), '%Y-%m-%d %H:%M:%S'), {text})"
    if data_type == "number":
        number = f"try_cast({text} AS DOUBLE)"
        whole = f"CASE WHEN {number} = trunc({number}) AND abs({number}) < 1e15 THEN {number}::BIGINT::VARCHAR ELSE {number}::VARCHAR END"
        return f"coalesce({whole}, {text})"
    return text


def value_map(columns: Mapping[str, str], types: Mapping[str, str]) -> str:
    """SQL for a map from a target field's name to the value of the column that goes with it."""
    keys = ", ".join(literal(target) for target in columns)
    values = ", ".join(
        eloqua_value(column, types.get(target, "string")) for target, column in columns.items()
    )
    return f"map([{keys}], [{values}])"
