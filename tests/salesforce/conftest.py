"""One sandbox for all tests of the client, emptied before each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.salesforce.org import Org

from scc.sandbox.app import Sandbox
from scc.sandbox.salesforce.options import SalesforceOptions
from scc.sandbox.salesforce.store import SalesforceStore


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(seed=1) as sandbox:
        yield sandbox


@pytest.fixture
def org(sandbox: Sandbox) -> Iterator[Org]:
    sandbox.state.reset()
    sandbox.state.store(SalesforceStore).options = SalesforceOptions()
    org = Org(sandbox)
    with org.client:
        yield org
