"""Alert rules, made from the configuration: what Prometheus watches so that a person need not.

`groups(settings)` is the one source: `scc alerts render` prints it as a rule file, a deployment wraps the same
groups in a PrometheusRule. Each rule names its runbook. Must not know of any one pipeline.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from scc.core.schedules import Schedule
from scc.monitoring.names import JOB, Metric
from scc.settings import Settings

__all__ = ["RUNBOOKS", "groups"]

RUNBOOKS = (
    "SccRunOverdue",
    "SccRunNeverSucceeded",
    "SccRunFailing",
    "SccRunStopped",
    "SccRunRejects",
    "SccExportOutOfRange",
    "SccQuotaAlmostUsed",
    "SccPushRefused",
    "SccPushgatewayDown",
    "SccSchedulerDown",
)
"""Every alert there is; docs/runbooks has a page for each."""

Rule = dict[str, Any]
_WEEK = timedelta(days=7)


def groups(settings: Settings, *, scheduler: bool | None = None) -> list[dict[str, Any]]:
    """Prometheus rule groups: one for what all pipelines share, one for each pipeline with a schedule.

    Equal settings give equal groups. `scheduler`: whether there is a central one to watch; by itself,
    where the configuration names one. Raises ConfigError for a schedule that can't be read.
    """
    watched = settings.scheduler.url is not None if scheduler is None else scheduler
    found = [_group("scc", _common(settings, scheduler=watched))]
    for name, when in sorted(settings.schedules().items()):
        found.append(_group(f"scc-{name}", _of_pipeline(settings, name, when)))
    return found


def _group(name: str, rules: Iterator[Rule]) -> dict[str, Any]:
    return {"name": name, "rules": list(rules)}


def _of_pipeline(settings: Settings, name: str, when: Schedule) -> Iterator[Rule]:
    """What rests on the pipeline's own schedule."""
    success, due = _series(Metric.SUCCESS, name), _series(Metric.DUE, name)
    most = when.longest_gap() + when.deadline
    yield _rule(
        settings,
        "SccRunOverdue",
        # The second part holds where the schedule became denser after the last good run.
        f"time() > {due} or time() - {success} > {_seconds(most)}",
        wait="1m",
        severity="critical",
        summary=f"{name} has not ended well in its time.",
        description=(
            f"Its schedule is '{when.cron}' ({when.zone}), and a run has ended "
            f"{_seconds(when.deadline) // 60} minutes after its moment."
        ),
        pipeline=name,
    )
    yield _rule(
        settings,
        "SccRunNeverSucceeded",
        f"absent({success})",
        wait=f"{_seconds(most) // 60}m",
        severity="warning",
        summary=f"No good run of {name} is known.",
        description="It has a schedule, and never ended well since the Pushgateway knows of it.",
        pipeline=name,
    )


def _common(settings: Settings, *, scheduler: bool) -> Iterator[Rule]:
    yield from _outcomes(settings)
    yield from _amounts(settings)
    yield from _itself(settings)
    if scheduler:
        yield _rule(
            settings,
            "SccSchedulerDown",
            'absent(up{job=~".*scc-scheduler.*"} == 1)',
            wait="5m",
            severity="critical",
            summary="Prometheus does not reach the central scheduler.",
            description="Runs ask it again for scheduler.patience_minutes, then they fail.",
        )


def _outcomes(settings: Settings) -> Iterator[Rule]:
    alerts = settings.alerts
    yield _rule(
        settings,
        "SccRunFailing",
        f"{_series(Metric.FAILED_TRIES)} >= {alerts.failed_tries}",
        severity="critical",
        summary="{{ $labels.pipeline }} failed {{ $value }} times since its last good run.",
        description="Whoever starts the runs tries again; that has not helped.",
    )
    yield _rule(
        settings,
        "SccRunStopped",
        # Stopped, or in the run that came after: one that stops each time anew waits no less.
        f"max by (job, pipeline) (max_over_time({_series(Metric.STATE, state='stopped')}[15m])) == 1"
        f" unless on (job, pipeline) {_matched(Metric.STATE, 'state=~', 'done|nothing-to-do|failed')} == 1",
        wait=f"{alerts.stopped_minutes}m",
        severity="warning",
        summary="A plan of {{ $labels.pipeline }} is over its limits and waits for a person.",
        description="Look at it with `scc show`; `scc approve` lets that very plan pass.",
    )
    rejected = f"sum by (job, pipeline) ({_series(Metric.RECORDS, outcome='rejected')})"
    tried = f"sum by (job, pipeline) ({_matched(Metric.RECORDS, 'outcome!=', 'skipped')})"
    yield _rule(
        settings,
        "SccRunRejects",
        f"{rejected} / {tried} > {alerts.rejected_share}",
        severity="warning",
        summary="{{ $value | humanizePercentage }} of the records of {{ $labels.pipeline }} were rejected.",
        description="`scc show RUN --outcome rejected` has each with the system's own words.",
    )


def _amounts(settings: Settings) -> Iterator[Rule]:
    alerts = settings.alerts
    gaps = [when.longest_gap() for when in settings.schedules().values()]
    window = f"{min(14, max(7, math.ceil(max(gaps, default=_WEEK) * 3 / timedelta(days=1))))}d"
    now = _series(Metric.EXPORTED)
    usual = f"quantile_over_time(0.5, {now}[{window}])"
    # A run that reads everything anew, once, is no change of what there is to read.
    whole = f"unless on (job, pipeline) ({_series(Metric.FULL)} == 1)"
    yield _rule(
        settings,
        "SccExportOutOfRange",
        f"((({now} > {alerts.export_factor} * {usual}) or ({now} < {usual} / {alerts.export_factor})) "
        f"and ({usual} >= {alerts.export_least})) {whole}",
        severity="warning",
        summary="{{ $labels.pipeline }} read {{ $value }} records of {{ $labels.source }}, far from what is usual.",
        description=f"Usual is the median of the last {window}; {alerts.export_factor:g} times more or less is told.",
    )
    yield _rule(
        settings,
        "SccQuotaAlmostUsed",
        f"max by (job, quota) ({_series(Metric.QUOTA_USED)} / {_series(Metric.QUOTA_LIMIT)}) > {alerts.quota_share}",
        severity="warning",
        summary="{{ $value | humanizePercentage }} of {{ $labels.quota }} is used.",
        description="Past it, every call of that system is refused until the allowance is new.",
    )


def _itself(settings: Settings) -> Iterator[Rule]:
    """Whether the figures come at all."""
    yield _rule(
        settings,
        "SccPushRefused",
        f'push_failure_time_seconds{{job="{JOB}"}} > push_time_seconds{{job="{JOB}"}}',
        severity="warning",
        summary="The Pushgateway refused the figures of {{ $labels.pipeline }}.",
        description="What is known of this pipeline is older than its last run.",
    )
    yield _rule(
        settings,
        "SccPushgatewayDown",
        'absent(up{job=~".*pushgateway.*"} == 1)',
        wait="5m",
        severity="critical",
        summary="Prometheus does not reach the Pushgateway.",
        description="Without it no other alert about runs can fire.",
    )


def _rule(
    settings: Settings,
    alert: str,
    expr: str,
    *,
    severity: str,
    summary: str,
    description: str,
    wait: str = "",
    pipeline: str = "",
) -> Rule:
    labels = {"severity": severity, **({"pipeline": pipeline} if pipeline else {})}
    runbooks = settings.alerts.runbooks_url.rstrip("/")
    annotations = {
        "summary": summary,
        "description": description,
        "runbook_url": f"{runbooks}/{alert}.md",
    }
    return {
        "alert": alert,
        "expr": expr,
        **({"for": wait} if wait and not wait.startswith("0") else {}),
        "labels": labels,
        "annotations": annotations,
    }


def _series(metric: Metric, pipeline: str = "", **labels: str) -> str:
    """The selector of a metric: its job, and what else its labels are."""
    wanted = {"job": JOB, **({"pipeline": pipeline} if pipeline else {}), **labels}
    pairs = ",".join(f'{name}="{value}"' for name, value in wanted.items())
    return f"{metric}{{{pairs}}}"


def _matched(metric: Metric, matcher: str, value: str) -> str:
    return f'{metric}{{job="{JOB}",{matcher}"{value}"}}'


def _seconds(span: timedelta) -> int:
    return int(span.total_seconds())
