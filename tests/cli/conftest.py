"""The command line as a person meets it: arguments in; exit code, output and log out."""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, Protocol

import pytest

from scc.cli.main import main


class Said(NamedTuple):
    code: int
    out: str
    err: str


class Scc(Protocol):
    def __call__(self, *arguments: str) -> Said: ...


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder, and no SCC in the environment."""
    for name in [name for name in os.environ if name.startswith("SCC_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def scc(folder: Path, capfd: pytest.CaptureFixture[str]) -> Iterator[Scc]:
    """Run a command in this process; what it does to logging and signals is undone afterwards."""
    root, own = logging.getLogger(), logging.getLogger("scc")
    before = root.handlers[:], root.level, own.level, signal.getsignal(signal.SIGTERM)

    def run(*arguments: str) -> Said:
        capfd.readouterr()
        code = main(list(arguments))
        return Said(code, *capfd.readouterr())

    yield run
    root.handlers[:], root.level, own.level = before[:3]
    logging.captureWarnings(capture=False)
    signal.signal(signal.SIGTERM, before[3])
