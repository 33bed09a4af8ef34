"""How typed values become Eloqua's text and back, as SQL expressions. Knows data types and no records."""

from __future__ import annotations

from scc.sandbox.database import literal

__all__ = ["EMAIL_PATTERN", "eastern", "sql_type", "text_of", "typed_of"]

EMAIL_PATTERN = r"[^@\s,;<>()\[\]]+@[^@\s,;<>()\[\].]+(\.[^@\s,;<>()\[\].]+)+"
"""What counts as an e-mail address."""

_SQL_TYPES = {
    "string": "VARCHAR",
    "emailAddress": "VARCHAR",
    "number": "DOUBLE",
    "date": "TIMESTAMP",
    "boolean": "BOOLEAN",
}

_ISO_DATE = r"\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?Z?)?"
_SLASHED_DATE = r"\d{1,2}/\d{1,2}/\d{4}( \d{2}:\d{2}:\d{2})?"
"""Dates as clients send them (sources.md E2.7, 2.9); with slashes the month comes first, never the day."""


def sql_type(data_type: str) -> str:
    """Return the column type of a Bulk data type; an unknown one is text."""
    return _SQL_TYPES.get(data_type, "VARCHAR")


def eastern(sql: str) -> str:
    """Turn a time in UTC into New York's wall clock, where Eloqua's servers live (sources.md E4)."""
    return f"timezone('America/New_York', timezone('UTC', {sql}))"


def text_of(sql: str, data_type: str, booleans: str = "True,False") -> str:
    """Render a typed value as exports write it: always text, never null."""
    match data_type:
        case "date":
            text = f"strftime({sql}, '%Y-%m-%d %H:%M:%S.%g')"
        case "boolean":
            yes, no = booleans.split(",")
            text = f"CASE {sql} WHEN TRUE THEN {literal(yes)} WHEN FALSE THEN {literal(no)} END"
        case "number":
            whole = f"{sql} = trunc({sql}) AND abs({sql}) < 1e15"
            text = f"CASE WHEN {whole} THEN CAST(CAST({sql} AS BIGINT) AS VARCHAR) ELSE CAST({sql} AS VARCHAR) END"
        case "id":
            text = f"CAST({sql} AS VARCHAR)"
        case _:
            text = sql
    return f"coalesce({text}, '')"


def typed_of(sql: str, data_type: str) -> str:
    """Read a typed value from text: null where the text is blank or no such value."""
    match data_type:
        case "date":
            text = f"trim({sql})"
            return (
                f"CASE WHEN regexp_full_match({text}, {literal(_ISO_DATE)}) THEN TRY_CAST({text} AS TIMESTAMP)"
                f" WHEN regexp_full_match({text}, {literal(_SLASHED_DATE)})"
                f" THEN try_strptime({text}, ['%m/%d/%Y', '%m/%d/%Y %H:%M:%S']) END"
            )
        case "boolean":
            return (
                f"CASE WHEN lower(trim({sql})) IN ('true', '1', 'yes', 'on') THEN TRUE"
                f" WHEN lower(trim({sql})) IN ('false', '0', 'no', 'off') THEN FALSE END"
            )
        case "number":
            number = f"TRY_CAST(trim({sql}) AS DOUBLE)"
            return f"CASE WHEN isfinite({number}) THEN {number} END"
        case "id":
            return f"TRY_CAST(trim({sql}) AS BIGINT)"
        case "emailAddress":
            return f"CASE WHEN regexp_full_match(trim({sql}), {literal(EMAIL_PATTERN)}) THEN trim({sql}) END"
        case _:
            return f"nullif({sql}, '')"
