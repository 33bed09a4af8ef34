"""REST queries: query, queryAll, and the pages after the first (sandbox-salesforce.md 2)."""

from __future__ import annotations

import re

from scc.sandbox.salesforce.calls import Answer, Call
from scc.sandbox.salesforce.errors import refused
from scc.sandbox.salesforce.queries import PAGE, Page
from scc.sandbox.salesforce.services import Services

_BATCH_SIZE = re.compile(r"batchSize\s*=\s*(\d{1,6})", re.IGNORECASE)
MIN_PAGE = 200


class RestQuery:
    def __init__(self, services: Services) -> None:
        self._queries = services.queries
        self._router = services.router

    def add_routes(self) -> None:
        source = "REST: Query, QueryAll, Query More Results; sandbox-salesforce.md 2"
        self._router.add("GET", "/services/data/v{version}/query", self.query, source)
        self._router.add("GET", "/services/data/v{version}/queryAll", self.query_all, source)
        self._router.add("GET", "/services/data/v{version}/query/{locator}", self.more, source)
        self._router.add("GET", "/services/data/v{version}/queryAll/{locator}", self.more, source)

    def query(self, call: Call) -> Answer:
        return self._run(call, include_deleted=False)

    def query_all(self, call: Call) -> Answer:
        return self._run(call, include_deleted=True)

    def more(self, call: Call) -> Answer:
        return _answer(self._queries.more(call["locator"], call.root), call)

    def _run(self, call: Call, *, include_deleted: bool) -> Answer:
        soql = call.query.get("q")
        if not soql:
            raise refused(400, "MALFORMED_QUERY", "A query string has to be specified")
        wish = _BATCH_SIZE.search(call.headers.get("sforce-query-options", ""))
        size = min(max(int(wish[1]), MIN_PAGE), PAGE) if wish else PAGE
        return _answer(self._queries.run(soql, call.root, include_deleted=include_deleted, size=size), call)


def _answer(page: Page, call: Call) -> Answer:
    body: dict[str, object] = {"totalSize": page.total, "done": page.locator is None}
    if page.locator is not None:
        body["nextRecordsUrl"] = f"{call.root}/query/{page.locator}"
    return Answer(200, body | {"records": page.records})
