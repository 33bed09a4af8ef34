from __future__ import annotations

import pytest

from scc.errors import BusyError
from scc.store.runs import Store


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "data")


def test_runs_of_several_pipelines_go_side_by_side_and_of_one_do_not(store):
    with store.lock("one"), store.lock("two"), pytest.raises(BusyError, match="another run of one"):
        store.lock("one").__enter__()


def test_the_whole_store_is_not_had_while_a_run_is_under_way(store):
    with store.lock("one"), pytest.raises(BusyError, match="a run is under way"):
        store.alone().__enter__()


def test_no_run_begins_while_somebody_has_the_whole_store(store):
    with store.alone(), pytest.raises(BusyError, match="a person is being erased"):
        store.lock("one").__enter__()

    with store.lock("one"):
        pass
