"""The whole tree of errors, sorted by what to do about them.

    SccError
    ├── ConfigError          mend the configuration or the command line         exit 2
    ├── RefusedError         a system refused the request; asking again is useless   exit 3
    │   ├── CredentialsError     ... because of who asks
    │   ├── NotFoundError        ... because the thing is gone (404, 410)
    │   ├── ConflictError        ... because the thing is there already, or in use (409, 412)
    │   └── QuotaError           ... because a daily limit or the storage is used up
    ├── DataError            what came is not what was promised                  exit 4
    │   ├── IncompleteError      fewer or more records than the system counted
    │   └── CorruptError         a file of ours is damaged
    ├── GuardError           a plan is over its limits and waits for a person    exit 5
    └── UnavailableError     try the same again later                            exit 75
        ├── ThrottledError       429, with the wait that the system asked for
        └── BusyError            another run holds what this one needs

A message says what happened, where (file, key, record), and `hint` how to mend it.
Neither ever holds a credential or a personal field: vendors' bodies are quoted by code and
words only, as far as the client knows them to be free of values.
"""

from __future__ import annotations

__all__ = [
    "BusyError",
    "ConfigError",
    "ConflictError",
    "CorruptError",
    "CredentialsError",
    "DataError",
    "GuardError",
    "IncompleteError",
    "NotFoundError",
    "QuotaError",
    "RefusedError",
    "RemoteError",
    "SccError",
    "ThrottledError",
    "UnavailableError",
]


class SccError(Exception):
    """The base of every error that SCC raises on purpose.

    `hint` is one sentence that tells a person what to do next.
    """

    exit_code = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class ConfigError(SccError):
    """The configuration or the command line must be mended first."""

    exit_code = 2


class RemoteError(SccError):
    """What every error that a system answered with carries: who, how, and its own code and words.

    `request_id` is the vendor's (`X-Request-Id`), for a support ticket. `in_doubt`: the call had been sent
    before and got no good answer, so that what the system says now may be of its own doing.
    """

    in_doubt = False

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        system: str = "",
        status: int | None = None,
        code: str | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.system = system
        self.status = status
        self.code = code
        self.request_id = request_id


class RefusedError(RemoteError):
    """The system refused this request; the same request will be refused again."""

    exit_code = 3


class CredentialsError(RefusedError):
    """The system does not know who asks, or does not let them."""


class NotFoundError(RefusedError):
    """The thing asked for is not there, or no longer (404, 410)."""


class ConflictError(RefusedError):
    """The thing is there already, or in use (409, 412)."""


class QuotaError(RefusedError):
    """A limit that does not free itself within minutes is used up."""


class DataError(SccError):
    """What came is not what was promised; nothing of it was used."""

    exit_code = 4


class IncompleteError(DataError):
    """The records received do not add up to what the system counted."""


class CorruptError(DataError):
    """A file of SCC's own is damaged or missing a part."""


class GuardError(SccError):
    """A plan is over its limits and waits for a person's approval."""

    exit_code = 5


class UnavailableError(RemoteError):
    """The system can't be reached or is out of order; the same request may succeed later."""

    exit_code = 75


class ThrottledError(UnavailableError):
    """The system asked to slow down; `retry_after_s` is the wait it named, if it did."""

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        system: str = "",
        status: int | None = 429,
        code: str | None = None,
        request_id: str | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message, hint=hint, system=system, status=status, code=code, request_id=request_id)
        self.retry_after_s = retry_after_s


class BusyError(UnavailableError):
    """Another run holds what this one needs."""
