"""`scc plan` and `scc run`: the same steps, one stops where writing would begin."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

import click

from scc.cli import output
from scc.cli.app import App
from scc.cli.completion import complete_pipeline
from scc.cli.lazy import Command

if TYPE_CHECKING:  # imported where a command runs: `scc run --help` needs none of it
    from scc.flow.run import RunResult, Until

__all__ = ["plan", "run"]

_Function = TypeVar("_Function", bound=Callable[..., Any])


def _options(function: _Function) -> _Function:
    for add in (
        click.option("--json", "as_json", is_flag=True, help="Print JSON."),
        click.option(
            "--full", is_flag=True, help="Read everything, not only what changed since the last good run."
        ),
        click.option(
            "--at",
            metavar="MOMENT",
            help="The moment that the run stands for, such as 2026-11-22T10:15Z; default now.",
        ),
        click.argument("pipeline", shell_complete=complete_pipeline),
    ):
        function = add(function)
    return function


@click.command(cls=Command)
@_options
@click.option(
    "--sample", type=click.IntRange(min=0), default=3, show_default=True, help="Show so many of the changes."
)
@click.option("--show-personal", is_flag=True, help="Show e-mail addresses in full.")
@click.pass_obj
def plan(
    app: App, pipeline: str, at: str | None, full: bool, as_json: bool, sample: int, show_personal: bool
) -> None:
    """Show what a run would do; writes to no system.

    The plan is kept: `scc run` with the same moment applies that very plan.
    """
    from scc.cli import render

    result = _work(app, pipeline, at, until="guard", full=full)
    dataset = app.store.plan(result.run)
    chosen = render.sample(dataset, sample, personal=show_personal) if result.plan else []
    if as_json:
        output.print_json({**_as_json(app, result), "sample": chosen})
    else:
        _show(result)
        if chosen:
            output.heading(f"The first {len(chosen)} of them" if len(chosen) > 1 else "One of them")
            render.changes(chosen)
        _next(app, result)
    if result.error:
        raise result.error


@click.command(cls=Command)
@_options
@click.pass_obj
def run(app: App, pipeline: str, at: str | None, full: bool, as_json: bool) -> None:
    """Plan, check the limits, apply, and keep the receipt.

    Started again with the same moment, a run goes on where it stopped; one that has ended well
    is left alone.
    """
    result = _work(app, pipeline, at, until="receipt", full=full)
    if as_json:
        output.print_json(_as_json(app, result))
    else:
        _show(result)
        _next(app, result)
    if result.error:
        raise result.error


def _work(app: App, name: str, at: str | None, *, until: Until, full: bool) -> RunResult:
    from scc.core.runs import RunId, parse_moment
    from scc.pipelines import registry

    registry.module(name)  # a wrong name is told before anything is read
    moment = parse_moment(at) if at else datetime.now(UTC).replace(microsecond=0)
    pipeline = registry.build(name, app.settings.pipelines)
    with app.watching(str(RunId(name, moment))) as progress:
        return app.runner().run(pipeline, moment, until=until, full=full, progress=progress)


def _as_json(app: App, result: RunResult) -> dict[str, object]:
    from dataclasses import asdict

    from scc.cli import render
    from scc.core.runs import format_moment

    dataset = app.store.plan(result.run)
    return {
        "run": str(result.run),
        "pipeline": result.run.pipeline,
        "moment": format_moment(result.run.moment),
        "state": result.state,
        "already": result.already,
        "digest": dataset.manifest.digest if result.plan else None,
        "changes": result.plan.changes if result.plan else None,
        "skipped": result.plan.skipped if result.plan else None,
        "plan": render.counts_json(result.plan) if result.plan else None,
        "violations": [asdict(violation) for violation in result.violations],
        "receipt": render.counts_json(result.receipt) if result.receipt else None,
        "seconds": dict(result.seconds),
        "error": None
        if result.error is None
        else {
            "type": type(result.error).__name__,
            "message": result.error.message,
            "hint": result.error.hint,
        },
    }


def _show(result: RunResult) -> None:
    from scc.cli import render

    output.facts({"Run": str(result.run), "State": output.state(str(result.state))})
    if result.plan:
        render.plan(result.plan)
    if result.error is None:
        render.limits(result.violations)
    if result.receipt:
        render.receipt(result.receipt)


def _next(app: App, result: RunResult) -> None:
    """What a person may want to type now."""
    from scc.core.receipts import Outcome
    from scc.core.runs import format_moment

    at = format_moment(result.run.moment)
    if result.already:
        output.line()
        output.line("This run had ended well before; nothing was done now.")
    if result.state == "planned" and result.plan and result.plan.changes:
        digest = app.store.plan(result.run).manifest.digest[:12]
        output.line()
        if result.violations:
            output.line(f"Approve this plan: scc approve {result.run} --digest {digest}")
        output.line(f"Apply this plan:   scc run {result.run.pipeline} --at {at}")
    if result.receipt and result.receipt.by_outcome()[Outcome.REJECTED]:
        output.line()
        output.line(f"What was rejected: scc show {result.run} --outcome rejected")
