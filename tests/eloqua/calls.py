"""Every public call of the client, with the requests that it is made of, against a sandbox that has something to answer."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa
from tests.eloqua.instance import EMAIL, Instance

from scc.eloqua import (
    Account,
    Campaign,
    Contact,
    ContactList,
    CustomObject,
    CustomObjectField,
    CustomObjectRecord,
    EloquaClient,
    Email,
    Entity,
    ExportDefinition,
    Form,
    ImportDefinition,
    Sync,
    SyncAction,
    contacts,
)
from scc.eloqua.bulk import Bulk
from scc.sandbox.app import Sandbox

__all__ = ["CALLS", "Call", "World", "public_calls"]

FIELDS = {"Email": EMAIL}
ROWS = [pa.RecordBatch.from_pydict({"Email": ["new@x.example"]})]
BUDGET_S = 10.0


class World:
    """A sandbox with one of each kind, and the client under test, which knows already where it is.

    What a call needs is made by `other`, so that only the call itself is seen of `client`.
    """

    def __init__(self, sandbox: Sandbox, stack: ExitStack) -> None:
        self.sandbox = sandbox
        self.instance = Instance(sandbox)
        self._stack = stack
        self.client = self.connect()
        self.other = stack.enter_context(self.instance.client)
        self._numbers = itertools.count(1)
        self.instance.contacts("a@x.example", "b@x.example")
        self.client.identity()
        self.contact_list = self._id("contact_lists")
        self.object = self._id("custom_objects")
        fields = self.other.rest.custom_objects.get(self.object).fields
        assert fields is not None
        assert fields[0].id is not None
        self.key = fields[0].id
        self.form = self._id("forms")
        self.exported = self._exported()

    def connect(self) -> EloquaClient:
        return self._stack.enter_context(self.instance.connect(retry=self.instance.waits.policy(BUDGET_S)))

    def _id(self, kind: str) -> int:
        return int(self.made(kind).id)

    def _exported(self) -> Sync:
        bulk = self.other.bulk
        return bulk.wait(bulk.start_sync(self.export(self.other).uri))

    def export(self, client: EloquaClient | None = None) -> ExportDefinition:
        return (client or self.client).bulk.create_export(contacts(), FIELDS)

    def import_(self) -> ImportDefinition:
        return self.client.bulk.create_import(contacts(), FIELDS, identifier="Email")

    def collection(self, kind: str, client: EloquaClient | None = None) -> Any:
        rest = (client or self.client).rest
        return (
            rest.custom_object_records(self.object)
            if kind == "custom_object_records"
            else getattr(rest, kind)
        )

    def new(self, kind: str) -> Entity:
        n = next(self._numbers)
        fields = (CustomObjectField(id=-1, name="Key", data_type="text", display_type="text"),)
        make: dict[str, Callable[[], Entity]] = {
            "contacts": lambda: Contact(email_address=f"p{n}@x.example"),
            "accounts": lambda: Account(name=f"Company {n}"),
            "contact_lists": lambda: ContactList(name=f"List {n}"),
            "custom_objects": lambda: CustomObject(name=f"Object {n}", fields=fields),
            "custom_object_records": lambda: CustomObjectRecord(field_values={self.key: f"K{n}"}),
            "campaigns": lambda: Campaign(name=f"Campaign {n}"),
            "emails": lambda: Email(name=f"E-mail {n}"),
            "forms": lambda: Form(name=f"Form {n}"),
        }
        return make[kind]()

    def made(self, kind: str) -> Any:
        return self.collection(kind, self.other).create(self.new(kind))


@dataclass(frozen=True)
class Call:
    """One request of a public call. `makes` prepares, unseen, and gives the call itself.

    `repeats`: it may run twice. `rounds`: how often the client begins anew where an answer is lost.
    `looks_up`: a refused log-in makes the client ask where the instance is, and try there. `forms`: in
    how many forms it is asked for where a form is refused. `done`: statuses that are results, not errors.
    `is_tidying`: its errors are nobody's concern. `finds_lost`: work whose answer was lost is found.
    """

    name: str
    method: str
    path: str
    makes: Callable[[World], Callable[[], object]]
    step: str = ""
    repeats: bool = True
    rounds: int = 1
    looks_up: bool = True
    forms: int = 1
    done: tuple[int, ...] = ()
    is_tidying: bool = False
    finds_lost: bool = False

    def __str__(self) -> str:
        return f"{self.name}{f'-{self.step}' if self.step else ''}"


def _list(run: Callable[[World], object]) -> Callable[[World], Callable[[], object]]:
    """A call that needs nothing made for it."""
    return lambda world: lambda: run(world)


def _made(make: Callable[[World], Any], run: Callable[[World, Any], object]) -> Callable[[World], Any]:
    """A call on something made for it alone."""

    def prepare(world: World) -> Callable[[], object]:
        thing = make(world)
        return lambda: run(world, thing)

    return prepare


def _read_all(world: World) -> object:
    with world.client.bulk.export(contacts(), FIELDS) as export:
        return list(export.batches())


def _bulk() -> Iterator[Call]:
    get, sync = "GET", r"/syncs/\d+"
    yield Call("bulk.custom_objects", get, "/customObjects$", _list(lambda w: w.client.bulk.custom_objects()))
    yield Call("bulk.fields", get, "/contacts/fields$", _list(lambda w: w.client.bulk.fields(contacts())))
    yield Call("bulk.lists", get, "/contacts/lists$", _list(lambda w: w.client.bulk.lists(contacts())))
    yield Call("bulk.segments", get, "/contacts/segments$", _list(lambda w: w.client.bulk.segments()))
    yield Call(
        "bulk.shared_filters", get, "/contacts/filters$", _list(lambda w: w.client.bulk.shared_filters())
    )
    yield Call("bulk.create_export", "POST", "/contacts/exports$", _list(lambda w: w.export()))
    yield Call("bulk.create_import", "POST", "/contacts/imports$", _list(lambda w: w.import_()))
    yield Call("bulk.create_sync_actions", "POST", "/contacts/syncActions$", _list(_sync_actions))
    gone = (404, 410)
    yield Call(
        "bulk.delete",
        "DELETE",
        r"/exports/\d+$",
        _made(World.export, lambda w, d: w.client.bulk.delete(d.uri)),
        done=gone,
    )
    yield Call(
        "bulk.delete_data",
        "DELETE",
        r"/imports/\d+/data$",
        _made(World.import_, lambda w, d: w.client.bulk.delete_data(d.uri)),
        done=gone,
    )
    yield Call(
        "bulk.start_sync",
        "POST",
        "/syncs$",
        _made(World.export, lambda w, d: w.client.bulk.start_sync(d.uri)),
        repeats=False,
        finds_lost=True,
    )
    yield Call("bulk.sync", get, f"{sync}$", _list(lambda w: w.client.bulk.sync(w.exported.uri)))
    yield Call("bulk.wait", get, f"{sync}$", _list(lambda w: w.client.bulk.wait(w.exported.uri)))
    yield Call(
        "bulk.check",
        get,
        f"{sync}/logs$",
        _list(lambda w: w.client.bulk.check(replace(w.exported, status=w.exported.status.WARNING))),
    )
    yield Call("bulk.logs", get, f"{sync}/logs$", _list(lambda w: w.client.bulk.logs(w.exported.uri)))
    yield Call(
        "bulk.rejects", get, f"{sync}/rejects$", _list(lambda w: list(w.client.bulk.rejects(w.exported.uri)))
    )
    yield Call("bulk.count", get, f"{sync}/logs$", _list(lambda w: w.client.bulk.count(w.exported.uri)))
    read = _list(lambda w: list(w.client.bulk.data(w.exported.uri, ["Email"])))
    yield Call("bulk.data", get, f"{sync}/logs$", read, "count")
    yield Call("bulk.data", get, f"{sync}/data$", read, "page", forms=2)
    whole = _list(_read_all)
    yield Call("bulk.export", "POST", "/contacts/exports$", whole, "define")
    yield Call("bulk.export", "POST", "/syncs$", whole, "start", repeats=False, finds_lost=True)
    yield Call("bulk.export", get, f"{sync}$", whole, "wait")
    yield Call("bulk.export", get, f"{sync}/logs$", whole, "count")
    yield Call("bulk.export", get, f"{sync}/data$", whole, "page", forms=2)
    yield Call("bulk.export", "DELETE", r"/exports/\d+$", whole, "tidy", is_tidying=True)
    yield Call(
        "bulk.upload",
        "POST",
        r"/imports/\d+/data$",
        _made(World.import_, lambda w, d: w.client.bulk.upload(d, ROWS)),
        repeats=False,
        rounds=3,
    )


def _sync_actions(world: World) -> object:
    action = SyncAction(f"{{{{ContactList[{world.contact_list}]}}}}")
    return world.client.bulk.create_sync_actions(contacts(), FIELDS, sync_actions=[action])


PATHS = {
    "contacts": ("/data/contacts", "/data/contact"),
    "accounts": ("/data/accounts", "/data/account"),
    "contact_lists": ("/assets/contact/lists", "/assets/contact/list"),
    "custom_objects": ("/assets/customObjects", "/assets/customObject"),
    "custom_object_records": (r"/data/customObject/\d+/instances", r"/data/customObject/\d+/instance"),
    "campaigns": ("/assets/campaigns", "/assets/campaign"),
    "emails": ("/assets/emails", "/assets/email"),
    "forms": ("/assets/forms", "/assets/form"),
}


def _of_each(kind: str, many: str, one: str) -> Iterator[Call]:
    name = f"rest.{kind}"

    def on_one(run: Callable[[Any, Any], object]) -> Callable[[World], Any]:
        return _made(lambda w: w.made(kind), lambda w, made: run(w.collection(kind), made))

    def update(world: World) -> Callable[[], object]:
        new = replace(world.new(kind), id=world.made(kind).id)
        return lambda: world.collection(kind).update(new)

    yield Call(f"{name}.get", "GET", rf"{one}/\d+$", on_one(lambda all_, made: all_.get(made.id)))
    yield Call(f"{name}.search", "GET", f"{many}$", _list(lambda w: list(w.collection(kind).search())))
    yield Call(
        f"{name}.create",
        "POST",
        f"{one}$",
        _made(lambda w: w.new(kind), lambda w, new: w.collection(kind).create(new)),
        repeats=False,
    )
    yield Call(f"{name}.update", "PUT", rf"{one}/\d+$", update)
    yield Call(
        f"{name}.delete",
        "DELETE",
        rf"{one}/\d+$",
        on_one(lambda all_, made: all_.delete(made.id)),
        done=(404, 410),
    )


def _rest() -> Iterator[Call]:
    for kind, (many, one) in PATHS.items():
        yield from _of_each(kind, many, one)
    contact = _made(lambda w: w.made("contacts"), lambda w, made: w.client.rest.contacts.by_ids([made.id]))
    yield Call("rest.contacts.by_ids", "POST", "/data/contacts$", contact)
    lists = _made(lambda w: w.made("contacts"), lambda w, made: w.client.rest.contacts.memberships(made.id))
    yield Call("rest.contacts.memberships", "GET", r"/data/contact/\d+/membership$", lists)
    change = _made(
        lambda w: w.made("contact_lists"), lambda w, made: w.client.rest.contact_lists.change(made, add=[1])
    )
    yield Call("rest.contact_lists.change", "PUT", r"/assets/contact/list/\d+$", change)
    form = r"/data/form/\d+$"
    yield Call("rest.forms.data", "GET", form, _list(lambda w: list(w.client.rest.forms.data(w.form))))
    yield Call(
        "rest.forms.submit",
        "POST",
        form,
        _list(lambda w: w.client.rest.forms.submit(w.form, {1: "x"})),
        repeats=False,
    )


CALLS = (
    Call("identity", "GET", "/id$", lambda w: w.connect().identity, looks_up=False),
    Call(
        "call", "GET", "/emailGroups$", _list(lambda w: w.client.call("bulk", "GET", "/emailGroups").json())
    ),
    *_bulk(),
    *_rest(),
)


def public_calls(client: EloquaClient) -> set[str]:
    """What a caller can ask of a client, by name, as the classes have it."""
    collections = {name: one for name, one in vars(client.rest).items() if not name.startswith("_")}
    collections["custom_object_records"] = client.rest.custom_object_records(1)
    return {
        *(_methods(EloquaClient) - {"close"}),
        *(f"bulk.{name}" for name in _methods(Bulk)),
        *(f"rest.{name}.{call}" for name, one in collections.items() for call in _methods(type(one))),
    }


def _methods(kind: type) -> set[str]:
    return {name for name in dir(kind) if not name.startswith("_") and callable(getattr(kind, name))}
