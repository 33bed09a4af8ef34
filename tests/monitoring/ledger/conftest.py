"""A ledger on each of the databases that SCC keeps one in."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from scc.monitoring.ledger.ledger import Ledger
from scc.settings import Ledger as LedgerSettings


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.e2e)])
def settings(request: pytest.FixtureRequest) -> LedgerSettings:
    """The configuration of a ledger that has nothing in it, not even tables."""
    if request.param == "sqlite":
        return LedgerSettings()
    return LedgerSettings(url=SecretStr(request.getfixturevalue("postgres")))


@pytest.fixture
def empty(settings: LedgerSettings, tmp_path: Path) -> Ledger:
    return Ledger.of(settings, tmp_path)


@pytest.fixture
def ledger(empty: Ledger) -> Ledger:
    empty.prepare()
    return empty
