"""Rule files that ship with SCC; a configuration may name others."""

from __future__ import annotations
