"""Where OAuth tokens are kept between processes: whoever spends a refresh token must leave the next one.

A refresh token of Eloqua's works once. The store is written before the new access token is used, and
read again under its lock before any token is spent, so that processes sharing it spend each once.
"""

from __future__ import annotations

import json
import os
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from scc.errors import ConfigError, CorruptError

__all__ = ["FileTokenStore", "MemoryTokenStore", "TokenStore", "Tokens"]


@dataclass(frozen=True)
class Tokens:
    """`expires_at` is in seconds since 1970; the access token is None where none was asked for yet."""

    refresh_token: str | None = field(repr=False)
    access_token: str | None = field(default=None, repr=False)
    expires_at: float = 0.0


class TokenStore(Protocol):
    """What keeps tokens; `FileTokenStore` is one."""

    def lock(self) -> AbstractContextManager[None]:
        """Keep all others, threads and processes, from reading to spend until it is left."""

    def load(self) -> Tokens | None:
        """Give what was saved last; None where nothing was."""

    def save(self, tokens: Tokens) -> None:
        """Keep the tokens so that they outlive a crash right after; all or nothing."""


class MemoryTokenStore:
    """Keeps tokens for this process alone: for grants that need no rotation."""

    def __init__(self, tokens: Tokens | None = None) -> None:
        self._tokens = tokens
        self._lock = threading.RLock()

    @contextmanager
    def lock(self) -> Iterator[None]:
        with self._lock:
            yield

    def load(self) -> Tokens | None:
        return self._tokens

    def save(self, tokens: Tokens) -> None:
        self._tokens = tokens


class FileTokenStore:
    """Keeps tokens in a file that its owner alone may read, beside a lock file; replaced at once.

    The folder must be writable, and on a disk whose locks work between the processes that share it.
    """

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path)
        self._lock = threading.RLock()

    @contextmanager
    def lock(self) -> Iterator[None]:
        import fcntl  # not on Windows, where the rest of the library works

        with self._lock, self._open_lock() as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def load(self) -> Tokens | None:
        try:
            content = json.loads(self._path.read_bytes())
        except FileNotFoundError:
            return None
        except (ValueError, RecursionError):
            content = None
        if not _is_sound(content):
            raise CorruptError(
                f"{self._path} holds no tokens of Eloqua's",
                hint='Put {"refresh_token": "..."} there from a new authorization.',
            )
        return Tokens(content["refresh_token"], content.get("access_token"), content.get("expires_at", 0.0))

    def save(self, tokens: Tokens) -> None:
        content = {
            "refresh_token": tokens.refresh_token,
            "access_token": tokens.access_token,
            "expires_at": tokens.expires_at,
        }
        try:
            self._replace(json.dumps(content).encode())
        except OSError as exc:
            raise ConfigError(
                f"the tokens of Eloqua can't be kept in {self._path} ({exc.strerror})",
                hint="The folder must exist, be writable and have room; a token that is lost means a new authorization.",
            ) from exc

    def _replace(self, content: bytes) -> None:
        # mkstemp makes the file for its owner alone
        handle, name = tempfile.mkstemp(prefix=f".{self._path.name}.", dir=self._path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(self._path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _open_lock(self) -> Any:
        lock = self._path.with_name(f"{self._path.name}.lock")
        try:
            return os.fdopen(os.open(lock, os.O_RDWR | os.O_CREAT, 0o600), "w")
        except OSError as exc:
            raise ConfigError(
                f"{lock} can't be opened ({exc.strerror})", hint="The folder must exist and be writable."
            ) from exc


def _is_sound(content: object) -> bool:
    if not isinstance(content, Mapping):
        return False
    access, expires = content.get("access_token"), content.get("expires_at", 0.0)
    return (
        isinstance(content.get("refresh_token"), str)
        and (access is None or isinstance(access, str))
        and isinstance(expires, int | float)
    )
