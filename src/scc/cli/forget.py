"""`scc forget`: erase a person from everything that SCC keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from scc.cli import output
from scc.cli.app import App
from scc.cli.lazy import Command

if TYPE_CHECKING:  # imported where the command runs
    from scc.flow.forget import Erasure

__all__ = ["forget"]


@click.command(cls=Command)
@click.argument("address")
@click.option("--dry-run", is_flag=True, help="Only say where the person stands; erase nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def forget(app: App, address: str, dry_run: bool, as_json: bool) -> None:
    """Erase a person from everything that SCC keeps.

    The archive, what was read, plans, receipts, records of runs: by every address of the mailbox, and by
    the ids that the store knows it by. Nothing in Eloqua or Salesforce changes. This can't be taken back.
    """
    from dataclasses import asdict

    from scc.engines.duckdb import DuckDBEngine
    from scc.flow.addresses import address_rules
    from scc.flow.forget import forget as erase

    rules = address_rules(app.settings.archive.address_rules)
    done = erase(app.store, DuckDBEngine(), rules, address, dry_run=dry_run)
    if as_json:
        output.print_json({**asdict(done), "erased": not dry_run})
    else:
        _show(done, address, dry_run=dry_run)


def _show(done: Erasure, address: str, *, dry_run: bool) -> None:
    masked = output.mask(address)
    if not done.places:
        output.line(f"Nothing of {masked} is kept here.")
    else:
        rows = sum(place.rows for place in done.places)
        where = output.count(len(done.places), "place")
        verb = "stands" if dry_run else "stood, and was erased,"
        output.line(f"{masked} {verb} in {output.count(rows, 'row')} at {where}:")
        output.table(
            ["Run", "What", "Rows"],
            [[place.run, place.what, f"{place.rows:,}"] for place in done.places],
            right=["Rows"],
        )
    if done.swept:
        output.line(f"{output.count(done.swept, 'leftover')} of killed processes removed as a whole.")
    for path in done.left:
        output.line(output.Styled(f"{path} holds the address and can't be rewritten here.", "yellow"))
    if done.unfinished:
        output.line(
            f"{output.count(done.unfinished, 'erasure')} of others began and did not end: repeat those commands."
        )
