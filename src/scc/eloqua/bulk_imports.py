"""Records into an import's staging area: whole or not at all, and nothing staged twice."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Literal

from scc.eloqua.errors import SYSTEM
from scc.eloqua.reading import acknowledged
from scc.errors import ConfigError, NotFoundError, QuotaError, SccError, ThrottledError, UnavailableError
from scc.transport import Response

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["UploadFormat", "poster", "upload"]

_logger = logging.getLogger("scc.eloqua")

UploadFormat = Literal["csv", "json"]

MAX_POSTS = 500
"""Uploads that one sync takes, since release 24D."""
TRIES = 3
_TYPES: dict[str, str] = {"csv": "text/csv; charset=utf-8", "json": "application/json; charset=utf-8"}


def upload(
    batches: Iterable[pa.RecordBatch],
    post: Callable[[bytes], object],
    clear: Callable[[], object],
    *,
    columns: Sequence[str],
    format: UploadFormat,  # noqa: A002  # as it is called at the door
) -> int:
    """Stage all records and give their number.

    Where an answer is lost, nobody knows what was staged: it is cleared and all is sent again, if
    `batches` can be read again. Whatever error is raised, nothing is left staged.
    """
    if format not in _TYPES:
        raise ConfigError(f"{format!r} is no format of uploads", hint="One of: csv, json.")
    for attempt in itertools.count(1):
        try:
            return _send_all(batches, post, columns, format)
        except Exception as exc:
            lost = isinstance(exc, UnavailableError) and not isinstance(exc, ThrottledError)
            again = lost and not isinstance(batches, Iterator) and attempt < TRIES
            try:
                clear()
            except SccError as left:
                _logger.warning("what an upload had staged could not be deleted (%s)", left)
                raise exc from None
            if not again:
                raise
            _logger.warning("an upload broke off (%s); what it staged is deleted, all is sent again", exc)
    raise AssertionError  # the count has no end


def poster(
    call: Callable[..., Response],
    uri: str,
    format: UploadFormat,  # noqa: A002  # as it is called at the door
) -> Callable[[bytes], None]:
    """Make the function that stages one body for the definition `uri`."""

    def post(body: bytes) -> None:
        try:
            acknowledged(
                call(
                    "POST",
                    f"{uri}/data",
                    body=body,
                    headers={"Content-Type": _TYPES[format]},
                    idempotent=False,
                )
            )
        except NotFoundError as exc:
            exc.hint = f"The definition has expired or was deleted; Eloqua also says 404 to more than 32 MB ({len(body):,} bytes were sent)."
            raise

    return post


def _send_all(
    batches: Iterable[pa.RecordBatch],
    post: Callable[[bytes], object],
    columns: Sequence[str],
    format: UploadFormat,  # noqa: A002  # as it is called at the door
) -> int:
    from scc.eloqua.encoding import bodies

    rows = 0
    for number, (body, count) in enumerate(bodies(batches, columns, format), 1):
        if number > MAX_POSTS:
            raise QuotaError(
                f"an import takes {MAX_POSTS} uploads a sync, this one needs more",
                hint="Split the records into several imports.",
                system=SYSTEM,
            )
        post(body)
        rows += count
    return rows
