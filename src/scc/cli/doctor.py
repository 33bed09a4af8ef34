"""`scc doctor`: check everything that a run needs, and say for each fault what to do about it."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal

import click

from scc.cli import output
from scc.cli.app import App
from scc.cli.lazy import Command
from scc.errors import ConfigError, SccError

if TYPE_CHECKING:  # imported when a check needs them
    from scc.flow.systems import Systems
    from scc.settings import Settings

__all__ = ["Check", "doctor"]

RETRY_BUDGET_S = 3.0
"""A person waits: a system that is away is told within seconds, not after a run's patience."""
LITTLE_SPACE = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Check:
    """`detail` is what was found; `hint` what to do about it, for a check that failed."""

    name: str
    state: Literal["ok", "failed", "skipped"]
    detail: str
    hint: str | None = None
    exit_code: int = 0


@click.command(cls=Command)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def doctor(app: App, as_json: bool) -> int:
    """Check the configuration, the store and each system.

    So too the ledger, and what is set of scheduler, Pushgateway and Slack: nothing is posted. All checks run, whatever the others find. The exit code is that of the first one that failed.
    """
    checks = []
    for check in _checks(app):
        checks.append(check)
        if not as_json:
            _print(check)
    failed = [check for check in checks if check.state == "failed"]
    if as_json:
        output.print_json({"ok": not failed, "checks": [asdict(check) for check in checks]})
    else:
        output.line()
        output.line("All is well." if not failed else f"{len(failed)} of {len(checks)} checks failed.")
    return failed[0].exit_code if failed else 0


def _checks(app: App) -> Iterator[Check]:
    configuration = _try("configuration", lambda: _configuration(app))
    yield configuration
    if configuration.state == "failed":
        for name in ("store", "ledger", "eloqua", "eloqua rights", "salesforce", "salesforce rights"):
            yield Check(name, "skipped", "the configuration can't be read")
        return
    settings = app.settings
    yield _try("store", lambda: _store(settings))
    yield _try("ledger", lambda: _ledger(app))
    if settings.scheduler.url:
        yield _try("scheduler", lambda: _scheduler(settings))
    yield from _watchers(settings)
    from scc.flow.systems import Systems

    patience = min(RETRY_BUDGET_S, settings.flow.retry_budget_s)
    flow = settings.flow.model_copy(update={"retry_budget_s": patience})
    systems = Systems(settings.model_copy(update={"flow": flow}))
    for name, connect, rights in (
        ("eloqua", _eloqua, _eloqua_rights),
        ("salesforce", _salesforce, _salesforce_rights),
    ):
        connection = _try(name, lambda work=connect: work(systems))  # type: ignore[misc]  # bound now, not late
        yield connection
        if connection.state == "failed":
            yield Check(f"{name} rights", "skipped", "there is no connection")
        else:
            yield _try(f"{name} rights", lambda work=rights: work(systems))  # type: ignore[misc]  # as above


def _try(name: str, work: Callable[[], str]) -> Check:
    try:
        return Check(name, "ok", work())
    except SccError as error:
        return Check(name, "failed", error.message, error.hint, error.exit_code)
    except Exception as error:  # noqa: BLE001 - the other checks still run
        return Check(name, "failed", f"a defect in SCC: {type(error).__name__}", "Please report it.", 1)


def _configuration(app: App) -> str:
    """Read every part of it, each pipeline's too.

    Some pipelines can't do without keys of their own: one that has none yet is not in use, and no fault.
    """
    from scc.pipelines import registry

    settings = app.settings
    for name in registry.SUMMARIES:
        try:
            registry.build(name, settings.pipelines)
        except ConfigError:
            if settings.pipelines.get(name):
                raise
    return str(settings.file) if settings.file else "from the environment; no file"


def _store(settings: Settings) -> str:
    folder = settings.store.path
    probe = folder / f".doctor-{os.getpid()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"scc")
        probe.unlink()
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise ConfigError(
            f"{folder} can't be written: {error.strerror}",
            hint="Mend its rights, or name another folder in store.path.",
        ) from error
    if free < LITTLE_SPACE:
        raise ConfigError(
            f"{folder} has only {free / 1e9:.1f} GB left",
            hint="Free some space, or name another folder in store.path.",
        )
    return f"{folder}, {free / 1e9:,.0f} GB free"


def _ledger(app: App) -> str:
    from scc.cli.ledger import judge
    from scc.monitoring.ledger.report import report

    found = report(app.settings.ledger, app.store)
    judge(found)
    waiting = f", {found.waiting:,} waiting to be sent" if found.waiting else ""
    noun = "try" if found.tries == 1 else "tries"
    tries = "nothing in it yet" if found.tries is None else f"{found.tries:,} {noun} of runs"
    return f"{found.kind}, {found.place}: {tries}{waiting}"


def _scheduler(settings: Settings) -> str:
    """Whether it lets this configuration in, and what it shares out."""
    from scc.flow.scheduling import quotas

    patience = min(RETRY_BUDGET_S / 60, settings.scheduler.patience_minutes)
    shares = quotas(settings.scheduler.model_copy(update={"patience_minutes": patience}))
    told = ", ".join(f"{name} {used} of {total} held" for name, (used, total) in shares.items())
    return f"{settings.scheduler.url}, {told}"


def _watchers(settings: Settings) -> Iterator[Check]:
    """Those who would be told of runs. A heartbeat can't be tried: to call it says that a run ended well."""
    if settings.monitoring.pushgateway_url:
        from scc.monitoring import probes

        yield _try("pushgateway", lambda: probes.pushgateway(settings.monitoring))
    if settings.slack.webhook_url or settings.slack.bot_token:
        from scc.monitoring import probes

        yield _try("slack", lambda: probes.slack(settings.slack))
    if settings.monitoring.heartbeat_url:
        yield Check("heartbeat", "skipped", "to call it would say that a run ended well")


def _eloqua(systems: Systems) -> str:
    identity = systems.eloqua.identity()
    return f"{identity.site_name}, at {identity.base_url}"


def _eloqua_rights(systems: Systems) -> str:
    """What bulk exports need: the contacts' fields and the custom objects."""
    from scc import eloqua

    fields = list(systems.eloqua.bulk.fields(eloqua.contacts()))
    objects = list(systems.eloqua.bulk.custom_objects())
    return f"{output.count(len(fields), 'contact field')}, {output.count(len(objects), 'custom object')}"


def _salesforce(systems: Systems) -> str:
    identity = systems.salesforce.identity()
    return f"organization {identity.organization_id}"


def _salesforce_rights(systems: Systems) -> str:
    fields = systems.salesforce.describe("Campaign").fields
    return output.count(len(fields), "campaign field")


def _print(check: Check) -> None:
    mark = (
        {"ok": "✓", "failed": "✗", "skipped": "-"}
        if _unicode()
        else {"ok": "ok", "failed": "FAILED", "skipped": "-"}
    )
    style = {"ok": "green", "failed": "red", "skipped": "dim"}[check.state]
    first, *more = check.detail.splitlines()
    output.line(output.Styled(mark[check.state], style), f" {check.name}: {first}")
    for text in (*more, *(check.hint or "").splitlines()):
        output.line(f"    {text}")


def _unicode() -> bool:
    return (sys.stdout.encoding or "").lower().startswith("utf")
