"""Eloqua's filter language: text to a tree. What a statement means is decided elsewhere (sources.md E2.7)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from scc.sandbox.eloqua.statements import Segment, StatementError, parse_statement

__all__ = ["And", "Compare", "Exists", "FilterError", "Node", "Not", "Or", "Status", "parse_filter", "walk"]

_TOKEN = re.compile(r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<op>!=|>=|<=|[=<>~()])|(?P<word>[A-Za-z]+))")
_OPERATORS = frozenset({"=", "!=", ">", ">=", "<", "<=", "~"})
_DEEPEST = 60


class FilterError(Exception):
    """The message is Eloqua's `constraint`."""


@dataclass(frozen=True)
class Compare:
    statement: tuple[Segment, ...]
    operator: str
    value: str


@dataclass(frozen=True)
class Exists:
    statement: tuple[Segment, ...]


@dataclass(frozen=True)
class Status:
    reference: str
    value: str


@dataclass(frozen=True)
class Not:
    part: Node


@dataclass(frozen=True)
class And:
    parts: tuple[Node, ...]


@dataclass(frozen=True)
class Or:
    parts: tuple[Node, ...]


Node = Compare | Exists | Status | Not | And | Or


def parse_filter(text: str) -> Node:
    """Raises FilterError for what is no filter; never anything else, whatever the text."""
    reader = _Reader(list(_tokens(text)))
    node = reader.either(0)
    if reader.kind is not None:
        raise FilterError(f"Unexpected {reader.shown} after the end of the filter.")
    for kind, name in ((Exists, "EXISTS"), (Status, "STATUS")):
        if sum(isinstance(part, kind) for part in walk(node)) > 1:
            raise FilterError(f"There may only be one {name} in a filter.")
    return node


def walk(node: Node) -> Iterator[Node]:
    """Yield the node and everything in it."""
    yield node
    if isinstance(node, Not):
        yield from walk(node.part)
    elif isinstance(node, And | Or):
        for part in node.parts:
            yield from walk(part)


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    position = 0
    end = len(text.rstrip())
    while position < end:
        match = _TOKEN.match(text, position)
        if match is None:
            raise FilterError(f"Unexpected character at position {position + 1}.")
        position = match.end()
        kind = match.lastgroup
        assert kind is not None
        yield kind, match[kind]


class _Reader:
    """Reads tokens from left to right: or, and, not, in the order of how weakly they bind."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._at = 0

    @property
    def kind(self) -> str | None:
        return self._tokens[self._at][0] if self._at < len(self._tokens) else None

    @property
    def shown(self) -> str:
        return self._tokens[self._at][1] if self.kind else "end"

    def either(self, depth: int) -> Node:
        if depth > _DEEPEST:
            raise FilterError("The filter is nested too deeply.")
        parts = [self._all(depth)]
        while self._takes_word("OR"):
            parts.append(self._all(depth))
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def _all(self, depth: int) -> Node:
        parts = [self._negated(depth)]
        while self._takes_word("AND"):
            parts.append(self._negated(depth))
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _negated(self, depth: int) -> Node:
        negations = 0
        while self._takes_word("NOT"):
            negations += 1
        node = self._primary(depth)
        return Not(node) if negations % 2 else node

    def _primary(self, depth: int) -> Node:
        if self._takes("op", "("):
            node = self.either(depth + 1)
            self._expect(")")
            return node
        if self._takes_word("EXISTS"):
            self._expect("(")
            statement = self._statement()
            self._expect(")")
            return Exists(statement)
        if self._takes_word("STATUS"):
            self._expect("(")
            reference = self._text()
            self._expect(")")
            self._expect("=")
            return Status(reference, self._text())
        statement = self._statement()
        operator = self.shown if self.kind == "op" else ""
        if operator not in _OPERATORS:
            raise FilterError(f"An operator is expected in place of {self.shown}.")
        self._at += 1
        return Compare(statement, operator, self._text())

    def _statement(self) -> tuple[Segment, ...]:
        try:
            return parse_statement(self._text())
        except StatementError as error:
            raise FilterError(str(error)) from None

    def _text(self) -> str:
        if self.kind != "text":
            raise FilterError(f"A value in single quotes is expected in place of {self.shown}.")
        raw = self._tokens[self._at][1]
        self._at += 1
        return raw[1:-1].replace("''", "'")

    def _takes(self, kind: str, token: str) -> bool:
        if self.kind == kind and self.shown == token:
            self._at += 1
            return True
        return False

    def _takes_word(self, word: str) -> bool:
        if self.kind == "word" and self.shown.upper() == word:
            self._at += 1
            return True
        return False

    def _expect(self, token: str) -> None:
        if not self._takes("op", token):
            raise FilterError(f"{token} is expected in place of {self.shown}.")
