"""From an answer nobody expected to the error that says what to do: the part that all vendors share.

A client calls `explain_status` with the code and the words it found in the vendor's own error body;
what such a body looks like is not known here.
"""

from __future__ import annotations

from scc.errors import (
    ConflictError,
    CredentialsError,
    NotFoundError,
    QuotaError,
    RefusedError,
    RemoteError,
    ThrottledError,
    UnavailableError,
)
from scc.transport.messages import Response, redacted_path
from scc.transport.retry import retry_after_s

__all__ = ["explain_status"]

_KINDS: dict[int, tuple[type[RemoteError], str]] = {
    301: (CredentialsError, "The system wants a log-in; check the credentials and the base URL."),
    302: (CredentialsError, "The system wants a log-in; check the credentials and the base URL."),
    401: (CredentialsError, "Check user, password or token, and whether this address may log in."),
    403: (CredentialsError, "The user lacks the right to do this, or the service is not enabled."),
    404: (NotFoundError, "It was deleted, has expired, or this user may not see it."),
    409: (ConflictError, "It exists already or is in use."),
    410: (NotFoundError, "It has expired; make it anew."),
    412: (ConflictError, "Something depends on it."),
    413: (QuotaError, "Send less at once, or free storage."),
}


def explain_status(
    response: Response, system: str, *, code: str | None = None, words: str = ""
) -> RemoteError:
    """Turn an answer into the error for its status; `words` must be free of personal values."""
    status = response.status
    said = ": ".join(part for part in (code, words) if part)
    message = f"{system}: {redacted_path(response.url)} answered {status}" + (f": {said}" if said else "")
    if status == 429:
        return ThrottledError(
            message,
            hint="The system asks to slow down; try again later or run less at once.",
            system=system,
            status=status,
            code=code,
            request_id=response.request_id,
            retry_after_s=retry_after_s(response.headers),
        )
    default = (
        (UnavailableError, "The system is out of order; try again later.")
        if status >= 500 and status != 501
        else (RefusedError, "The same request will be refused again.")
    )
    kind, hint = _KINDS.get(status, default)
    return kind(message, hint=hint, system=system, status=status, code=code, request_id=response.request_id)
