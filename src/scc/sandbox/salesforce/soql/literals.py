"""Read one literal of a query: strings, numbers, dates, named dates, money (sandbox-salesforce.md 5)."""

from __future__ import annotations

import datetime as dt
import re

from scc.sandbox.salesforce.soql.errors import at, unexpected
from scc.sandbox.salesforce.soql.tokens import Token, unquote, unquote_pattern
from scc.sandbox.salesforce.soql.tree import Scalar, Value

_UNITS = ("DAY", "WEEK", "MONTH", "QUARTER", "YEAR", "FISCAL_QUARTER", "FISCAL_YEAR")
DATE_NAMES = frozenset(
    {"YESTERDAY", "TODAY", "TOMORROW", "LAST_90_DAYS", "NEXT_90_DAYS"}
    | {f"{when}_{unit}" for when in ("LAST", "THIS", "NEXT") for unit in _UNITS[1:]}
)
COUNTED_DATE_NAMES = frozenset(
    {f"{when}_N_{unit}S" for when in ("LAST", "NEXT") for unit in _UNITS}
    | {f"N_{unit}S_AGO" for unit in _UNITS}
)
_MONEY = re.compile(r"[A-Za-z]{3}(\d+)")
_WORDS: dict[str, Scalar] = {"true": True, "false": False, "null": None}
MAX_COUNT = 100_000


def literal(text: str, token: Token) -> Value:
    """Return the value that a token stands for; named dates with a count are the parser's to complete."""
    if token.kind == "string":
        return Value(unquote(text, token), token.at, unquote_pattern(text, token))
    if token.kind == "number":
        return Value(_number(text, token), token.at)
    if token.kind in {"date", "datetime", "time"}:
        return Value(_moment(text, token), token.at)
    if token.kind == "word" and token.lower in _WORDS:
        return Value(_WORDS[token.lower], token.at)
    money = _MONEY.fullmatch(token.text) if token.kind == "word" else None
    if money:
        return Value(int(money.group(1)), token.at)
    raise unexpected(text, token.at, token.text)


def _number(text: str, token: Token) -> int | float:
    if len(token.text) > 40:
        raise at(text, token.at, "MALFORMED_QUERY", f"Invalid number: {token.text[:40]}")
    if re.fullmatch(r"[+-]?\d+", token.text):
        return int(token.text)
    value = float(token.text)
    if value in {float("inf"), float("-inf")}:
        raise at(text, token.at, "MALFORMED_QUERY", f"Invalid number: {token.text}")
    return value


def _moment(text: str, token: Token) -> Scalar:
    try:
        if token.kind == "date":
            return dt.date.fromisoformat(token.text)
        if token.kind == "time":
            return dt.time.fromisoformat(token.text.rstrip("Z"))
        return dt.datetime.fromisoformat(_six_digits(token.text)).astimezone(dt.UTC)
    except (ValueError, OverflowError):
        raise at(text, token.at, "MALFORMED_QUERY", f"Invalid {token.kind}: {token.text}") from None


def _six_digits(moment: str) -> str:
    return re.sub(r"\.(\d+)", lambda found: "." + found.group(1)[:6].ljust(6, "0"), moment)
