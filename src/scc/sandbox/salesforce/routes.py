"""Salesforce's routes: from Starlette's requests to calls, and from answers back.

One Starlette route takes every path; which handler answers is the router's table (`route_list` shows it).
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterator
from urllib.parse import parse_qsl

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from scc.sandbox.entrance import EXPIRE
from scc.sandbox.salesforce import admin
from scc.sandbox.salesforce.actions import Actions
from scc.sandbox.salesforce.bulk1 import Bulk1
from scc.sandbox.salesforce.bulk2_ingest import Bulk2Ingest
from scc.sandbox.salesforce.bulk2_query import Bulk2Query
from scc.sandbox.salesforce.calls import Answer, Body, Call
from scc.sandbox.salesforce.composite import Composite
from scc.sandbox.salesforce.dispatch import Dispatcher
from scc.sandbox.salesforce.oauth import OAuth
from scc.sandbox.salesforce.replication import Replication
from scc.sandbox.salesforce.rest_collections import RestCollections
from scc.sandbox.salesforce.rest_describe import RestDescribe
from scc.sandbox.salesforce.rest_query import RestQuery
from scc.sandbox.salesforce.rest_records import RestRecords
from scc.sandbox.salesforce.rest_tree import RestTree
from scc.sandbox.salesforce.scratch import Scratch
from scc.sandbox.salesforce.search import Search
from scc.sandbox.salesforce.services import Services
from scc.sandbox.salesforce.soap import Soap
from scc.sandbox.state import State

__all__ = ["route_list", "routes"]

_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
_IN_MEMORY = 1_000_000
_SMALL = 1_000
MAX_HEADER_BYTES = 16_384
_TOO_LARGE = "<h1>Bad Message 431</h1><pre>reason: Request Header Fields Too Large</pre>"
_TOO_LONG = "<h1>Bad Message 414</h1><pre>reason: URI Too Long</pre>"


def routes(state: State) -> list[Route]:
    """Return the routes of the vendor's paths; each has its handler in the router's table."""
    services = _services(state)
    services.store.when_reset(services.clear)
    dispatcher = Dispatcher(services)

    async def endpoint(request: Request) -> Response:
        oversized = _oversized(request)
        if oversized is not None:
            return oversized
        call = await _call(request, services.scratch)
        if request.scope.get(EXPIRE) and call.token:
            services.sessions.expire(call.token)
        answer = await run_in_threadpool(dispatcher.answer, call)
        return await _response(request, answer, compress=services.store.options.compress)

    return [
        Route("/services/{path:path}", endpoint, methods=_METHODS),
        Route("/id/{organization}/{user:path}", endpoint, methods=["GET"]),
        *admin.routes(services.store),
    ]


def route_list(state: State) -> list[dict[str, str]]:
    """Return every route: method, path, and the page its behaviour follows."""
    return [
        {"method": entry.method, "path": entry.template, "source": entry.source}
        for entry in _services(state).router.entries
    ]


def _services(state: State) -> Services:
    services = Services(state)
    for part in (
        OAuth(services),
        RestDescribe(services),
        RestQuery(services),
        RestCollections(services),
        Replication(services),
        RestRecords(services),
        Composite(services, Dispatcher(services).inner),
        Bulk2Query(services),
        Bulk2Ingest(services),
        Bulk1(services),
        RestTree(services),
        Search(services),
        Actions(services),
        Soap(services),
    ):
        part.add_routes()
    return services


def _oversized(request: Request) -> Response | None:
    """Refuse what the vendor's web server refuses: URI and headers over 16,384 bytes (sandbox-salesforce.md 5)."""
    uri = len(request.scope.get("raw_path") or b"") + len(request.scope["query_string"])
    if uri > MAX_HEADER_BYTES:
        return Response(_TOO_LONG, 414, media_type="text/html")
    if uri + sum(len(name) + len(value) for name, value in request.scope["headers"]) > MAX_HEADER_BYTES:
        return Response(_TOO_LARGE, 431, media_type="text/html")
    return None


async def _call(request: Request, scratch: Scratch) -> Call:
    headers = dict(request.headers.items())
    query = dict(parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True))
    raw_path = request.scope.get("raw_path") or request.url.path.encode()
    method = query.pop("_HttpMethod", request.method).upper()
    return Call(
        method=method,
        path=re.sub(r"/{2,}", "/", raw_path.decode("latin-1").partition("?")[0]),
        base=f"{request.url.scheme}://{headers.get('host', 'localhost')}",
        query=query,
        headers=headers,
        body=await _body(request, scratch),
        token=_token(headers),
    )


def _token(headers: dict[str, str]) -> str | None:
    kind, _, token = headers.get("authorization", "").partition(" ")
    if kind.lower() in {"bearer", "oauth"} and token:
        return token.strip()
    return headers.get("x-sfdc-session")


async def _body(request: Request, scratch: Scratch) -> Body:
    """Read the body, unpacked; into a file once it is large."""
    unpack = zlib.decompressobj(31) if request.headers.get("content-encoding", "").lower() == "gzip" else None
    small = bytearray()
    chunks = request.stream()
    async for chunk in chunks:
        small += unpack.decompress(chunk) if unpack else chunk
        if len(small) > _IN_MEMORY:
            break
    else:
        return Body(bytes(small))
    path = scratch.new()
    with path.open("wb") as file:
        file.write(small)
        async for chunk in chunks:
            file.write(unpack.decompress(chunk) if unpack else chunk)
    return Body(path=path)


async def _response(request: Request, answer: Answer, *, compress: bool) -> Response:
    pretty = request.headers.get("x-prettyprint") == "1"
    body = await run_in_threadpool(answer.encoded, pretty=pretty)
    headers = dict(answer.headers)
    accepts = compress and "gzip" in request.headers.get("accept-encoding", "").lower()
    if isinstance(body, bytes):
        if accepts and len(body) > _SMALL:
            body = await run_in_threadpool(gzip.compress, body, 1)
            headers["Content-Encoding"] = "gzip"
        response = Response(body, answer.status, headers)
    else:
        if accepts:
            body = _packed(body)
            headers["Content-Encoding"] = "gzip"
        response = StreamingResponse(body, answer.status, headers)
    if answer.body is not None:
        # Set by hand, because Starlette would add a charset to text.
        response.headers["Content-Type"] = answer.media_type
    return response


def _packed(chunks: Iterator[bytes]) -> Iterator[bytes]:
    pack = zlib.compressobj(1, wbits=31)
    for chunk in chunks:
        yield pack.compress(chunk)
    yield pack.flush()
