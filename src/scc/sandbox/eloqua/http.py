"""Between Starlette and the handlers: the table of routes, who may come in, and how answers look.

A handler takes a `Call` and returns a `Reply`, or anything that JSON can say; Eloqua's errors it raises.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from scc.sandbox.eloqua.errors import (
    BulkValidationError,
    EloquaError,
    RestValidationError,
    failure,
    not_found,
)
from scc.sandbox.eloqua.store import EloquaStore
from scc.sandbox.entrance import EXPIRE

__all__ = ["Call", "Endpoint", "Reply", "starlette_routes"]

METHODS = ("GET", "POST", "PUT", "DELETE", "SEARCH")
_BULK_JSON = "application/json; charset=utf-8"
_P3P = 'CP="IDC DSP COR DEVa TAIa OUR BUS PHY ONL UNI COM NAV CNT STA"'


@dataclass(frozen=True)
class Reply:
    """`body`: bytes as they are, None is empty, everything else becomes JSON."""

    status: int = 200
    body: object = None
    media_type: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Call:
    """One request as the handlers see it."""

    store: EloquaStore
    request: Request
    body: bytes

    @property
    def query(self) -> Mapping[str, str]:
        return self.request.query_params

    @property
    def origin(self) -> str:
        """Scheme, host and port as the client reached us."""
        return f"{self.request.url.scheme}://{self.request.headers.get('host', self.request.url.netloc)}"

    def header(self, name: str) -> str:
        return self.request.headers.get(name, "")

    def text(self, name: str) -> str:
        """Return a part of the path; always in lower case."""
        return str(self.request.path_params[name])

    def number(self, name: str) -> int:
        """Return a numeric part of the path. Raises 404 for anything else."""
        text = self.text(name)
        if not (text.isascii() and text.isdigit() and len(text) < 19):
            raise not_found()
        return int(text)

    def json(self) -> Any:
        """Raises 400 for a body that is no JSON."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            if "/bulk/" in self.request.url.path:
                raise BulkValidationError([failure("", "Must be valid JSON.")]) from None
            raise RestValidationError("", "", "SyntaxRequirement") from None


Handler = Callable[[Call], object]


@dataclass(frozen=True)
class Endpoint:
    """One line of the table of routes. `source` says what the answer follows; paths are spelt as the vendor does."""

    method: str
    path: str
    handler: Handler
    source: str
    is_open: bool = False
    """Whether it answers without credentials."""

    @property
    def summary(self) -> str:
        """The first line of what the handler says of itself."""
        return (self.handler.__doc__ or "").strip().partition("\n")[0]


def starlette_routes(store: EloquaStore, endpoints: Iterable[Endpoint]) -> list[Route]:
    """Group the endpoints by path: each path is one route, so that a method may be overridden by header."""
    by_path: dict[str, dict[str, Endpoint]] = {}
    for endpoint in endpoints:
        by_path.setdefault(endpoint.path.lower(), {})[endpoint.method] = endpoint
    return [
        Route(path, _endpoint(store, by_method), methods=list(METHODS), name=f"eloqua {path}")
        for path, by_method in by_path.items()
    ]


def _endpoint(store: EloquaStore, by_method: Mapping[str, Endpoint]) -> Callable[[Request], Any]:
    async def answer(request: Request) -> Response:
        call = Call(store, request, await request.body())
        return await run_in_threadpool(_answer, call, by_method)

    return answer


def _answer(call: Call, by_method: Mapping[str, Endpoint]) -> Response:
    is_bulk = "/bulk/" in call.request.url.path
    try:
        reply = _reply(call, by_method)
    except EloquaError as error:
        reply = Reply(error.status, error.body)
    headers = dict(reply.headers)
    status = reply.status
    override = call.header("x-http-status-code-override")
    if override.isdigit() and 200 <= int(override) <= 599:
        headers["X-HTTP-Original-Status-Code"] = str(status)
        status = int(override)
    if is_bulk:
        number = call.store.state.counters.take("eloqua.request")
        headers |= {
            "X-Request-Id": f"{UUID(int=number).hex}/{number}",
            "Cache-Control": "no-store",
            "P3P": _P3P,
        }
    media_type = reply.media_type or (_BULK_JSON if is_bulk else "application/json")
    return _response(reply.body, status, media_type, headers)


def _reply(call: Call, by_method: Mapping[str, Endpoint]) -> Reply:
    method = (call.header("x-http-method-override") or call.request.method).upper()
    endpoint = by_method.get(method) or by_method.get("GET" if method == "HEAD" else "")
    if endpoint is None:
        missing = f"{method} {call.request.url.path}"
        raise EloquaError(501, {"error": "not implemented by the sandbox", "missing": missing})
    if not endpoint.is_open:
        _let_in(call)
    if call.request.path_params.get("version", "2.0") not in ("1.0", "2.0"):
        raise not_found()
    call.store.syncs.settle()
    answer = endpoint.handler(call)
    return answer if isinstance(answer, Reply) else Reply(200, answer)


def _let_in(call: Call) -> None:
    shown = call.header("authorization")
    if call.request.scope.get(EXPIRE):
        call.store.tokens.expire(shown)
        raise EloquaError(401, "Not authenticated.")
    if not call.store.tokens.admits(shown):
        raise EloquaError(401, "Not authenticated.")


def _response(body: object, status: int, media_type: str, headers: Mapping[str, str]) -> Response:
    if body is None:
        return Response(status_code=status, headers=dict(headers))
    content = (
        body
        if isinstance(body, bytes)
        else json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    )
    return Response(content, status, {**headers, "content-type": media_type})
