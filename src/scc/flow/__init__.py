"""Export, plan, guard, apply: the one pattern of every pipeline, as Luigi tasks.

`flow` knows systems, stores and engines, and no pipeline.
"""

from __future__ import annotations
