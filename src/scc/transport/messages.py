"""What goes through the door: the answer whole or as a stream, the record of an exchange, who asks.

None of these shows a header, a body or a query when printed: they may hold personal values.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

import urllib3.exceptions

from scc.errors import DataError, UnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable

    from urllib3.response import BaseHTTPResponse

__all__ = ["Auth", "Exchange", "Response", "Stream", "redacted_path"]

_CHUNK = 1 << 18
# An external id in a path may be anything of a person's (Salesforce: /sobjects/Contact/Email__c/...).
_ADDRESS = re.compile(r"[^/]*(?:@|%40)[^/]*|(?<=/sobjects/)([^/]+/[^/]+/).+", re.IGNORECASE)


class Auth(Protocol):
    """Who asks: puts credentials on each request and may replace them once when refused."""

    def headers(self) -> Mapping[str, str]:
        """Give the headers for one request; may fetch a token on first use."""

    def renew(self) -> bool:
        """Try to get other credentials after a 401; True says that asking again makes sense.

        Called by one thread at a time for one transport.
        """


@dataclass(frozen=True)
class Exchange:
    """One attempt of one request, for observers: sizes and times, never values.

    `status` is None where no answer came; byte counts are of bodies as they went over the wire.
    """

    system: str
    method: str
    path: str
    status: int | None
    seconds: float
    sent_bytes: int
    received_bytes: int
    attempt: int
    request_id: str | None


@dataclass(frozen=True, repr=False)
class Response:
    """A whole answer; `headers` ignores case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str

    def __repr__(self) -> str:
        return f"<Response {self.status} {redacted_path(self.url)} {len(self.body)} bytes>"

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", errors="replace")

    @property
    def request_id(self) -> str | None:
        return self.headers.get("X-Request-Id")

    def json(self) -> object:
        """Parse the body; DataError names the place of the fault, not what stands there."""
        try:
            parsed: object = json.loads(self.body)
        except (ValueError, RecursionError) as exc:
            at = f" (position {exc.pos})" if isinstance(exc, json.JSONDecodeError) else ""
            raise DataError(
                f"{redacted_path(self.url)} answered {self.status} with {len(self.body)} bytes that are not JSON{at}",
                hint="A proxy or a maintenance page may have answered in the system's place.",
            ) from None
        return parsed


class Stream:
    """A body as it arrives. An early end is an error (UnavailableError), never a shorter body."""

    def __init__(self, raw: BaseHTTPResponse, url: str, system: str, closed: Callable[[int], None]) -> None:
        self.status = raw.status
        self.headers: Mapping[str, str] = raw.headers
        self._raw = raw
        self._path = redacted_path(url)
        self._system = system
        self._closed: Callable[[int], None] | None = closed

    def __iter__(self) -> Iterator[bytes]:
        while chunk := self.read(_CHUNK):
            yield chunk

    def read(self, size: int | None = None) -> bytes:
        """Read up to `size` bytes, or all that is left; b"" at the end."""
        try:
            return self._raw.read(None if size is None or size < 0 else size)
        except (urllib3.exceptions.HTTPError, OSError) as exc:
            raise UnavailableError(
                f"{self._system}: the answer of {self._path} broke off after {self._raw.tell()} bytes"
                f" ({type(exc).__name__})",
                hint="The connection was cut; nothing of a broken answer may be used.",
                system=self._system,
                status=self.status,
            ) from None

    def close(self) -> None:
        """Give the connection back where the body was read to its end, close it otherwise."""
        closed, self._closed = self._closed, None
        if closed is not None:
            closed(self._raw.tell())
            self._raw.close()


def redacted_path(url: str) -> str:
    """Cut a URL down to its path, with any e-mail address or external id masked, for logs and messages."""
    return _ADDRESS.sub(lambda found: f"{found[1] or ''}***", urlsplit(url).path)
