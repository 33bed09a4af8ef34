"""One call as it will be sent, as often as need be: URL, headers, a body that can be sent again.

It checks what could not be sent safely; it sends nothing itself.
"""

from __future__ import annotations

import json as jsonlib
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from scc.errors import ConfigError
from scc.transport.messages import redacted_path

__all__ = ["Body", "Call", "Params", "make_call"]

Params = Mapping[str, str | float | bool | None]

_IDEMPOTENT = frozenset({"GET", "HEAD", "PUT", "DELETE", "OPTIONS"})


class Body:
    """A body in one piece or in many. One that can't be read twice is never sent twice."""

    def __init__(self, content: bytes | Iterable[bytes] | None) -> None:
        self._content = content
        self._once = isinstance(content, Iterator)
        self._started = False
        self.sent_bytes = 0
        self.fault: Exception | None = None  # what reading it raised: the caller's own, not the network's

    @property
    def repeatable(self) -> bool:
        return not (self._once and self._started)

    def open(self) -> bytes | Iterator[bytes] | None:
        """Give what to send in one attempt, counting bytes from zero."""
        self.sent_bytes = 0
        if self._content is None or isinstance(self._content, bytes):
            self.sent_bytes = len(self._content or b"")
            return self._content
        return self._pieces(self._content)

    def _pieces(self, content: Iterable[bytes]) -> Iterator[bytes]:
        self._started = True
        try:
            for piece in content:
                self.sent_bytes += len(piece)
                yield piece
        except Exception as exc:
            self.fault = exc
            raise


@dataclass(frozen=True, repr=False)
class Call:
    """What the caller asked for, checked and ready to send."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: Body
    idempotent: bool
    expect: Container[int]
    auth: bool

    @property
    def path(self) -> str:
        return redacted_path(self.url)


def make_call(
    method: str,
    url: str,
    *,
    params: Params | None = None,
    headers: Mapping[str, str] | None = None,
    json: object = None,
    body: bytes | Iterable[bytes] | None = None,
    idempotent: bool | None = None,
    expect: Container[int] = range(200, 300),
    auth: bool = True,
) -> Call:
    """Put a call together; None among `params` leaves that one out, booleans become true/false."""
    sent = dict(headers or {})
    if json is not None:
        # Eloqua takes UTF-8 and stores \u escapes literally on some endpoints
        body = jsonlib.dumps(json, ensure_ascii=False, separators=(",", ":")).encode()
        sent.setdefault("Content-Type", "application/json")
    if params:
        pairs = [(name, _text(value)) for name, value in params.items() if value is not None]
        url += ("&" if "?" in url else "?") + urlencode(pairs, quote_via=quote)
    method = method.upper()
    return Call(
        method=method,
        url=url,
        headers=sent,
        body=Body(body),
        idempotent=method in _IDEMPOTENT if idempotent is None else idempotent,
        expect=expect,
        auth=auth,
    )


def checked_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Refuse what HTTP can't carry here: the library's own error would print the value, a token perhaps."""
    for name, value in headers.items():
        try:
            value.encode("latin-1")
        except UnicodeEncodeError:
            sendable = False
        else:
            sendable = not any(mark in value for mark in "\r\n\0")
        if not sendable:
            raise ConfigError(
                f"the value for header {name} holds a character that HTTP can't carry",
                hint="Check the credential for a line break at its end.",
            )
    return dict(headers)


def _text(value: str | float | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
