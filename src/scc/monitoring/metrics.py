"""Figures of each run, pushed to a Pushgateway: a run lives too short to be scraped.

One group a pipeline, keyed by `job` and `pipeline` alone, so that a pipeline keeps its series whatever pod ran it.
What a push does not name stays as it was: a failed run leaves the time of the last good one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial

from prometheus_client import CollectorRegistry, Gauge, pushadd_to_gateway
from prometheus_client.exposition import basic_auth_handler, default_handler

from scc.core.runs import parse_moment
from scc.core.schedules import Schedule
from scc.monitoring.names import HELP, JOB, Metric
from scc.settings import Monitoring
from scc.store.runs import RunRecord, RunState, Store

__all__ = ["PushedMetrics", "failed_tries"]

TIMEOUT_S = 4.0
_LOOK_BACK = 100

Values = Mapping[tuple[str, ...], float] | Mapping[tuple[str], float] | Mapping[tuple[str, str], float]


class PushedMetrics:
    """A RunObserver. Raises OSError where the Pushgateway can't be reached or refuses."""

    def __init__(self, settings: Monitoring, store: Store, schedules: Mapping[str, Schedule]) -> None:
        if settings.pushgateway_url is None:
            raise ValueError("there is no monitoring.pushgateway_url")
        self._url = settings.pushgateway_url
        self._handler: Callable[..., Callable[[], None]] = default_handler
        if settings.pushgateway_user and settings.pushgateway_password:
            password = settings.pushgateway_password.get_secret_value()
            self._handler = partial(_with_login, settings.pushgateway_user, password)
        self._store = store
        self._schedules = schedules

    def lost(self, record: RunRecord) -> None:
        """Count it; all else is told of the try that begins now."""
        figures = _Figures()
        figures.one(Metric.FAILED_TRIES, failed_tries(self._store, record.pipeline))
        self._push(record.pipeline, figures)

    def started(self, record: RunRecord) -> None:
        figures = _Figures()
        figures.one(Metric.STARTED, _timestamp(record.started_at))
        self._begun(figures, record)
        self._push(record.pipeline, figures)

    def ended(self, record: RunRecord) -> None:
        figures = _Figures()
        self._begun(figures, record)
        figures.one(Metric.COMPLETED, _timestamp(record.ended_at or record.started_at))
        figures.one(Metric.FAILED_TRIES, failed_tries(self._store, record.pipeline))
        if record.state.good:
            self._succeeded(figures, record)
        _amounts(figures, record)
        self._push(record.pipeline, figures)

    def _begun(self, figures: _Figures, record: RunRecord) -> None:
        figures.one(Metric.MOMENT, record.run.moment.timestamp())
        figures.one(Metric.TRIES, record.tries)
        figures.one(Metric.FULL, record.full)
        figures.many(Metric.STATE, ("state",), {(str(one),): one is record.state for one in RunState})
        versions = tuple(sorted(record.versions))
        figures.many(Metric.INFO, versions, {tuple(record.versions[name] for name in versions): 1})
        if when := self._schedules.get(record.pipeline):
            figures.one(Metric.INTERVAL, when.longest_gap().total_seconds())

    def _succeeded(self, figures: _Figures, record: RunRecord) -> None:
        ended = parse_moment(record.ended_at or record.started_at)
        figures.one(Metric.SUCCESS, ended.timestamp())
        if when := self._schedules.get(record.pipeline):
            newest = next((one for one in self._store.runs(record.pipeline) if one.state.good), record)
            # An old moment that was run once more does not stand for the runs since.
            done = ended if newest.moment == record.moment else newest.run.moment
            figures.one(Metric.DUE, when.due_after(done).timestamp())

    def _push(self, pipeline: str, figures: _Figures) -> None:
        pushadd_to_gateway(
            self._url,
            job=JOB,
            registry=figures.registry,
            grouping_key={"pipeline": pipeline},
            timeout=TIMEOUT_S,
            handler=self._handler,
        )


def failed_tries(store: Store, pipeline: str) -> int:
    """How many tries failed, or were killed, since the pipeline's last good run."""
    failed = 0
    for seen, record in enumerate(store.runs(pipeline)):
        if record.state.good or seen == _LOOK_BACK:
            break
        if record.state in {RunState.FAILED, RunState.LOST}:
            failed += record.tries
    return failed


class _Figures:
    """Gauges all: a run that lives once counts nothing up."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()

    def one(self, metric: Metric, value: float) -> None:
        Gauge(metric, HELP[metric], registry=self.registry).set(value)

    def many(self, metric: Metric, labels: tuple[str, ...], values: Values) -> None:
        """Replace all series of this metric; with no values at all, leave them as they were."""
        if values:
            gauge = Gauge(metric, HELP[metric], labels, registry=self.registry)
            for key, value in values.items():
                gauge.labels(*key).set(value)


def _amounts(figures: _Figures, record: RunRecord) -> None:
    figures.many(Metric.DURATION, ("step",), {(step,): seconds for step, seconds in record.seconds.items()})
    figures.many(Metric.EXPORTED, ("source",), {(name,): rows for name, rows in record.exported.items()})
    if record.changes is not None:
        figures.one(Metric.CHANGES, record.changes)
    records: Counter[tuple[str, ...]] = Counter()
    labels = ("system", "object", "operation", "outcome")
    for count in record.counts:
        records[tuple(str(count[label]) for label in labels)] += int(count["records"])
    figures.many(Metric.RECORDS, labels, records)
    asked = {(system, status): n for system, by in record.requests.items() for status, n in by.items()}
    figures.many(Metric.REQUESTS, ("system", "status"), asked)
    # A system that was asked and had nothing repeated says 0, not nothing.
    retries = {(system,): record.retries.get(system, 0) for system in record.requests}
    figures.many(Metric.RETRIES, ("system",), retries)
    for metric, key in ((Metric.QUOTA_USED, "used"), (Metric.QUOTA_LIMIT, "limit")):
        figures.many(metric, ("quota",), {(name,): quota[key] for name, quota in record.quota.items()})


def _timestamp(moment: str) -> float:
    return parse_moment(moment).timestamp()


def _with_login(
    user: str,
    password: str,
    url: str,
    method: str,
    timeout: float | None,
    headers: list[tuple[str, str]],
    data: bytes,
) -> Callable[[], None]:
    return basic_auth_handler(url, method, timeout, headers, data, user, password)
