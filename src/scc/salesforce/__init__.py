"""A client for Salesforce: records as Arrow, SOQL from typed parts, bulk jobs in constant memory.

It is a library in its own right and knows nothing of pipelines.
"""

from __future__ import annotations

from scc.salesforce import soql
from scc.salesforce.auth import AccessToken, ClientCredentials, Grant, UsernamePassword
from scc.salesforce.client import SalesforceClient
from scc.salesforce.jwt import JwtBearer
from scc.salesforce.models import (
    ApiUsage,
    FieldInfo,
    Identity,
    IngestJob,
    JobState,
    Limit,
    Outcome,
    QueryJob,
    RowResult,
    SObjectInfo,
)
from scc.salesforce.rest import Saved, Subrequest, Subresponse
from scc.salesforce.results import IngestResult
from scc.salesforce.soap import SoapLogin

__all__ = [
    "AccessToken",
    "ApiUsage",
    "ClientCredentials",
    "FieldInfo",
    "Grant",
    "Identity",
    "IngestJob",
    "IngestResult",
    "JobState",
    "JwtBearer",
    "Limit",
    "Outcome",
    "QueryJob",
    "RowResult",
    "SObjectInfo",
    "SalesforceClient",
    "Saved",
    "SoapLogin",
    "Subrequest",
    "Subresponse",
    "UsernamePassword",
    "soql",
]
