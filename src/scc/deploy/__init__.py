"""What a cluster needs to run SCC, rendered from the registry of pipelines and the configuration.

    files = render(settings, "openshift")       # {"base/jobs.yaml": "...", ...}
    write(files, Path("deploy/openshift"))

The objects are plain dictionaries, one module a part of the system. Nothing here talks to a cluster, and no
value of a secret is ever written: objects name Secrets, people make them.
"""

from __future__ import annotations

from scc.deploy.folder import write
from scc.deploy.parts import Target
from scc.deploy.render import render

__all__ = ["Target", "render", "write"]
