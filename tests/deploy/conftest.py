"""What is rendered, as a cluster would get it: built by kustomize, a list of objects."""

from __future__ import annotations

import functools
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import pytest
import yaml

from scc.deploy import render, write
from scc.settings import load

KUBECTL = Path(sys.executable).with_name("kubectl")

FULL = """
[pipelines.enrich-campaign-members]
schedule = "15 2 * * 1-5"
time_zone = "Europe/Berlin"
deadline_minutes = 45

[pipelines.clean-outputs]
schedule = "0 4 * * *"

[deploy]
host = "scc.example"
issuer_url = "https://login.example/realms/acme"
storage_class = "nfs"
"""
SMALL = """
[deploy]
database = "none"
prometheus_operator = false
repository = "https://git.example/scc.git"

[monitoring]
pushgateway_url = "http://pushgateway.example:9091"
"""

Kind = Literal["openshift", "kubernetes"]
CASES = [(kind, text) for kind in ("openshift", "kubernetes") for text in (FULL, SMALL)]


def settings(folder: Path, text: str):
    (folder / "scc.toml").write_text(text, encoding="utf-8")
    return load(folder / "scc.toml", {})


def built(folder: Path, target: Kind, text: str = FULL) -> list[dict[str, Any]]:
    """`folder` may hold files that the configuration names."""
    out = folder / "out"
    write(render(settings(folder, text), target), out)
    done = subprocess.run([KUBECTL, "kustomize", out], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return list(yaml.safe_load_all(done.stdout))


@functools.cache
def rendered(target: Kind, text: str = FULL) -> list[dict[str, Any]]:
    """As `built`, once a process; nobody may change it."""
    with TemporaryDirectory() as folder:
        return built(Path(folder), target, text)


@pytest.fixture(scope="session", params=CASES, ids=[f"{kind}-{at % 2}" for at, (kind, _) in enumerate(CASES)])
def objects(request) -> list[dict[str, Any]]:
    """All objects, for each target, with all and with as few parts as may be."""
    return rendered(*request.param)


def pods(objects: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Each pod's spec, by the kind and name of what makes it."""
    found = {}
    for one in objects:
        name = f"{one['kind']}/{one['metadata']['name']}"
        if one["kind"] == "CronJob":
            found[name] = one["spec"]["jobTemplate"]["spec"]["template"]["spec"]
        elif "template" in one.get("spec", {}):
            found[name] = one["spec"]["template"]["spec"]
    return found
