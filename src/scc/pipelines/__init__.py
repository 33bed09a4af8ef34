"""The pipelines: a module and its SQL each; `registry` lists them."""

from __future__ import annotations
