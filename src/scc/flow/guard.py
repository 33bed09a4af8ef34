"""Guard: a plan over its limits stops here until a person approves that very plan, by its digest."""

from __future__ import annotations

from datetime import datetime

from scc.core.limits import Violation, check
from scc.core.runs import RunId, format_moment
from scc.errors import ConfigError, GuardError
from scc.flow.pipeline import PlanStep
from scc.flow.plan import read_summary
from scc.store.files import read_json, write_json
from scc.store.runs import RunState, Store

__all__ = ["approve", "approved_by", "is_approved", "judge", "passed", "violations"]

VERDICT, APPROVAL = "guard.json", "approval.json"


def violations(store: Store, run: RunId, step: PlanStep) -> list[Violation]:
    """The limits that the run's plan breaks."""
    summary = read_summary(store.plan(run))
    is_first = step.limits.approve_first and not _has_changed_before(store, run)
    return check(summary, step.limits, population=step.population, is_first=is_first)


def _has_changed_before(store: Store, run: RunId) -> bool:
    return any(
        record.state is RunState.DONE and record.run.moment < run.moment
        for record in store.runs(run.pipeline)
    )


def judge(store: Store, run: RunId, step: PlanStep) -> None:
    """Write the verdict down, or raise GuardError with every limit that stands against the plan."""
    digest = store.plan(run).manifest.digest
    broken = violations(store, run, step)
    approval = read_json(store.folder(run) / APPROVAL)
    approved = is_approved(store, run)
    standing = [v for v in broken if not (approved and v.approvable)]
    if standing:
        raise GuardError(
            f"the plan of {run} stops here: " + "; ".join(v.message for v in standing),
            hint=_hint(run, standing, digest),
        )
    write_json(
        store.folder(run) / VERDICT,
        {
            "digest": digest,
            "exceeded": [v.message for v in broken],
            "approved_by": approval["by"] if approval and broken else None,
        },
    )


def passed(store: Store, run: RunId) -> bool:
    """Whether the plan that is there now has a good verdict."""
    verdict = read_json(store.folder(run) / VERDICT)
    plan = store.plan(run)
    return verdict is not None and plan.exists() and verdict["digest"] == plan.manifest.digest


def is_approved(store: Store, run: RunId) -> bool:
    """Whether a person has approved the plan that is there now."""
    approval, plan = read_json(store.folder(run) / APPROVAL), store.plan(run)
    return approval is not None and plan.exists() and approval.get("digest") == plan.manifest.digest


def approved_by(store: Store, run: RunId) -> str | None:
    """Who let the plan that is there now pass its limits; None where nobody had to."""
    verdict = read_json(store.folder(run) / VERDICT) if passed(store, run) else None
    return str(verdict["approved_by"]) if verdict and verdict["approved_by"] else None


def approve(store: Store, run: RunId, *, by: str, now: datetime, digest: str | None = None) -> str:
    """Put a person's approval of the run's plan on record; returns the plan's digest.

    `digest`, or its first characters (at least 8), must be the plan's: who approves has seen it.
    """
    plan = store.plan(run)
    if not plan.exists():
        store.require(run)
        raise ConfigError(f"{run} has no plan to approve", hint=f"`scc plan {run.pipeline}` makes one.")
    actual = plan.manifest.digest
    if digest is not None and (len(digest) < 8 or not actual.startswith(digest)):
        raise ConfigError(
            f"the plan of {run} has the digest {actual[:12]}, not {digest}",
            hint=f"Look at it again with `scc show {run}`, then approve that digest.",
        )
    write_json(store.folder(run) / APPROVAL, {"digest": actual, "by": by, "at": format_moment(now)})
    return actual


def _hint(run: RunId, standing: list[Violation], digest: str) -> str:
    if any(not v.approvable for v in standing):
        return "This can't be approved: mend the pipeline or its configuration."
    return (
        f"Look at it with `scc show {run}`. If it is right, approve this very plan with "
        f"`scc approve {run} --digest {digest[:12]}`, then run that moment again."
    )
