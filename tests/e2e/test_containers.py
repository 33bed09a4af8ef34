"""The image, run as a restricted cluster runs it: a random user of group 0, no capability, a root that can't be
written to, an empty /tmp; by the very pods that are rendered, against a sandbox on the host."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path

import pytest
from tests.e2e import images
from tests.e2e.cluster import free_port
from tests.e2e.pods import USER, Pods, job
from tests.flows.conftest import World, refill
from urllib3.exceptions import HTTPError

from scc.sandbox.app import Sandbox

pytestmark = [pytest.mark.containers, pytest.mark.timeout(1200), pytest.mark.xdist_group("containers")]

LIMIT = 450_000_000


@pytest.fixture(scope="module", params=["containerfile", "s2i"])
def image(request, tmp_path_factory):
    if request.param == "containerfile":
        return images.from_containerfile()
    return images.from_source(tmp_path_factory.mktemp("s2i"))


@pytest.fixture(scope="module")
def server():
    with Sandbox(database=":memory:", seed=1) as sandbox:
        yield sandbox


@pytest.fixture
def cluster(image, server, tmp_path):
    world = World(server, tmp_path)
    refill(world)
    for path in ("requests", "faults"):
        world.control("DELETE", path)
    one = Pods(image, world)
    one.configure()
    try:
        yield one
    finally:
        one.remove()


def test_the_image_is_small(image):
    assert images.size(image) < LIMIT


def test_the_image_has_no_tools_to_build_with_and_names_no_root(image, cluster):
    found = cluster.inside(
        "python", "-c", "import importlib.util as u; print(*map(u.find_spec, ('pip', 'setuptools')))"
    )
    user = subprocess.run(
        ["podman", "image", "inspect", image, "--format={{.Config.User}}"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    compilers = cluster.inside("sh", "-c", "command -v gcc cc make pip pip3; true")

    assert found.split() == ["None", "None"]
    assert user.strip().split(":")[0] == "1001"
    assert "/opt" not in compilers
    assert not {"gcc", "cc", "make"} & {Path(line).name for line in compilers.split()}


def test_byte_code_is_kept(cluster):
    code = "import scc.flow.run as m, pathlib; print(pathlib.Path(m.__cached__).exists())"

    assert cluster.inside("python", "-c", code).strip() == "True"


def test_two_jobs_and_the_scheduler_work_on_one_volume(cluster):
    port = free_port()
    url = {"SCC_SCHEDULER__URL": f"http://127.0.0.1:{port}"}
    scheduler = cluster.start(
        "Deployment/scc-scheduler",
        **url,
        SCC_SCHEDULER__ADDRESS="127.0.0.1",
        SCC_SCHEDULER__PORT=str(port),
    )
    try:
        wait_for_health(cluster, scheduler, port)
        running = [
            cluster.start(f"CronJob/scc-{name}", job=job(name), **url)
            for name in ("enrich-campaign-members", "hard-bounces")
        ]
        said = [one.communicate(timeout=240)[0] for one in running]
        counted = cluster.world.http.request("GET", f"http://127.0.0.1:{port}/metrics").data.decode()
    finally:
        said_by_it = cluster.stop(scheduler)

    assert [one.returncode for one in running] == [0, 0], said
    assert scheduler.returncode in {0, 143}, said_by_it
    assert 'luigi_task_done_total{family="' in counted
    receipts = sorted(cluster.data.glob("*/*/receipt/manifest.json"))
    assert [path.parts[-4] for path in receipts] == ["enrich-campaign-members", "hard-bounces"]
    assert {path.stat().st_uid for path in receipts} == {USER}
    assert (cluster.world.folder / "state/state").exists()


def wait_for_health(cluster, process, port):
    end = time.monotonic() + 60
    while True:
        assert process.poll() is None, process.stdout.read()
        assert time.monotonic() < end, "the scheduler does not answer"
        try:
            if (
                cluster.world.http.request("GET", f"http://127.0.0.1:{port}/healthz", retries=False).status
                == 200
            ):
                return
        except HTTPError:
            time.sleep(0.1)


def test_what_ends_a_job_is_in_its_exit_code(cluster):
    alone = {"SCC_SCHEDULER__URL": ""}
    name = "enrich-campaign-members"

    cluster.configure("[pipelines.enrich-campaign-members]\nmax_changes = 1")
    assert cluster.run(name, job=job(name, 1), **alone)[0] == 5
    (cluster.world.folder / "secrets/eloqua.password").write_text("wrong", encoding="utf-8")
    assert cluster.run(name, job=job(name, 2), **alone)[0] == 3
    (cluster.world.folder / "secrets/eloqua.password").unlink()
    assert cluster.run(name, job=job(name, 3), **alone)[0] == 2
    cluster.configure(url="http://127.0.0.1:1", budget=0.1)
    assert cluster.run(name, job=job(name, 4), **alone)[0] == 75


def test_a_pod_that_is_told_to_go_leaves_at_once_and_the_next_goes_on(cluster):
    name, alone = "enrich-campaign-members", {"SCC_SCHEDULER__URL": ""}
    hang = {
        "system": "eloqua",
        "method": "GET",
        "path": "/data",
        "times": 1,
        "action": "hang",
        "when": "before",
    }
    cluster.world.control("POST", "faults", [hang])

    process = cluster.start(f"CronJob/scc-{name}", job="scc-one", **alone)
    end = time.monotonic() + 90
    while not cluster.world.control("GET", "held")["held"]:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.1)
    said = cluster.stop(process)
    cluster.world.control("POST", "release")

    assert process.returncode == 143, said
    assert cluster.run(name, job="scc-one", **alone)[0] == 0
    (run,) = (cluster.data / name).glob("*Z")
    assert json.loads((run / "run.json").read_text())["tries"] == 2
