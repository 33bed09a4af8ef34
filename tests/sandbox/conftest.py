"""A sandbox of a test's own, and its control interface by bare HTTP."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest
import urllib3

from scc.sandbox.app import Sandbox


class Control:
    """Paths are relative to /_sandbox, or to the server where they begin with //."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.pool = urllib3.PoolManager(retries=False, maxsize=4)

    def call(
        self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None
    ) -> urllib3.BaseHTTPResponse:
        full = path[1:] if path.startswith("//") else f"/_sandbox{path}"
        return self.pool.request(method, self.sandbox.url + full, json=body, headers=headers)

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> urllib3.BaseHTTPResponse:
        return self.call("GET", path, headers=headers)

    def post(self, path: str, body: object = None) -> urllib3.BaseHTTPResponse:
        return self.call("POST", path, body)


@pytest.fixture(scope="session")
def running() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def control(running: Sandbox) -> Control:
    running.state.reset(seed=1)
    return Control(running)
