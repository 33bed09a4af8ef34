"""When two e-mail addresses are one mailbox: case, dots and tags by each provider's rules.

The rules are data; here they become SQL, so that one implementation serves a million addresses and one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scc.errors import ConfigError

__all__ = ["AddressRules", "Provider", "parse_rules"]


@dataclass(frozen=True, slots=True)
class Provider:
    """`tag` starts what is ignored in the local part, `ignores_dots` what is ignored within it.

    `canonical`: the one domain that all `domains` stand for, "" where each has mailboxes of its own.
    """

    canonical: str
    domains: tuple[str, ...]
    ignores_dots: bool
    tag: str


@dataclass(frozen=True, slots=True)
class AddressRules:
    """`tag` holds for every provider that is not listed; "" where tags are part of the address."""

    providers: tuple[Provider, ...]
    tag: str = ""

    def mailbox(self, column: str) -> str:
        """SQL for the mailbox of the address in an SQL expression: lower case, "" where it is none."""
        address = f"lower(trim(coalesce({column}, '')))"
        local, domain = (
            f"regexp_extract({address}, '^(.*)@', 1)",
            f"regexp_extract({address}, '@([^@]*)$', 1)",
        )
        cases = "".join(
            f" WHEN {domain} IN ({', '.join(map(_text, one.domains))})"
            f" THEN {_local(local, one.tag, ignores_dots=one.ignores_dots)} || '@' || "
            f"{_text(one.canonical) if one.canonical else domain}"
            for one in self.providers
        )
        other = f"{_local(local, self.tag, ignores_dots=False)} || '@' || {domain}"
        found = f"CASE WHEN {local} = '' OR {domain} = '' THEN ''{cases} ELSE {other} END"
        # Dots and a tag may be all that there was before the @.
        return f"regexp_replace({found}, '^@.*', '')"

    def key(self, column: str) -> str:
        """SQL for the mailbox's key: 64 hexadecimal digits that tell nothing of the address; "" for none."""
        mailbox = self.mailbox(column)
        return f"CASE WHEN {mailbox} = '' THEN '' ELSE sha256({mailbox}) END"


def parse_rules(raw: Mapping[str, object], *, where: str) -> AddressRules:
    """Read rules from a file's tables; ConfigError names the place of what can't be read."""
    providers = raw.get("provider", [])
    if not isinstance(providers, Sequence) or set(raw) - {"provider", "tag"}:
        raise ConfigError(f"{where}: only `tag` and [[provider]] tables may stand here")
    found = []
    for at, one in enumerate(providers):
        place = f"{where}: provider {at + 1}"
        if not isinstance(one, Mapping) or set(one) - {"domains", "canonical", "ignores_dots", "tag"}:
            raise ConfigError(f"{place} may have domains, canonical, ignores_dots and tag")
        domains = one.get("domains")
        if not isinstance(domains, list) or not domains or not all(isinstance(d, str) and d for d in domains):
            raise ConfigError(f"{place} has no list of domains", hint='For example domains = ["gmail.com"].')
        canonical, tag, dots = one.get("canonical", ""), one.get("tag", ""), one.get("ignores_dots", False)
        if not (isinstance(canonical, str) and isinstance(tag, str) and isinstance(dots, bool)):
            raise ConfigError(f"{place}: canonical and tag are texts, ignores_dots is true or false")
        lowered = tuple(domain.lower() for domain in domains)
        found.append(Provider(canonical.lower(), lowered, dots, tag))
    tag = raw.get("tag", "")
    if not isinstance(tag, str):
        raise ConfigError(f"{where}: tag is a text")
    return AddressRules(tuple(found), tag)


def _local(local: str, tag: str, *, ignores_dots: bool) -> str:
    # A tag at the very start leaves nothing before it: then it is no tag.
    cut = f"CASE WHEN strpos({local}, {_text(tag)}) > 1 THEN split_part({local}, {_text(tag)}, 1) ELSE {local} END"
    part = cut if tag else local
    return f"replace({part}, '.', '')" if ignores_dots else part


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
