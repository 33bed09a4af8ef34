"""Whatever a purge deletes, an undo brings back field by field."""

from __future__ import annotations

import shutil

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.flows.purge_world import AT

from scc.engines.duckdb import DuckDBEngine
from scc.flow import guard
from scc.flow.run import Runner
from scc.flow.systems import Systems
from scc.flow.undo import undo
from scc.sandbox import demo
from scc.sandbox.eloqua.store import EloquaStore
from scc.settings import load
from scc.store.runs import RunState

TEXT = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\u2028\u2029"), max_size=40
).map(str.strip)
CONTACTS = st.lists(
    st.fixed_dictionaries(
        {
            "C_FirstName": TEXT,
            "C_Company": TEXT | st.just('A "quoted", company\nof two lines'),
            "C_Country": st.sampled_from(["", "Norway", "Côte d'Ivoire"]),
            "C_Employees1": st.integers(0, 10**9).map(str) | st.just(""),
            "list": st.sampled_from(["", "Newsletter", "Board"]),
            "records": st.integers(0, 2),
            "account": st.sampled_from([None, 1, 2]),
            "is_subscribed": st.booleans(),
        }
    ),
    min_size=2,
    max_size=6,
)


def fill(state, rows):
    """The contacts, none of them seen for years, on their lists and with their custom object records."""
    state.reset(1)
    eloqua = state.store(EloquaStore)
    columns = {
        name: [row[name] or None for row in rows]
        for name in ("C_FirstName", "C_Company", "C_Country", "C_Employees1")
    }
    addresses = [f"Nobody.{number}@acme.example" for number in range(1, len(rows) + 1)]
    numbers = range(1, len(rows) + 1)
    eloqua.load_accounts(pa.table({"id": [1, 2], "M_CompanyName": ["Acme", "Dealing"]}))
    eloqua.load_contacts(
        pa.table(
            {
                "id": list(numbers),
                "C_EmailAddress": addresses,
                "createdAt": ["2020-03-01 00:00:00"] * len(rows),
                "IsSubscribed": [row["is_subscribed"] for row in rows],
                "accountId": pa.array([row["account"] for row in rows], pa.int64()),
                **{name: pa.array(values, pa.string()) for name, values in columns.items()},
            }
        )
    )
    for name in ("Newsletter", "Board"):
        on_it = [number for number, row in zip(numbers, rows, strict=True) if row["list"] == name]
        eloqua.create_list(name, on_it)
    owners = [one for one, row in zip(addresses, rows, strict=True) for _ in range(row["records"])]
    table = pa.table({"Email_Address": pa.array(owners, pa.string())})
    eloqua.load_custom_object(demo.create_campaign_members(eloqua), table)


@pytest.mark.timeout(900)  # many runs, and the machine may be busy
@settings(
    max_examples=6,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(rows=CONTACTS, keeps=st.integers(1, 3), keep_opted_out=st.booleans())
def test_every_deleted_contact_comes_back_with_all_that_it_had(world, rows, keeps, keep_opted_out):
    fill(world.sandbox.state, rows)
    shutil.rmtree(world.store.root, ignore_errors=True)
    before = world.dump_by_address()
    config = {
        "target_contacts": keeps,
        "margin": 0.0,
        "max_share": 1.0,
        "keep_opted_out": keep_opted_out,
        "salesforce": False,
        "activities": ["EmailOpen"],
    }
    result = world.run("purge-contacts", AT, **config)
    if result.state is RunState.STOPPED:
        guard.approve(world.store, result.run, by="Ann", now=AT)
        result = world.run("purge-contacts", AT, **config)
    goes = [row for row in rows if row["is_subscribed"] or not keep_opted_out]
    expected = min(len(goes), len(rows) - min(keeps, len(rows)))
    assert result.plan.changes == expected
    if not expected:
        assert result.state is RunState.NOTHING_TO_DO
        return
    assert result.state is RunState.DONE, result.error
    assert len(world.contacts("C_EmailAddress")) == len(rows) - expected

    runner = Runner(
        store=world.store, systems=Systems(load(world.folder / "scc.toml", {})), engine=DuckDBEngine()
    )
    back = runner.run(undo(world.store, result.run), AT)

    assert back.state is RunState.DONE, back.error
    assert world.dump_by_address() == before
