"""Build SCC's image in both ways on a Debian base tree: no registry of images is asked."""

from __future__ import annotations

import fnmatch
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

__all__ = ["from_containerfile", "from_source", "size"]

ROOT = Path(__file__).parents[2]
STUB = Path(__file__).with_name("s2i")
BASE, BUILDER = "localhost/scc-e2e-base:12", "localhost/scc-e2e-builder:12"
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
PACKAGES = "python3,python3-venv,ca-certificates,findutils"
PRUNED = (
    "usr/share/doc",
    "usr/share/man",
    "usr/share/locale",
    "usr/share/info",
    "var/cache/apt",
    "var/lib/apt",
)


def from_containerfile() -> str:
    """Our own Containerfile; returns the image's name."""
    name = "localhost/scc-e2e:containerfile"
    _base()
    _build(name, ROOT, ROOT / "Containerfile", "--layers", f"--build-arg=BASE={BASE}")
    return name


def from_source(folder: Path) -> str:
    """What S2I makes of the source tree, by the Dockerfile that `s2i build --as-dockerfile` writes."""
    name = "localhost/scc-e2e:s2i"
    _base()
    _build(BUILDER, STUB, STUB / "Containerfile", "--layers", f"--build-arg=BASE={BASE}")
    _upload(folder / "upload/src")
    shutil.copytree(ROOT / ".s2i/bin", folder / "upload/scripts")
    variables = [
        line
        for line in (ROOT / ".s2i/environment").read_text(encoding="utf-8").splitlines()
        if line and not line.startswith("#")
    ]
    lines = [
        f"FROM {BUILDER}",
        *(f"ENV {line}" for line in variables),
        "USER root",
        "COPY upload/scripts /tmp/scripts",
        "COPY upload/src /tmp/src",
        "RUN chown -R 1001:0 /tmp/scripts /tmp/src",
        "USER 1001",
        "RUN /tmp/scripts/assemble",
        "CMD /tmp/scripts/run",
    ]
    (folder / "Containerfile").write_text("\n".join(lines) + "\n", encoding="utf-8")
    _build(name, folder, folder / "Containerfile", "--layers=false")  # what assemble deletes is gone
    return name


def size(image: str) -> int:
    """Bytes, all layers together."""
    done = subprocess.run(
        ["podman", "image", "inspect", image, "--format={{.Size}}"],
        check=True,
        capture_output=True,
        text=True,
    )
    return int(done.stdout)


def _build(name: str, context: Path, file: Path, *more: str) -> None:
    """What the host trusts is trusted inside too: a registry's certificate may be its own."""
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as settings:
        settings.write(f"[global]\ncert = {CERTIFICATES}\n")
        settings.flush()
        trusted = (
            f"--volume={CERTIFICATES.parent}:{CERTIFICATES.parent}:ro",
            f"--volume={settings.name}:/etc/pip.conf:ro",
        )
        Path(settings.name).chmod(0o644)
        done = subprocess.run(
            ["buildah", "bud", "--isolation=chroot", "--network=host", "--quiet", *trusted, *more,
             f"--tag={name}", f"--file={file}", str(context)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]


def _base() -> None:
    if subprocess.run(["podman", "image", "exists", BASE], check=False).returncode == 0:
        return
    archive = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "scc/debian-12.tar"
    if not archive.exists():
        _bootstrap(archive)
    subprocess.run(["podman", "import", "--quiet", str(archive), BASE], check=True, capture_output=True)


def _bootstrap(archive: Path) -> None:
    """A minute or two, once a machine."""
    tree = archive.with_suffix(".tree")
    shutil.rmtree(tree, ignore_errors=True)
    tree.mkdir(parents=True)
    try:
        command = ["debootstrap", "--variant=minbase", f"--include={PACKAGES}", "bookworm", str(tree)]
        subprocess.run(command, check=True, capture_output=True)
        for one in PRUNED:
            shutil.rmtree(tree / one, ignore_errors=True)
        part = archive.with_suffix(".part")
        subprocess.run(["tar", "--one-file-system", "-C", str(tree), "-cf", str(part), "."], check=True)
        part.rename(archive)
    finally:
        for mounted in ("proc", "sys"):
            subprocess.run(["umount", str(tree / mounted)], check=False, capture_output=True)
        shutil.rmtree(tree, ignore_errors=True)


def _upload(folder: Path) -> None:
    """The tracked files, less what .s2iignore leaves out."""
    ignored = (ROOT / ".s2iignore").read_text(encoding="utf-8").split()
    tracked = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    for name in tracked:
        if any(fnmatch.fnmatch(name, one) or name.startswith(f"{one}/") for one in ignored):
            continue
        if (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
