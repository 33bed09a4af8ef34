"""The steps that lead from an empty database to today's tables, run by Alembic in their order.

There is no way back: a step only adds, and an older SCC lets its entries wait for a newer one.
"""

from __future__ import annotations
