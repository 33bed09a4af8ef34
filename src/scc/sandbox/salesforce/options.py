"""What an organization may decide, and what nobody here has seen for certain, as switches."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SalesforceOptions:
    """Set by `POST /_sandbox/options {"salesforce": {...}}` or by `SalesforceStore.options`.

    daily_api_limit: calls a day (rolling, by the sandbox's clock); used up, calls answer 403 REQUEST_LIMIT_EXCEEDED.
    session_seconds: how long a session lives without being used.
    soap_login: false answers SOAP login as newer organizations do, which have it disabled.
    password_grant: false answers the OAuth password grant as newer organizations do, which have it blocked.
    member_status_strict: true rejects a CampaignMember status that the campaign does not define; false takes any.
    unknown_delete_status: status of a DELETE of an id that does not exist (sandbox-salesforce.md 2 is unsure).
    early_results_status: status of results asked for before a query job is complete (sandbox-salesforce.md 3 is unsure).
    jwt_public_key: PEM of the key that signs JWT assertions; empty takes any signature.
    compress: false never answers with gzip, whatever a client accepts.
    """

    daily_api_limit: int = 100_000
    session_seconds: int = 7_200
    soap_login: bool = True
    password_grant: bool = True
    member_status_strict: bool = False
    unknown_delete_status: int = 404
    early_results_status: int = 400
    jwt_public_key: str = ""
    compress: bool = True
