"""Addresses that nobody is reached at: malformed ones, role accounts, junk domains, by rules from a file."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from scc.engines.base import literal
from scc.errors import ConfigError
from scc.flow.rule_files import check_pattern, read_rules

__all__ = ["KINDS", "UnwantedRule", "read_unwanted_rules", "unwanted_sql"]


def _names(names: Sequence[str]) -> str:
    return rf"({'|'.join(map(re.escape, names))})(\+[^@]*)?@.*"


def _domains(domains: Sequence[str]) -> str:
    return rf".*@([^@]*\.)?({'|'.join(map(re.escape, domains))})"


_LISTS: Mapping[str, tuple[str, Callable[[Sequence[str]], str]]] = {
    "role": ("names", _names),
    "junk": ("domains", _domains),
}
KINDS = ("malformed", "junk", "role")


@dataclass(frozen=True, slots=True)
class UnwantedRule:
    """`pattern` (RE2) matches the whole address, which is in lower case."""

    kind: str
    name: str
    pattern: str


def read_unwanted_rules(path: Path | None, *, where: str) -> list[UnwantedRule]:
    """The rules of a file, or SCC's own; ConfigError names the place of what can't be read."""
    source, raw = read_rules(path, "unwanted.toml", where=where)
    tables = {kind: found for kind in KINDS if isinstance(found := raw.get(kind, []), list)}
    if set(raw) - set(KINDS) or len(tables) < len(KINDS):
        raise ConfigError(f"{source}: only [[malformed]], [[role]] and [[junk]] tables may stand here")
    rules = [
        _rule(kind, one, f"{source}: {kind} {at}")
        for kind, found in tables.items()
        for at, one in enumerate(found, 1)
    ]
    if not rules:
        raise ConfigError(
            f"{source} holds no rules", hint="Write [[malformed]], [[role]] and [[junk]] tables."
        )
    return rules


def unwanted_sql(rules: Sequence[UnwantedRule], kind: str, address: str) -> str:
    """SQL for the number (from 1) of the first rule of the kind that an address breaks, among all rules; else null."""
    cases = "".join(
        f" WHEN regexp_full_match({address}, {literal(f'(?s:{rule.pattern})')}) THEN {number}"
        for number, rule in enumerate(rules, 1)
        if rule.kind == kind
    )
    return f"CAST(CASE{cases} END AS SMALLINT)" if cases else "CAST(NULL AS SMALLINT)"


def _rule(kind: str, raw: object, where: str) -> UnwantedRule:
    key = _LISTS[kind][0] if kind in _LISTS else "address"
    if not isinstance(raw, dict) or set(raw) != {"name", key} or not isinstance(raw["name"], str):
        raise ConfigError(f"{where} must have name and {key}, and nothing else")
    value = raw[key]
    if kind in _LISTS:
        if not isinstance(value, list) or not value or not all(isinstance(one, str) and one for one in value):
            raise ConfigError(f"{where}: {key} is no list of texts")
        return UnwantedRule(kind, raw["name"], _LISTS[kind][1]([one.lower() for one in value]))
    check_pattern(value, f"{where}: address")
    return UnwantedRule(kind, raw["name"], value)
