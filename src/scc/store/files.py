"""Atomic small files: written beside their place, made durable, then renamed; and what a file holds, as a digest."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from scc.errors import CorruptError

__all__ = ["file_digest", "publish", "read_json", "write_json"]


@contextmanager
def publish(path: Path) -> Iterator[Path]:
    """Give a path to write to; when the block ends well, it becomes `path`, else it is removed.

    The file is group-writable: on a shared volume the next pod may run as another user.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        yield temporary
        temporary.chmod(0o664)
        _sync(temporary)
        temporary.replace(path)
    except BaseException:
        with suppress(FileNotFoundError):
            temporary.unlink()
        raise
    _sync(path.parent)


def write_json(path: Path, data: Mapping[str, object]) -> None:
    """Write JSON atomically; the keys keep their order, so that equal data gives equal bytes."""
    with publish(path) as temporary:
        temporary.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def read_json(path: Path) -> dict[str, object] | None:
    """The object in the file, None where there is no file; CorruptError where it can't be read."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (ValueError, OSError) as error:
        raise CorruptError(f"{path} can't be read: {type(error).__name__}", hint=_MEND) from error
    if not isinstance(data, dict):
        raise CorruptError(f"{path} does not hold a JSON object", hint=_MEND)
    return data


def file_digest(path: Path) -> str:
    """SHA-256 of the file's bytes, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


_MEND = "Restore the file from a backup, or remove the run's folder and run that moment again."


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
