"""A real HTTP server that answers by script: for what the sandbox should not do to a client."""

from __future__ import annotations

import socket
import ssl
import sys
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import urlsplit

__all__ = ["Answer", "ScriptedServer", "Seen", "cut", "garbage", "hang", "hang_up", "reply"]


@dataclass(frozen=True)
class Answer:
    """What to do with one request, on the server's side of the connection."""

    give: Callable[[_Handler, bytes], None]


@dataclass(frozen=True)
class Seen:
    """One request as it arrived."""

    method: str
    path: str
    query: str
    headers: Message
    body: bytes


@dataclass
class ScriptedServer:
    """Gives its answers one by one; the last one for ever. `route` answers by path instead."""

    answers: deque[Answer] = field(default_factory=deque)
    requests: list[Seen] = field(default_factory=list)
    tls: ssl.SSLContext | None = None
    route: Callable[[Seen], Answer] | None = None

    def __enter__(self) -> Self:
        self._released = threading.Event()
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.script = self  # type: ignore[attr-defined]  # the handler finds its script here
        if self.tls is not None:
            self._server.socket = self.tls.wrap_socket(self._server.socket, server_side=True)
        self.url = f"{'http' if self.tls is None else 'https'}://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._released.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def then(self, *answers: Answer) -> Self:
        self.answers.extend(answers)
        return self

    def wait_for_end(self) -> None:
        self._released.wait(60)

    def next(self, seen: Seen) -> Answer:
        with self._lock:
            self.requests.append(seen)
        if self.route is not None:
            return self.route(seen)
        with self._lock:
            return self.answers.popleft() if len(self.answers) > 1 else self.answers[0]


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away, or will not trust us, is what some tests are about."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]  # as it was given


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def handle_any(self) -> None:
        script: ScriptedServer = self.server.script  # type: ignore[attr-defined]  # put there by its maker
        parts = urlsplit(self.path)
        body = self._read_body()
        script.next(Seen(self.command, parts.path, parts.query, self.headers, body)).give(self, body)

    def __getattr__(self, name: str) -> Callable[[], None]:
        if name.startswith("do_"):
            return self.handle_any
        raise AttributeError(name)

    def _read_body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = b""
        while size := int(self.rfile.readline() or b"0", 16):  # a client that goes away sends no more
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class named it
        pass


def reply(status: int = 200, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Answer:
    def answer(handler: _Handler, _body: bytes) -> None:
        handler.send_response(status)
        for name, value in (headers or {}).items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return Answer(answer)


def cut(after: int, body: bytes) -> Answer:
    """Promise the whole body and close after `after` bytes of it."""

    def answer(handler: _Handler, _body: bytes) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body[:after])
        handler.wfile.flush()
        handler.close_connection = True
        handler.connection.shutdown(socket.SHUT_RDWR)

    return Answer(answer)


def garbage(words: bytes) -> Answer:
    """Answer with bytes that are no HTTP."""

    def answer(handler: _Handler, _body: bytes) -> None:
        handler.wfile.write(words)
        handler.close_connection = True

    return Answer(answer)


def hang_up() -> Answer:
    """Close without a word, after the request was read."""
    return garbage(b"")


def hang() -> Answer:
    """Say nothing until the server ends."""

    def answer(handler: _Handler, _body: bytes) -> None:
        handler.server.script.wait_for_end()  # type: ignore[attr-defined]  # put there by its maker
        handler.close_connection = True

    return Answer(answer)
