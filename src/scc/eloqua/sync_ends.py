"""From how a sync ended to the error that says what to do, by the ELQ codes of its log.

Codes and their meaning are Oracle's; that records were refused one by one is no error here.
"""

from __future__ import annotations

from collections.abc import Sequence

from scc.eloqua.errors import SYSTEM
from scc.eloqua.models import Sync, SyncLog, SyncStatus
from scc.errors import NotFoundError, QuotaError, RefusedError, RemoteError, UnavailableError

__all__ = ["explain_end"]

_UNPROCESSED = frozenset({"ELQ-00105", "ELQ-00109", "ELQ-00122"})
"""A file that stays where it is, or a sync that does not proceed: records are missing without a reject."""
_DEFINITION = "The definition does not fit: mend it, the same one will fail again."
_STAGED = "Delete the staged data, upload it again and start another sync."
_KINDS: dict[str, tuple[type[RemoteError], str]] = {
    "ELQ-00105": (UnavailableError, _STAGED),
    "ELQ-00107": (UnavailableError, _STAGED),
    "ELQ-00109": (UnavailableError, _STAGED),
    "ELQ-00112": (RefusedError, _DEFINITION),
    "ELQ-00122": (RefusedError, _DEFINITION),
    "ELQ-00125": (RefusedError, _DEFINITION),
    "ELQ-00126": (RefusedError, _DEFINITION),
    "ELQ-00127": (RefusedError, _DEFINITION),
    "ELQ-00136": (QuotaError, "Delete staged data that nobody needs, then upload again."),
    "ELQ-00143": (NotFoundError, "Define it anew, and delete no definition while its sync runs."),
    "ELQ-00146": (UnavailableError, "Start it again after an hour."),
}
_OTHERWISE = (UnavailableError, "Start it again; where it fails the same way, Oracle's support can tell why.")


def explain_end(sync: Sync, logs: Sequence[SyncLog]) -> RemoteError | None:
    """Make the error for a sync that did not do its work; None for one that did, as far as a log can say.

    Of several codes the one counts that makes trying again useless.
    """
    if sync.status is SyncStatus.ERROR:
        codes = {one.status_code for one in logs if one.severity == "error" and one.status_code}
    elif sync.status is SyncStatus.WARNING:
        codes = {one.status_code for one in logs} & _UNPROCESSED
        if not codes:
            return None
    else:
        return None
    code = min(codes, key=lambda one: (_is_passing(one), one), default=None)
    kind, hint = _KINDS.get(code or "", _OTHERWISE)
    named = ", ".join(sorted(codes)) or "no code"
    return kind(
        f"eloqua: {sync.uri} of {sync.definition_uri} ended in {sync.status} ({named})",
        hint=hint,
        system=SYSTEM,
        code=code,
    )


def _is_passing(code: str) -> bool:
    return issubclass(_KINDS.get(code, _OTHERWISE)[0], UnavailableError)
