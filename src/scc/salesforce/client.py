"""The door to one Salesforce organisation.

    client = SalesforceClient(auth=ClientCredentials("https://acme.my.salesforce.com", key, secret))
    for batch in client.query("SELECT Id, Owner.Name FROM Campaign"):
        ...

Nothing is sent before it is asked for: the first call logs in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Self

import pyarrow as pa

from scc.errors import ConfigError
from scc.salesforce import answers, queries
from scc.salesforce.auth import Grant, Session
from scc.salesforce.bulk import Bulk
from scc.salesforce.door import Door, segment
from scc.salesforce.errors import SYSTEM, explain, explain_login
from scc.salesforce.models import ApiUsage, Identity, Limit, SObjectInfo
from scc.salesforce.rest import Rest
from scc.salesforce.types import convert, types_of
from scc.transport import Exchange, RetryPolicy, Transport

__all__ = ["SalesforceClient"]

JOB_TIMEOUT_S = 6 * 3600.0


class SalesforceClient:
    """Queries, records and bulk jobs of one organisation; safe for threads.

    `retry` bounds each call, `read_timeout_s` the wait for its next byte, `job_timeout_s` the wait
    for a bulk job unless told otherwise; `observer` is told of every HTTP exchange, logins among them.
    """

    def __init__(
        self,
        *,
        auth: Grant,
        version: str = "62.0",
        retry: RetryPolicy | None = None,
        read_timeout_s: float = 120.0,
        job_timeout_s: float = JOB_TIMEOUT_S,
        ca_file: str | None = None,
        proxy: str | None = None,
        observer: Callable[[Exchange], None] | None = None,
    ) -> None:
        connect = partial(
            Transport,
            SYSTEM,
            retry=retry,
            read_timeout_s=read_timeout_s,
            ca_file=ca_file,
            proxy=proxy,
            observer=observer,
        )
        self._login = connect(explain=explain_login)
        session = Session(auth, self._login)
        self._transport = connect(auth=session, explain=explain)
        self._door = Door(self._transport, session, version, job_timeout_s=job_timeout_s)
        self._described: dict[str, SObjectInfo] = {}
        self.rest = Rest(self._door)
        self.bulk = Bulk(self._door)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def close(self) -> None:
        """Close idle connections; the session stays good."""
        self._transport.close()
        self._login.close()

    @property
    def api_usage(self) -> ApiUsage | None:
        """The day's calls as the last answer told them; None before the first."""
        return self._door.usage

    def identity(self) -> Identity:
        """Say who the credentials belong to."""
        resources = answers.record(self._door.call("GET", "").json(), "resources")
        return Identity.parse(self._door.call("GET", answers.text(resources, "identity")).json())

    def limits(self) -> dict[str, Limit]:
        """The organisation's limits by Salesforce's names (`DailyApiRequests`)."""
        return self.rest.limits()

    def describe(self, sobject: str) -> SObjectInfo:
        """Describe an sObject as this user sees it; asked once per client. NotFoundError for an unknown one."""
        key = sobject.lower()
        if key not in self._described:
            response = self._door.call("GET", f"sobjects/{segment(sobject)}/describe")
            self._described[key] = SObjectInfo.parse(response.json())
        return self._described[key]

    def types(self, soql: str) -> dict[str, pa.DataType]:
        """Find the Arrow type of each column of a query, for `types=` of `query` and `bulk.query`."""
        columns, names = queries.selected(soql), queries.source(soql)
        if columns is None or not names:
            raise ConfigError("only plain fields have types to look up", hint="Name the types yourself.")
        return types_of(names[0], columns, self.describe)

    def query(
        self, soql: str, *, include_deleted: bool = False, types: Mapping[str, pa.DataType] | None = None
    ) -> Iterator[pa.RecordBatch]:
        """Run a query over REST: up to some thousand records, up to 2,000 a batch.

        Columns are named as the query names them and are text, null for null; `types` turns those named
        in it into others. IncompleteError where the records do not add up to Salesforce's count.
        """
        for batch in queries.query(self._door, soql, include_deleted=include_deleted):
            yield convert(batch, types or {})

    def count(self, soql: str, *, include_deleted: bool = False) -> int:
        """Answer a `SELECT COUNT() FROM ...`."""
        return queries.count(self._door, soql, include_deleted=include_deleted)
