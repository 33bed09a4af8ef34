"""The sandbox as an application, and as a running server: Eloqua, Salesforce and the control interface on one port."""

from __future__ import annotations

import socket
import threading
from types import TracebackType
from typing import Any, Self

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from scc.sandbox import control
from scc.sandbox.eloqua import routes as eloqua
from scc.sandbox.entrance import RAW_PATH, Entrance, system_of
from scc.sandbox.salesforce import routes as salesforce
from scc.sandbox.slack import routes as slack
from scc.sandbox.state import Credentials, State
from scc.sandbox.wire import Protocol

__all__ = ["Sandbox", "create_app", "server_config"]


def create_app(
    state: State, *, reseed: control.Reseed | None = None, more_routes: list[BaseRoute] | None = None
) -> Starlette:
    """`reseed` fills the state for `POST /_sandbox/reset {"contacts": n}`; `more_routes` come before the others."""
    routes: list[BaseRoute] = [
        *(more_routes or []),
        *control.routes(state, reseed),
        *slack.routes(state),
        *eloqua.routes(state),
        *salesforce.routes(state),
    ]
    app = Starlette(
        routes=routes,
        middleware=[Middleware(Entrance, state=state)],
        exception_handlers={404: _not_here, 405: _not_here},
    )
    app.router.redirect_slashes = False
    return app


async def _not_here(request: Request, error: Exception) -> Response:
    """Answer for paths without a route: 501 where a vendor has, or might have, something there."""
    assert isinstance(error, HTTPException)
    path = request.scope.get(RAW_PATH, request.url.path)
    system = system_of(request.url.path)
    if system in ("eloqua", "salesforce", "slack"):
        missing = f"{request.method} {path}"
        return JSONResponse({"error": "not implemented by the sandbox", "missing": missing}, status_code=501)
    return JSONResponse({"error": error.detail, "path": path}, status_code=error.status_code)


def server_config(
    app: Starlette, *, protocol: type[Protocol] = Protocol, **settings: Any
) -> uvicorn.Config:  # uvicorn's own settings
    """Return the settings that a server of this application needs, for callers that run one themselves."""
    quiet: dict[str, Any] = {"version": 1, "disable_existing_loggers": False}
    return uvicorn.Config(
        app,
        http=protocol,
        ws="none",
        lifespan="off",
        **{"log_config": quiet, "access_log": False, "server_header": False, **settings},
    )


class Sandbox:
    """A running server in a thread of its own, for as long as the `with` block lasts.

    `port` 0 takes a free one. More arguments go to `State` (`database`, `seed`, `memory_limit`);
    or give a `state` made before. Raises OSError when the port is taken.
    """

    def __init__(
        self,
        state: State | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        reseed: control.Reseed | None = None,
        more_routes: list[BaseRoute] | None = None,
        protocol: type[Protocol] = Protocol,
        **state_arguments: Any,  # State's own
    ) -> None:
        self.state = state or State(**state_arguments)
        self._owns_state = state is None
        self._socket = socket.create_server((host, port), backlog=512)
        # Connections inherit it. asyncio would set it, but does not know this socket for TCP (its proto is 0),
        # and without it each answer waits some 40 ms for the client's acknowledgement of its headers.
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.host, self.port = self._socket.getsockname()[:2]
        app = create_app(self.state, reseed=reseed, more_routes=more_routes)
        self._server = uvicorn.Server(server_config(app, protocol=protocol, timeout_graceful_shutdown=2))
        self._thread = threading.Thread(target=self._serve, name="sandbox", daemon=True)

    @property
    def url(self) -> str:
        """The address without a slash at its end."""
        return f"http://{self.host}:{self.port}"

    @property
    def credentials(self) -> Credentials:
        return self.state.credentials

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop the server, and end what hangs. The socket listened from the start, so nothing is lost before."""
        self._server.should_exit = True
        self.state.faults.release()
        if self._thread.is_alive():
            self._thread.join()
        self._socket.close()
        if self._owns_state:
            self.state.close()

    def _serve(self) -> None:
        self._server.run(sockets=[self._socket])
