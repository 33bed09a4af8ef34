"""`scc history`: what came of the runs since some day, and what they come to by pipeline."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from statistics import median
from typing import TYPE_CHECKING

import click

from scc.cli import output
from scc.cli.app import App
from scc.cli.completion import complete_pipeline
from scc.cli.lazy import Command
from scc.errors import ConfigError

if TYPE_CHECKING:  # imported where the command runs
    from scc.store.runs import RunRecord

__all__ = ["Summary", "history", "since", "summaries"]

# As in RunState, which a command line that only prints its help need not import.
STATES = ["running", "planned", "stopped", "done", "nothing-to-do", "failed", "interrupted", "lost"]
_UNITS = {"h": "hours", "d": "days", "w": "weeks"}


@dataclass(frozen=True, slots=True)
class Summary:
    """A pipeline's runs. `failed` counts killed ones too; `changes` are those that were applied; `median_s` is of
    runs that ended well."""

    pipeline: str
    runs: int
    failed: int
    stopped: int
    changes: int
    rejected: int
    median_s: float | None


@click.command(cls=Command)
@click.option(
    "--since",
    "text",
    metavar="TIME",
    default="7d",
    show_default=True,
    help="Runs that started since: 12h, 7d, 4w, a date, or a moment such as 2026-11-22T10:15Z.",
)
@click.option(
    "--pipeline", metavar="PIPELINE", shell_complete=complete_pipeline, help="Only this pipeline's runs."
)
@click.option("--state", type=click.Choice(STATES), help="Only runs in this state.")
@click.option(
    "--limit", type=click.IntRange(min=0), default=50, show_default=True, help="List at most so many."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def history(app: App, text: str, pipeline: str | None, state: str | None, limit: int, as_json: bool) -> None:
    """Show how the runs of the last days went.

    One line a run, the newest first, then one line a pipeline. It is read from the run ledger; what
    waits to be written there is written first. A run that was tried more than once is shown as its last
    try left it.
    """
    from scc.cli.records import Records

    start = since(text, datetime.now(UTC))
    records = Records(app, file=True)
    found = [one for one in records.runs(pipeline, since=start) if state in {None, one.state}]
    if pipeline is not None and not found:
        app.require_name(pipeline)
    if as_json:
        output.print_json(
            {
                "since": start.isoformat().replace("+00:00", "Z"),
                "source": records.source,
                "runs": [{"run": str(one.run), **asdict(one)} for one in found],
                "pipelines": [asdict(one) for one in summaries(found)],
            }
        )
    elif not found:
        output.line(f"No runs since {start:%Y-%m-%d %H:%M} UTC.")
    else:
        _show(found, limit)


def since(text: str, now: datetime) -> datetime:
    """The moment that `--since` names: so long before now, the beginning of a day in UTC, or itself."""
    from scc.core.runs import parse_moment

    back = re.fullmatch(r"(\d{1,4})([hdw])", text.strip())
    if back:
        return now - timedelta(**{_UNITS[back[2]]: int(back[1])})
    try:
        return datetime.combine(date.fromisoformat(text.strip()), time(), UTC)
    except ValueError:
        pass
    try:
        return parse_moment(text)
    except ConfigError:
        raise ConfigError(
            f"--since {text!r} is no time", hint="Write 12h, 7d, 4w, 2026-11-22 or 2026-11-22T10:15Z."
        ) from None


def summaries(records: Iterable[RunRecord]) -> list[Summary]:
    """What the runs come to, by pipeline."""
    by: dict[str, list[RunRecord]] = {}
    for record in records:
        by.setdefault(record.pipeline, []).append(record)
    return [_summary(pipeline, by[pipeline]) for pipeline in sorted(by)]


def _summary(pipeline: str, records: list[RunRecord]) -> Summary:
    took = [one.seconds["all"] for one in records if one.state.good and "all" in one.seconds]
    return Summary(
        pipeline,
        runs=len(records),
        failed=sum(one.state in {"failed", "lost"} for one in records),
        stopped=sum(one.state == "stopped" for one in records),
        changes=sum(one.outcomes.get("applied", 0) for one in records),
        rejected=sum(one.outcomes.get("rejected", 0) for one in records),
        median_s=round(median(took), 3) if took else None,
    )


def _show(found: list[RunRecord], limit: int) -> None:
    shown = found[:limit]
    if shown:
        numbers = ["Tries", "Took", "Changes", "Rejected"]
        output.table(["Run", "State", *numbers, "Error"], map(_row, shown), right=numbers)
    if len(found) > limit:
        output.line(output.Styled(f"{len(found) - limit:,} more; --limit lists them.", "dim"))
    output.line()
    numbers = ["Runs", "Failed", "Stopped", "Changes", "Rejected", "Median"]
    output.table(["Pipeline", *numbers], map(_line, summaries(found)), right=numbers)


def _row(record: RunRecord) -> list[output.Cell]:
    rejected, applied = record.outcomes.get("rejected", 0), record.outcomes.get("applied", 0)
    error = record.error or {}
    where = f" in {error['step']}" if error.get("step") else ""
    return [
        str(record.run),
        output.state(str(record.state)),
        f"{record.tries:,}" if record.tries > 1 else "",
        _took(record.seconds.get("all")),
        f"{applied:,}" if record.outcomes else "",
        output.Styled(f"{rejected:,}", "red") if rejected else "",
        f"{error['type']}{where}" if error else "",
    ]


def _line(summary: Summary) -> list[output.Cell]:
    return [
        summary.pipeline,
        f"{summary.runs:,}",
        output.Styled(f"{summary.failed:,}", "red") if summary.failed else "0",
        output.Styled(f"{summary.stopped:,}", "yellow") if summary.stopped else "0",
        f"{summary.changes:,}",
        output.Styled(f"{summary.rejected:,}", "red") if summary.rejected else "0",
        _took(summary.median_s),
    ]


def _took(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds:,.1f} s"
