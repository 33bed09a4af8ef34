"""Eloqua's field statements, `{{Contact.Field(C_EmailAddress)}}`: read into segments. What they mean is elsewhere."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["Segment", "StatementError", "parse_statement"]

_SEGMENT = re.compile(r"(?P<name>[A-Za-z]\w*)(?:\((?P<word>[^()\[\]{}']*)\)|\[(?P<number>\d{1,18})\])?")


class StatementError(Exception):
    """The message is Eloqua's `constraint`."""


@dataclass(frozen=True)
class Segment:
    """One step of a statement: a name, and what its brackets hold: a `word` in (), a `number` in []."""

    name: str
    word: str | None = None
    number: int | None = None

    def is_named(self, name: str) -> bool:
        """Whether it is this name without brackets, in any case."""
        return self.name.lower() == name.lower() and self.word is None and self.number is None


def parse_statement(text: str) -> tuple[Segment, ...]:
    """Raises StatementError for what is no statement, the brackets of names and ids exchanged included."""
    stripped = text.strip()
    if not (stripped.startswith("{{") and stripped.endswith("}}")):
        raise StatementError("Must be a valid field statement.")
    inner = stripped[2:-2].strip()
    segments: list[Segment] = []
    position = 0
    while True:
        match = _SEGMENT.match(inner, position)
        if match is None:
            raise StatementError("Must be a valid field statement.")
        segments.append(_segment(match))
        position = match.end()
        if position == len(inner):
            return tuple(segments)
        if inner[position] != ".":
            raise StatementError("Must be a valid field statement.")
        position += 1


def _segment(match: re.Match[str]) -> Segment:
    word, number = match["word"], match["number"]
    if word is not None and (not word.strip() or word.strip().isdigit()):
        raise StatementError("Round brackets hold an internal name, square brackets an id.")
    return Segment(match["name"], word and word.strip(), None if number is None else int(number))
