"""`scc deploy`: the files that a cluster is set up with."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from scc.cli import output
from scc.cli.app import App
from scc.cli.lazy import Command

__all__ = ["deploy"]


@click.group()
def deploy() -> None:
    """Write what a cluster needs to run SCC."""


@deploy.command(cls=Command)
@click.option(
    "--target",
    type=click.Choice(["openshift", "kubernetes"]),
    required=True,
    help="What kind of cluster it is for.",
)
@click.option(
    "--output",
    "folder",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where the files go; default deploy/TARGET.",
)
@click.pass_obj
def render(app: App, target: Literal["openshift", "kubernetes"], folder: Path | None) -> None:
    """Write the files that `kubectl apply -k` takes.

    A CronJob for each pipeline, the scheduler, its pages, storage, network rules, database and
    monitoring, as the configuration says. No secret is among them.
    """
    from scc.deploy import render as render_files
    from scc.deploy import write

    place = folder or Path("deploy") / target
    files = render_files(app.settings, target)
    removed = write(files, place)
    output.line(f"Wrote {len(files)} files to {place}.")
    for path in removed:
        output.line(f"Removed {path}, which is no longer rendered.")
    started = sorted(app.settings.schedules())
    output.line(
        f"Started by schedule: {', '.join(started)}."
        if started
        else "No pipeline has a schedule: all CronJobs are suspended."
    )
    if not app.settings.alerts.runbooks_url.startswith("http"):
        output.line(
            "alerts.runbooks_url is no address yet: alerts will name their runbooks, and link nowhere."
        )
    output.line(f"Next: kubectl apply -k {place} (docs/deploy.md has what comes before).")
