"""The manifest: the one small file whose rename makes a dataset visible.

    {"format": 1, "rows": n, "parts": [{"name", "rows", "bytes", "sha256"}], "meta": {...}}

`meta` is the writer's: a plan's summary, an export's moment on the vendor's clock. Where a person was
erased from the dataset later, `made_as` keeps the digest that it was made with.
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
    made_as: str | None = None

    @property
    def rows(self) -> int:
        return sum(part.rows for part in self.parts)

    @property
    def digest(self) -> str:
        """What the dataset held when it was made, in 64 hexadecimal digits: equal parts, equal digest.

        It names a plan in approvals and records, also after a person was erased from it.
        """
        return self.made_as or self.content

    @property
    def content(self) -> str:
        """What the dataset holds now, in 64 hexadecimal digits."""
        return hashlib.sha256("".join(part.sha256 for part in self.parts).encode()).hexdigest()

    def write(self, folder: Path) -> None:
        parts = [asdict(part) for part in self.parts]
        made_as = {"made_as": self.made_as} if self.made_as else {}
        write_json(
            folder / NAME,
            {"format": FORMAT, "rows": self.rows, **made_as, "parts": parts, "meta": self.meta},
        )

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
            parts = tuple(Part(**part) for part in data["parts"])  # type: ignore[attr-defined]  # checked by the except
            return cls(parts, data["meta"], data.get("made_as"))  # type: ignore[arg-type]  # as above
        except (KeyError, TypeError) as error:
            raise CorruptError(
                f"{folder / NAME} is not a manifest: {error}",
                hint=f"Remove {folder} and run that moment again.",
            ) from error
