"""What only OpenShift knows: the image's stream, and how it is built from the source by S2I."""

from __future__ import annotations

from scc.deploy.parts import IMAGE, Object, metadata
from scc.settings import Deploy

__all__ = ["BUILDER_IMAGE", "build"]

BUILDER_IMAGE = "registry.access.redhat.com/ubi9/python-312-minimal:latest"


def build(deploy: Deploy, tag: str) -> list[Object]:
    return [_stream(), _config(deploy, tag)]


def _stream() -> Object:
    """Pods of this namespace may name the image by its stream."""
    return {
        "apiVersion": "image.openshift.io/v1",
        "kind": "ImageStream",
        "metadata": metadata(IMAGE, "image"),
        "spec": {"lookupPolicy": {"local": True}},
    }


def _config(deploy: Deploy, tag: str) -> Object:
    """No build starts by itself: an image that pods name is built because somebody wants it."""
    git = {"uri": deploy.repository, "ref": deploy.revision}
    return {
        "apiVersion": "build.openshift.io/v1",
        "kind": "BuildConfig",
        "metadata": metadata(IMAGE, "image"),
        "spec": {
            "runPolicy": "Serial",
            "source": {"type": "Git", "git": git} if deploy.repository else {"type": "Binary", "binary": {}},
            "strategy": {
                "type": "Source",
                "sourceStrategy": {"from": {"kind": "DockerImage", "name": BUILDER_IMAGE}},
            },
            "output": {"to": {"kind": "ImageStreamTag", "name": f"{IMAGE}:{tag}"}},
            "resources": {
                "requests": {"cpu": "500m", "memory": "1Gi"},
                "limits": {"cpu": "2", "memory": "2Gi"},
            },
            "successfulBuildsHistoryLimit": 3,
            "failedBuildsHistoryLimit": 3,
        },
    }
