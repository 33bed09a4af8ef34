"""The sandbox's Eloqua with the client under test beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
from tests.eloqua.scripted import Waits

from scc.eloqua import BasicAuth, BulkObject, EloquaClient, Sync, custom_object
from scc.sandbox.app import Sandbox
from scc.sandbox.eloqua.store import EloquaStore
from scc.transport import Transport

__all__ = ["Instance"]

EMAIL = "{{Contact.Field(C_EmailAddress)}}"
FIRST = "{{Contact.Field(C_FirstName)}}"


class Instance:
    """`client` waits without time passing; `control` reaches the sandbox's own interface."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.store = sandbox.state.store(EloquaStore)
        self.waits = Waits()
        self.client = self.connect()
        self._control = Transport("control")

    def connect(self, **options: Any) -> EloquaClient:
        known = self.sandbox.credentials.eloqua
        options.setdefault("retry", self.waits.policy())
        options.setdefault("auth", BasicAuth(known.company, known.user, known.password))
        return EloquaClient(login_url=self.sandbox.url, **options)

    def control(self, method: str, path: str, body: object = None) -> Any:
        return self._control.request(method, f"{self.sandbox.url}/_sandbox{path}", json=body).json()

    def fault(self, **rule: Any) -> None:
        self.control("POST", "/faults", [{"system": "eloqua", **rule}])

    def requests(self, method: str, path: str) -> list[Any]:
        """Give the requests seen with this method and this path's end."""
        seen = self.control("GET", "/requests?system=eloqua")["requests"]
        return [one for one in seen if one["method"] == method and one["path"].endswith(path)]

    def contacts(self, *emails: str, **columns: Sequence[object]) -> None:
        self.store.load_contacts(pa.table({"C_EmailAddress": list(emails), **columns}))

    def members(self, **columns: str) -> tuple[BulkObject, dict[str, str]]:
        """Make a custom object with these fields (name -> data type); give it and its statements."""
        number = self.store.create_custom_object(
            "Members", [(name, name, kind) for name, kind in columns.items()]
        )
        obj = custom_object(number)
        return obj, {field.internal_name: field.statement for field in self.client.bulk.fields(obj)}

    def read(self, obj: BulkObject, fields: Mapping[str, str], **options: Any) -> pa.Table:
        how = {"format": options.pop("format", None)} if "format" in options else {}
        with self.client.bulk.export(obj, fields, **options) as export:
            batches = list(export.batches(**how))
        return pa.Table.from_batches(batches, schema=pa.schema([(name, pa.string()) for name in fields]))

    def write(
        self, obj: BulkObject, fields: Mapping[str, str], rows: pa.Table, identifier: str, **options: Any
    ) -> Sync:
        bulk = self.client.bulk
        how = {"format": options.pop("format")} if "format" in options else {}
        definition = bulk.create_import(obj, fields, identifier=identifier, **options)
        assert bulk.upload(definition, rows.to_batches(), **how) == rows.num_rows
        return bulk.wait(bulk.start_sync(definition.uri))
