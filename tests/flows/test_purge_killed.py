"""A purge killed anywhere and started again for the same moment ends like one that was never interrupted."""

from __future__ import annotations

import shutil

import pytest
from tests.flows.killed import kill_at_request, run
from tests.flows.purge_world import AT, fill

from scc.flow import guard

MOMENT = "2026-11-22T03:00Z"
RUN = ("run", "purge-contacts", "--at", MOMENT)
TABLE = """
[pipelines.purge-contacts]
target_contacts = 1
margin = 0.0
max_share = 1.0
priority = ["malformed", "junk domain", "hard bounced"]
activities = ["EmailOpen"]
salesforce = false
"""


@pytest.fixture(scope="module")
def approved(server, tmp_path_factory):
    """A folder with a plan that a person has approved, and what comes of applying it without a disturbance."""
    from tests.flows.conftest import World

    world = World(server, tmp_path_factory.mktemp("approved"))
    begin(world)
    assert world.scc(*RUN).returncode == 5
    planned = next(iter(world.store.runs("purge-contacts"))).run
    guard.approve(world.store, planned, by="Ann", now=AT)
    shutil.copytree(world.store.root, world.folder / "kept")
    world.control("DELETE", "requests")
    done = world.scc(*RUN)
    assert done.returncode == 0, done.stderr
    return world.folder / "kept", world.dump(), len(world.requests())


def begin(world):
    fill(world.sandbox.state)
    world.configure(TABLE)


@pytest.mark.timeout(900)  # many runs, and the machine may be busy
@pytest.mark.parametrize("part", range(4))
def test_killed_at_any_request_of_archive_and_deletes_the_next_try_ends_the_same(world, approved, part):
    """Every request after the approval is once the last: in turn before it is served, and after, unanswered."""
    kept, expected, requests = approved
    for number in range(part, requests, 4):
        begin(world)
        shutil.rmtree(world.store.root, ignore_errors=True)
        shutil.copytree(kept, world.store.root)

        assert kill_at_request(world, number, "before" if (number // 4) % 2 else "after", *RUN)
        code, said = run(world, *RUN)

        assert code == 0, said
        assert world.dump() == expected, f"killed at request {number}"


def test_killed_while_it_reads_and_plans_the_same_contacts_are_planned(world, approved):
    kept, _, _ = approved
    plans = list(kept.glob("purge-contacts/*/plan/part-*"))
    begin(world)
    for number in (4, 11, 18):
        kill_at_request(world, number, "after", *RUN)
    assert world.scc(*RUN).returncode == 5

    assert [path.read_bytes() for path in world.store.root.glob("purge-contacts/*/plan/part-*")] == [
        path.read_bytes() for path in plans
    ]
