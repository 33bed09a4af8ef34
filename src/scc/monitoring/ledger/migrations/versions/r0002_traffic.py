"""What a run read, asked, repeated and left of the daily allowances."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from scc.monitoring.ledger.tables import Json

revision = "0002"
down_revision = "0001"

_COLUMNS = {
    "requests": "attempts by system and status",
    "retries": "repeated attempts by system",
    "quota": "daily allowances: used and limit",
}


def upgrade() -> None:
    for name, comment in _COLUMNS.items():
        op.add_column("scc_runs", sa.Column(name, Json, nullable=False, server_default="{}", comment=comment))
    op.create_table(
        "scc_exports",
        sa.Column(
            "run_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            sa.ForeignKey("scc_runs.id", name="scc_exports_scc_runs_fk", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("records", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("run_id", "source", name="scc_exports_pk"),
    )
