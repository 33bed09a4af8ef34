"""Who is on which of Eloqua's shared contact lists."""

from __future__ import annotations

from dataclasses import dataclass, field

import pyarrow as pa

from scc.errors import ConfigError
from scc.flow.pipeline import Reading
from scc.store.dataset import DatasetWriter

__all__ = ["ListMembers"]

SCHEMA = pa.schema([("list", pa.string()), ("contact_id", pa.string())])


@dataclass(frozen=True, slots=True)
class ListMembers:
    """A row for each member of the named lists; meta `lists` has each list's id by its name.

    ConfigError, which names the configuration's `key`, where Eloqua has no list of a name, or several.
    """

    name: str
    lists: tuple[str, ...]
    key: str
    needs: tuple[str, ...] = ()
    system: str = field(default="eloqua", init=False)

    def read(self, reading: Reading) -> None:
        from scc import eloqua

        step = f"export {self.name}"
        reading.progress.start(step, None)
        bulk, contacts = reading.systems.eloqua.bulk, eloqua.contacts()
        ids = self._ids([(one.name, one.id) for one in bulk.lists(contacts)] if self.lists else [])
        with DatasetWriter(reading.target, SCHEMA) as writer:
            for number in ids.values():
                member = eloqua.exists(f"{{{{ContactList[{number}]}}}}")
                with bulk.export(
                    contacts, {"Id": contacts.statement("Id")}, filter=member, name="SCC list"
                ) as export:
                    for batch in export.batches():
                        columns = [pa.repeat(number, batch.num_rows), batch["Id"]]
                        writer.write(pa.RecordBatch.from_arrays(columns, schema=SCHEMA))
            writer.meta["lists"] = ids
        reading.progress.finish(step, f"{writer.rows:,} members of {len(ids)} lists")

    def _ids(self, known: list[tuple[str, int]]) -> dict[str, str]:
        ids = {}
        for wanted in self.lists:
            found = [str(number) for name, number in known if wanted in {name, str(number)}]
            if len(found) != 1:
                count = "no list" if not found else f"{len(found)} lists"
                names = ", ".join(sorted(name for name, _ in known)[:10]) or "none"
                raise ConfigError(
                    f"{self.key}: Eloqua has {count} {wanted!r}",
                    hint=f"Write the list's id, or one of these names: {names}.",
                )
            ids[wanted] = found[0]
        return ids
