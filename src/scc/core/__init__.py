"""Plain types and rules that every pipeline shares: runs, changes, limits, receipts, conditions.

Nothing here reads a file, a clock or the environment; callers hand those values in.
"""

from __future__ import annotations
