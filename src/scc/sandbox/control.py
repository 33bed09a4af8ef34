"""The sandbox's own interface, everything under /_sandbox/: look in, break things, move the clock, start anew.

Each answer is JSON. What can't be read is answered 400 with {"error": what and where}, and changes nothing.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from scc.sandbox.problems import UnreadableError
from scc.sandbox.slack.store import SlackStore
from scc.sandbox.state import State
from scc.sandbox.transitions import Transitions

__all__ = ["Reseed", "routes"]

Reseed = Callable[[State, int], None]
"""Fills an emptied state with demonstration data: (state, contacts)."""


def routes(state: State, reseed: Reseed | None = None) -> list[Route]:
    """`reseed` answers `POST /_sandbox/reset {"contacts": n}`; without it that field is refused."""
    control = _Control(state, reseed)
    looks: dict[str, Callable[[], object]] = {
        "GET /state": control.state,
        "GET /faults": control.faults,
        "DELETE /faults": control.clear_faults,
        "GET /held": lambda: {"held": state.faults.held()},
        "POST /release": lambda: {"released": state.faults.release()},
        "DELETE /requests": control.clear_requests,
        "GET /clock": control.clock,
        "GET /transitions": lambda: dataclasses.asdict(state.transitions),
        "GET /options": control.options,
        "GET /slack": control.slack,
        "DELETE /slack": control.clear_slack,
    }
    wishes: dict[str, Callable[[object], object]] = {
        "POST /reset": control.reset,
        "POST /faults": control.add_faults,
        "POST /clock": control.move_clock,
        "POST /transitions": control.set_transitions,
        "POST /options": control.set_options,
    }
    return [
        *(_route(key, _look(answer)) for key, answer in looks.items()),
        *(_route(key, _wish(answer)) for key, answer in wishes.items()),
        _route("GET /requests", control.requests),
        _route("GET /dump", control.dump),
    ]


class _Control:
    def __init__(self, state: State, reseed: Reseed | None) -> None:
        self._state = state
        self._reseed = reseed

    def state(self) -> dict[str, object]:
        """Counts by entity, work under way, the clock."""
        systems = {
            store.system: {"counts": dict(store.counts()), "under_way": dict(store.under_way())}
            for store in self._state.stores()
        }
        return {
            "seed": self._state.seed,
            **self.clock(),
            "transitions": dataclasses.asdict(self._state.transitions),
            "requests": self._state.requests.total,
            "held": self._state.faults.held(),
            **systems,
        }

    def reset(self, body: object) -> object:
        """Forget everything; with "contacts", fill it with demonstration data again."""
        wishes = _object(body, {"seed", "contacts"})
        seed, contacts = _count(wishes, "seed"), _count(wishes, "contacts")
        if contacts is not None and self._reseed is None:
            raise UnreadableError("contacts: this server has no demonstration data to offer")
        self._state.reset(seed)
        if contacts is not None and self._reseed is not None:
            self._reseed(self._state, contacts)
        return self.state()

    async def dump(self, request: Request) -> Response:
        """Every live business record of every system, a line each, for exact comparison."""
        wanted = request.query_params.get("system")

        def lines() -> Iterator[bytes]:
            for store in self._state.stores():
                if wanted in (None, store.system):
                    yield from store.dump()

        return StreamingResponse(lines(), media_type="application/x-ndjson")

    async def requests(self, request: Request) -> Response:
        query = request.query_params
        requests = self._state.requests.list(system=query.get("system"), path=query.get("path"))
        return JSONResponse({"requests": requests})

    def clear_requests(self) -> object:
        self._state.requests.clear()
        return {"requests": []}

    def slack(self) -> object:
        return {"messages": self._state.store(SlackStore).messages()}

    def clear_slack(self) -> object:
        self._state.store(SlackStore).reset()
        return self.slack()

    def faults(self) -> object:
        return {"faults": [fault.to_dict() for fault in self._state.faults.list()]}

    def add_faults(self, body: object) -> object:
        self._state.faults.add(body)
        return self.faults()

    def clear_faults(self) -> object:
        self._state.faults.clear()
        return self.faults()

    def clock(self) -> dict[str, object]:
        return {"now": self._state.clock.now().isoformat()}

    def move_clock(self, body: object) -> object:
        """{"advance_s": seconds} and/or {"freeze_at": "2026-01-31T12:00:00+00:00"}, or {"reset": true}."""
        wishes = _object(body, {"advance_s", "freeze_at", "reset"})
        advance = wishes.get("advance_s", 0)
        if not isinstance(advance, int | float) or isinstance(advance, bool):
            raise UnreadableError(f"advance_s: {advance!r} is no number of seconds")
        at = _moment(wishes["freeze_at"]) if "freeze_at" in wishes else None
        if wishes.get("reset"):
            self._state.clock.reset()
        if at is not None:
            self._state.clock.freeze(at)
        self._state.clock.advance(advance)
        return self.clock()

    def set_transitions(self, body: object) -> object:
        self._state.transitions = Transitions.parse(body)
        return dataclasses.asdict(self._state.transitions)

    def options(self) -> dict[str, object]:
        """Switches by system: what is uncertain of a vendor, and how the sandbox decides it."""
        return {store.system: dataclasses.asdict(store.options) for store in self._state.stores()}

    def set_options(self, body: object) -> object:
        """{"eloqua": {"option": value}}; all or nothing."""
        stores = {store.system: store for store in self._state.stores()}
        wishes = _object(body, set(stores))
        changes = {system: _changed(system, stores[system].options, wish) for system, wish in wishes.items()}
        for system, options in changes.items():
            stores[system].options = options
        return self.options()


def _changed(system: str, options: Any, wish: object) -> Any:
    known = dataclasses.asdict(options)
    changes = _object(wish, set(known))
    for name, value in changes.items():
        if type(value) is not type(known[name]):
            raise UnreadableError(
                f"{system}.{name}: {value!r} is of the wrong type; it is {known[name]!r} now"
            )
    return dataclasses.replace(options, **changes)


def _route(key: str, endpoint: Callable[[Request], Any]) -> Route:
    method, path = key.split(" ")
    return Route(f"/_sandbox{path}", endpoint, methods=[method])


def _look(answer: Callable[[], object]) -> Callable[[Request], Any]:
    def endpoint(_: Request) -> Response:
        return JSONResponse(answer())

    return endpoint


def _wish(answer: Callable[[object], object]) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> Response:
        try:
            body = await _json(request)
            return JSONResponse(await run_in_threadpool(answer, body))
        except UnreadableError as error:
            return JSONResponse({"error": str(error)}, status_code=400)

    return endpoint


async def _json(request: Request) -> object:
    if not await request.body():
        return {}
    try:
        return await request.json()
    except ValueError as error:
        raise UnreadableError(f"the body is no JSON: {error}") from None


def _object(raw: object, known: set[str]) -> dict[str, Any]:
    if not isinstance(raw, dict):
        raise UnreadableError("expected a JSON object")
    unknown = sorted(set(raw) - known)
    if unknown:
        raise UnreadableError(f"unknown field {unknown[0]!r}; known are {', '.join(sorted(known))}")
    return raw


def _count(wishes: dict[str, Any], name: str) -> int | None:
    value = wishes.get(name)
    if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 0):
        raise UnreadableError(f"{name}: {value!r} is no whole number from 0")
    return value


def _moment(raw: object) -> datetime:
    try:
        at = datetime.fromisoformat(str(raw))
    except ValueError:
        raise UnreadableError(f"freeze_at: {raw!r} is no ISO date and time") from None
    if at.tzinfo is None:
        raise UnreadableError(f"freeze_at: {raw!r} lacks its zone, such as +00:00")
    return at
