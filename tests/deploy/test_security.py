"""What schemas can't say: no pod may do more than it must, and nobody reaches what they need not."""

from __future__ import annotations

import pytest
from tests.deploy.conftest import Kind, pods, rendered


def containers(objects):
    for name, spec in pods(objects).items():
        for one in [*spec["containers"], *spec.get("initContainers", [])]:
            yield f"{name}/{one['name']}", one


def test_no_pod_runs_as_root_or_meets_the_node(objects):
    for name, spec in pods(objects).items():
        context = spec["securityContext"]
        assert context["runAsNonRoot"] is True, name
        assert context["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert context.get("runAsUser", 1001) != 0, name
        assert not {"hostNetwork", "hostPID", "hostIPC"} & spec.keys(), name
        assert not any("hostPath" in volume for volume in spec["volumes"]), name


def test_no_container_is_privileged_or_may_write_to_its_root(objects):
    for name, one in containers(objects):
        assert one["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }, name
        assert "privileged" not in one["securityContext"]


def test_every_container_has_its_limits_and_says_what_it_runs(objects):
    for name, one in containers(objects):
        asked, most = one["resources"]["requests"], one["resources"]["limits"]
        assert most["memory"] == asked["memory"], name
        assert int(asked["cpu"].removesuffix("m")) <= 1000 * int(most["cpu"]), name
        assert one["command"], f"{name}: an S2I image's own command lies in /tmp, which is empty in a pod"


def test_what_a_container_writes_to_is_a_volume(objects):
    for name, spec in pods(objects).items():
        volumes = {volume["name"]: volume for volume in spec["volumes"]}
        claimed = {"data", "state"}  # a StatefulSet makes its own
        for one in spec["containers"]:
            for mount in one["volumeMounts"]:
                known = volumes.get(mount["name"])
                assert known is not None or mount["name"] in claimed, (name, mount)
                if known and ("secret" in known or "configMap" in known or "projected" in known):
                    assert mount["readOnly"] is True, (name, mount)


def test_only_the_proxy_of_openshift_gets_a_token_of_the_api(objects):
    by = {name for name, spec in pods(objects).items() if spec["automountServiceAccountToken"]}
    is_openshift = any(one["kind"] == "Route" for one in objects)

    assert by == ({"Deployment/scc-scheduler"} if is_openshift else set())


def test_a_job_gets_no_password_of_the_pages_and_the_scheduler_none_of_the_systems(objects):
    found = pods(objects)
    job = sources(found["CronJob/scc-clean-outputs"])
    scheduler = sources(found["Deployment/scc-scheduler"])

    assert job == {"scc-systems": None, "scc-scheduler": ["scheduler.token"], "scc-database": None}
    assert scheduler == {"scc-scheduler": ["scheduler.token", "scheduler.password"], "scc-database": None}


def sources(spec):
    volume = next(volume for volume in spec["volumes"] if volume["name"] == "secrets")
    found = [source["secret"] for source in volume["projected"]["sources"]]
    return {one["name"]: [item["key"] for item in one["items"]] if "items" in one else None for one in found}


def test_openshift_names_no_user_and_kubernetes_names_one():
    users: dict[Kind, int | None] = {"openshift": None, "kubernetes": 1001}
    for target, user in users.items():
        for name, spec in pods(rendered(target)).items():
            context = spec["securityContext"]
            assert context.get("runAsUser") == user, (target, name)
            assert context.get("fsGroup") == user, (target, name)


REACHED = {
    ("scheduler", 8082): {"job", "shell", "namespace"},
    ("database", 5432): {"job", "shell", "scheduler"},
    ("pushgateway", 9091): {"job", "shell", "namespace"},
}


def test_all_doors_are_closed_but_those_that_are_named():
    policies = [one["spec"] for one in rendered("openshift") if one["kind"] == "NetworkPolicy"]
    part = {"app.kubernetes.io/part-of": "scc"}

    assert {"podSelector": {"matchLabels": part}, "policyTypes": ["Ingress"]} in policies
    reached: dict[tuple[str, int], set[str]] = {}
    for one in policies:
        component = one["podSelector"]["matchLabels"].get("app.kubernetes.io/component")
        for rule in one.get("ingress", []):
            for port in rule["ports"]:
                reached.setdefault((component, port["port"]), set()).update(*map(who, rule["from"]))
    assert reached.pop(("scheduler", 8443)) == {"namespace"}
    assert reached == REACHED


def who(peer):
    if "namespaceSelector" in peer:
        assert peer["namespaceSelector"], "some namespace, not all"
        return {"namespace"}
    (among,) = peer["podSelector"]["matchExpressions"]
    return set(among["values"])


@pytest.mark.parametrize("target", ["openshift", "kubernetes"])
def test_the_pages_are_reached_through_the_proxy_alone(target):
    objects = rendered(target)
    (service,) = [
        one for one in objects if one["kind"] == "Service" and one["metadata"]["name"] == "scc-pages"
    ]
    scheduler = pods(objects)["Deployment/scc-scheduler"]
    proxy = next(one for one in scheduler["containers"] if one["name"] == "proxy")

    assert service["spec"]["ports"][0]["targetPort"] == proxy["ports"][0]["name"] == "pages"
    assert "--upstream=http://127.0.0.1:8082" in proxy["args"]
    assert not any("password" in arg and "$(" not in arg for arg in proxy["args"])
