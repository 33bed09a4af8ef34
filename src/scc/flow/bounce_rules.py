"""Which bounces are hard: rules read from a file, and as SQL. It knows nothing of what follows from a bounce."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from scc.engines.base import literal
from scc.errors import ConfigError
from scc.flow.rule_files import check_pattern, read_rules

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


def read_bounce_rules(path: Path | None, *, where: str) -> list[BounceRule]:
    """The rules of a file, or SCC's own; ConfigError names the place of what can't be read."""
    source, raw = read_rules(path, "bounces.toml", where=where)
    found = raw.get("rule", [])
    if set(raw) - {"rule"} or not isinstance(found, list) or not found:
        raise ConfigError(
            f"{source} holds no rules, or more than rules",
            hint="Write [[rule]] tables, as in SCC's own rules/bounces.toml.",
        )
    return [_rule(one, rank, f"{source}: rule {rank}") for rank, one in enumerate(found, 1)]


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


def _rule(raw: object, rank: int, where: str) -> BounceRule:
    if not isinstance(raw, dict) or set(raw) - {"name", "verdict", *PARTS}:
        raise ConfigError(f"{where} may have name, error, status, message and verdict, and nothing else")
    if not isinstance(raw.get("name"), str) or not raw["name"]:
        raise ConfigError(f"{where} must have a name", hint="The plan gives it as the reason.")
    if raw.get("verdict") not in {"hard", "soft"}:
        raise ConfigError(f'{where}: verdict is {raw.get("verdict")!r}, not "hard" or "soft"')
    for part in PARTS:
        if part in raw:
            check_pattern(raw[part], f"{where}: {part}")
    patterns = {part: raw.get(part) for part in PARTS}
    return BounceRule(rank, raw["name"], verdict=raw["verdict"], **patterns)
