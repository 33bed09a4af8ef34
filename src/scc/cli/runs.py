"""`scc runs`: what has been run."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from scc.cli import output
from scc.cli.app import App
from scc.cli.completion import complete_pipeline
from scc.cli.lazy import Command

if TYPE_CHECKING:  # imported where the command runs
    from scc.store.runs import RunRecord

__all__ = ["runs"]


@click.command(cls=Command)
@click.option(
    "--pipeline", metavar="PIPELINE", shell_complete=complete_pipeline, help="Only this pipeline's runs."
)
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="At most so many.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def runs(app: App, pipeline: str | None, limit: int, as_json: bool) -> None:
    """List the runs, the newest first."""
    from scc.cli.records import Records

    found = Records(app).runs(pipeline, limit=limit + 1)
    if pipeline is not None and not found:
        app.require_name(pipeline)
    chosen = found[:limit]
    if as_json:
        output.print_json([{"run": str(record.run), **asdict(record)} for record in chosen])
    elif not chosen:
        output.line(f"No runs yet in {app.store.root}.")
    else:
        output.table(
            ["Run", "State", "Changes", "Rejected"], map(_row, chosen), right=["Changes", "Rejected"]
        )
        if len(found) > limit:
            output.line(output.Styled("There are older ones; --limit shows more.", "dim"))


def _row(record: RunRecord) -> list[output.Cell]:
    rejected = record.outcomes.get("rejected", 0)
    return [
        str(record.run),
        output.state(str(record.state)),
        "" if record.changes is None else f"{record.changes:,}",
        output.Styled(f"{rejected:,}", "red") if rejected else "",
    ]
