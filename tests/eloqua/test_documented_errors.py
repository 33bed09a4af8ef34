"""Every call of the client against every error that Eloqua documents: what the caller gets, how often was asked.

docs/eloqua.md has the same as a table; what Eloqua refuses by itself is in test_refusals.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.eloqua.calls import CALLS, Call, World, public_calls

from scc.eloqua import InvalidConflictError, InvalidError
from scc.errors import (
    ConflictError,
    CredentialsError,
    DataError,
    NotFoundError,
    QuotaError,
    RefusedError,
    RemoteError,
    ThrottledError,
    UnavailableError,
)
from scc.sandbox.app import Sandbox

SECRET = "jane@secret.example"
PAGE = Path(__file__).parents[2] / "docs" / "eloqua.md"
TRIES = 5
"""What fits into the budget of these tests, ten seconds: waits of 0.5, 1, 2 and 4."""


@dataclass(frozen=True)
class Said:
    """An answer of Eloqua's: its words, and the error that is made of them."""

    status: int
    kind: type[RemoteError]
    words: str = ""
    body: object = None

    def __str__(self) -> str:
        return str(self.status)


def _fault(field: str, words: str) -> dict[str, object]:
    """REST's array of one; Bulk's list of failures is in `FAILURES`."""
    return {
        "type": "ObjectValidationError",
        "container": {"type": "ObjectKey", "objectType": "Contact", "objectId": "1"},
        "property": field,
        "requirement": {"type": words},
        "value": SECRET,
    }


FAILURES = {"failures": [{"field": "filter", "value": SECRET, "constraint": "Must be a filter."}]}
PARAMETER = {
    "type": "EndpointParameterError",
    "parameter": "id",
    "requirement": {"type": "IdRequirement"},
    "value": SECRET,
}
DEPENDENCIES = "The resource you are attempting to delete has dependencies, and cannot be deleted"
FOREIGN = f"<html>{SECRET}</html>"
"""Words that are not Oracle's are not quoted: nobody knows what is in them."""

DOCUMENTED = (
    Said(301, CredentialsError, "Login required"),
    Said(304, RefusedError),
    Said(400, InvalidError, "filter: Must be a filter.", FAILURES),
    Said(400, InvalidError, "ObjectValidationError: emailAddress: EmailAddressRequirement",
         [_fault("emailAddress", "EmailAddressRequirement")]),
    Said(400, InvalidError, "EndpointParameterError: id: IdRequirement", PARAMETER),
    Said(400, InvalidError, "There was a missing reference."),
    Said(401, CredentialsError, "You are not authorized to make this request"),
    Said(403, CredentialsError, "This service has not been enabled for your site."),
    Said(403, CredentialsError, "XSRF Protection Failure"),
    Said(404, NotFoundError, "The requested resource was not found."),
    Said(409, ConflictError, "There was a conflict."),
    Said(409, InvalidConflictError, "name: UniquenessRequirement", [_fault("name", "UniquenessRequirement")]),
    Said(410, NotFoundError, body=FOREIGN),
    Said(412, ConflictError, DEPENDENCIES),
    Said(413, QuotaError, "Storage space exceeded."),
    Said(429, ThrottledError, body=FOREIGN),
    Said(500, UnavailableError, "The service has encountered an error."),
    Said(502, UnavailableError, body=FOREIGN),
    Said(503, UnavailableError, "There was a timeout processing the request"),
    Said(504, UnavailableError, body=FOREIGN),
)  # fmt: skip


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """One for all: an answer that a fault gives leaves nothing behind."""
    with ExitStack() as stack:
        yield World(stack.enter_context(Sandbox(seed=1)), stack)


@pytest.fixture(params=CALLS, ids=str)
def call(request: pytest.FixtureRequest) -> Call:
    assert isinstance(request.param, Call)
    return request.param


def requests(world: World) -> list[tuple[str, str]]:
    """Give what the sandbox was asked for: methods and paths."""
    recorded = world.instance.control("GET", "/requests?system=eloqua")["requests"]
    return [(one["method"], one["path"]) for one in recorded]


def seen(world: World, call: Call) -> int:
    """Say how often the sandbox was asked for just this."""
    return sum(
        method == call.method and re.search(call.path, path) is not None for method, path in requests(world)
    )


def prepare(world: World, call: Call, **fault: object) -> Callable[[], object]:
    """Make what the call needs, then let the fault wait for it."""
    world.sandbox.state.faults.clear()
    run = call.makes(world)
    world.sandbox.state.requests.clear()
    world.instance.waits.clear()
    if fault:
        world.instance.fault(method=call.method, path=call.path, **fault)
    return run


def status(said: Said, **more: object) -> dict[str, object]:
    body = said.words if said.body is None else said.body
    return {"action": "status", "status": said.status, "body": body, **more}


def tries(call: Call, said: Said) -> int:
    """Say how often a call may be sent that is answered so every time."""
    if said.status == 429:
        return TRIES
    if said.status >= 500:
        return TRIES if call.repeats else call.rounds
    if said.status in (301, 401):
        return 2 if call.looks_up else 1
    return call.forms if said.status == 400 else 1


def check(error: RemoteError, said: Said) -> None:
    assert type(error) is said.kind
    assert (error.system, error.status) == ("eloqua", said.status)
    assert said.words in str(error)
    assert error.hint
    shown = f"{error!r} {error} {error.hint} {getattr(error, 'failures', '')}"
    assert SECRET not in shown
    assert "html" not in shown


def test_no_call_of_the_client_is_forgotten(world: World) -> None:
    assert {call.name for call in CALLS} == public_calls(world.client)


def test_call_without_a_fault_is_sent_once(world: World, call: Call) -> None:
    run = prepare(world, call)
    run()
    assert seen(world, call) == 1
    assert world.instance.waits == [] or call.name in ("bulk.export", "bulk.wait")


def test_documented_errors(world: World, call: Call) -> None:
    for said in DOCUMENTED:
        run = prepare(world, call, times=None, **status(said))
        if said.status in call.done:
            assert not run(), said
        elif call.is_tidying:
            run()
        else:
            with pytest.raises(RemoteError) as caught:
                run()
            check(caught.value, said)
        assert seen(world, call) == tries(call, said), said


def test_answer_that_is_lost_every_time(world: World, call: Call) -> None:
    """The connection is cut: whether Eloqua did the work is unknown."""
    run = prepare(world, call, action="drop", times=None)
    if call.is_tidying or call.finds_lost:
        run()
    else:
        with pytest.raises(UnavailableError) as caught:
            run()
        assert caught.value.status is None
    expected = TRIES if call.repeats else call.rounds
    assert seen(world, call) == expected


def test_page_of_a_proxy_in_the_place_of_an_answer(world: World, call: Call) -> None:
    """Status 200, but not Eloqua's: nobody may take it for work that was done."""
    run = prepare(world, call, times=None, action="status", status=200, body=FOREIGN)
    if call.is_tidying:
        run()
    else:
        with pytest.raises(DataError) as caught:
            run()
        assert SECRET not in f"{caught.value!r} {caught.value} {caught.value.hint}"
    assert seen(world, call) == call.forms


def test_throttled_once_waits_as_long_as_asked_for(world: World, call: Call) -> None:
    said = Said(429, ThrottledError)
    run = prepare(world, call, times=1, **status(said, headers={"Retry-After": "7"}))
    run()
    assert 7.0 in world.instance.waits
    assert seen(world, call) == 2


def test_out_of_order_once(world: World, call: Call) -> None:
    """What may run twice succeeds, an upload begins anew, the rest is left to the caller."""
    said = Said(503, UnavailableError, "There was a timeout processing the request")
    run = prepare(world, call, times=1, **status(said))
    if call.repeats or call.rounds > 1:
        run()
        assert seen(world, call) == 2
    else:
        with pytest.raises(UnavailableError) as caught:
            run()
        check(caught.value, said)
        assert seen(world, call) == 1
        assert "unknown" in str(caught.value.hint)


def test_moved_instance_is_found_and_the_call_repeated(world: World, call: Call) -> None:
    if not call.looks_up:
        return
    run = prepare(world, call, times=1, **status(Said(401, CredentialsError)))
    run()
    assert seen(world, call) == 2
    assert requests(world).count(("GET", "/id")) == 1


def test_upload_that_failed_leaves_nothing_staged(world: World) -> None:
    (call,) = (one for one in CALLS if one.name == "bulk.upload")
    for said in DOCUMENTED:
        run = prepare(world, call, times=None, **status(said))
        with pytest.raises(RemoteError):
            run()
        cleared = call.rounds if said.status >= 500 else 1
        methods = [method for method, _ in requests(world)]
        assert methods.count("DELETE") == cleared, said
        assert methods[-1] == "DELETE", said


def test_the_page_has_every_status_and_its_error() -> None:
    """Its table: Eloqua says | error | tried again."""
    rows = re.findall(r"^\| ((?:\d{3}).*?) \| (.*?) \| (.*) \|$", PAGE.read_text(), re.MULTILINE)
    told = {
        (int(number), kind, again)
        for said, kinds, again in rows
        for number in re.findall(r"\b[3-5]\d\d\b", said)
        for kind in re.findall(r"`(\w+Error)`", kinds)
    }
    again = {301: "once", 401: "once", 429: "always", 500: "where safe"}
    for said in DOCUMENTED:
        word = again.get(min(said.status, 500), "no")
        kind = said.kind.__name__
        assert any((number, name) == (said.status, kind) and word in how for number, name, how in told), said
