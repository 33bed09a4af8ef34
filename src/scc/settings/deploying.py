"""What `scc deploy render` needs to know of the cluster: the section [deploy]."""

from __future__ import annotations

import re
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from scc.settings.sections import Section

__all__ = ["Deploy"]


class Deploy(Section):
    """What `scc deploy render` writes for Kubernetes or OpenShift; what it has no key for belongs in an overlay."""

    image: str | None = Field(
        None,
        description="The image with its tag, which a rollback goes back to; by default scc and the version.",
        examples=["registry.example/marketing/scc:0.1.0"],
    )
    host: str | None = Field(
        None,
        description="The host name of the scheduler's pages; OpenShift makes one up, Kubernetes shows no pages without.",
        examples=["scc.apps.example"],
    )
    ingress_class: str = Field("nginx", description="Kubernetes' Ingress class.", examples=["nginx"])
    issuer_url: str | None = Field(
        None,
        description="The OpenID Connect issuer that people log in with, on Kubernetes.",
        examples=["https://login.example/realms/acme"],
    )
    storage_class: str | None = Field(
        None, description="The storage class of all volumes; the cluster's own by default.", examples=["nfs"]
    )
    data_size: str = Field("50Gi", description="The size of the volume that holds runs.", examples=["50Gi"])
    data_access: Literal["ReadWriteMany", "ReadWriteOnce"] = Field(
        "ReadWriteMany",
        description="ReadWriteOnce will do where all pods run on one node.",
        examples=["ReadWriteMany"],
    )
    database: Literal["own", "external", "none"] = Field(
        "own",
        description="Where the ledger lies: a PostgreSQL of SCC's own, the one that ledger.url names, or files beside the runs.",
        examples=["external"],
    )
    prometheus_operator: bool = Field(
        True, description="Whether the cluster knows ServiceMonitor and PrometheusRule."
    )
    monitoring_namespace: str | None = Field(
        None,
        description="Where Prometheus runs; by default openshift-user-workload-monitoring on OpenShift, else monitoring.",
        examples=["monitoring"],
    )
    repository: str | None = Field(
        None,
        description="Where OpenShift builds the image from; without it, from what `oc start-build --from-dir` sends.",
        examples=["https://git.example/marketing/scc.git"],
    )
    revision: str = Field("main", description="The repository's branch or tag.", examples=["main"])

    @field_validator("image")
    @classmethod
    def _has_a_tag(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"[a-z0-9][a-z0-9._/:-]*:[A-Za-z0-9_][\w.-]{0,127}", value):
            raise ValueError("an image with its tag, registry.example/scc:0.1.0")
        return value

    @field_validator("host")
    @classmethod
    def _is_a_host(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?", value):
            raise ValueError("a host name in lower case, without https://")
        return value

    @field_validator("issuer_url")
    @classmethod
    def _is_an_address(cls, value: str | None) -> str | None:
        if value is not None and not (urlsplit(value).scheme == "https" and urlsplit(value).hostname):
            raise ValueError("an address that begins with https://")
        return value

    @field_validator("data_size")
    @classmethod
    def _is_a_size(cls, value: str) -> str:
        if not re.fullmatch(r"[1-9]\d*[GT]i", value):
            raise ValueError("an amount in Gi or Ti")
        return value
