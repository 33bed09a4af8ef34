"""The jobs: a CronJob for each pipeline of the registry, and a shell for people."""

from __future__ import annotations

from collections.abc import Mapping

from scc.core.schedules import Schedule
from scc.deploy.parts import (
    CONFIG_FOLDER,
    DATABASE,
    IMAGE,
    LOGIN,
    SYSTEMS,
    Object,
    container,
    metadata,
    pod,
    resources,
    scc_volumes,
    secret,
    variables,
)

__all__ = ["accounts", "cronjob", "shell"]

NO_RETRY = (2, 3, 4, 5)
"""Exit codes of `scc job` after which another try would end in the same way, until a person has acted."""
RETRIES = 4
"""Kubernetes waits 10 s before the first and twice as long before each next one: 150 s in all."""
LATE = 3600
"""Seconds in which a run that could not be started in time still is; after that, the next one is waited for."""
GRACE = 60
KEPT = 3 * 24 * 3600
SCRATCH = "20Gi"

NEVER = "0 0 1 1 *"
"""The schedule of what is started by hand: Kubernetes wants one, though it is suspended."""


def cronjob(name: str, when: Schedule | None, memory: str, env: Mapping[str, str]) -> Object:
    """A pipeline's CronJob; suspended where it has no schedule, as the form for runs that are started by hand."""
    spec: Object = {
        "schedule": when.cron if when else NEVER,
        "timeZone": when.zone if when else "Etc/UTC",
        "suspend": when is None,
        "concurrencyPolicy": "Forbid",
        "startingDeadlineSeconds": LATE,
        "successfulJobsHistoryLimit": 3,
        "failedJobsHistoryLimit": 5,
        "jobTemplate": {
            "metadata": {"labels": metadata(name, "job")["labels"] | {"scc/pipeline": name}},
            "spec": _job(name, int(when.deadline.total_seconds()) if when else KEPT, memory, env),
        },
    }
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": metadata(f"scc-{name}", "job"),
        "spec": spec,
    }


def _job(name: str, deadline: int, memory: str, env: Mapping[str, str]) -> Object:
    return {
        "activeDeadlineSeconds": deadline,
        "backoffLimit": RETRIES,
        "ttlSecondsAfterFinished": KEPT,
        "podFailurePolicy": {
            "rules": [
                # A node that is drained took nothing of the tries: the next pod goes on where this one stopped.
                {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]},
                {
                    "action": "FailJob",
                    "onExitCodes": {"containerName": "job", "operator": "In", "values": list(NO_RETRY)},
                },
            ]
        },
        "template": _pod("job", ["scc"], ["job", name], memory, env, {"scc/pipeline": name}),
    }


def shell(memory: str, env: Mapping[str, str]) -> Object:
    """A pod with all that a job has, where `scc approve` and the like are typed; none runs until asked for."""
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": metadata("scc-shell", "shell"),
        "spec": {
            "replicas": 0,
            "strategy": {"type": "Recreate"},
            "selector": {"matchLabels": metadata("scc-shell", "shell")["labels"]},
            "template": _pod("shell", ["python", "-c", "import signal; signal.pause()"], [], memory, env, {}),
        },
    }


def _pod(
    component: str,
    command: list[str],
    args: list[str],
    memory: str,
    env: Mapping[str, str],
    extra_labels: Mapping[str, str],
) -> Object:
    secrets = (secret(SYSTEMS), secret(LOGIN, "scheduler.token"), secret(DATABASE, optional=True))
    volumes, mounts = scc_volumes(secrets, scratch=SCRATCH, store=True)
    is_job = component == "job"
    work = container(
        component,
        IMAGE,
        command,
        args,
        workingDir=CONFIG_FOLDER,
        env=[*variables(env), *(_identity() if is_job else [])],
        resources=resources(cpu="500m", most_cpu="2", memory=memory, scratch=SCRATCH),
        volumeMounts=mounts,
    )
    return pod(
        component,
        [work],
        volumes,
        grace=GRACE if is_job else 1,
        extra_labels=extra_labels,
        serviceAccountName="scc-job",
        **({"restartPolicy": "Never"} if is_job else {}),
    )


def _identity() -> list[Object]:
    """Which Job a pod is of: that says which run it goes on with, and it outlives the pod."""
    given = {"SCC_JOB_NAME": "job-name", "SCC_JOB_UID": "controller-uid"}
    found: list[Object] = []
    for name, label in given.items():
        where = {"fieldPath": f"metadata.labels['batch.kubernetes.io/{label}']"}
        found.append({"name": name, "valueFrom": {"fieldRef": where}})
    return [*found, {"name": "SCC_GRACE_SECONDS", "value": str(GRACE - 10)}]


def accounts() -> list[Object]:
    """Accounts without any right and without a token: a pod under the namespace's default one might get some."""
    return [
        {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": metadata(name, component),
            "automountServiceAccountToken": False,
        }
        for name, component in (("scc-job", "job"), ("scc-scheduler", "scheduler"), ("scc-data", "data"))
    ]
