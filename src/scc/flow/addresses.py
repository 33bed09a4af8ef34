"""The rules of mailboxes in force, and the keys of addresses by them."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from scc.core.addresses import AddressRules, parse_rules
from scc.engines.base import Engine, Query
from scc.errors import ConfigError

__all__ = ["address_rules", "mailbox_keys"]


def address_rules(path: Path | None = None) -> AddressRules:
    """The rules of a file, by default SCC's own; ConfigError for what can't be read."""
    source = path or files("scc.rules").joinpath("addresses.toml")
    try:
        raw = tomllib.loads(source.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"archive.address_rules: {source} can't be read: {error}",
            hint="Name a TOML file with [[provider]] tables, as SCC's own rules/addresses.toml has them.",
        ) from None
    return parse_rules(raw, where=str(source))


def mailbox_keys(engine: Engine, rules: AddressRules, addresses: Sequence[str]) -> list[str]:
    """The key of each address's mailbox, "" for what is no address."""
    if not addresses:
        return []
    # As one text: a query's parameters are scalars. No address holds a line feed.
    sql = (
        f"SELECT {rules.key('address')} AS key "  # noqa: S608  # the rules quote their own texts
        "FROM (SELECT unnest(string_split($addresses, chr(10))) AS address)"
    )
    joined = "\n".join(address.replace("\n", " ") for address in addresses)
    return [
        key for batch in engine.run(Query(sql, {}, {"addresses": joined})) for key in batch["key"].to_pylist()
    ]
