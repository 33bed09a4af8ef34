"""Carrying out an import: what is staged, against the records, set by set in SQL (sources.md E2.8, 2.9).

Steps: read the values by type; find what must be rejected; match the rest by the identifier; update and create.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scc.sandbox.database import Cursor
from scc.sandbox.eloqua.documents import Document
from scc.sandbox.eloqua.import_plan import Plan, plan_of
from scc.sandbox.eloqua.import_rules import RejectRules
from scc.sandbox.eloqua.import_writes import Writes
from scc.sandbox.eloqua.rejects import keep_rejects
from scc.sandbox.eloqua.sync_actions import apply_action, parse_actions
from scc.sandbox.eloqua.sync_logs import MESSAGES, UNPROCESSED, Outcome, log_line
from scc.sandbox.faults import Fault

if TYPE_CHECKING:
    from scc.sandbox.eloqua.store import EloquaStore

__all__ = ["run"]


def run(store: EloquaStore, sync: Document, definition: Document) -> Outcome:
    """Import what the sync took over. The staged data is used up, however it ends."""
    files = sync.get("files") or []
    table = sync.get("table") or ""
    if not files:
        severity = "warning" if store.options.empty_import_status == "warning" else "information"
        return Outcome(store.options.empty_import_status, [log_line("ELQ-00124", severity=severity)])
    fault = store.state.faults.take(
        frozenset({"sync-error", "sync-warning"}), "eloqua", sync["syncedInstanceUri"]
    )
    plan = plan_of(store, definition, files)
    with store.state.write_lock, store.state.cursor() as cursor:
        try:
            with cursor.transaction():
                return _run(store, cursor, plan, Work(sync["id"], table, files, fault))
        finally:
            cursor.run(f"DROP TABLE IF EXISTS {table}")


@dataclass(frozen=True)
class Work:
    """One sync's share: its number, its staged table and files, the fault that meets it."""

    number: int
    table: str
    files: list[Document]
    fault: Fault | None

    @property
    def is_void(self) -> bool:
        """Whether what is ordered lets nothing be written at all."""
        if self.fault is None or "rejects" in self.fault.details:
            return False
        return self.fault.action == "sync-error" or self.fault.details.get("status_code") in UNPROCESSED


def _run(store: EloquaStore, cursor: Cursor, plan: Plan, work: Work) -> Outcome:
    total = int(cursor.value(f"SELECT count(*) FROM {work.table}"))
    logs = [
        log_line("ELQ-00130", count=total),
        log_line("ELQ-00137"),
        log_line("ELQ-00001", count=total),
        *_file_logs(work.files),
    ]
    if work.is_void:
        assert work.fault is not None
        return Outcome(_status(logs, work.fault), [*logs, _fault_log(work.fault)])
    RejectRules(store, cursor, plan, work.table).run(work.fault)
    writes = Writes(store, cursor, plan)
    writes.run()
    counts = keep_rejects(cursor, plan, work.table, work.number)
    logs += [_reject_log(code, count, None if is_kept else work.fault) for code, is_kept, count in counts]
    refused = sum(count for _, is_kept, count in counts if not is_kept)
    logs.append(log_line("ELQ-00003", count=total - refused))
    logs += writes.logs()
    logs += _act(store, cursor, plan)
    if work.fault is not None and "rejects" not in work.fault.details:
        logs.append(_fault_log(work.fault))
    rejects = sum(count for _, _, count in counts)
    return Outcome(_status(logs, work.fault), logs, total, list(plan.aliases), rejects)


def _status(logs: list[dict[str, Any]], fault: Fault | None) -> str:
    if fault is not None:
        return fault.action.removeprefix("sync-")
    return "warning" if any(line["severity"] == "warning" for line in logs) else "success"


def _fault_log(fault: Fault) -> dict[str, Any]:
    code = fault.details.get("status_code", "ELQ-00107" if fault.action == "sync-error" else "ELQ-00142")
    message = fault.details.get("message") or MESSAGES.get(code, "There was an error processing the import.")
    return log_line(code, message, severity=fault.action.removeprefix("sync-"))


def _reject_log(code: str, count: int, fault: Fault | None) -> dict[str, Any]:
    if (
        fault is not None
        and fault.details.get("status_code", "ELQ-00040") == code
        and "message" in fault.details
    ):
        return log_line(code, fault.details["message"], count=count, severity="warning")
    if code == "ELQ-00040":
        return log_line("ELQ-00144", count=count, severity="warning")
    return log_line(code, count=count, severity="warning")


def _file_logs(files: list[Document]) -> list[dict[str, Any]]:
    """A file's columns that differ from the definition's make a warning, rejects or not (sources.md E0.5)."""
    logs = []
    for code, key in (("ELQ-00111", "extra"), ("ELQ-00121", "missing")):
        count = len({name for file in files for name in file[key]})
        if count:
            logs.append(log_line(code, count=count, severity="warning"))
    malformed = sum(file["malformed"] for file in files)
    if malformed:
        logs.append(log_line("ELQ-00032", count=malformed, severity="warning"))
    return logs


def _act(store: EloquaStore, cursor: Cursor, plan: Plan) -> list[dict[str, Any]]:
    now = f"TIMESTAMP '{store.state.clock.naive().isoformat(sep=' ')}'"
    logs = []
    for action in parse_actions(plan.body.get("syncActions", []), plan.entity.kind, lambda *_: True):
        code, message, count = apply_action(
            cursor, action, "SELECT DISTINCT id AS member FROM import_matches", now
        )
        logs.append(log_line(code, message, count=count))
    return logs
