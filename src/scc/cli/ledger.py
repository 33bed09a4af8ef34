"""`scc ledger`: look after the database that the history of runs lies in."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from scc.cli import output
from scc.cli.app import App
from scc.cli.lazy import Command
from scc.errors import ConfigError, CorruptError

if TYPE_CHECKING:  # imported where a command runs
    from scc.monitoring.ledger.report import Report

__all__ = ["judge", "ledger"]


@click.group()
def ledger() -> None:
    """Look after the database behind the history."""


@ledger.command(cls=Command)
@click.pass_obj
def upgrade(app: App) -> None:
    """Make the ledger's tables, or bring them to those of this SCC.

    New tables are filled with what the store holds. Run it before a new version's first job; until
    then, what runs would write waits. Run again, it changes nothing.
    """
    from scc.monitoring.ledger.catch_up import on_record
    from scc.monitoring.ledger.ledger import Ledger

    _folder(app)
    target = Ledger.of(app.settings.ledger, app.store.root)
    before, after = target.upgrade(lambda: on_record(app.store))
    place = target.database.name
    if before == after:
        output.line(f"The ledger {place} is at revision {after} already.")
    else:
        output.line(
            f"The ledger {place} went from {f'revision {before}' if before else 'nothing'} to revision {after}."
        )


@ledger.command("catch-up", cls=Command)
@click.option("--all", "everything", is_flag=True, help="Send the record of every run in the store too.")
@click.pass_obj
def catch_up(app: App, everything: bool) -> None:
    """Send what waits because the database was out of reach.

    Runs do the same by themselves. What has arrived before is not kept twice.
    """
    from scc.monitoring.ledger import catch_up as sending
    from scc.monitoring.ledger.ledger import Ledger

    _folder(app)
    target = Ledger.of(app.settings.ledger, app.store.root)
    found = sending.catch_up(app.store, target)
    what = "entry" if found.sent == 1 else "entries"
    output.line(f"Sent {found.sent:,} {what} to the ledger {target.database.name}.")
    if everything:
        output.line(
            f"Sent the records of {output.count(sending.send_all(app.store, target), 'run')} in the store."
        )
    if found.left:
        raise CorruptError(
            f"{found.left:,} still wait in {app.store.root / '.spool'}",
            hint="The lines above say why; `scc ledger check` counts them.",
        )


@ledger.command(cls=Command)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def check(app: App, as_json: bool) -> None:
    """Say where the ledger is, how it stands, and what waits for it. Changes nothing."""
    from scc.monitoring.ledger.report import report

    found = report(app.settings.ledger, app.store)
    if as_json:
        output.print_json(asdict(found))
    else:
        output.facts(
            {
                "Ledger": f"{found.kind}, {found.place}",
                "Tables": f"{found.tables}{f', revision {found.revision}' if found.revision else ''}",
                "Tries": "" if found.tries is None else f"{found.tries:,}",
                "Waiting": f"{found.waiting:,}",
            }
        )
    judge(found)


def judge(found: Report) -> None:
    """Raise what a person has to mend."""
    if found.tables in {"older", "newer"}:
        raise ConfigError(
            f"the ledger {found.place} has the tables of another SCC: {found.tables}",
            hint="Run `scc ledger upgrade`." if found.tables == "older" else "Use the SCC that made them.",
        )
    if found.unreadable:
        raise CorruptError(
            f"{output.count(found.unreadable, 'file')} in the spool can't be sent by this SCC",
            hint="`scc ledger catch-up` names them.",
        )


def _folder(app: App) -> None:
    app.store.root.mkdir(parents=True, exist_ok=True)
