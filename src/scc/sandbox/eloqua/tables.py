"""Eloqua's tables: one for each kind of record and one for each custom object, with typed columns.

No keys or unique constraints: DuckDB rewrites rows on indexed updates. Whoever writes checks under the write lock.
"""

from __future__ import annotations

from collections.abc import Iterable

from scc.sandbox.database import Cursor, identifier
from scc.sandbox.eloqua.activity_fields import ACTIVITY_COLUMNS
from scc.sandbox.eloqua.entities import ACCOUNTS, ACTIVITIES, CONTACTS, EMAILS, Entity
from scc.sandbox.eloqua.fields import ACCOUNT_FIELDS, CONTACT_FIELDS, Field
from scc.sandbox.eloqua.values import sql_type

__all__ = ["EMAIL_GROUP_STATES", "FORM_DATA", "MEMBERS", "add_column", "create_base", "create_custom_object"]

MEMBERS = "eloqua_list_members"
"""Who is in which list: kind (contacts, accounts), list, member."""
EMAIL_GROUP_STATES = "eloqua_email_group_states"
"""Which address is (un)subscribed from which e-mail group; without a row it is subscribed."""
FORM_DATA = "eloqua_form_data"

_SYSTEM = '"createdAt" TIMESTAMP, "updatedAt" TIMESTAMP, "createdBy" VARCHAR, "updatedBy" VARCHAR'


def create_base(cursor: Cursor) -> None:
    """Make every table of a fresh instance that is not there yet."""
    contact_fields = _columns((field.internal_name, field) for field in CONTACT_FIELDS)
    account_fields = _columns((field.internal_name, field) for field in ACCOUNT_FIELDS)
    activity_fields = ", ".join(f"{identifier(name)} {kind}" for name, kind in ACTIVITY_COLUMNS.items())
    for table, columns in (
        (CONTACTS, f'id BIGINT, {_SYSTEM}, "accountId" BIGINT, {contact_fields}'),
        (ACCOUNTS, f"id BIGINT, {_SYSTEM}, {account_fields}"),
        (
            EMAILS,
            (
                'address VARCHAR, "isSubscribed" BOOLEAN, "isBounced" BOOLEAN, format VARCHAR, '
                '"subscriptionDate" TIMESTAMP, "unsubscriptionDate" TIMESTAMP, "bouncebackDate" TIMESTAMP'
            ),
        ),
        (ACTIVITIES, activity_fields),
        (MEMBERS, "kind VARCHAR, list BIGINT, member BIGINT"),
        (
            EMAIL_GROUP_STATES,
            '"group" BIGINT, address VARCHAR, "isSubscribed" BOOLEAN, "updatedAt" TIMESTAMP',
        ),
        (FORM_DATA, 'form BIGINT, id BIGINT, "submittedAt" TIMESTAMP, "contactId" BIGINT, "values" VARCHAR'),
    ):
        cursor.run(f"CREATE TABLE IF NOT EXISTS {table} ({columns})")


def create_custom_object(cursor: Cursor, entity: Entity) -> None:
    fields = _columns((entity.column_of(field), field) for field in entity.fields)
    comma = ", " if fields else ""
    cursor.run(
        f"CREATE TABLE IF NOT EXISTS {entity.table} (id BIGINT, {_SYSTEM}, "
        f'"externalId" VARCHAR, "contactId" BIGINT, "accountId" BIGINT{comma}{fields})'
    )


def add_column(cursor: Cursor, entity: Entity, field: Field) -> None:
    column = f"{identifier(entity.column_of(field))} {sql_type(field.data_type)}"
    cursor.run(f"ALTER TABLE {entity.table} ADD COLUMN IF NOT EXISTS {column}")


def _columns(fields: Iterable[tuple[str, Field]]) -> str:
    return ", ".join(
        f"{identifier(name)} {sql_type(field.data_type)}" for name, field in fields if field.derived is None
    )
