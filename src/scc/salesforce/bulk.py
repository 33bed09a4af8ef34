"""The Bulk API 2.0 of one organisation: query jobs and ingest jobs."""

from __future__ import annotations

from scc.salesforce.bulk_ingests import BulkIngests
from scc.salesforce.bulk_queries import BulkQueries

__all__ = ["Bulk"]


class Bulk(BulkQueries, BulkIngests):
    """Jobs for large numbers of records: `query` reads them, `ingest` writes them."""
