"""What all objects share: names, labels, and pods that any restricted cluster lets in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

__all__ = [
    "CONFIG",
    "CONFIG_FOLDER",
    "DATA",
    "DATABASE",
    "ENV",
    "IMAGE",
    "LOGIN",
    "PUSHGATEWAY",
    "SCHEDULER",
    "SCHEDULER_PORT",
    "STORE",
    "SYSTEMS",
    "Object",
    "Target",
    "claim",
    "container",
    "labels",
    "metadata",
    "pod",
    "resources",
    "scc_volumes",
    "secret",
    "selector",
    "service",
    "variables",
]

Object = dict[str, Any]
Target = Literal["openshift", "kubernetes"]

IMAGE = "scc"
"""What the objects call the image; the outermost kustomization says which one that is."""
SCHEDULER = "scc-scheduler"
SCHEDULER_PORT = 8082
PUSHGATEWAY = "scc-pushgateway"
DATA = "scc-data"
CONFIG = "scc-config"

# Three Secrets, so that each pod gets only what it needs.
SYSTEMS = "scc-systems"
LOGIN = "scc-scheduler"
DATABASE = "scc-database"

CONFIG_FOLDER = "/etc/scc"
"""Where the configuration and the rules that it names lie; jobs begin there, so that both ways to name them work."""
STORE = "/var/lib/scc"
ENV = {
    "SCC_CONFIG": f"{CONFIG_FOLDER}/scc.toml",
    "SCC_SECRETS_DIR": "/run/secrets/scc",
    "SCC_STORE__PATH": STORE,
    "SCC_LOG__FORMAT": "json",
    "SCC_SCHEDULER__URL": f"http://{SCHEDULER}:{SCHEDULER_PORT}",
}
"""What the cluster decides, above the configuration file."""


def labels(component: str, **more: str) -> dict[str, str]:
    return {
        "app.kubernetes.io/name": "scc",
        "app.kubernetes.io/part-of": "scc",
        "app.kubernetes.io/component": component,
        **more,
    }


def selector(*components: str) -> Object:
    """The pods of these components; of all of SCC where none is named."""
    part = {"app.kubernetes.io/part-of": "scc"}
    if not components:
        return {"matchLabels": part}
    among = {"key": "app.kubernetes.io/component", "operator": "In", "values": list(components)}
    return {"matchLabels": part, "matchExpressions": [among]}


def metadata(name: str, component: str, annotations: Mapping[str, str] | None = None) -> Object:
    found: Object = {"name": name, "labels": labels(component)}
    return {**found, "annotations": dict(annotations)} if annotations else found


def resources(*, cpu: str, memory: str, most_cpu: str = "1", scratch: str | None = None) -> Object:
    """Memory as much as asked for and no more; CPU up to what a pod can make use of.

    A namespace with a quota refuses pods without a limit of CPU; a tight one would only make them
    wait. `scratch` is disk of the node: for temporary files.
    """
    disk = {"ephemeral-storage": scratch} if scratch else {}
    return {
        "requests": {"cpu": cpu, "memory": memory, **disk},
        "limits": {"cpu": most_cpu, "memory": memory, **disk},
    }


def container(name: str, image: str, command: Sequence[str], args: Sequence[str], **more: Any) -> Object:
    return {
        "name": name,
        "image": image,
        "command": list(command),
        "args": list(args),
        **more,
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
    }


def pod(
    component: str,
    containers: Sequence[Object],
    volumes: Sequence[Object],
    *,
    grace: int,
    extra_labels: Mapping[str, str] | None = None,
    **more: Any,
) -> Object:
    """A pod's template. No user is named: OpenShift gives one, and Kubernetes' component adds one.

    Service links are off: their variables begin with SCC_ too.
    """
    return {
        "metadata": {"labels": labels(component, **(extra_labels or {}))},
        "spec": {
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "terminationGracePeriodSeconds": grace,
            "securityContext": {
                "runAsNonRoot": True,
                "fsGroupChangePolicy": "OnRootMismatch",
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            **more,
            "containers": list(containers),
            "volumes": list(volumes),
        },
    }


def variables(values: Mapping[str, str]) -> list[Object]:
    return [{"name": name, "value": value} for name, value in values.items()]


def scc_volumes(secrets: Sequence[Object], *, scratch: str, store: bool) -> tuple[list[Object], list[Object]]:
    """Volumes and mounts of a container that runs `scc`; `secrets` are sources of a projected volume.

    /tmp is empty at the start, so nothing of the image may lie there.
    """
    volumes: list[Object] = [
        {"name": "config", "configMap": {"name": CONFIG}},
        {"name": "secrets", "projected": {"defaultMode": 0o440, "sources": list(secrets)}},
        {"name": "tmp", "emptyDir": {"sizeLimit": scratch}},
    ]
    mounts: list[Object] = [
        {"name": "config", "mountPath": CONFIG_FOLDER, "readOnly": True},
        {"name": "secrets", "mountPath": "/run/secrets/scc", "readOnly": True},
        {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108 - a mount of the pod's own, not a shared folder
    ]
    if store:
        volumes.append({"name": "data", "persistentVolumeClaim": {"claimName": DATA}})
        mounts.append({"name": "data", "mountPath": STORE})
    return volumes, mounts


def secret(name: str, *keys: str, optional: bool = False) -> Object:
    """A Secret as a source of a projected volume: of it all, or of these keys only."""
    only = {"items": [{"key": key, "path": key} for key in keys]} if keys else {}
    return {"secret": {"name": name, **only, **({"optional": True} if optional else {})}}


def claim(name: str, component: str, size: str, access: str, storage_class: str | None) -> Object:
    spec: Object = {"accessModes": [access], "resources": {"requests": {"storage": size}}}
    if storage_class:
        spec["storageClassName"] = storage_class
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": metadata(name, component),
        "spec": spec,
    }


def service(
    name: str, component: str, ports: Mapping[str, int], annotations: Mapping[str, str] | None = None
) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata(name, component, annotations),
        "spec": {
            "selector": labels(component),
            "ports": [{"name": one, "port": port, "targetPort": one} for one, port in ports.items()],
        },
    }
