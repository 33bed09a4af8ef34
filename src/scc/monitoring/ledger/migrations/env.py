"""Run by Alembic to set itself up. The connection, its transaction and its lock are `schema.upgrade`'s."""

from __future__ import annotations

from alembic import context

from scc.monitoring.ledger.schema import VERSION_TABLE

context.configure(connection=context.config.attributes["connection"], version_table=VERSION_TABLE)
context.run_migrations()
