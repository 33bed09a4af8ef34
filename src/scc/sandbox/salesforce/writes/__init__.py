"""Writes: staged rows -> checks -> records, set-wise in SQL, the same way for one record and for a million.

`staging` brings rows in, `cells` reads their values, `checks` and `rules` find what is wrong with them, `engine`
puts the rest into the tables.
"""

from __future__ import annotations
