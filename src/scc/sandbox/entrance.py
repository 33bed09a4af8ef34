"""The door that every request passes: it folds the path, writes the request down, and lets a fault meet it.

Pure ASGI, so that it can cut an answer in the middle. Knows which paths belong to which vendor and nothing else of them.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Callable
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from scc.sandbox.faults import Fault
from scc.sandbox.recording import Recording
from scc.sandbox.state import State

__all__ = ["CLOSE", "EXPIRE", "RAW_PATH", "Entrance", "system_of"]

CLOSE = "scc.close"
"""Scope key: closes the connection after what was sent; servers of ours set it (see `scc.sandbox.wire`)."""
EXPIRE = "scc.expire_session"
"""Scope key: true when the session or token that this request shows has to expire with it."""
RAW_PATH = "scc.raw_path"
"""Scope key: the path as it was asked for."""

_ELOQUA = re.compile(r"/(api/(rest|bulk)|auth/oauth2)(/|$)|/id/?$|/e/f2$", re.IGNORECASE)
_SLACK = re.compile(r"/services/T[A-Z0-9]+/B[A-Z0-9]+/|/api/(?!rest/|bulk/)[a-z]+\.[a-zA-Z.]+$")
"""A webhook lies below /services as Salesforce's API does, but begins with the ids of a team and a hook."""
_SALESFORCE = re.compile(r"/services(/|$)|/id/[^/]+/[^/]+")


def system_of(path: str) -> str:
    """Return whose path it is: eloqua, salesforce, slack, sandbox (ours), or other."""
    if path.startswith("/_sandbox"):
        return "sandbox"
    if _SLACK.match(path):
        return "slack"
    if _ELOQUA.match(path):
        return "eloqua"
    return "salesforce" if _SALESFORCE.match(path) else "other"


class Entrance:
    """Eloqua's paths match in any case and with doubled slashes (sources.md E0.2): its routes see them folded."""

    def __init__(self, app: ASGIApp, state: State) -> None:
        self._app = app
        self._state = state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope[RAW_PATH] = scope["path"]
        path = re.sub(r"/{2,}", "/", scope["path"])
        system = system_of(path)
        scope["path"] = (path.lower().rstrip("/") or "/") if system == "eloqua" else path
        if system == "sandbox":
            await self._app(scope, receive, send)
            return
        recording = self._state.requests.open(
            at=self._state.clock.now().isoformat(timespec="milliseconds"),
            system=system,
            method=scope["method"],
            path=path,
            query=scope["query_string"].decode("latin-1"),
        )
        await self._answer(scope, *_measured(receive, send, recording), recording)

    async def _answer(self, scope: Scope, receive: Receive, send: Send, recording: Recording) -> None:
        fault = self._state.faults.take_wire(recording.system, scope["method"], recording.path)
        started = time.monotonic()
        try:
            if fault is None:
                await self._app(scope, receive, send)
            else:
                recording.fault = fault.action
                await self._meet(fault, scope, receive, send)
        finally:
            recording.seconds = round(time.monotonic() - started, 6)

    async def _meet(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        match fault.action:
            case "status":
                await _drain(receive)
                await _send_status(fault, send)
            case "slow":
                await asyncio.sleep(fault.details.get("seconds", 1.0))
                await self._app(scope, receive, send)
            case "hang":
                if fault.details.get("when", "before") == "after":
                    await self._app(scope, receive, _swallow)
                await self._hang(scope, receive)
            case "drop":
                await self._app(scope, receive, _Cut(send, fault.details.get("after_bytes")))
                await _close(scope, receive)
            case _:
                scope[EXPIRE] = True
                await self._app(scope, receive, send)

    async def _hang(self, scope: Scope, receive: Receive) -> None:
        """Hold the connection until it is released, or until the client has had enough."""
        event = self._state.faults.hold()
        waits = {asyncio.ensure_future(event.wait()), asyncio.ensure_future(_gone(receive))}
        try:
            _, pending = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            for task in pending:
                task.cancel()
            await asyncio.gather(*pending, return_exceptions=True)
        finally:
            self._state.faults.let_go(event)
        await _close(scope, receive)


class _Cut:
    """A `send` that lets `after` bytes of the body through, always fewer than all; None lets nothing through at all."""

    def __init__(self, send: Send, after: int | None) -> None:
        self._send = send
        self._left = after
        self._start: Message | None = None

    async def __call__(self, message: Message) -> None:
        if self._left is None:
            return
        if message["type"] == "http.response.start":
            self._start = message
            length = next((int(v) for k, v in message["headers"] if k.lower() == b"content-length"), None)
            self._left = (
                None if length == 0 else self._left if length is None else min(self._left, length - 1)
            )
            if self._left is not None:
                await self._send(message)
            return
        body = message.get("body", b"")[: self._left]
        self._left -= len(body)
        if body:
            await self._send({"type": "http.response.body", "body": body, "more_body": True})


def _measured(receive: Receive, send: Send, recording: Recording) -> tuple[Receive, Send]:
    async def measured_receive() -> Message:
        message = await receive()
        if message["type"] == "http.request":
            recording.request_bytes += len(message.get("body", b""))
        return message

    async def measured_send(message: Message) -> None:
        if message["type"] == "http.response.start":
            recording.status = message["status"]
        else:
            recording.response_bytes += len(message.get("body", b""))
        await send(message)

    return measured_receive, measured_send


async def _send_status(fault: Fault, send: Send) -> None:
    body = fault.details.get("body", "")
    text = body if isinstance(body, str) else json.dumps(body)
    headers = {"content-type": "text/plain" if isinstance(body, str) else "application/json"}
    headers |= {str(name).lower(): str(value) for name, value in fault.details.get("headers", {}).items()}
    headers["content-length"] = str(len(text.encode()))
    await send(
        {
            "type": "http.response.start",
            "status": fault.details["status"],
            "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()],
        }
    )
    await send({"type": "http.response.body", "body": text.encode()})


async def _swallow(message: Message) -> None:
    """Take an answer that nobody gets."""


async def _drain(receive: Receive) -> None:
    """Read the request to its end, so that the client can finish sending before it gets its answer."""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect" or not message.get("more_body", False):
            return


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _close(scope: Scope, receive: Receive) -> None:
    close: Callable[[], Any] | None = scope.get(CLOSE)
    if close is None:
        raise ConnectionAbortedError("the server offers no way to close a connection")
    close()
    await _gone(receive)
