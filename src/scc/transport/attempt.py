"""One try of one call over the wire: what was sent, what came, how long it took.

Every try leaves one debug line and one `Exchange`, whatever becomes of it. Whether another one
follows is not decided here.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import urllib3
import urllib3.exceptions
from urllib3.response import BaseHTTPResponse

from scc.transport.call import Call, checked_headers
from scc.transport.messages import Exchange, Response, Stream
from scc.transport.pool import Pool

__all__ = ["Attempt", "Line"]

_logger = logging.getLogger("scc.transport")


@dataclass(frozen=True)
class Line:
    """What all attempts of one transport share."""

    system: str
    pool: Pool
    timeout: urllib3.Timeout
    clock: Callable[[], float]
    observer: Callable[[Exchange], None] | None


class Attempt:
    """Sends once; then either `read`, `stream` or `failed` ends it."""

    def __init__(self, line: Line, call: Call, number: int) -> None:
        self._line = line
        self._call = call
        self._number = number
        self._began = line.clock()
        self._raw: BaseHTTPResponse | None = None

    @property
    def status(self) -> int:
        return self._answer.status

    @property
    def _answer(self) -> BaseHTTPResponse:
        assert self._raw is not None, "not sent yet"
        return self._raw

    def send(self, headers: Mapping[str, str]) -> None:
        """Send and wait for the status line; urllib3's errors and OSError come through."""
        call = self._call
        self._raw = self._line.pool.manager(call.url).urlopen(
            call.method,
            call.url,
            body=call.body.open(),
            headers=checked_headers(headers),
            timeout=self._line.timeout,
            retries=False,
            redirect=False,
            preload_content=False,
        )

    def read(self) -> Response:
        raw = self._answer
        body = raw.read()
        raw.release_conn()
        self._finish(raw.tell(), raw.status)
        return Response(status=raw.status, headers=raw.headers, body=body, url=self._call.url)

    def stream(self) -> Stream:
        raw = self._answer
        return Stream(
            raw, self._call.url, self._line.system, lambda received: self._finish(received, raw.status)
        )

    def failed(self, why: str) -> None:
        received = 0
        if self._raw is not None:
            received = self._raw.tell()
            with contextlib.suppress(urllib3.exceptions.HTTPError, OSError):
                self._raw.close()
        self._finish(received, None, why)

    def _finish(self, received: int, status: int | None, why: str = "") -> None:
        exchange = Exchange(
            system=self._line.system,
            method=self._call.method,
            path=self._call.path,
            status=status,
            seconds=self._line.clock() - self._began,
            sent_bytes=self._call.body.sent_bytes,
            received_bytes=received,
            attempt=self._number,
            request_id=None if self._raw is None else self._raw.headers.get("X-Request-Id"),
        )
        _logger.debug(
            "%s %s %s -> %s, sent %d B, received %d B, %.3f s, attempt %d",
            exchange.system,
            exchange.method,
            exchange.path,
            why or status,
            exchange.sent_bytes,
            received,
            exchange.seconds,
            exchange.attempt,
            extra={"system": exchange.system},
        )
        if self._line.observer is not None:
            self._line.observer(exchange)
