"""What a database's error means, in our words: drivers quote statements, and now and then their values."""

from __future__ import annotations

from sqlalchemy.exc import DataError as StatementDataError
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, SQLAlchemyError

from scc.errors import (
    ConfigError,
    CorruptError,
    CredentialsError,
    DataError,
    NotFoundError,
    SccError,
    UnavailableError,
)

__all__ = ["told"]

_SYSTEM = "ledger"

_BUSY = {"57014": "a statement took too long", "55P03": "another session holds what is needed"}
"""PostgreSQL's codes query_canceled and lock_not_available."""


def told(error: SQLAlchemyError | ImportError | OSError, name: str) -> SccError:
    """The error of ours for one of the driver's. `name` says where the database is."""
    if isinstance(error, ImportError):
        return ConfigError(
            f"the ledger {name} needs the driver psycopg, which is not installed",
            hint="Install it: pip install 'scc-pipelines[postgres]'.",
        )
    if not isinstance(error, DBAPIError):
        return UnavailableError(f"the ledger {name} failed ({type(error).__name__})", system=_SYSTEM)
    kind = type(error.orig).__name__
    code = getattr(error.orig, "sqlstate", None)
    # The driver's words of a refused connection carry no code; they are looked at, never quoted.
    words = str(error.orig).lower()
    if isinstance(error, StatementDataError | IntegrityError) or "error binding parameter" in words:
        return DataError(f"the ledger {name} does not take an entry ({kind})")
    return _refused(name, words, code) or _file(name, words) or _unavailable(error, name, words, kind, code)


def _refused(name: str, words: str, code: str | None) -> SccError | None:
    if "authentication failed" in words or "no pg_hba.conf entry" in words or "no password supplied" in words:
        return CredentialsError(
            f"the ledger {name} refuses the user or the password",
            hint="Mend ledger.url or ledger.password.",
            system=_SYSTEM,
        )
    if code == "42501":
        return CredentialsError(
            f"the ledger {name} lets the user do less than is needed",
            hint="The user needs all rights on the tables scc_*, and CREATE on the schema for `scc ledger upgrade`.",
            system=_SYSTEM,
            code=code,
        )
    if "database" in words and "does not exist" in words:
        return NotFoundError(
            f"there is no database {name} for the ledger",
            hint="Create it, or mend ledger.url.",
            system=_SYSTEM,
        )
    return None


def _file(name: str, words: str) -> SccError | None:
    """What only SQLite says."""
    if "unable to open database file" in words or "readonly database" in words:
        return ConfigError(
            f"the ledger {name} can't be opened or written",
            hint="Mend the rights of the file and its folder.",
        )
    if "malformed" in words or "not a database" in words:
        return CorruptError(
            f"the ledger {name} is damaged",
            hint="Move the file away; `scc ledger catch-up --all` fills a new one from the store.",
        )
    return None


def _unavailable(error: DBAPIError, name: str, words: str, kind: str, code: str | None) -> UnavailableError:
    if code in _BUSY:
        why = _BUSY[code]
    elif "locked" in words:
        why = "another process holds the file"
    elif "timeout" in words:
        why = "it does not answer"
    elif isinstance(error, OperationalError):
        why = "it can't be reached"
    else:
        why = f"{kind} {code}" if code else kind
    return UnavailableError(
        f"the ledger {name} is out of reach: {why}",
        hint="Runs go on without it; what they would have written waits and is sent later.",
        system=_SYSTEM,
        code=code,
    )
