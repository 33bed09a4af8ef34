"""A PostgreSQL of the tests' own: a private cluster on a free loopback port, from Debian's programs.

    with Postgres() as server:
        url = server.create_database()      # postgresql://scc:PASSWORD@127.0.0.1:PORT/scc_1

Tests that use it are marked `e2e`; `.ci/packages e2e` installs what it needs.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

__all__ = ["Postgres", "postgres", "postgres_server"]

USER = "scc"
_FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=60")


class Postgres:
    """One cluster. It runs as the user `postgres` where we are root, since PostgreSQL refuses root."""

    def __init__(self) -> None:
        self.password = secrets.token_urlsafe(12)
        self.port = _free_port()
        # Not below tmp_path: pytest's folders are closed to other users.
        self.folder = Path(tempfile.mkdtemp(prefix="scc-postgres-"))
        self._data = self.folder / "data"
        self._user = "postgres" if os.geteuid() == 0 else None
        self._made = 0

    def __enter__(self) -> Self:
        try:
            self._init()
            self.start()
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop("immediate")
        self._remove()

    def url(self, database: str = "postgres", *, password: str | None = None) -> str:
        return f"postgresql://{USER}:{password or self.password}@127.0.0.1:{self.port}/{database}"

    def create_database(self, name: str | None = None) -> str:
        """Make an empty database and give its address."""
        import psycopg  # only the tests that ask for a database pay for it

        self._made += 1
        name = name or f"scc_{self._made}"
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"'.encode())
        return self.url(name)

    def start(self) -> None:
        """Start it and wait until it answers; it keeps its port."""
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.folder}"
        options += "".join(f" -c {setting}" for setting in _FAST)
        self._run("pg_ctl", "start", "--wait", "--silent", "-l", str(self.folder / "log"), "-o", options)

    def stop(self, mode: str = "fast") -> None:
        """Stop it if it runs; `immediate` is what a crash leaves behind."""
        if (self._data / "postmaster.pid").exists():
            self.thaw()
            self._run("pg_ctl", "stop", "--wait", "--silent", "-m", mode)

    def restart(self) -> None:
        """Every connection is lost."""
        self.stop()
        self.start()

    def freeze(self) -> None:
        """Leave its port open and answer nothing, as a machine does that is out of memory."""
        os.kill(self._pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self._pid, signal.SIGCONT)

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text(encoding="utf-8")

    @property
    def _pid(self) -> int:
        return int((self._data / "postmaster.pid").read_text(encoding="ascii").split()[0])

    def _init(self) -> None:
        password = self.folder / "password"
        password.write_text(self.password, encoding="ascii")
        if self._user:
            shutil.chown(self.folder, self._user)
            shutil.chown(password, self._user)
        how = ("--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync")
        self._run("initdb", f"--username={USER}", f"--pwfile={password}", *how)

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [_program(program), *arguments, "-D", str(self._data)],
            user=self._user,
            group=self._user,
            extra_groups=[] if self._user else None,
            cwd=self.folder,
            # The server inherits these: an open pipe would make whoever reads it wait for its end.
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )
        assert done.returncode == 0, f"{program} ended with {done.returncode}\n{self._told()}"

    def _told(self) -> str:
        log = self.folder / "log"
        return log.read_text(encoding="utf-8") if log.exists() else ""

    def _remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


def _program(name: str) -> str:
    """Debian keeps the server's programs off the PATH, a folder a version."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[4]))
    path = str(found[-1]) if found else shutil.which(name)
    assert path, f"there is no {name}: run `.ci/packages e2e`"
    return path


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    """One server for all tests of a process; whoever stops it starts it again."""
    with Postgres() as server:
        yield server


@pytest.fixture
def postgres(postgres_server: Postgres) -> str:
    """The address of an empty database."""
    return postgres_server.create_database()
