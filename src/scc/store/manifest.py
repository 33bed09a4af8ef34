"""The manifest: the one small file whose rename makes a dataset visible.

    {"format": 1, "rows": n, "parts": [{"name", "rows", "bytes", "sha256"}], "meta": {...}}

`meta` is the writer's: a plan's summary, an export's moment on the vendor's clock.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from scc.errors import CorruptError
from scc.store.files import read_json, write_json

__all__ = ["NAME", "Manifest", "Part"]

NAME = "manifest.json"
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Part:
    """One Parquet file of a dataset; `name` is relative to the dataset's folder."""

    name: str
    rows: int
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    parts: tuple[Part, ...]
    meta: Mapping[str, object] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        return sum(part.rows for part in self.parts)

    @property
    def digest(self) -> str:
        """What the dataset holds, in 64 hexadecimal digits: equal parts, equal digest."""
        return hashlib.sha256("".join(part.sha256 for part in self.parts).encode()).hexdigest()

    def write(self, folder: Path) -> None:
        parts = [asdict(part) for part in self.parts]
        write_json(folder / NAME, {"format": FORMAT, "rows": self.rows, "parts": parts, "meta": self.meta})

    @classmethod
    def read(cls, folder: Path) -> Manifest | None:
        """The manifest in the folder, None where the dataset was never finished."""
        data = read_json(folder / NAME)
        if data is None:
            return None
        try:
            if data["format"] != FORMAT:
                raise CorruptError(
                    f"{folder / NAME} has the format {data['format']!r}, and this version reads {FORMAT}",
                    hint="Read it with the version of SCC that wrote it.",
                )
            return cls(tuple(Part(**part) for part in data["parts"]), data["meta"])  # type: ignore[attr-defined, arg-type]  # checked by the except
        except (KeyError, TypeError) as error:
            raise CorruptError(
                f"{folder / NAME} is not a manifest: {error}",
                hint=f"Remove {folder} and run that moment again.",
            ) from error
