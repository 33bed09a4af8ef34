"""What a person is told of a faulty configuration, word for word."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest
from pydantic import Field

from scc.errors import ConfigError
from scc.settings import Section, load, parse_section
from scc.settings.origin import find_lines


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def told(
    text: str | bytes | None = None, environ: dict[str, str] | None = None, config: Path | None = None
) -> str:
    """The error for a file and an environment, as message and hint."""
    if isinstance(text, str):
        Path("scc.toml").write_text(text, encoding="utf-8")
    elif text is not None:
        Path("scc.toml").write_bytes(text)
    with pytest.raises(ConfigError) as caught:
        load(config, environ or {})
    return f"{caught.value.message}\n{caught.value.hint or ''}".strip()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            '[eloqua]\npasswd = "x"\n',
            "scc.toml, line 2: there is no key eloqua.passwd\nDid you mean password?",
        ),
        (
            "[salesfroce]\n",
            "scc.toml, line 1: there is no key salesfroce\nDid you mean salesforce?",
        ),
        (
            "[log]\nzzz = 1\n",
            "scc.toml, line 2: there is no key log.zzz\n[log] knows format, level.",
        ),
        (
            '[engine]\n\nthreads = "2"\n',
            'scc.toml, line 3: engine.threads is "2"; expected a whole number\nFor example: threads = 4',
        ),
        (
            "[engine]\nthreads = 0\n",
            "scc.toml, line 2: engine.threads is 0; it should be greater than or equal to 1\nFor example: threads = 4",
        ),
        (
            '[engine]\nmemory_limit = "much"\n',
            (
                'scc.toml, line 2: engine.memory_limit is "much"; expected an amount of memory with its unit '
                '(KB, MB, GB, TB or KiB, MiB, GiB, TiB)\nFor example: memory_limit = "2GB"'
            ),
        ),
        (
            '[salesforce]\nversion = "v62"\n',
            (
                'scc.toml, line 2: salesforce.version is "v62"; expected a version such as "62.0"\n'
                'For example: version = "62.0"'
            ),
        ),
        (
            'eloqua.pages = "xml"\n',
            (
                'scc.toml, line 1: eloqua.pages is "xml"; expected one of "auto", "csv", "json"\n'
                'For example: pages = "auto"'
            ),
        ),
        (
            "[flow]\nbatch_rows = 1.5\n",
            "scc.toml, line 2: flow.batch_rows is 1.5; expected a whole number\nFor example: batch_rows = 50_000",
        ),
        ("engine = 3\n", "scc.toml, line 1: engine is a number; expected a table"),
        (
            "[pipelines]\nenrich = 1\n",
            "scc.toml, line 2: pipelines.enrich is a number; expected a table",
        ),
        (
            "[eloqua]\ncompany = Acme\n",
            (
                "scc.toml, line 2, column 11: not TOML: invalid value\n"
                'Texts stand in quotes, and each key stands once: company = "Acme".'
            ),
        ),
        (b'[eloqua]\ncompany = "\xff"\n', "scc.toml, line 2: not UTF-8\nSave the file as UTF-8."),
    ],
)
def test_a_fault_is_told_with_its_line_and_a_way_out(text, expected):
    assert told(text) == expected


def test_all_faults_are_told_at_once():
    text = """\
        [eloqua]
        passwd = "x"

        [engine]
        threads = "2"
    """

    assert told(dedent(text), {"SCC_FLOW__ELOQUA_BULK": "many"}) == dedent("""\
        the configuration has 3 faults:
          scc.toml, line 2: there is no key eloqua.passwd
              Did you mean password?
          scc.toml, line 5: engine.threads is "2"; expected a whole number
              For example: threads = 4
          environment variable SCC_FLOW__ELOQUA_BULK: flow.eloqua_bulk is "many"; expected a whole number
              For example: SCC_FLOW__ELOQUA_BULK=2""")


def test_an_unknown_variable_is_refused():
    expected = (
        "environment variable SCC_ELOQUA__PASSWD: there is no key eloqua.passwd\nDid you mean password?"
    )

    assert told(environ={"SCC_ELOQUA__PASSWD": "x"}) == expected


def test_a_variable_for_an_unknown_section_is_refused():
    assert told(environ={"SCC_ELOQA__USER": "x"}) == (
        "environment variable SCC_ELOQA__USER: there is no key eloqa\nDid you mean eloqua?"
    )


def test_an_unknown_secret_file_is_refused(tmp_path):
    (tmp_path / "eloqua.passwd").write_text("hush")

    assert told(environ={"SCC_SECRETS_DIR": str(tmp_path)}) == (
        f"secret file {tmp_path}/eloqua.passwd: there is no key eloqua.passwd\nDid you mean password?"
    )


def test_a_variable_below_a_value_leaves_the_files_fault_to_be_told():
    assert told("eloqua = 3\n", {"SCC_ELOQUA__USER": "x"}) == (
        "scc.toml, line 1: eloqua is a number; expected a table"
    )


def test_a_mistyped_credential_is_not_shown():
    text = told('[eloqua]\npassword = 7345\nuser = ["hush"]\n[salesforce]\nclient_secret = 1.25\n')

    assert "7345" not in text
    assert "hush" not in text
    assert "1.25" not in text
    assert "eloqua.password is a number; expected a text in quotes" in text
    assert "eloqua.user is a list; expected a text in quotes" in text


@pytest.mark.parametrize(("config", "by"), [(Path("no.toml"), "--config"), (None, "SCC_CONFIG")])
def test_a_named_file_that_is_not_there_is_told(config, by):
    assert told(environ={"SCC_CONFIG": "no.toml"}, config=config) == (
        f"there is no configuration file no.toml (named by {by})\nMend {by}, or write a file with `scc init`."
    )


def test_a_named_secrets_folder_that_is_not_there_is_told():
    assert told(environ={"SCC_SECRETS_DIR": "gone"}) == "there is no folder gone (named by SCC_SECRETS_DIR)"


def test_missing_credentials_are_told_with_the_file_and_examples():
    Path("scc.toml").write_text('[eloqua]\ncompany = "Acme"\npassword = ""\n')

    with pytest.raises(ConfigError) as caught:
        load(environ={}).eloqua.require()

    assert caught.value.message == "scc.toml lacks what Eloqua's login needs: eloqua.user, eloqua.password"
    assert caught.value.hint == (
        "Write below [eloqua], for example:\n"
        '  user = "api.user"\n'
        '  password = "..."\n'
        "or set SCC_ELOQUA__USER, SCC_ELOQUA__PASSWORD, or mount them as secret files."
    )


def test_missing_credentials_without_a_file_are_told_with_variables():
    with pytest.raises(ConfigError) as caught:
        load(environ={}).salesforce.require()

    assert caught.value.message == (
        "the configuration lacks what Salesforce's login needs: salesforce.client_id, salesforce.client_secret"
    )
    assert caught.value.hint == (
        "`scc init` writes a configuration file; "
        "or set SCC_SALESFORCE__CLIENT_ID, SCC_SALESFORCE__CLIENT_SECRET."
    )


class Inner(Section):
    field: str
    limit: int | str = 3


class Table(Section):
    name: str
    inner: list[Inner] = Field(default_factory=list)
    fields: dict[str, str] = Field(default_factory=dict)


def pipeline_told(text: str) -> str:
    Path("scc.toml").write_text(dedent(text))
    with pytest.raises(ConfigError) as caught:
        parse_section(Table, load(environ={}).pipelines["mine"], where="pipelines.mine")
    return f"{caught.value.message}\n{caught.value.hint or ''}".strip()


def test_a_pipelines_faults_are_told_by_their_full_keys_and_lines():
    text = """\
        [pipelines.mine]
        named = "x"
        inner = [{ field = "a" }, { limit = 1.5 }]
        [pipelines.mine.fields]
        Campaign_Name = 12
    """

    assert pipeline_told(text) == dedent("""\
        the configuration has 5 faults:
          scc.toml, line 1: pipelines.mine.name is missing; expected a text in quotes
          scc.toml, line 3: pipelines.mine.inner[1].field is missing; expected a text in quotes
          scc.toml, line 3: pipelines.mine.inner[1].limit is a number with decimals; expected a whole number or a text in quotes
              For example: limit = 3
          scc.toml, line 5: pipelines.mine.fields.Campaign_Name is a number; expected a text in quotes
          scc.toml, line 2: there is no key pipelines.mine.named
              Did you mean name?""")


def test_lines_are_found_for_tables_dotted_and_quoted_keys():
    text = """\
        a.b = 1
        [one]
        two = "[not.a.table]"  # three = 4
        [ one . "t.wo" ]
        'x y' = 1
    """

    assert find_lines(dedent(text)) == {
        ("a", "b"): 1,
        ("one",): 2,
        ("one", "two"): 3,
        ("one", "t.wo"): 4,
        ("one", "t.wo", "x y"): 5,
    }


@pytest.mark.parametrize(
    "address",
    [
        "mysql://scc:hunter2@db/scc",
        "postgresql:///scc?password=hunter2",
        "postgresql://scc:hunter2@db",
        "postgresql://scc:hunter2@db:port/scc",
        "postgresql://[scc:hunter2@db/scc",
    ],
)
def test_a_faulty_address_of_the_ledger_is_told_without_what_it_holds(address):
    assert told(f'[ledger]\nurl = "{address}"\n') == (
        "scc.toml, line 2: ledger.url is a text; expected an address of the form "
        "postgresql://user@host:port/database\n"
        'For example: url = "postgresql://scc@db.example/scc?sslmode=verify-full"'
    )


def test_the_ledgers_address_does_not_print():
    Path("scc.toml").write_text('[ledger]\nurl = "postgresql://scc:hunter2@db/scc"\n')

    assert "hunter2" not in repr(load(environ={}))
