"""What is rendered, on a real API server that enforces Pod Security "restricted": applied, changed, taken back, deleted."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pytest
from tests.e2e.cluster import Cluster, programs, wait_for

from scc.deploy import render, write
from scc.pipelines.registry import SUMMARIES
from scc.settings import load

pytestmark = [pytest.mark.kubernetes, pytest.mark.timeout(3600), pytest.mark.xdist_group("kubernetes")]

EVERY_MINUTE = """
[pipelines.clean-outputs]
schedule = "* * * * *"

[deploy]
image = "registry.example/scc:{tag}"
host = "scc.example"
issuer_url = "https://login.example/realms/acme"
"""
ALL = "cronjobs,jobs,deployments,statefulsets,replicasets,services,ingresses,networkpolicies,configmaps,\
serviceaccounts,persistentvolumeclaims,servicemonitors,prometheusrules,routes,imagestreams,buildconfigs"
OPERATOR = json.loads((Path(__file__).parents[1] / "deploy/operator.json").read_text(encoding="utf-8"))
FOREIGN = {
    "monitoring.coreos.com": ("ServiceMonitor", "PrometheusRule"),
    "route.openshift.io": ("Route",),
    "build.openshift.io": ("BuildConfig",),
    "image.openshift.io": ("ImageStream",),
}


@pytest.fixture(scope="module")
def cluster():
    found = programs()
    if found is None:
        pytest.skip("not run: there is no Go toolchain to build an API server with")
    with tempfile.TemporaryDirectory() as folder, Cluster(Path(folder), found) as one:
        for group, kinds in FOREIGN.items():
            for kind in kinds:
                one.kubectl("apply", "--filename=-", given=json.dumps(foreign(group, kind)))
        wait_for(lambda: "routes" in one.kubectl("api-resources", "--output=name"), 60)
        yield one


def foreign(group, kind):
    """A kind that Kubernetes lacks: the operator's with its own schema, OpenShift's with any content."""
    plural = f"{kind.lower()}s"
    anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    schema = OPERATOR.get(f"{group}/v1 {kind}", anything)
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"kind": kind, "plural": plural, "singular": kind.lower()},
            "versions": [
                {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
            ],
        },
    }


@pytest.fixture
def namespace(cluster, request):
    """A namespace that lets no pod in that could do more than it must."""
    name = f"scc-{request.node.callspec.params['target'] if hasattr(request.node, 'callspec') else 'test'}"
    cluster.kubectl("create", "namespace", name)
    cluster.kubectl("label", "namespace", name, "pod-security.kubernetes.io/enforce=restricted")
    yield name
    cluster.kubectl("delete", "namespace", name, "--wait=true", "--timeout=120s")


def rendered(folder, target, tag="1"):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "scc.toml").write_text(EVERY_MINUTE.format(tag=tag), encoding="utf-8")
    write(render(load(folder / "scc.toml", {}), target), folder / target)
    return folder / target


class Place:
    """A namespace, and what is asked of it."""

    def __init__(self, cluster, namespace):
        self.cluster, self.namespace = cluster, f"--namespace={namespace}"

    def kubectl(self, *arguments, **more):
        return self.cluster.kubectl(self.namespace, *arguments, **more)

    def items(self, kind, *more):
        return self.cluster.get(self.namespace, kind, *more)["items"]

    def one(self, kind, name):
        return self.cluster.get(self.namespace, kind, name)

    def jobs(self, pipeline):
        return self.items("jobs", f"--selector=scc/pipeline={pipeline}")

    def end_pod(self, pod, code):
        """Say what a node would say of a container that has ended."""
        ended = {"terminated": {"exitCode": code, "reason": "Error"}}
        status = {
            "phase": "Failed" if code else "Succeeded",
            "containerStatuses": [
                {
                    "name": "job",
                    "image": "scc",
                    "imageID": "scc",
                    "ready": False,
                    "restartCount": 0,
                    "state": ended,
                }
            ],
        }
        self.kubectl(
            "patch",
            "pod",
            pod["metadata"]["name"],
            "--subresource=status",
            f"--patch={json.dumps({'status': status})}",
        )


@pytest.mark.parametrize("target", ["openshift", "kubernetes"])
def test_all_of_it_is_taken_and_the_pods_pass_pod_security(cluster, namespace, target, tmp_path):
    place = Place(cluster, namespace)

    said = place.kubectl("apply", "-k", rendered(tmp_path, target))

    assert f"cronjob.batch/scc-{next(iter(SUMMARIES))} created" in said
    place.kubectl("scale", "deployment/scc-shell", "--replicas=1")
    wanted = {"scheduler", "pushgateway", "database", "shell"}
    wait_for(lambda: {component(pod) for pod in place.items("pods")} >= wanted, 60)
    refused = [one for one in place.items("events") if one["reason"] in {"FailedCreate", "Failed"}]
    assert not refused
    place.kubectl("scale", "deployment/scc-shell", "--replicas=0")
    place.kubectl("diff", "-k", tmp_path / target)


def component(pod):
    return pod["metadata"]["labels"].get("app.kubernetes.io/component")


def test_a_pod_that_might_become_root_is_refused(cluster, namespace):
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "root"},
        "spec": {"containers": [{"name": "one", "image": "scc"}]},
    }

    said = Place(cluster, namespace).kubectl("apply", "--filename=-", given=json.dumps(pod), fails=True)

    assert 'violates PodSecurity "restricted' in said


def test_jobs_start_on_time_and_end_as_their_exit_codes_say(cluster, namespace, tmp_path):
    place = Place(cluster, namespace)
    place.kubectl("apply", "-k", rendered(tmp_path, "kubernetes"))
    # What is suspended would start with the other one, but for that.
    each_minute = json.dumps({"spec": {"schedule": "* * * * *"}})
    place.kubectl("patch", "cronjob", "scc-hard-bounces", f"--patch={each_minute}")

    wait_for(lambda: len(place.jobs("clean-outputs")) > 0, 90)
    (job,) = place.jobs("clean-outputs")
    moment = int(job["metadata"]["name"].rpartition("-")[2])
    assert moment * 60 == int(
        seconds(job["metadata"]["annotations"]["batch.kubernetes.io/cronjob-scheduled-timestamp"])
    )
    assert place.jobs("hard-bounces") == []
    (pod,) = wait_pods(place, job, 1)
    assert pod["metadata"]["labels"]["batch.kubernetes.io/job-name"] == job["metadata"]["name"]

    place.kubectl("patch", "cronjob", "scc-clean-outputs", '--patch={"spec":{"suspend":true}}')
    place.end_pod(pod, 75)
    pods = wait_pods(place, job, 2)  # busy: tried again
    again = next(one for one in pods if one["metadata"]["name"] != pod["metadata"]["name"])
    place.end_pod(again, 5)  # over its limits: waits for a person
    wait_for(lambda: condition(place.one("job", job["metadata"]["name"]), "Failed"), 60)
    failed = condition(place.one("job", job["metadata"]["name"]), "Failed")
    assert failed["reason"] == "PodFailurePolicy"
    assert "exit code 5" in failed["message"]

    place.kubectl("create", "job", "by-hand", "--from=cronjob/scc-hard-bounces")
    (pod,) = wait_pods(place, place.one("job", "by-hand"), 1)
    place.end_pod(pod, 0)
    wait_for(lambda: condition(place.one("job", "by-hand"), "Complete"), 60)


def wait_pods(place, job, count):
    chosen = f"--selector=batch.kubernetes.io/job-name={job['metadata']['name']}"
    wait_for(lambda: len(place.items("pods", chosen)) >= count, 90)
    return place.items("pods", chosen)


def condition(job, kind):
    return next((one for one in job["status"].get("conditions", []) if one["type"] == kind), None)


def seconds(text):
    from datetime import datetime

    return datetime.fromisoformat(text).timestamp()


def test_a_change_is_applied_and_taken_back_and_all_of_it_goes(cluster, namespace, tmp_path):
    place = Place(cluster, namespace)
    old = rendered(tmp_path / "old", "kubernetes", "1")
    new = rendered(tmp_path / "new", "kubernetes", "2")
    place.kubectl("apply", "-k", old)
    before = image(place)

    place.kubectl("apply", "-k", new)

    assert (before, image(place)) == ("registry.example/scc:1", "registry.example/scc:2")
    wait_for(lambda: running(place) == ["registry.example/scc:2"], 60)
    place.kubectl("diff", "-k", old, fails=True)

    place.kubectl("apply", "-k", old)

    assert image(place) == before
    wait_for(lambda: running(place) == [before], 60)
    place.kubectl("diff", "-k", old)

    place.kubectl("delete", "-k", old, "--timeout=120s")
    # The configuration of the change bears a name of its own.
    place.kubectl("delete", "configmaps", "--selector=app.kubernetes.io/part-of=scc")

    # A claim that a StatefulSet made is kept: it holds the database.
    wait_for(lambda: names(place) <= {"persistentvolumeclaim/data-scc-postgresql-0"}, 120)


def image(place):
    job = place.one("cronjob", "scc-clean-outputs")["spec"]["jobTemplate"]["spec"]["template"]
    return job["spec"]["containers"][0]["image"]


def running(place):
    """The image of the scheduler's pods that are not on their way out."""
    pods = place.items("pods", "--selector=app.kubernetes.io/component=scheduler")
    return sorted(
        container["image"]
        for pod in pods
        if "deletionTimestamp" not in pod["metadata"]
        for container in pod["spec"]["containers"]
        if container["name"] == "scheduler"
    )


def names(place):
    said = place.kubectl("get", ALL, "--selector=app.kubernetes.io/part-of=scc", "--output=name")
    return set(said.split())
