"""Everything that the handlers of calls share, around one store."""

from __future__ import annotations

import datetime as dt

from scc.sandbox.salesforce.bulk1_jobs import BulkJob
from scc.sandbox.salesforce.queries import Queries
from scc.sandbox.salesforce.records import Records
from scc.sandbox.salesforce.router import Router
from scc.sandbox.salesforce.scratch import Scratch
from scc.sandbox.salesforce.sessions import Sessions, Usage
from scc.sandbox.salesforce.store import ORGANIZATION_ID, USER_ID, SalesforceStore
from scc.sandbox.state import State


class Services:
    """The store, who is logged in, queries under way, and the table of routes."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.store = state.store(SalesforceStore)
        self.jobs = self.store.jobs
        self.sessions = Sessions(state.clock)
        self.usage = Usage(state.clock)
        self.queries = Queries(self.store)
        self.records = Records(self.store)
        self.scratch = Scratch()
        self.router = Router()
        self.bulk_jobs: dict[str, BulkJob] = {}

    def log_in(self) -> tuple[str, str, str]:
        """Open a session for the one user; returns its token, the user's id and the organization's."""
        username = self.state.credentials.salesforce.username
        return self.sessions.open(ORGANIZATION_ID, USER_ID, username).token, USER_ID, ORGANIZATION_ID

    def clear(self) -> None:
        """Forget what does not outlive a reset of the store."""
        self.sessions.clear()
        self.usage.clear()
        self.queries.clear()
        self.bulk_jobs.clear()
        self.scratch.clear()


def zulu(moment: dt.datetime) -> str:
    """Return a time in UTC as JSON answers have it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000+0000")
