"""What a message about a run says: from its record, its plan and the end of its log. Knows no channel."""

from __future__ import annotations

import socket
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scc.core.changes import Operation
from scc.flow.plan import read_summary
from scc.monitoring.messages.channel import Message, Part
from scc.monitoring.messages.masking import mask
from scc.settings import Slack
from scc.store.runs import RunRecord, Store

__all__ = ["Composer", "Earlier"]

_TITLES = {
    "failed": "{} failed",
    "lost": "{} was killed",
    "stopped": "{} waits for an approval",
    "interrupted": "{} was interrupted",
    "recovered": "{} works again",
    "done": "{} is done",
    "nothing-to-do": "{} had nothing to do",
}
_KILLED = (
    "Its process ended without a word: out of memory, a node that failed, or a grace period that was over. "
    "The next try goes on where it stood."
)
_GROUPS = 15
_STOPPED = 5
"""The exit code of a run that its guard stopped."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """What was not told since the last message: how many times, and since when."""

    count: int = 0
    since: str = ""


class Composer:
    """`log` gives the last lines of the log; `run_url` is the template of a page about a run."""

    def __init__(self, store: Store, settings: Slack, log: Sequence[str], run_url: str | None) -> None:
        self._store = store
        self._settings = settings
        self._log = log
        self._run_url = run_url

    def message(self, record: RunRecord, event: str, earlier: Earlier) -> Message:
        """Raises nothing for a run whose outputs are damaged: that may be what it tells of."""
        parts = [part for part in self._parts(record, event) if part.text]
        link = None
        if self._run_url:
            link = self._run_url.format(pipeline=record.pipeline, moment=record.moment, run=record.run)
        return Message(
            event=event,
            pipeline=record.pipeline,
            title=_TITLES[event].format(record.pipeline),
            facts=tuple((name, mask(text)) for name, text in _facts(record, earlier) if text),
            parts=tuple(Part(mask(part.title), mask(part.text), part.code) for part in parts),
            link=link,
            labels=tuple((mask(name), mask(text)) for name, text in sorted(self._settings.labels.items())),
        )

    def _parts(self, record: RunRecord, event: str) -> Iterator[Part]:
        if record.error and event in {"failed", "interrupted", "stopped"}:
            yield from self._errors(record.error)
        if event == "lost":
            yield Part("What happened", _KILLED)
        if event == "stopped":
            yield Part("Plan", self._plan(record), code=True)
            yield _what_to_do(record)
        yield Part("Counts", "\n".join(_counts(record)))
        if event in {"done", "recovered", "nothing-to-do"}:
            yield Part("Tasks", "\n".join(_tasks(record)))
        if event in {"failed", "interrupted"} and self._settings.log_lines:
            lines = list(self._log)[-self._settings.log_lines :]
            yield Part("End of the log", "\n".join(lines), code=True)

    def _errors(self, error: Mapping[str, Any]) -> Iterator[Part]:
        """Each failed task with the end of its trace."""
        failed = [error, *error.get("also", [])]
        for one in failed[: self._settings.tasks]:
            if (
                one.get("exit_code") == _STOPPED
            ):  # what to do is told below, and where a guard stands tells nothing
                yield Part("Why", str(one["message"]))
                continue
            hint = f"\n{one['hint']}" if one.get("hint") else ""
            yield Part(str(one.get("step") or "The run"), f"{one['message']} ({one['type']}){hint}")
            if self._settings.trace_lines:
                yield Part("", "\n".join((one.get("trace") or [])[-self._settings.trace_lines :]), code=True)
        if len(failed) > self._settings.tasks:
            yield Part("", f"{len(failed) - self._settings.tasks} more tasks failed; the log has them.")

    def _plan(self, record: RunRecord) -> str:
        try:
            summary = read_summary(self._store.plan(record.run))
        except Exception as error:  # noqa: BLE001 - a damaged plan must not keep the message from being sent
            return f"can't be read ({type(error).__name__})"
        groups = sorted(summary.counts.items(), key=lambda one: (not Operation(one[0][2]).writes, -one[1]))
        lines = [
            f"{n:>9,}  {operation} {system} {name}: {reason}"
            for (system, name, operation, reason), n in groups[:_GROUPS]
        ]
        return "\n".join(
            [*lines, *([f"and {len(groups) - _GROUPS} more kinds"] if len(groups) > _GROUPS else [])]
        )


def _facts(record: RunRecord, earlier: Earlier) -> Iterator[tuple[str, str]]:
    yield "Run", str(record.run)
    yield "Try", str(record.tries)
    yield "Took", f"{record.seconds['all']:,.0f} s" if "all" in record.seconds else ""
    yield "Host", record.worker or socket.gethostname()
    yield "Exit code", str(record.error["exit_code"]) if record.error and "exit_code" in record.error else ""
    yield "Version", record.versions.get("scc", "")
    if earlier.count:
        yield "Not told before", f"{earlier.count} more since {earlier.since}"


def _tasks(record: RunRecord) -> Iterator[str]:
    """Those that this try did itself; what an earlier one had done, it did not repeat."""
    for step, seconds in record.seconds.items():
        if step != "all":
            yield f"{step}: {seconds:,.1f} s"


def _counts(record: RunRecord) -> Iterator[str]:
    if record.exported:
        yield "read: " + ", ".join(f"{rows:,} {source}" for source, rows in sorted(record.exported.items()))
    if record.changes is not None:
        yield f"planned: {record.changes:,} changes"
    outcomes: Counter[tuple[str, str, str]] = Counter()
    for one in record.counts:
        outcomes[str(one["outcome"]), str(one["operation"]), str(one["code"])] += int(one["records"])
    for (outcome, operation, code), records in sorted(outcomes.items(), key=lambda one: -one[1])[:_GROUPS]:
        yield f"{outcome}: {records:,} {operation}" + (f" ({code})" if code else "")
    repeated = ", ".join(f"{n:,} {system}" for system, n in sorted(record.retries.items()))
    if repeated:
        yield f"requests repeated: {repeated}"


def _what_to_do(record: RunRecord) -> Part:
    """How to approve the plan; what the guard says where it can't be approved at all."""
    hint = str((record.error or {}).get("hint") or "")
    if "scc approve" not in hint:
        return Part("What to do", hint)
    digest = (record.plan_digest or "")[:12]
    return Part(
        "How to approve",
        f"Look at it: `scc show {record.run}`\n"
        f"Let it pass: `scc approve {record.run} --digest {digest}`\n"
        f"Then go on: `scc job {record.pipeline} --at {record.moment}`, or a Job made by hand from its CronJob.",
    )
