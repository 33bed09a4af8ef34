"""Eloqua's REST API 1.0 and 2.0: single entities, searched, read, made, changed and deleted.

For many records at once Bulk is the way; the exception is deleting contacts, which only REST can.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Generic, Literal, TypeVar

from scc.eloqua.paging import rest_elements
from scc.eloqua.reading import acknowledged, as_object, as_objects
from scc.eloqua.rest_models import (
    Account,
    Campaign,
    Contact,
    ContactList,
    CustomObject,
    CustomObjectRecord,
    Email,
    Entity,
    Form,
    FormData,
    Membership,
)
from scc.errors import ConfigError, NotFoundError, ThrottledError, UnavailableError
from scc.transport import Response

if TYPE_CHECKING:
    from scc.eloqua.client import EloquaClient

__all__ = ["Collection", "ContactLists", "Contacts", "Depth", "Forms", "Rest", "search_term"]

_E = TypeVar("_E", bound=Entity)
Depth = Literal["minimal", "partial", "complete"]
_OPERATORS = ("=", "!=", ">", "<", ">=", "<=")
MAX_IDS = 200


def search_term(name: str, operator: str, value: str) -> str:
    """Write one search term, quoted: `search_term("name", "=", "Spring*")`; `*` stands for anything.

    Several terms are written one after the other. Eloqua then gives the union where they are about
    the same property; for different ones no fact is known.
    """
    if operator not in _OPERATORS or not name.isidentifier():
        raise ConfigError(f"{name} {operator} is no search term", hint=f"Operators: {' '.join(_OPERATORS)}.")
    if "'" in value:
        raise ConfigError(
            f"a search for {name} has a single quote in its value, which Eloqua's search can't write",
            hint="Put * in its place.",
        )
    return f"{name}{operator}'{value}'"


class Collection(Generic[_E]):
    """All entities of one kind. `many` is the path of the list, `one` that of the single entity."""

    def __init__(self, call: Callable[..., Response], kind: type[_E], many: str, one: str) -> None:
        self._call = call
        self._kind = kind
        self._many = many
        self._one = one

    def get(self, number: int, *, depth: Depth = "complete") -> _E:
        """Read one; NotFoundError also where this user may not see it."""
        return self._read(self._call("GET", f"{self._one}/{number:d}", params={"depth": depth}))

    def search(
        self,
        search: str | None = None,
        *,
        depth: Depth = "minimal",
        order_by: str | None = None,
        updated_since: datetime | None = None,
        page_size: int = 1000,
    ) -> Iterator[_E]:
        """Give all that match, page by page; without `search` all there are. `search_term` writes a search."""
        since = None if updated_since is None else int(updated_since.timestamp())
        params = {"search": search, "depth": depth, "orderBy": order_by, "lastUpdatedAt": since}

        def fetch(page: int) -> object:
            paged = {**params, "count": page_size, "page": page}
            response = self._call("GET", self._many, params=paged)
            return response.json() if response.body else {}  # 204 where nothing matches

        return map(self._kind.read, rest_elements(fetch, self._many, page_size))

    def create(self, entity: _E) -> _E:
        """Make one and give it as Eloqua made it; not repeated where the answer is lost."""
        return self._read(_post_once(self._call, self._one, entity.wire()))

    def update(self, entity: _E) -> _E:
        """Write one whole: read it at depth "complete", change it with `dataclasses.replace`, update it."""
        if entity.id is None:
            raise ConfigError(f"a {self._kind.__name__} without an id can't be updated")
        if entity.raw.get("depth", "complete") != "complete":
            raise ConfigError(
                f"{self._kind.__name__} {entity.id} was read at depth {entity.raw['depth']}: written back, "
                "it would lose what was not read",
                hint='Read it with depth="complete" before changing it.',
            )
        return self._read(self._call("PUT", f"{self._one}/{entity.id:d}", json=entity.wire()))

    def delete(self, number: int) -> bool:
        """Delete one; False says that it was gone already.

        Where an answer was lost and asking again finds it gone, this very call has most likely deleted it: True.
        """
        try:
            acknowledged(self._call("DELETE", f"{self._one}/{number:d}"))
        except NotFoundError as error:
            return error.in_doubt
        return True

    def _read(self, response: Response) -> _E:
        return self._kind.read(as_object(response.json()))


class Contacts(Collection[Contact]):
    """Contacts; `client.rest.contacts`."""

    def __init__(self, call: Callable[..., Response], call_2: Callable[..., Response]) -> None:
        super().__init__(call, Contact, "/data/contacts", "/data/contact")
        self._call_2 = call_2

    def by_ids(self, numbers: Sequence[int], *, depth: Depth = "minimal") -> list[Contact]:
        """Read up to 200 at once; those that are gone are left out."""
        if len(numbers) > MAX_IDS or len(set(numbers)) != len(numbers):
            raise ConfigError(f"Eloqua reads up to {MAX_IDS} contacts at once, each asked for once")
        response = self._call_2(
            "POST",
            "/data/contacts",
            json={"ids": [str(number) for number in numbers], "depth": depth},
            headers={"X-HTTP-Method-Override": "SEARCH"},
            idempotent=True,
        )
        return [Contact.read(item) for item in as_objects(response.json())]

    def memberships(self, number: int) -> list[Membership]:
        """Say which lists a contact is in."""
        response = self._call_2("GET", f"/data/contact/{number:d}/membership")
        return [Membership.read(item) for item in as_objects(response.json())]


class ContactLists(Collection[ContactList]):
    """Shared lists; `client.rest.contact_lists`."""

    def __init__(self, call: Callable[..., Response]) -> None:
        super().__init__(call, ContactList, "/assets/contact/lists", "/assets/contact/list")

    def change(
        self, entity: ContactList, *, add: Sequence[int] = (), remove: Sequence[int] = ()
    ) -> ContactList:
        """Put contacts into a list or take them out, by id; a sync action does it for many."""
        body = {
            **entity.wire(),
            "membershipAdditions": [str(number) for number in add],
            "membershipDeletions": [str(number) for number in remove],
        }
        return self._read(self._call("PUT", f"{self._one}/{entity.id:d}", json=body))


class Forms(Collection[Form]):
    """Forms and what was filled into them; `client.rest.forms`."""

    def __init__(self, call: Callable[..., Response]) -> None:
        super().__init__(call, Form, "/assets/forms", "/assets/form")

    def data(
        self,
        number: int,
        *,
        start: datetime | None = None,
        end: datetime | None = None,
        page_size: int = 1000,
    ) -> Iterator[FormData]:
        """Give what was filled in, between two moments where given."""
        params = {
            name: None if at is None else int(at.timestamp())
            for name, at in (("startAt", start), ("endAt", end))
        }

        def fetch(page: int) -> object:
            paged = {**params, "count": page_size, "page": page}
            response = self._call("GET", f"/data/form/{number:d}", params=paged)
            return response.json() if response.body else {}

        return map(FormData.read, rest_elements(fetch, f"form {number}", page_size))

    def submit(self, number: int, values: Mapping[int, str]) -> FormData:
        """Fill a form in; not repeated where the answer is lost."""
        body = FormData(field_values=values).wire()
        return FormData.read(as_object(_post_once(self._call, f"/data/form/{number:d}", body).json()))


def _post_once(call: Callable[..., Response], path: str, body: Mapping[str, object]) -> Response:
    try:
        return call("POST", path, json=body, idempotent=False)
    except ThrottledError:
        raise
    except UnavailableError as lost:
        lost.hint = "Whether it was made is unknown: look for it before you make it again."
        raise


class Rest:
    """Reached as `client.rest`; safe for threads."""

    def __init__(self, client: EloquaClient) -> None:
        first: Callable[..., Response] = partial(client.call, "1.0")
        second: Callable[..., Response] = partial(client.call, "2.0")
        self._second = second
        self.contacts = Contacts(first, second)
        self.accounts: Collection[Account] = Collection(first, Account, "/data/accounts", "/data/account")
        self.contact_lists = ContactLists(first)
        self.custom_objects: Collection[CustomObject] = Collection(
            second, CustomObject, "/assets/customObjects", "/assets/customObject"
        )
        self.campaigns: Collection[Campaign] = Collection(
            second, Campaign, "/assets/campaigns", "/assets/campaign"
        )
        self.emails: Collection[Email] = Collection(second, Email, "/assets/emails", "/assets/email")
        self.forms = Forms(second)

    def custom_object_records(self, number: int) -> Collection[CustomObjectRecord]:
        """The records of one custom object."""
        path = f"/data/customObject/{number:d}"
        return Collection(self._second, CustomObjectRecord, f"{path}/instances", f"{path}/instance")
