"""The whole sandbox in one object: both vendors, demonstration data, the page, loading of files, the TLS door."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from scc.sandbox import demo, load, page
from scc.sandbox.app import Sandbox
from scc.sandbox.certificates import Certificates
from scc.sandbox.eloqua.store import EloquaStore
from scc.sandbox.proxy import proxy_protocol
from scc.sandbox.salesforce.store import SalesforceStore
from scc.sandbox.state import State

__all__ = ["WholeSandbox"]


class WholeSandbox(Sandbox):
    """A `Sandbox` with everything that people use; tests of one part need less.

    Clients of the TLS door have to trust `certificates.authority_pem`.
    Raises OSError when the port is taken, duckdb.IOException for a database that can't be opened.
    """

    def __init__(self, *, host: str = "127.0.0.1", port: int = 0, **state_arguments: Any) -> None:
        self.certificates = Certificates.make()
        state = State(**state_arguments)
        try:
            routes: list[BaseRoute] = [
                *load.routes(state),
                *page.routes(state),
                Route("/_sandbox/authority.pem", self._authority, methods=["GET"]),
            ]
            super().__init__(
                state,
                host=host,
                port=port,
                reseed=_reseed,
                more_routes=routes,
                protocol=proxy_protocol(self.certificates),
            )
        except OSError:
            state.close()
            raise
        self._owns_state = True

    def _authority(self, _: Request) -> Response:
        return Response(self.certificates.authority_pem, media_type="application/x-pem-file")

    def has_records(self) -> bool:
        """Whether the database holds contacts, leads or campaigns already."""
        eloqua, salesforce = (
            self.state.store(EloquaStore).counts(),
            self.state.store(SalesforceStore).counts(),
        )
        return any((eloqua.get("contacts"), salesforce.get("Lead"), salesforce.get("Campaign")))


def _reseed(state: State, contacts: int) -> None:
    demo.fill(state, contacts=contacts)
