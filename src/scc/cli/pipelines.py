"""`scc pipelines`: what there is to run."""

from __future__ import annotations

import click

from scc.cli import output
from scc.cli.app import App
from scc.cli.lazy import Command

__all__ = ["pipelines"]


@click.command(cls=Command)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def pipelines(app: App, as_json: bool) -> None:
    """List the pipelines, and how each ended last."""
    from scc.pipelines.registry import SUMMARIES

    newest = {name: next(app.store.runs(name), None) for name in SUMMARIES}
    last = {name: app.store.judged(run) if run else None for name, run in newest.items()}
    if as_json:
        output.print_json(
            [
                {
                    "pipeline": name,
                    "summary": text,
                    "last_run": None
                    if (run := last[name]) is None
                    else {"moment": run.moment, "state": run.state},
                }
                for name, text in SUMMARIES.items()
            ]
        )
        return
    for name, text in SUMMARIES.items():
        run = last[name]
        output.line(output.Styled(name, "bold"))
        output.facts(
            {
                "  does": text,
                "  last run": output.state(str(run.state)) if run else "none yet",
                **({"  of": run.moment} if run else {}),
            }
        )
