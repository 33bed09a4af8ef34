"""REST's `search` parameter: text to terms, and terms held against plain dictionaries (sources.md E3.1)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

__all__ = ["Term", "grouped", "holds", "moment_of", "parse_search", "wildcard"]

_TERM = re.compile(r"\s*(?P<name>[A-Za-z_]\w*)\s*(?P<op>>=|<=|!=|=|>|<)\s*")
_MOMENTS = (
    "%Y-%m-%d %H:%M:%S.%f",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d",
    "%Y-%m-%dT%H:%M:%SZ",
    "%m/%d/%Y",
    "%m/%d/%Y %H:%M:%S",
)


@dataclass(frozen=True)
class Term:
    """`name` is None for a search without a property, which looks at the name."""

    name: str | None
    operator: str
    value: str


def parse_search(text: str) -> list[Term]:
    """Read terms written side by side; a quoted value ends at its quote, a bare one at the next term."""
    terms: list[Term] = []
    position = 0
    while text[position:].strip():
        match = _TERM.match(text, position)
        if match is None:
            return [*terms, Term(None, "=", text[position:].strip().strip("'"))]
        value, position = _value(text, match.end())
        terms.append(Term(match["name"], match["op"], value))
    return terms


def _value(text: str, start: int) -> tuple[str, int]:
    if text[start : start + 1] in ("'", '"'):
        end = text.find(text[start], start + 1)
        if end > 0:
            return text[start + 1 : end], end + 1
    following = re.compile(r"\s+(?:and\s+)?(?=[A-Za-z_]\w*\s*(?:>=|<=|!=|=|>|<))").search(text, start)
    end = following.start() if following else len(text)
    return text[start:end].strip(), following.end() if following else end


def grouped(terms: Sequence[Term]) -> list[list[Term]]:
    """Put equal terms together: `emailAddress='a'emailAddress='b'` is a union (recorded)."""
    groups: dict[tuple[str, str], list[Term]] = {}
    for term in terms:
        groups.setdefault(((term.name or "").lower(), term.operator), []).append(term)
    return list(groups.values())


def wildcard(value: str) -> str:
    """Return the regular expression of a value with * for any text."""
    return ".*".join(re.escape(part) for part in value.split("*"))


def moment_of(text: str) -> datetime | None:
    """Read a time given as seconds since 1970 or as a date, in UTC; None for what is none."""
    if text.strip().lstrip("-").isdigit() and len(text.strip()) < 12:
        return datetime.fromtimestamp(int(text), UTC)
    for format_ in _MOMENTS:
        try:
            return datetime.strptime(text.strip(), format_).replace(tzinfo=UTC)
        except ValueError:
            continue
    return None


def holds(item: Mapping[str, object], terms: Sequence[Term], *, join: str) -> bool:
    """Whether an asset, as the interface shows it, meets a search."""
    results = [any(_meets(item, term) for term in group) for group in grouped(terms)]
    return all(results) if join == "and" else any(results) or not results


def _meets(item: Mapping[str, object], term: Term) -> bool:
    name = (term.name or "name").lower()
    actual = next((str(value) for key, value in item.items() if key.lower() == name), "")
    if name.endswith("at") and (moment := moment_of(term.value)) is not None and actual.isdigit():
        return _compare(int(actual), term.operator, int(moment.timestamp()))
    if term.operator in ("=", "!="):
        found = re.fullmatch(wildcard(term.value), actual, re.IGNORECASE | re.DOTALL) is not None
        return found == (term.operator == "=")
    if actual.isdigit() and term.value.isdigit():
        return _compare(int(actual), term.operator, int(term.value))
    return _compare(actual.lower(), term.operator, term.value.lower())


def _compare(left: int | str, operator: str, right: int | str) -> bool:
    return {
        "=": left == right,
        "!=": left != right,
        ">": left > right,  # type: ignore[operator]  # both are of one type here
        "<": left < right,  # type: ignore[operator]  # as above
        ">=": left >= right,  # type: ignore[operator]  # as above
        "<=": left <= right,  # type: ignore[operator]  # as above
    }[operator]
