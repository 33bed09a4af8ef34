"""`scc init`: a file that explains itself, and that SCC takes as it is and with every comment taken away."""

from __future__ import annotations

import re
import stat
import tomllib

from scc.pipelines import registry
from scc.settings import Settings, load
from scc.settings.catalogue import entries, sections


def test_the_file_is_taken_as_it_is(scc, folder):
    said = scc("init")

    assert said == (
        0,
        "Wrote scc.toml.\nNext: fill in [eloqua] and [salesforce], then check with `scc doctor`.\n",
        "",
    )
    places = {"store": {"path"}, "scheduler": {"state"}}
    taken = load(environ={})
    assert taken.model_dump(exclude={"pipelines": True, **places}) == Settings().model_dump(
        exclude={"pipelines": True, **places}
    )
    assert taken.store.path == folder / "scc-data"
    assert taken.scheduler.state == folder / "scc-scheduler" / "state"


def test_the_file_is_for_its_owners_eyes(scc, folder):
    scc("init")

    assert stat.S_IMODE((folder / "scc.toml").stat().st_mode) == 0o600


def test_every_key_stands_in_the_file_and_is_taken_when_its_comment_sign_goes(scc, folder):
    scc("init")
    path = folder / "scc.toml"
    path.write_text(re.sub(r"^#(?=[\w\[])", "", path.read_text(), flags=re.MULTILINE))

    settings = load(environ={})
    written = tomllib.loads(path.read_text())
    assert {name: set(written[name]) for name, _ in sections()} == {
        name: {entry.name for entry in entries(model)} for name, model in sections()
    }
    for name in registry.SUMMARIES:
        assert registry.build(name, settings.pipelines).name == name


def test_a_file_that_is_there_is_left_alone(scc, folder):
    (folder / "scc.toml").write_text("# mine\n")

    said = scc("init")

    assert said == (
        2,
        "",
        "Error: scc.toml is there already\nHint: --force replaces it; --config FILE writes another.\n",
    )
    assert (folder / "scc.toml").read_text() == "# mine\n"


def test_force_replaces_it(scc, folder):
    (folder / "scc.toml").write_text("# mine\n")

    assert scc("init", "--force").code == 0
    assert "[eloqua]" in (folder / "scc.toml").read_text()


def test_a_sandbox_is_filled_in(scc):
    assert scc("init", "--sandbox", "http://127.0.0.1:8765/").code == 0

    settings = load(environ={})
    assert settings.eloqua.login_url == settings.salesforce.login_url == "http://127.0.0.1:8765"
    assert settings.eloqua.require().company == "Acme"
    assert settings.salesforce.require().client_id == "sandbox-client"


def test_what_is_no_address_is_refused(scc, folder):
    said = scc("init", "--sandbox", "localhost:8700")

    assert said.code == 2
    assert said.err == (
        "Error: 'localhost:8700' is not an address\n"
        "Hint: Write it as `scc sandbox` prints it: http://127.0.0.1:8765.\n"
    )
    assert not (folder / "scc.toml").exists()


def test_a_folder_that_is_not_there_is_told(scc):
    said = scc("init", "--config", "none/scc.toml")

    assert said == (2, "", "Error: none/scc.toml can't be written: No such file or directory\n")
