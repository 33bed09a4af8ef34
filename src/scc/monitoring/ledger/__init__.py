"""The run ledger: every try of every run, kept in a database for as long as people ask about it.

`spool` puts entries beside the runs first, `catch_up` moves them into the database, `ledger` reads it.
Nothing here is imported with the package: SQLAlchemy takes a third of a second.
"""

from __future__ import annotations
