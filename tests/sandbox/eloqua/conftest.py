"""A sandbox for the session, emptied before each test, and a bare HTTP client that knows the way."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa
import pytest
import urllib3

from scc.sandbox.app import Sandbox
from scc.sandbox.eloqua.store import EloquaStore

BULK = "/API/Bulk/2.0"
BASIC = {"Authorization": urllib3.make_headers(basic_auth="Acme\\api.user:sandbox")["authorization"]}
CONTACT_FIELDS = {
    "email": "{{Contact.Field(C_EmailAddress)}}",
    "first": "{{Contact.Field(C_FirstName)}}",
    "last": "{{Contact.Field(C_LastName)}}",
}


class Api:
    """Raw HTTP: paths are relative to the Bulk base unless they begin with /API, /id, /auth or /_sandbox."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.url = sandbox.url
        self.sandbox = sandbox
        self.store = sandbox.state.store(EloquaStore)
        self.pool = urllib3.PoolManager(retries=False, maxsize=4)
        self.headers = dict(BASIC)

    def call(self, method: str, path: str, body: object = None, **headers: str) -> urllib3.BaseHTTPResponse:
        absolute = path.lower().startswith(("/api", "/id", "/auth", "/_sandbox"))
        sent = {**self.headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            sent.setdefault("Content-Type", "application/json")
        url = self.url + (path if absolute else BULK + path)
        return self.pool.request(method, url, body=body, headers=sent, redirect=False)

    def get(self, path: str, **headers: str) -> urllib3.BaseHTTPResponse:
        return self.call("GET", path, **headers)

    def post(self, path: str, body: object = None, **headers: str) -> urllib3.BaseHTTPResponse:
        return self.call("POST", path, body, **headers)

    def put(self, path: str, body: object = None) -> urllib3.BaseHTTPResponse:
        return self.call("PUT", path, body)

    def delete(self, path: str) -> urllib3.BaseHTTPResponse:
        return self.call("DELETE", path)

    def rest(self, path: str) -> Any:
        answer = self.get(f"/API/REST/{path}")
        assert answer.status == 200, answer.data
        return answer.json()

    def control(self, path: str, body: object) -> Any:
        answer = self.post(f"/_sandbox{path}", body)
        assert answer.status == 200, answer.data
        return answer.json()

    def options(self, **options: object) -> None:
        self.control("/options", {"eloqua": options})

    def define(self, path: str, **body: object) -> dict[str, Any]:
        """Make a definition and return it."""
        answer = self.post(path, {"name": "test", **body})
        assert answer.status == 201, answer.data
        return dict(answer.json())

    def sync(self, uri: str) -> dict[str, Any]:
        """Start a sync and return it as the first look finds it."""
        answer = self.post("/syncs", {"syncedInstanceUri": uri})
        assert answer.status == 201, answer.data
        return dict(self.get(answer.json()["uri"]).json())

    def export(self, path: str, fields: Mapping[str, str], **more: object) -> list[dict[str, str]]:
        """Export and return the rows."""
        definition = self.define(
            f"{path}/exports", fields=fields, **{"areSystemTimestampsInUTC": True, **more}
        )
        sync = self.sync(definition["uri"])
        assert sync["status"] == "success", self.logs(sync)
        return list(self.get(f"{sync['uri']}/data?limit=50000").json().get("items", []))

    def import_definition(self, path: str, fields: Mapping[str, str], identifier: str, **more: object) -> str:
        body = {"fields": fields, "identifierFieldName": identifier, "isSyncTriggeredOnImport": False, **more}
        return str(self.define(f"{path}/imports", **body)["uri"])

    def run_import(self, uri: str, rows: list[dict[str, object]] | bytes, **headers: str) -> dict[str, Any]:
        """Upload one file and sync it."""
        answer = self.post(f"{uri}/data", rows, **headers)
        assert answer.status == 204, answer.data
        return self.sync(uri)

    def logs(self, sync: Mapping[str, Any]) -> dict[str, int]:
        """Return a sync's counts by status code."""
        return {line["statusCode"]: line["count"] for line in self.get(f"{sync['uri']}/logs").json()["items"]}

    def rejects(self, sync: Mapping[str, Any]) -> list[dict[str, Any]]:
        return list(self.get(f"{sync['uri']}/rejects").json()["items"])

    def contacts(self, *emails: str, **columns: list[object]) -> None:
        self.store.load_contacts(pa.table({"C_EmailAddress": list(emails), **columns}))


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


@pytest.fixture
def api(sandbox: Sandbox) -> Api:
    sandbox.state.reset(seed=1, system="eloqua")
    return Api(sandbox)


@pytest.fixture
def members(api: Api) -> int:
    """A custom object with text, number, date and boolean fields; its records know their contact by e-mail."""
    return api.store.create_custom_object(
        "Campaign Members",
        [
            ("Email Address", "Email_Address", "string"),
            ("Campaign", "CRM_Campaign_Id", "string"),
            ("Score", "Score", "number"),
            ("Responded At", "Responded_At", "date"),
            ("Opted In", "Opted_In", "boolean"),
        ],
        email_field="Email_Address",
    )


@pytest.fixture
def member_fields(api: Api, members: int) -> dict[str, str]:
    items = api.get(f"/customObjects/{members}/fields").json()["items"]
    return {item["internalName"]: item["statement"] for item in items}
