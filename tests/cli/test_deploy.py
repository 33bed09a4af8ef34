"""`scc deploy render` as a person meets it."""

from __future__ import annotations

CONFIG = '[pipelines.clean-outputs]\nschedule = "0 4 * * *"\n'


def test_it_writes_the_files_and_tells_what_will_start_by_itself(scc, folder):
    (folder / "scc.toml").write_text(CONFIG, encoding="utf-8")

    said = scc("deploy", "render", "--target", "openshift")

    assert (said.code, said.err) == (0, "")
    assert "Started by schedule: clean-outputs." in said.out
    assert "kubectl apply -k deploy/openshift" in said.out
    assert "alerts.runbooks_url is no address yet" in said.out
    assert (folder / "deploy/openshift/base/scc.toml").read_text(encoding="utf-8") == CONFIG


def test_it_says_nothing_of_runbooks_that_alerts_can_link_to(scc, folder):
    text = CONFIG + '[alerts]\nrunbooks_url = "https://git.example/runbooks"\n'
    (folder / "scc.toml").write_text(text, encoding="utf-8")

    said = scc("deploy", "render", "--target", "openshift")

    assert "runbooks" not in said.out
    rules = (folder / "deploy/openshift/components/monitoring/operator.yaml").read_text(encoding="utf-8")
    assert "https://git.example/runbooks/SccRunOverdue.md" in rules


def test_rendered_again_it_tells_what_is_gone(scc, folder):
    (folder / "scc.toml").write_text(CONFIG, encoding="utf-8")
    scc("deploy", "render", "--target", "kubernetes", "--output", "out")
    (folder / "scc.toml").write_text('[deploy]\ndatabase = "none"\n', encoding="utf-8")

    said = scc("deploy", "render", "--target", "kubernetes", "--output", "out")

    assert "Removed out/components/postgresql/postgresql.yaml, which is no longer rendered." in said.out
    assert "No pipeline has a schedule: all CronJobs are suspended." in said.out


def test_without_a_configuration_file_nothing_is_written(scc, folder):
    said = scc("deploy", "render", "--target", "openshift")

    assert said.code == 2
    assert "there is no configuration file to deploy" in said.err
    assert list(folder.iterdir()) == []


def test_a_password_in_the_file_is_named_by_its_line_and_never_shown(scc, folder):
    (folder / "scc.toml").write_text('[salesforce]\nclient_secret = "hush"\n', encoding="utf-8")

    said = scc("deploy", "render", "--target", "openshift")

    assert said.code == 2
    assert "salesforce.client_secret (scc.toml, line 2)" in said.err
    assert "hush" not in said.out + said.err
    assert not (folder / "deploy").exists()


def test_a_folder_that_holds_somebody_elses_file_is_left_as_it_is(scc, folder):
    (folder / "scc.toml").write_text(CONFIG, encoding="utf-8")
    (folder / "out").mkdir()
    (folder / "out/kustomization.yaml").write_text("resources: []\n", encoding="utf-8")

    said = scc("deploy", "render", "--target", "openshift", "--output", "out")

    assert said.code == 2
    assert "out/kustomization.yaml is there already" in said.err
    assert [path.name for path in (folder / "out").iterdir()] == ["kustomization.yaml"]
