"""The steps that lead from an empty database to today's tables, run by Alembic in their order."""

from __future__ import annotations
