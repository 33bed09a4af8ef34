"""REST: versions, resources, objects and their descriptions, limits (sandbox-salesforce.md 2)."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

from scc.sandbox.salesforce.calls import Answer, Call
from scc.sandbox.salesforce.describe import describe, summary
from scc.sandbox.salesforce.router import NEWEST, OLDEST
from scc.sandbox.salesforce.services import Services
from scc.sandbox.salesforce.store import ORGANIZATION_ID

_RELEASES = ("Winter", "Spring", "Summer")
_FIXED_LIMITS = {
    "AnalyticsExternalDataSizeMB": 40_960,
    "DailyAsyncApexExecutions": 250_000,
    "DailyBulkApiBatches": 15_000,
    "DailyBulkV2QueryFileStorageMB": 976_562,
    "DailyBulkV2QueryJobs": 10_000,
    "DailyGenericStreamingApiEvents": 10_000,
    "DailyStreamingApiEvents": 10_000,
    "DataStorageMB": 10_240,
    "FileStorageMB": 10_240,
    "HourlyTimeBasedWorkflow": 1_000,
    "MassEmail": 5_000,
    "SingleEmail": 5_000,
}


class RestDescribe:
    def __init__(self, services: Services) -> None:
        self._services = services
        self._store = services.store

    def add_routes(self) -> None:
        add = self._services.router.add
        root = "/services/data/v{version}"
        add("GET", "/services/data", self.versions, "REST: Versions; sandbox-salesforce.md 2", "open")
        add("GET", root, self.resources, "REST: Resources by Version; sandbox-salesforce.md 2")
        add("GET", root + "/sobjects", self.objects, "REST: Describe Global; sandbox-salesforce.md 2")
        add(
            "GET",
            root + "/sobjects/{sobject}",
            self.basics,
            "REST: sObject Basic Information; sandbox-salesforce.md 2",
        )
        add(
            "GET",
            root + "/sobjects/{sobject}/describe",
            self.describe,
            "REST: sObject Describe; sandbox-salesforce.md 2",
        )
        add("GET", root + "/limits", self.limits, "REST: Limits; sandbox-salesforce.md 2")
        add(
            "GET",
            root + "/limits/recordCount",
            self.record_count,
            "REST: Record Count; sandbox-salesforce.md 2",
        )
        add("GET", root + "/recent", self.recent, "REST: Recently Viewed Items; sandbox-salesforce.md 2")

    def versions(self, _: Call) -> Answer:
        numbers = range(OLDEST, NEWEST + 1)
        return Answer(
            200,
            [{"label": _release(n), "url": f"/services/data/v{n}.0", "version": f"{n}.0"} for n in numbers],
        )

    def resources(self, call: Call) -> Answer:
        names = (
            "sobjects",
            "query",
            "queryAll",
            "search",
            "parameterizedSearch",
            "recent",
            "limits",
            "composite",
            "jobs",
            "actions",
        )
        found = {name: f"{call.root}/{name}" for name in names}
        return Answer(200, found | {"identity": f"{call.base}/id/{ORGANIZATION_ID}/{call.user_id}"})

    def objects(self, call: Call) -> Answer:
        listed = [summary(each, call.root) for each in self._store.catalogue]
        return Answer(200, {"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": listed})

    def basics(self, call: Call) -> Answer:
        sobject = self._services.records.sobject(call["sobject"])
        return Answer(200, {"objectDescribe": summary(sobject, call.root), "recentItems": []})

    def describe(self, call: Call) -> Answer:
        """Answer 304 to a client that knows it: an object changes only when a field is added to it."""
        sobject = self._services.records.sobject(call["sobject"])
        changed = self._store.changed.replace(tzinfo=UTC)
        known = _http_date(call.headers.get("if-modified-since"))
        headers = {"Last-Modified": format_datetime(changed, usegmt=True)}
        if known is not None and changed <= known:
            return Answer(304, None, headers)
        return Answer(200, describe(self._store.catalogue, sobject, call.root), headers)

    def limits(self, _: Call) -> Answer:
        most = self._store.options.daily_api_limit
        left = max(0, most - self._services.usage.used())
        limits = {name: {"Max": value, "Remaining": value} for name, value in _FIXED_LIMITS.items()}
        limits["DailyApiRequests"] = {"Max": most, "Remaining": left}
        jobs = len(self._services.jobs.all("V2Query"))
        limits["DailyBulkV2QueryJobs"]["Remaining"] -= min(jobs, limits["DailyBulkV2QueryJobs"]["Max"])
        return Answer(200, dict(sorted(limits.items())))

    def record_count(self, call: Call) -> Answer:
        asked = [name.strip() for name in call.query.get("sObjects", "").split(",") if name.strip()]
        counts = self._store.counts()
        known = (
            [found.name for found in map(self._store.catalogue.find, asked) if found]
            if asked
            else list(counts)
        )
        return Answer(
            200, {"sObjects": [{"count": counts[name], "name": name} for name in known if name in counts]}
        )

    def recent(self, _: Call) -> Answer:
        """Nothing is ever viewed here."""
        return Answer(200, [])


def _release(version: int) -> str:
    """31.0 was Summer '14; three releases a year since."""
    season = _RELEASES[(version - 29) % 3]
    year = 14 + (version - 29) // 3
    return f"{season} '{year}"


def _http_date(text: str | None) -> datetime | None:
    try:
        return parsedate_to_datetime(text) if text else None
    except ValueError:
        return None
