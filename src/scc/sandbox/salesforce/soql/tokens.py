"""Cut SOQL text into tokens. Knows the alphabet, not the grammar (sandbox-salesforce.md 5)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from scc.sandbox.salesforce.soql.errors import SoqlError, at, unexpected

MAX_LENGTH = 100_000
MAX_STRING = 4_000

_TOKEN = re.compile(
    r"""
    (?P<space>\s+)
  | (?P<datetime>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d))
  | (?P<date>\d{4}-\d\d-\d\d)
  | (?P<time>\d\d:\d\d:\d\d(?:\.\d+)?Z?)
  | (?P<number>[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?(?![A-Za-z_]))
  | (?P<string>'(?:[^'\\]|\\.)*')
  | (?P<word>[A-Za-z_][A-Za-z0-9_]*)
  | (?P<symbol><=|>=|!=|<>|[=<>(),.:])
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|.)", re.DOTALL)
_PLAIN_ESCAPES = {"n": "\n", "N": "\n", "r": "\r", "R": "\r", "t": "\t", "T": "\t", "b": "\b", "B": "\b", "f": "\f", "F": "\f"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Token:
    """`kind` is one of datetime, date, time, number, string, word, symbol, end; `at` is its place in the text."""

    kind: str
    text: str
    at: int

    @property
    def lower(self) -> str:
        return self.text.lower()


def tokenize(text: str) -> list[Token]:
    """Return the tokens of a query, an `end` token last.

    Raises SoqlError (MALFORMED_QUERY, QUERY_TOO_COMPLICATED) for what is no token, and for queries and strings
    over the vendor's limits.
    """
    if len(text) > MAX_LENGTH:
        raise SoqlError(
            "QUERY_TOO_COMPLICATED", f"SOQL statements cannot be longer than {MAX_LENGTH} characters."
        )
    tokens = []
    place = 0
    while place < len(text):
        found = _TOKEN.match(text, place)
        if found is None:
            raise _stray(text, place)
        kind = found.lastgroup or ""
        if kind != "space":
            tokens.append(Token(kind, found.group(), place))
        place = found.end()
    tokens.append(Token("end", "<EOF>", len(text)))
    return tokens


def _stray(text: str, place: int) -> SoqlError:
    if text[place] == "'":
        return at(text, place, "MALFORMED_QUERY", "unexpected end of string literal")
    return unexpected(text, place, text[place])


def unquote(text: str, token: Token) -> str:
    """Return the value of a string token, its escapes resolved."""
    return _unescape(text, token, lambda char: char)


def unquote_pattern(text: str, token: Token) -> str:
    r"""Return the value of a LIKE pattern; an escaped `\_`, `\%` or `\\` keeps its backslash for the LIKE."""
    return _unescape(text, token, lambda char: "\\" + char if char in "_%\\" else char)


def _unescape(text: str, token: Token, keep: object) -> str:
    assert callable(keep)

    def replace(found: re.Match[str]) -> str:
        body = found.group(1)
        if body[0] == "u" and len(body) == 5:
            return chr(int(body[1:], 16))
        if body in _PLAIN_ESCAPES:
            return _PLAIN_ESCAPES[body]
        if body in "'\"\\_%":
            return str(keep(body))
        place = token.at + 1 + found.start()
        raise at(
            text, place, "MALFORMED_QUERY", f"Invalid string literal '\\{body}'. Illegal character sequence."
        )

    value = _ESCAPE.sub(replace, token.text[1:-1])
    if len(value) > MAX_STRING:
        raise at(
            text,
            token.at,
            "MALFORMED_QUERY",
            f"String literals in WHERE are limited to {MAX_STRING} characters.",
        )
    return value
