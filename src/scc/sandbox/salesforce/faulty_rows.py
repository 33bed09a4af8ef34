"""The fault `row-error`: which of the rows of a write fail, and how."""

from __future__ import annotations

from scc.sandbox.salesforce.errors import Problem
from scc.sandbox.salesforce.writes.request import Forced
from scc.sandbox.state import State

_LOCK_ERROR = "unable to obtain exclusive access to this record or 1 records: 0015e0000000001"


def forced_rows(state: State, path: str) -> Forced | None:
    """Return what a fault does to the write at `path` (of a call, or of a job); None without a fault.

    Its fields: rows (how many, 1 by default; `rejects` means the same), status_code, message. Without a code the
    rows fail as they do when another writer holds their parent.
    """
    fault = state.faults.take("row-error", "salesforce", path)
    if fault is None:
        return None
    details = fault.details
    rows = int(details.get("rows", details.get("rejects", 1)))
    code = str(details.get("status_code", "UNABLE_TO_LOCK_ROW"))
    return Forced(rows, Problem(code, str(details.get("message", _LOCK_ERROR)), ()))
