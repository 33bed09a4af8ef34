"""A sandbox with demonstration data, and SCC pointed at it: over HTTP, with real files, in real processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache, cached_property
from pathlib import Path
from unittest import mock

import pyarrow as pa
import pytest
import urllib3

from scc.core.runs import RunId
from scc.eloqua import BasicAuth, EloquaClient, contacts, custom_object, exists
from scc.engines.duckdb import DuckDBEngine
from scc.flow.run import Runner, RunResult, Until
from scc.flow.systems import Systems
from scc.pipelines import registry
from scc.sandbox import demo
from scc.sandbox.app import Sandbox
from scc.sandbox.demo.generator import Piece, Size, pieces
from scc.settings import load
from scc.store.runs import Store

CONFIG = """\
[eloqua]
login_url = "{url}"
company = "{eloqua.company}"
user = "{eloqua.user}"
password = "{eloqua.password}"

[salesforce]
login_url = "{url}"
client_id = "{salesforce.client_id}"
client_secret = "{salesforce.client_secret}"

[flow]
batch_rows = 40
retry_budget_s = 20.0
"""


@dataclass
class World:
    """The sandbox and a folder with a configuration that points at it."""

    sandbox: Sandbox
    folder: Path

    def __post_init__(self) -> None:
        self.http = urllib3.PoolManager()

    def control(self, method: str, path: str, body: object = None) -> dict[str, object]:
        """Call the sandbox's own interface."""
        answer = self.http.request(method, f"{self.sandbox.url}/_sandbox/{path}", json=body)
        assert answer.status == 200, answer.data
        data: dict[str, object] = answer.json()
        return data

    def dump(self) -> list[str]:
        """Every live record of both systems, without what changes by itself."""
        answer = self.http.request("GET", f"{self.sandbox.url}/_sandbox/dump")
        return sorted(answer.data.decode().splitlines())

    def dump_by_address(self) -> list[str]:
        """The dump with contacts named by their address: one that was made again has another id."""
        every = [json.loads(line) for line in self.dump()]
        rows = [row for row in every if row["system"] == "eloqua"]
        address = {row["id"]: row["C_EmailAddress"] for row in rows if row["entity"] == "contacts"}
        for row in rows:
            if row["entity"] == "contacts":
                row["id"] = row["externalId"] = row["C_EmailAddress"]
            elif row["entity"] == "listMembers" and row["kind"] == "contacts":
                row["member"] = address[row["member"]]
            elif row["entity"] != "activities" and row.get("contactId"):
                row["contactId"] = address[row["contactId"]]
        return sorted(json.dumps(row, sort_keys=True) for row in every)

    def records(self) -> dict[str, dict[str, str]]:
        """The campaign member records by id, as an export gives them."""
        return {row["Id"]: row for row in self._export()}

    def _export(self) -> list[dict[str, str]]:
        with self.eloqua.bulk.export(custom_object(self.cdo), self._statements) as export:
            return [row for batch in export.batches() for row in batch.to_pylist()]

    def contacts(self, *fields: str) -> list[dict[str, str]]:
        """Id and these fields of all contacts, as an export gives them."""
        wanted = {"Id": contacts().statement("Id"), **{name: contacts().field(name) for name in fields}}
        with self.eloqua.bulk.export(contacts(), wanted) as export:
            return [row for batch in export.batches() for row in batch.to_pylist()]

    def members(self, contact_list: str) -> list[str]:
        member = exists(f"{{{{ContactList[{contact_list}]}}}}")
        with self.eloqua.bulk.export(contacts(), {"Id": contacts().statement("Id")}, filter=member) as export:
            return [row["Id"] for batch in export.batches() for row in batch.to_pylist()]

    @cached_property
    def eloqua(self) -> EloquaClient:
        eloqua = self.sandbox.credentials.eloqua
        return EloquaClient(
            auth=BasicAuth(eloqua.company, eloqua.user, eloqua.password), login_url=self.sandbox.url
        )

    @property
    def cdo(self) -> int:
        (found,) = (one.id for one in self.eloqua.bulk.custom_objects() if one.name == demo.CUSTOM_OBJECT)
        return int(found)

    @property
    def _statements(self) -> dict[str, str]:
        fields = self.eloqua.bulk.fields(custom_object(self.cdo))
        named = {
            one.internal_name: one.statement
            for one in fields
            if one.internal_name in demo.CUSTOM_OBJECT_FIELDS
        }
        return {"Id": f"{{{{CustomObject[{self.cdo}].Id}}}}", **named}

    def edit(self, key: str, **values: str) -> None:
        """Change a record the way somebody else would."""
        bulk, statements = self.eloqua.bulk, self._statements
        fields = {name: statements[name] for name in ("Id", *values)}
        definition = bulk.create_import(custom_object(self.cdo), fields, identifier="Id")
        bulk.upload(definition, [pa.RecordBatch.from_pylist([{"Id": key, **values}])])
        assert bulk.wait(bulk.start_sync(definition.uri)).status == "success"

    @staticmethod
    def stored(name: str, value: str) -> str:
        """How an export writes a value that a plan has written."""
        is_date = demo.CUSTOM_OBJECT_FIELDS[name] == "date"
        return f"{value}.000" if is_date and value else value

    @property
    def store(self) -> Store:
        return Store(self.folder / "scc-data")

    def run(
        self, name: str, at: datetime, *, until: Until = "receipt", full: bool = False, **config: object
    ) -> RunResult:
        """Run a pipeline in this process."""
        settings = load(self.folder / "scc.toml", {})
        runner = Runner(
            store=self.store,
            systems=Systems(settings),
            engine=DuckDBEngine(),
            batch_rows=settings.flow.batch_rows,
        )
        return runner.run(registry.build(name, {name: config}), at, until=until, full=full)

    def requests(self, **query: str) -> list[dict[str, object]]:
        found = self.http.request("GET", f"{self.sandbox.url}/_sandbox/requests", fields=query).json()[
            "requests"
        ]
        rows: list[dict[str, object]] = found
        return rows

    def configure(self, more: str = "") -> None:
        credentials = self.sandbox.credentials
        text = CONFIG.format(
            url=self.sandbox.url, eloqua=credentials.eloqua, salesforce=credentials.salesforce
        )
        (self.folder / "scc.toml").write_text(text + more)

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "scc", *arguments]

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("SCC_")}
        return {**kept, "SCC_CONFIG": str(self.folder / "scc.toml"), "NO_COLOR": "1", "COLUMNS": "100"}

    def scc(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the command to its end."""
        return subprocess.run(
            self.command(*arguments),
            env=self.environment,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def approve(self, run: str, by: str = "Ann") -> subprocess.CompletedProcess[str]:
        """Let the plan pass that the run has."""
        digest = self.store.plan(RunId.parse(run)).manifest.digest
        return self.scc("approve", run, "--digest", digest[:12], "--by", by)

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start the command and leave it running."""
        return subprocess.Popen(
            self.command(*arguments),
            env=self.environment,
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def as_json(self, *arguments: str) -> dict[str, object]:
        done = self.scc(*arguments, "--json")
        data: dict[str, object] = json.loads(done.stdout)
        return data


@pytest.fixture(scope="module")
def server() -> Iterator[Sandbox]:
    with Sandbox(database=":memory:", seed=1) as sandbox:
        yield sandbox


@pytest.fixture
def world(server: Sandbox, tmp_path: Path) -> World:
    """A fresh world of 100 contacts and 120 campaign member records."""
    world = World(server, tmp_path)
    refill(world)
    world.configure()
    return world


@cache
def _pieces(size: Size, seed: int, as_of: datetime) -> list[Piece]:
    """Equal arguments give equal tables: they are made once, for hundreds of worlds."""
    return list(pieces(size, seed, as_of))


def refill(world: World) -> None:
    world.sandbox.state.reset(1)
    with mock.patch.object(demo, "pieces", _pieces):
        demo.fill(world.sandbox.state, contacts=100, campaign_members=120, seed=1)


@pytest.fixture
def wait_until() -> Callable[[Callable[[], bool]], None]:
    """Wait for something that another process does; the whole test's time limit bounds it."""
    import time

    def wait(happened: Callable[[], bool]) -> None:
        while not happened():
            time.sleep(0.01)

    return wait
