"""What the static servers share: HTTP over plain sockets, as cheap as it can be, and words to fill records with."""

from __future__ import annotations

import random
import socket
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

__all__ = ["Request", "answer", "names", "serve"]


@dataclass(frozen=True)
class Request:
    """`target` is path and query; names of headers are in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


def answer(kind: str, *parts: bytes, headers: Sequence[str] = ()) -> list[bytes]:
    """Put an answer together whose large parts are shared by many."""
    lines = [
        "HTTP/1.1 200 OK",
        f"Content-Type: {kind}",
        f"Content-Length: {sum(map(len, parts))}",
        *headers,
    ]
    return ["\r\n".join([*lines, "", ""]).encode(), *parts]


def names(dice: random.Random) -> list[str]:
    letters = "abcdefghijklmnopqrstuvwxyz"
    return ["".join(dice.choices(letters, k=dice.randint(3, 9))).title() for _ in range(5000)]


def serve(respond: Callable[[Request], Sequence[bytes]]) -> None:
    """Print the address and answer until this process' input ends."""
    listener = socket.create_server(("127.0.0.1", 0))
    print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)

    def accept() -> None:
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=_converse, args=(connection, respond), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    sys.stdin.read()


def _converse(connection: socket.socket, respond: Callable[[Request], Sequence[bytes]]) -> None:
    with connection, connection.makefile("rb") as incoming:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while line := incoming.readline():
            method, target, _ = line.decode().split()
            headers = {}
            while (field := incoming.readline().decode().strip()) != "":
                name, _, value = field.partition(":")
                headers[name.lower()] = value.strip()
            body = incoming.read(int(headers.get("content-length", 0)))
            for part in respond(Request(method, target, headers, body)):
                connection.sendall(part)
