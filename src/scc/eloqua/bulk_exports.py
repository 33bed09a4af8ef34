"""The records of a finished export, page by page: several in flight, handed out in order, counted.

A page is fetched whole before it is parsed, so a broken one is fetched again and never half used.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from scc.eloqua.models import Sync, SyncLog
from scc.eloqua.reading import as_object
from scc.errors import ConfigError, DataError, IncompleteError, RefusedError
from scc.transport import Response

if TYPE_CHECKING:
    import pyarrow as pa

    from scc.eloqua.pages import Page

__all__ = ["DataFormat", "Export", "ExportData", "PageDone", "exported_count"]

_logger = logging.getLogger("scc.eloqua")

DataFormat = Literal["auto", "csv", "json"]

MAX_PAGE = 50_000
EXPORTED = "ELQ-00102"
_NO_CSV = (400, 406, 415)
"""How a server may say that it gives no CSV."""
IN_FLIGHT_PAGES = 4
IN_FLIGHT_BYTES = 48_000_000
"""Bound of the bodies fetched ahead of the page that is being handed out."""
PARSERS = 2
"""Pages parsed at once: parsing holds a page up to three times, as it came, reshaped, and as Arrow."""


@dataclass(frozen=True)
class PageDone:
    """A page whose records were all taken; an export can go on from `next_offset` later."""

    offset: int
    rows: int
    format: str
    received_bytes: int

    @property
    def next_offset(self) -> int:
        return self.offset + self.rows


@dataclass(frozen=True)
class _Fetched:
    page: Page
    format: str
    received_bytes: int


_Ahead: TypeAlias = deque[tuple[int, Future[_Fetched]]]


def exported_count(logs: Sequence[SyncLog]) -> int | None:
    """Read from a sync's log how many records it exported; None where the log does not say."""
    counts = [one.count for one in logs if one.status_code == EXPORTED]
    return counts[-1] if counts else None


@dataclass(frozen=True)
class Export:
    """A finished export: its sync, and how many records it has."""

    sync: Sync
    rows: int
    _data: Callable[..., Iterator[pa.RecordBatch]] = field(repr=False)

    def batches(self, **options: Any) -> Iterator[pa.RecordBatch]:
        """Read the records; `options` are those of `Bulk.data`."""
        return self._data(**{"expected": self.rows, **options})


class ExportData:
    """One reading of one sync's data; `get(params, headers)` fetches from its `/data`."""

    def __init__(
        self,
        get: Callable[..., Response],
        columns: Sequence[str],
        *,
        total: int,
        offset: int,
        page_size: int,
        format: DataFormat,  # noqa: A002  # as it is called at the door
        on_page: Callable[[PageDone], None] | None,
    ) -> None:
        if not columns or len(set(columns)) != len(columns):
            raise ConfigError("the columns of an export must be named, each once")
        if format not in ("auto", "csv", "json"):
            raise ConfigError(f"{format!r} is no format of data pages", hint="One of: auto, csv, json.")
        if not 1 <= page_size <= MAX_PAGE:
            raise ConfigError(
                f"a page of {page_size:,} records can't be asked for, Eloqua gives 1 to {MAX_PAGE:,}"
            )
        if not 0 <= offset <= total:
            raise ConfigError(f"an export of {total:,} records can't be read from record {offset:,} on")
        self._get = get
        self._columns = list(columns)
        self._total = total
        self._offset = offset
        self._page_size = page_size
        self._csv = format != "json"
        self._may_switch = format == "auto"
        self._parsing = threading.Semaphore(PARSERS)
        self._on_page = on_page or (lambda _: None)
        # about what a record takes on the wire; the first page then tells
        self._page_bytes = page_size * len(columns) * (8 if self._csv else 28)

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Hand out one batch a page, in order; IncompleteError where they do not add up."""
        pool = ThreadPoolExecutor(IN_FLIGHT_PAGES, "eloqua-page")
        ahead: _Ahead = deque()
        try:
            self._fill(pool, ahead, self._offset)
            while ahead:
                offset, future = ahead.popleft()
                fetched = self._settled(offset, future)
                del future
                if fetched is None:
                    _drop(ahead)
                    self._fill(pool, ahead, offset)
                    continue
                self._page_bytes = max(fetched.received_bytes, 1)
                # the next pages come and are parsed while the consumer works on this one
                self._fill(pool, ahead, offset + self._page_size)
                yield from self._handed_out(offset, fetched)
                del fetched
            self._check_end()
        finally:
            # whoever stops early does not wait for pages that nobody will see
            pool.shutdown(wait=False, cancel_futures=True)

    def _fill(self, pool: ThreadPoolExecutor, ahead: _Ahead, following: int) -> None:
        if ahead:
            following = ahead[-1][0] + self._page_size
        while following < self._total and len(ahead) < self._window():
            ahead.append((following, pool.submit(self._fetch, following, csv=self._csv)))
            following += self._page_size

    def _window(self) -> int:
        return max(1, min(IN_FLIGHT_PAGES, IN_FLIGHT_BYTES // self._page_bytes))

    def _fetch(self, offset: int, *, csv: bool) -> _Fetched:
        from scc.eloqua.pages import read_csv, read_json

        response = self._get(
            params={"offset": offset, "limit": self._page_size},
            headers={"Accept": "text/csv" if csv else "application/json"},
        )
        # who answers JSON to a wish for CSV is taken at its word
        is_csv = csv and "json" not in response.headers.get("Content-Type", "").lower()
        with self._parsing:
            page = (read_csv if is_csv else read_json)(response.body, self._columns)
        self._check(offset, page)
        return _Fetched(page, "csv" if is_csv else "json", len(response.body))

    def _settled(self, offset: int, future: Future[_Fetched]) -> _Fetched | None:
        """Wait for a page; None says to go on from here as JSON."""
        try:
            return future.result()
        except (DataError, RefusedError) as fault:
            refused = isinstance(fault, RefusedError) and fault.status not in _NO_CSV
            if refused or not (self._csv and self._may_switch):
                raise
            _logger.warning("the CSV page at record %d does not add up (%s); going on as JSON", offset, fault)
            self._csv = False
            self._page_bytes *= 4
            return None

    def _check(self, offset: int, page: Page) -> None:
        expected = min(self._page_size, self._total - offset)
        rows = page.batch.num_rows
        if rows != expected:
            raise IncompleteError(
                f"the page at record {offset:,} has {rows:,} records, {expected:,} were to come",
                hint="Run the export again; where it recurs, ask for a smaller page.",
            )
        if page.total is not None and page.total != self._total:
            raise IncompleteError(
                f"Eloqua counts {page.total:,} exported records in one place, {self._total:,} in another"
            )

    def _handed_out(self, offset: int, fetched: _Fetched) -> Iterator[pa.RecordBatch]:
        rows = fetched.page.batch.num_rows
        yield fetched.page.batch
        # the consumer came back for more: what it was given is in its hands
        self._on_page(PageDone(offset, rows, fetched.format, fetched.received_bytes))

    def _check_end(self) -> None:
        """Where the last page is full, nothing has said yet that it is the last."""
        if (self._total - self._offset) % self._page_size:
            return
        response = self._get(
            params={"offset": self._total, "limit": 1}, headers={"Accept": "application/json"}
        )
        if as_object(response.json()).get("items"):
            raise IncompleteError(f"Eloqua has more records than the {self._total:,} that it counted")


def _drop(ahead: _Ahead) -> None:
    for _, future in ahead:
        future.cancel()
    ahead.clear()
