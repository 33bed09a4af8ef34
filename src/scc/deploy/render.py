"""Put the parts together as a Kustomize base, components, and the kustomization that names those of a target."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil

import yaml

from scc import __version__
from scc.deploy import access, database, jobs, network, openshift, scheduler, watching
from scc.deploy.config_file import config_files
from scc.deploy.parts import CONFIG, DATA, ENV, IMAGE, PUSHGATEWAY, Object, Target, claim
from scc.errors import ConfigError
from scc.pipelines.registry import SUMMARIES
from scc.settings import Settings

__all__ = ["HEADER", "render"]

HEADER = "# Written by `scc deploy render`, which replaces it: changes belong in an overlay or in the configuration.\n"
USER = 1001
"""Whom pods run as on plain Kubernetes, which picks nobody; OpenShift picks one for each namespace."""
_MIB = {"": 1 / 2**20, "K": 2**10 / 2**20, "M": 1.0, "G": 2**10, "T": 2**20}


@dataclass
class _Folder:
    """A base or a component: files of objects, patches to what others render."""

    objects: dict[str, list[Object]] = field(default_factory=dict)
    patches: list[Object] = field(default_factory=list)
    """Each `{"patch": ...}`, with `target` where it is for many objects."""


def render(settings: Settings, target: Target) -> dict[str, str]:
    """The text of each file by its path; `kubectl apply -k` on their folder takes them.

    Raises ConfigError for a configuration that no cluster should get.
    """
    config = config_files(settings)
    components = _components(settings, target)
    base = _base(settings)
    files = {f"base/{name}": text for name, text in config.items()}
    files["base/kustomization.yaml"] = _yaml([_kustomization(base, config)])
    files |= _files("base", base)
    for name, component in components.items():
        files[f"components/{name}/kustomization.yaml"] = _yaml([_component(component)])
        files |= _files(f"components/{name}", component)
    files["kustomization.yaml"] = _yaml([_top(settings, components)])
    return files


def _base(settings: Settings) -> _Folder:
    deploy, env = settings.deploy, _env(settings)
    memory, when = _memory(settings), settings.schedules()
    return _Folder(
        {
            "accounts.yaml": jobs.accounts(),
            "jobs.yaml": [jobs.cronjob(name, when.get(name), memory, env) for name in SUMMARIES],
            "network.yaml": [network.closed(), network.scheduler()],
            "scheduler.yaml": scheduler.scheduler(deploy, env),
            "shell.yaml": [jobs.shell(memory, env)],
            "storage.yaml": [claim(DATA, "data", deploy.data_size, deploy.data_access, deploy.storage_class)],
        }
    )


def _components(settings: Settings, target: Target) -> dict[str, _Folder]:
    deploy = settings.deploy
    found = {"openshift": _openshift(settings)} if target == "openshift" else _pages(settings)
    if deploy.database == "own":
        found["postgresql"] = _Folder({"postgresql.yaml": database.database(deploy)})
    namespace = deploy.monitoring_namespace or (
        "openshift-user-workload-monitoring" if target == "openshift" else "monitoring"
    )
    watched: dict[str, list[Object]] = {}
    if settings.monitoring.pushgateway_url is None:
        watched["pushgateway.yaml"] = watching.pushgateway(deploy, namespace)
    if deploy.prometheus_operator:
        watched["operator.yaml"] = [*watching.operator(settings), watching.scraped(namespace)]
    if watched:
        found["monitoring"] = _Folder(watched)
    if target == "kubernetes":
        found["users"] = _users()  # the last: it patches what the others render
    return found


def _openshift(settings: Settings) -> _Folder:
    deploy = settings.deploy
    return _Folder(
        {"build.yaml": openshift.build(deploy, _image(settings)[1]), "route.yaml": access.route(deploy)},
        [{"patch": access.openshift_proxy()}, {"patch": access.redirect()}],
    )


def _pages(settings: Settings) -> dict[str, _Folder]:
    """Kubernetes' way to the scheduler's pages, where they have a host."""
    deploy = settings.deploy
    if not deploy.host:
        return {}
    if not deploy.issuer_url:
        raise ConfigError(
            "deploy.host is set, and deploy.issuer_url is not: the scheduler's pages would ask nobody who they are",
            hint="Set the OpenID Connect issuer that people log in with; or leave both out, for no pages.",
        )
    return {"pages": _Folder({"ingress.yaml": access.ingress(deploy)}, [{"patch": access.proxy(deploy)}])}


def _users() -> _Folder:
    context = {"runAsUser": USER, "runAsGroup": 0, "fsGroup": USER}
    above = {"CronJob": "/spec/jobTemplate/spec", "Deployment": "/spec", "StatefulSet": "/spec"}
    patches: list[Object] = []
    for kind, path in above.items():
        steps = [
            {"op": "add", "path": f"{path}/template/spec/securityContext/{key}", "value": value}
            for key, value in context.items()
        ]
        patches.append({"target": {"kind": kind}, "patch": steps})
    return _Folder({}, patches)


def _env(settings: Settings) -> dict[str, str]:
    own = {}
    if settings.deploy.database == "own":
        own["SCC_LEDGER__URL"] = database.url()
    if settings.monitoring.pushgateway_url is None:
        own["SCC_MONITORING__PUSHGATEWAY_URL"] = f"http://{PUSHGATEWAY}:{watching.PORT}"
    return {**ENV, **own}


def _memory(settings: Settings) -> str:
    """What DuckDB may take, and a gibibyte for all else, in steps of a quarter."""
    found = re.fullmatch(r"([\d.]+) ?([KMGT])(i?)B", settings.engine.memory_limit)
    assert found, "the section has checked it"
    number, unit, binary = found.groups()
    size = float(number) * (_MIB[unit] if binary else 1000 ** ("KMGT".index(unit) + 1) / 2**20)
    return f"{ceil((size + 1024) / 256) * 256}Mi"


def _image(settings: Settings) -> tuple[str, str]:
    """Name and tag."""
    name, _, tag = (settings.deploy.image or f"{IMAGE}:{__version__}").rpartition(":")
    return name, tag


def _top(settings: Settings, components: Mapping[str, _Folder]) -> Object:
    name, tag = _image(settings)
    return {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": ["base"],
        "components": [f"components/{one}" for one in components],
        "images": [{"name": IMAGE, "newName": name, "newTag": tag}],
    }


def _kustomization(base: _Folder, config: Mapping[str, str]) -> Object:
    """The ConfigMap's name holds its digest: pods that begin after a change see the change, others do not."""
    return {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": list(base.objects),
        "configMapGenerator": [
            {
                "name": CONFIG,
                "files": list(config),
                "options": {"labels": {"app.kubernetes.io/part-of": "scc"}},
            }
        ],
    }


def _component(component: _Folder) -> Object:
    found: Object = {"apiVersion": "kustomize.config.k8s.io/v1alpha1", "kind": "Component"}
    if component.objects:
        found["resources"] = list(component.objects)
    if component.patches:
        found["patches"] = [{**one, "patch": _dump(one["patch"])} for one in component.patches]
    return found


def _files(folder: str, part: _Folder) -> dict[str, str]:
    return {f"{folder}/{name}": _yaml(objects) for name, objects in part.objects.items()}


def _yaml(objects: Sequence[Object]) -> str:
    return HEADER + "---\n".join(_dump(one) for one in objects)


class _Dumper(yaml.SafeDumper):
    """Texts of many lines as blocks, and no anchors: each object reads by itself."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - yaml's signature
        return True


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    style = "|" if "\n" in value else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _text)


def _dump(value: object) -> str:
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, default_flow_style=False, width=110)
