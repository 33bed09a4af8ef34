"""Files that need not outlive the sandbox: uploads on their way into the database."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from itertools import count
from pathlib import Path


class Scratch:
    """A folder of files with names of their own, removed with the process at the latest."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._numbers = count()

    def new(self) -> Path:
        """Return the path of a file that does not exist yet."""
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="scc-sandbox-"))
            weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        return self._folder / f"{next(self._numbers)}"

    def clear(self) -> None:
        if self._folder is not None:
            for path in self._folder.iterdir():
                path.unlink(missing_ok=True)
