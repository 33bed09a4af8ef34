"""Each kind of bad input, and the very text that a person gets for it. What needs no system is here."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator

import pytest

PIPELINE = "enrich-campaign-members"
CONFIG = """\
[eloqua]
login_url = "{url}"
company = "Acme"
user = "api.user"
password = "hush"

[salesforce]
login_url = "{url}"
client_id = "id"
client_secret = "hush"

[flow]
retry_budget_s = 0.0
"""


@pytest.fixture
def dead_end() -> Iterator[str]:
    """An address at which nobody listens, and nobody can begin to."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"


def test_a_faulty_configuration(scc, folder):
    (folder / "scc.toml").write_text('[eloqua]\npasswd = "x"\n\n[engine]\nthreads = "2"\n')

    assert scc("run", PIPELINE) == (
        2,
        "",
        (
            "Error: the configuration has 2 faults:\n"
            "  scc.toml, line 2: there is no key eloqua.passwd\n"
            "      Did you mean password?\n"
            '  scc.toml, line 5: engine.threads is "2"; expected a whole number\n'
            "      For example: threads = 4\n"
        ),
    )
    assert not (folder / "scc-data").exists()


def test_a_faulty_key_of_a_pipeline(scc, folder):
    (folder / "scc.toml").write_text(f'[pipelines.{PIPELINE}]\n\nmax_chnges = 5\nwhen_blank = "drop"\n')

    assert scc("plan", PIPELINE) == (
        2,
        "",
        (
            "Error: the configuration has 2 faults:\n"
            f'  scc.toml, line 4: pipelines.{PIPELINE}.when_blank is "drop"; expected one of "clear", "keep"\n'
            '      For example: when_blank = "clear"\n'
            f"  scc.toml, line 3: there is no key pipelines.{PIPELINE}.max_chnges\n"
            "      Did you mean max_changes?\n"
        ),
    )


def test_a_table_for_a_pipeline_that_is_not_there(scc, folder):
    (folder / "scc.toml").write_text("\n[pipelines.enrich-campaing-members]\n")

    assert scc("runs") == (
        2,
        "",
        (
            "Error: scc.toml, line 2: there is no pipeline 'enrich-campaing-members'\n"
            f"Hint: Did you mean {PIPELINE}?\n"
        ),
    )


def test_missing_credentials(scc, folder):
    (folder / "scc.toml").write_text('[eloqua]\ncompany = "Acme"\nuser = "api.user"\n')

    said = scc("run", PIPELINE, "--at", "2026-11-22T10:15Z")

    assert said.code == 2
    assert said.err.endswith(
        "Error: scc.toml lacks what Eloqua's login needs: eloqua.password\n"
        "Hint: Write below [eloqua], for example:\n"
        '  password = "..."\n'
        "or set SCC_ELOQUA__PASSWORD, or mount them as secret files.\n"
    )


def test_an_unreachable_host(scc, folder, dead_end):
    (folder / "scc.toml").write_text(CONFIG.format(url=dead_end))

    said = scc("run", PIPELINE, "--at", "2026-11-22T10:15Z")

    assert said.code == 75
    assert said.out == (
        f"Run    {PIPELINE}@2026-11-22T10:15Z\n"
        "State  failed\n"
        "\n"
        f"Go on with this run: scc run {PIPELINE} --at 2026-11-22T10:15Z\n"
    )
    assert said.err.endswith(
        f"Error: eloqua: GET /id got no whole answer: no connection to {dead_end[7:]} (Connection refused)\n"
        "Hint: Check the network, the proxy and the base URL, or try again later.\n"
    )


def test_an_unknown_pipeline(scc, folder):
    assert scc("run", "enrich-members") == (
        2,
        "",
        f"Error: there is no pipeline 'enrich-members'\nHint: Did you mean {PIPELINE}?\n",
    )


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (
            "yesterday",
            "Error: 'yesterday' is not a moment\nHint: Write it in ISO 8601, for example 2026-11-22T10:15Z.\n",
        ),
        (
            "2026-11-22T10:15",
            (
                "Error: the moment '2026-11-22T10:15' names no time zone\n"
                "Hint: Add Z for UTC or an offset, for example 2026-11-22T10:15Z.\n"
            ),
        ),
    ],
)
def test_a_malformed_moment(scc, folder, moment, expected):
    assert scc("run", PIPELINE, "--at", moment) == (2, "", expected)
    assert not (folder / "scc-data").exists()


def test_an_error_is_a_line_of_the_log_where_a_machine_reads_it(scc, folder, dead_end):
    (folder / "scc.toml").write_text(CONFIG.format(url=dead_end))

    said = scc("run", PIPELINE, "--at", "2026-11-22T10:15Z", "--log-format", "json")

    last = json.loads(said.err.splitlines()[-1])
    del last["time"]
    assert last == {
        "level": "error",
        "logger": "scc",
        "message": f"eloqua: GET /id got no whole answer: no connection to {dead_end[7:]} (Connection refused)",
        "run": f"{PIPELINE}@2026-11-22T10:15Z",
        "task": None,
        "system": None,
        "hint": "Check the network, the proxy and the base URL, or try again later.",
        "exit_code": 75,
    }


def test_an_early_error_is_a_line_of_the_log_too(scc):
    said = scc("runs", "--config", "none.toml", "--log-format", "json")

    assert json.loads(said.err)["message"] == "there is no configuration file none.toml (named by --config)"


def test_doctor_runs_all_checks_and_says_what_to_do(scc, folder, dead_end):
    (folder / "scc.toml").write_text(CONFIG.format(url=dead_end))

    said = scc("doctor", "-q")

    lines = said.out.splitlines()
    refused = f"got no whole answer: no connection to {dead_end[7:]} (Connection refused)"
    advice = "    Check the network, the proxy and the base URL, or try again later."
    assert said.code == 75
    assert lines[0] == "✓ configuration: scc.toml"
    assert lines[1].startswith(f"✓ store: {folder}/scc-data, ")
    assert lines[2:] == [
        f"✓ ledger: SQLite, {folder}/scc-data/ledger.sqlite: nothing in it yet",
        f"✗ eloqua: eloqua: GET /id {refused}",
        advice,
        "- eloqua rights: there is no connection",
        f"✗ salesforce: salesforce: POST /services/oauth2/token {refused}",
        advice,
        "- salesforce rights: there is no connection",
        "",
        "2 of 7 checks failed.",
    ]


def test_doctor_tells_of_a_faulty_configuration_and_stops_asking(scc, folder):
    (folder / "scc.toml").write_text("[engine]\nthreads = 0\n")

    said = scc("doctor", "--json")

    told = json.loads(said.out)
    assert said.code == 2
    assert told["ok"] is False
    assert [check["state"] for check in told["checks"]] == ["failed", *["skipped"] * 6]
    assert told["checks"][0]["detail"] == (
        "scc.toml, line 2: engine.threads is 0; it should be greater than or equal to 1"
    )


def test_doctor_tells_of_a_pipeline_that_is_in_use_and_lacks_a_key(scc, folder):
    (folder / "scc.toml").write_text("[pipelines.purge-contacts]\nmax_changes = 10\n")

    checks = json.loads(scc("doctor", "--json").out)["checks"]

    assert checks[0]["detail"].startswith("pipelines.purge-contacts.target_contacts is not set")


def test_doctor_tells_of_a_store_that_can_not_be_written(scc, folder):
    (folder / "taken").write_text("")
    (folder / "scc.toml").write_text('[store]\npath = "taken"\n')

    said = scc("doctor", "--json")

    (store,) = (check for check in json.loads(said.out)["checks"] if check["name"] == "store")
    assert said.code == 2
    assert store["detail"] == f"{folder}/taken can't be written: File exists"
    assert store["hint"] == "Mend its rights, or name another folder in store.path."
