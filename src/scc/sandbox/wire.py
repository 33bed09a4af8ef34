"""The server's protocol: uvicorn's, with one door more, by which a fault closes a connection for good."""

from __future__ import annotations

from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from scc.sandbox.entrance import CLOSE

__all__ = ["Protocol"]


class Protocol(HttpToolsProtocol):
    def on_message_begin(self) -> None:
        super().on_message_begin()
        cast("dict[str, Any]", self.scope)[CLOSE] = self.transport.close
