"""Undo: a receipt turned back into a change set, which goes through guard and apply like any other."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.resources import files
from typing import TypeAlias

from scc.core.changes import Operation
from scc.core.conditions import Compare
from scc.core.limits import Limits
from scc.core.receipts import Outcome
from scc.core.runs import RunId
from scc.engines.base import Query, Table, identifier, literal
from scc.errors import ConfigError
from scc.flow.apply import read_receipt_summary
from scc.flow.archive_source import RestoredMarks
from scc.flow.archived_changes import ArchivedChanges
from scc.flow.eloqua_creates import ADDRESS, HOLDER
from scc.flow.eloqua_source import OVERLAP, EloquaRecords
from scc.flow.pipeline import Pipeline, PlanStep, Source
from scc.flow.plan import read_summary
from scc.flow.salesforce_source import SalesforceReferred
from scc.flow.store_source import StoredDataset
from scc.flow.values import value_map
from scc.flow.whole_contacts_source import WholeContacts
from scc.store.dataset import Dataset
from scc.store.runs import Store

__all__ = ["undo"]

_Current: TypeAlias = EloquaRecords | WholeContacts | SalesforceReferred | RestoredMarks

REVERSIBLE = frozenset({Operation.UPDATE, Operation.FILL, Operation.LIST_ADD, Operation.LIST_REMOVE})
DELETES = ("eloqua", "contact", Operation.DELETE)
"""Deletes that the archive knows how to take back."""
CREATES = ("eloqua", "contact", Operation.CREATE)
"""Creates that are taken back by deletes, with all that was hung on the contact."""
PREFIXES = {"Lead": "00Q", "Contact": "003", "Account": "001", "Campaign": "701", "CampaignMember": "00v"}
"""How ids of Salesforce's objects begin."""


def undo(store: Store, run: RunId) -> Pipeline:
    """The pipeline that takes a run back: each value that is still as the run wrote it becomes what it was.

    ConfigError where the run has no receipt, or did something that can't be taken back.
    """
    store.require(run)
    plan, receipt = store.plan(run), store.receipt(run)
    if not receipt.exists():
        raise ConfigError(
            f"{run} has no receipt, so nothing is known to take back",
            hint=f"Look at it with `scc show {run}`.",
        )
    summary = read_summary(plan)
    done = {(system, name, Operation(operation)) for system, name, operation, _ in summary.counts}
    with_contacts = {Operation.CREATE, Operation.LINK} if CREATES in done else set()
    final = sorted(op for *_, op in done - {DELETES} if op.writes and op not in REVERSIBLE | with_contacts)
    if final:
        raise ConfigError(f"{run} did {final[0]}, which can't be taken back this way")
    # What the run wrote has been updated since it read.
    since = datetime.fromisoformat(str(plan.manifest.meta["read_at"])) - OVERLAP
    objects = summary.fields
    compared = {one[:2] for one in done if one[2] in {Operation.UPDATE, Operation.FILL} or one == CREATES}
    current = [
        WholeContacts(f"current-{at}", since)
        if (system, name, Operation.CREATE) == CREATES and CREATES in done
        else _current(f"current-{at}", system, name, tuple(sorted(fields - {HOLDER})), since)
        for at, ((system, name), fields) in enumerate(sorted(objects.items()))
        if fields and (system, name) in compared
    ]
    deleted = _deleted(run, since) if DELETES in done else ()
    applied = read_receipt_summary(receipt).by_outcome()[Outcome.APPLIED]
    allowed = {name: frozenset(fields) for (_, name), fields in objects.items()}

    def planned(read: Mapping[str, Dataset]) -> PlanStep:
        query = _query(read, current, since + OVERLAP)
        operations = REVERSIBLE | ({Operation.DELETE} if CREATES in done else set())
        unasked = {Operation.DELETE: 0}  # whoever takes back a create by mistake loses a contact
        if not deleted:
            limits = Limits(applied, max_by_operation=unasked, operations=operations, fields=allowed)
            return PlanStep(query, limits)
        # A contact that comes back brings its lists and records with it.
        archived = read["archived"].manifest
        back: Mapping[str, list[str]] = archived.meta["fields"]  # type: ignore[assignment]  # our own manifest
        made = {name: frozenset(names) for name, names in back.items()}
        operations |= {Operation.CREATE, Operation.LINK}
        limits = Limits(
            applied + archived.rows, max_by_operation=unasked, operations=operations, fields=allowed | made
        )
        return PlanStep(query, limits)

    return Pipeline(
        "undo",
        (StoredDataset("plan", plan), StoredDataset("receipt", receipt), *current, *deleted),
        plan=planned,
        config_digest=str(run),
    )


def _deleted(run: RunId, since: datetime) -> tuple[Source, ...]:
    """What is known of the contacts that a run deleted, and who has their addresses by now."""
    now = EloquaRecords("addresses", "contact", (ADDRESS,), where=lambda _: Compare("UpdatedAt", ">=", since))
    return ArchivedChanges("archived", run), now


def _current(source: str, system: str, name: str, fields: tuple[str, ...], since: datetime) -> _Current:
    """What the records hold now, of the fields that the run wrote."""
    if system == "eloqua":
        return EloquaRecords(source, name, fields, where=lambda _: Compare("UpdatedAt", ">=", since))
    if (system, name) == ("store", "archive"):
        return RestoredMarks(source)
    if name not in PREFIXES:
        raise ConfigError(f"changes to {name} in {system} can't be taken back this way")
    return SalesforceReferred(source, name, ("Id", *fields), "key", ("plan",), prefix=PREFIXES[name])


def _query(read: Mapping[str, Dataset], current: list[_Current], read_at: datetime) -> Query:
    tables = {"plan": Table([read["plan"]]), "receipt": Table([read["receipt"]])}
    parts = ["SELECT '' AS object, '' AS key, map {'': ''} AS now WHERE false"]
    for source in current:
        meta = read[source.name].manifest.meta
        types: Mapping[str, str] = meta.get("types", {})  # type: ignore[assignment]  # our own manifest
        name = source.sobject if isinstance(source, SalesforceReferred) else str(meta["object"])
        fields = read[source.name].schema().names if isinstance(source, WholeContacts) else source.fields
        values = value_map({field: field for field in fields if field != "Id"}, types)
        tables[source.name] = Table(
            [read[source.name]], f'{literal(name)} AS object, "Id" AS key, {values} AS now'
        )
        parts.append(f'SELECT object, key, now FROM "{source.name}"')  # noqa: S608  # our own names
    nobody = "NULL::VARCHAR AS contact_id, NULL::VARCHAR AS address, NULL::VARCHAR AS object, NULL::VARCHAR AS operation, NULL::VARCHAR AS key, NULL::MAP(VARCHAR, VARCHAR) AS after"
    if "archived" in read:
        tables["archived"] = Table([read["archived"]])
        tables["addresses"] = Table([read["addresses"]], f"{identifier(ADDRESS)} AS address")
    else:
        tables["archived"] = Table([read["plan"]], nobody)
        tables["addresses"] = Table([read["plan"]], "NULL::VARCHAR AS address")
    sql = files("scc.flow").joinpath("undo.sql").read_text(encoding="utf-8")
    sql = sql.replace("<read_at>", literal(read_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")))
    return Query(f"WITH current AS ({' UNION ALL '.join(parts)}), {sql}", tables)
