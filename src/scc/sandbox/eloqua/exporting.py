"""Carrying out an export: filter to SQL, rows to a table of text that is kept until its time is over (sources.md E2.6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scc.sandbox.database import Cursor
from scc.sandbox.eloqua.documents import Document
from scc.sandbox.eloqua.entities import Column, Entity
from scc.sandbox.eloqua.statements import parse_statement
from scc.sandbox.eloqua.sync_actions import apply_action, parse_actions
from scc.sandbox.eloqua.sync_logs import Outcome, log_line
from scc.sandbox.eloqua.values import eastern, text_of

if TYPE_CHECKING:
    from scc.sandbox.eloqua.store import EloquaStore

__all__ = ["result_table", "run"]


def result_table(number: int) -> str:
    """Return the table of a sync's rows: n from 0, the record's id, f0 ... in the order of the definition."""
    return f"eloqua_result_{number}"


def run(store: EloquaStore, sync: Document, definition: Document) -> Outcome:
    """Export the records that match now. Raises nothing that a definition checked before could cause."""
    entity = store.definitions.entity(definition)
    uri = sync["syncedInstanceUri"]
    fault = store.state.faults.take("sync-error", "eloqua", uri)
    if fault is not None:
        return Outcome.failed(
            fault.details.get("status_code", "ELQ-00107"),
            fault.details.get("message", "There was an error processing the export."),
        )
    table = result_table(sync["id"])
    with store.state.cursor() as cursor:
        cursor.run(f"CREATE TABLE {table} AS {_select(store, entity, definition)}")
        rows = int(cursor.value(f"SELECT count(*) FROM {table}"))
        logs = [log_line("ELQ-00102", count=rows)]
        logs += _act(store, cursor, entity, definition, table)
    status = "success" if rows else store.options.empty_export_status
    fault = store.state.faults.take("sync-warning", "eloqua", uri)
    if fault is not None:
        status = "warning"
        code = fault.details.get("status_code", "ELQ-00142")
        logs.append(log_line(code, fault.details.get("message", "Error, retrying."), severity="warning"))
    return Outcome(status, logs, rows, list(definition["body"]["fields"]))


def _select(store: EloquaStore, entity: Entity, definition: Document) -> str:
    body = definition["body"]
    in_utc = body.get("areSystemTimestampsInUTC") is True
    columns = [store.resolve(entity, parse_statement(statement)) for statement in body["fields"].values()]
    predicate = store.filters.translate(entity, body.get("filter", ""), in_utc=in_utc)
    joins = dict.fromkeys([*(join for column in columns for join in column.joins), *predicate.joins])
    texts = ", ".join(
        f"{_text(column, in_utc=in_utc, booleans=store.options.export_booleans)} AS f{index}"
        for index, column in enumerate(columns)
    )
    limits = [body["maxRecords"]] if "maxRecords" in body else []
    limits += [store.options.most_activities] if entity.kind == "activities" else []
    limit = f" LIMIT {min(limits)}" if limits else ""
    return (
        f"SELECT row_number() OVER () - 1 AS n, * FROM (SELECT r.id AS record, {texts} "
        f"FROM {entity.table} r {' '.join(joins)} WHERE {predicate.sql}{limit})"
    )


def _text(column: Column, *, in_utc: bool, booleans: str) -> str:
    sql = eastern(column.sql) if column.is_system_time and not in_utc else column.sql
    return text_of(sql, column.data_type, booleans)


def _act(
    store: EloquaStore, cursor: Cursor, entity: Entity, definition: Document, table: str
) -> list[dict[str, object]]:
    """Carry out the definition's sync actions on what was exported."""
    raw = definition["body"].get("syncActions", [])
    actions = parse_actions(raw, entity.kind, lambda *_: True)
    now = f"TIMESTAMP '{store.state.clock.naive().isoformat(sep=' ')}'"
    logs = []
    with store.state.write_lock:
        for action in actions:
            code, message, count = apply_action(cursor, action, f"SELECT record AS member FROM {table}", now)
            logs.append(log_line(code, message, count=count))
    return logs
