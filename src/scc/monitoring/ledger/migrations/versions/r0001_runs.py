"""Runs, with their counts and durations."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from scc.monitoring.ledger.tables import Json, Moment

revision = "0001"
down_revision = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "scc_runs",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("pipeline", sa.Text, nullable=False),
        sa.Column("moment", Moment, nullable=False),
        sa.Column("try", sa.Integer, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("started_at", Moment, nullable=False),
        sa.Column("ended_at", Moment),
        sa.Column("read_all", sa.Boolean, nullable=False, comment="the run was started with --full"),
        sa.Column("config_digest", sa.Text, nullable=False),
        sa.Column("plan_digest", sa.Text),
        sa.Column("changes", sa.BigInteger),
        sa.Column("approved_by", sa.Text),
        sa.Column("worker", sa.Text, nullable=False),
        sa.Column("outcomes", Json, nullable=False, comment="records by outcome: the sums of scc_counts"),
        sa.Column("versions", Json, nullable=False),
        sa.Column("error_type", sa.Text),
        sa.Column("error_message", sa.Text),
        sa.Column("error_hint", sa.Text),
        sa.Column("error_step", sa.Text),
        sa.Column("exit_code", sa.Integer),
        sa.Column("error_trace", Json),
        sa.PrimaryKeyConstraint("id", name="scc_runs_pk"),
        sa.UniqueConstraint("pipeline", "moment", "try", name="scc_runs_pipeline_moment_try_key"),
    )
    op.create_index("scc_runs_moment_idx", "scc_runs", ["moment"])
    op.create_index("scc_runs_started_at_idx", "scc_runs", ["started_at"])
    op.create_table(
        "scc_counts",
        _of_a_run("scc_counts"),
        *(
            sa.Column(name, sa.Text, nullable=False)
            for name in ("system", "object", "operation", "outcome", "code")
        ),
        sa.Column("records", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint(
            "run_id", "system", "object", "operation", "outcome", "code", name="scc_counts_pk"
        ),
    )
    op.create_table(
        "scc_durations",
        _of_a_run("scc_durations"),
        sa.Column("step", sa.Text, nullable=False),
        sa.Column("position", sa.Integer, nullable=False, comment="steps in the order in which they ended"),
        sa.Column("seconds", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("run_id", "step", name="scc_durations_pk"),
    )


def _of_a_run(table: str) -> sa.Column[int]:
    key = sa.ForeignKey("scc_runs.id", name=f"{table}_scc_runs_fk", ondelete="CASCADE")
    return sa.Column("run_id", _ID, key, nullable=False)
