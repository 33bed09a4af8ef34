"""Which file systems a SQLite file may lie on: its locks are those of the file system."""

from __future__ import annotations

from pathlib import Path

__all__ = ["network_file_system"]

_NETWORK = {
    "9p",
    "afs",
    "beegfs",
    "ceph",
    "cifs",
    "fuse.glusterfs",
    "fuse.s3fs",
    "fuse.sshfs",
    "glusterfs",
    "gpfs",
    "lustre",
    "nfs",
    "nfs4",
    "smb3",
}
MOUNTS = Path("/proc/self/mounts")


def network_file_system(path: Path, mounts: Path = MOUNTS) -> str | None:
    """The kind of network file system that the path is on; None where it is on none, or nobody can tell."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None  # not Linux
    kinds = {}
    for line in lines:
        _, place, kind, *_ = line.split()
        kinds[Path(place.replace("\\040", " "))] = kind  # what is mounted later covers what was there
    real = path.resolve()
    for folder in (real, *real.parents):
        if folder in kinds:
            return kinds[folder] if kinds[folder] in _NETWORK else None
    return None
