"""Stores full of made-up people, and what of a person is left in one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from scc.core import changes, receipts
from scc.core.runs import RunId
from scc.engines.duckdb import DuckDBEngine
from scc.flow.addresses import address_rules, mailbox_keys
from scc.store.archive import ROW_GROUP, SCHEMA, Archive, Mark
from scc.store.dataset import write_dataset
from scc.store.files import write_json
from scc.store.runs import RunRecord, RunState, Store

AT = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
RUN = RunId("hard-bounces", AT)
PURGE = RunId("purge-contacts", AT + timedelta(hours=1))
RESTORE = RunId("restore-contacts", AT + timedelta(hours=2))


@dataclass(frozen=True)
class Human:
    """`number` tells people apart: contact `number`, lead 00Q...`number`, record `number` + 1000."""

    number: int
    address: str
    name: str = "Zoe"
    mentions: str = ""
    """A text in this one's profile."""

    @property
    def contact(self) -> str:
        return str(self.number)

    @property
    def lead(self) -> str:
        return f"00Q{self.number:012}AAA"

    @property
    def record(self) -> str:
        return str(self.number + 1000)


def text_rows(names: Sequence[str], rows: list[dict[str, Any]]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist(rows, schema=pa.schema([(name, pa.string()) for name in names]))


def fill(root: Path, people: Sequence[Human], *, small: bool = False) -> Store:
    """What runs leave: two runs over all people (`small`: one), an archive with all of them, who all came back."""
    store = Store(root)
    if not small:
        _fill_bounces(store, people)
    _fill_purge(store, people)
    _fill_archive(Archive(root / "archive"), people)
    return store


def _fill_bounces(store: Store, people: Sequence[Human]) -> None:
    store.write(RunRecord.start(RUN, AT, full=False, config_digest="c"))
    (store.folder(RUN) / "notes.txt").write_text("nothing about anybody\n")
    bounces = [
        {"Id": f"9{one.number}", "ContactId": one.contact, "EmailAddress": one.address, "Note": one.mentions}
        for one in people
    ]
    _write(
        store.export(RUN, "bounces"), text_rows(list(bounces[0]), bounces), {"object": "activity/Bounceback"}
    )
    members = [{"list": "5", "contact_id": one.contact} for one in people]
    _write(store.export(RUN, "members"), text_rows(["list", "contact_id"], members))
    leads = [{"Id": one.lead, "Email": one.address.upper(), "Company": "Acme"} for one in people]
    _write(store.export(RUN, "leads"), text_rows(list(leads[0]), leads))
    latest = pa.RecordBatch.from_pydict(
        {"contact_id": [one.number for one in people], "n": [1] * len(people)}
    )
    _write(store.export(RUN, "latest"), latest)
    rows = [
        *(
            ("eloqua", "contact", "update", one.contact, {"C_FirstName": one.name}, {"C_FirstName": ""})
            for one in people
        ),
        *(("eloqua", "contactList/5", "list-add", one.contact, None, None) for one in people),
        *(
            ("salesforce", "Lead", "update", one.lead, {"Status": ""}, {"Status": f"of {one.name}"})
            for one in people
        ),
    ]
    write_plan(store, RUN, rows)
    write_json(store.folder(RUN) / "apply" / "00000" / "journal.json", {"definition": "/imports/1"})


def _fill_purge(store: Store, people: Sequence[Human]) -> None:
    contacts = [
        {"Id": one.contact, "C_EmailAddress": one.address, "C_FirstName": one.name, "C_Note": one.mentions}
        for one in people
    ]
    types = {"C_EmailAddress": "emailAddress"}
    _write(
        store.export(PURGE, "contacts"),
        text_rows(list(contacts[0]), contacts),
        {"object": "contact", "types": types},
    )
    records = [{"Id": one.record, "Contact.Id": one.contact, "Campaign": "Spring"} for one in people]
    _write(
        store.export(PURGE, "records"), text_rows(list(records[0]), records), {"object": "customObject/12"}
    )
    rows = [
        *(("eloqua", "contact", "delete", one.contact, {"C_FirstName": one.name}, None) for one in people),
        *(
            ("eloqua", "customObject/12", "update", one.record, {"Who": ""}, {"Who": one.name})
            for one in people
        ),
    ]
    write_plan(store, PURGE, rows)


def write_plan(store: Store, run: RunId, rows: Sequence[tuple[Any, ...]]) -> None:
    """A plan with a receipt, and a batch's receipt of the same rows."""
    names = ("system", "object", "operation", "key", "before", "after")
    ordered = sorted(rows, key=lambda row: row[:4])
    planned, received = [], []
    for at, row in enumerate(ordered):
        one = dict(zip(names, row, strict=True))
        same = {"change": at, **{name: one[name] for name in names[:4]}}
        maps = {name: None if one[name] is None else list(one[name].items()) for name in names[4:]}
        planned.append({**same, **maps, "reason": "because", "evidence": f"Bounceback {one['key']}"})
        rejected = {"outcome": "rejected", "code": "ELQ-00040", "message": f"Bad value of {one['key']}"}
        applied = {"outcome": "applied", "code": "", "message": ""}
        received.append({**same, **(rejected if at % 3 == 0 else applied), "job": "/syncs/1"})
    plan, summary = pa.RecordBatch.from_pylist(planned, schema=changes.SCHEMA), changes.PlanSummary()
    summary.add(plan)
    _write(store.plan(run), plan, {"summary": summary.to_json(), "read_at": None})
    receipt, outcomes = (
        pa.RecordBatch.from_pylist(received, schema=receipts.SCHEMA),
        receipts.ReceiptSummary(),
    )
    outcomes.add(receipt)
    _write(store.receipt(run), receipt, {"summary": outcomes.to_json()})
    write_dataset(store.folder(run) / "apply" / "00000", receipts.SCHEMA, [receipt])


def _fill_archive(archive: Archive, people: Sequence[Human]) -> None:
    keys = mailbox_keys(DuckDBEngine(), address_rules(), [one.address for one in people])
    entries = [
        {
            "mailbox_key": key,
            "address": one.address,
            "contact_id": one.contact,
            "run": str(PURGE),
            "archived_at": PURGE.moment,
            "reason": "inactive",
            "fields": [
                ("C_EmailAddress", one.address),
                ("C_FirstName", one.name),
                ("C_Note", one.mentions),
                ("C_SFDCLeadID", one.lead),
            ],
            "lists": [{"id": "5", "name": "News"}],
            "records": [{"object": "customObject/12", "id": one.record, "fields": [("Mail", one.address)]}],
        }
        for key, one in sorted(zip(keys, people, strict=True), key=lambda pair: (pair[0], pair[1].number))
    ]
    data = pa.RecordBatch.from_pylist(entries, schema=SCHEMA)
    write_dataset(archive.entries(PURGE).folder, SCHEMA, [data], row_group=min(ROW_GROUP, 3))
    archive.mark([Mark(one.contact, str(one.number + 500), RESTORE.moment, str(RESTORE)) for one in people])


def _write(dataset: Any, batch: pa.RecordBatch, meta: dict[str, object] | None = None) -> None:
    write_dataset(dataset.folder, batch.schema, [batch], meta, row_group=3)


def contents(root: Path) -> dict[str, Any]:
    """All that readers see of a store, by place: rows of datasets, texts of files."""
    found: dict[str, Any] = {}
    for path in sorted(root.rglob("*")):
        name = str(path.relative_to(root))
        if path.name == "manifest.json":
            parts = json.loads(path.read_text())["parts"]
            tables = [pq.read_table(path.parent / part["name"]) for part in parts]
            found[str(path.parent.relative_to(root))] = pa.concat_tables(tables).to_pylist()
        elif path.is_file() and path.suffix in {".json", ".txt"}:
            found[name] = path.read_text()
    return found


def words(value: object) -> Iterator[str]:
    """All texts and numbers in a value."""
    if isinstance(value, dict):
        for key, one in value.items():
            yield from words(key)
            yield from words(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from words(one)
    else:
        yield str(value)


def files(root: Path) -> dict[str, bytes]:
    """Every file of a store, but for locks."""
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and path.name != ".lock"
    }


def readers_find_it_whole(store: Store) -> RunState | None:
    """Verify each dataset against its manifest."""
    from scc.store.dataset import Dataset

    for manifest in store.root.rglob("manifest.json"):
        Dataset(manifest.parent).verify()
    record = store.read(RUN)
    return record.state if record else None
