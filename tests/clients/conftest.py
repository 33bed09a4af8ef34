"""Other people's clients are led to the sandbox as anybody leads them there: by environment variables alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from simple_salesforce.api import Salesforce
from tests.clients.org import APP

from scc.sandbox.salesforce.store import SalesforceStore
from scc.sandbox.whole import WholeSandbox


@pytest.fixture(scope="module")
def sandbox() -> Iterator[WholeSandbox]:
    with WholeSandbox() as running:
        yield running


@pytest.fixture(autouse=True)
def door(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path):
    """Point every client of this process at the sandbox, for the tests that use it; start it empty."""
    if "sandbox" not in request.fixturenames:
        return
    running: WholeSandbox = request.getfixturevalue("sandbox")
    running.state.reset()
    authority = tmp_path / "authority.pem"
    authority.write_bytes(running.certificates.authority_pem)
    monkeypatch.setenv("HTTPS_PROXY", running.url)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority))
    for name in ("NO_PROXY", "no_proxy", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def org(sandbox: WholeSandbox) -> SalesforceStore:
    """The store behind Salesforce, for what its interfaces do not offer (custom fields)."""
    return sandbox.state.store(SalesforceStore)


@pytest.fixture
def sf(org: SalesforceStore) -> Any:  # its calls return an int or JSON, as an argument decides
    """simple-salesforce, logged in by client credentials."""
    return Salesforce(**APP)
