"""An Eloqua that does nothing but hand out pages made beforehand: what is measured is the client alone.

    python -m benchmarks.static_server RECORDS [LATENCY_MS]     prints its address, serves until its input ends

It answers what an export of contacts asks for, to ours and to other clients. All pages hold the same
records; their number is what counts.
"""

from __future__ import annotations

import csv
import io
import json
import random
import socket
import sys
import threading
import time
from functools import cache
from urllib.parse import parse_qs, urlsplit

FIELDS = {
    "Id": "{{Contact.Id}}",
    "EmailAddress": "{{Contact.Field(C_EmailAddress)}}",
    "FirstName": "{{Contact.Field(C_FirstName)}}",
    "LastName": "{{Contact.Field(C_LastName)}}",
    "Company": "{{Contact.Field(C_Company)}}",
    "Title": "{{Contact.Field(C_Title)}}",
    "City": "{{Contact.Field(C_City)}}",
    "State": "{{Contact.Field(C_State_Prov)}}",
    "Country": "{{Contact.Field(C_Country)}}",
    "BusinessPhone": "{{Contact.Field(C_BusPhone)}}",
    "LeadStatus": "{{Contact.Field(C_Lead_Status1)}}",
    "UpdatedAt": "{{Contact.UpdatedAt}}",
}
PAGE = 50_000


class Pages:
    """Answers by path and query; pages are made once and kept."""

    def __init__(self, records: int) -> None:
        self.records = records
        self._rows = _contacts(min(records, PAGE))

    def prepare(self) -> None:
        for limit in (PAGE, 1000):
            for offset in range(0, self.records, limit):
                self.page(offset, limit, csv_wanted=False)
        for offset in range(0, self.records, PAGE):
            self.page(offset, PAGE, csv_wanted=True)

    @cache  # noqa: B019  # the one object lives as long as the process
    def page(self, offset: int, limit: int, *, csv_wanted: bool) -> bytes:
        count = max(0, min(limit, self.records - offset))
        if csv_wanted:
            return self._csv(count)
        envelope = {
            "totalResults": self.records,
            "limit": limit,
            "offset": offset,
            "count": count,
            "hasMore": offset + count < self.records,
        }
        if not count:
            return _answer(json.dumps(envelope).encode(), "application/json")
        start = offset % max(1, len(self._rows) - count + 1)
        items = json.dumps(self._rows[start : start + count], separators=(",", ":")).encode()
        return _answer(b'{"items":' + items + b"," + json.dumps(envelope).encode()[1:], "application/json")

    @cache  # noqa: B019  # the one object lives as long as the process
    def _csv(self, count: int) -> bytes:
        return _answer(_csv_rows(self._rows, count), "text/csv")

    def other(self, method: str, path: str, host: str) -> bytes:
        base = f"http://{host}"
        definition = {"name": "n", "fields": FIELDS, "uri": "/contacts/exports/1"}
        sync = {
            "syncedInstanceUri": definition["uri"],
            "status": "success",
            "createdAt": "2026-11-22T10:15:00.0000000Z",
            "uri": "/syncs/1",
        }
        log = {"severity": "information", "statusCode": "ELQ-00102", "count": self.records}
        if method == "DELETE":
            return b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n"
        bodies: dict[str, object] = {"exports": definition, "syncs": sync, "1": sync}
        bodies["logs"] = {
            "items": [log],
            "totalResults": 1,
            "limit": 1000,
            "offset": 0,
            "count": 1,
            "hasMore": False,
        }
        bodies["id"] = {
            "site": {"id": 1, "name": "Static"},
            "user": {"id": 1, "username": "u", "displayName": "u"},
            "urls": {
                "base": base,
                "apis": {
                    "rest": {
                        "standard": f"{base}/API/REST/{{version}}/",
                        "bulk": f"{base}/API/Bulk/{{version}}/",
                    }
                },
            },
        }
        return _answer(json.dumps(bodies[path.rpartition("/")[2]]).encode(), "application/json")


def _contacts(count: int) -> list[dict[str, str]]:
    dice = random.Random(7)
    names = [
        "".join(dice.choices("abcdefghijklmnopqrstuvwxyz", k=dice.randint(3, 9))).title() for _ in range(5000)
    ]
    return [
        {
            "Id": str(n),
            "EmailAddress": f"{names[n % 5000].lower()}{n}@x.example",
            "FirstName": dice.choice(names),
            "LastName": dice.choice(names),
            "Company": dice.choice(names),
            "Title": dice.choice(["", "CTO", "Buyer", "Head of IT"]),
            "City": dice.choice(names),
            "State": dice.choice(["", "", "NY", "CA"]),
            "Country": dice.choice(["Norway", "Sweden", "Japan", "USA"]),
            "BusinessPhone": "" if n % 3 else f"+47 {dice.randint(10**7, 10**8)}",
            "LeadStatus": dice.choice(["", "Open", "Won"]),
            "UpdatedAt": "2026-11-22 10:15:00.000",
        }
        for n in range(count)
    ]


def _csv_rows(rows: list[dict[str, str]], count: int) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(FIELDS))
    writer.writeheader()
    writer.writerows(rows[:count])
    return text.getvalue().encode()


def _answer(body: bytes, kind: str) -> bytes:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}; charset=utf-8\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def _converse(connection: socket.socket, pages: Pages, latency_s: float) -> None:
    with connection, connection.makefile("rb") as incoming:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while line := incoming.readline():
            method, target, _ = line.decode().split()
            headers = {}
            while (field := incoming.readline().decode().strip()) != "":
                name, _, value = field.partition(":")
                headers[name.lower()] = value.strip()
            incoming.read(int(headers.get("content-length", 0)))
            parts = urlsplit(target)
            if parts.path.endswith("/data") and method == "GET":
                time.sleep(latency_s)
                query = {name: int(values[0]) for name, values in parse_qs(parts.query).items()}
                wanted = headers.get("accept") == "text/csv"
                answer = pages.page(query.get("offset", 0), query.get("limit", 1000), csv_wanted=wanted)
            else:
                answer = pages.other(method, parts.path, headers["host"])
            connection.sendall(answer)


def main() -> None:
    pages = Pages(int(sys.argv[1]))
    pages.prepare()
    latency_s = float(sys.argv[2]) / 1000 if len(sys.argv) > 2 else 0.0
    listener = socket.create_server(("127.0.0.1", 0))
    print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)

    def serve() -> None:
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=_converse, args=(connection, pages, latency_s), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    sys.stdin.read()


if __name__ == "__main__":
    main()
