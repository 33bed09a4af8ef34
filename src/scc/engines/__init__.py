"""Engines run a plan's SQL over datasets; they know neither Luigi nor HTTP."""

from __future__ import annotations
