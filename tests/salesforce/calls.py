"""Every public call of the client, with the requests that it is made of, against an organisation that has something to answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.salesforce.world import LEE, ROWS, SOQL, World

from scc.salesforce import SalesforceClient, Subrequest
from scc.salesforce.bulk import Bulk
from scc.salesforce.rest import Rest

__all__ = ["CALLS", "CURSOR", "JOB", "QUERY", "RECORD", "SPAN", "Call", "public_calls"]

MANY = "SELECT Id FROM Campaign"
QUERY, CURSOR, RECORD, JOB, SPAN = "query", "cursor", "record", "job", "span"
"""What a call is about, and so which of Salesforce's refusals it can meet beside those that all calls can."""

Run = Callable[[], object]


@dataclass(frozen=True)
class Call:
    """One request of a public call. `makes` prepares, unseen, and gives the call itself.

    `repeats`: it may run twice. `rounds`: how often the client begins anew where an answer is lost.
    `anew`: refused or not, it leaves something behind and is prepared for each try. `gone`: a thing that is not there
    is a result. `is_tidying`: its errors are nobody's concern. `deletes_open`: a job that is aborted where it
    can't be deleted, and then deleted. `looks`: how often it asks where all goes well.
    """

    name: str
    method: str
    path: str
    makes: Callable[[World], Run]
    about: tuple[str, ...] = ()
    step: str = ""
    repeats: bool = True
    rounds: int = 1
    anew: bool = False
    gone: bool = False
    is_tidying: bool = False
    deletes_open: bool = False
    looks: int = 1

    def __str__(self) -> str:
        return f"{self.name}{f'-{self.step}' if self.step else ''}"


def _plain(run: Callable[[World], object]) -> Callable[[World], Run]:
    """A call that needs nothing made for it."""
    return lambda world: lambda: run(world)


def _made(make: Callable[[World], Any], run: Callable[[World, Any], object]) -> Callable[[World], Run]:
    """A call on something made for it alone."""

    def prepare(world: World) -> Run:
        thing = make(world)
        return lambda: run(world, thing)

    return prepare


def _client() -> Iterator[Call]:
    yield Call("identity", "GET", r"/v62\.0/$", _plain(lambda w: w.client.identity()), step="resources")
    yield Call("identity", "GET", r"^/id/", _plain(lambda w: w.client.identity()), step="who")
    yield Call("limits", "GET", "/limits$", _plain(lambda w: w.client.limits()))
    described, fresh = "/sobjects/Lead/describe$", World.connect  # asked once per client
    yield Call("describe", "GET", described, _made(fresh, lambda w, c: c.describe("Lead")), anew=True)
    yield Call("types", "GET", described, _made(fresh, lambda w, c: c.types(SOQL)), anew=True)
    yield Call("query", "GET", "/query$", _plain(lambda w: list(w.client.query(SOQL))), (QUERY,))
    whole = _plain(lambda w: list(w.client.query(MANY)))
    yield Call("query", "GET", "/query/01g", whole, (CURSOR,), "next page")
    count = _plain(lambda w: w.client.count("SELECT COUNT() FROM Lead"))
    yield Call("count", "GET", "/query$", count, (QUERY,))


def _rest() -> Iterator[Call]:
    one, by = r"/sobjects/Lead/00Q\w+$", "/sobjects/Lead/Ext__c/"
    record = (RECORD,)
    yield Call("rest.get", "GET", one, _plain(lambda w: w.client.rest.get("Lead", w.lead, ["Id"])), record)
    get_by = _made(World.external_id, lambda w, value: w.client.rest.get_by("Lead", "Ext__c", value, ["Id"]))
    yield Call("rest.get_by", "GET", by, get_by, record)
    create = _plain(lambda w: w.client.rest.create("Lead", LEE))
    yield Call("rest.create", "POST", "/sobjects/Lead$", create, record, repeats=False)
    update = _made(World.made_lead, lambda w, lead: w.client.rest.update("Lead", lead, {"City": "Oslo"}))
    yield Call("rest.update", "PATCH", one, update, record)
    upsert = _made(World.number, lambda w, value: w.client.rest.upsert("Lead", "Ext__c", value, LEE))
    yield Call("rest.upsert", "PATCH", by, upsert, record)
    delete = _made(World.made_lead, lambda w, lead: w.client.rest.delete("Lead", lead))
    yield Call("rest.delete", "DELETE", one, delete, record, gone=True)
    yield from _save()
    parts = [Subrequest("POST", "sobjects/Lead", "lead", LEE)]
    composite = _plain(lambda w: w.client.rest.composite(parts))
    yield Call("rest.composite", "POST", "/composite$", composite, record, repeats=False)
    now = datetime.now(UTC)
    span = (now - timedelta(days=1), now)
    deleted = _plain(lambda w: w.client.rest.deleted("Lead", *span))
    yield Call("rest.deleted", "GET", "/sobjects/Lead/deleted$", deleted, (SPAN,))
    yield Call("rest.limits", "GET", "/limits$", _plain(lambda w: w.client.rest.limits()))


def _save() -> Iterator[Call]:
    name, many, record = "rest.save", "/composite/sobjects$", (RECORD,)
    insert = _plain(lambda w: list(w.client.rest.save("insert", "Lead", [LEE])))
    yield Call(name, "POST", many, insert, record, "insert", repeats=False)
    update = _made(World.made_lead, lambda w, id_: list(w.client.rest.save("update", "Lead", [{"Id": id_}])))
    yield Call(name, "PATCH", many, update, record, "update")

    def run(world: World, value: str) -> object:
        rows = [{**LEE, "Ext__c": value}]
        return list(world.client.rest.save("upsert", "Lead", rows, external_id="Ext__c"))

    yield Call(name, "PATCH", "/composite/sobjects/Lead/Ext__c$", _made(World.number, run), record, "upsert")
    delete = _made(World.made_lead, lambda w, id_: list(w.client.rest.save("delete", "Lead", [{"Id": id_}])))
    yield Call(name, "DELETE", many, delete, record, "delete")


def _queries() -> Iterator[Call]:
    jobs, one, page = "/jobs/query$", r"/jobs/query/750\w+$", r"/jobs/query/750\w+/results$"
    about = (JOB,)
    asks = _plain(lambda w: w.client.bulk.create_query(SOQL))
    yield Call("bulk.create_query", "POST", jobs, asks, (QUERY, JOB))
    looks = _plain(lambda w: w.client.bulk.query_job(w.query_job.id))
    yield Call("bulk.query_job", "GET", one, looks, about)
    waits = _plain(lambda w: w.client.bulk.wait_query(w.query_job))
    yield Call("bulk.wait_query", "GET", one, waits, about)
    aborts = _made(lambda w: w.slowly(World.started), lambda w, job: w.client.bulk.abort_query(job))
    yield Call("bulk.abort_query", "PATCH", one, aborts, about)
    deletes = _made(
        lambda w: w.other.bulk.wait_query(w.started()), lambda w, job: w.client.bulk.delete_query(job)
    )
    yield Call("bulk.delete_query", "DELETE", one, deletes, about, gone=True)
    reads = _plain(lambda w: list(w.client.bulk.results(w.query_job.id)))
    yield Call("bulk.results", "GET", one, reads, about, "wait")
    yield Call("bulk.results", "GET", page, reads, (JOB, CURSOR), "page")
    whole = _plain(lambda w: list(w.client.bulk.query(SOQL)))
    yield Call("bulk.query", "POST", jobs, whole, (QUERY, JOB), "create")
    yield Call("bulk.query", "GET", one, whole, (), "wait")
    yield Call("bulk.query", "GET", page, whole, (CURSOR,), "page")
    yield Call("bulk.query", "DELETE", one, whole, about, "tidy", is_tidying=True)


def _ingests() -> Iterator[Call]:
    jobs, one, batches = "/jobs/ingest$", r"/jobs/ingest/750\w+$", r"/jobs/ingest/750\w+/batches$"
    about = (JOB,)
    asks = _plain(lambda w: w.client.bulk.create_ingest("Lead", "insert"))
    yield Call("bulk.create_ingest", "POST", jobs, asks, about)
    looks = _plain(lambda w: w.client.bulk.ingest_job(w.ingest_job.id))
    yield Call("bulk.ingest_job", "GET", one, looks, about)
    fills = _made(World.opened, lambda w, job: w.client.bulk.upload(job, ROWS))
    yield Call("bulk.upload", "PUT", batches, fills, about, "send", repeats=False)
    yield Call("bulk.upload", "PATCH", one, fills, about, "close", anew=True)
    waits = _plain(lambda w: w.client.bulk.wait_ingest(w.ingest_job))
    yield Call("bulk.wait_ingest", "GET", one, waits, about)
    reads = _plain(lambda w: w.client.bulk.ingest_result(w.ingest_job, ROWS))
    takes_up = _plain(lambda w: w.client.bulk.resume_ingest(w.ingest_job, ROWS))
    whole = _plain(lambda w: list(w.client.bulk.ingest("Lead", "insert", ROWS)))
    yield Call("bulk.ingest", "POST", jobs, whole, about, "create")
    yield Call("bulk.ingest", "PUT", batches, whole, about, "send", repeats=False, rounds=3)
    yield Call("bulk.ingest", "PATCH", one, whole, about, "close")
    for name, run, met in (
        ("ingest_result", reads, about),
        ("resume_ingest", takes_up, ()),
        ("ingest", whole, ()),
    ):
        often = 2 if name == "resume_ingest" else 1
        yield Call(f"bulk.{name}", "GET", one, run, met, "wait", looks=often)
        for result in ("successfulResults", "failedResults", "unprocessedrecords"):
            yield Call(f"bulk.{name}", "GET", f"/{result}$", run, met, result)
    drops = _made(World.opened, lambda w, job: w.client.bulk.resume_ingest(job, ROWS))
    yield Call(
        "bulk.resume_ingest", "DELETE", one, drops, about, "tidy", anew=True, is_tidying=True, deletes_open=True
    )  # fmt: skip
    aborts = _made(lambda w: w.slowly(World.filled), lambda w, job: w.client.bulk.abort_ingest(job))
    yield Call("bulk.abort_ingest", "PATCH", one, aborts, about)
    deletes = _made(
        lambda w: w.other.bulk.wait_ingest(w.filled()), lambda w, job: w.client.bulk.delete_ingest(job)
    )
    yield Call("bulk.delete_ingest", "DELETE", one, deletes, about, gone=True)
    open_one = _made(World.opened, lambda w, job: w.client.bulk.delete_ingest(job))
    yield Call(
        "bulk.delete_ingest", "DELETE", one, open_one, about, "open", anew=True, gone=True, deletes_open=True
    )  # fmt: skip


CALLS = (*_client(), *_rest(), *_queries(), *_ingests())


def public_calls() -> set[str]:
    """What a caller can ask of a client, by name, as the classes have it."""
    return {
        *(name for name in _public(SalesforceClient)),
        *(f"rest.{name}" for name in _public(Rest)),
        *(f"bulk.{name}" for name in _public(Bulk)),
    }


def _public(kind: type) -> set[str]:
    return {name for name in dir(kind) if not name.startswith("_")}
