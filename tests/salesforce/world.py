"""An organisation that has something to answer, with a client that never waits; all its tries fall into a known budget."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pyarrow as pa

from scc.salesforce import ClientCredentials, Grant, IngestJob, QueryJob, SalesforceClient
from scc.sandbox.app import Sandbox
from scc.sandbox.salesforce.options import SalesforceOptions
from scc.sandbox.salesforce.store import SalesforceStore
from scc.sandbox.transitions import Transitions
from scc.transport import RetryPolicy, Transport

__all__ = ["LEE", "ROWS", "SOQL", "TRIES", "World"]

LEE = {"LastName": "Lee", "Company": "Acme"}
ROWS = pa.table({"LastName": ["Lee"], "Company": ["Acme"]})
SOQL = "SELECT Id, LastName FROM Lead"
TRIES = 5
"""What fits into a budget of ten seconds: waits of 0.5, 1, 2 and 4."""


class World:
    """A sandbox with one record of each kind, and the client under test, which is logged in.

    What a call needs is made by `other`, so that only the call itself is seen of `client`.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.store = sandbox.state.store(SalesforceStore)
        self.store.add_field("Lead", "Ext__c", "string", external_id=True, unique=True)
        self.store.load("Campaign", pa.table({"Name": [f"Campaign {at}" for at in range(2_100)]}))
        self._door = Transport("sandbox")
        self._numbers = itertools.count(1)
        self._now = 0.0
        self.slept: list[float] = []
        self.client, self.other = self.connect(), self.connect()
        self.lead = self.made_lead()
        self.query_job = self.other.bulk.wait_query(self.other.bulk.create_query(SOQL))
        self.ingest_job = self.other.bulk.wait_ingest(self.filled())

    def connect(self, grant: Grant | None = None, *, logged_in: bool = True) -> SalesforceClient:
        grant = grant or ClientCredentials(self.sandbox.url, "sandbox-client", "sandbox-secret")
        client = SalesforceClient(auth=grant, retry=self.policy())
        if logged_in:
            client.limits()
        return client

    def policy(self) -> RetryPolicy:
        """Wait the longest that a try may, on a clock that only this moves."""
        return RetryPolicy(budget_s=10.0, sleep=self._sleep, clock=lambda: self._now, dice=lambda: 1.0)

    def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self._now += seconds

    def switch(self, **options: object) -> None:
        """Set what the organisation decides; nothing given, all as it was."""
        self.store.options = SalesforceOptions(**options)  # type: ignore[arg-type]  # names as they stand there

    def requests(self) -> list[dict[str, Any]]:
        """What the sandbox was asked for, by its own account."""
        answer = self._door.request("GET", f"{self.sandbox.url}/_sandbox/requests?system=salesforce").json()
        assert isinstance(answer, dict)
        return list(answer["requests"])

    def wait_for(self, **fault: object) -> None:
        """Let a fault wait for the next requests; forget those before."""
        state = self.sandbox.state
        state.faults.clear()
        state.faults.add([{"system": "salesforce", **fault}])
        state.requests.clear()
        self.slept.clear()

    def close(self) -> None:
        for each in (self.client, self.other, self._door):
            each.close()

    def number(self) -> str:
        return str(next(self._numbers))

    def made_lead(self) -> str:
        return self.other.rest.create("Lead", {**LEE, "Ext__c": self.number()})

    def external_id(self) -> str:
        """Make a lead, and say by which value it can be found."""
        lead = self.made_lead()
        return str(self.other.rest.get("Lead", lead, ["Ext__c"])["Ext__c"])

    def opened(self) -> IngestJob:
        return self.other.bulk.create_ingest("Lead", "insert")

    def filled(self) -> IngestJob:
        job = self.opened()
        self.other.bulk.upload(job, ROWS)
        return job

    def started(self) -> QueryJob:
        return self.other.bulk.create_query(SOQL)

    def slowly(self, make: Callable[[World], Any]) -> Any:
        """Make a job that is still under way."""
        self.sandbox.state.transitions = Transitions(mode="polls", polls=100)
        try:
            return make(self)
        finally:
            self.sandbox.state.transitions = Transitions()
