"""Everything that the sandbox remembers, apart from what each vendor's store keeps in its own tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from random import Random
from threading import Lock, RLock
from typing import Any, Protocol, TypeVar, cast

from scc.sandbox.clock import Clock
from scc.sandbox.database import Cursor, Database
from scc.sandbox.faults import Faults
from scc.sandbox.recording import Requests
from scc.sandbox.transitions import Transitions

__all__ = [
    "Counters",
    "Credentials",
    "EloquaCredentials",
    "SalesforceCredentials",
    "SlackCredentials",
    "State",
    "Store",
]


@dataclass
class EloquaCredentials:
    company: str = "Acme"
    user: str = "api.user"
    password: str = "sandbox"  # noqa: S105  # printed by the sandbox at its start
    client_id: str = "sandbox-client"
    client_secret: str = "sandbox-secret"  # noqa: S105  # as above


@dataclass
class SalesforceCredentials:
    username: str = "api@acme.example"
    password: str = "sandbox"  # noqa: S105  # as above
    security_token: str = "TOKEN"  # noqa: S105  # as above
    client_id: str = "sandbox-client"
    client_secret: str = "sandbox-secret"  # noqa: S105  # as above


@dataclass
class SlackCredentials:
    webhook_secret: str = "sandbox"  # noqa: S105  # as above
    bot_token: str = "xoxb-sandbox"  # noqa: S105  # as above


@dataclass
class Credentials:
    """Who may come in. May be changed at any time; `reset` keeps them."""

    eloqua: EloquaCredentials = field(default_factory=EloquaCredentials)
    salesforce: SalesforceCredentials = field(default_factory=SalesforceCredentials)
    slack: SlackCredentials = field(default_factory=SlackCredentials)


class Store(Protocol):
    """What the core asks of a vendor's store, which `State.store` makes once from the class."""

    system: str
    options: Any
    """A dataclass of the store's switches; the control interface sets its fields by name."""

    def __init__(self, state: State) -> None: ...
    def reset(self) -> None:
        """Start empty: the tables whose names begin with the system's are gone already."""

    def counts(self) -> Mapping[str, int]:
        """Return the number of live records of each entity."""

    def under_way(self) -> Mapping[str, Any]:
        """Return what runs now (syncs, jobs), with the most that ever ran at once as `max_concurrent`."""

    def dump(self) -> Iterator[bytes]:
        """Yield every live business record as lines of JSON, sorted, without times and ids of work."""


S = TypeVar("S", bound=Store)


class Counters:
    """Named numbers that only grow: ids of records, definitions, jobs."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._next: dict[str, int] = {}

    def take(self, name: str, count: int = 1, *, start: int = 1) -> int:
        """Return the first of `count` fresh numbers; a new name begins at `start`."""
        with self._lock:
            first = self._next.get(name, start)
            self._next[name] = first + count
            return first

    def at_least(self, name: str, number: int) -> None:
        """Never hand out a number below `number` again."""
        with self._lock:
            self._next[name] = max(self._next.get(name, 0), number)

    def clear(self, prefix: str = "") -> None:
        """Let the names that begin so start anew."""
        with self._lock:
            self._next = {name: number for name, number in self._next.items() if not name.startswith(prefix)}


class State:
    """`database` is a file or ":memory:". Equal seeds give equal data and equal faults by chance.

    Whoever writes to the database holds `write_lock`; readers need only a cursor of their own.
    """

    def __init__(self, database: str = ":memory:", *, seed: int = 1, memory_limit: str | None = None) -> None:
        self.seed = seed
        self.random = Random(seed)
        self.database = Database(database, memory_limit=memory_limit)
        self.write_lock = RLock()
        self.clock = Clock()
        self.faults = Faults(seed)
        self.requests = Requests()
        self.transitions = Transitions()
        self.credentials = Credentials()
        self.counters = Counters()
        self._stores: dict[type, Store] = {}
        self._stores_lock = RLock()

    def cursor(self) -> Cursor:
        """Return a cursor of the caller's own, to be closed (`with`) after use."""
        return self.database.cursor()

    def store(self, kind: type[S]) -> S:
        """Return the one store of this class, made at the first call."""
        with self._stores_lock:
            if kind not in self._stores:
                self._stores[kind] = kind(self)
            return cast("S", self._stores[kind])

    def stores(self) -> list[Store]:
        """Return the stores made so far, by system."""
        with self._stores_lock:
            return sorted(self._stores.values(), key=lambda store: store.system)

    def reset(self, seed: int | None = None, *, system: str | None = None) -> None:
        """Forget everything but the credentials: records, requests, faults, the moved clock; start with `seed` anew.

        With `system`, the records of the other systems stay.
        """
        self.faults.release()
        with self.write_lock:
            self.seed = self.seed if seed is None else seed
            self.random.seed(self.seed)
            self.faults.reset(self.seed)
            self.requests.clear()
            self.transitions = Transitions()
            self.clock.reset()
            self.counters.clear(f"{system}." if system else "")
            for store in self.stores():
                if system in (None, store.system):
                    self.database.drop(f"{store.system}_")
                    store.reset()

    def close(self) -> None:
        self.faults.release()
        self.database.close()
