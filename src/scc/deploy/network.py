"""Who may open a connection to what: nobody to anything, and then the few that must.

What pods call themselves (Eloqua, Salesforce, Slack) is the cluster's affair: its addresses change.
"""

from __future__ import annotations

from collections.abc import Sequence

from scc.deploy.parts import SCHEDULER_PORT, Object, Target, labels, metadata, selector

__all__ = ["closed", "pods", "policy", "scheduler"]

INGRESS: dict[Target, Object] = {
    "openshift": {"matchLabels": {"network.openshift.io/policy-group": "ingress"}},
    "kubernetes": {},
}
"""The namespaces that people's requests come from; plain Kubernetes has no name for that of its Ingress."""


def closed() -> Object:
    """No pod of SCC takes a connection that no other policy allows."""
    return _policy("scc-closed", "network", selector(), [])


def scheduler() -> Object:
    return policy("scc-scheduler", "scheduler", SCHEDULER_PORT, [pods("job", "shell")])


def policy(name: str, component: str, port: int, sources: Sequence[Object]) -> Object:
    """Let these sources reach one port of a component."""
    rule = {"from": list(sources), "ports": [{"protocol": "TCP", "port": port}]}
    return _policy(name, component, {"matchLabels": labels(component)}, [rule])


def pods(*components: str) -> Object:
    return {"podSelector": selector(*components)}


def _policy(name: str, component: str, chosen: Object, ingress: list[Object]) -> Object:
    rules = {"ingress": ingress} if ingress else {}  # a server drops an empty list, and would differ for ever
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": metadata(name, component),
        "spec": {"podSelector": chosen, "policyTypes": ["Ingress"], **rules},
    }
