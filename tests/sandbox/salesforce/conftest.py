"""A sandbox for the session, emptied before each test, and a bare HTTP client that is logged in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pytest
import urllib3

from scc.sandbox.app import Sandbox
from scc.sandbox.salesforce.store import SalesforceStore

ROOT = "/services/data/v62.0"


class Api:
    """Raw HTTP: paths are relative to the API's root unless they begin with a slash."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.url = sandbox.url
        self.sandbox = sandbox
        self.pool = urllib3.PoolManager(retries=False)
        self.headers: dict[str, str] = {}

    def log_in(self) -> str:
        client = {"client_id": "sandbox-client", "client_secret": "sandbox-secret"}
        answer = self.form("/services/oauth2/token", grant_type="client_credentials", **client)
        self.headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
        return str(answer.json()["access_token"])

    def form(self, path: str, **fields: str) -> urllib3.BaseHTTPResponse:
        return self.pool.request("POST", self.url + path, fields=fields, encode_multipart=False)

    def call(self, method: str, path: str, body: object = None, **headers: str) -> urllib3.BaseHTTPResponse:
        full = path if path.startswith("/") else f"{ROOT}/{path}"
        sent = {**self.headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            sent.setdefault("Content-Type", "application/json")
        return self.pool.request(method, self.url + full, body=body, headers=sent)

    def get(self, path: str, **headers: str) -> urllib3.BaseHTTPResponse:
        return self.call("GET", path, **headers)

    def post(self, path: str, body: object = None, **headers: str) -> urllib3.BaseHTTPResponse:
        return self.call("POST", path, body, **headers)

    def patch(self, path: str, body: object = None, **headers: str) -> urllib3.BaseHTTPResponse:
        return self.call("PATCH", path, body, **headers)

    def delete(self, path: str) -> urllib3.BaseHTTPResponse:
        return self.call("DELETE", path)

    def query(self, soql: str, which: str = "query") -> urllib3.BaseHTTPResponse:
        return self.pool.request("GET", f"{self.url}{ROOT}/{which}", fields={"q": soql}, headers=self.headers)

    def rows(self, soql: str, which: str = "query") -> list[dict[str, Any]]:
        """Return the records of a query without their attributes."""
        answer = self.query(soql, which)
        assert answer.status == 200, answer.data
        return [_bare(record) for record in answer.json()["records"]]

    def control(self, path: str, body: object) -> None:
        answer = self.pool.request("POST", f"{self.url}/_sandbox{path}", json=body)
        assert answer.status == 200, answer.data


def _bare(value):
    if isinstance(value, dict):
        return {key: _bare(each) for key, each in value.items() if key != "attributes"}
    return [_bare(each) for each in value] if isinstance(value, list) else value


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


@pytest.fixture
def store(sandbox: Sandbox) -> SalesforceStore:
    sandbox.state.reset()
    return sandbox.state.store(SalesforceStore)


@pytest.fixture
def api(sandbox: Sandbox, store: SalesforceStore) -> Iterator[Api]:
    client = Api(sandbox)
    client.log_in()
    yield client
    client.pool.clear()


@pytest.fixture
def load(store: SalesforceStore):
    """Load records given as dicts; returns their ids."""

    def load_records(sobject: str, *records: dict[str, Any]) -> list[str]:
        names = list(dict.fromkeys(name for record in records for name in record))
        table = pa.table({name: pa.array([record.get(name) for record in records]) for name in names})
        ids: list[str] = store.load(sobject, table).to_pylist()
        return ids

    return load_records
