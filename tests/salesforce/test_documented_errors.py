"""Every call of the client against every error that Salesforce documents: what the caller gets, how often was asked.

docs/salesforce.md has the same as a table; what Salesforce refuses by itself is in test_refusals, rows that fail in
test_documented_rows, logins in test_documented_logins.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from tests.salesforce.calls import CALLS, Call, public_calls
from tests.salesforce.documented import DOCUMENTED, SECRET, Said
from tests.salesforce.world import TRIES, World

from scc.errors import (
    ConflictError,
    NotFoundError,
    RefusedError,
    RemoteError,
    UnavailableError,
)
from scc.sandbox.app import Sandbox

OUTAGES = (500, 502, 503, 504)
ASK_NOBODY = {"api_usage", "close"}


@dataclass(frozen=True)
class Met:
    """What came of a call: the error (none: all is well), how often just this was asked for, how often logged in."""

    error: str | None
    asked: int
    logins: int = 0


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """One for all: an answer that a fault gives leaves nothing behind."""
    with Sandbox(seed=1) as sandbox:
        world = World(sandbox)
        yield world
        world.close()


@pytest.fixture(params=CALLS, ids=str)
def call(request: pytest.FixtureRequest) -> Call:
    assert isinstance(request.param, Call)
    return request.param


def meet(world: World, call: Call, run: Callable[[], object], **fault: object) -> tuple[Met, str]:
    """Run a call that the fault waits for; give what came of it, and all that the error says."""
    world.wait_for(method=call.method, path=call.path, **fault)
    kind, said = None, ""
    try:
        run()
    except RemoteError as error:
        parts = (type(error).__name__, error.status or "", error.code or "", error.system)
        kind = " ".join(str(part) for part in parts if part)
        said = f"{error} {error.hint or 'NO HINT'}"
    requests = world.requests()
    world.sandbox.state.faults.clear()
    asked = sum(one["method"] == call.method and bool(re.search(call.path, one["path"])) for one in requests)
    return Met(kind, asked, sum("token" in one["path"] for one in requests)), said


def expected(call: Call, said: Said) -> Met:
    """Say what must come of a call that is answered so every time."""
    error = " ".join(
        [said.kind.__name__, str(said.status), *([said.code] if said.code else []), "salesforce"]
    )
    never_was = said.code == "INVALID_CROSS_REFERENCE_KEY"
    is_result = call.is_tidying or (call.gone and (said.kind is NotFoundError or never_was))
    return Met(None if is_result else error, tries(call, said), 1 if said.status == 401 else 0)


def tries(call: Call, said: Said) -> int:
    """Say how often a call may be sent that is answered so every time."""
    if said.status == 429 or (said.status in OUTAGES and call.repeats):
        return TRIES
    if said.kind is UnavailableError:
        return call.rounds
    if said.status == 401:
        return 2
    return 2 if call.deletes_open and said.kind in (RefusedError, ConflictError) else 1


def applies(call: Call, said: Said) -> bool:
    return not said.about or said.about in call.about


def test_the_table_names_every_public_call():
    assert {call.name for call in CALLS} | ASK_NOBODY == public_calls()


def test_every_documented_error_is_met_by_some_call():
    assert {str(said) for said in DOCUMENTED} == {
        str(said) for said in DOCUMENTED for call in CALLS if applies(call, said)
    }


def test_each_documented_error_of_each_call_is_the_error_it_should_be(world: World, call: Call):
    met, wanted, unclear = {}, {}, {}
    run = call.makes(world)
    for said in DOCUMENTED:
        if not applies(call, said):
            continue
        run = call.makes(world) if call.anew else run
        met[str(said)], words = meet(world, call, run, times=None, **said.fault())
        wanted[str(said)] = expected(call, said)
        if words and (said.kept not in words or SECRET in words.lower() or "NO HINT" in words):
            unclear[str(said)] = words
    assert met == wanted
    assert unclear == {}


def test_a_session_that_ends_is_renewed_once_and_the_call_goes_on(world: World, call: Call):
    met, _ = meet(world, call, call.makes(world), action="expire-session")
    assert met == Met(None, call.looks + 1, 1)


def test_a_call_that_may_run_twice_sits_out_an_outage(world: World, call: Call):
    met, _ = meet(world, call, call.makes(world), action="status", status=503)
    again = call.repeats or call.rounds > 1
    assert met == (Met(None, call.looks + 1) if again else Met("UnavailableError 503 salesforce", 1))


def test_a_call_whose_answer_is_cut_off_is_repeated_where_it_may_run_twice(world: World, call: Call):
    met, words = meet(world, call, call.makes(world), action="drop")
    again = call.repeats or call.rounds > 1
    assert met == (Met(None, call.looks + 1) if again else Met("UnavailableError salesforce", 1))
    assert "Lee" not in words


def test_a_call_that_is_throttled_waits_as_long_as_it_was_told(world: World, call: Call):
    fault = {"action": "status", "status": 429, "headers": {"Retry-After": "7"}}
    met, _ = meet(world, call, call.makes(world), **fault)
    assert met == Met(None, call.looks + 1)
    assert 7.0 in world.slept


def test_a_wait_longer_than_the_budget_is_not_waited(world: World, call: Call):
    fault = {"action": "status", "status": 429, "headers": {"Retry-After": "3600"}, "times": None}
    met, _ = meet(world, call, call.makes(world), **fault)
    assert met == Met(None if call.is_tidying else "ThrottledError 429 salesforce", 1)
    assert 3600.0 not in world.slept


def test_what_asks_nobody_sends_nothing(world: World):
    world.sandbox.state.requests.clear()
    client = world.connect(logged_in=False)
    assert client.api_usage is None
    client.close()
    assert world.requests() == []
