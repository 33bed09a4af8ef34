"""Who watches a job's run besides the ledger, by the configuration."""

from __future__ import annotations

from collections.abc import Sequence

from scc.flow.observers import RunObserver
from scc.monitoring.aside import Aside
from scc.settings import Settings, Slack
from scc.store.runs import Store

__all__ = ["watchers"]


def watchers(settings: Settings, store: Store, log: Sequence[str]) -> list[RunObserver]:
    """`log` gives the end of the log when it is asked for. Nothing is imported for what is not configured."""
    found: list[RunObserver] = []
    if settings.monitoring.pushgateway_url:
        from scc.monitoring.metrics import PushedMetrics

        found.append(PushedMetrics(settings.monitoring, store, settings.schedules()))
    if _has_slack(settings.slack):
        from scc.monitoring.messages.compose import Composer
        from scc.monitoring.messages.memory import Memory
        from scc.monitoring.messages.notices import Notices
        from scc.monitoring.messages.slack import SlackChannel

        composer = Composer(store, settings.slack, log, settings.monitoring.run_url)
        found.append(Notices(SlackChannel(settings.slack), composer, Memory(store.root), settings.slack))
    if settings.monitoring.heartbeat_url:
        from scc.monitoring.heartbeat import Heartbeat

        found.append(Heartbeat(settings.monitoring.heartbeat_url.get_secret_value()))
    return [Aside(found, settings.monitoring.wait_s)] if found else []


def _has_slack(slack: Slack) -> bool:
    return slack.webhook_url is not None or slack.bot_token is not None
