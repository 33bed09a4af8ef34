"""Where each value of the configuration came from, so that an error can point at it.

tomllib gives no line numbers; a plain scan of the file's headers and keys finds nearly all of them,
and an error without a line is still right.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Key", "Origin", "dotted", "find_lines"]

Key = tuple[str | int, ...]

_PART = r"""(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')"""
_NAME = rf"{_PART}(?:\s*\.\s*{_PART})*"
_HEADER = re.compile(rf"\s*\[\[?\s*({_NAME})\s*\]\]?")
_SETTING = re.compile(rf"\s*({_NAME})\s*=")


@dataclass(frozen=True, slots=True)
class Origin:
    """`file` is None where no file was read; `others` names what stands above the file, by key."""

    file: Path | None = None
    lines: Mapping[Key, int] = field(default_factory=dict)
    others: Mapping[Key, str] = field(default_factory=dict)

    def where(self, key: Key) -> str:
        """Name the place in words: a file with its line, an environment variable, a secret file."""
        if key in self.others:
            return self.others[key]
        if key and key not in self.lines:
            below = [place for other, place in self.others.items() if other[: len(key)] == key]
            if below:
                return below[0]
        if self.file is None:
            return "the configuration"
        for size in range(len(key), 0, -1):
            if key[:size] in self.lines:
                return f"{self.file}, line {self.lines[key[:size]]}"
        return str(self.file)

    def advice(self, section: str, examples: Mapping[str, str]) -> str:
        """How to add keys, given an example value for each."""
        names = ", ".join(variable((section, key)) for key in examples)
        if self.file is None:
            return f"`scc init` writes a configuration file; or set {names}."
        lines = "\n".join(f"  {key} = {value}" for key, value in examples.items())
        return (
            f"Write below [{section}], for example:\n{lines}\nor set {names}, or mount them as secret files."
        )


def variable(key: Key) -> str:
    """The environment variable that sets a key."""
    return "SCC_" + "__".join(str(part).upper().replace("-", "_") for part in key)


def dotted(key: Key) -> str:
    """The key as people write it: `pipelines.enrich.where.all[1].field`."""
    text = ""
    for part in key:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text.removeprefix(".")


def find_lines(text: str) -> dict[Key, int]:
    """The line of each table and each key, as far as it stands at the start of its line."""
    found: dict[Key, int] = {}
    table: Key = ()
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            table = _split(header[1])
            found.setdefault(table, number)
        elif setting := _SETTING.match(line):
            found.setdefault((*table, *_split(setting[1])), number)
    return found


def _split(name: str) -> Key:
    return tuple(part.strip("\"'") for part in _parts(name))


def _parts(name: str) -> Iterable[str]:
    return re.findall(_PART, name)
