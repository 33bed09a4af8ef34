"""How people reach the scheduler's pages: through a proxy beside it that asks who they are.

The proxy alone knows the pages' password, and shows it to the scheduler for whoever has logged in.
"""

from __future__ import annotations

from collections.abc import Sequence

from scc.deploy.network import INGRESS, policy
from scc.deploy.parts import (
    LOGIN,
    SCHEDULER,
    SCHEDULER_PORT,
    Object,
    container,
    labels,
    metadata,
    resources,
)
from scc.settings import Deploy

__all__ = ["PROXY_IMAGE", "PROXY_SECRET", "ingress", "openshift_proxy", "proxy", "redirect", "route"]

PORT = 8443
PLAIN_PORT = 4180
UPSTREAM = f"http://127.0.0.1:{SCHEDULER_PORT}"
TLS = "scc-scheduler-tls"
PROXY_SECRET = "scc-proxy"  # noqa: S105 - the Secret's name
PROXY_IMAGE = "quay.io/oauth2-proxy/oauth2-proxy:v7.12.0"
# From the stream that every cluster has; nothing is pulled from outside.
OPENSHIFT_PROXY_IMAGE = "image-registry.openshift-image-registry.svc:5000/openshift/oauth-proxy:v4.4"


def route(deploy: Deploy) -> list[Object]:
    """OpenShift: a Route that is encrypted to the proxy, whose certificate OpenShift makes."""
    serving = {"service.beta.openshift.io/serving-cert-secret-name": TLS}
    spec: Object = {
        "to": {"kind": "Service", "name": "scc-pages", "weight": 100},
        "port": {"targetPort": "pages"},
        "tls": {"termination": "reencrypt", "insecureEdgeTerminationPolicy": "Redirect"},
    }
    if deploy.host:
        spec["host"] = deploy.host
    found: Object = {
        "apiVersion": "route.openshift.io/v1",
        "kind": "Route",
        "metadata": metadata("scc-pages", "scheduler"),
        "spec": spec,
    }
    return [
        _service(PORT, serving),
        found,
        policy("scc-pages", "scheduler", PORT, [{"namespaceSelector": INGRESS["openshift"]}]),
    ]


def ingress(deploy: Deploy) -> list[Object]:
    """Kubernetes: an Ingress whose certificate lies in the Secret `scc-pages-tls`."""
    backend = {"service": {"name": "scc-pages", "port": {"name": "pages"}}}
    rule = {
        "host": deploy.host,
        "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]},
    }
    found: Object = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": metadata("scc-pages", "scheduler"),
        "spec": {
            "ingressClassName": deploy.ingress_class,
            "tls": [{"hosts": [deploy.host], "secretName": "scc-pages-tls"}],
            "rules": [rule],
        },
    }
    return [
        _service(PLAIN_PORT),
        found,
        policy("scc-pages", "scheduler", PLAIN_PORT, [{"namespaceSelector": INGRESS["kubernetes"]}]),
    ]


def openshift_proxy() -> Object:
    """A patch that puts OpenShift's oauth-proxy beside the scheduler: who may see its Service sees its pages."""
    asked = '{"namespace":"$(NAMESPACE)","resource":"services","resourceName":"scc-scheduler","verb":"get"}'
    args = [
        "--provider=openshift",
        f"--openshift-service-account={SCHEDULER}",
        f"--openshift-sar={asked}",
        f"--https-address=:{PORT}",
        "--http-address=",
        "--tls-cert=/etc/tls/tls.crt",
        "--tls-key=/etc/tls/tls.key",
        "--cookie-secret-file=/run/secrets/proxy/cookie-secret",
        "--email-domain=*",
        f"--upstream={UPSTREAM}",
        "--pass-basic-auth=true",
        "--basic-auth-password=$(PAGES_PASSWORD)",
    ]
    env = [
        {"name": "NAMESPACE", "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}}},
        {"name": "PAGES_PASSWORD", "valueFrom": _from_secret(LOGIN, "scheduler.password")},
    ]
    volumes = [
        {"name": "tls", "secret": {"secretName": TLS, "defaultMode": 0o440}},
        {"name": "proxy", "secret": {"secretName": PROXY_SECRET, "defaultMode": 0o440}},
    ]
    mounts = [
        {"name": "tls", "mountPath": "/etc/tls", "readOnly": True},
        {"name": "proxy", "mountPath": "/run/secrets/proxy", "readOnly": True},
    ]
    beside = _proxy(
        OPENSHIFT_PROXY_IMAGE, "/usr/bin/oauth-proxy", args, env, mounts, PORT, "HTTPS", "/oauth/healthz"
    )
    # The account's token is what the proxy shows to OpenShift's login.
    return _patch([beside], volumes, automountServiceAccountToken=True)


def redirect() -> Object:
    """A patch that lets OpenShift send people back to the Route after they have logged in."""
    reference = (
        '{"kind":"OAuthRedirectReference","apiVersion":"v1","reference":{"kind":"Route","name":"scc-pages"}}'
    )
    key = "serviceaccounts.openshift.io/oauth-redirectreference.primary"
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": SCHEDULER, "annotations": {key: reference}},
    }


def proxy(deploy: Deploy) -> Object:
    """A patch that puts oauth2-proxy beside the scheduler."""
    args = [
        "--provider=oidc",
        f"--oidc-issuer-url={deploy.issuer_url}",
        f"--redirect-url=https://{deploy.host}/oauth2/callback",
        f"--http-address=0.0.0.0:{PLAIN_PORT}",
        "--reverse-proxy=true",
        "--email-domain=*",
        f"--upstream={UPSTREAM}",
        "--pass-basic-auth=true",
    ]
    keys = {
        "OAUTH2_PROXY_CLIENT_ID": (PROXY_SECRET, "client-id"),
        "OAUTH2_PROXY_CLIENT_SECRET": (PROXY_SECRET, "client-secret"),
        "OAUTH2_PROXY_COOKIE_SECRET": (PROXY_SECRET, "cookie-secret"),
        "OAUTH2_PROXY_BASIC_AUTH_PASSWORD": (LOGIN, "scheduler.password"),
    }
    env = [{"name": name, "valueFrom": _from_secret(*place)} for name, place in keys.items()]
    return _patch([_proxy(PROXY_IMAGE, "/bin/oauth2-proxy", args, env, [], PLAIN_PORT, "HTTP", "/ping")], [])


def _proxy(
    image: str,
    command: str,
    args: Sequence[str],
    env: Sequence[Object],
    mounts: Sequence[Object],
    port: int,
    scheme: str,
    path: str,
) -> Object:
    return container(
        "proxy",
        image,
        [command],
        args,
        env=list(env),
        ports=[{"name": "pages", "containerPort": port}],
        readinessProbe={"httpGet": {"path": path, "port": "pages", "scheme": scheme}},
        resources=resources(cpu="10m", memory="128Mi"),
        volumeMounts=list(mounts),
    )


def _from_secret(name: str, key: str) -> Object:
    return {"secretKeyRef": {"name": name, "key": key}}


def _patch(containers: list[Object], volumes: list[Object], **spec: object) -> Object:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": SCHEDULER},
        "spec": {"template": {"spec": {**spec, "containers": containers, "volumes": volumes}}},
    }


def _service(port: int, annotations: dict[str, str] | None = None) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata("scc-pages", "scheduler", annotations),
        "spec": {
            "selector": labels("scheduler"),
            "ports": [{"name": "pages", "port": port, "targetPort": "pages"}],
        },
    }
