"""A Salesforce that does nothing but hand out pages made beforehand: what is measured is the client alone.

    python -m benchmarks.static_salesforce RECORDS [LATENCY_MS]     prints its address, serves until its input ends

It answers what a Bulk 2.0 query job and an ingest job ask for, to ours and to other clients. All pages
hold the same records; an ingest job's rows are all told as written, in the order they came.
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

FIELDS = ("Id", "FirstName", "LastName", "Email", "Company", "Title", "City", "Country", "Status", "IsConverted", "AnnualRevenue", "SystemModstamp")  # fmt: skip
_MADE = 50_000
_JSON = "application/json;charset=UTF-8"


class Pages:
    """Result pages by their number of rows, and what was uploaded."""

    def __init__(self, records: int) -> None:
        self.records = records
        self._header, self._rows = _leads(_MADE)
        self._uploads: dict[str, bytes] = {}
        self._jobs = 0

    def results(self, query: dict[str, list[str]]) -> bytes:
        rows = int(query.get("maxRecords", ["50000"])[0])
        offset = int(query.get("locator", ["0"])[0])
        count = min(rows, self.records - offset)
        following = offset + count
        locator = "null" if following >= self.records else str(following)
        return self._page(count, locator)

    @cache  # noqa: B019  # the one object lives as long as the process
    def _page(self, count: int, locator: str) -> bytes:
        whole, rest = divmod(count, _MADE)
        body = self._header + b"".join(self._rows) * whole + b"".join(self._rows[:rest])
        more = f"Sforce-NumberOfRecords: {count}\r\nSforce-Locator: {locator}\r\n"
        return _answer(body, "text/csv", more)

    def other(self, method: str, path: str, body: bytes, host: str) -> bytes:
        base = f"http://{host}"
        last = path.rpartition("/")[2]
        if path.endswith("/token"):
            return _answer(json.dumps({"access_token": "x", "instance_url": base}).encode(), _JSON)
        if method == "DELETE":
            return b"HTTP/1.1 204 No Content\r\n\r\n"
        if method == "PUT":
            self._uploads[path.split("/")[-2]] = body
            return b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"
        if last == "successfulResults":
            return _answer(self._told(path.split("/")[-2]), "text/csv")
        if last.lower() in ("failedresults", "unprocessedrecords"):
            return _answer(b"", "text/csv")
        return _answer(json.dumps(self._job(method, path, body)).encode(), _JSON)

    def _job(self, method: str, path: str, body: bytes) -> dict[str, object]:
        if method == "POST":
            self._jobs += 1
            job_id, state = f"750{self._jobs:012d}", "Open" if "ingest" in path else "UploadComplete"
            asked = json.loads(body)
        else:
            job_id, state, asked = path.rpartition("/")[2], "JobComplete", {}
        sent = self._uploads.get(job_id, b"").count(b"\n") - 1
        return {
            "id": job_id,
            "operation": asked.get("operation", "query"),
            "object": "Lead",
            "createdDate": "2026-11-22T10:15:00.000+0000",
            "state": state,
            "apiVersion": 62.0,
            "numberRecordsProcessed": sent if "ingest" in path else self.records,
            "numberRecordsFailed": 0,
        }

    def _told(self, job_id: str) -> bytes:
        header, _, rows = self._uploads.pop(job_id).partition(b"\n")
        told = b'"00Q000000000001AAA","true",' + rows[:-1].replace(b"\n", b'\n"00Q000000000001AAA","true",')
        return b'"sf__Id","sf__Created",' + header + b"\n" + told + b"\n"


def _leads(count: int) -> tuple[bytes, list[bytes]]:
    dice = random.Random(7)
    letters = "abcdefghijklmnopqrstuvwxyz"
    names = ["".join(dice.choices(letters, k=dice.randint(3, 9))).title() for _ in range(5000)]
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(FIELDS)
    for n in range(count):
        writer.writerow([
            f"00Q5e{n:010d}AAA", dice.choice(names), dice.choice(names), f"{names[n % 5000].lower()}{n}@x.example",
            dice.choice(names), dice.choice(["", "CTO", "Buyer", "Head of IT"]), dice.choice(names),
            dice.choice(["Norway", "Sweden", "Japan", "USA"]), "Open - Not Contacted", "false",
            "" if n % 3 else f"{dice.randint(1, 10**7)}.0", "2026-11-22T10:15:00.000Z",
        ])  # fmt: skip
    header, *rows = text.getvalue().encode().splitlines(keepends=True)
    return header, rows


def _answer(body: bytes, kind: str, more: str = "") -> bytes:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\n{more}Content-Length: {len(body)}\r\n\r\n"
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
            body = incoming.read(int(headers.get("content-length", 0)))
            parts = urlsplit(target)
            if parts.path.endswith("/results"):
                time.sleep(latency_s)
                answer = pages.results(parse_qs(parts.query))
            else:
                answer = pages.other(method, parts.path, body, headers["host"])
            connection.sendall(answer)


def main() -> None:
    pages = Pages(int(sys.argv[1]))
    latency_s = float(sys.argv[2]) / 1000 if len(sys.argv) > 2 else 0.0
    for rows in (50_000, 250_000):
        for offset in range(0, pages.records, rows):
            pages.results({"maxRecords": [str(rows)], "locator": [str(offset)]})
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
