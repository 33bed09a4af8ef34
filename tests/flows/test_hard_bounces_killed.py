"""The clean-up after hard bounces, killed anywhere and started again, ends like one that was never interrupted."""

from __future__ import annotations

import shutil

import pytest
from tests.flows.bounce_world import MARKS, forget_bounces, make_lists
from tests.flows.conftest import World, refill
from tests.flows.killed import kill_at_request, run

RUN = ("run", "hard-bounces", "--at", "2026-11-22T03:00Z")
TABLE = f"""
[pipelines.hard-bounces]
invalid_list = "Invalid addresses"
nurture_lists = ["Newsletter"]
{MARKS}"""


def begin(world):
    refill(world)
    forget_bounces(world)
    make_lists(world)
    world.configure(TABLE)
    shutil.rmtree(world.store.root, ignore_errors=True)
    world.control("DELETE", "requests")


@pytest.fixture(scope="module")
def uninterrupted(server, tmp_path_factory):
    """The end state of a run that nobody disturbs, and the numbers of its requests to be killed at.

    All of those that write, and every fifth of those before: reading is alike in all pipelines.
    """
    world = World(server, tmp_path_factory.mktemp("uninterrupted"))
    begin(world)
    before = world.dump()
    done = world.scc(*RUN)
    assert done.returncode == 0, done.stderr
    requests = world.requests()
    assert {one["system"] for one in requests} == {"eloqua", "salesforce"}
    assert world.dump() != before
    first = next(number for number, one in enumerate(requests) if str(one["path"]).endswith("/imports"))
    assert 0 < first < len(requests) - 30
    return world.dump(), [*range(0, first, 5), *range(first, len(requests))]


@pytest.mark.timeout(900)  # many runs, and the machine may be busy
@pytest.mark.parametrize("part", range(4))
def test_killed_at_any_request_the_next_try_ends_as_if_nothing_had_happened(world, uninterrupted, part):
    """The request is the run's last: in turn before it is served, and after, unanswered."""
    expected, numbers = uninterrupted
    for turn, number in enumerate(numbers[part::4]):
        begin(world)
        when = "before" if turn % 2 else "after"
        kill_at_request(world, number, when, *RUN)

        code, said = run(world, *RUN)

        assert code == 0, said
        assert world.dump() == expected, f"killed at request {number}"
