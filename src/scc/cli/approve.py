"""`scc approve`: a person lets one plan pass that is over its limits."""

from __future__ import annotations

import getpass
from datetime import UTC, datetime

import click

from scc.cli import output
from scc.cli.app import App
from scc.cli.completion import complete_run
from scc.cli.lazy import Command

__all__ = ["approve"]


@click.command(cls=Command)
@click.argument("run", shell_complete=complete_run)
@click.option(
    "--digest", required=True, help="The plan's digest, as `scc show` tells it: it is the plan you have seen."
)
@click.option("--by", metavar="NAME", help="Who approves; default the user's login name.")
@click.pass_obj
def approve(app: App, run: str, digest: str, by: str | None) -> None:
    """Let a plan pass that is over its limits.

    Only that very plan: a plan made anew has another digest and stops again.
    """
    from scc.cli.run import again
    from scc.core.runs import RunId
    from scc.flow import guard

    run_id = RunId.parse(run)
    name = by or getpass.getuser()
    actual = guard.approve(app.store, run_id, by=name, now=datetime.now(UTC), digest=digest)
    output.line(f"{name} approved the plan {actual[:12]} of {run_id}.")
    output.line(f"Apply it: {again(app, run_id)}")
