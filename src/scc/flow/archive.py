"""Archive: before the first contact is deleted, all that are to be lie in the archive, read back and counted.

archive/contacts-00003/          contacts read so far, a thousand a dataset; a later try finds them
archive/records-customObject-12/ the records of a custom object that hang on them
archive/manifest.json            a verdict on each contact, written last: the archive was read back
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

import pyarrow as pa

from scc.core.changes import ERASED, Operation
from scc.core.runs import RunId
from scc.engines.base import Engine, Query, Table
from scc.errors import DataError
from scc.flow import guard
from scc.flow.plan import read_summary
from scc.flow.profiles import AT_ONCE, CONTACTS, Profiles
from scc.flow.progress import Progress
from scc.flow.systems import Systems
from scc.store.archive import ROW_GROUP, SCHEMA, Archive
from scc.store.dataset import Dataset, DatasetWriter
from scc.store.runs import Store

__all__ = ["ADDRESS", "archive_deleted", "archived", "verdicts"]

ADDRESS = "C_EmailAddress"
CHUNK = 5 * AT_ONCE
VERDICTS = pa.schema([pa.field(name, pa.string(), nullable=False) for name in ("contact_id", "verdict")])
"""`verdict`: "archived", "gone" (it was deleted by somebody else), "changed" (it has another address now)."""

_DELETED = """
SELECT key AS contact_id, coalesce(before['C_EmailAddress'], '') AS address, reason FROM plan
WHERE system = 'eloqua' AND object = 'contact' AND operation = 'delete' AND NOT starts_with(key, $erased)
ORDER BY key
"""


def archived(store: Store, run: RunId) -> bool:
    """Whether there is nothing to archive before the run's plan is applied, or nothing left to."""
    if not guard.passed(store, run):
        return False
    return not deletes(store, run) or (verdicts(store, run).exists() and _entries(store, run).exists())


def deletes(store: Store, run: RunId) -> int:
    """How many contacts the run's plan deletes."""
    counts = read_summary(store.plan(run)).counts
    return sum(n for key, n in counts.items() if key[:3] == ("eloqua", "contact", Operation.DELETE))


def verdicts(store: Store, run: RunId) -> Dataset:
    """What the archive step found of each contact that the plan deletes, as a dataset of VERDICTS."""
    return Dataset(store.folder(run) / "archive")


def _entries(store: Store, run: RunId) -> Dataset:
    return Archive(store.root / "archive").entries(run)


def archive_deleted(
    *,
    store: Store,
    run: RunId,
    engine: Engine,
    systems: Systems,
    progress: Progress,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> None:
    """Put every contact that the plan deletes into the archive, whole, and read it back.

    DataError where what is read back is not what the plan deletes; nothing is deleted then.
    """
    total = deletes(store, run)
    if not total:
        return
    plan, folder = store.plan(run), store.folder(run) / "archive"
    plan.verify()
    profiles = Profiles(systems)
    progress.start("archive", total)
    chunks = []
    for number, ids in enumerate(_ids(engine, plan)):
        chunks.append(_chunk(profiles, ids, folder / f"contacts-{number:05}"))
        progress.advance("archive", len(ids))
    everyone = pa.chunked_array(
        [batch["contact_id"] for one in chunks for batch in one.batches()], pa.string()
    )
    records = [
        profiles.records(name, everyone.combine_chunks(), folder / f"records-{name.replace('/', '-')}")
        for name in profiles.objects()
    ]
    tables = {
        "plan": Table([plan]),
        "contacts": Table(chunks),
        **({"records": Table(records)} if records else {}),
    }
    _write(engine, systems, tables, _entries(store, run), run, now())
    _judge(engine, tables, _entries(store, run), verdicts(store, run))
    for one in (*chunks, *records):
        shutil.rmtree(one.folder)
    progress.finish("archive", f"{_entries(store, run).manifest.rows:,} contacts in the archive")


def _ids(engine: Engine, plan: Dataset) -> Iterator[list[str]]:
    """The contacts that the plan deletes, so many as go into one dataset at a time."""
    pending: list[str] = []
    for batch in engine.run(Query(_DELETED, {"plan": Table([plan])}, {"erased": ERASED})):
        pending += batch["contact_id"].to_pylist()
        while len(pending) >= CHUNK:
            yield pending[:CHUNK]
            pending = pending[CHUNK:]
    if pending:
        yield pending


def _chunk(profiles: Profiles, ids: list[str], target: Path) -> Dataset:
    dataset = Dataset(target)
    if dataset.exists():
        dataset.verify()
    else:
        with DatasetWriter(target, CONTACTS) as writer:
            for at in range(0, len(ids), AT_ONCE):
                writer.write(profiles.contacts(ids[at : at + AT_ONCE]))
    return dataset


def _write(
    engine: Engine,
    systems: Systems,
    tables: dict[str, Table],
    target: Dataset,
    run: RunId,
    at: datetime,
) -> None:
    sql = files("scc.flow").joinpath("archive.sql").read_text(encoding="utf-8")
    hanging = "records" if "records" in tables else "nothing"
    query = Query(
        f"WITH deleted AS ({_DELETED}), {sql}".replace("<records>", hanging).replace(
            "<mailbox>", systems.address_rules.key("contacts.address")
        ),
        tables,
        {"erased": ERASED, "run": str(run), "at": at.replace(tzinfo=None, microsecond=0).isoformat(sep=" ")},
    )
    with DatasetWriter(target.folder, SCHEMA, row_group=ROW_GROUP) as writer:
        for batch in engine.run(query):
            writer.write(batch)


_VERDICTS = f"""
WITH deleted AS ({_DELETED})
SELECT contact_id,
    CASE WHEN entries.contact_id IS NOT NULL THEN 'archived'
         WHEN contacts.contact_id IS NULL THEN 'gone'
         WHEN lower(trim(contacts.address)) <> lower(trim(deleted.address)) THEN 'changed'
         ELSE 'lost' END AS verdict
FROM deleted
LEFT JOIN (SELECT DISTINCT contact_id FROM entries) AS entries USING (contact_id)
LEFT JOIN contacts USING (contact_id)
ORDER BY contact_id
"""  # noqa: S608  # both are texts of ours


def _judge(engine: Engine, tables: dict[str, Table], entries: Dataset, target: Dataset) -> None:
    """Read the archive back and give a verdict on each contact; DataError where one is missing in it."""
    try:
        entries.verify()
        sources = {"plan": tables["plan"], "contacts": tables["contacts"], "entries": Table([entries])}
        with DatasetWriter(target.folder, VERDICTS) as writer:
            for batch in engine.run(Query(_VERDICTS, sources, {"erased": ERASED})):
                _require_all(batch, entries)
                writer.write(batch)
    except DataError:
        entries.remove()
        raise


def _require_all(batch: pa.RecordBatch, entries: Dataset) -> None:
    lost = batch["verdict"].to_pylist().count("lost")
    if lost:
        raise DataError(
            f"{entries.folder} lacks {lost:,} of the contacts that were written to it",
            hint="Nothing was deleted. Start the run of that moment again: it archives them anew.",
        )
