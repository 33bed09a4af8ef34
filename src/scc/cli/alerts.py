"""`scc alerts`: the rules that Prometheus watches the pipelines by."""

from __future__ import annotations

from pathlib import Path

import click

from scc.cli import output
from scc.cli.app import App
from scc.cli.lazy import Command
from scc.errors import ConfigError

__all__ = ["alerts"]


@click.group()
def alerts() -> None:
    """Make Prometheus' alert rules from the pipelines' schedules."""


@alerts.command(cls=Command)
@click.option(
    "--output", "path", metavar="FILE", type=click.Path(path_type=Path), help="Write a file instead."
)
@click.pass_obj
def render(app: App, path: Path | None) -> None:
    """Print the rules as a file for Prometheus (YAML)."""
    import yaml

    from scc.monitoring.alerts import groups

    text = yaml.safe_dump({"groups": groups(app.settings)}, sort_keys=False, width=110, allow_unicode=True)
    if path is None:
        click.echo(text, nl=False)
        return
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{path} can't be written: {error.strerror}") from error
    output.line(f"Wrote {path}.")
