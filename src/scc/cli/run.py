"""`scc plan`, `scc run`, `scc undo`: the same steps; a plan stops where writing would begin."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

import click

from scc.cli import output
from scc.cli.app import App
from scc.cli.completion import complete_pipeline, complete_run
from scc.cli.lazy import Command

if TYPE_CHECKING:  # imported where a command runs: `scc run --help` needs none of it
    from scc.core.runs import RunId
    from scc.flow.pipeline import Pipeline
    from scc.flow.run import RunResult, Until

__all__ = ["again", "pipeline_of", "plan", "run", "undo"]

_Function = TypeVar("_Function", bound=Callable[..., Any])


def _options(function: _Function) -> _Function:
    for add in (
        click.option("--json", "as_json", is_flag=True, help="Print JSON."),
        click.option(
            "--at",
            metavar="MOMENT",
            help="The moment that the run stands for, such as 2026-11-22T10:15Z; default now.",
        ),
    ):
        function = add(function)
    return function


_full = click.option(
    "--full", is_flag=True, help="Read everything, not only what changed since the last good run."
)


def _sampling(function: _Function) -> _Function:
    for add in (
        click.option("--show-personal", is_flag=True, help="Show e-mail addresses in full."),
        click.option(
            "--sample",
            type=click.IntRange(min=0),
            default=3,
            show_default=True,
            help="Show so many of the changes.",
        ),
    ):
        function = add(function)
    return function


@click.command(cls=Command)
@click.argument("pipeline", shell_complete=complete_pipeline)
@_options
@_full
@_sampling
@click.pass_obj
def plan(
    app: App, pipeline: str, at: str | None, full: bool, as_json: bool, sample: int, show_personal: bool
) -> None:
    """Show what a run would do; writes to no system.

    The plan is kept: `scc run` with the same moment applies that very plan.
    """
    result = _work(app, pipeline_of(app, pipeline), at, until="guard", full=full)
    _tell(app, result, as_json=as_json, sample=sample, personal=show_personal)


@click.command(cls=Command)
@click.argument("pipeline", shell_complete=complete_pipeline)
@_options
@_full
@click.pass_obj
def run(app: App, pipeline: str, at: str | None, full: bool, as_json: bool) -> None:
    """Plan, check the limits, apply, and keep the receipt.

    Started again with the same moment, a run goes on where it stopped; one that has ended well
    is left alone.
    """
    result = _work(app, pipeline_of(app, pipeline), at, until="receipt", full=full)
    _tell(app, result, as_json=as_json)


@click.command(cls=Command)
@click.argument("run", shell_complete=complete_run)
@click.option("--plan", "plan_only", is_flag=True, help="Show what it would do; write to no system.")
@_options
@_sampling
@click.pass_obj
def undo(
    app: App, run: str, plan_only: bool, at: str | None, as_json: bool, sample: int, show_personal: bool
) -> None:
    """Take a run back: what it changed becomes what it was.

    A field that somebody has changed since is left as it is, and told.
    """
    from scc.core.runs import RunId
    from scc.flow.undo import undo as take_back

    pipeline = take_back(app.store, RunId.parse(run))
    result = _work(app, pipeline, at, until="guard" if plan_only else "receipt")
    _tell(app, result, as_json=as_json, sample=sample if plan_only else 0, personal=show_personal)


def again(app: App, run: RunId) -> str:
    """The command that goes on with a run."""
    from scc.core.runs import format_moment

    at = f"--at {format_moment(run.moment)}"
    if run.pipeline == "undo":
        # What an undo was begun with is the run that it takes back.
        return f"scc undo {app.store.require(run).config_digest} {at}"
    return f"scc run {run.pipeline} {at}"


def pipeline_of(app: App, name: str) -> Pipeline:
    """The pipeline for the configuration; ConfigError for what is none, or can't be built."""
    from scc.pipelines import registry

    registry.module(name)  # a wrong name is told before anything is read
    return registry.build(name, app.settings.pipelines)


def _work(app: App, pipeline: Pipeline, at: str | None, *, until: Until, full: bool = False) -> RunResult:
    from scc.core.runs import RunId, parse_moment

    moment = parse_moment(at) if at else datetime.now(UTC).replace(microsecond=0)
    with app.watching(str(RunId(pipeline.name, moment))) as progress:
        return app.runner().run(pipeline, moment, until=until, full=full, progress=progress)


def _tell(app: App, result: RunResult, *, as_json: bool, sample: int = 0, personal: bool = False) -> None:
    """Print what came of it; an error is raised after what there is to see."""
    from scc.cli import render

    dataset = app.store.plan(result.run)
    chosen = render.sample(dataset, sample, personal=personal) if result.plan and sample else []
    if as_json:
        output.print_json({**_as_json(app, result), **({"sample": chosen} if sample else {})})
    else:
        _show(app, result)
        if chosen:
            output.heading(render.first(len(chosen)))
            render.changes(chosen)
        _next(app, result)
    if result.error:
        raise result.error


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
        "bytes_freed": render.space(result.plan, dataset) if result.plan else None,
        "seconds": dict(result.seconds),
        "error": None
        if result.error is None
        else {
            "type": type(result.error).__name__,
            "message": result.error.message,
            "hint": result.error.hint,
        },
    }


def _show(app: App, result: RunResult) -> None:
    from scc.cli import render

    output.facts({"Run": str(result.run), "State": output.state(str(result.state))})
    if result.plan:
        render.plan(result.plan)
    if result.receipt:
        render.receipt(result.receipt)
    elif result.error is None:
        render.limits(result.violations)
    freed = render.space(result.plan, app.store.plan(result.run)) if result.plan else None
    if freed is not None:
        output.line()
        verb = "Space gained" if result.receipt else "Space to gain"
        output.line(f"{verb}: {output.size(freed)}")


def _next(app: App, result: RunResult) -> None:
    """What a person may want to type now."""
    from scc.core.receipts import Outcome

    if result.already:
        output.line()
        output.line("This run had ended well before; nothing was done now.")
    if result.state == "planned" and result.plan and result.plan.changes:
        digest = app.store.plan(result.run).manifest.digest[:12]
        output.line()
        if result.violations:
            output.line(f"Approve this plan: scc approve {result.run} --digest {digest}")
        output.line(f"Apply this plan:   {again(app, result.run)}")
    if result.state == "failed":
        output.line()
        output.line(f"Go on with this run: {again(app, result.run)}")
    if result.receipt and result.receipt.by_outcome()[Outcome.REJECTED]:
        output.line()
        output.line(f"What was rejected: scc show {result.run} --outcome rejected")
