"""Where the configuration comes from, and which source stands above which."""

from __future__ import annotations

from pathlib import Path

import pytest

from scc.errors import ConfigError
from scc.settings import FilePath, PipelineSection, load, parse_section


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def write(text: str, path: str = "scc.toml") -> Path:
    Path(path).write_text(text, encoding="utf-8")
    return Path(path)


def test_the_defaults_hold_without_a_file():
    settings = load(environ={})

    assert settings.file is None
    assert settings.eloqua.login_url == "https://login.eloqua.com"
    assert settings.flow.eloqua_bulk == 2


def test_the_file_of_the_current_folder_is_read():
    write("[engine]\nthreads = 7\n")

    assert load(environ={}).engine.threads == 7


def test_scc_config_names_the_file():
    write("[engine]\nthreads = 7\n", "other.toml")

    assert load(environ={"SCC_CONFIG": "other.toml"}).engine.threads == 7


def test_an_argument_stands_above_scc_config():
    write("[engine]\nthreads = 7\n", "one.toml")
    write("[engine]\nthreads = 8\n", "two.toml")

    assert load(Path("two.toml"), {"SCC_CONFIG": "one.toml"}).engine.threads == 8


def test_the_environment_stands_above_the_file():
    write('[eloqua]\ncompany = "Acme"\nuser = "one"\n')

    eloqua = load(environ={"SCC_ELOQUA__USER": "two"}).eloqua

    assert (eloqua.company, eloqua.user) == ("Acme", "two")


def test_secret_files_stand_above_the_environment(tmp_path):
    folder = tmp_path / "secrets"
    (folder / "..data").mkdir(parents=True)
    (folder / "eloqua.password").write_text("from the file\n")
    (folder / "salesforce__client_secret").write_text("kept  as it is \r\n")

    settings = load(environ={"SCC_SECRETS_DIR": str(folder), "SCC_ELOQUA__PASSWORD": "from the environment"})

    assert settings.eloqua.password
    assert settings.eloqua.password.get_secret_value() == "from the file"
    assert settings.salesforce.client_secret
    assert settings.salesforce.client_secret.get_secret_value() == "kept  as it is "


@pytest.mark.parametrize(
    ("text", "expected"),
    [("3", 3), ("12_000", 12_000)],
)
def test_numbers_are_read_from_the_environments_text(text, expected):
    assert load(environ={"SCC_FLOW__BATCH_ROWS": text}).flow.batch_rows == expected


def test_a_text_of_digits_from_the_environment_stays_a_text():
    assert load(environ={"SCC_ELOQUA__USER": "0012"}).eloqua.user == "0012"


def test_a_pipelines_key_can_come_from_the_environment():
    write('[pipelines.enrich-campaign-members.fields]\nCampaign_Name = "Name"\n')
    name = "SCC_PIPELINES__ENRICH_CAMPAIGN_MEMBERS"

    pipelines = load(
        environ={f"{name}__MAX_CHANGES": "9", f"{name}__FIELDS__CAMPAIGN_NAME": "Title"}
    ).pipelines

    assert pipelines == {"enrich-campaign-members": {"max_changes": 9, "fields": {"Campaign_Name": "Title"}}}


def test_variables_that_kubernetes_makes_for_a_service_are_left_alone():
    assert load(environ={"SCC_SERVICE_HOST": "10.0.0.1", "SCC_PORT_80_TCP": "tcp://10.0.0.1:80"})


def test_the_stores_path_starts_at_the_files_folder(tmp_path):
    (tmp_path / "conf").mkdir()
    write('[store]\npath = "runs"\n', "conf/scc.toml")

    assert load(Path("conf/scc.toml"), {}).store.path == tmp_path / "conf" / "runs"


def test_an_absolute_store_stays_where_it_is():
    write('[store]\npath = "/var/lib/scc"\n')

    assert load(environ={}).store.path == Path("/var/lib/scc")


def test_credentials_are_asked_for_when_they_are_needed():
    write('[eloqua]\ncompany = "Acme"\nuser = "api.user"\npassword = "p"\n')

    login = load(environ={}).eloqua.require()

    assert (login.company, login.user, login.password.get_secret_value()) == ("Acme", "api.user", "p")


def test_the_password_grant_needs_a_user_and_client_credentials_do_not():
    keys = {"SCC_SALESFORCE__CLIENT_ID": "id", "SCC_SALESFORCE__CLIENT_SECRET": "secret"}

    assert load(environ=keys).salesforce.require().client_id == "id"
    with pytest.raises(ConfigError, match=r"login needs: salesforce.username, salesforce.password$"):
        load(environ={**keys, "SCC_SALESFORCE__GRANT": "password"}).salesforce.require()


def test_no_credential_shows_in_the_settings_text():
    secrets = {
        f"SCC_{name}": f"hush-{at}"
        for at, name in enumerate(
            [
                "ELOQUA__COMPANY",
                "ELOQUA__USER",
                "ELOQUA__PASSWORD",
                "SALESFORCE__CLIENT_ID",
                "SALESFORCE__CLIENT_SECRET",
                "SALESFORCE__USERNAME",
                "SALESFORCE__PASSWORD",
                "SALESFORCE__SECURITY_TOKEN",
            ]
        )
    }
    settings = load(environ=secrets)

    assert "hush" not in repr(settings)
    assert "hush" not in str(settings)
    assert "hush" not in repr(settings.eloqua.require()._replace(company="", user=""))


def test_a_path_in_a_pipelines_table_starts_at_the_configurations_folder(tmp_path):
    class Table(PipelineSection):
        rules: FilePath | None = None

    (tmp_path / "there").mkdir()
    file = write('[pipelines.mine]\nrules = "rules.toml"\n', "there/scc.toml")
    raw = load(file.resolve(), environ={}).pipelines["mine"]

    assert parse_section(Table, raw, where="pipelines.mine").rules == tmp_path / "there/rules.toml"
