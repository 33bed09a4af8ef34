"""Record ids: 15 characters of base 62 that tell case apart, and the three characters that make them 18.

Knows nothing of objects or of HTTP. The same arithmetic exists twice, in Python for single ids and in SQL for
a million at a time; a test holds the two together. Source: sandbox-salesforce.md 6.
"""

from __future__ import annotations

import re

POD = "5e0"
"""Characters 4 to 6 of every id made here: the place of the instance in a real id."""

_SUFFIX_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_HIGH_DIGITS = "0000"
MAX_NUMBER = 62**5
_SHAPE = re.compile(r"[0-9A-Za-z]{15}(?:[A-Z0-5]{3})?")


def suffix(id15: str) -> str:
    """Return the three check characters of a 15-character id."""
    chunks = (id15[0:5], id15[5:10], id15[10:15])
    return "".join(
        _SUFFIX_ALPHABET[sum(1 << place for place, char in enumerate(chunk) if "A" <= char <= "Z")]
        for chunk in chunks
    )


def make15(prefix: str, number: int) -> str:
    """Return the id number `number` of the objects whose ids begin with `prefix`, without check characters."""
    if number >= MAX_NUMBER:
        raise ValueError(f"the sandbox has ids for {MAX_NUMBER} records of a kind, not for number {number}")
    digits = []
    for _ in range(5):
        number, rest = divmod(number, 62)
        digits.append(_DIGITS[rest])
    return prefix + POD + _HIGH_DIGITS + "".join(reversed(digits))


def make(prefix: str, number: int) -> str:
    """Return the 18-character id number `number` of the objects whose ids begin with `prefix`."""
    id15 = make15(prefix, number)
    return id15 + suffix(id15)


def normalize(text: str) -> str | None:
    """Return the 18-character form of an id, or None for what is no id (bad length, bad check characters)."""
    if not _SHAPE.fullmatch(text):
        return None
    full = text[:15] + suffix(text[:15])
    return full if len(text) == 15 or text == full else None


def number_of(id18: str) -> int:
    """Return the counter in an id of this sandbox's making; foreign ids give some number too."""
    number = 0
    for char in id18[6:15]:
        number = number * 62 + _DIGITS.index(char)
    return number


def sql(prefix: str, number: str) -> str:
    """Return SQL that makes ids out of numbers: the twin of `make`, `number` being SQL for a BIGINT."""
    values = [f"(({number}) // {62**place}) % 62" for place in reversed(range(5))]
    digits = " || ".join(f"substr('{_DIGITS}', CAST({value} AS INTEGER) + 1, 1)" for value in values)
    bits = " + ".join(
        f"CASE WHEN {value} BETWEEN 10 AND 35 THEN {1 << n} ELSE 0 END" for n, value in enumerate(values)
    )
    head = prefix + POD + _HIGH_DIGITS
    checks = suffix(head + "00000")
    return f"'{head}' || {digits} || '{checks[:2]}' || substr('{_SUFFIX_ALPHABET}', {bits} + 1, 1)"


_CAPITALS = "list_transform([0, 1, 2, 3, 4], lambda p: CASE WHEN ascii(substr(id, s + p, 1)) BETWEEN 65 AND 90 THEN 1 << p ELSE 0 END)"

MACROS = (
    # Lists and lambdas keep the macro short, which matters more than its speed: most ids come with their checks.
    (
        "CREATE OR REPLACE MACRO sf.suffix(id) AS array_to_string(list_transform([1, 6, 11], "
        f"lambda s: substr('{_SUFFIX_ALPHABET}', CAST(list_sum({_CAPITALS}) AS INTEGER) + 1, 1)), '')"
    ),
    (
        "CREATE OR REPLACE MACRO sf.id18(text) AS list_transform([text], lambda id: CASE "
        f"WHEN NOT regexp_full_match(id, '{_SHAPE.pattern}') THEN NULL "
        "WHEN length(id) = 15 THEN id || sf.suffix(id) "
        "WHEN substr(id, 16, 3) = sf.suffix(id) THEN id END)[1]"
    ),
)
"""DuckDB macros in schema `sf`; `id18(text)` is the twin of `normalize`, NULL for what is no id."""
