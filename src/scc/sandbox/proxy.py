"""The door for clients whose addresses are fixed: CONNECT to a vendor's host, then TLS, then the sandbox itself.

A client that is told to use this port as its HTTP proxy asks for a tunnel to login.eloqua.com or
acme.my.salesforce.com. The tunnel ends here: the server speaks TLS as that host, and what follows are requests
like any other, with https as their scheme. Hosts of nobody's are refused: the sandbox never connects to anything.
"""

from __future__ import annotations

import asyncio
import ssl
from typing import Any

from scc.sandbox.certificates import Certificates, covers
from scc.sandbox.wire import Protocol

__all__ = ["proxy_protocol"]

_METHOD = b"CONNECT "
_LONGEST_REQUEST = 16_384


def proxy_protocol(certificates: Certificates) -> type[Protocol]:
    """Return a server protocol that answers plain requests, and CONNECT with these certificates."""

    class WithCertificates(_ProxyProtocol):
        context = certificates.context

    return WithCertificates


class _ProxyProtocol(Protocol):
    """The same object serves a connection before and after it turns to TLS: `connection_made` comes twice."""

    context: ssl.SSLContext

    def __init__(self, *arguments: Any, **settings: Any) -> None:  # uvicorn's own
        super().__init__(*arguments, **settings)
        self._held: bytes | None = b""
        self._handshake: asyncio.Task[None] | None = None

    def data_received(self, data: bytes) -> None:
        """Hold back what comes until it is clear whether it is a CONNECT, and while TLS starts."""
        if self._held is None:
            super().data_received(data)
            return
        self._held += data
        if self._handshake is not None:
            return
        if self._held[: len(_METHOD)] != _METHOD[: len(self._held)]:
            self._go_on()
        elif b"\r\n\r\n" in self._held:
            self._connect(self._held.split(b"\r\n", 1)[0])
        elif len(self._held) > _LONGEST_REQUEST:
            self._refuse(b"431 Request Header Fields Too Large", "The request is too long.")

    def shutdown(self) -> None:
        """Close an idle connection without waiting for the client's farewell, which TLS would have."""
        super().shutdown()
        if self._handshake is not None and self.transport.is_closing():
            self.transport.abort()

    def _go_on(self) -> None:
        held, self._held = self._held or b"", None
        if held:
            super().data_received(held)

    def _connect(self, request_line: bytes) -> None:
        target = request_line.split(b" ")[1].decode("latin-1")
        host, _, port = target.rpartition(":")
        if not covers(host) or port != "443":
            self._refuse(b"403 Forbidden", f"The sandbox does not speak for {target}, and is no other proxy.")
            return
        self._held = b""
        # Nothing may be read as plain text between the answer and the start of TLS.
        self.transport.pause_reading()
        self.transport.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        self._handshake = self.loop.create_task(self._start_tls())

    async def _start_tls(self) -> None:
        plain = self.transport
        try:
            secured = await self.loop.start_tls(plain, self, self.context, server_side=True)
        except OSError:
            # The client does not trust the authority.
            plain.abort()
        else:
            # asyncio calls it a success, too, when the connection was lost meanwhile.
            if secured is not None and not plain.is_closing():
                self.connection_made(secured)
                self._go_on()
                return
        self.connections.discard(self)

    def _refuse(self, status: bytes, reason: str) -> None:
        body = f"{reason}\n".encode()
        head = b"HTTP/1.1 %b\r\nContent-Type: text/plain\r\nContent-Length: %d\r\nConnection: close\r\n\r\n"
        self.transport.write(head % (status, len(body)) + body)
        self.transport.close()
