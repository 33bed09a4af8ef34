"""A client for Oracle Eloqua: Bulk and REST, records as Arrow.

    from scc.eloqua import BasicAuth, EloquaClient, contacts, field

It is a library of its own and knows nothing of the rest of SCC but the transport and the errors.
"""

from __future__ import annotations

from scc.eloqua.auth import BasicAuth, Credentials
from scc.eloqua.bulk_exports import Export, PageDone
from scc.eloqua.client import EloquaClient
from scc.eloqua.contact_values import contact_values
from scc.eloqua.errors import Failure, InvalidConflictError, InvalidError
from scc.eloqua.fields import (
    ACTIVITY_TYPES,
    BulkObject,
    accounts,
    activities,
    activity_fields,
    campaign_responses,
    contacts,
    custom_object,
    email_addresses,
    event,
)
from scc.eloqua.filters import And, Comparison, Exists, Filter, Not, Or, Status, exists, field, status
from scc.eloqua.models import (
    CustomObjectInfo,
    ExportDefinition,
    Field,
    Identity,
    ImportDefinition,
    ListInfo,
    Reject,
    Sync,
    SyncAction,
    SyncActionDefinition,
    SyncLog,
    SyncStatus,
)
from scc.eloqua.oauth import PasswordGrant, RefreshTokenGrant
from scc.eloqua.rest import search_term
from scc.eloqua.rest_models import (
    Account,
    Campaign,
    Contact,
    ContactList,
    CustomObject,
    CustomObjectField,
    CustomObjectRecord,
    Email,
    Entity,
    Form,
    FormData,
    FormField,
    Membership,
)
from scc.eloqua.sync_ends import explain_end
from scc.eloqua.tokens import FileTokenStore, MemoryTokenStore, Tokens, TokenStore

__all__ = [
    "ACTIVITY_TYPES",
    "Account",
    "And",
    "BasicAuth",
    "BulkObject",
    "Campaign",
    "Comparison",
    "Contact",
    "ContactList",
    "Credentials",
    "CustomObject",
    "CustomObjectField",
    "CustomObjectInfo",
    "CustomObjectRecord",
    "EloquaClient",
    "Email",
    "Entity",
    "Exists",
    "Export",
    "ExportDefinition",
    "Failure",
    "Field",
    "FileTokenStore",
    "Filter",
    "Form",
    "FormData",
    "FormField",
    "Identity",
    "ImportDefinition",
    "InvalidConflictError",
    "InvalidError",
    "ListInfo",
    "Membership",
    "MemoryTokenStore",
    "Not",
    "Or",
    "PageDone",
    "PasswordGrant",
    "RefreshTokenGrant",
    "Reject",
    "Status",
    "Sync",
    "SyncAction",
    "SyncActionDefinition",
    "SyncLog",
    "SyncStatus",
    "TokenStore",
    "Tokens",
    "accounts",
    "activities",
    "activity_fields",
    "campaign_responses",
    "contact_values",
    "contacts",
    "custom_object",
    "email_addresses",
    "event",
    "exists",
    "explain_end",
    "field",
    "search_term",
    "status",
]
