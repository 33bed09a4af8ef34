"""What nobody here knows for certain of Eloqua, as switches. Each default is what the evidence speaks for.

`POST /_sandbox/options {"eloqua": {...}}` sets them while the sandbox runs; docs/sandbox-eloqua.md explains each.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["EloquaOptions"]


@dataclass
class EloquaOptions:
    special_contact_fields: bool = False
    """`/contacts/fields` lists Id, CreatedAt, IsSubscribed ... too (a recording of 2021 had none of them)."""
    special_custom_object_fields: bool = True
    """`/customObjects/{id}/fields` lists Id, ExternalId, CreatedAt, UpdatedAt too (tap-eloqua needs them)."""
    empty_export_status: str = "success"
    """How an export without a record ends: success or warning."""
    empty_import_status: str = "warning"
    """How an import sync without staged data (ELQ-00124) ends."""
    expired_status: int = 410
    """Answer for data and definitions whose time is over: 404 or 410."""
    export_booleans: str = "True,False"
    """How an export writes true and false."""
    filter_max_characters: int = 1000
    """The documented limit; a client in the wild sends 30,000."""
    most_activities: int = 5_000_000
    """Rows of an activity export; what is over is cut off without a word."""
    string_compare_ignores_case: bool = True
    """Text in filters and as an identifier compares as SQL Server does by default."""
    active_definition_status: int = 409
    """Answer to a second sync of a definition whose sync is under way; 201 lets it in."""
    early_data_status: int = 409
    """Answer for the data of a sync that has not ended: 404 or 409."""
    sync_on_import_default: bool = True
    """`isSyncTriggeredOnImport` when a definition does not say."""
    contact_duplicates: str = "first"
    """Which copy of a repeated identifier an import of contacts or accounts keeps: first or none."""
    custom_object_duplicates: str = "none"
    """The same for custom objects."""
    rest_delete_status: int = 200
    """Status of REST deletes: 200 was recorded, 204 is documented. The body is empty."""
    duplicate_contact_requirement: str = "UniquenessRequirement"
    """Requirement that the 409 for an e-mail address in use names."""
    search_terms_join: str = "and"
    """How different terms of a REST search join; equal terms are always a union."""
    keeps_old_access_token: bool = True
    """An access token outlives a refresh (since release 26B); before, it died at once."""
    max_contacts: int = 0
    """New contacts are refused past this number (a vendor sandbox has 10,000); 0 is no limit."""
    daily_syncs: int = 0
    """Syncs a day before 429; 0 is no limit. Eloqua publishes only soft limits per hour."""
    staging_quota_mb: int = 0
    """Staged megabytes before 413; 0 is no limit."""
