"""Eloqua contacts with every field that can be written, and since when they are there."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from scc.core.conditions import Compare
from scc.flow.eloqua_source import EloquaRecords
from scc.flow.objects import eloqua_object
from scc.flow.pipeline import Reading

__all__ = ["WholeContacts"]


@dataclass(frozen=True, slots=True)
class WholeContacts:
    """Contacts that were updated at `since` or later, as EloquaRecords would read them.

    Which fields there are is Eloqua's to say, and known when they are read. ConfigError where they are more
    than one export takes: what is not read can't be compared.
    """

    name: str
    since: datetime
    needs: tuple[str, ...] = ()
    system: str = field(default="eloqua", init=False)

    def read(self, reading: Reading) -> None:
        known = reading.systems.eloqua.bulk.fields(eloqua_object("contact"))
        fields = sorted(
            one.internal_name
            for one in known
            if one.statement.startswith("{{Contact.Field(") and not one.is_read_only
        )
        condition = Compare("UpdatedAt", ">=", self.since)
        EloquaRecords(self.name, "contact", (*fields, "CreatedAt"), where=lambda _: condition).read(reading)
