"""Reading a file of rules: what can't be read is named with its place, and how to mend it."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from scc.errors import ConfigError

__all__ = ["check_pattern", "read_rules"]


def read_rules(path: Path | None, own: str, *, where: str) -> tuple[str, dict[str, object]]:
    """The name and the tables of a file, or of SCC's own of the name `own`; `where` is the configuration's key."""
    source = path or files("scc.rules").joinpath(own)
    try:
        return str(source), tomllib.loads(source.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(
            f"{where}: {source} can't be read: {error}",
            hint=f"Name a TOML file like SCC's own rules/{own}.",
        ) from None


def check_pattern(pattern: object, where: str) -> None:
    """ConfigError for what is no regular expression of the kind that plans use (RE2)."""
    words = "" if isinstance(pattern, str) else f"{pattern!r} is no text"
    if isinstance(pattern, str):
        try:
            pc.match_substring_regex(pa.array([""]), pattern)
        except pa.ArrowInvalid as error:
            words = str(error).removeprefix("Invalid regular expression: ")
    if words:
        raise ConfigError(
            f"{where} is no regular expression: {words}",
            hint="Write it as a text in single quotes, in RE2's syntax: it has no look-ahead and no back-references.",
        )
