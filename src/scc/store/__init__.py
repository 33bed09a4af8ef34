"""Files that outlive a run: datasets, manifests, run folders and their records.

Everything becomes visible at once or not at all: data first, then one rename.
"""

from __future__ import annotations
