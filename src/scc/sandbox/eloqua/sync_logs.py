"""What a sync tells of itself: log lines by Eloqua's status codes (sources.md E2.8, 2.12), and its outcome."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

__all__ = ["MESSAGES", "REJECT_MESSAGES", "UNPROCESSED", "Outcome", "log_line"]

MESSAGES = {
    "ELQ-00001": "Total records processed.",
    "ELQ-00002": "Invalid email addresses.",
    "ELQ-00003": "Total records remaining after duplicates are rejected.",
    "ELQ-00004": "Contacts created.",
    "ELQ-00005": "Accounts created.",
    "ELQ-00007": "CustomObject data created.",
    "ELQ-00011": "Duplicate email addresses.",
    "ELQ-00012": "CustomObject data updated.",
    "ELQ-00022": "Contacts updated.",
    "ELQ-00023": "Accounts updated.",
    "ELQ-00025": "CustomObject data linked.",
    "ELQ-00026": "Duplicate identifier.",
    "ELQ-00032": "Malformed records.",
    "ELQ-00033": "Email addresses created.",
    "ELQ-00034": "Total unmatched records.",
    "ELQ-00040": "Invalid field values.",
    "ELQ-00048": "Contact already exists.",
    "ELQ-00060": "Total rejected records.",
    "ELQ-00061": "Rejected records (missing fields).",
    "ELQ-00069": "Activities created.",
    "ELQ-00102": "Successfully exported members to csv file.",
    "ELQ-00105": "Error processing import staging file.",
    "ELQ-00109": "Unable to convert file, it stays locked and is not processed.",
    "ELQ-00111": "Field is not part of the import definition, and will be ignored.",
    "ELQ-00121": "Field is part of the import definition, but not included in file.",
    "ELQ-00122": "Validation errors; the sync will not proceed.",
    "ELQ-00124": "There was no data available to process.",
    "ELQ-00130": "Total records staged for import.",
    "ELQ-00137": "Ready for data import processing.",
    "ELQ-00142": "Error, retrying.",
    "ELQ-00144": "Total records with rejected fields.",
}
UNPROCESSED = frozenset({"ELQ-00105", "ELQ-00109", "ELQ-00122"})
"""What leaves staged data where it is, without a reject (sources.md E2.12)."""
REJECT_MESSAGES = {
    "ELQ-00002": "Invalid email address.",
    "ELQ-00011": "Duplicate email address.",
    "ELQ-00026": "Duplicate identifier.",
    "ELQ-00034": "Unmatched record.",
    "ELQ-00040": "Invalid field value.",
    "ELQ-00048": "Contact already exists.",
    "ELQ-00060": "Rejected record.",
    "ELQ-00061": "Rejected record (missing fields).",
}


@dataclass
class Outcome:
    """How a sync ended: its logs, the rows of an export with their columns, the number of rejects."""

    status: str
    logs: list[dict[str, Any]] = field(default_factory=list)
    rows: int = 0
    aliases: list[str] = field(default_factory=list)
    rejects: int = 0

    @classmethod
    def failed(cls, code: str, message: str) -> Outcome:
        return cls("error", [log_line(code, message, severity="error")])


def log_line(
    code: str, message: str | None = None, *, count: int = 0, severity: str = "information"
) -> dict[str, Any]:
    """`message` defaults to what Eloqua says for the code."""
    text = MESSAGES.get(code) if message is None else message
    line: dict[str, Any] = {"count": count, "severity": severity, "statusCode": code}
    return line if text is None else {**line, "message": text}
