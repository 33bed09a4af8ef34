"""The sandbox's organisation as the tests use it, with a client that never waits between tries."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from scc.salesforce import ClientCredentials, SalesforceClient
from scc.sandbox.app import Sandbox
from scc.sandbox.salesforce.store import SalesforceStore
from scc.sandbox.transitions import Transitions
from scc.transport import Exchange, RetryPolicy, Transport

__all__ = ["Org", "quick"]


def quick(budget_s: float = 60.0) -> RetryPolicy:
    """Give the usual retries on a clock that sleeping moves, so that nothing is waited for."""
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    return RetryPolicy(budget_s=budget_s, sleep=sleep, clock=lambda: now[0])


@dataclass
class Org:
    """The sandbox's organisation with a client for it; `exchanges` are the calls made, logins among them."""

    sandbox: Sandbox
    exchanges: list[Exchange] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.grant = ClientCredentials(self.sandbox.url, "sandbox-client", "sandbox-secret")
        self.client = SalesforceClient(auth=self.grant, retry=quick(), observer=self.exchanges.append)
        self._other = Transport("salesforce")
        self.store = self.sandbox.state.store(SalesforceStore)

    def another(self, **options) -> SalesforceClient:
        return SalesforceClient(**{"auth": self.grant, "retry": quick(), **options})

    def calls(self, method: str = "", path: str = "") -> list[Exchange]:
        return [one for one in self.exchanges if method in {"", one.method} and path in one.path]

    def get(self, path: str) -> Any:
        """Ask for what the client has no method for; such calls are not among `exchanges`."""
        token = self.grant.login(self._other)
        answer = self._other.request(
            "GET",
            f"{self.sandbox.url}/services/data/v62.0/{path}",
            headers={"Authorization": f"Bearer {token.access_token}"},
        )
        return answer.json()

    def jobs(self, kind: str) -> list[dict[str, Any]]:
        """List the query or ingest jobs that Salesforce has."""
        found: list[dict[str, Any]] = self.get(f"jobs/{kind}")["records"]
        return found

    def slow_jobs(self, polls: int) -> None:
        """Let jobs end only when asked for the n-th time."""
        self.sandbox.state.transitions = Transitions(mode="polls", polls=polls)

    def fault(self, **rule: object) -> None:
        self.sandbox.state.faults.add([{"system": "salesforce", **rule}])
