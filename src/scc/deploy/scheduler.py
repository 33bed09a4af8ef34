"""The central scheduler: one luigid, its state on a volume of its own."""

from __future__ import annotations

from collections.abc import Mapping

from scc.deploy.parts import (
    DATABASE,
    IMAGE,
    LOGIN,
    SCHEDULER,
    SCHEDULER_PORT,
    Object,
    claim,
    container,
    metadata,
    pod,
    resources,
    scc_volumes,
    secret,
    service,
    variables,
)
from scc.settings import Deploy

__all__ = ["scheduler"]

STATE = "/var/lib/scc-scheduler"
HEALTH = "/healthz"


def scheduler(deploy: Deploy, env: Mapping[str, str]) -> list[Object]:
    return [
        claim(SCHEDULER, "scheduler", "1Gi", "ReadWriteOnce", deploy.storage_class),
        service(SCHEDULER, "scheduler", {"http": SCHEDULER_PORT}),
        _deployment(env),
    ]


def _deployment(env: Mapping[str, str]) -> Object:
    """Recreate: two luigids would each hand out the same work, and fight for the volume."""
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": metadata(SCHEDULER, "scheduler"),
        "spec": {
            "replicas": 1,
            "strategy": {"type": "Recreate"},
            "selector": {"matchLabels": metadata(SCHEDULER, "scheduler")["labels"]},
            "template": _pod(env),
        },
    }


def _pod(env: Mapping[str, str]) -> Object:
    secrets = (secret(LOGIN, "scheduler.token", "scheduler.password"), secret(DATABASE, optional=True))
    volumes, mounts = scc_volumes(secrets, scratch="100Mi", store=False)
    volumes.append({"name": "state", "persistentVolumeClaim": {"claimName": SCHEDULER}})
    mounts.append({"name": "state", "mountPath": STATE})
    own = {
        "SCC_SCHEDULER__ADDRESS": "0.0.0.0",  # noqa: S104 - NetworkPolicies say who reaches it
        "SCC_SCHEDULER__PORT": str(SCHEDULER_PORT),
        "SCC_SCHEDULER__STATE": f"{STATE}/state",
    }
    luigid = container(
        "scheduler",
        IMAGE,
        ["scc"],
        ["scheduler"],
        env=variables({**env, **own}),
        ports=[{"name": "http", "containerPort": SCHEDULER_PORT}],
        startupProbe={
            "httpGet": {"path": HEALTH, "port": "http"},
            "periodSeconds": 2,
            "failureThreshold": 60,
        },
        readinessProbe={"httpGet": {"path": HEALTH, "port": "http"}, "timeoutSeconds": 5},
        # A page of the history may hold it for seconds; it is restarted only where it is gone for good.
        livenessProbe={
            "httpGet": {"path": HEALTH, "port": "http"},
            "periodSeconds": 20,
            "timeoutSeconds": 15,
            "failureThreshold": 4,
        },
        resources=resources(cpu="100m", memory="512Mi", scratch="100Mi"),
        volumeMounts=mounts,
    )
    return pod("scheduler", [luigid], volumes, grace=30, serviceAccountName="scc-scheduler")
