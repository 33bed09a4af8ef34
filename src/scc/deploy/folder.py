"""Put rendered files into a folder: all of them or none, and never over a file of somebody else's."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from scc.deploy.render import HEADER
from scc.errors import ConfigError

__all__ = ["write"]


def write(files: Mapping[str, str], folder: Path) -> list[Path]:
    """Write the files; what was rendered there before and is no more is taken away. Returns the files taken away.

    Raises ConfigError, and writes nothing, where a file lies in the way that was not rendered.
    """
    known = {folder / name for name in files}
    _refuse_others(known)
    stale = [path for path in sorted(folder.rglob("*.yaml")) if path not in known and _is_ours(path)]
    try:
        for name, text in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        for path in stale:
            path.unlink()
    except OSError as error:
        raise ConfigError(f"{error.filename} can't be written: {error.strerror}") from error
    return stale


def _refuse_others(known: set[Path]) -> None:
    for path in sorted(known):
        if path.suffix == ".yaml" and path.exists() and not _is_ours(path):
            raise ConfigError(
                f"{path} is there already, and was not rendered",
                hint="Name another folder with --output; keep changes of your own in an overlay beside it.",
            )


def _is_ours(path: Path) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8", errors="replace").startswith(HEADER)
