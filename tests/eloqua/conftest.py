"""One sandbox for all tests of the client, emptied before each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.eloqua.instance import Instance

from scc.sandbox.app import Sandbox


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(seed=1) as sandbox:
        yield sandbox


@pytest.fixture
def instance(sandbox: Sandbox) -> Iterator[Instance]:
    sandbox.state.reset()
    instance = Instance(sandbox)
    with instance.client:
        yield instance
