"""The ledger's tables, as the newest migration leaves them; a test holds the two equal.

scc_runs       one row a try of a run, known by (pipeline, moment, try)
scc_counts     records by system, object, operation, outcome and code
scc_durations  seconds by step
scc_exports    records read, by source

The names keep clear of what else may lie in the database, Luigi's task history for one.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

__all__ = ["Json", "Moment", "counts", "durations", "exports", "metadata", "runs"]

Json = JSON().with_variant(JSONB(), "postgresql")
_Id = BigInteger().with_variant(Integer(), "sqlite")
"""SQLite numbers rows by itself only where the key is an INTEGER."""


class Moment(TypeDecorator[datetime]):
    """A moment in UTC; SQLite, which has no time zones, keeps it without one."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pk",
        "fk": "%(table_name)s_%(referred_table_name)s_fk",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "ix": "%(table_name)s_%(column_0_N_name)s_idx",
    }
)

runs = Table(
    "scc_runs",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("pipeline", Text, nullable=False),
    Column("moment", Moment, nullable=False),
    Column("try", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("read_all", Boolean, nullable=False, comment="the run was started with --full"),
    Column("config_digest", Text, nullable=False),
    Column("plan_digest", Text),
    Column("changes", BigInteger),
    Column("approved_by", Text),
    Column("worker", Text, nullable=False),
    Column("outcomes", Json, nullable=False, comment="records by outcome: the sums of scc_counts"),
    Column("versions", Json, nullable=False),
    Column("error_type", Text),
    Column("error_message", Text),
    Column("error_hint", Text),
    Column("error_step", Text),
    Column("exit_code", Integer),
    Column("error_trace", Json),
    Column("requests", Json, nullable=False, server_default="{}", comment="attempts by system and status"),
    Column("retries", Json, nullable=False, server_default="{}", comment="repeated attempts by system"),
    Column("quota", Json, nullable=False, server_default="{}", comment="daily allowances: used and limit"),
    UniqueConstraint("pipeline", "moment", "try"),
    Index(None, "moment"),
    Index(None, "started_at"),
)


def _of_a_run(key: bool = True) -> Column[int]:
    return Column("run_id", _Id, ForeignKey("scc_runs.id", ondelete="CASCADE"), primary_key=key)


counts = Table(
    "scc_counts",
    metadata,
    _of_a_run(),
    *(Column(n, Text, primary_key=True) for n in ("system", "object", "operation", "outcome", "code")),
    Column("records", BigInteger, nullable=False),
)

durations = Table(
    "scc_durations",
    metadata,
    _of_a_run(),
    Column("step", Text, primary_key=True),
    Column("position", Integer, nullable=False, comment="steps in the order in which they ended"),
    Column("seconds", Double, nullable=False),
)

exports = Table(
    "scc_exports",
    metadata,
    _of_a_run(),
    Column("source", Text, primary_key=True),
    Column("records", BigInteger, nullable=False),
)
