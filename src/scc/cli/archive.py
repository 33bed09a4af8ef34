"""`scc archive`: who was deleted, when, by which run and why; and how much the archive holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from scc.cli import output
from scc.cli.app import App
from scc.cli.lazy import Command

if TYPE_CHECKING:  # imported where a command runs
    from scc.store.archive import Archive

__all__ = ["archive"]


@click.group()
def archive() -> None:
    """Search the archive of deleted contacts."""


@archive.command(cls=Command)
@click.argument("address")
@click.option("--show-personal", is_flag=True, help="Show e-mail addresses and fields in full.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def find(app: App, address: str, show_personal: bool, as_json: bool) -> None:
    """Show what the archive holds of an address.

    Addresses of one mailbox are found together: case, dots and tags count as little as they do for
    its provider.
    """
    from scc.engines.duckdb import DuckDBEngine
    from scc.flow.addresses import address_rules, mailbox_keys

    rules = address_rules(app.settings.archive.address_rules)
    (key,) = mailbox_keys(DuckDBEngine(), rules, [address])
    entries = [_entry(row, personal=show_personal) for row in _archive(app).find(key, address)]
    if as_json:
        output.print_json(entries)
    elif not entries:
        asked = address if show_personal else output.mask(address)
        output.line(f"The archive holds nothing of {asked}.")
    else:
        _show(entries, personal=show_personal)


@archive.command(cls=Command)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def stats(app: App, as_json: bool) -> None:
    """Show how much the archive holds."""
    from dataclasses import asdict

    from scc.core.runs import format_moment

    found = _archive(app).stats()
    oldest, newest = (format_moment(one) if one else None for one in (found.oldest, found.newest))
    if as_json:
        output.print_json({**asdict(found), "oldest": oldest, "newest": newest})
        return
    facts: dict[str, output.Cell] = {
        "Entries": f"{found.entries:,}",
        "Came back": f"{found.restored:,}",
        "Runs": f"{found.runs:,}",
        "Size": output.size(found.bytes),
    }
    if oldest and newest:
        facts |= {"Oldest run": oldest, "Newest run": newest}
    output.facts(facts)


def _archive(app: App) -> Archive:
    from scc.store.archive import Archive

    return Archive(app.store.root / "archive")


def _entry(row: dict[str, Any], *, personal: bool) -> dict[str, Any]:
    """An entry as it is told; field values are personal, so that they are counted unless asked for."""
    from scc.core.runs import format_moment

    restored_at = row["restored_at"]
    entry = {
        "address": row["address"] if personal else output.mask(row["address"]),
        "contact_id": row["contact_id"],
        "archived_at": format_moment(row["archived_at"]),
        "run": row["run"],
        "reason": row["reason"],
        "restored_at": format_moment(restored_at) if restored_at else None,
        "restored_to": row["restored_to"].split(",") if row["restored_to"] else [],
    }
    if not personal:
        return entry | {name: len(row[name] or ()) for name in ("fields", "lists", "records")}
    records = [{**one, "fields": dict(one["fields"] or ())} for one in row["records"] or ()]
    return entry | {"fields": dict(row["fields"]), "lists": row["lists"] or [], "records": records}


def _show(entries: list[dict[str, Any]], *, personal: bool) -> None:
    from scc.cli.output import Styled

    for entry in entries:
        count = {name: entry[name] for name in ("fields", "lists", "records")}
        if personal:
            count = {name: len(held) for name, held in count.items()}
        output.line(Styled(entry["address"], "bold"))
        back = entry["restored_at"]
        output.facts(
            {
                "  archived": entry["archived_at"],
                "  by": entry["run"],
                "  because": entry["reason"],
                "  contact": entry["contact_id"],
                "  came back": f"{back}, as contact {', '.join(entry['restored_to'])}" if back else "no",
                "  holds": ", ".join(output.count(n, name[:-1]) for name, n in count.items()),
            }
        )
        if personal:
            _show_contents(entry)


def _show_contents(entry: dict[str, Any]) -> None:
    output.facts({f"  {name}": value for name, value in sorted(entry["fields"].items())})
    for one in entry["lists"]:
        output.line(f"  on the list {one['name']} ({one['id']})")
    for record in entry["records"]:
        output.line(f"  {record['object']} {record['id']}")
        output.facts({f"    {name}": value for name, value in sorted(record["fields"].items())})
