"""The rows that a sync refused, kept with the values they came with (sources.md E2.8)."""

from __future__ import annotations

import json
from typing import Any

from scc.sandbox.database import Cursor
from scc.sandbox.eloqua.import_plan import Plan
from scc.sandbox.eloqua.sync_logs import REJECT_MESSAGES

__all__ = ["keep_rejects", "read_rejects", "rejects_table"]


def rejects_table(number: int) -> str:
    return f"eloqua_rejects_{number}"


def keep_rejects(cursor: Cursor, plan: Plan, staged: str, number: int) -> list[tuple[str, bool, int]]:
    """Keep the rows of `import_rejects` and return how many there are: (code, whether the record was taken, count)."""
    counts = [
        (str(code), bool(is_kept), int(count))
        for code, is_kept, count in cursor.rows(
            "SELECT code, is_kept, count(*) FROM import_rejects GROUP BY ALL ORDER BY ALL"
        )
    ]
    if counts:
        values = ", ".join(f"coalesce(s.f{index}, '') AS f{index}" for index in range(len(plan.aliases)))
        cursor.run(
            f"CREATE TABLE {rejects_table(number)} AS "
            f"SELECT row_number() OVER (ORDER BY n) - 1 AS place, x.n, x.code, x.message, x.invalid, {values} "
            f"FROM import_rejects x JOIN {staged} s USING (n) ORDER BY n"
        )
    return counts


def read_rejects(
    cursor: Cursor, number: int, aliases: list[str], *, limit: int, offset: int
) -> list[dict[str, Any]]:
    """Return a page of rejects, in the order of the upload."""
    rows = cursor.rows(
        f"SELECT * FROM {rejects_table(number)} WHERE place >= ? AND place < ? ORDER BY place",
        [offset, offset + limit],
    )
    return [
        {
            "fieldValues": dict(zip(aliases, values, strict=True)),
            "message": message or REJECT_MESSAGES.get(code, "Rejected record."),
            "statusCode": code,
            "recordIndex": index,
            "invalidFields": json.loads(invalid),
        }
        for _, index, code, message, invalid, *values in rows
    ]
