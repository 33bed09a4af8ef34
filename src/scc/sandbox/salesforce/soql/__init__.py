"""SOQL: text -> tree (parser), tree -> DuckDB SQL (compiler), rows -> records (shape)."""

from __future__ import annotations
