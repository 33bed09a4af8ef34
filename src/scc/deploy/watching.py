"""Monitoring: the Pushgateway that runs push to, what Prometheus scrapes, and the alert rules."""

from __future__ import annotations

from scc.deploy.network import pods, policy
from scc.deploy.parts import (
    PUSHGATEWAY,
    SCHEDULER_PORT,
    Object,
    claim,
    container,
    labels,
    metadata,
    pod,
    resources,
    service,
)
from scc.monitoring import alerts
from scc.settings import Deploy, Settings

__all__ = ["PUSHGATEWAY_IMAGE", "operator", "pushgateway", "scraped"]

PORT = 9091
PUSHGATEWAY_IMAGE = "quay.io/prometheus/pushgateway:v1.11.1"


def pushgateway(deploy: Deploy, namespace: str) -> list[Object]:
    return [
        claim(PUSHGATEWAY, "pushgateway", "1Gi", "ReadWriteOnce", deploy.storage_class),
        service(PUSHGATEWAY, "pushgateway", {"http": PORT}),
        _deployment(),
        policy(PUSHGATEWAY, "pushgateway", PORT, [pods("job", "shell"), _prometheus(namespace)]),
    ]


def operator(settings: Settings) -> list[Object]:
    """What the Prometheus operator reads."""
    rules = {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": metadata("scc", "alerts"),
        "spec": {"groups": alerts.groups(settings, scheduler=True)},
    }
    # Pushed series say themselves which job they are of.
    pushed = [] if settings.monitoring.pushgateway_url else [_monitor("pushgateway", honorLabels=True)]
    return [_monitor("scheduler"), *pushed, rules]


def scraped(namespace: str) -> Object:
    """Let Prometheus read the scheduler's figures."""
    return policy("scc-scheduler-metrics", "scheduler", SCHEDULER_PORT, [_prometheus(namespace)])


def _monitor(component: str, **more: bool) -> Object:
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "ServiceMonitor",
        "metadata": metadata(f"scc-{component}", component),
        "spec": {
            "selector": {"matchLabels": labels(component)},
            "endpoints": [{"port": "http", "path": "/metrics", "interval": "30s", **more}],
        },
    }


def _prometheus(namespace: str) -> Object:
    return {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}}}


def _deployment() -> Object:
    gateway = container(
        "pushgateway",
        PUSHGATEWAY_IMAGE,
        ["/bin/pushgateway"],
        ["--persistence.file=/data/metrics", "--persistence.interval=1m"],
        ports=[{"name": "http", "containerPort": PORT}],
        readinessProbe={"httpGet": {"path": "/-/ready", "port": "http"}},
        livenessProbe={"httpGet": {"path": "/-/healthy", "port": "http"}, "timeoutSeconds": 5},
        resources=resources(cpu="10m", memory="64Mi"),
        volumeMounts=[{"name": "data", "mountPath": "/data"}],
    )
    volumes = [{"name": "data", "persistentVolumeClaim": {"claimName": PUSHGATEWAY}}]
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": metadata(PUSHGATEWAY, "pushgateway"),
        "spec": {
            "replicas": 1,
            "strategy": {"type": "Recreate"},
            "selector": {"matchLabels": labels("pushgateway")},
            "template": pod("pushgateway", [gateway], volumes, grace=10, serviceAccountName="scc-data"),
        },
    }
