"""An Eloqua that does nothing but hand out pages made beforehand: what is measured is the client alone.

    python -m benchmarks.static_eloqua RECORDS [LATENCY_MS]     prints its address, serves until its input ends

It answers what an export of contacts and an import ask for, to ours and to other clients. All pages hold
the same records; their number is what counts. Of what is uploaded it only keeps the number, for `/staged`.
"""

from __future__ import annotations

import csv
import io
import json
import random
import sys
import time
from functools import cache
from urllib.parse import parse_qs, urlsplit

from benchmarks.serving import Request, answer, names, serve

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
_JSON = "application/json; charset=utf-8"


class Pages:
    """Answers by path and query; what is large is made once and kept."""

    def __init__(self, records: int) -> None:
        self.records = records
        self.staged = 0
        self._rows = _contacts(min(records, PAGE))

    def page(self, offset: int, limit: int, *, csv_wanted: bool) -> list[bytes]:
        count = max(0, min(limit, self.records - offset))
        if csv_wanted:
            return answer("text/csv; charset=utf-8", self._csv(count))
        envelope = {
            "totalResults": self.records,
            "limit": limit,
            "offset": offset,
            "count": count,
            "hasMore": offset + count < self.records,
        }
        if not count:
            return answer(_JSON, json.dumps(envelope).encode())
        items = self._items(offset % PAGE, count)
        return answer(_JSON, b'{"items":', items, b"," + json.dumps(envelope).encode()[1:])

    @cache  # noqa: B019  # the one object lives as long as the process
    def _items(self, start: int, count: int) -> bytes:
        return json.dumps(self._rows[start : start + count], separators=(",", ":")).encode()

    @cache  # noqa: B019  # the one object lives as long as the process
    def _csv(self, count: int) -> bytes:
        return _csv_rows(self._rows, count)

    def stage(self, asked: Request) -> list[bytes]:
        is_csv = asked.headers["content-type"].startswith("text/csv")
        self.staged += asked.body.count(b"\n") - 1 if is_csv else asked.body.count(b"{")
        return [b"HTTP/1.1 204 No Content\r\n\r\n"]

    def other(self, asked: Request, path: str) -> list[bytes]:
        if asked.method == "DELETE":
            return [b"HTTP/1.1 204 No Content\r\n\r\n"]
        last = path.rpartition("/")[2]
        definition = {"uri": f"/contacts/{last}/1"}
        if last in ("exports", "imports"):
            definition |= json.loads(asked.body)
        sync = {
            "syncedInstanceUri": "/contacts/exports/1",
            "status": "success",
            "createdAt": "2026-11-22T10:15:00.0000000Z",
            "uri": "/syncs/1",
        }
        log = {"severity": "information", "statusCode": "ELQ-00102", "count": self.records}
        bodies: dict[str, object] = {
            "exports": definition,
            "imports": definition,
            "syncs": sync,
            "1": sync,
            "logs": _listed([log]),
            "rejects": _listed([]),
            "id": _identity(f"http://{asked.headers['host']}"),
            "staged": self.staged,
        }
        return answer(_JSON, json.dumps(bodies[last]).encode())


def _listed(items: list[dict[str, object]]) -> dict[str, object]:
    return {"items": items, "totalResults": len(items), "limit": 1000, "offset": 0, "count": len(items), "hasMore": False}  # fmt: skip


def _identity(base: str) -> dict[str, object]:
    apis = {"standard": f"{base}/API/REST/{{version}}/", "bulk": f"{base}/API/Bulk/{{version}}/"}
    return {
        "site": {"id": 1, "name": "Static"},
        "user": {"id": 1, "username": "u", "displayName": "u"},
        "urls": {"base": base, "apis": {"rest": apis}},
    }


def _contacts(count: int) -> list[dict[str, str]]:
    dice = random.Random(7)
    words = names(dice)
    return [
        {
            "Id": str(n),
            "EmailAddress": f"{words[n % 5000].lower()}{n}@x.example",
            "FirstName": dice.choice(words),
            "LastName": dice.choice(words),
            "Company": dice.choice(words),
            "Title": dice.choice(["", "CTO", "Buyer", "Head of IT"]),
            "City": dice.choice(words),
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


def main() -> None:
    pages = Pages(int(sys.argv[1]))
    latency_s = float(sys.argv[2]) / 1000 if len(sys.argv) > 2 else 0.0
    pages.page(0, PAGE, csv_wanted=True)
    for limit in (PAGE, 1000):
        for offset in range(0, min(PAGE, pages.records), limit):
            pages.page(offset, limit, csv_wanted=False)

    def respond(asked: Request) -> list[bytes]:
        parts = urlsplit(asked.target)
        if not parts.path.endswith("/data") or asked.method == "DELETE":
            return pages.other(asked, parts.path)
        if asked.method == "POST":
            return pages.stage(asked)
        time.sleep(latency_s)
        query = {name: int(values[0]) for name, values in parse_qs(parts.query).items()}
        wanted = asked.headers.get("accept") == "text/csv"
        return pages.page(query.get("offset", 0), query.get("limit", 1000), csv_wanted=wanted)

    serve(respond)


if __name__ == "__main__":
    main()
