"""`scc show`: one run, with its plan, its receipt and its error."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from scc.cli import output
from scc.cli.app import App
from scc.cli.completion import complete_run
from scc.cli.lazy import Command

if TYPE_CHECKING:  # imported where the command runs
    from scc.cli.render import Row
    from scc.core.changes import PlanSummary
    from scc.core.receipts import ReceiptSummary
    from scc.store.runs import RunRecord

__all__ = ["show"]

OUTCOMES = ["applied", "unchanged", "rejected", "skipped"]


@click.command(cls=Command)
@click.argument("run", shell_complete=complete_run)
@click.option("--rows", type=click.IntRange(min=0), help="Show so many rows; default 3, with --outcome 20.")
@click.option("--outcome", type=click.Choice(OUTCOMES), help="Show the rows of the receipt that ended so.")
@click.option("--show-personal", is_flag=True, help="Show e-mail addresses in full.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def show(
    app: App, run: str, rows: int | None, outcome: str | None, show_personal: bool, as_json: bool
) -> None:
    """Show a run: its plan, its receipt, its error.

    RUN is PIPELINE@MOMENT, or a PIPELINE for its newest run. Earlier tries of it are told from the ledger.
    """
    record = _find(app, run)
    tries = _tries(app, record) if outcome is None else []
    plan, receipt = _summaries(app, record)
    most = rows if rows is not None else 20 if outcome else 3
    chosen = _rows(app, record, outcome, most, personal=show_personal)
    if as_json:
        output.print_json(
            _as_json(record, plan, receipt, chosen) | {"earlier": [asdict(one) for one in tries]}
        )
    elif outcome:
        _show_outcome(record, receipt, outcome, chosen)
    else:
        _show(record, plan, receipt, chosen)
        _show_tries(tries)


def _find(app: App, text: str) -> RunRecord:
    from scc.cli.records import Records
    from scc.core.runs import RunId
    from scc.errors import ConfigError

    if "@" in text:
        run = RunId.parse(text)
        return Records(app).find(run) or app.store.require(run)
    newest = next(iter(Records(app).runs(text, limit=1)), None)
    if newest is None:
        app.require_name(text)
        raise ConfigError(f"{text} has not been run yet", hint=f"Try `scc plan {text}`.")
    return newest


def _tries(app: App, record: RunRecord) -> list[RunRecord]:
    """The tries before this one, as far as the ledger knows them."""
    from scc.cli.records import Records

    if record.tries == 1:
        return []
    return [one for one in Records(app, file=True).tries(record.run) if one.tries < record.tries]


def _summaries(app: App, record: RunRecord) -> tuple[PlanSummary | None, ReceiptSummary | None]:
    from scc.core.receipts import ReceiptSummary
    from scc.flow.apply import read_receipt_summary
    from scc.flow.plan import read_summary

    plan, receipt = app.store.plan(record.run), app.store.receipt(record.run)
    return (
        read_summary(plan) if plan.exists() else None,
        # A receipt that is gone, or on another machine, has left its counts in the record.
        read_receipt_summary(receipt)
        if receipt.exists()
        else ReceiptSummary.from_records(record.counts)
        if record.counts
        else None,
    )


def _rows(app: App, record: RunRecord, outcome: str | None, most: int, *, personal: bool) -> list[Row]:
    from scc.cli import render

    plan, receipt = app.store.plan(record.run), app.store.receipt(record.run)
    if outcome is None:
        return render.sample(plan, most, personal=personal) if plan.exists() else []
    return render.outcomes(plan, receipt, outcome, most, personal=personal) if receipt.exists() else []


def _show(
    record: RunRecord, plan: PlanSummary | None, receipt: ReceiptSummary | None, chosen: list[Row]
) -> None:
    from scc.cli import render

    _facts(record)
    if plan:
        render.plan(plan)
    if receipt:
        render.receipt(receipt)
    if chosen:
        output.heading(render.first(len(chosen)))
        render.changes(chosen)
    if record.error:
        output.heading("Error")
        output.line(str(record.error.get("message")))
        if record.error.get("hint"):
            output.line(f"Hint: {record.error['hint']}")


def _show_tries(tries: list[RunRecord]) -> None:
    if tries:
        output.heading("Earlier tries")
        output.table(["Try", "State", "Started", "Took", "Error"], map(_try, tries), right=["Try", "Took"])


def _try(record: RunRecord) -> list[output.Cell]:
    return [
        str(record.tries),
        output.state(str(record.state)),
        record.started_at,
        f"{record.seconds['all']:,.1f} s" if "all" in record.seconds else "",
        str(record.error["message"]) if record.error else "",
    ]


def _show_outcome(record: RunRecord, receipt: ReceiptSummary | None, outcome: str, chosen: list[Row]) -> None:
    from scc.cli import render
    from scc.core.receipts import Outcome

    if receipt is None:
        output.line(f"{record.run} has no receipt: its state is {record.state}.")
        return
    total = receipt.by_outcome()[Outcome(outcome)]
    few = f"; the first {len(chosen):,}" if len(chosen) < total else ""
    output.line(output.Styled(f"{output.count(total, 'record')} {outcome} by {record.run}{few}", "bold"))
    if chosen:
        render.outcome_table(chosen)


def _facts(record: RunRecord) -> None:
    facts: dict[str, output.Cell] = {
        "Run": str(record.run),
        "State": output.state(str(record.state)),
        "Started": record.started_at,
        "Ended": record.ended_at or ("unknown: it was killed" if record.state == "lost" else "not yet"),
    }
    if record.plan_digest:
        facts["Plan"] = record.plan_digest[:12]
    if record.seconds:
        facts["Took"] = ", ".join(f"{name} {seconds:,.1f} s" for name, seconds in record.seconds.items())
    if record.tries > 1:
        facts["Tries"] = f"{record.tries:,}"
    if record.worker:
        facts["Worker"] = record.worker
    if record.versions:
        facts["Versions"] = ", ".join(f"{name} {text}" for name, text in record.versions.items())
    if record.error and "exit_code" in record.error:
        facts["Exit code"] = str(record.error["exit_code"])
    if record.approved_by:
        facts["Approved"] = f"by {record.approved_by}"
    output.facts(facts)


def _as_json(
    record: RunRecord, plan: PlanSummary | None, receipt: ReceiptSummary | None, chosen: list[Row]
) -> dict[str, object]:
    from scc.cli import render

    return {
        "run": str(record.run),
        **asdict(record),
        "plan": render.counts_json(plan) if plan else None,
        "receipt": render.counts_json(receipt) if receipt else None,
        "rows": chosen,
    }
