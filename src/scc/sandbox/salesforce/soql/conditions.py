"""The parser's lower half: tokens at hand, names, calls, values, and conditions of WHERE and HAVING."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from scc.sandbox.salesforce.soql.errors import SoqlError, at, unexpected
from scc.sandbox.salesforce.soql.literals import COUNTED_DATE_NAMES, DATE_NAMES, MAX_COUNT, literal
from scc.sandbox.salesforce.soql.tokens import Token, tokenize
from scc.sandbox.salesforce.soql.tree import (
    Among,
    Both,
    Call,
    Comparison,
    Condition,
    DateLiteral,
    Either,
    Expression,
    Name,
    Not,
    Query,
    SemiJoin,
    Value,
)

MAX_DEPTH = 60
_COMPARISONS = {"=": "=", "!=": "!=", "<>": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">=", "like": "like"}


class ConditionParser:
    """Walks the tokens of `text`; methods take what they name and raise SoqlError on anything else."""

    query: Callable[[], Query]

    def __init__(self, text: str) -> None:
        self.text = text
        self._tokens = tokenize(text)
        self._next = 0
        self._depth = 0

    def peek(self, ahead: int = 0) -> Token:
        return self._tokens[min(self._next + ahead, len(self._tokens) - 1)]

    def take(self) -> Token:
        token = self.peek()
        self._next += 1
        return token

    def accept(self, word: str) -> Token | None:
        token = self.peek()
        return self.take() if token.kind in {"word", "symbol"} and token.lower == word else None

    def expect(self, word: str) -> Token:
        return self.accept(word) or self._refuse()

    def one_of(self, words: set[str]) -> Token:
        return self.take() if self.peek().lower in words else self._refuse()

    def word(self) -> Token:
        return self.take() if self.peek().kind == "word" else self._refuse()

    def _refuse(self) -> Token:
        raise unexpected(self.text, self.peek().at, self.peek().text)

    @contextmanager
    def nested(self) -> Iterator[None]:
        """Count one level of nesting; too many are refused, so that no query can exhaust the stack."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise SoqlError("QUERY_TOO_COMPLICATED", "Query is either selecting too many fields or the filter conditions are too complicated.")  # fmt: skip
        yield
        self._depth -= 1

    def dotted(self) -> Name:
        first = self.word()
        parts = [first.text]
        while self.accept("."):
            parts.append(self.word().text)
        return Name(tuple(parts), first.at)

    def expression(self) -> Expression:
        """Take a field path or a function call."""
        name = self.dotted()
        if len(name.parts) > 1 or not self.accept("("):
            return name
        with self.nested():
            args: list[Expression] = []
            if not self.accept(")"):
                args.append(self.expression())
                while self.accept(","):
                    args.append(self.expression())
                self.expect(")")
        return Call(name.parts[0].lower(), tuple(args), name.at)

    def count(self) -> int:
        token = self.take()
        if (
            token.kind != "number"
            or not token.text.isascii()
            or not token.text.isdigit()
            or len(token.text) > 9
        ):
            raise unexpected(self.text, token.at, token.text)
        return int(token.text)

    def condition(self) -> Condition:
        """Take terms joined by AND, or by OR; both without parentheses are refused, as the vendor does."""
        terms = [self._term()]
        joiner = self.peek().lower if self.peek().lower in {"and", "or"} else None
        while joiner and self.accept(joiner):
            terms.append(self._term())
        if joiner and self.peek().lower in {"and", "or"}:
            self._refuse()
        if len(terms) == 1:
            return terms[0]
        return Both(tuple(terms)) if joiner == "and" else Either(tuple(terms))

    def _term(self) -> Condition:
        with self.nested():
            if self.accept("not"):
                return Not(self._term())
            if self.accept("("):
                inner = self.condition()
                self.expect(")")
                return inner
            return self._comparison()

    def _comparison(self) -> Condition:
        left = self.expression()
        token = self.take()
        if token.lower in _COMPARISONS and token.kind in {"symbol", "word"}:
            return Comparison(left, _COMPARISONS[token.lower], self.value(), left.at)
        operator = token.lower
        if operator == "not":
            self.expect("in")
            operator = "not in"
        if operator not in {"in", "not in", "includes", "excludes"}:
            raise unexpected(self.text, token.at, token.text)
        self.expect("(")
        if self.peek().lower == "select" and operator in {"in", "not in"}:
            inner = self.query()
            self.expect(")")
            return SemiJoin(left, operator == "not in", inner, left.at)
        values = [self.value()]
        while self.accept(","):
            values.append(self.value())
        self.expect(")")
        return Among(left, operator, tuple(values), left.at)

    def value(self) -> Value:
        token = self.take()
        name = token.text.upper()
        if token.kind != "word" or name not in DATE_NAMES | COUNTED_DATE_NAMES:
            return literal(self.text, token)
        if name in DATE_NAMES:
            return Value(DateLiteral(name, None), token.at)
        self.expect(":")
        place = self.peek().at
        count = self.count()
        if count > MAX_COUNT:
            raise at(self.text, place, "MALFORMED_QUERY", f"Invalid date literal count: {count}")
        return Value(DateLiteral(name, count), token.at)
