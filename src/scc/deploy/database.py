"""PostgreSQL of SCC's own, where the configuration names no other: the run ledger and Luigi's task history."""

from __future__ import annotations

from scc.deploy.network import pods, policy
from scc.deploy.parts import DATABASE, Object, container, labels, metadata, pod, resources, service
from scc.settings import Deploy

__all__ = ["DATABASE_IMAGE", "NAME", "database", "url"]

NAME = "scc-postgresql"
PORT = 5432
DATABASE_IMAGE = "docker.io/library/postgres:17"


def url() -> str:
    """The ledger's address; its password lies in the Secret, as `ledger.password`."""
    return f"postgresql://scc@{NAME}:{PORT}/scc"


def database(deploy: Deploy) -> list[Object]:
    return [
        service(NAME, "database", {"postgresql": PORT}),
        _stateful_set(deploy),
        policy(NAME, "database", PORT, [pods("job", "shell", "scheduler")]),
    ]


def _stateful_set(deploy: Deploy) -> Object:
    spec: Object = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "10Gi"}}}
    if deploy.storage_class:
        spec["storageClassName"] = deploy.storage_class
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": metadata(NAME, "database"),
        "spec": {
            "serviceName": NAME,
            "replicas": 1,
            "selector": {"matchLabels": labels("database")},
            "template": _pod(),
            "volumeClaimTemplates": [{"metadata": metadata("data", "database"), "spec": spec}],
        },
    }


def _pod() -> Object:
    ready = {"exec": {"command": ["pg_isready", "--quiet", "--username=scc", "--dbname=scc"]}}
    server = container(
        "postgresql",
        DATABASE_IMAGE,
        ["docker-entrypoint.sh"],
        ["postgres"],
        env=[
            {"name": "POSTGRES_USER", "value": "scc"},
            {"name": "POSTGRES_DB", "value": "scc"},
            {"name": "POSTGRES_PASSWORD_FILE", "value": "/run/secrets/scc/ledger.password"},
            {"name": "PGDATA", "value": "/var/lib/postgresql/data/pgdata"},
        ],
        ports=[{"name": "postgresql", "containerPort": PORT}],
        startupProbe={**ready, "periodSeconds": 2, "failureThreshold": 60},
        readinessProbe={**ready, "timeoutSeconds": 5},
        livenessProbe={**ready, "periodSeconds": 30, "timeoutSeconds": 10, "failureThreshold": 4},
        resources=resources(cpu="100m", memory="512Mi", scratch="100Mi"),
        volumeMounts=[
            {"name": "data", "mountPath": "/var/lib/postgresql/data"},
            {"name": "run", "mountPath": "/var/run/postgresql"},
            {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108 - a mount of the pod's own
            {"name": "secrets", "mountPath": "/run/secrets/scc", "readOnly": True},
        ],
    )
    volumes = [
        {"name": "run", "emptyDir": {"sizeLimit": "10Mi"}},
        {"name": "tmp", "emptyDir": {"sizeLimit": "50Mi"}},
        {"name": "secrets", "secret": {"secretName": DATABASE, "defaultMode": 0o440}},
    ]
    return pod("database", [server], volumes, grace=60, serviceAccountName="scc-data")
