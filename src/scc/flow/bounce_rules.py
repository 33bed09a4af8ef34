"""Which bounces are hard: rules read from a file, and as SQL. It knows nothing of what follows from a bounce."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from scc.engines.base import literal
from scc.errors import ConfigError

__all__ = ["BounceRule", "hard_rule_sql", "read_bounce_rules"]

PARTS = ("error", "status", "message")


@dataclass(frozen=True, slots=True)
class BounceRule:
    """`error` and `status` must match the whole code, `message` be found in the words; None asks for nothing.

    `rank` is the rule's place in the file, from 1: the first that matches decides.
    """

    rank: int
    name: str
    error: str | None
    status: str | None
    message: str | None
    verdict: str


def read_bounce_rules(path: str | None, *, where: str) -> list[BounceRule]:
    """The rules of a file, or SCC's own; ConfigError names the place of what can't be read."""
    source = Path(path) if path else files("scc.rules").joinpath("bounces.toml")
    try:
        raw = tomllib.loads(source.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{where}: {source} can't be read: {error}") from None
    rules = [_rule(one, rank, f"{source}: rule {rank}") for rank, one in enumerate(raw.get("rule", []), 1)]
    if not rules:
        raise ConfigError(
            f"{source} holds no rules", hint="Write [[rule]] tables, as in SCC's own rules/bounces.toml."
        )
    return rules


def hard_rule_sql(rules: Sequence[BounceRule], error: str, status: str, message: str) -> str:
    """SQL for the name of the rule by which a bounce is hard; null where the first rule that matches says soft, or none does."""
    cases = "".join(
        f" WHEN {_condition(rule, error, status, message)} THEN {literal(rule.name) if rule.verdict == 'hard' else 'NULL'}"
        for rule in rules
    )
    return f"CAST(CASE{cases} END AS VARCHAR)"


def _condition(rule: BounceRule, error: str, status: str, message: str) -> str:
    parts = [
        f"regexp_full_match(coalesce({column}, ''), {literal(pattern)})"
        for column, pattern in ((error, rule.error), (status, rule.status))
        if pattern is not None
    ]
    if rule.message is not None:
        parts.append(f"regexp_matches(coalesce({message}, ''), {literal(rule.message)}, 'i')")
    return " AND ".join(parts) or "true"


def _rule(raw: dict[str, object], rank: int, where: str) -> BounceRule:
    if set(raw) - {"name", "verdict", *PARTS} or not isinstance(raw.get("name"), str):
        raise ConfigError(f"{where} may have name, error, status, message and verdict, and must have a name")
    if raw.get("verdict") not in {"hard", "soft"}:
        raise ConfigError(f'{where}: verdict is {raw.get("verdict")!r}, not "hard" or "soft"')
    for part in PARTS:
        try:
            re.compile(raw.get(part, ""))  # type: ignore[call-overload]  # TypeError is caught
        except (re.error, TypeError) as error:
            raise ConfigError(f"{where}: {part} is no regular expression: {error}") from None
    patterns = {part: None if raw.get(part) is None else str(raw[part]) for part in PARTS}
    return BounceRule(rank, str(raw["name"]), verdict=str(raw["verdict"]), **patterns)
