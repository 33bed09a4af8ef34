"""A Kubernetes of the tests' own on loopback: etcd, kube-apiserver and kube-controller-manager, built with Go.

    with Cluster(folder) as cluster:
        cluster.kubectl("get", "namespaces")

It has no node, so pods wait for one for ever; everything before that is the real thing: admission, quotas, the
controllers of CronJobs, Jobs and Deployments. The programs are built once, from the modules that kubernetes/go.mod
pins, and kept outside of the checkout.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

__all__ = ["Cluster", "free_port", "programs", "wait_for"]

MODULE = Path(__file__).with_name("kubernetes")
KUBECTL = Path(sys.executable).with_name("kubectl")
PROGRAMS = {
    "etcd": "go.etcd.io/etcd/server/v3",
    "kube-apiserver": "k8s.io/kubernetes/cmd/kube-apiserver",
    "kube-controller-manager": "k8s.io/kubernetes/cmd/kube-controller-manager",
}


def programs() -> Path | None:
    """The folder of the programs, which are built where they are missing (20 minutes); None without Go."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "scc"
    folder = cache / f"kubernetes-{_version()}"
    missing = [name for name in PROGRAMS if not (folder / name).exists()]
    if missing and not shutil.which("go"):
        return None
    folder.mkdir(parents=True, exist_ok=True)
    for name in missing:
        made = folder / f"{name}.new"
        flags = f"-s -w -X k8s.io/component-base/version.gitVersion=v{_version()}"  # clients ask for it
        command = ["nice", "go", "build", "-trimpath", f"-ldflags={flags}", f"-o={made}", PROGRAMS[name]]
        subprocess.run(
            command,
            cwd=MODULE,
            check=True,
            env={**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly"},
        )
        made.rename(folder / name)
    return folder


def _version() -> str:
    lines = (MODULE / "go.mod").read_text(encoding="utf-8").splitlines()
    return next(line.split()[1].removeprefix("v") for line in lines if "k8s.io/kubernetes v" in line)


class Cluster:
    """`folder` holds its data, keys and logs; nothing of it outlives the context."""

    def __init__(self, folder: Path, binaries: Path) -> None:
        self.folder, self._binaries = folder, binaries
        self._running: list[subprocess.Popen[bytes]] = []
        self._token = secrets.token_urlsafe(24)
        self._port = free_port()

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def kubectl(self, *arguments: str | Path, given: str | None = None, fails: bool = False) -> str:
        """What it prints; with `fails`, it must fail, and this is what it complains of."""
        done = subprocess.run(
            [str(KUBECTL), f"--kubeconfig={self.folder / 'config'}", *map(str, arguments)],
            input=given,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode != 0) is fails, f"kubectl {arguments}: {done.stdout}{done.stderr}"
        return done.stderr if fails else done.stdout

    def get(self, *what: str) -> Any:
        """Objects as the API server has them."""
        return json.loads(self.kubectl("get", *what, "--output=json"))

    def _start(self) -> None:
        client, peer = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
        self._keys()
        self._run("etcd", f"--data-dir={self.folder / 'etcd'}", "--unsafe-no-fsync",
                  f"--listen-client-urls={client}", f"--advertise-client-urls={client}",
                  f"--listen-peer-urls={peer}", f"--initial-advertise-peer-urls={peer}",
                  f"--initial-cluster=default={peer}")  # fmt: skip
        self._run("kube-apiserver", f"--etcd-servers={client}", "--bind-address=127.0.0.1",
                  "--endpoint-reconciler-type=none", "--advertise-address=127.0.0.1",
                  f"--secure-port={self._port}",
                  f"--cert-dir={self.folder}", f"--token-auth-file={self.folder / 'tokens'}",
                  "--authorization-mode=RBAC", "--service-cluster-ip-range=10.0.0.0/24",
                  "--service-account-issuer=https://kubernetes.default.svc",
                  f"--service-account-key-file={self.folder / 'accounts.pub'}",
                  f"--service-account-signing-key-file={self.folder / 'accounts.key'}")  # fmt: skip
        wait_for(self._ready, 90)
        self._run("kube-controller-manager", f"--kubeconfig={self.folder / 'config'}",
                  "--leader-elect=false", "--bind-address=127.0.0.1", "--secure-port=0",
                  f"--service-account-private-key-file={self.folder / 'accounts.key'}",
                  f"--root-ca-file={self.folder / 'apiserver.crt'}")  # fmt: skip
        wait_for(lambda: "default" in self._names("serviceaccounts"), 60)

    def _names(self, kind: str) -> set[str]:
        return {one["metadata"]["name"] for one in self.get(kind)["items"]}

    def _ready(self) -> bool:
        self._alive()
        command = [str(KUBECTL), f"--kubeconfig={self.folder / 'config'}", "get", "--raw=/readyz"]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0

    def _keys(self) -> None:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        private = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
        public = key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        (self.folder / "accounts.key").write_bytes(private)
        (self.folder / "accounts.pub").write_bytes(public)
        (self.folder / "tokens").write_text(f"{self._token},admin,admin,system:masters\n", encoding="ascii")
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "test",
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "admin"}}],
            "users": [{"name": "admin", "user": {"token": self._token}}],
            "clusters": [
                {
                    "name": "test",
                    "cluster": {
                        "server": f"https://127.0.0.1:{self._port}",
                        "insecure-skip-tls-verify": True,  # it makes its certificate at its start
                    },
                }
            ],
        }
        (self.folder / "config").write_text(json.dumps(config), encoding="ascii")

    def _run(self, name: str, *arguments: str) -> None:
        with (self.folder / f"{name}.log").open("wb") as log:
            command = [str(self._binaries / name), *arguments]
            self._running.append(subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL))

    def _alive(self) -> None:
        for one in self._running:
            assert one.poll() is None, f"{one.args!r} ended with {one.returncode}; its log: {self.folder}"

    def _stop(self) -> None:
        for one in reversed(self._running):
            one.terminate()
        for one in self._running:
            try:
                one.wait(20)
            except subprocess.TimeoutExpired:
                one.kill()
                one.wait()


def wait_for(done: Callable[[], bool], seconds: float) -> None:
    """Ask until it is so; the controllers answer in their own time."""
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.5)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port
