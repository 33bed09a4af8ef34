"""docs/deploy.md names what is rendered, and asks for the Secrets that pods want."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.deploy.conftest import Kind, pods, rendered

PAGE = (Path(__file__).parents[2] / "docs/deploy.md").read_text(encoding="utf-8")
KINDS = "cronjob|deployment|statefulset|route"


def test_every_object_of_a_command_is_rendered():
    objects = [*rendered("openshift"), *rendered("kubernetes")]
    known = {(one["kind"].lower(), one["metadata"]["name"]) for one in objects}
    told = set(re.findall(rf"\b({KINDS})[/ ](scc-[a-z-]+)", PAGE))

    assert len(told) > 4
    assert told <= known


def test_the_table_of_secrets_has_every_one_that_a_pod_wants():
    told = set(re.findall(r"^\| `(scc-[a-z-]+)` \|", PAGE, re.MULTILINE))
    wanted, keys = set(), set()
    targets: tuple[Kind, ...] = ("openshift", "kubernetes")
    for target in targets:
        for spec in pods(rendered(target)).values():
            for volume in spec["volumes"]:
                sources = [one["secret"] for one in volume.get("projected", {}).get("sources", [])]
                for one in [*sources, *([volume["secret"]] if "secret" in volume else [])]:
                    wanted.add(one.get("name") or one["secretName"])
                    keys |= {item["key"] for item in one.get("items", [])}
            for container in spec["containers"]:
                for variable in container.get("env", []):
                    if reference := variable.get("valueFrom", {}).get("secretKeyRef"):
                        wanted.add(reference["name"])
                        keys.add(reference["key"])
    wanted.remove("scc-scheduler-tls")  # OpenShift makes it

    assert told == wanted | {"scc-pages-tls"}  # which the Ingress wants
    assert all(f"`{key}`" in PAGE for key in keys)


def test_exit_codes_of_the_page_are_those_that_end_a_job():
    from scc.deploy.jobs import NO_RETRY

    listed = re.findall(r"^\| exit ([\d, ]+) \|", PAGE, re.MULTILINE)
    final = {int(code) for line in listed[1:3] for code in line.split(",")}

    assert final == set(NO_RETRY)


def test_what_the_page_backs_up_is_what_it_restores(tmp_path):
    """The commands themselves, on folders of this machine."""
    save, restore = re.findall(r'python -c "(import sys, tarfile\n.*?)"', PAGE, re.DOTALL)
    store, copy = tmp_path / "store", tmp_path / "copy"
    (store / "purge-contacts" / "20261122T101500Z").mkdir(parents=True)
    (store / "purge-contacts" / "20261122T101500Z" / "run.json").write_bytes(os.urandom(100_000))
    (store / ".spool").mkdir(mode=0o2775)
    (store / "lost+found").mkdir()
    copy.mkdir()

    saved = subprocess.run(
        [sys.executable, "-c", save.replace("/var/lib/scc", str(store))], stdout=-1, check=True
    )
    subprocess.run(
        [sys.executable, "-c", restore.replace("/var/lib/scc", str(copy))], input=saved.stdout, check=True
    )

    def kept(folder):
        return {
            str(path.relative_to(folder)): (path.stat().st_mode, path.is_file() and path.read_bytes())
            for path in folder.rglob("*")
        }

    assert kept(copy) == {name: one for name, one in kept(store).items() if name != "lost+found"}
    assert len(kept(copy)) == 4


def test_saved_artifacts_are_an_archive_without_tar():
    """The minimal builder images have none."""
    script = Path(__file__).parents[2] / ".s2i/bin/save-artifacts"

    done = subprocess.run(["/bin/bash", script], capture_output=True, check=True)

    listed = subprocess.run(["tar", "-tf", "-"], input=done.stdout, capture_output=True, check=True)
    assert (listed.stdout, len(done.stdout) > 0) == (b"", True)
