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
import sys
import time
from functools import cache
from urllib.parse import parse_qs, urlsplit

from benchmarks.serving import Request, answer, names, serve

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

    def results(self, query: dict[str, list[str]]) -> list[bytes]:
        rows = int(query.get("maxRecords", ["50000"])[0])
        offset = int(query.get("locator", ["0"])[0])
        count = min(rows, self.records - offset)
        following = offset + count
        locator = "null" if following >= self.records else str(following)
        headers = (f"Sforce-NumberOfRecords: {count}", f"Sforce-Locator: {locator}")
        return answer("text/csv", self._page(count), headers=headers)

    @cache  # noqa: B019  # the one object lives as long as the process
    def _page(self, count: int) -> bytes:
        whole, rest = divmod(count, _MADE)
        return self._header + b"".join(self._rows) * whole + b"".join(self._rows[:rest])

    def other(self, asked: Request, path: str) -> list[bytes]:
        last = path.rpartition("/")[2]
        if path.endswith("/token"):
            base = f"http://{asked.headers['host']}"
            return answer(_JSON, json.dumps({"access_token": "x", "instance_url": base}).encode())
        if asked.method == "DELETE":
            return [b"HTTP/1.1 204 No Content\r\n\r\n"]
        if asked.method == "PUT":
            self._uploads[path.split("/")[-2]] = asked.body
            return [b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"]
        if last == "successfulResults":
            return answer("text/csv", self._told(path.split("/")[-2]))
        if last.lower() in ("failedresults", "unprocessedrecords"):
            return answer("text/csv", b"")
        return answer(_JSON, json.dumps(self._job(asked.method, path, asked.body)).encode())

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
    words = names(dice)
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(FIELDS)
    for n in range(count):
        writer.writerow([
            f"00Q5e{n:010d}AAA", dice.choice(words), dice.choice(words), f"{words[n % 5000].lower()}{n}@x.example",
            dice.choice(words), dice.choice(["", "CTO", "Buyer", "Head of IT"]), dice.choice(words),
            dice.choice(["Norway", "Sweden", "Japan", "USA"]), "Open - Not Contacted", "false",
            "" if n % 3 else f"{dice.randint(1, 10**7)}.0", "2026-11-22T10:15:00.000Z",
        ])  # fmt: skip
    header, *rows = text.getvalue().encode().splitlines(keepends=True)
    return header, rows


def main() -> None:
    pages = Pages(int(sys.argv[1]))
    latency_s = float(sys.argv[2]) / 1000 if len(sys.argv) > 2 else 0.0
    for rows in (50_000, 250_000):
        pages.results({"maxRecords": [str(rows)]})

    def respond(asked: Request) -> list[bytes]:
        parts = urlsplit(asked.target)
        if parts.path.endswith("/results"):
            time.sleep(latency_s)
            return pages.results(parse_qs(parts.query))
        return pages.other(asked, parts.path)

    serve(respond)


if __name__ == "__main__":
    main()
